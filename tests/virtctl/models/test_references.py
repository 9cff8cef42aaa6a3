"""References."""

from tests.fakes import crds
from virtctl.models.base import read
from virtctl.models.references import DnsConfig


def test_reads_resolver_settings():
    settings = read(DnsConfig, {"nameservers": ["10.0.0.1"], "options": [{"name": "ndots"}]})
    assert settings.nameservers == ("10.0.0.1",)
    assert settings.options[0].name == "ndots"


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.INSTANCE, "spec", "dnsConfig")
    assert crds.differences(DnsConfig, schema) == []
