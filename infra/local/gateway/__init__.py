"""The gateway of the embedded stack: every function under one address, as Firebase Hosting would serve them.

Beside it, under `/__local/`, stands what Google's console is for: functions, schedules, tasks, mails, the one clock.
"""
