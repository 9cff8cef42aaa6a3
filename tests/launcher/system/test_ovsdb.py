"""The client, against a server that says what it is told."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.errors import HostError, Timeout
from launcher.net.ovsdb import Splitter, insert
from launcher.system.ovsdb import Ovsdb

Answer = Callable[[dict], list[dict]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Answer, Path], None]]:
    threads = []

    def start(answer: Answer, path: Path) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen()
        threads.append(threading.Thread(target=_serve, args=(server, answer)))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(60)


def _serve(server: socket.socket, answer: Answer) -> None:
    with server, server.accept()[0] as channel:
        splitter = Splitter()
        while data := channel.recv(4096):
            for request in splitter.feed(data):
                for reply in answer(request):
                    channel.sendall(json.dumps(reply).encode())


def test_an_echo_is_answered_and_updates_are_passed_over(serve, tmp_path: Path) -> None:
    asked = []

    def answer(request: dict) -> list[dict]:
        asked.append(request)
        if request.get("method") != "transact":
            return []
        return [
            {"method": "echo", "id": "e", "params": [1]},
            {"method": "update", "id": None, "params": ["m", {"T": {}}]},
            {"id": request["id"], "result": [{"uuid": ["uuid", "u"]}], "error": None},
        ]

    serve(answer, tmp_path / "db")
    with Ovsdb(tmp_path / "db", "D") as connection:
        for _ in range(2):  # the second is read after the answer to the first echo
            assert connection.transact(insert("T", {})) == [{"uuid": ["uuid", "u"]}]
    assert {"id": "e", "result": [1], "error": None} in asked


def test_failures(serve, tmp_path: Path) -> None:
    def answer(request: dict) -> list[dict]:
        results = {
            "transact": {
                "id": request["id"],
                "result": [{"error": "referential integrity violation"}],
                "error": None,
            },
            "monitor": {"id": request["id"], "result": None, "error": "unknown table"},
        }
        return [results[request["method"]]] if request["method"] in results else []

    serve(answer, tmp_path / "db")
    with Ovsdb(tmp_path / "db", "D", timeout=3) as connection:
        with pytest.raises(HostError, match="D refused: referential"):
            connection.transact(insert("T", {}))
        with pytest.raises(HostError, match="`monitor` of D: unknown table"):
            connection.call("monitor", [])
        with pytest.raises(Timeout):
            connection.call("list_dbs", [])


def test_nobody_there_and_a_path_that_is_too_long(serve, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no OVSDB server answers"):
        Ovsdb(tmp_path / "db")
    home = tmp_path / ("d" * 100)
    home.mkdir()
    with pytest.raises(HostError, match="No such file"):
        Ovsdb(home / "db")
