"""People together, against a model: after any history, each can list, read, search and write what the model says."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from contextvars import copy_context
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from accounts.invitations import token_of
from accounts.records import invitations
from tests.support.api import Answer, Api, Person, an_api
from tests.support.emulators import Emulators
from tests.support.people import RANK, Customer, Document, Group, Holder, Model

NAMES = ("Kari", "Ola", "Randi", "Lars")

index = st.integers(0, 7)
granted = st.sampled_from(("viewer", "commenter", "editor"))


class World(RuleBasedStateMachine):
    """The API and the model, side by side."""

    emulators: ClassVar[Emulators]

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.context, self.stack = asyncio.Runner(), copy_context(), AsyncExitStack()
        self.api: Api = self.does(self.stack.enter_async_context(an_api(self.emulators)))
        self.people: dict[str, Person] = dict(zip(NAMES, self.does(self.api.people(*NAMES)), strict=True))
        self.model = Model()
        self.count = 0

    def does(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work, context=self.context)

    def sends(self, name: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        answer: Answer = self.does(self.people[name].send(method, path, body, **headers))
        assert answer.status < 500, answer.response.text
        return answer

    def teardown(self) -> None:
        try:
            for document in self.model.documents:
                for name in NAMES:
                    self.compares(name, document)
            for name in NAMES:
                self.compares_lists(name)
        finally:
            self.does(self.stack.aclose())
            self.runner.close()

    # Customers and groups

    @precondition(lambda self: len(self.model.customers) < 2)
    @rule(who=index)
    def founds_a_customer(self, who: int) -> None:
        name = NAMES[who % 4]
        draft = {"kind": "employer", "name": "Åsen", "country": "NO", "language": "nb"}
        customer = Customer(self.sends(name, "POST", "/v1/customers", draft)["id"], {})
        customer.joins(name, "owner")
        self.model.customers.append(customer)

    @precondition(lambda self: self.model.customers)
    @rule(which=index, who=index, role=st.sampled_from(("member", "helper", "admin", "owner")))
    def invites_somebody_who_accepts(self, which: int, who: int, role: str) -> None:
        customer, name = self._customer(which), NAMES[who % 4]
        if name in customer.people:
            return
        draft = {"email": self.people[name].email, "role": role}
        path = f"/v1/customers/{customer.id}/invitations"
        invitation_id = self.sends(customer.owners[0], "POST", path, draft)["id"]
        found = self.does(self.api.db.get(invitations.at(invitation_id)))
        token = token_of(self.api.clients.settings.key, found.seed)
        stranger = next(other for other in NAMES if other != name)
        assert self.sends(stranger, "POST", "/v1/invitations/accept", {"token": token}).status == 404
        assert self.sends(name, "POST", "/v1/invitations/accept", {"token": token}).status == 200
        customer.joins(name, role)

    @precondition(lambda self: self.model.customers)
    @rule(which=index, who=index)
    def leaves_a_customer(self, which: int, who: int) -> None:
        customer, name = self._customer(which), NAMES[who % 4]
        path = f"/v1/customers/{customer.id}/members/{self.people[name].uid}"
        answer = self.sends(name, "DELETE", path)
        if name not in customer.people:
            assert answer.status == 404
        elif customer.owners == [name]:
            assert answer.status == 409
        else:
            assert answer.status == 204
            self.model.leaves(name, customer)

    @precondition(lambda self: self.model.customers and len(self.model.groups) < 3)
    @rule(which=index, who=index)
    def makes_a_group(self, which: int, who: int) -> None:
        customer, name = self._customer(which), NAMES[who % 4]
        answer = self.sends(name, "POST", f"/v1/customers/{customer.id}/groups", {"name": "Klasse 8B"})
        if customer.people.get(name) in ("helper", "admin", "owner"):
            self.model.groups.append(Group(answer["id"], customer, {name: "helper"}))
        else:
            assert answer.status == (403 if name in customer.people else 404)

    @precondition(lambda self: self.model.groups)
    @rule(which=index, by=index, who=index, role=st.sampled_from(("member", "helper")))
    def puts_somebody_into_a_group(self, which: int, by: int, who: int, role: str) -> None:
        group, actor, name = self._group(which), NAMES[by % 4], NAMES[who % 4]
        path = f"/v1/customers/{group.customer.id}/groups/{group.id}/members/{self.people[name].uid}"
        answer = self.sends(actor, "PUT", path, {"role": role})
        may = group.people.get(actor) == "helper" or group.customer.runs(actor)
        if may and name in group.customer.people:
            assert answer.status in (200, 201), answer.response.text
            group.people[name] = role
        else:
            assert answer.status >= 400

    @precondition(lambda self: self.model.groups)
    @rule(which=index, who=index)
    def quits_a_group(self, which: int, who: int) -> None:
        group, name = self._group(which), NAMES[who % 4]
        path = f"/v1/customers/{group.customer.id}/groups/{group.id}/members/{self.people[name].uid}"
        if name in group.people:
            assert self.sends(name, "DELETE", path).status == 204
            del group.people[name]

    @precondition(lambda self: self.model.groups and len(self.model.customers) == 2)
    @rule(which=index, who=index)
    def moves_a_group(self, which: int, who: int) -> None:
        group, name = self._group(which), NAMES[who % 4]
        source = group.customer
        target = next(customer for customer in self.model.customers if customer is not source)
        if not (source.runs(name) and target.runs(name)):
            return
        path = f"/v1/customers/{source.id}/groups/{group.id}/transfer"
        assert self.sends(name, "POST", path, {"customerId": target.id}).status == 202
        self.does(self.api.tasks.idle(20))
        group.customer = target
        for document in self.model.documents:
            if document.group is group and document.customer is source:
                self._follow(document, target)

    @staticmethod
    def _follow(document: Document, target: Customer) -> None:
        roles = {holder: role for holder, role in document.roles.items() if holder[0] != "admins"}
        roles = {
            holder: "editor" if holder[0] == "stay" and role == "owner" else role for holder, role in roles.items()
        }
        document.roles, document.customer = {**roles, ("admins", target): "owner"}, target

    # Documents

    @precondition(lambda self: len(self.model.documents) < 4)
    @rule(who=index)
    def writes_a_document(self, who: int) -> None:
        self._written(NAMES[who % 4], None, None)

    @precondition(lambda self: self.model.customers and len(self.model.documents) < 4)
    @rule(which=index, who=index)
    def writes_in_a_customer(self, which: int, who: int) -> None:
        customer, name = self._customer(which), NAMES[who % 4]
        if name in customer.people:
            self._written(name, customer, None)

    @precondition(lambda self: self.model.groups and len(self.model.documents) < 4)
    @rule(which=index, who=index)
    def writes_in_a_group(self, which: int, who: int) -> None:
        group, name = self._group(which), NAMES[who % 4]
        if name in group.people:
            self._written(name, group.customer, group)

    def _written(self, name: str, customer: Customer | None, group: Group | None) -> None:
        self.count += 1
        title = f"Tur{self.count}"
        where = {"groupId": group.id} if group else {"customerId": customer.id} if customer else {}
        made = self.sends(name, "POST", "/v1/documents", {"title": title, **where})
        self.model.documents.append(
            Document(made["id"], title, None if customer else name, customer, group, self._roles(name, customer, group))
        )

    @staticmethod
    def _roles(name: str, customer: Customer | None, group: Group | None) -> dict[Holder, str]:
        if customer is None:
            return {("user", name): "owner"}
        roles: dict[Holder, str] = {("admins", customer): "owner"}
        if name in customer.people:
            roles["stay", (customer, name, customer.stays[name])] = "owner"
        else:
            roles["user", name] = "editor"
        if group:
            roles |= {("helpers", group): "editor", ("group", group): "viewer"}
        return roles

    @precondition(lambda self: self.model.documents)
    @rule(which=index, by=index, to=index, role=granted)
    def shares_with_a_person(self, which: int, by: int, to: int, role: str) -> None:
        document, actor, name = self._document(which), NAMES[by % 4], NAMES[to % 4]
        holder: Holder = ("user", name)
        if holder in document.roles:
            return
        known = name != actor and self.model.acquainted(actor, name)
        self._shared(document, actor, holder, f"user:{self.people[name].uid}", role, may_name=known)

    @precondition(lambda self: self.model.documents and self.model.groups)
    @rule(which=index, by=index, to=index, role=granted, helpers=st.booleans())
    def shares_with_a_group(self, which: int, by: int, to: int, role: str, helpers: bool) -> None:
        document, actor, group = self._document(which), NAMES[by % 4], self._group(to)
        holder: Holder = ("helpers" if helpers else "group", group)
        if holder in document.roles:
            return
        principal = f"{holder[0]}:{group.id}"
        self._shared(document, actor, holder, principal, role, may_name=self._may_name(actor, holder))

    @precondition(lambda self: self.model.documents and self.model.customers)
    @rule(which=index, by=index, to=index, role=granted)
    def shares_with_a_customer(self, which: int, by: int, to: int, role: str) -> None:
        document, actor, customer = self._document(which), NAMES[by % 4], self._customer(to)
        holder: Holder = ("customer", customer)
        if holder in document.roles:
            return
        self._shared(document, actor, holder, f"customer:{customer.id}", role, may_name=self._may_name(actor, holder))

    def _may_name(self, actor: str, holder: Holder) -> bool:
        # Whoever is in a group may share with its helpers.
        kind, what = holder
        return (("group", what) if kind == "helpers" else holder) in self.model.holders(actor)

    def _shared(
        self, document: Document, actor: str, holder: Holder, principal: str, role: str, *, may_name: bool
    ) -> None:
        held = self.model.role(actor, document)
        answer = self.sends(actor, "POST", f"{document.path}/shares", {"principal": principal, "role": role})
        if held is None:
            assert answer.status == 404
        elif held in ("viewer", "commenter"):
            assert answer.status == 403
        elif not may_name:
            assert answer.status == 422
        else:
            assert answer.status == 201, answer.response.text
            document.roles[holder] = role
            document.shares[holder] = answer["id"]

    @precondition(lambda self: any(document.shares for document in self.model.documents))
    @rule(which=index, by=index)
    def takes_a_share_back(self, which: int, by: int) -> None:
        shared = [document for document in self.model.documents if document.shares]
        document, actor = shared[which % len(shared)], NAMES[by % 4]
        holder, share_id = list(document.shares.items())[which % len(document.shares)]
        held = self.model.role(actor, document)
        answer = self.sends(actor, "DELETE", f"{document.path}/shares/{share_id}")
        if held is not None and RANK[held] >= 2 and RANK[held] >= RANK[document.roles[holder]]:
            assert answer.status == 204, answer.response.text
            del document.roles[holder], document.shares[holder]
        else:
            assert answer.status in (403, 404)

    @precondition(lambda self: any(document.owner for document in self.model.documents))
    @rule(which=index, to=index)
    def gives_a_document_away(self, which: int, to: int) -> None:
        owned = [document for document in self.model.documents if document.owner]
        document, name = owned[which % len(owned)], NAMES[to % 4]
        former = document.owner
        assert former
        principal = f"user:{self.people[name].uid}"
        answer = self.sends(former, "POST", f"{document.path}/transfer", {"principal": principal})
        # Whoever has the document already need not be found through a group.
        known = self.model.acquainted(former, name) or ("user", name) in document.roles
        if name == former or not known:
            assert answer.status == 422
            return
        assert answer.status in (200, 201, 202), answer.response.text
        assert self.sends(former, "POST", f"{document.path}/transfer/accept").status in (403, 404, 409)
        assert self.sends(name, "POST", f"{document.path}/transfer/accept").status == 200
        document.owner = name
        document.roles |= {("user", former): "editor", ("user", name): "owner"}
        document.shares.pop(("user", name), None)

    # Looking

    @precondition(lambda self: self.model.documents)
    @rule(which=index, who=index)
    def looks(self, which: int, who: int) -> None:
        self.compares(NAMES[who % 4], self._document(which))

    @precondition(lambda self: self.model.documents)
    @rule(who=index)
    def lists(self, who: int) -> None:
        self.compares_lists(NAMES[who % 4])

    def compares(self, name: str, document: Document) -> None:
        role = self.model.role(name, document)
        read = self.sends(name, "GET", document.path)
        assert (read.status, read.json.get("role")) == ((200, role) if role else (404, None)), (name, document.title)
        written = self.sends(name, "PATCH", document.path, {"body": f"av {name}"}, if_match="*")
        assert written.status == (404 if role is None else 200 if RANK[role] >= 2 else 403), (name, document.title)

    def compares_lists(self, name: str) -> None:
        readable = {one.id: one for one in self.model.documents if self.model.role(name, one)}
        assert set(self._listed(name)) == set(readable)
        for document in self.model.documents:
            found = self._listed(name, q=document.title)
            assert found == ([document.id] if document.id in readable else [])
        others = {one for one, document in readable.items() if self.model.role(name, document) != "owner"}
        assert set(self._listed(name, sharedWithMe="true")) == others
        for customer in self.model.customers:
            within = {one for one, document in readable.items() if document.customer is customer}
            assert set(self._listed(name, customerId=customer.id)) == within
        for group in self.model.groups:
            within = {one for one, document in readable.items() if document.group is group}
            assert set(self._listed(name, groupId=group.id)) == within

    def _listed(self, name: str, **parameters: Any) -> list[str]:
        return self.does(self.people[name].listed("/v1/documents", pageSize=2, **parameters))

    def _customer(self, number: int) -> Customer:
        return self.model.customers[number % len(self.model.customers)]

    def _group(self, number: int) -> Group:
        return self.model.groups[number % len(self.model.groups)]

    def _document(self, number: int) -> Document:
        return self.model.documents[number % len(self.model.documents)]


def _run(emulators: Emulators, examples: int, steps: int) -> None:
    World.emulators = emulators
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
        ),
    )


class TestAnyHistory:
    @pytest.mark.promise("P35")
    @pytest.mark.promise("P37")
    @pytest.mark.promise("P38")
    def test_leaves_each_person_with_what_the_model_says(self, emulators: Emulators) -> None:
        _run(emulators, examples=8, steps=30)

    @pytest.mark.slow
    @pytest.mark.timeout(1_800)
    def test_leaves_it_so_after_long_ones_too(self, emulators: Emulators) -> None:
        _run(emulators, examples=25, steps=60)
