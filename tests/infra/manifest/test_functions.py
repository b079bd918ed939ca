import json

from core.data.buckets import UPLOADS
from core.functions import FINALIZED, Function, ObjectEvents, Queue, Resources, Schedule, Trigger
from core.web.application import Application
from infra.manifest import functions
from tests.infra.manifest.declared import a_function


def _written(*given: Function) -> dict[str, dict[str, object]]:
    return json.loads(functions.generated(given).text)["functions"]


class TestFunctions:
    def test_are_sorted_by_name(self) -> None:
        assert list(_written(a_function("b"), a_function("a"))) == ["a", "b"]

    def test_carry_what_a_deployment_needs(self) -> None:
        found = _written(a_function("letters", "/v1/letters", memory="1Gi", min_instances=1))["letters"]
        assert (found["trigger"], found["entryPoint"], found["serviceAccount"]) == ("http", "letters", "fn-letters")
        assert found["paths"] == ["/v1/letters"]
        assert found["resources"] == {
            "memory": "1Gi",
            "cpu": 1,
            "concurrency": 80,
            "timeoutSeconds": 60,
            "minInstances": 1,
        }

    def test_name_their_schedules_with_zone_and_path(self) -> None:
        application = Application("letters-schedules", audience="machine", invoker="scheduler-invoker")
        nightly = Schedule("sweep", "15 3 * * *")
        function = Function(application.name, Trigger.SCHEDULES, application, Resources(), schedules=(nightly,))
        found = _written(function)["letters-schedules"]
        assert found["entryPoint"] == "letters_schedules"
        assert found["invoker"] == "scheduler-invoker"
        assert found["schedules"] == {
            "sweep": {"cron": "15 3 * * *", "timeZone": "Europe/Oslo", "path": "/schedules/sweep"}
        }

    def test_name_their_queue_with_its_settings(self) -> None:
        application = Application("letters-tasks", audience="machine", invoker="tasks-invoker")
        function = Function(application.name, Trigger.TASKS, application, Resources(), queue=Queue("letters"))
        queue = _written(function)["letters-tasks"]["queue"]
        assert isinstance(queue, dict)
        assert (queue["name"], queue["maxAttempts"], queue["maxBackoffSeconds"]) == ("letters", 100, 600.0)

    def test_name_their_events_which_come_again_until_handled(self) -> None:
        application = Application("letters-events", audience="event", invoker="events-invoker")
        events = ObjectEvents(UPLOADS)
        function = Function(application.name, Trigger.EVENTS, application, Resources(), events=events)
        found = _written(function)["letters-events"]
        assert (found["trigger"], found["invoker"], found["paths"]) == ("events", "events-invoker", [])
        assert found["events"] == {"bucket": "uploads", "type": FINALIZED, "retry": True}
