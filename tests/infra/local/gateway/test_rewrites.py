from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.gateway.rewrites import ConfigFile, HostingConfig, Rewrite, parse


def config(*sources: str) -> HostingConfig:
    """Each source leads to a service of the same name."""
    return parse({"hosting": {"rewrites": [{"source": s, "run": {"serviceId": s}} for s in sources]}}, Path())


class TestGlobs:
    @pytest.mark.parametrize(
        ("source", "path"),
        [
            ("/v1/documents", "/v1/documents"),
            ("/v1/documents", "/v1/documents/"),
            ("/v1/documents/*", "/v1/documents/a"),
            ("/v1/documents/*/shares", "/v1/documents/a/shares"),
            ("/v1/documents/a*", "/v1/documents/abc"),
            ("/v1/documents/a*", "/v1/documents/a"),
            ("/v1/documents/**", "/v1/documents/a"),
            ("/v1/documents/**", "/v1/documents/a/b/c"),
            ("/v1/documents/**", "/v1/documents/"),
            ("/v1/**/shares", "/v1/shares"),
            ("/v1/**/shares", "/v1/documents/a/shares"),
            ("/**", "/"),
            ("/**", "/any/thing"),
            ("/v1/documents/*", "/v1/documents/a%2Fb"),
        ],
    )
    def test_match(self, source: str, path: str) -> None:
        assert Rewrite(source, "s").matches(path)

    @pytest.mark.parametrize(
        ("source", "path"),
        [
            ("/v1/documents", "/v1/documents/a"),
            ("/v1/documents", "/v1/Documents"),
            ("/v1/documents/*", "/v1/documents"),
            ("/v1/documents/*", "/v1/documents/"),
            ("/v1/documents/*", "/v1/documents/a/b"),
            ("/v1/documents/**", "/v1/documents"),
            ("/v1/documents/**", "/v1/documentsandmore"),
            ("/v1/documents/*/shares", "/v1/documents/a%2Fshares"),
            ("/v1/me.json", "/v1/meXjson"),
            ("/v1/**/shares", "/v1/documents/shares/a"),
        ],
    )
    def test_do_not_match(self, source: str, path: str) -> None:
        assert not Rewrite(source, "s").matches(path)

    @pytest.mark.parametrize("source", ["/v1/{a,b}", "/v1/@(a|b)", "v1/me", "/v1/a?"])
    def test_beyond_the_generators_are_refused(self, source: str) -> None:
        with pytest.raises(ValueError, match="more than"):
            config(source)


class TestOrder:
    def test_the_first_match_wins(self) -> None:
        assert config("/v1/documents/*/shares", "/v1/documents/**").service_for("/v1/documents/a/shares") == (
            "/v1/documents/*/shares"
        )
        assert config("/v1/documents/**", "/v1/documents/*/shares").service_for("/v1/documents/a/shares") == (
            "/v1/documents/**"
        )

    def test_no_match_is_none(self) -> None:
        assert config("/v1/documents").service_for("/v2/documents") is None


class TestFirebaseJson:
    def test_is_read_again_when_it_changes(self, tmp_path: Path) -> None:
        path = tmp_path / "firebase.json"
        file = ConfigFile(path)
        assert file.current().rewrites == ()

        path.write_text('{"hosting": {"rewrites": [{"source": "/v1/me", "run": {"serviceId": "profiles"}}]}}')

        assert file.current().service_for("/v1/me") == "profiles"

    def test_with_a_rewrite_to_no_service_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"run\.serviceId"):
            parse({"hosting": {"rewrites": [{"source": "/**", "destination": "/index.html"}]}}, Path())
