"""The runtime's side of CNI against plugins that are small scripts."""

import json
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import cni
from launcher.system.cni import Network, PluginError, Pod
from tests.fakes.pluginwords import NO_PLUGIN

POD = Pod(netns="no-such-pod")

# Notes its call, prints a result of its own, fails when a file says so.
PLUGIN = """#!/bin/sh
cd "$(dirname "$0")/.."
name=$(basename "$0")
printf '%s\\n' "$CNI_COMMAND $name $CNI_CONTAINERID $CNI_IFNAME [$CNI_NETNS]" >> calls
cat > "$CNI_COMMAND-$name.json"
if [ -f "fail-$CNI_COMMAND-$name" ]; then cat "fail-$CNI_COMMAND-$name"; exit 1; fi
[ "$CNI_COMMAND" != ADD ] || printf '{"cniVersion":"1.0.0","by":"%s"}' "$name"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    for name in ("first", "second"):
        (tmp_path / "bin" / name).write_text(PLUGIN)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def network(place: Path) -> Network:
    conflist: cni.Object = {
        "cniVersion": "1.0.0",
        "name": "pod",
        "plugins": [
            {"type": "first", "bridge": "cni0"},
            {"type": "second", "capabilities": {"portMappings": True}},
        ],
    }
    return Network(conflist, netns="", cache=place / "cache", directories=[place / "bin"])


def calls(place: Path) -> list[str]:
    return [" ".join(line.split()[:2]) for line in (place / "calls").read_text().splitlines()]


def given(place: Path, call: str) -> object:
    return json.loads((place / f"{call}.json").read_text())


def test_plugins_are_chained_and_the_result_is_kept(place: Path) -> None:
    net = network(place)
    assert net.add(POD) == {"cniVersion": "1.0.0", "by": "second"}
    assert calls(place) == ["ADD first", "ADD second"]
    assert given(place, "ADD-first") == {
        "type": "first",
        "bridge": "cni0",
        "cniVersion": "1.0.0",
        "name": "pod",
    }
    assert given(place, "ADD-second") == {
        "type": "second",
        "cniVersion": "1.0.0",
        "name": "pod",
        "prevResult": {"cniVersion": "1.0.0", "by": "first"},
    }
    assert net.cached(POD) == {"cniVersion": "1.0.0", "by": "second"}


def test_plugins_are_told_whom_to_attach_where(place: Path) -> None:
    network(place).add(Pod(netns="no-such-pod", ifname="net1"))
    first = (place / "calls").read_text().splitlines()[0]
    assert first == "ADD first no-such-pod net1 [/run/netns/no-such-pod]"


def test_port_mappings_go_to_the_plugins_that_can(place: Path) -> None:
    mapping: cni.Object = {"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}
    network(place).add(Pod(netns="no-such-pod", ports=(mapping,)))
    assert "runtimeConfig" not in given(place, "ADD-first")
    assert given(place, "ADD-second")["runtimeConfig"] == {"portMappings": [mapping]}


def test_a_failed_add_is_followed_by_a_delete(place: Path) -> None:
    (place / "fail-ADD-second").write_text('{"code": 7, "msg": "no", "details": "because"}')
    net = network(place)
    with pytest.raises(PluginError, match=r"`second` failed at ADD: no; because \(code 7\)") as e:
        net.add(POD)
    assert e.value.code == 7
    assert calls(place) == ["ADD first", "ADD second", "DEL second", "DEL first"]
    assert net.cached(POD) is None


def test_words_that_are_no_json_are_told_as_they_are(place: Path) -> None:
    (place / "fail-ADD-first").write_text("segmentation fault")
    with pytest.raises(PluginError, match=r"segmentation fault \(code 999\)"):
        network(place).add(POD)


def test_delete_goes_backwards_with_the_last_result(place: Path) -> None:
    net = network(place)
    net.add(POD)
    (place / "calls").unlink()
    net.delete(POD)
    assert calls(place) == ["DEL second", "DEL first"]
    assert given(place, "DEL-first")["prevResult"]["by"] == "second"
    assert net.cached(POD) is None
    net.delete(POD)  # once more is fine


def test_a_pod_that_is_gone_is_deleted_without_a_namespace(place: Path) -> None:
    network(place).delete(POD)
    assert (place / "calls").read_text().splitlines()[0].endswith("[]")


def test_a_failing_delete_runs_the_others_and_keeps_the_result(place: Path) -> None:
    net = network(place)
    net.add(POD)
    (place / "fail-DEL-second").write_text('{"msg": "busy"}')
    with pytest.raises(PluginError, match="`second` failed at DEL: busy"):
        net.delete(POD)
    assert calls(place)[-2:] == ["DEL second", "DEL first"]
    assert net.cached(POD) is not None
    net.delete(POD, check=False)
    assert net.cached(POD) is None


def test_check_asks_all_plugins(place: Path) -> None:
    net = network(place)
    with pytest.raises(HostError, match="is not attached to the network `pod`"):
        net.check(POD)
    net.add(POD)
    net.check(POD)
    assert calls(place)[-2:] == ["CHECK first", "CHECK second"]


def test_a_missing_plugin_names_the_package(place: Path) -> None:
    (place / "bin/first").unlink()
    with pytest.raises(HostError, match="the CNI plugin `first` is in none of") as caught:
        network(place).add(POD)
    with pytest.raises(HostError) as named:
        cni.find("nosuch")
    assert str(named.value) == NO_PLUGIN
    assert caught.value.hint == "install the package `containernetworking-plugins`"
