"""Creating documents."""

from tests.support.api import Api


class TestCreate:
    async def test_gives_back_what_was_written(self, api: Api) -> None:
        kari = await api.person("Kari")
        answer = await kari.post("/v1/documents", {"title": "Blåbærtur", "body": "Vi fant *mange* bær.", "tags": ["Tur "]})
        assert answer.status == 201, answer.response.text
        print(answer.json, answer.response.headers)
        got = await kari.get(answer.response.headers["location"])
        assert got["title"] == "Blåbærtur"
        print(got.json)
        print(api.wire.cost)
