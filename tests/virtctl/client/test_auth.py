import json
from collections.abc import Mapping, Sequence

import pytest

from virtctl.client.auth import Credentials
from virtctl.client.kubeconfig import Target
from virtctl.errors import ConfigError

HTTPS = Target("https://x")


class Plugin:
    """Answers in turn and keeps what it was told."""

    def __init__(self, *answers: object, code: int = 0) -> None:
        self.answers = list(answers)
        self.code = code
        self.calls: list[tuple[list[str], dict[str, str]]] = []

    def __call__(self, argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, bytes]:
        self.calls.append((list(argv), dict(environ)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return self.code, answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def issued(**status: str) -> dict[str, object]:
    return {"kind": "ExecCredential", "status": status}


def credentials(
    target: Target, plugin: Plugin | None = None, now: list[float] | None = None
) -> Credentials:
    clock = now or [0.0]
    return Credentials(
        target,
        plugin or Plugin(),
        {"HOME": "/h"},
        lambda: clock[0],
        lambda path: f"from {path}\n".encode(),
    )


@pytest.mark.parametrize(
    ("target", "header"),
    [
        (HTTPS._replace(token="t"), "Bearer t"),
        (HTTPS._replace(token_file="/f", token="old"), "Bearer from /f"),
        (HTTPS._replace(username="bob", password="pw"), "Basic Ym9iOnB3"),
        (Target("unix:///s", token="t"), "Bearer t"),
    ],
)
def test_authorization(target: Target, header: str) -> None:
    assert credentials(target).headers() == [("Authorization", header)]


def test_nothing_secret_goes_in_clear_text() -> None:
    assert credentials(Target("http://x", token="t", username="bob")).headers() == []


def test_impersonation() -> None:
    target = Target(
        "http://x", act_as="jane", act_as_groups=("a", "b"), act_as_uid="7",
        act_as_extra=(("scope", ("x", "y")),),
    )  # fmt: skip
    assert credentials(target).headers() == [
        ("Impersonate-User", "jane"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b"),
        ("Impersonate-Uid", "7"), ("Impersonate-Extra-scope", "x"),
        ("Impersonate-Extra-scope", "y"),
    ]  # fmt: skip


PLUGIN = {
    "apiVersion": "client.authentication.k8s.io/v1", "command": "get-token", "args": ["-x"],
    "env": [{"name": "A", "value": "1"}], "interactiveMode": "Never", "provideClusterInfo": True,
}  # fmt: skip


def test_a_plugin_is_asked_once() -> None:
    plugin = Plugin(issued(token="p1"))
    found = credentials(HTTPS._replace(plugin=PLUGIN), plugin)
    assert found.headers() == found.headers() == [("Authorization", "Bearer p1")]
    argv, environ = plugin.calls[0]
    assert argv == ["get-token", "-x"]
    assert (environ["HOME"], environ["A"]) == ("/h", "1")
    assert json.loads(environ["KUBERNETES_EXEC_INFO"]) == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "https://x"}},
    }
    assert len(plugin.calls) == 1


def test_a_plugin_is_asked_again_when_its_answer_expires() -> None:
    now = [1767225600.0]  # 2026-01-01T00:00:00Z
    plugin = Plugin(
        issued(token="p1", expirationTimestamp="2026-01-01T00:01:00Z"), issued(token="p2")
    )
    found = credentials(HTTPS._replace(plugin=PLUGIN), plugin, now)
    assert found.headers()[0][1] == "Bearer p1"
    now[0] += 55
    assert found.headers()[0][1] == "Bearer p2"


def test_a_refused_token_is_renewed_once() -> None:
    plugin = Plugin(issued(token="p1"), issued(token="p2"))
    found = credentials(HTTPS._replace(plugin=PLUGIN), plugin)
    assert not found.renew()
    assert found.headers()[0][1] == "Bearer p1"
    assert found.renew()
    assert found.headers()[0][1] == "Bearer p2"
    assert not credentials(HTTPS._replace(token="t")).renew()


def test_a_plugin_may_give_a_certificate() -> None:
    plugin = Plugin(issued(clientCertificateData="C", clientKeyData="K"))
    assert credentials(HTTPS._replace(plugin=PLUGIN), plugin).certificate() == (b"C", b"K")


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (Plugin(FileNotFoundError(2, "No such file")), "`get-token` cannot be started"),
        (Plugin(b"", code=4), "`get-token` failed with exit code 4"),
        (Plugin(b"hello"), "did not print an ExecCredential"),
        (Plugin({"kind": "Pod"}), "did not print an ExecCredential"),
        (Plugin(issued()), "gave no token"),
    ],
)
def test_plugins_that_fail(plugin: Plugin, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        credentials(HTTPS._replace(plugin=PLUGIN), plugin).headers()


def test_a_plugin_that_fails_is_asked_twice() -> None:
    plugin = Plugin(b"login first", issued(token="p2"))
    found = credentials(HTTPS._replace(plugin=PLUGIN), plugin)
    assert found.headers() == [("Authorization", "Bearer p2")]
    assert len(plugin.calls) == 2


def test_another_version_is_refused() -> None:
    plugin = Plugin({**issued(token="t"), "apiVersion": "client.authentication.k8s.io/v1beta1"})
    with pytest.raises(ConfigError, match=r"speaks client\.authentication"):
        credentials(HTTPS._replace(plugin=PLUGIN), plugin).headers()
    assert len(plugin.calls) == 1


@pytest.mark.parametrize(
    ("mode", "terminal", "interactive"),
    [("Never", True, False), ("IfAvailable", True, True), ("IfAvailable", False, False)],
)
def test_whether_a_plugin_may_ask(mode: str, terminal: bool, interactive: bool) -> None:
    plugin = Plugin(issued(token="t"))
    target = HTTPS._replace(plugin={**PLUGIN, "interactiveMode": mode})
    Credentials(target, plugin, {}, terminal=terminal).headers()
    info = json.loads(plugin.calls[0][1]["KUBERNETES_EXEC_INFO"])
    assert info["spec"]["interactive"] is interactive


def test_a_plugin_that_must_ask_and_cannot() -> None:
    target = HTTPS._replace(plugin={**PLUGIN, "interactiveMode": "Always"})
    with pytest.raises(ConfigError, match="needs a terminal"):
        credentials(target, Plugin(issued(token="t"))).headers()


def test_a_plugin_is_told_of_the_cluster() -> None:
    plugin = Plugin(issued(token="t"))
    target = HTTPS._replace(
        plugin=PLUGIN, certificate_authority=b"CA", tls_server_name="n", proxy_url="http://p",
        plugin_config={"audience": "a"},
    )  # fmt: skip
    credentials(target, plugin).headers()
    info = json.loads(plugin.calls[0][1]["KUBERNETES_EXEC_INFO"])
    assert info["spec"]["cluster"] == {
        "server": "https://x", "certificate-authority-data": "Q0E=", "tls-server-name": "n",
        "proxy-url": "http://p", "config": {"audience": "a"},
    }  # fmt: skip


def test_an_install_hint_is_passed_on() -> None:
    plugin = Plugin(FileNotFoundError(2, "No such file"))
    target = HTTPS._replace(plugin={**PLUGIN, "installHint": "get it\n"})
    with pytest.raises(ConfigError) as caught:
        credentials(target, plugin).headers()
    assert caught.value.hint == "get it"


def test_a_missing_token_file_is_named() -> None:
    found = Credentials(HTTPS._replace(token_file="/no/such/file"), Plugin(), {})
    with pytest.raises(ConfigError, match="/no/such/file"):
        found.headers()
