"""Servers that are dead, wrong, or refuse: one clear message, no traceback, code 1."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.fakes.certificates import authority
from tests.fakes.descriptors import piped
from virtctl.cli.app import run

WAYS = {
    "get": ["get", "vm", "-o", "json"],
    "start": ["start", "web"],
    "console": ["console", "web", "--timeout", "0"],
    "stdio": ["port-forward", "--stdio", "web", "22"],
    "logs": ["logs", "web"],
    "guestosinfo": ["guestosinfo", "web"],
    "screenshot": ["vnc", "screenshot", "web", "-f", "-"],
}


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that reads one request of a connection, says ``answer`` and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def say(server: str, words: list[str], *more: str) -> tuple[int, list[str], bytes]:
    """Code, lines on stderr, and stdout."""
    with piped() as process:
        process.end()
        code = run(process.env, [f"--server={server}", *more, *words])
        said: str = process.env.stderr.getvalue()  # type: ignore[attr-defined]
        return code, said.splitlines(), process.read()


def check(found: tuple[int, list[str], bytes], wanted: str) -> None:
    code, lines, out = found
    assert code == 1, lines
    assert out == b""
    errors = [line for line in lines if not line.startswith("hint: ")]
    assert len(errors) == 1, lines
    assert errors[0].startswith("error: ")
    assert wanted in errors[0]


def http(code: int, body: str, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {code} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


def status(code: int, reason: str, message: str) -> bytes:
    found = {"kind": "Status", "status": "Failure", "code": code, "reason": reason}
    return http(code, json.dumps({**found, "apiVersion": "v1", "message": message}))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (status(401, "Unauthorized", "Unauthorized"), "nauthorized"),
        (status(403, "Forbidden", "you may not"), "you may not"),
        (status(404, "NotFound", "vm web not found"), "vm web not found"),
        (status(409, "Conflict", "it runs already"), "it runs already"),
        (status(422, "Invalid", "spec is bad"), "spec is bad"),
        (status(500, "InternalError", "it broke"), "it broke"),
        (http(401, "", "text/plain"), "does not accept these credentials"),
        (http(403, "no way in", "text/plain"), "no way in"),
        (http(404, "404 page not found", "text/plain"), "404 page not found"),
        (http(409, "busy", "text/plain"), "busy"),
        (http(422, "bad", "text/plain"), "bad"),
        (http(500, "<html>oops", "text/html"), "the server answered 500 to"),
        (http(503, "{not json"), "{not json"),
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is no API server"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", ""),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, bytes) else "",
)
def test_answers(way: str, answer: bytes, wanted: str) -> None:
    with answering(answer) as place:
        check(say(f"http://{place}", WAYS[way]), wanted)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_answers(way: str) -> None:
    check(say("http://127.0.0.1:1", WAYS[way]), "nothing answers at http://127.0.0.1:1")
    check(say("https://nowhere.invalid", WAYS[way]), "cannot be resolved")


@pytest.mark.parametrize("way", WAYS)
def test_tls_that_is_none(way: str) -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as place:
        check(say(f"https://{place}", WAYS[way]), "cannot reach https://127.0.0.1:")


@pytest.mark.parametrize("way", ["get", "console"])
def test_a_certificate_that_is_not_trusted(way: str, tmp_path: object) -> None:
    from pathlib import Path

    from tests.fakes.canned import api_server

    with api_server(authority().server_context(Path(str(tmp_path)))) as server:
        check(say(server.url, WAYS[way]), "is not trusted")


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (http(200, '{"kind": "VirtualMachineList", "items": []}'), "opened no websocket"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "opened no websocket"),
        (http(302, ""), "opened no websocket"),
    ],
)
@pytest.mark.parametrize("way", ["console", "stdio"])
def test_no_websocket(way: str, answer: bytes, wanted: str) -> None:
    with answering(answer) as place:
        check(say(f"http://{place}", WAYS[way]), wanted)


@pytest.mark.parametrize("way", ["get", "guestosinfo"])
@pytest.mark.parametrize("body", ["<html>a portal", '"text"', "[]"])
def test_a_web_site_is_no_api_server(way: str, body: str) -> None:
    with answering(http(200, body, "text/html")) as place:
        code, lines, out = say(f"http://{place}", WAYS[way])
    if way == "guestosinfo" and body in {'"text"', "[]"}:
        return  # whatever it is, it is printed
    check((code, lines, out), "")


def test_a_stream_that_is_cut_leaves_the_terminal_as_it_was() -> None:
    """Through a real process on a real terminal."""
    import os
    import pty
    import subprocess
    import sys
    import termios

    from websockets.asyncio.server import ServerConnection

    from tests.fakes.sockets import stream_server

    async def cut(connection: ServerConnection) -> None:
        await connection.send(b"login: ")
        await connection.recv()
        connection.transport.abort()

    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    with stream_server(cut) as server:
        argv = [sys.executable, "-m", "virtctl", f"--server={server.url}", "console", "web"]
        with subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=subprocess.PIPE) as process:
            shown = b""
            while b"login: " not in shown:
                shown += os.read(master, 1024)
            assert termios.tcgetattr(slave) != before
            os.write(master, b"x")
            _, said = process.communicate(timeout=60)
    after = termios.tcgetattr(slave)
    os.close(master)
    os.close(slave)
    assert after == before
    assert process.returncode == 1
    assert b"error: the console of web ended: the connection was lost" in said
    assert b"Traceback" not in said


@pytest.mark.parametrize("words", [["wait", "web"], ["get", "vm"]])
def test_an_interrupt_is_130(words: list[str]) -> None:
    import signal
    import subprocess
    import sys

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = f"http://127.0.0.1:{listener.getsockname()[1]}"
        argv = [sys.executable, "-m", "virtctl", f"--server={server}", *words]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                process.send_signal(signal.SIGINT)
                out, said = process.communicate(timeout=60)
    assert (process.returncode, out, said) == (130, b"", b"\n")
