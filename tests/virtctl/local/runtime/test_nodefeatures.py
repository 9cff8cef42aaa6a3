"""Features of desired states."""

import pytest

from virtctl.local.runtime.nodefeatures import features


@pytest.mark.parametrize(
    ("desired", "found"),
    [
        ({}, []),
        ({"interfaces": "eth0"}, []),
        ({"interfaces": ["eth0"], "routes": {"config": []}}, []),
        ({"interfaces": [{"name": "a", "ovs-db": 1}]}, []),
        ({"interfaces": [{"name": "a", "bridge": {"port": "b"}}]}, []),
        ({"interfaces": [{"name": 1, "identifier": 2}], "route-rules": 3, "ovn": 4}, []),
        ({"interfaces": [{"name": "a", "type": "ethernet", "ipv4": {"dhcp": True}}]}, []),
        ({"interfaces": [{"name": "a", "identifier": "mac-address", "lldp": {"enabled": True}}]},
         ["lldp", "mac-based-identifier"]),
        ({"interfaces": [{"name": "a", "ethernet": {"sr-iov": {"total-vfs": 2}}}]}, ["sriov"]),
        ({"interfaces": [
            {"name": "a", "type": "ovs-bridge",
             "bridge": {"port": [{"name": "b", "link-aggregation": {"mode": "lacp"}}]},
             "ovs-db": {"external_ids": {"x": "y"}, "other_config": {}}},
        ]}, ["ovs-bond", "ovs-db-interface"]),
        ({"interfaces": [{"name": "a", "type": "ovs-bridge", "bridge": {"port": [{"name": "b"}]},
                          "ovs-db": {"external_ids": {}}}]}, []),
        ({"dns-resolver": {"config": {"server": [], "search": ["x"]}}},
         ["static-dns-name-server", "static-dns-search"]),
        ({"routes": {"config": []}, "hostname": {"config": "x"}},
         ["static-hostname", "static-route"]),
        ({"route-rules": {"config": []}}, []),
        ({"route-rules": {"config": [{"state": "absent", "suppress-prefix-length": 0}]}},
         ["static-route-rule"]),
        ({"route-rules": {"config": [{"ip-from": "10.0.0.0/8", "suppress-prefix-length": 0}]}},
         ["static-route-rule", "static-route-rule-suppress-prefix-length"]),
        ({"ovn": {"bridge-mappings": [{"localnet": "a"}]}, "ovs-db": {"external_ids": {}}},
         ["ovn-mapping", "ovs-db-global"]),
        ({"interfaces": [{"name": f"d{number}"} for number in range(60)]},
         ["iface-count50-plus"]),
        ({"interfaces": [{"name": f"d{number}", "state": "absent"} for number in range(60)]}, []),
    ],
)  # fmt: skip
def test_features(desired, found):
    assert features(desired) == found
