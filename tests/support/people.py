"""A small model of people together: Customers, groups, roles and shares, as plain Python.

It knows nothing of principals, lists, tasks or how any of it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RANK = {"viewer": 0, "commenter": 1, "editor": 2, "owner": 3}

Holder = tuple[str, Any]
"""Who a share is held by: ("user", name), ("customer", Customer), ("group", Group), ("helpers", Group), …"""


@dataclass(eq=False)
class Customer:
    id: str
    people: dict[str, str]
    stays: dict[str, int] = field(default_factory=dict[str, int])

    def joins(self, name: str, role: str) -> None:
        self.people[name] = role
        self.stays[name] = self.stays.get(name, 0) + 1

    @property
    def owners(self) -> list[str]:
        return [name for name, role in self.people.items() if role == "owner"]

    def runs(self, name: str) -> bool:
        return self.people.get(name) in ("owner", "admin")


@dataclass(eq=False)
class Group:
    id: str
    customer: Customer
    people: dict[str, str]


@dataclass(eq=False)
class Document:
    id: str
    title: str
    owner: str | None
    customer: Customer | None
    group: Group | None
    roles: dict[Holder, str]
    shares: dict[Holder, str] = field(default_factory=dict[Holder, str])

    @property
    def path(self) -> str:
        return f"/v1/documents/{self.id}"


class Model:
    """What should be true."""

    def __init__(self) -> None:
        self.customers: list[Customer] = []
        self.groups: list[Group] = []
        self.documents: list[Document] = []

    def holders(self, name: str) -> set[Holder]:
        """Whatever a share can be held by, that this person is or belongs to."""
        found: set[Holder] = {("user", name)}
        for customer in self.customers:
            if name in customer.people:
                found |= {("customer", customer), ("stay", (customer, name, customer.stays[name]))}
            if customer.runs(name):
                found.add(("admins", customer))
        for group in self.groups:
            if name in group.people:
                found.add(("group", group))
            if group.people.get(name) == "helper":
                found.add(("helpers", group))
        return found

    def role(self, name: str, document: Document) -> str | None:
        held = [role for holder, role in document.roles.items() if holder in self.holders(name)]
        return max(held, key=RANK.__getitem__, default=None)

    def acquainted(self, name: str, other: str) -> bool:
        """Whether two people share a group or a Customer."""
        both = self.holders(name) & self.holders(other)
        return any(kind in ("customer", "group") for kind, _ in both)

    def leaves(self, name: str, customer: Customer) -> None:
        del customer.people[name]
        for group in self.groups:
            if group.customer is customer:
                group.people.pop(name, None)
