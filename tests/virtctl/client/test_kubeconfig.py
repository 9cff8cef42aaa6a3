import base64
import json
from collections.abc import Mapping

import pytest

from virtctl.client.kubeconfig import (
    Files,
    Overrides,
    Target,
    load,
    names,
    resolve,
)
from virtctl.errors import ConfigError

CONFIG = {
    "clusters": [
        {
            "name": "c1",
            "cluster": {"server": "https://one:6443/", "certificate-authority": "ca.crt"},
        },
        {"name": "c2", "cluster": {"server": "two", "insecure-skip-tls-verify": True}},
    ],
    "users": [
        {"name": "u1", "user": {"token": "t1", "as": "joe", "as-groups": ["devs"]}},
        {"name": "u2", "user": {"username": "bob", "password": "pw"}},
    ],
    "contexts": [
        {"name": "x1", "context": {"cluster": "c1", "user": "u1", "namespace": "prod"}},
        {"name": "x2", "context": {"cluster": "c2", "user": "u2"}},
    ],
    "current-context": "x1",
}


def files(held: Mapping[str, object], **environ: str) -> Files:
    def read(path: str) -> bytes:
        if path not in held:
            raise FileNotFoundError(2, "No such file or directory", path)
        content = held[path]
        return content if isinstance(content, bytes) else json.dumps(content).encode()

    def absolute(path: str) -> str:
        return path.replace("~", "/h/me") if path[:1] in "/~" else f"/here/{path}"

    return Files(environ, absolute, read)


def target(held: Mapping[str, object], over: Overrides | None = None, **environ: str) -> Target:
    return resolve(files(held, **environ), over or Overrides())


HOME = {"/h/me/.kube/config": CONFIG, "/h/me/.kube/ca.crt": b"PEM"}


def test_the_current_context() -> None:
    found = target(HOME)
    assert found.server == "https://one:6443"
    assert found.certificate_authority == b"PEM"
    assert (found.namespace, found.context, found.token) == ("prod", "x1", "t1")
    assert (found.act_as, found.act_as_groups) == ("joe", ("devs",))


def test_another_context() -> None:
    found = target(HOME, Overrides(context="x2"))
    assert (found.server, found.namespace, found.insecure) == ("http://two", "default", True)
    assert (found.username, found.password) == ("bob", "pw")


def test_flags_win() -> None:
    over = Overrides(
        cluster="c2", user="u2", namespace="n", token="t", act_as="me", tls_server_name="s",
        proxy_url="http://p", timeout=3,
    )  # fmt: skip
    found = target(HOME, over)
    assert (found.server, found.namespace, found.token, found.username) == (
        "http://two",
        "n",
        "t",
        "",
    )
    assert (found.act_as, found.tls_server_name, found.proxy_url, found.timeout) == (
        "me", "s", "http://p", 3,
    )  # fmt: skip


def test_the_first_file_of_a_list_wins_and_missing_ones_are_skipped() -> None:
    second = {
        "clusters": [{"name": "c1", "cluster": {"server": "https://other"}}],
        "contexts": [{"name": "x3", "context": {"cluster": "c1"}}],
        "current-context": "x3",
    }
    held = {"/here/a": CONFIG, "/b": second, "/here/ca.crt": b"PEM"}
    found = target(held, KUBECONFIG="none:a:/b")
    assert (found.server, found.context) == ("https://one:6443", "x1")
    assert target(held, Overrides(context="x3"), KUBECONFIG="a:/b").server == "https://one:6443"


def test_a_named_file_must_exist() -> None:
    with pytest.raises(ConfigError, match="kubeconfig `/no/file` does not exist"):
        target({}, Overrides(kubeconfig="/no/file"))


@pytest.mark.parametrize(
    ("over", "said", "hint"),
    [
        (Overrides(context="x9"), "context `x9` does not exist", "known contexts: x1, x2"),
        (Overrides(cluster="c9"), "cluster `c9` does not exist", "known clusters: c1, c2"),
        (Overrides(user="u9"), "user `u9` does not exist", "known users: u1, u2"),
    ],
)
def test_missing_entries_name_the_known_ones(over: Overrides, said: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        target(HOME, over)
    assert caught.value.hint == hint


def test_no_current_context() -> None:
    config = {**CONFIG, "current-context": ""}
    with pytest.raises(ConfigError, match="no current context") as caught:
        target({"/h/me/.kube/config": config})
    assert "x1, x2" in str(caught.value.hint)


@pytest.mark.parametrize("data", [b"{broken", b"a: [", b"- a\n", b'{"clusters": [1]}', b"'x'"])
def test_broken_files_are_named(data: bytes) -> None:
    with pytest.raises(ConfigError, match=r"/h/me/\.kube/config"):
        target({"/h/me/.kube/config": data})


def test_inline_data_wins_over_a_file() -> None:
    inline = base64.b64encode(b"INLINE").decode()
    entry = {
        "server": "https://x",
        "certificate-authority-data": inline,
        "certificate-authority": "no",
    }
    held = {"/k": {"clusters": [{"name": "c", "cluster": entry}]}}
    over = Overrides(kubeconfig="/k", cluster="c")
    assert target(held, over).certificate_authority == b"INLINE"
    over = over._replace(certificate_authority="/flag.crt")
    assert target({**held, "/flag.crt": b"FLAG"}, over).certificate_authority == b"FLAG"
    entry["certificate-authority-data"] = "%%"
    with pytest.raises(ConfigError, match="is not base64"):
        target(held, Overrides(kubeconfig="/k", cluster="c"))


def test_a_missing_certificate_is_named() -> None:
    with pytest.raises(ConfigError, match=r"`client-key` `/k` cannot be read"):
        target(HOME, Overrides(client_key="/k"))


def test_a_server_alone() -> None:
    found = target({}, Overrides(server="https://x", namespace="n"))
    assert (found.server, found.namespace) == ("https://x", "n")


def test_in_a_pod() -> None:
    account = "/var/run/secrets/kubernetes.io/serviceaccount"
    held = {f"{account}/token": b"t", f"{account}/ca.crt": b"CA", f"{account}/namespace": b"pods\n"}
    found = target(held, KUBERNETES_SERVICE_HOST="fd00::1", KUBERNETES_SERVICE_PORT="8443")
    assert found.server == "https://[fd00::1]:8443"
    assert (found.namespace, found.token_file) == ("pods", f"{account}/token")
    assert found.certificate_authority == b"CA"


def test_nothing_says_how_to_begin() -> None:
    with pytest.raises(ConfigError, match="no cluster is configured") as caught:
        target({})
    assert "virtctl local up" in str(caught.value.hint)


def test_plugins_are_found_beside_their_file() -> None:
    user = {"exec": {"command": "./get-token"}}
    held = {"/d/k": {**CONFIG, "users": [{"name": "u1", "user": user}]}, "/d/ca.crt": b""}
    found = target(held, Overrides(kubeconfig="/d/k"))
    assert found.plugin == {"command": "/d/./get-token"}


def test_names_for_completion() -> None:
    config = load(files(HOME))
    assert names(config, "contexts") == ["x1", "x2"]
