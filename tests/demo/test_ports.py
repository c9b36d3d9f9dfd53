"""The doors a demo takes are its own."""

from contextlib import AsyncExitStack
import socket

import pytest

from demo.ports import PortTaken, any_free, choose


@pytest.mark.usefixtures("socket_enabled")
async def test_of_two_demos_that_start_together_one_gets_the_usual_port() -> None:
    (usual,) = any_free(1)
    async with AsyncExitStack() as first:
        assert choose("--port", None, usual, first) == usual
        async with AsyncExitStack() as second:
            assert choose("--port", None, usual, second) != usual
    async with AsyncExitStack() as third:
        assert choose("--port", None, usual, third) == usual


@pytest.mark.usefixtures("socket_enabled")
async def test_a_port_asked_for_is_had_or_refused() -> None:
    (asked,) = any_free(1)
    async with AsyncExitStack() as claims:
        assert choose("--port", asked, 0, claims) == asked
        with socket.create_server(("127.0.0.1", asked)), pytest.raises(PortTaken):
            choose("--port", asked, 0, claims)
