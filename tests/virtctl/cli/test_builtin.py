import asyncio

import pytest

from tests.fakes.env import SessionAt
from tests.fakes.sockets import stream_server
from virtctl.cli.builtin import Unreached, _Bridge
from virtctl.cli.targets import parse


def test_a_socket_leads_into_the_machine(session_at: SessionAt) -> None:
    with stream_server() as server:
        machine = parse("vm/web/prod")
        with _Bridge(session_at(server.url), machine, 22) as sock:
            sock.sendall(b"hello")
            assert sock.recv(100) == b"hello"
    assert server.paths[0].endswith("/namespaces/prod/virtualmachines/web/portforward/22/tcp")


def test_a_refusal_is_raised_where_it_is_used(session_at: SessionAt) -> None:
    with stream_server() as server:
        server.refusals = [(409, "VMI is not started")]
        bridge = _Bridge(session_at(server.url), parse("vm/web/prod"), 22)
        with pytest.raises(Unreached, match="not started"):
            bridge.__enter__()


def test_no_loop_is_left_running() -> None:
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
