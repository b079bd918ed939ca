from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio
import pytest
from google.cloud.tasks_v2 import CloudTasksAsyncClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from infra.local.tasks.server import TasksServer
from tests.infra.local.gateway.conftest import Gateway, MakeGateway

QUEUES = "projects/demo-dokker/locations/europe-north1/queues"


@asynccontextmanager
async def client_of(server: TasksServer) -> AsyncIterator[CloudTasksAsyncClient]:
    async with grpc.aio.insecure_channel(server.host) as channel:
        yield CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))


def tomorrow(name: str) -> dict[str, Any]:
    return {
        "name": f"{QUEUES}/letters-tasks/tasks/{name}",
        "schedule_time": datetime.now(UTC) + timedelta(days=1),
        "http_request": {"url": "http://127.0.0.1:8080/tasks/send", "body": b'{"letterId": "7"}'},
    }


class TestSurface:
    async def test_is_healthy(self, gateway: Gateway) -> None:
        answer = await gateway.get("/__local/health")

        assert answer.json() == {"status": "ok", "projectId": "demo-dokker", "functions": 3}

    async def test_lists_functions_with_what_leads_to_them(self, gateway: Gateway) -> None:
        letters, schedules, tasks = await gateway.listed("/__local/functions")

        assert letters["paths"] == ["/v1/letters", "/v1/letters/**"]
        assert (schedules["trigger"], schedules["schedules"]) == ("schedules", ["nightly", "failing"])
        assert tasks["address"] == "http://127.0.0.1:8080/__local/functions/letters-tasks"

    @pytest.mark.parametrize("path", ["/__local", "/__local/", "/docs"])
    async def test_shows_pages_that_need_nothing_from_elsewhere(self, gateway: Gateway, path: str) -> None:
        page = await gateway.get(path, follow_redirects=True)

        assert page.headers["content-type"].startswith("text/html")
        assert "https://" not in page.text and 'src="//' not in page.text

    async def test_serves_the_parts_of_the_reference(self, gateway: Gateway) -> None:
        if not gateway.settings.swagger_ui.is_dir():
            pytest.skip("node_modules are not installed")
        assert (await gateway.get("/docs/assets/swagger-ui-bundle.js")).status_code == 200

    async def test_answers_what_it_does_not_know_with_problems(self, gateway: Gateway) -> None:
        unknown, wrong = await gateway.get("/__local/nothing"), await gateway.post("/__local/health")

        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
        assert "GET" in wrong.headers["allow"]


class TestMails:
    async def test_are_listed_newest_first(self, gateway: Gateway) -> None:
        kept = [{"id": n, "to": [f"{n}@dokker.test"], "subject": "Hei\u2028på deg"} for n in ("kari", "ola")]
        lines = [json.dumps(mail, ensure_ascii=False) for mail in kept]
        gateway.settings.mails_file.write_text("\n".join([*lines, '{"id": "half']))

        assert [mail["id"] for mail in await gateway.listed("/__local/mails")] == ["ola", "kari"]
        assert [mail["id"] for mail in await gateway.listed("/__local/mails?to=Kari@dokker.test")] == ["kari"]
        assert await gateway.listed("/__local/mails?to=ari@dokker.test") == []

    async def test_are_none_before_the_first(self, gateway: Gateway) -> None:
        assert await gateway.listed("/__local/mails") == []


class TestTasks:
    async def test_wait_in_the_queues_that_the_registry_declares(self, make_gateway: MakeGateway) -> None:
        async with TasksServer() as server, client_of(server) as tasks:
            gateway = make_gateway(tasks_host=server.host)
            async with gateway.running():
                await tasks.create_task({"parent": f"{QUEUES}/letters-tasks", "task": tomorrow("later")})
                (task,) = await gateway.listed("/__local/tasks")

        assert (task["name"], task["queue"]) == ("later", "letters-tasks")
        assert (task["body"], task["dispatchCount"]) == ({"letterId": "7"}, 0)
        assert task["scheduleTime"].endswith("Z")

    async def test_queues_are_brought_up_to_date_at_the_next_start(self, make_gateway: MakeGateway) -> None:
        async with TasksServer() as server, client_of(server) as tasks:
            queue = {"name": f"{QUEUES}/letters-tasks"}
            await tasks.create_queue({"parent": QUEUES.removesuffix("/queues"), "queue": queue})

            async with make_gateway(tasks_host=server.host).running():
                queue = await tasks.get_queue(name=f"{QUEUES}/letters-tasks")

        assert queue.retry_config.max_attempts == 3

    async def test_are_unavailable_without_the_server(self, gateway: Gateway) -> None:
        answer = await gateway.get("/__local/tasks")

        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")

    async def test_do_not_keep_the_gateway_from_starting(self, make_gateway: MakeGateway) -> None:
        gateway = make_gateway(tasks_host="127.0.0.1:1")
        async with gateway.running():
            assert (await gateway.get("/__local/health")).status_code == 200
