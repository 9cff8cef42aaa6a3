"""Upgrades of connections to websockets. The module is loaded when the first client wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from virtctl.local.http.spdyupgrades import SPDY, SPELLED

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

_PROTOCOL_HEADER = "Sec-WebSocket-Protocol"
_WHY = b"the request is no websocket handshake\n"
_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%b" % (len(_WHY), _WHY)
)


class Websockets(WebSocketsSansIOProtocol):
    """uvicorn's websockets, for clients whose subprotocol is no token of RFC 7230.

    ``SPDY/3.1+portforward.k8s.io`` has a slash, for which the ``websockets`` package answers 400:
    it is shown to it, and to the application, with ``%2F`` instead.
    """

    def data_received(self, data: bytes) -> None:
        """Called for what has come.

        What cannot be read as a handshake, such as a request with a body, is refused; uvicorn would
        leave it without an answer.
        """
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.handshake_initiated = self.handshake_complete = self.close_sent = True
            self.transport.write(_REFUSAL)
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """Called for the request."""
        offered = event.headers.get_all(_PROTOCOL_HEADER)
        if any(SPDY in value for value in offered):
            del event.headers[_PROTOCOL_HEADER]
            for value in offered:
                event.headers[_PROTOCOL_HEADER] = value.replace(SPDY, SPELLED)
        super().handle_connect(event)

    async def send(self, message: ASGISendEvent) -> None:
        """Called for what the application sends.

        A refusal with a body ends the handshake, too. Uvicorn does not note that, and would log
        an error for each, of which a client that waits for a machine's port causes many.
        """
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True
