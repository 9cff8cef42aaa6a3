"""The pod networks that KubeVirt made, recorded, beside ours: set up in namespaces, DHCP asked.

The recordings and their comparer lie beside the repository; without them there is nothing to do,
and ``tests/host/test_pods.py`` has cases of our own.

The recorder mostly waits, for answers that must not come as well: cases are recorded side by side.
"""

import importlib.util
import json
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from launcher.errors import LauncherError
from launcher.system import linkkinds, process, sysctls

HOME = Path(__file__).resolve().parents[2]
ORACLE = HOME.parent / "shared" / "oracle"
ADAPTER = Path(__file__).with_name("network.py")
CASES = sorted(ORACLE.glob("network/*/*/expected.json"))
FORWARD = "sysctl/net/ipv4/ip_forward"
AT_ONCE = 24

pytestmark = [
    pytest.mark.host,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not CASES, reason="the recordings are not there"),
]


@pytest.fixture(scope="module")
def comparer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("netdiff", ORACLE / "tools" / "netdiff.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(case: Path, out: Path, patience: int) -> object:
    """What becomes of a case's pod, as the recorder sees it."""
    command = f"{shlex.join([sys.executable, str(ADAPTER)])} {{mode}} {{vmi}} {{pod}} {{out}}"
    tool = ORACLE / "tools" / "netrecord.py"
    environment = {"PYTHONPATH": str(HOME), "NETRECORD_SLOW": str(patience)}
    if not linkkinds.known("dummy"):
        environment["NETRECORD_NODUMMY"] = "1"
    argv = [sys.executable, tool, case, out, "--cmd", command]
    process.run(argv, env=environment, timeout=100 * patience)
    return json.loads(out.read_text())


def named(case: Path) -> str:
    return "/".join(case.parts[-3:-1])


def differences(case: Path, comparer: ModuleType, room: Path, patience: int = 1) -> list[object]:
    out = room / f"{named(case).replace('/', '-')}-{patience}.json"
    try:
        ours = recorded(case.parent, out, patience)
    except LauncherError as error:  # the recorder gave up, or took too long
        return [str(error)]
    pod = json.loads(case.with_name("pod.json").read_text())
    found, _, _ = comparer.compare(json.loads(case.read_text()), ours, pod)
    if sysctls.read("net/ipv4/ip_forward") == "1":
        # New network namespaces have it from the host, which may be a node's at the moment.
        found = [each for each in found if not each[1].endswith(FORWARD)]
    return list(found)


def has_nat(case: Path) -> bool:
    return "masquerade" in case.with_name("vmi.yaml").read_text()


def length(case: Path) -> int:
    """How long a case takes, more or less: each NIC is asked for some seconds."""
    return case.with_name("pod.json").read_text().count('"mac"')


@pytest.mark.parametrize("kind", ["all", pytest.param("without NAT", marks=pytest.mark.slow)])
def test_our_networks_are_kubevirts(kind: str, comparer: ModuleType, tmp_path: Path) -> None:
    wanted = [case for case in CASES if kind == "all" or not has_nat(case)]
    cases = sorted(wanted, key=length, reverse=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        first = list(pool.map(lambda case: differences(case, comparer, tmp_path), cases))
    # Where a busy machine kept the recorder waiting for too long it asks once more, in peace.
    late = [case for case, found in zip(cases, first, strict=True) if found]
    again = {named(case): differences(case, comparer, tmp_path, patience=5) for case in late}
    assert {name: found for name, found in again.items() if found} == {}
