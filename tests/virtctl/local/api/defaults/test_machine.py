"""Defaults of a VirtualMachine."""

from tests.fakes.rules import spec
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.machine import default_machine


def machine(**parts):
    template = {"spec": spec(**parts)}
    return {"kind": "VirtualMachine", "metadata": {"name": "vm1"}, "spec": {"template": template}}


def test_identity_and_layout_are_set_once():
    document = machine()
    default_machine(document, AdmissionContext(new_uuid=lambda: "u"))
    template = document["spec"]["template"]
    assert template["spec"]["domain"]["firmware"] == {"uuid": "u", "serial": "u"}
    assert template["metadata"]["annotations"] == {"kubevirt.io/pci-topology-version": "v3"}
    assert template["spec"]["domain"]["machine"] == {"type": "q35"}
    assert template["spec"]["architecture"] == "amd64"


def test_an_update_makes_no_new_identity():
    document = machine()
    default_machine(document, AdmissionContext(old=machine(), new_uuid=lambda: "u"))
    assert "firmware" not in document["spec"]["template"]["spec"]["domain"]


def test_what_is_given_stays():
    document = machine(architecture="arm64")
    domain = document["spec"]["template"]["spec"]["domain"]
    domain["firmware"] = {"uuid": "mine"}
    domain["machine"] = {"type": "virt-9"}
    default_machine(document, AdmissionContext(new_uuid=lambda: "u"))
    assert domain["firmware"] == {"uuid": "mine", "serial": "u"}
    assert domain["machine"] == {"type": "virt-9"}


def test_a_machine_without_a_domain_gets_an_empty_one():
    document = {"metadata": {}, "spec": {"template": {}}}
    default_machine(document, AdmissionContext(old=machine()))
    assert document["spec"]["template"]["metadata"] == {}
    domain = document["spec"]["template"]["spec"]["domain"]
    assert (domain["devices"], domain["resources"]) == ({}, {})


class Claims:
    """Remembers which addresses were claimed."""

    def __init__(self) -> None:
        self.macs = []

    def claim(self, mac: str, owner: str) -> None:
        self.macs.append(mac)

    def assign(self, owner: str) -> str:
        return ""


def with_mac(mac):
    document = machine()
    devices = document["spec"]["template"]["spec"]["domain"].setdefault("devices", {})
    devices["interfaces"] = [{"name": "default", "masquerade": {}, "macAddress": mac}]
    return document


def test_only_other_addresses_are_looked_up_in_an_update():
    claims = Claims()
    old, same, other = with_mac("02:00:00:00:00:01"), "02-00-00-00-00-01", "02:00:00:00:00:02"
    for document, before in (
        (with_mac(same), old),
        (with_mac(other), old),
        (with_mac(other), None),
    ):
        default_machine(document, AdmissionContext(old=before, macs=claims))
    assert claims.macs == [other, other]
    twice = with_mac("02:00:00:00:00:01")
    interfaces = twice["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"]
    interfaces.append({"name": "other", "masquerade": {}, "macAddress": same})
    default_machine(twice, AdmissionContext(old=old, macs=claims))
    assert "02:00:00:00:00:01" in claims.macs
