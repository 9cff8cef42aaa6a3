import os
from pathlib import Path

from launcher import state as states
from launcher.state import MachineState, Stage
from tests.fakes.kept import machine_directory
from virtctl.local.daemon import process
from virtctl.local.layout import InstanceLayout
from virtctl.local.node import ondisk


def pretend_alive(place: Path) -> None:
    (place / "launcher.pid").write_text(f"{os.getpid()} {process.start_time(os.getpid())}\n")


def test_no_machines_where_none_were(tmp_path: Path) -> None:
    assert ondisk.machines(InstanceLayout(tmp_path)) == []
    assert ondisk.find(InstanceLayout(tmp_path), "default", "web") is None


def test_a_machine_is_what_its_spec_says(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    place = machine_directory(layout, "uid-1", name="web", namespace="shop", grace_period_seconds=7)
    (found,) = ondisk.machines(layout)
    assert (found.title, found.grace, found.alive) == ("shop/web", 7.0, False)
    assert (found.place.root, found.place.uid) == (place, "uid-1")
    assert found.place.caps_cache == layout.caps_cache
    pretend_alive(place)
    assert found.alive


def test_a_damaged_directory_goes_by_its_uid(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    (machine_directory(layout, "uid-1") / "spec.json").write_text("{")
    layout.machine("uid-2").mkdir()
    assert [each.title for each in ondisk.machines(layout)] == ["uid-1", "uid-2"]


def test_of_two_of_a_name_the_one_that_runs_is_meant(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    first = machine_directory(layout, "uid-1", name="web")
    machine_directory(layout, "uid-2", name="web")
    machine_directory(layout, "uid-3", name="other")
    found = ondisk.find(layout, "default", "web")
    assert found is not None
    assert found.place.uid == "uid-2"
    pretend_alive(first)
    found = ondisk.find(layout, "default", "web")
    assert found is not None
    assert found.place.uid == "uid-1"


def test_a_guest_is_where_it_came_last(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    machine_directory(layout, "v")
    assert ondisk.guest_place(layout, "v").root == layout.machine("v")
    for pod, came in (("p1", 1.0), ("p2", 2.0), ("p3", 0.0)):
        state = MachineState(uid="v", stage=Stage.RUNNING, came=came)
        (machine_directory(layout, f"v.{pod}") / "state.json").write_bytes(states.encode(state))
    found = ondisk.guest_place(layout, "v")
    assert (found.root, found.uid) == (layout.machine("v.p2"), "v")
