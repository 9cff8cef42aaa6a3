"""Confidential guests."""

import pytest

from launcher.domain.element import render
from launcher.domain.security import launch_security
from launcher.spec import LaunchSecurity
from tests.fakes.machines import inputs


def test_none() -> None:
    assert launch_security(inputs()) == ()


@pytest.mark.parametrize(("kind", "policy"), [("sev", "0x1"), ("sev-es", "0x5")])
def test_sev(kind: str, policy: str) -> None:
    asked = LaunchSecurity(kind=kind, dh_cert="d", session="s")
    (found,) = launch_security(inputs(launch_security=asked))
    assert found.get("type") == "sev"
    assert [each.text for each in found.children] == ["d", "s", policy]


def test_snp() -> None:
    (found,) = launch_security(inputs(launch_security=LaunchSecurity(kind="sev-snp")))
    assert found.find("policy").text == "0x30000"


def test_tdx() -> None:
    asked = LaunchSecurity(kind="tdx", quote_socket="/q")
    (found,) = launch_security(inputs(launch_security=asked))
    assert '<quoteGenerationService path="/q">' in render(found)


def test_s390x_needs_no_element() -> None:
    asked = LaunchSecurity(kind="pv")
    assert launch_security(inputs(architecture="s390x", launch_security=asked)) == ()
