"""An API server of canned answers on a real port, that keeps what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

KUBEVIRT = "/apis/kubevirt.io/v1/namespaces/default"
SUBRESOURCES = "/apis/subresources.kubevirt.io/v1/namespaces/default"


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object


@dataclass
class Answer:
    """What is sent back; ``lines`` make a stream of JSON lines."""

    status: int = 200
    body: object = None
    lines: list[object] | None = None
    headers: dict[str, str] = field(default_factory=dict)


class ApiServer:
    """Answers in turn for a method and path, the last one for ever; 404 for all else."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}

    def on(self, method: str, path: str, *answers: object) -> None:
        made = [a if isinstance(a, Answer) else Answer(body=a) for a in answers]
        self._answers[method, path] = made

    def object(self, path: str, document: object) -> None:
        self.on("GET", path, document)

    def find(self, method: str, path: str) -> Answer:
        held = self._answers.get((method, path))
        if not held:
            return refused(404, "NotFound", f"there is nothing at {path}")
        return held.pop(0) if len(held) > 1 else held[0]

    @property
    def calls(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.asked]

    @property
    def writes(self) -> list[tuple[str, object]]:
        return [(f"{one.method} {one.path}", one.body) for one in self.asked if one.method != "GET"]


def refused(code: int, reason: str, message: str, **details: object) -> Answer:
    status = {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": reason, "message": message, "details": details,
    }  # fmt: skip
    return Answer(code, status)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: ApiServer

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", "0"))
        raw = self.rfile.read(length) if length else b""
        kind = self.headers.get("Content-Type", "")
        plain = "octet-stream" in kind or "urlencoded" in kind
        body = raw if plain else json.loads(raw) if raw else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        if isinstance(self.connection, ssl.SSLSocket):
            subject = (self.connection.getpeercert() or {}).get("subject", ())
            headers["x-client"] = str(subject[0][0][1]) if subject else ""
        asked = Asked(self.command, url.path, dict(parse_qsl(url.query)), headers, body)
        self.api.asked.append(asked)
        self._answer(self.api.find(self.command, url.path))

    def _answer(self, answer: Answer) -> None:
        content_type = "application/json"
        if answer.lines is not None:
            data = b"".join(json.dumps(line).encode() + b"\n" for line in answer.lines)
        elif isinstance(answer.body, (str, bytes)):
            data = answer.body if isinstance(answer.body, bytes) else answer.body.encode()
            content_type = "text/plain"
        else:
            data = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_HEAD = do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        pass  # a client that hangs up is what some tests are about


@contextmanager
def api_server(tls: ssl.SSLContext | None = None) -> Iterator[ApiServer]:
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    api = ApiServer(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}")
    handler.api = api  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def table(*names: str, columns: tuple[str, ...] = ("Name", "Age")) -> dict[str, object]:
    """A Table answer with these names."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "7"},
        "columnDefinitions": [{"name": name, "priority": 0} for name in columns],
        "rows": [
            {
                "cells": [name, *["1m"] * (len(columns) - 1)],
                "object": {"metadata": {"name": name, "namespace": "default"}},
            }
            for name in names
        ],
    }


def vm(name: str = "web", **status: object) -> dict[str, object]:
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"vm-{name}",
            "resourceVersion": "5",
        },
        "spec": {"runStrategy": "Always"},
        "status": status,
    }


def vmi(name: str = "web", phase: str = "Running", **more: object) -> dict[str, object]:
    ready = {"type": "Ready", "status": "True" if phase == "Running" else "False"}
    status = {
        "phase": phase,
        "conditions": [ready],
        "interfaces": [{"name": "default", "ipAddress": "10.244.1.2", "mac": "02:b3:f0:00:00:01"}],
    }
    owner = {"uid": f"vm-{name}", "controller": True, "kind": "VirtualMachine"}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"vmi-{name}",
            "ownerReferences": [owner],
        },
        "spec": {},
        "status": {**status, **more},
    }
