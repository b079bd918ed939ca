import socket
from collections.abc import Iterator

import pytest

from infra.local import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class TestClaim:
    def test_takes_a_free_port_as_given(self) -> None:
        port = ports.free_port()

        assert ports.claim("firestore", port) == port

    def test_names_a_taken_port_and_how_to_choose_another(self, taken: int) -> None:
        with pytest.raises(ports.PortTaken, match=rf"Port {taken}.* DOKKER_FIRESTORE_PORT=\d+ make dev"):
            ports.claim("firestore", taken)

    def test_finds_a_free_one_for_0(self) -> None:
        assert ports.is_free(ports.claim("firestore", 0))


class TestConfigured:
    def test_is_the_default_unless_the_environment_says_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DOKKER_GATEWAY_PORT", raising=False)
        assert ports.configured("gateway") == 8080

        monkeypatch.setenv("DOKKER_GATEWAY_PORT", "9000")
        assert ports.configured("gateway") == 9000

    @pytest.mark.parametrize("given", ["http", "-1", "65536", "80.5"])
    def test_refuses_what_is_no_port(self, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOKKER_GATEWAY_PORT", given)

        with pytest.raises(ports.PortUnreadable, match="DOKKER_GATEWAY_PORT"):
            ports.configured("gateway")


class TestIsOpen:
    def test_tells_whether_somebody_listens(self, taken: int) -> None:
        assert ports.is_open(taken)
        assert not ports.is_open(ports.free_port())
