"""Rules of the KubeVirt object."""

import pytest

from tests.fakes.rules import fields, said
from virtctl.errors import ApiError
from virtctl.local.api.context import AdmissionContext, NothingStored
from virtctl.local.api.rules.installation import check_removal, installation_causes
from virtctl.models import kinds

PROFILE = "spec.configuration.seccompConfiguration.virtualMachineInstanceProfile.customProfile"
CIPHERS = "spec.configuration.tlsConfiguration.ciphers"


class Machines(NothingStored):
    """There is one machine, and the KubeVirt object."""

    def list(self, kind, namespace):
        there = kind in {kinds.VIRTUAL_MACHINE, kinds.KUBEVIRT} and namespace == ""
        return [{"metadata": {"name": "one"}}] if there else []


def configured(**parts):
    return {"configuration": parts}


def gated(*names, **parts):
    return configured(developerConfiguration={"featureGates": [*names], **parts})


def signed(**parts):
    return {"certificateRotateStrategy": {"selfSigned": parts}}


def custom(**parts):
    profile = {"customProfile": parts} if parts else {}
    return configured(seccompConfiguration={"virtualMachineInstanceProfile": profile})


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({}, []),
        ({"infra": {"replicas": 0}}, [""]),
        ({"infra": {"replicas": 1}}, []),
        ({"customizeComponents": {"patches": [{"patch": "{"}, {"patch": "{}"}]}}, [""]),
        (signed(ca={"duration": "1h", "renewBefore": "2h"}, server={"duration": "1h"}), [""]),
        (signed(server={"duration": "1h", "renewBefore": "2h"}), [""]),
        (signed(ca={"duration": "1h"}), [""]),
        (signed(caRotateInterval="48h", server={"duration": "1h"}), [""]),
        (signed(caRotateInterval="48h", certRotateInterval="1h"), []),
        (configured(additionalGuestMemoryOverheadRatio="x"), [""]),
        (configured(additionalGuestMemoryOverheadRatio="0.9"), [""]),
        (configured(additionalGuestMemoryOverheadRatio="1.1"), []),
        (configured(tlsConfiguration={"ciphers": ["x"]}), [CIPHERS]),
        (
            configured(tlsConfiguration={"minTLSVersion": "VersionTLS12", "ciphers": ["x"]}),
            [f"{CIPHERS}#0"],
        ),
        (custom(), [PROFILE]),
        (
            custom(localhostProfile="a", runtimeDefaultProfile=True),
            [f"{PROFILE}.localhostProfile", f"{PROFILE}.runtimeDefaultProfile"],
        ),
        (
            configured(migrations={"maxDowntimeMs": 5}),
            ["spec.configuration.migrationConfiguration.maxDowntimeMs"],
        ),
        (
            gated("Snapshot", disabledFeatureGates=["Snapshot"]),
            ["spec.configuration.developerConfiguration.featureGates"],
        ),
    ],
)
def test_updates(spec, wrong):
    context = AdmissionContext(old={"spec": {}})
    assert fields(installation_causes({"spec": spec}, context)) == wrong


@pytest.mark.parametrize(
    ("gate", "parts", "field"),
    [
        ("Template", {"virtTemplateDeployment": {"enabled": True}}, ".enabled"),
        ("OptOutRoleAggregation", {"roleAggregationStrategy": "Manual"}, "roleAggregationStrategy"),
    ],
)
def test_features_need_their_gates(gate, parts, field):
    old = {"spec": gated(disabledFeatureGates=[gate])}
    refused = {"spec": {"configuration": {**old["spec"]["configuration"], **parts}}}
    ((where, why),) = said(installation_causes(refused, AdmissionContext(old=old)))
    assert where.endswith(field)
    assert gate in why
    assert not list(installation_causes({"spec": configured(**parts)}, AdmissionContext(old=old)))


def test_what_is_retired_is_warned_of():
    spec = gated("Snapshot", "NUMA", "Passt", "Unheard")
    spec["configuration"]["mediatedDevicesConfiguration"] = {
        "mediatedDevicesTypes": ["a"],
        "nodeMediatedDeviceTypes": [{"mediatedDevicesTypes": ["b"]}],
    }
    spec["configuration"]["architectureConfiguration"] = {"ppc64le": {}}
    context = AdmissionContext(old={"spec": {}})
    assert not list(installation_causes({"spec": spec}, context))
    numa, passt, types, of_nodes, power = context.warnings
    assert "NUMA is deprecated" in numa
    assert "Passt network binding is discontinued" in passt
    assert types.endswith("mediatedDevicesTypes is deprecated, use mediatedDeviceTypes")
    assert "nodeMediatedDeviceTypes[0]" in of_nodes
    assert "ppc64le" in power


def test_there_is_one_only():
    context = AdmissionContext(stored=Machines())
    with pytest.raises(ApiError, match="Kubevirt is already created"):
        list(installation_causes({"spec": {}}, context))
    assert not list(installation_causes({"spec": {}}, AdmissionContext()))


def test_it_stays_while_machines_run_on_it():
    machines = Machines()
    installed = {
        "spec": {"uninstallStrategy": "BlockUninstallIfWorkloadsExist"},
        "status": {"phase": "Deployed"},
    }
    with pytest.raises(ApiError, match="still Virtual Machines present"):
        check_removal(installed, machines)
    check_removal(installed, NothingStored())
    check_removal({**installed, "status": {}}, machines)
    check_removal({**installed, "spec": {}}, machines)
