"""The doors of this machine the demo listens on."""

from contextlib import AsyncExitStack, ExitStack
import fcntl
from pathlib import Path
import socket
import tempfile

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Somebody else listens where the demo was told to."""


def choose(name: str, asked: int | None, usual: int, claims: AsyncExitStack) -> int:
    """Return the port asked for, which must be free; else the usual one (0: there is none) if free, else any.

    Until ``claims`` are closed no other demo takes the usual one, though nobody listens there yet.
    """
    if asked is not None:
        if not is_free(asked):
            raise PortTaken(f"port {asked} ({name}) on {HOST} is taken: choose another one, or stop who listens there")
        return asked
    return usual if usual and is_free(usual) and _claim(usual, claims) else any_free(1)[0]


def _claim(port: int, claims: AsyncExitStack) -> bool:
    """Take a port for this demo; two that start together both find it free."""
    try:
        file = claims.enter_context((Path(tempfile.gettempdir()) / f"mobilize-flex-demo-{port}.lock").open("w"))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    """Tell whether one could listen on a port right now."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def any_free(count: int) -> list[int]:
    """Return that many different ports nobody listens on right now."""
    with ExitStack() as held:
        servers = [held.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [int(server.getsockname()[1]) for server in servers]
