import json
from collections.abc import Iterator

import pytest

from tests.fakes.canned import ApiServer, api_server
from tests.fakes.env import virtctl

ALL = "/apis/kubevirt.io/v1/kubevirts"
ONE = "/apis/kubevirt.io/v1/namespaces/kv/kubevirts/kv"
PLACE = "/spec/configuration/developerConfiguration"
LEVELS = {"virtAPI": 4, "virtOperator": 1}


def kubevirt(*, developer: bool = True) -> dict[str, object]:
    configuration = {"developerConfiguration": {"logVerbosity": LEVELS}} if developer else {}
    metadata = {"name": "kv", "namespace": "kv"}
    return {"metadata": metadata, "spec": {"configuration": configuration}}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        made.object(ALL, {"items": [kubevirt()]})
        made.object(ONE, kubevirt())
        made.on("PATCH", ONE, {})
        yield made


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["--virt-api"], ["virt-api=4"]),
        (["--virt-handler=10", "--virt-api"], ["virt-api=4", "virt-handler=2"]),
        (
            ["--all"],
            [
                "virt-api=4",
                "virt-controller=2",
                "virt-handler=2",
                "virt-launcher=2",
                "virt-operator=1",
            ],
        ),
    ],
)
def test_shown(server: ApiServer, words: list[str], lines: list[str]) -> None:
    assert virtctl("adm", "log-verbosity", *words, server=server.url).out.splitlines() == lines
    assert server.writes == []


def test_shown_as_json(server: ApiServer) -> None:
    ran = virtctl("adm", "log-verbosity", "--virt-api", "-o", "json", server=server.url)
    assert json.loads(ran.out) == {"virt-api": 4}


ADD = {"op": "add", "path": f"{PLACE}/logVerbosity"}


@pytest.mark.parametrize(
    ("words", "patch"),
    [
        (["--virt-api=9"], [{**ADD, "value": {"virtAPI": 9, "virtOperator": 1}}]),
        (["--reset"], [{**ADD, "value": {}}]),
        (
            ["--reset", "--virt-api=0"],
            [{**ADD, "value": {"virtAPI": 0}}, {**ADD, "value": {"virtAPI": 0}}],
        ),
        (
            ["--all=3", "--virt-launcher=7"],
            [
                {
                    **ADD,
                    "value": {
                        "virtAPI": 3, "virtController": 3, "virtHandler": 3, "virtLauncher": 7,
                        "virtOperator": 3,
                    },
                }
            ],
        ),
    ],
)  # fmt: skip
def test_set(server: ApiServer, words: list[str], patch: object) -> None:
    ran = virtctl("adm", "log-verbosity", *words, server=server.url)
    assert ran.out == "successfully set/reset the log verbosity\n"
    assert server.writes == [(f"PATCH {ONE}", patch)]


def test_set_where_nothing_was(server: ApiServer) -> None:
    server.object(ONE, kubevirt(developer=False))
    virtctl("adm", "log-verbosity", "--virt-api=1", server=server.url)
    ((_, patch),) = server.writes
    assert patch == [
        {"op": "add", "path": PLACE, "value": {}},
        {**ADD, "value": {"virtAPI": 1}},
    ]
    assert virtctl("adm", "log-verbosity", "--reset", server=server.url).out == ""
    assert len(server.writes) == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "no flag specified"),
        (["--virt-api=11"], 2, "virt-api: log verbosity must be 0-9"),
        (["--all=12"], 2, "all: log verbosity"),
        (["--virt-api", "--virt-handler=1"], 2, "only show or set"),
        (["--virt-api", "--reset"], 2, "only show or set"),
        (["--all=1", "--reset"], 2, "`--all`, `--reset` exclude each other"),
        (["--virt-api=x"], 2, "must be a whole number"),
        (["--virt-api", "3"], 2, "unexpected argument `3`"),
    ],
)
def test_refused(server: ApiServer, words: list[str], code: int, message: str) -> None:
    ran = virtctl("adm", "log-verbosity", *words, server=server.url)
    assert (ran.code, message in ran.err) == (code, True)


@pytest.mark.parametrize(("count", "message"), [(0, "could not detect"), (2, "more than one")])
def test_not_one_installation(server: ApiServer, count: int, message: str) -> None:
    server.object(ALL, {"items": [kubevirt()] * count})
    assert message in virtctl("adm", "log-verbosity", "--all", server=server.url).err


def test_nothing_to_reset(server: ApiServer) -> None:
    unset = kubevirt()
    unset["spec"] = {"configuration": {"developerConfiguration": {}}}
    server.object(ONE, unset)
    assert virtctl("adm", "log-verbosity", "--reset", server=server.url).out == ""
    assert server.writes == []
    virtctl("adm", "log-verbosity", "--reset", "--virt-api=1", server=server.url)
    assert [patch for _, patch in server.writes] == [[{**ADD, "value": {"virtAPI": 1}}]]
