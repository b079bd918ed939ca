from starlette.responses import Response

from core.functions import Function, Resources, Trigger
from core.web.application import Application, Budget
from infra.manifest import budgets


class TestBudgets:
    def test_are_listed_with_their_price(self) -> None:
        app = Application("letters")

        @app.post("/v1/letters", budget=Budget(rpcs=2, reads=1, writes=2))
        async def write() -> Response: ...

        @app.get("/v1/letters", budget=Budget(rpcs=2, reads=2, per="item"))
        async def find() -> Response: ...

        text = budgets.generated([Function("letters", Trigger.HTTP, app, Resources())]).text
        assert (
            "| `GET /v1/letters` | 2 | 2 | 0 | item | 0.60 + |\n| `POST /v1/letters` | 2 | 1 | 2 |  | 2.10 |\n" in text
        )
