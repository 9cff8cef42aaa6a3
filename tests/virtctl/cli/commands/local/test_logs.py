from pathlib import Path

import pytest

from tests.fakes.env import Ran, fake_env, run_in, virtctl
from tests.fakes.kept import instance, machine_directory
from virtctl.local.layout import InstanceLayout

LOG = """\
2026-01-01T00:00:00.000Z INFO daemon ready
2026-01-01T00:00:01.000Z ERROR virtctl.local.node.keeper keeping failed
Traceback (most recent call last):
2026-01-01T00:00:02.000Z INFO virtctl.local.http.app served
"""


@pytest.fixture
def layout(tmp_path: Path) -> InstanceLayout:
    layout = instance(tmp_path)
    layout.log.write_text(LOG)
    return layout


def show(layout: InstanceLayout, *words: str) -> Ran:
    return virtctl("local", "logs", "--dir", str(layout.root), *words)


def test_all_of_the_daemon(layout: InstanceLayout) -> None:
    assert show(layout).out == LOG
    assert show(layout, "--tail", "1").out == LOG.splitlines()[-1] + "\n"
    assert show(layout, "--tail", "0").out == ""


@pytest.mark.parametrize("name", ["virt-handler", "virt-handler-2gpg4"])
def test_one_component(layout: InstanceLayout, name: str) -> None:
    assert show(layout, name).out.splitlines() == LOG.splitlines()[1:3]


def test_an_unknown_component(layout: InstanceLayout) -> None:
    ran = show(layout, "virt-cloud")
    assert (ran.code, ran.out) == (1, "")
    assert "hint: choose one of daemon, virt-api" in ran.err


def test_a_machines_launcher_and_console(layout: InstanceLayout) -> None:
    place = machine_directory(layout, "uid-1", name="web", namespace="shop")
    console = place / "private/uid-1/virt-serial0-log"
    console.parent.mkdir(parents=True)
    console.write_text("web login:\n")
    for word in ("vm/web", "vmi/web"):
        assert show(layout, word, "-n", "shop").out == "the launcher of uid-1\n"
    assert show(layout, "vm/web", "-n", "shop", "--serial").out == "web login:\n"


def test_a_machine_that_does_not_run(layout: InstanceLayout) -> None:
    ran = show(layout, "vm/web")
    assert ran.code == 1
    assert "machine `default/web` has no log" in ran.err


def test_a_console_without_a_machine(layout: InstanceLayout) -> None:
    assert show(layout, "--serial").code == 2


def test_no_instance(tmp_path: Path) -> None:
    ran = virtctl("local", "logs", "--dir", str(tmp_path))
    assert ran.code == 1
    assert "there is no log" in ran.err


class Stop(Exception):
    """Ends a follower from its own output."""


def test_following(layout: InstanceLayout) -> None:
    env = fake_env()
    stdout, seen = env.stdout, []

    def write(text: str) -> int:
        seen.append(text)
        if len(seen) == 2:
            with layout.log.open("a") as log:
                log.write("2026-01-01T00:00:03.000Z INFO virtctl.local.http.app not ours\n")
                log.write("2026-01-01T00:00:04.000Z INFO virtctl.local.node.keeper adopted\n")
        elif len(seen) == 3:
            raise KeyboardInterrupt
        return len(text)

    stdout.write = write  # type: ignore[method-assign]
    ran = run_in(env, "local", "logs", "virt-handler", "-f", "--dir", str(layout.root))
    assert ran.code == 130
    assert seen[-1].endswith("virtctl.local.node.keeper adopted\n")


def test_help_names_the_components() -> None:
    said = virtctl("local", "logs", "--help").out
    for name in ("virt-api", "virt-controller", "virt-handler", "virt-operator", "vm/NAME"):
        assert name in said
