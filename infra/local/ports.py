"""Ports of the embedded stack: all on 127.0.0.1, each settable, none taken from somebody else."""

import os
import random
import socket
from contextlib import closing

ADDRESS = "127.0.0.1"

DEFAULTS = {
    "gateway": 8080,
    "firestore": 8081,
    "auth": 9099,
    "storage": 9199,
    "tasks": 8123,
    "events": 8124,
    "smtp": 1025,
}

# Below the range from which the kernel hands out client ports: nobody's outgoing connection can sit on one of these
# between our choosing it and the child's binding it.
_FREE_RANGE = range(20_000, 32_000)


class PortTaken(Exception):
    """A port that a part of the stack wants is in use; the message names the variable that moves the part."""

    def __init__(self, name: str, port: int) -> None:
        variable = variable_of(name)
        super().__init__(
            f"Port {port}, where {name} is to listen, is taken by another program. Stop that program, "
            f"or choose another port: {variable}={free_port()} make dev"
        )


class PortUnreadable(Exception):
    """A port was given in the environment that is no port."""


def variable_of(name: str) -> str:
    """The environment variable that sets the port of a part: `DOKKER_GATEWAY_PORT`."""
    return f"DOKKER_{name.upper()}_PORT"


def configured(name: str) -> int:
    """The port that the environment, else the table above, gives a part of the stack; 0 asks for any free one."""
    given = os.environ.get(variable_of(name), "")
    if not given:
        return DEFAULTS[name]
    if not given.isdecimal() or int(given) > 65_535:
        raise PortUnreadable(f"{variable_of(name)} is {given!r}, which is no port (0 to 65535).")
    return int(given)


def claim(name: str, port: int) -> int:
    """The port itself when it is free, a free one for 0. Raises PortTaken."""
    if port == 0:
        return free_port()
    if not is_free(port):
        raise PortTaken(name, port)
    return port


def free_port() -> int:
    """A port that nobody listens on now."""
    while not is_free(port := random.choice(_FREE_RANGE)):
        pass
    return port


def is_free(port: int) -> bool:
    """Whether a server could listen there now. A port in TIME_WAIT counts as free, as servers reuse it."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(1)
        return probe.connect_ex((ADDRESS, port)) == 0
