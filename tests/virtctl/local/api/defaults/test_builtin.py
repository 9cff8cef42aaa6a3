from copy import deepcopy

import pytest

from virtctl.local.api.defaults.builtin import ROWS, default_builtin
from virtctl.models import kinds
from virtctl.models.kinds import Kind


def filled(kind: Kind, document: dict, *, posted: bool = False) -> dict:
    default_builtin(kind, document, posted=posted)
    again = deepcopy(document)
    default_builtin(kind, again, posted=posted)
    assert again == document
    return document


def container_of(**fields: object) -> dict:
    pod = filled(kinds.POD, {"spec": {"containers": [{"name": "a", "image": "b", **fields}]}})
    (found,) = pod["spec"]["containers"]
    return found


def test_a_pod() -> None:
    pod = filled(kinds.POD, {"spec": {"containers": [{"name": "a", "image": "b:1"}]}})
    assert pod["spec"] == {
        "containers": [
            {
                "name": "a", "image": "b:1", "imagePullPolicy": "IfNotPresent", "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": True, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }  # fmt: skip


def test_a_pod_that_is_posted_has_an_account() -> None:
    spec = filled(kinds.POD, {"spec": {"serviceAccount": "a"}}, posted=True)["spec"]
    assert (spec["serviceAccountName"], spec["priority"]) == ("a", 0)
    spec = filled(kinds.POD, {"spec": {}}, posted=True)["spec"]
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "default"


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("a", "Always"),
        ("a:latest", "Always"),
        ("a:1", "IfNotPresent"),
        ("r:5000/a", "Always"),
        ("r:5000/a:1", "IfNotPresent"),
        ("a@sha256:0", "IfNotPresent"),
        ("a:latest@sha256:0", "Always"),
    ],
)
def test_what_is_pulled_each_time(image: str, policy: str) -> None:
    assert container_of(image=image)["imagePullPolicy"] == policy


def test_probes() -> None:
    made = container_of(
        livenessProbe={"httpGet": {"port": 80}, "timeoutSeconds": 0, "periodSeconds": 3},
        readinessProbe={"grpc": {"port": 1}},
    )
    assert made["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1, "periodSeconds": 3, "successThreshold": 1, "failureThreshold": 3,
    }  # fmt: skip
    assert made["readinessProbe"]["grpc"]["service"] == ""


def test_limits_are_requested() -> None:
    limits = {"cpu": "2", "memory": "1Gi"}
    made = container_of(resources={"limits": limits, "requests": {"cpu": "1"}})
    assert made["resources"]["requests"] == {"cpu": "1", "memory": "1Gi"}
    template = {"spec": {"containers": [{"name": "a", "resources": {"limits": limits}}]}}
    made = filled(kinds.DEPLOYMENT, {"spec": {"template": template}})
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert "requests" not in container["resources"]


def test_volumes() -> None:
    volumes = [
        {"name": "a"},
        {"name": "b", "secret": {"secretName": "c"}},
        {"name": "d", "csi": {}},
    ]
    made = filled(kinds.POD, {"spec": {"volumes": volumes}})["spec"]["volumes"]
    assert made == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "c", "defaultMode": 420}},
        {"name": "d", "csi": {}},
    ]


def test_ports_of_the_host() -> None:
    ports = {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}], "hostNetwork": True}
    made = filled(kinds.POD, {"spec": ports})["spec"]["containers"][0]["ports"]
    assert made == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]


def test_a_deployment() -> None:
    made = filled(kinds.DEPLOYMENT, {"spec": {"replicas": 0, "template": {}}})["spec"]
    assert made == {
        "replicas": 0, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
        },
        "template": {},
    }  # fmt: skip
    recreated = filled(kinds.DEPLOYMENT, {"spec": {"strategy": {"type": "Recreate"}}})
    assert recreated["spec"]["strategy"] == {"type": "Recreate"}


def test_a_stateful_set() -> None:
    claim = {"metadata": {"name": "a"}, "spec": {}}
    made = filled(kinds.STATEFUL_SET, {"spec": {"volumeClaimTemplates": [claim]}})["spec"]
    assert made["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert claim["status"] == {"phase": "Pending"}
    typed = {"spec": {"updateStrategy": {"type": "RollingUpdate"}}}
    assert "rollingUpdate" not in filled(kinds.STATEFUL_SET, typed)["spec"]["updateStrategy"]


def test_a_job() -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": "Never"}}
    job = {"metadata": {"name": "j", "uid": "u"}, "spec": {"template": template}}
    spec = filled(kinds.JOB, job)["spec"]
    assert job["metadata"]["labels"] == template["metadata"]["labels"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)
    assert spec["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}
    assert template["metadata"]["labels"]["job-name"] == "j"


def test_a_job_of_its_own_ways() -> None:
    spec = {"parallelism": 2, "backoffLimitPerIndex": 1, "podFailurePolicy": {"rules": []}}
    made = filled(kinds.JOB, {"spec": {**spec, "manualSelector": True}})["spec"]
    assert "completions" not in made
    assert "selector" not in made
    assert made["backoffLimit"] == 2**31 - 1
    assert made["podReplacementPolicy"] == "Failed"


def test_a_replication_controller_selects_what_it_makes() -> None:
    template = {"metadata": {"labels": {"a": "b"}}}
    made = filled(kinds.REPLICATION_CONTROLLER, {"metadata": {}, "spec": {"template": template}})
    assert made["spec"]["selector"] == made["metadata"]["labels"] == {"a": "b"}


def test_subjects() -> None:
    subjects = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}]
    made = filled(kinds.ROLE_BINDING, {"roleRef": {"name": "r"}, "subjects": subjects})
    assert made["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io"
    assert ["apiGroup" in one for one in subjects] == [True, False]


def test_limits_of_a_namespace() -> None:
    item = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}}
    filled(kinds.LIMIT_RANGE, {"spec": {"limits": [item]}})
    assert item["default"] == {"cpu": "2"}
    assert item["defaultRequest"] == {"cpu": "2", "memory": "1Mi"}


def test_one_device_is_claimed_unless_all_are() -> None:
    exactly = {"deviceClassName": "gpu"}
    either = [{"name": "a", "allocationMode": "All"}, {"name": "b", "count": 2}]
    requests = [{"name": "one", "exactly": exactly}, {"name": "some", "firstAvailable": either}]
    filled(kinds.RESOURCE_CLAIM_TEMPLATE, {"spec": {"spec": {"devices": {"requests": requests}}}})
    assert exactly == {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}
    assert either[0] == {"name": "a", "allocationMode": "All"}
    assert either[1] == {"name": "b", "count": 2, "allocationMode": "ExactCount"}


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("wrong", [{"spec": []}, {"spec": {"template": 1, "containers": {}}}, {}])
def test_what_is_mistyped_is_left_to_others(kind: Kind, wrong: dict) -> None:
    given = deepcopy(wrong)
    default_builtin(kind, given)
    spec = wrong.get("spec")
    if isinstance(spec, dict):
        assert given["spec"]["template"] == 1
        assert isinstance(given["spec"]["containers"], dict)
    else:
        assert spec is None or given["spec"] == spec
