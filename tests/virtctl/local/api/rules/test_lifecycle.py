"""Rules of probes, start, eviction and names."""

import pytest

from tests.fakes.rules import said, spec
from virtctl.local.api.rules import lifecycle


def causes(**parts):
    document = spec(**parts)
    found = (
        lifecycle.identity_causes(document, "spec"),
        lifecycle.start_causes(document, "spec"),
        lifecycle.probe_causes(document, "spec"),
        lifecycle.resolver_causes(document, "spec"),
        lifecycle.eviction_causes(document, "spec"),
    )
    return [said_one for group in found for said_one in said(group)]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"livenessProbe": {"guestAgentPing": {}}, "evictionStrategy": "LiveMigrate"},
        {"startStrategy": "Paused", "hostname": "a-1", "subdomain": "b.c"},
        {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.0.0.1"], "searches": ["a.b"]}},
    ],
)
def test_good_specs(parts):
    assert causes(**parts) == []


@pytest.mark.parametrize(
    ("parts", "field", "message"),
    [
        ({"livenessProbe": {}}, "spec.livenessProbe", "must be set if a"),
        ({"readinessProbe": {"exec": {}, "tcpSocket": {}}}, "spec.readinessProbe", "exactly one"),
        (
            {"readinessProbe": {"tcpSocket": {}}, "networks": [{"name": "a", "multus": {}}]},
            "spec.readinessProbe.tcpSocket",
            "Pod Network",
        ),
        ({"readinessProbe": {"httpGet": {}}}, "spec.readinessProbe.httpGet", "Pod Network"),
        ({"evictionStrategy": "x"}, "spec.evictionStrategy", "unrecognized option: x"),
        ({"startStrategy": "x"}, "spec.startStrategy", "unrecognized option: x"),
        (
            {"startStrategy": "Paused", "livenessProbe": {"exec": {}}},
            "spec.startStrategy",
            "not supported",
        ),
        ({"hostname": "A"}, "spec.hostname", "DNS_LABEL"),
        ({"subdomain": "A"}, "spec.subdomain", "DNS_SUBDOMAIN"),
        ({"dnsPolicy": "x"}, "spec.dnsPolicy", "x"),
        ({"dnsPolicy": "None"}, "spec.dnsConfig", "must provide `dnsConfig`"),
        ({"dnsPolicy": "None", "dnsConfig": {}}, "nameservers", "at least one"),
        ({"dnsConfig": {"nameservers": ["x"]}}, "nameservers", "valid IP address: x"),
        ({"dnsConfig": {"nameservers": ["::1"] * 4}}, "nameservers", "more than 3"),
        ({"dnsConfig": {"searches": ["a"] * 7}}, "searchDomains", "more than 6"),
        ({"dnsConfig": {"searches": ["a" * 200, "b" * 100]}}, "searchDomains", "more than 256"),
        ({"dnsConfig": {"searches": ["A"]}}, "searchDomains", "RFC 1123"),
        ({"dnsConfig": {"options": [{}]}}, "options", "must not be empty"),
    ],
)
def test_bad_specs(parts, field, message):
    found = causes(**parts)
    assert any(where == field and message in text for where, text in found)
