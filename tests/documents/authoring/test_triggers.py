"""The private functions: for Cloud Tasks and Cloud Scheduler alone, and never behind Hosting."""

from datetime import timedelta

import pytest

from core import clock
from infra.local.machine_tokens import machine_token
from tests.support.api import Api
from tests.support.tokens import id_token

TASKS, SCHEDULES = "authoring-tasks", "authoring-schedules"
ROUTES = [
    (TASKS, "tasks/purge-document", {"documentId": "tur"}),
    (TASKS, "tasks/purge-marked", {}),
    (TASKS, "tasks/follow-group", {"groupId": "klasse-8b"}),
    (SCHEDULES, "schedules/purge-trash", None),
    (SCHEDULES, "schedules/prune-revisions", None),
]
INVOKERS = {TASKS: "tasks-invoker", SCHEDULES: "scheduler-invoker"}


@pytest.mark.promise("P43")
class TestMachineRoutes:
    async def test_refuse_everybody_but_their_invoker(self, api: Api) -> None:
        kari = await api.person("Kari")
        for function, route, payload in ROUTES:
            path = f"/__local/functions/{function}/{route}"
            email, audience = _account(api, INVOKERS[function]), _audience(api, function)
            hour_ago = clock.wall() - timedelta(hours=1, minutes=1)
            other = next(name for name in INVOKERS.values() if name != INVOKERS[function])

            unauthenticated = {
                "no token": None,
                "expired": machine_token(email, audience, hour_ago),
                "no token at all": "x",
                "no claims": "a.b.c",
            }
            for name, token in unauthenticated.items():
                answer = await api.post(path, payload, **({"authorization": f"Bearer {token}"} if token else {}))
                assert answer.problem == (401, "unauthenticated"), (path, name)

            forbidden = {
                "another function's": machine_token(email, _audience(api, "profiles"), clock.wall()),
                "another invoker's": machine_token(_account(api, other), audience, clock.wall()),
                "another project's": machine_token("x@demo-annet.iam.gserviceaccount.com", audience, clock.wall()),
                "a person's": kari.token,
                "a person's for this function": id_token(audience, "kari", email, email_verified=False),
            }
            for name, token in forbidden.items():
                answer = await api.post(path, payload, authorization=f"Bearer {token}")
                assert answer.problem == (403, "forbidden"), (path, name)

            let_in = machine_token(email, audience, clock.wall())
            assert (await api.post(path, payload, authorization=f"Bearer {let_in}")).status == 200, path

    async def test_refuse_a_payload_that_is_not_theirs(self, api: Api) -> None:
        token = machine_token(_account(api, INVOKERS[TASKS]), _audience(api, TASKS), clock.wall())
        path = f"/__local/functions/{TASKS}/tasks/purge-document"
        for payload in ({}, {"documentId": "../x"}, {"documentId": "__x__"}, {"documentId": "tur", "all": True}, []):
            answer = await api.post(path, payload, authorization=f"Bearer {token}")
            assert answer.problem == (422, "validation_failed"), payload

    async def test_are_not_behind_hosting(self, api: Api) -> None:
        kari = await api.person("Kari")
        for function, route, payload in ROUTES:
            token = machine_token(_account(api, INVOKERS[function]), _audience(api, function), clock.wall())
            for prefix in ("/", "/v1/", "/v1/documents/", f"/{function}/", f"/v1/documents/../../{function}/"):
                for authorization in (f"Bearer {token}", kari.headers["Authorization"]):
                    answer = await api.post(f"{prefix}{route}", payload, authorization=authorization)
                    assert answer.status in {401, 404, 405}, (prefix, route)


class TestHealth:
    async def test_is_answered_at_each_functions_own_address(self, api: Api) -> None:
        for function in ("profiles", "authoring", TASKS, SCHEDULES):
            assert (await api.get(f"/__local/functions/{function}/health")).json == {"status": "ok"}


def _account(api: Api, name: str) -> str:
    return api.clients.settings.account(name)


def _audience(api: Api, function: str) -> str:
    return api.clients.settings.address_of(function)
