"""The upload itself: where the proxy is, a token for it, the bytes, and trying again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from virtctl.cli.progress import Counted, Progress
from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.client.messages import Request
from virtctl.client.transfer import Server, Trust
from virtctl.errors import Unreachable, VirtctlError
from virtctl.models.documents import Document, text
from virtctl.models.kinds import CDI_CONFIG

_TOKENS = "upload.cdi.kubevirt.io/v1beta1"
_ASYNC, _SYNC = "/v1beta1/upload-async", "/v1beta1/upload"
_NEW_TOKENS = 3
_SERVICE, _PORT = "cdi-uploadproxy", 443


class Wish(NamedTuple):
    """What is sent where. ``url`` may be empty: then the cluster is asked."""

    claim: str
    path: str
    size: int
    url: str = ""
    insecure: bool = False
    tries: int = 5


def send(session: Session, wish: Wish) -> None:
    """Upload ``wish.path``. Raises ``VirtctlError`` after the last try.

    A proxy that is not reachable from here is reached through the API server.
    """
    url = _with_scheme(wish.url or _configured(session))
    token = _token(session, wish.claim) if url else ""
    server = Server(session.env.environ, Trust(wish.insecure, _authority(session, url)))
    with ExitStack() as stack:
        try:
            endpoint = _endpoint(server, _known(url), token)
        except Unreachable as error:
            url = stack.enter_context(_tunnelled(session, error))
            server = Server(session.env.environ, Trust(insecure=True))
            token = token or _token(session, wish.claim)
            endpoint = _endpoint(server, url, token)
        session.out(f"Uploading data to {url}")
        _Sender(session, wish, server).send(endpoint, token)


def _authority(session: Session, url: str) -> bytes:
    """The cluster's CA for a proxy on the API server's own host: that is `virtctl local`'s."""
    host = urlsplit(url).hostname
    is_same = host is not None and host == urlsplit(session.target.server).hostname
    return session.target.certificate_authority if is_same else b""


def _with_scheme(url: str) -> str:
    return url.rstrip("/") if not url or "://" in url else f"https://{url}".rstrip("/")


def _known(url: str) -> str:
    if not url:
        raise Unreachable(
            "uploadproxy URL not found: the cluster's CDIConfig names none",
            "give --uploadproxy-url",
        )
    return url


def _configured(session: Session) -> str:
    config = resources.find(session.rest, CDI_CONFIG, "", "config") or {}
    return text(config, "spec", "uploadProxyURLOverride") or text(
        config, "status", "uploadProxyURL"
    )


def _token(session: Session, claim: str) -> str:
    body: Document = {
        "apiVersion": _TOKENS,
        "kind": "UploadTokenRequest",
        "metadata": {"generateName": "token-for-virtctl-", "namespace": session.namespace},
        "spec": {"pvcName": claim},
    }
    path = f"/apis/{_TOKENS}/namespaces/{session.namespace}/uploadtokenrequests"
    answer = session.rest.send(Request("POST", path, body=body)).document()
    return text(answer, "status", "token")


def _endpoint(server: Server, url: str, token: str) -> str:
    """Where to send to: the endpoint that answers before the image is processed, if there is."""
    quick = url if _ASYNC in url else f"{url}{_ASYNC}"
    if server.head(quick, {"Authorization": f"Bearer {token}"}) == 200:
        return quick
    return url if _SYNC in url else f"{url}{_SYNC}"


@contextmanager
def _tunnelled(session: Session, why: Unreachable) -> Iterator[str]:
    """The proxy through the API server. Raises ``why`` when it cannot be had either."""
    from virtctl.cli.tunnel import find_service, to_service

    try:
        service, namespace = find_service(session, _SERVICE)
        session.line(f"{why}; going through the API server instead")
        tunnel = to_service(session, service, _PORT, 0, namespace)
        port = tunnel.__enter__()
    except VirtctlError as error:
        why.hint = f"the way through the API server is closed, too: {error}"
        raise why from error
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        tunnel.__exit__(None, None, None)


class _Sender:
    """Sends one file, again and again until it is taken."""

    def __init__(self, session: Session, wish: Wish, server: Server) -> None:
        self.session = session
        self.wish = wish
        self.server = server
        self.progress = Progress(session, "uploading", wish.size)

    def send(self, endpoint: str, token: str) -> None:
        """Raises ``VirtctlError`` with the last reason."""
        problem, renewed, attempt = "", 0, 0
        while attempt < max(self.wish.tries, 1):
            code, problem = self._try(endpoint, token)
            if code == 200:
                self.progress.finish()
                return
            if code == 401:
                if not attempt and not renewed:
                    raise VirtctlError(f"authentication failed: {problem}")
                if renewed < _NEW_TOKENS:
                    renewed += 1
                    token = _token(self.session, self.wish.claim)
                    continue
            attempt += 1
            if attempt < self.wish.tries:
                self.session.line(f"{problem}; trying again")
                env = self.session.env
                env.sleep(attempt * (env.random(1)[0] % 50) / 1000)
        tries = max(self.wish.tries, 1)
        raise VirtctlError(f"error uploading image after {tries} retries: {problem}")

    def _try(self, endpoint: str, token: str) -> tuple[int, str]:
        self.progress.reset()
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/octet-stream",
            "Content-Length": str(self.wish.size),
        }
        with open(self.wish.path, "rb") as stream:  # noqa: PTH123 - pathlib costs 3 ms
            try:
                reply = self.server.post(endpoint, headers, Counted(stream, self.progress))
            except Unreachable as error:
                return 0, str(error)
        return reply.code, f"unexpected return value {reply.code}, {reply.text}"
