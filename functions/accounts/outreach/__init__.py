"""Outreach: notices reach people in the app and by e-mail, in their own language, and only as they wish.

Whoever causes a notice writes it in the commit of its cause (`core.services.outbox`); this capability delivers it.
"""
