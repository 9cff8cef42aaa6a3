"""Rules of machines that can grow."""

import pytest

from tests.fakes.rules import said
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.growth import growth_causes

LIVE = AdmissionContext()


def spec(guest="1Gi", largest="4Gi", architecture="amd64", **domain):
    memory = {"guest": guest, "maxGuest": largest, **domain.pop("memory", {})}
    given = {name: value for name, value in memory.items() if value}
    return {"architecture": architecture, "domain": {"memory": given, **domain}}


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (spec(), ""),
        (spec(largest=""), ""),
        (spec(guest=""), "must be configured"),
        (spec(guest="8Gi"), "is greater than the configured maxGuest"),
        (spec(guest="1025Mi"), "Guest memory must be 2Mi aligned"),
        (spec(largest="4097Mi"), "MaxGuest must be 2Mi aligned"),
        (spec(largest="2050Mi", memory={"hugepages": {"pageSize": "1Gi"}}), "1Gi aligned"),
        (spec(architecture="arm64"), "only available for x86_64"),
        (spec(guest="512Mi"), "at least 1Gi"),
        (spec(cpu={"realtime": {}}), "realtime"),
        (spec(launchSecurity={}), "encrypted"),
    ],
)
def test_memory(found, problem):
    messages = said(growth_causes(found, "spec.template.spec", LIVE))
    assert len(messages) == bool(problem)
    assert problem in "".join(str(message) for message in messages)


def test_sockets():
    found = {"domain": {"cpu": {"sockets": 4, "maxSockets": 2}}}
    assert len(said(growth_causes(found, "spec.template.spec", LIVE))) == 1
    staged = AdmissionContext(configuration={"vmRolloutStrategy": "Stage"})
    assert said(growth_causes(found, "spec.template.spec", staged)) == []
