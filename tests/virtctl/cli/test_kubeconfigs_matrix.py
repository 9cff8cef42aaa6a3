"""Kubeconfigs as a matrix: every way to log in, for requests and for streams.

Each row is what one user entry (or flag) makes the server see; each column is a way of asking:
``start``, a request, and ``console``, a websocket.
"""

import base64
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.certificates import authority
from tests.fakes.descriptors import piped
from tests.fakes.env import FakeProcesses, Ran, fake_env, run_in
from tests.fakes.proxying import proxy_server
from tests.fakes.sockets import stream_server
from virtctl.cli.app import run

SEEN = (
    "authorization", "impersonate-user", "impersonate-group", "impersonate-uid",
    "impersonate-extra-scope", "x-client",
)  # fmt: skip


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Place:
    """Where a case runs: a home with a kubeconfig, and programs to find."""

    home: Path
    plugin: FakeProcesses

    def write(self, server: str, user: Mapping[str, object], **cluster: object) -> None:
        made = authority()
        (self.home / "ca.crt").write_bytes(made.ca)
        (self.home / "token").write_text("from-file\n")
        (self.home / "client.crt").write_bytes(made.client.certificate)
        (self.home / "client.key").write_bytes(made.client.key)
        entry = {"server": server, **(cluster or {"certificate-authority": "ca.crt"})}
        document = {
            "clusters": [{"name": "c", "cluster": entry}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        (self.home / ".kube").mkdir(exist_ok=True)
        (self.home / ".kube/config").write_text(json.dumps(document))
        for name in ("ca.crt", "token", "client.crt", "client.key"):
            (self.home / ".kube" / name).write_bytes((self.home / name).read_bytes())

    def run(self, *words: str, **environ: str) -> Ran:
        held = {"HOME": str(self.home), **environ}
        return run_in(fake_env(held, cwd=str(self.home), processes=self.plugin), *words)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    status = {"token": "from-plugin"}
    answer = json.dumps({"kind": "ExecCredential", "status": status}).encode()
    return Place(tmp_path, FakeProcesses(output=answer))


async def prompt(connection: ServerConnection) -> None:
    await connection.send(b"login: ")


class Request:
    """``start``: a PUT over HTTP."""

    words = ("start", "web")

    @staticmethod
    @contextmanager
    def server(
        tls: ssl.SSLContext | None,
    ) -> Iterator[tuple[str, Callable[[], list[dict[str, str]]]]]:
        with api_server(tls) as server:
            server.on("PUT", f"{SUBRESOURCES}/virtualmachines/web/start", None)
            yield server.url, lambda: [one.headers for one in server.asked]

    @staticmethod
    def ask(place: Place, *words: str, **environ: str) -> tuple[int, str]:
        ran = place.run(*Request.words, *words, **environ)
        return ran.code, ran.err


class Stream:
    """``console``: a websocket."""

    @staticmethod
    @contextmanager
    def server(
        tls: ssl.SSLContext | None,
    ) -> Iterator[tuple[str, Callable[[], list[dict[str, str]]]]]:
        with stream_server(prompt, tls) as server:
            yield (
                server.url,
                lambda: [
                    {name.lower(): value for name, value in one.items()} for one in server.headers
                ],
            )

    @staticmethod
    def ask(place: Place, *words: str, **environ: str) -> tuple[int, str]:
        with piped() as process:
            env = process.env
            env.environ = {"HOME": str(place.home), **environ}
            env.cwd, env.processes = str(place.home), place.plugin
            code = run(env, ["console", "web", "--timeout=0", *words])
            return code, env.stderr.getvalue()  # type: ignore[attr-defined]


Way = type[Request] | type[Stream]
both_ways = pytest.mark.parametrize("way", [Request, Stream], ids=lambda way: way.__name__)


def tls(place: Place) -> ssl.SSLContext:
    return authority().server_context(place.home)


EXEC = {
    "exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "get-token",
        "interactiveMode": "Never",
    }
}  # fmt: skip
INLINE = {
    "client-certificate-data": b64(authority().client.certificate),
    "client-key-data": b64(authority().client.key),
}
FILES = {"client-certificate": "client.crt", "client-key": "client.key"}
BEARER = {"token": "t1"}
BASIC = {"username": "bob", "password": "pw"}
OIDC = {"auth-provider": {"name": "other", "config": {"access-token": "kept"}}}
AS_JOE = {
    "as": "joe", "as-uid": "7", "as-groups": ["devs"], "as-user-extra": {"scope": ["all"]}
}  # fmt: skip


@both_ways
@pytest.mark.parametrize(
    ("user", "flags", "seen"),
    [
        ({}, [], {}),
        (BEARER, [], {"authorization": "Bearer t1"}),
        ({**BEARER, "tokenFile": "token"}, [], {"authorization": "Bearer from-file"}),
        (BEARER, ["--token=t2"], {"authorization": "Bearer t2"}),
        (EXEC, ["--token=t2"], {"authorization": "Bearer t2"}),
        (EXEC, [], {"authorization": "Bearer from-plugin"}),
        (BASIC, [], {"authorization": "Basic Ym9iOnB3"}),
        (BEARER, ["--username=bob", "--password=pw"], {"authorization": "Basic Ym9iOnB3"}),
        (INLINE, [], {"x-client": "jane"}),
        (FILES, [], {"x-client": "jane"}),
        ({**FILES, **BEARER}, [], {"x-client": "jane", "authorization": "Bearer t1"}),
        (
            {}, ["--client-certificate=client.crt", "--client-key=client.key"],
            {"x-client": "jane"},
        ),
        (OIDC, [], {"authorization": "Bearer kept"}),
        (
            {**BEARER, **AS_JOE}, [],
            {
                "authorization": "Bearer t1", "impersonate-user": "joe",
                "impersonate-uid": "7", "impersonate-group": "devs",
                "impersonate-extra-scope": "all",
            },
        ),
        (
            BEARER, ["--as=ann", "--as-group=ops", "--as-uid=9"],
            {
                "authorization": "Bearer t1", "impersonate-user": "ann",
                "impersonate-uid": "9", "impersonate-group": "ops",
            },
        ),
    ],
)  # fmt: skip
def test_who_we_are(
    place: Place, way: Way, user: dict[str, object], flags: list[str], seen: dict[str, str]
) -> None:
    with way.server(tls(place)) as (url, headers):
        place.write(url, user)
        code, said = way.ask(place, *flags)
        assert code == 0, said
        (asked,) = headers()
    assert {name: asked[name] for name in SEEN if asked.get(name)} == seen


@both_ways
@pytest.mark.parametrize(
    ("cluster", "flags", "trusted"),
    [
        ({"certificate-authority": "ca.crt"}, [], True),
        ({"certificate-authority-data": b64(authority().ca)}, [], True),
        ({"extensions": []}, [], False),
        ({"extensions": []}, ["--certificate-authority=ca.crt"], True),
        ({"insecure-skip-tls-verify": True}, [], True),
        ({"extensions": []}, ["--insecure-skip-tls-verify"], True),
        ({"certificate-authority": "ca.crt", "tls-server-name": "api.test"}, [], True),
        ({"certificate-authority": "ca.crt", "tls-server-name": "api.other"}, [], False),
        ({"certificate-authority": "ca.crt"}, ["--tls-server-name=api.test"], True),
        ({"certificate-authority": "ca.crt"}, ["--tls-server-name=api.other"], False),
    ],
)
def test_whom_we_trust(
    place: Place, way: Way, cluster: dict[str, object], flags: list[str], trusted: bool
) -> None:
    with way.server(tls(place)) as (url, _):
        place.write(url, BEARER, **cluster)
        code, said = way.ask(place, *flags)
    assert (code == 0, "is not trusted" in said) == (trusted, not trusted), said


@both_ways
@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
@pytest.mark.parametrize("secure", [True, False], ids=["tls", "plain"])
def test_proxies(
    place: Place, way: Way, scheme: str, secure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = tls(place) if secure else None
    place.write("", {})
    monkeypatch.setenv("SSL_CERT_FILE", str(place.home / "ca.crt"))  # what the system trusts
    with (
        way.server(context) as (url, headers),
        proxy_server(scheme, tls(place) if scheme == "https" else None) as proxy,
    ):
        place.write(url, BEARER, **{"certificate-authority": "ca.crt", "proxy-url": proxy.url()})
        code, said = way.ask(place)
        assert code == 0, said
        code, said = way.ask(place, f"--proxy-url={proxy.url('me:pw')}")
        assert code == 0, said
        assert len(headers()) == len(proxy.asked) == 2
    where = url.partition("//")[2]
    assert all(where in asked for asked in proxy.asked)
    wanted = "me:pw" if scheme.startswith("socks") else "Basic bWU6cHc="
    assert proxy.users == [wanted]


@both_ways
@pytest.mark.parametrize(
    ("environ", "used"),
    [
        ({"HTTPS_PROXY": "URL"}, True),
        ({"https_proxy": "URL"}, True),
        ({"HTTP_PROXY": "URL"}, False),
        ({"HTTPS_PROXY": "URL", "NO_PROXY": "api.test"}, False),
        ({"HTTPS_PROXY": "URL", "NO_PROXY": "other"}, True),
    ],
)
def test_proxies_of_the_environment(
    place: Place, way: Way, environ: dict[str, str], used: bool
) -> None:
    with proxy_server("http") as proxy:
        place.write("https://api.test:1", BEARER)
        held = {name: value.replace("URL", proxy.url()) for name, value in environ.items()}
        code, _ = way.ask(place, **held)
    assert code == 1
    assert [asked.split(" ")[1] for asked in proxy.asked] == (["api.test:1"] if used else [])


@both_ways
def test_plugins_are_asked_once(place: Place, way: Way) -> None:
    with way.server(tls(place)) as (url, headers):
        place.write(url, EXEC)
        assert way.ask(place)[0] == 0
        assert place.plugin.started == [["get-token"]]
        assert len(headers()) == 1


@pytest.mark.parametrize(
    ("listed", "context", "seen"),
    [
        ("a", "", "Bearer ta"),
        ("none:b:a", "", "Bearer tb"),
        ("b:a", "xa", "Bearer ta"),
        ("a:b", "xb", "Bearer tb"),
    ],
)
def test_lists_of_files(place: Place, listed: str, context: str, seen: str) -> None:
    with Request.server(tls(place)) as (url, headers):
        place.write(url, {})
        for name in ("a", "b"):
            document = {
                "clusters": [{"name": f"c{name}", "cluster": {
                    "server": url, "certificate-authority": "ca.crt",
                }}],
                "users": [{"name": f"u{name}", "user": {"token": f"t{name}"}}],
                "contexts": [{"name": f"x{name}", "context": {
                    "cluster": f"c{name}", "user": f"u{name}",
                }}],
                "current-context": f"x{name}",
            }  # fmt: skip
            (place.home / name).write_text(json.dumps(document))
        flags = [f"--context={context}"] if context else []
        code, said = Request.ask(place, *flags, KUBECONFIG=listed)
        assert code == 0, said
        assert headers()[0]["authorization"] == seen


def test_a_server_that_does_not_answer_in_time(place: Place) -> None:
    with proxy_server("http") as silent:  # waits for a request that ends
        place.write(f"https://127.0.0.1:{silent.port}", BEARER)
        code, said = Request.ask(place, "--request-timeout=200ms")
    assert (code, "did not answer within 0.2 s" in said) == (1, True), said


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--as-group=devs"], "need a user to act as"),
        (["--context=other"], "context `other` does not exist"),
        (["--cluster=other"], "cluster `other` does not exist"),
        (["--user=other"], "user `other` does not exist"),
        (["--client-certificate=none.crt"], "none.crt` cannot be read"),
        (["--proxy-url=ftp://p"], "proxy `ftp://p` cannot be used"),
        (["--request-timeout=soon"], "invalid timeout `soon` for flag `--request-timeout`"),
        (["--kubeconfig=none"], "does not exist"),
    ],
)
def test_flags_that_cannot_be(place: Place, flags: list[str], said: str) -> None:
    place.write("https://127.0.0.1:1", BEARER)
    ran = place.run("start", "web", *flags)
    assert (ran.code in {1, 2}, said in ran.err, "Traceback" in ran.err) == (True, True, False)
