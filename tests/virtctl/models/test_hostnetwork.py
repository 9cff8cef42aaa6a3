"""Attachments and networks of nodes."""

from virtctl.models.base import read
from virtctl.models.hostnetwork import (
    NetworkAttachmentDefinition,
    NodeNetworkConfigurationPolicy,
    NodeNetworkState,
)


def test_reads_an_attachment():
    found = read(NetworkAttachmentDefinition, {"spec": {"config": "{}"}})
    assert found.spec.config == "{}"


def test_reads_a_policy_and_a_state():
    state = {"interfaces": [{"name": "br1", "type": "linux-bridge"}]}
    policy = read(NodeNetworkConfigurationPolicy, {"spec": {"desiredState": state}})
    assert policy.spec.desired_state == state
    assert read(NodeNetworkState, {"status": {"currentState": state}}).status.current_state == state
