"""The front door: every entry point of the deployment and the module that holds it. No logic.

An entry point is resolved on first access (PEP 562), so that a function imports its own capability and no other:
cold start is part of the price that a person pays.
"""

from importlib import import_module

from core import startup

ENTRY_POINTS = {
    "profiles": "accounts.profiles.api",
    "profiles_schedules": "accounts.profiles.triggers",
    "customers": "accounts.customers.api",
    "customers_schedules": "accounts.customers.triggers",
    "groups": "accounts.groups.api",
    "groups_tasks": "accounts.groups.triggers",
    "groups_schedules": "accounts.groups.triggers",
    "outreach": "accounts.outreach.api",
    "outreach_tasks": "accounts.outreach.triggers",
    "outreach_schedules": "accounts.outreach.triggers",
    "authoring": "documents.authoring.api",
    "authoring_tasks": "documents.authoring.triggers",
    "authoring_schedules": "documents.authoring.triggers",
    "files": "documents.files.api",
    "files_events": "documents.files.triggers",
    "files_tasks": "documents.files.triggers",
    "files_schedules": "documents.files.triggers",
    "sharing": "documents.sharing.api",
    "sharing_schedules": "documents.sharing.triggers",
    "discussion": "documents.discussion.api",
    "discussion_schedules": "documents.discussion.triggers",
}


def __getattr__(name: str) -> object:
    if name not in ENTRY_POINTS:
        raise AttributeError(name)
    with startup.starting():
        return getattr(import_module(ENTRY_POINTS[name]), name)
