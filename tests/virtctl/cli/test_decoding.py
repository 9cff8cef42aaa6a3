import pytest

from virtctl.cli.decoding import loosely, manifest, strictly
from virtctl.errors import VirtctlError
from virtctl.models.documents import Document


def machine(**domain: object) -> Document:
    spec = {"template": {"spec": {"domain": domain, "hostname": ""}}}
    return {"kind": "Pod", "metadata": {"name": "web", "labels": None}, "spec": spec}  # type: ignore[dict-item]


def test_what_is_written_is_typed() -> None:
    made = strictly(machine(memory={"guest": "2048Mi"}, cpu={"cores": 2}))
    assert made["kind"] == "VirtualMachine"
    assert made["metadata"] == {"name": "web"}
    domain = {"cpu": {"cores": 2}, "devices": {}, "memory": {"guest": "2Gi"}, "resources": {}}
    assert made["spec"] == {"template": {"metadata": {}, "spec": {"domain": domain}}}


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ({"bogus": 1}, 'unknown field "spec.template.spec.domain.bogus"'),
        ({"cpu": {"cores": "2"}}, "cpu.cores`: must be"),
        ({"cpu": {"cores": -2}}, "cpu.cores`: must be"),
        ({"memory": {"guest": "much"}}, "guest`: must be"),
    ],
)
def test_what_a_program_in_go_cannot_decode(domain: dict[str, object], said: str) -> None:
    with pytest.raises(VirtctlError, match=said):
        strictly(machine(**domain))


def test_a_server_may_know_more_fields() -> None:
    made = loosely(machine(bogus=1, memory={"guest": "1.Gi"}))
    domain = {"devices": {}, "memory": {"guest": "1.Gi"}, "resources": {}}
    assert made["spec"] == {"template": {"metadata": {}, "spec": {"domain": domain}}}


def test_a_server_s_values_have_the_types_that_there_are() -> None:
    with pytest.raises(VirtctlError, match=r"cpu\.cores`: must be an integer; got `2`"):
        loosely(machine(cpu={"cores": "2"}))


def test_in_a_file_numbers_may_stand_for_words() -> None:
    given = machine(bogus=1, devices={"disks": [{"name": 5}]}, memory={"guest": "0.5Gi"})
    given["metadata"] = {"name": 7, "annotations": {"on": True, "off": None}}
    made = manifest(given)
    assert made["metadata"] == {"name": "7", "annotations": {"on": "true"}}
    devices = {"disks": [{"name": "5"}]}
    domain = {"devices": devices, "memory": {"guest": "512Mi"}, "resources": {}}
    assert made["spec"] == {"template": {"metadata": {}, "spec": {"domain": domain}}}
    with pytest.raises(VirtctlError, match=r"cpu\.cores`: must be"):
        manifest(machine(cpu={"cores": "2"}))
