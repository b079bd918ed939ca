"""Profiles: who a person is to Dokker, the state of their account, and from which devices they come.

The first call with a valid token makes the profile. Every capability lets a caller in through `admission`, with the
profile read that it makes anyway. Passwords stay with Firebase Auth and never reach this backend.
"""
