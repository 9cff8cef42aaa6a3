"""Rules of access credentials."""

import pytest

from tests.fakes.rules import said, spec
from virtctl.local.api.rules.access import access_causes

SOURCE = {"secret": {"secretName": "s"}}
NO_CLOUD = {"name": "c", "cloudInitNoCloud": {"userData": "x"}}


def causes(*credentials, volumes=(NO_CLOUD,)):
    document = spec(accessCredentials=[*credentials], volumes=[*volumes])
    return said(access_causes(document, "spec"))


def ssh(**parts):
    return {"sshPublicKey": {"source": SOURCE, "propagationMethod": {"noCloud": {}}, **parts}}


def test_good_credentials():
    agent = {"qemuGuestAgent": {"users": ["root"]}}
    password = {"userPassword": {"source": SOURCE, "propagationMethod": {"qemuGuestAgent": {}}}}
    assert causes(ssh(), ssh(propagationMethod=agent), password) == []


@pytest.mark.parametrize(
    ("credential", "message"),
    [
        ({}, "exactly one access credential type"),
        (ssh(source={}), "exactly one source"),
        (ssh(propagationMethod={}), "exactly one propagationMethod"),
        (ssh(propagationMethod={"configDrive": {}}), "requires a configDrive volume"),
        (ssh(propagationMethod={"qemuGuestAgent": {}}), "at least one user"),
    ],
)
def test_bad_credentials(credential, message):
    ((field, text),) = causes(credential)
    assert field.startswith("spec.accessCredentials[0]")
    assert message in text


def test_no_cloud_needs_its_volume():
    assert causes(ssh(), volumes=())
