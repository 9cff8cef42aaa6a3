import json
import threading
from pathlib import Path

import pytest

from tests.fakes.env import FakeProcesses, SessionAt, fake_env
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.session import Session
from virtctl.errors import UsageError


def test_a_child_is_us_with_all_flags() -> None:
    env = fake_env({"KUBECONFIG": "a.yaml:/b.yaml", "X": "1"}, cwd="/here")
    flags = GlobalFlags({"kubeconfig": "k", "context": "two", "namespace": "prod"})
    session = Session(env, flags)
    assert session.child_argv("port-forward", "vm/web") == [
        "/usr/bin/virtctl", "--kubeconfig=/here/k", "--context=two", "--namespace=prod",
        "port-forward", "vm/web",
    ]  # fmt: skip
    assert session.child_environ() == {"KUBECONFIG": "/here/a.yaml:/b.yaml", "X": "1"}


def test_flags_reach_the_target() -> None:
    flags = GlobalFlags(
        {
            "server": "https://x",
            "namespace": "prod",
            "token": "t",
            "request_timeout": "2s",
            "act_as": "jane",
        }
    )
    target = Session(fake_env(), flags).target
    assert (target.server, target.namespace, target.token) == ("https://x", "prod", "t")
    assert (target.timeout, target.act_as) == (2, "jane")


def test_a_bad_timeout_is_a_usage_error() -> None:
    session = Session(fake_env(), GlobalFlags({"server": "x", "request_timeout": "soon"}))
    with pytest.raises(UsageError, match="request-timeout"):
        _ = session.target


def test_another_kubeconfig_replaces_all_flags(tmp_path: Path) -> None:
    path = tmp_path / "k"
    cluster = {"name": "c", "cluster": {"server": "https://own"}}
    path.write_text(
        json.dumps(
            {
                "clusters": [cluster],
                "contexts": [{"name": "x", "context": {"cluster": "c"}}],
                "current-context": "x",
            }
        )
    )
    session = Session(fake_env(), GlobalFlags({"server": "https://other", "verbosity": 6}))
    other = session.with_kubeconfig(str(path))
    assert other.target.server == "https://own"
    assert other.verbosity == 6


def test_plugins_run_as_children_and_may_talk() -> None:
    answer = {"kind": "ExecCredential", "status": {"token": "from-plugin"}}
    processes = FakeProcesses(output=json.dumps(answer).encode())
    session = Session(fake_env(processes=processes), GlobalFlags({"server": "https://x"}))
    session.__dict__["target"] = session.target._replace(plugin={"command": "get-token"})
    assert session.rest.credentials.headers() == [("Authorization", "Bearer from-plugin")]
    assert processes.started == [["get-token"]]


def test_lines_go_out_at_once() -> None:
    env = fake_env()
    session = Session(env, GlobalFlags())
    session.out("data")
    session.line("talk")
    assert (env.stdout.getvalue(), env.stderr.getvalue()) == ("data\n", "talk\n")


def test_every_thread_has_its_own_connection(session_at: SessionAt) -> None:
    session = session_at()
    here = session.rest
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(session.rest))
    thread.start()
    thread.join()
    assert session.rest is here
    assert found[0] is not here
