import pytest

from tests.fakes.canned import Answer, api_server
from tests.fakes.env import virtctl

PODS = "/api/v1/namespaces/lab/pods"


def pod(*containers: str) -> dict[str, object]:
    return {
        "metadata": {"name": "virt-launcher-web-x"},
        "spec": {"containers": [{"name": name} for name in containers]},
        "status": {"phase": "Running"},
    }


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ([], {"container": "guest-console-log"}),
        (["--launcher", "-f"], {"container": "compute", "follow": "true"}),
        (
            ["--tail=5", "--since=10m", "--timestamps"],
            {
                "container": "guest-console-log", "tailLines": "5", "sinceSeconds": "600",
                "timestamps": "true",
            },
        ),
    ],
)  # fmt: skip
def test_printed(words: list[str], query: dict[str, str]) -> None:
    with api_server() as server:
        server.object(PODS, {"items": [pod("compute", "guest-console-log")]})
        server.on("GET", f"{PODS}/virt-launcher-web-x/log", Answer(body="login: \n"))
        ran = virtctl("logs", "vm/web/lab", *words, server=server.url)
        assert (ran.code, ran.out, ran.err) == (0, "login: \n", "")
        assert server.asked[1].query == query


def test_a_pod_that_keeps_none() -> None:
    with api_server() as server:
        server.object(PODS, {"items": [pod("compute")]})
        ran = virtctl("logs", "web", "-n", "lab", server=server.url)
    assert ran.code == 1
    assert "keeps no serial log" in ran.err
    assert "error: cannot get the log of vm web: " in ran.err


def test_a_machine_that_does_not_run() -> None:
    with api_server() as server:
        server.object(PODS, {"items": []})
        ran = virtctl("logs", "web", "-n", "lab", server=server.url)
    assert "machine lab/web has no pod: it does not run" in ran.err
