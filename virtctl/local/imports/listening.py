"""A TLS server that ends when nobody has come for a while."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn

_SILENCE = 120.0  # seconds without a byte before a client is given up
_IDLE = 60.0  # seconds without a connection before the server ends
_LOOK = 1.0


class TlsServer(ThreadingMixIn, TCPServer):
    """Serves on ``listener`` with ``context``, each connection in a thread of its own."""

    daemon_threads = True

    def __init__(
        self,
        listener: socket.socket,
        handler: type[BaseHTTPRequestHandler],
        context: ssl.SSLContext,
    ) -> None:
        super().__init__(listener.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._context = context
        self._lock = threading.Lock()
        self._open = 0
        self._retired = False
        self._last = time.monotonic()

    def serve_until_idle(self, idle: float = _IDLE, look: float = _LOOK) -> None:
        """Serve until there was no connection for ``idle`` seconds, or it is told to retire.

        It looks every ``look`` seconds whether that is so.
        """
        self.timeout = look
        while self._open or not (self._retired or time.monotonic() - self._last >= idle):
            self.handle_request()

    def retire(self) -> None:
        """End with the last connection."""
        self._retired = True

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """A connection came."""
        with self._lock:
            self._open += 1
            self._last = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """One connection; the handshake is done in its thread, too."""
        try:
            if isinstance(request, socket.socket):
                self._serve(request, client_address)
        finally:
            with self._lock:
                self._open -= 1
                self._last = time.monotonic()

    def _serve(self, plain: socket.socket, client_address: object) -> None:
        plain.settimeout(_SILENCE)
        # Clients that break off or do not trust us are their own affair.
        with (
            contextlib.suppress(OSError),
            plain,
            self._context.wrap_socket(plain, server_side=True) as secure,
        ):
            self.finish_request(secure, client_address)
