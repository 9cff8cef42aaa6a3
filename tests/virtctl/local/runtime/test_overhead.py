import pytest

from virtctl.local.runtime.overhead import enlarged, memory_overhead

MEBI = 1 << 20
SOLID = {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi", "cpu": "1"}}


def overhead(vcpus=1, spec=None, **domain):
    """In MiB, for a guest of 1 GiB."""
    vmi = {"spec": {"domain": domain, **(spec or {})}}
    return memory_overhead(vmi, 1024 * MEBI, vcpus) / MEBI


def test_a_plain_machine():
    # Page tables, components, a CPU, an I/O thread, a screen.
    assert overhead() == 2 + 240 + 8 + 8 + 32


@pytest.mark.parametrize(
    ("more", "arguments"),
    [
        (24, {"vcpus": 4}),
        (-32, {"devices": {"autoattachGraphicsDevice": False}}),
        (53, {"devices": {"tpm": {}}}),
        (1024, {"devices": {"gpus": [{"name": "g", "deviceName": "d"}]}}),
        (1024, {"devices": {"interfaces": [{"name": "n", "sriov": {}}]}}),
        (250, {"devices": {"interfaces": [{"name": "n", "passtBinding": {}}]}}),
        (256, {"launchSecurity": {"sev": {}}}),
        (100, {"cpu": {"dedicatedCpuPlacement": True}}),
        (100, {"resources": SOLID}),
        (0, {"resources": {"limits": {"memory": "2Gi"}}}),
        (64, {"memory": {"reservedOverhead": {"addedOverhead": "64Mi"}}}),
        (128, {"spec": {"architecture": "arm64"}}),
        (1, {"spec": {"volumes": [{"name": "m", "downwardMetrics": {}}]}}),
        (110, {"spec": {"livenessProbe": {"exec": {"command": ["true"]}}}}),
        (120, {"spec": {kind: {"exec": {}} for kind in ("livenessProbe", "readinessProbe")}}),
        (0, {"spec": {"readinessProbe": {"tcpSocket": {"port": 22}}}}),
    ],
)
def test_what_a_machine_has_more(more, arguments):
    assert overhead(**arguments) - overhead() == more


def test_a_larger_overhead_is_counted_in_thousands():
    assert enlarged(270435456, 1.567) - 270435456 == 153337000
    assert enlarged(270435456, 1.0) == 270435456
