"""Namespaces, events, Secrets, ConfigMaps and others."""

from virtctl.models.base import read
from virtctl.models.core import (
    ConfigMap,
    ControllerRevision,
    Event,
    Namespace,
    Secret,
    ServiceAccount,
)


def test_reads_each():
    assert read(Namespace, {"metadata": {}, "status": {"phase": "Active"}}).status.phase == "Active"
    assert read(Secret, {"metadata": {}, "type": "Opaque", "data": {"a": "Yg=="}}).data == {
        "a": "Yg=="
    }
    assert read(ConfigMap, {"metadata": {}, "data": {"a": "b"}}).data == {"a": "b"}
    account = read(ServiceAccount, {"metadata": {}, "secrets": [{"name": "s"}]})
    assert account.secrets[0].name == "s"
    revision = read(ControllerRevision, {"metadata": {}, "revision": 1, "data": {"spec": {}}})
    assert revision.data == {"spec": {}}


def test_reads_an_event():
    event = read(
        Event,
        {
            "metadata": {"name": "e"},
            "involvedObject": {"kind": "Pod", "name": "p"},
            "reason": "Created",
            "count": 2,
        },
    )
    assert event.involved_object.name == "p"
    assert event.count == 2
