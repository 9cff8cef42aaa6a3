from tests.fakes import sighted
from virtctl.cli.netplugging import ipam_of, template_spec


def test_address_management() -> None:
    assert ipam_of(sighted.definition(ipam={"type": "dhcp"})) == "dhcp"
    assert ipam_of(sighted.definition(ipam={})) == ""
    assert ipam_of(None) == ""


def test_the_template() -> None:
    assert template_spec({"spec": {"template": {"spec": {"a": 1}}}}) == {"a": 1}
