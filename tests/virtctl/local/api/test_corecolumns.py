"""Columns of workloads, quotas, roles and definitions."""

from datetime import UTC, datetime

import pytest

from virtctl.local.api.columns import columns_of
from virtctl.models import kinds

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BORN = "2026-01-01T00:00:00Z"
TEMPLATE = {"spec": {"containers": [{"name": "c", "image": "i"}], "nodeSelector": {"a": "b"}}}


def row(kind, **parts):
    item = {"metadata": {"name": "x", "creationTimestamp": BORN}, **parts}
    return {column.name: column.cell(item, NOW) for column in columns_of(kind)}


@pytest.mark.parametrize(
    ("kind", "parts", "wanted"),
    [
        (
            kinds.DEPLOYMENT,
            {
                "spec": {
                    "replicas": 2,
                    "template": TEMPLATE,
                    "selector": {"matchLabels": {"a": "b"}},
                },
                "status": {"readyReplicas": 1, "updatedReplicas": 2},
            },
            {"Ready": "1/2", "Up-to-date": 2, "Available": 0, "Images": "i", "Selector": "a=b"},
        ),
        (
            kinds.REPLICA_SET,
            {"spec": {"replicas": 2}, "status": {"replicas": 1}},
            {"Desired": 2, "Current": 1, "Ready": 0},
        ),
        (
            kinds.DAEMON_SET,
            {"spec": {"template": TEMPLATE}, "status": {"numberReady": 1}},
            {"Ready": 1, "Node Selector": "a=b", "Containers": "c"},
        ),
        (
            kinds.CRON_JOB,
            {"spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": TEMPLATE}}}},
            {"Schedule": "@daily", "Containers": "c", "Images": "i", "Selector": "<none>"},
        ),
        (
            kinds.AUTOSCALER,
            {
                "spec": {
                    "metrics": [
                        {
                            "type": "Resource",
                            "resource": {"name": "cpu", "target": {"averageUtilization": 80}},
                        },
                        {"type": "Pods", "pods": {"target": {"averageValue": "5"}}},
                        {"type": "External", "external": {"target": {"value": "7"}}},
                    ],
                },
                "status": {
                    "currentMetrics": [
                        {"type": "Resource", "resource": {"current": {"averageUtilization": 3}}}
                    ]
                },
            },
            {"Targets": "cpu: 3%/80%, <unknown>/5 + 1 more..."},
        ),
        (kinds.AUTOSCALER, {}, {"Targets": "<none>"}),
        (kinds.STATEFUL_SET, {}, {"Ready": "0/1", "Age": "24h"}),
        (
            kinds.JOB,
            {
                "status": {
                    "succeeded": 1,
                    "startTime": "2026-01-01T00:00:00Z",
                    "completionTime": "2026-01-01T00:00:30Z",
                    "conditions": [{"type": "Complete", "status": "True"}],
                }
            },
            {"Status": "Complete", "Completions": "1/1", "Duration": "30s"},
        ),
        (kinds.JOB, {"spec": {"suspend": True}}, {"Status": "Suspended", "Duration": ""}),
        (kinds.JOB, {}, {"Status": "Running", "Completions": "0/1"}),
        (
            kinds.REPLICATION_CONTROLLER,
            {"spec": {"replicas": 2}, "status": {"replicas": 1}},
            {"Desired": 2, "Current": 1, "Ready": 0},
        ),
        (
            kinds.CRON_JOB,
            {
                "spec": {"schedule": "* * * * *"},
                "status": {"active": [{}], "lastScheduleTime": "2026-01-01T23:59:00Z"},
            },
            {"Schedule": "* * * * *", "Suspend": "False", "Active": 1, "Last Schedule": "60s"},
        ),
        (kinds.CRON_JOB, {}, {"Timezone": "<none>", "Last Schedule": "<none>"}),
        (
            kinds.INGRESS,
            {"spec": {"rules": [{"host": "a.example"}, {}], "tls": [{}]}},
            {"Class": "<none>", "Hosts": "a.example,*", "Ports": "80, 443"},
        ),
        (
            kinds.INGRESS,
            {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}},
            {"Hosts": "*", "Address": "192.0.2.1", "Ports": "80"},
        ),
        (
            kinds.AUTOSCALER,
            {"spec": {"scaleTargetRef": {"kind": "VirtualMachinePool", "name": "p"}}},
            {"Reference": "VirtualMachinePool/p", "MaxPods": 0},
        ),
        (
            kinds.DISRUPTION_BUDGET,
            {"spec": {"minAvailable": "50%"}},
            {"Min Available": "50%", "Max Unavailable": "N/A"},
        ),
        (kinds.PRIORITY_CLASS, {"value": 5}, {"Value": 5, "Global-Default": False}),
        (
            kinds.RESOURCE_QUOTA,
            {
                "status": {
                    "hard": {"pods": "4", "limits.cpu": "2"},
                    "used": {"pods": "1", "limits.cpu": "1"},
                }
            },
            {"Request": "pods: 1/4", "Limit": "limits.cpu: 1/2"},
        ),
        (kinds.LIMIT_RANGE, {}, {"Created At": BORN}),
        (kinds.RUNTIME_CLASS, {"handler": "kata"}, {"Handler": "kata"}),
        (kinds.RESOURCE_CLAIM, {}, {"State": "pending"}),
        (kinds.RESOURCE_CLAIM, {"status": {"allocation": {"devices": {}}}}, {"State": "allocated"}),
        (
            kinds.RESOURCE_CLAIM,
            {"status": {"allocation": {"devices": {}}, "reservedFor": [{"uid": "u"}]}},
            {"State": "allocated,reserved"},
        ),
        (
            kinds.ENDPOINTS,
            {
                "subsets": [
                    {
                        "addresses": [{"ip": f"10.0.0.{n}"} for n in range(5)],
                        "ports": [{"port": 22}],
                    }
                ]
            },
            {"Endpoints": "10.0.0.0:22,10.0.0.1:22,10.0.0.2:22 + 2 more..."},
        ),
        (kinds.CLUSTER_ROLE, {}, {"Created At": BORN}),
        (
            kinds.ROLE_BINDING,
            {
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [
                    {"kind": "User", "name": "jane"},
                    {"kind": "ServiceAccount", "name": "sa", "namespace": "ns"},
                ],
            },
            {"Role": "Role/r", "Users": "jane", "Groups": "", "ServiceAccounts": "ns/sa"},
        ),
        (kinds.DEFINITION, {}, {"Name": "x", "Created At": BORN}),
        (kinds.API_SERVICE, {}, {"Service": "Local", "Available": "Unknown"}),
        (
            kinds.API_SERVICE,
            {
                "spec": {"service": {"name": "virt-api", "namespace": "kubevirt"}},
                "status": {
                    "conditions": [{"type": "Available", "status": "False", "reason": "Gone"}]
                },
            },
            {"Service": "kubevirt/virt-api", "Available": "False (Gone)"},
        ),
    ],
)
def test_cells(kind, parts, wanted):
    found = row(kind, **parts)
    assert {name: found[name] for name in wanted} == wanted
