import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from launcher.errors import AgentError
from launcher.lifecycle import Command
from tests.fakes.node import FakeControl, FakeMachine
from virtctl.local.node.asking import Asker, Unwell
from virtctl.local.node.probes import Connection, GuestCommand, GuestPing, Page


@pytest.fixture
def machine():
    return FakeMachine(None, "u")


@pytest.fixture
def asker(machine):
    return Asker(FakeControl(machine), lambda: "127.0.0.1")


async def test_a_program_of_the_guest(asker, machine):
    machine.answers[Command.EXEC] = {"exit_code": 0}
    await asker.ask(GuestCommand(("true",)), 3)
    assert machine.asked == [(Command.EXEC, {"argv": ["true"], "timeout": 3})]
    machine.answers[Command.EXEC] = {"exit_code": 2}
    with pytest.raises(Unwell, match="`cat /x` ended with exit code 2"):
        await asker.ask(GuestCommand(("cat", "/x")), 3)


async def test_the_agent(asker, machine):
    machine.answers[Command.AGENT] = {}
    await asker.ask(GuestPing(), 1)
    machine.answers[Command.AGENT] = AgentError("guest agent is not connected")
    with pytest.raises(Unwell, match="not connected"):
        await asker.ask(GuestPing(), 1)


async def test_a_port(asker):
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await asker.ask(Connection("", port), 1)
    with pytest.raises(Unwell, match=f"dial tcp 127.0.0.1:{port}"):
        await asker.ask(Connection("", port), 1)


async def test_a_machine_without_an_address(machine):
    with pytest.raises(Unwell, match="no address yet"):
        await Asker(FakeControl(machine), lambda: "").ask(Connection("", 1), 1)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.headers["X-Key"] == "k" else int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def port():
    server = HTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def page(port, path, secure=False, **headers):
    return Page(host="", port=port, path=path, secure=secure, headers=headers)


async def test_a_page(asker, port):
    await asker.ask(page(port, "/302"), 2)
    await asker.ask(page(port, "/500", **{"X-Key": "k"}), 2)
    with pytest.raises(Unwell, match="HTTP probe failed with statuscode: 500"):
        await asker.ask(page(port, "/500"), 2)
    with pytest.raises(Unwell, match=f"Get 127.0.0.1:{port}/"):
        await asker.ask(page(port, "/", secure=True), 2)
