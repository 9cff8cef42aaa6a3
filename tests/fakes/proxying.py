"""Proxies on real ports: http, https and socks5, for any number of connections."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class ProxyServer:
    """``asked`` keeps the first line or address of every connection, ``users`` who asked."""

    def __init__(self, scheme: str, tls: ssl.SSLContext | None) -> None:
        self.scheme = scheme
        self.tls = tls
        self.port = 0
        self.asked: list[str] = []
        self.users: list[str] = []

    def url(self, user: str = "", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{user + '@' if user else ''}{host}:{self.port}"

    def serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            if self.tls is not None:
                client = self.tls.wrap_socket(client, server_side=True)
            with client:
                (self._socks if self.scheme.startswith("socks") else self._http)(client)

    def _http(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(4096)
            if not more:
                return
            head += more
        line, *lines = head.decode().partition("\r\n\r\n")[0].split("\r\n")
        self.asked.append(line)
        self.users += [one.partition(": ")[2] for one in lines if one.startswith("Proxy-Auth")]
        method, target, _ = line.split(" ")
        if method == "CONNECT":
            host, _, port = target.partition(":")
            with socket.create_connection((host, int(port))) as far:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                splice(client, far)
            return
        url = urlsplit(target)
        with socket.create_connection((url.hostname, url.port or 80)) as far:
            far.sendall(head.replace(f"{url.scheme}://{url.netloc}".encode(), b"", 1))
            splice(client, far)

    def _socks(self, client: socket.socket) -> None:
        methods = client.recv(2)[1]
        if 2 in client.recv(methods):
            client.sendall(b"\x05\x02")
            client.recv(1)
            pair = [client.recv(client.recv(1)[0]).decode() for _ in range(2)]
            self.users.append(":".join(pair))
            client.sendall(b"\x01\x00")
        else:
            client.sendall(b"\x05\x00")
        client.recv(4)
        host = client.recv(client.recv(1)[0]).decode()
        port = int.from_bytes(client.recv(2), "big")
        self.asked.append(f"{host}:{port}")
        with socket.create_connection((host, port)) as far:
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            splice(client, far)


def splice(client: socket.socket, far: socket.socket) -> None:
    """Copy both ways until both have ended."""
    back = threading.Thread(target=_copy, args=(far, client))
    back.start()
    _copy(client, far)
    back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port whose connections ``serve`` gets, each in a thread of its own."""
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def work() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(client,)))
                threads[-1].start()

        accepting = threading.Thread(target=work)
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


@contextmanager
def proxy_server(scheme: str, tls: ssl.SSLContext | None = None) -> Iterator[ProxyServer]:
    server = ProxyServer(scheme, tls)
    with listening(server.serve) as port:
        server.port = port
        yield server
