"""The daemon's log by component."""

from pathlib import Path

import pytest

from virtctl.errors import LocalError
from virtctl.local.controllers.components import COMPONENTS as SHOWN
from virtctl.local.daemon import logs
from virtctl.local.daemon.logs import Filter

LINES = """\
2026-01-01T00:00:00.000Z INFO daemon ready
2026-01-01T00:00:01.000Z ERROR virtctl.local.node.keeper keeping failed
Traceback (most recent call last):
HostError: no tun
2026-01-01T00:00:02.000Z WARNING virtctl.local.controllers.claims no space
2026-01-01T00:00:03.000Z INFO virtctl.local.nodes not ours
2026-01-01T00:00:04.000Z INFO virtctl.local.http.app served
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "daemon.log"
    path.write_text(LINES)
    return path


def shown(log: Path, component: str, count: int = 100) -> list[str]:
    found = logs.last(log, count, Filter(logs.modules_of(component)))
    return [line.rpartition("Z ")[2] for line in found]


def test_all_components_that_are_shown_have_a_log() -> None:
    assert {component.name for component in SHOWN} | {"daemon"} == set(logs.COMPONENTS)


def test_components_are_modules() -> None:
    assert logs.modules_of("daemon") == ("daemon",)
    assert logs.modules_of("virt-handler-2gpg4") == logs.modules_of("virt-handler")
    assert logs.modules_of("virtctl.local.node.names") == ("virtctl.local.node.names",)


def test_an_unknown_component_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LocalError, match="virt-cloud") as refused:
        logs.modules_of("virt-cloud")
    assert "virt-handler" in str(refused.value.hint)


def test_lines_go_to_their_component_and_continue_it(log: Path) -> None:
    assert shown(log, "daemon") == ["INFO daemon ready"]
    assert shown(log, "virt-handler") == [
        "ERROR virtctl.local.node.keeper keeping failed",
        "Traceback (most recent call last):",
        "HostError: no tun",
    ]
    assert shown(log, "virt-api") == ["INFO virtctl.local.http.app served"]
    claims = ["WARNING virtctl.local.controllers.claims no space"]
    assert shown(log, "hostpath-provisioner-operator") == claims
    assert shown(log, "virt-controller") == claims


def test_no_component_means_all(log: Path) -> None:
    assert logs.last(log, 100, Filter()) == LINES.splitlines()
    assert logs.last(log, 2, Filter()) == LINES.splitlines()[-2:]
    assert logs.last(log, 0, Filter()) == []


def test_rare_lines_are_looked_for_far_back(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    path.write_text(LINES + "2026-01-01T00:00:05.000Z INFO virtctl.local.http.app served\n" * 5000)
    assert shown(path, "daemon", 1) == ["INFO daemon ready"]


def test_following_a_log_that_grows_and_is_replaced(log: Path) -> None:
    steps = iter(["append", "replace"])

    def again() -> None:
        step = next(steps, None)
        if step == "append":
            with log.open("a") as file:
                file.write("half")
                file.write(" a line\nand ")
        elif step == "replace":
            other = log.with_suffix(".new")
            other.write_text("fresh\n")
            other.replace(log)

    lines = logs.follow(log, log.stat().st_size, again)
    assert [next(lines), next(lines)] == ["half a line", "fresh"]
    lines.close()


def test_following_from_a_position(log: Path) -> None:
    lines = logs.follow(log, len(LINES) - len(LINES.splitlines()[-1]) - 1)
    assert next(lines) == LINES.splitlines()[-1]
    lines.close()


def test_lines_from_before_a_rotation_are_told(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    (tmp_path / "daemon.log.1").write_text("a\nb\n")
    path.write_text("c\n")
    assert logs.last(path, 2, logs.Filter()) == ["b", "c"]
    assert logs.last(path, 9, logs.Filter()) == ["a", "b", "c"]
    assert logs.last(path, 1, logs.Filter()) == ["c"]
