"""The instance's configuration on disk."""

import msgspec

from virtctl.local.config import LocalConfig


def test_survives_the_way_to_disk_and_back() -> None:
    config = LocalConfig(listen="127.0.0.1:7443", nodes=2, node_names=("node1", "node2"))
    assert msgspec.json.decode(msgspec.json.encode(config), type=LocalConfig) == config


def test_keys_are_written_as_users_know_them() -> None:
    assert b'"podCidr"' in msgspec.json.encode(LocalConfig())
