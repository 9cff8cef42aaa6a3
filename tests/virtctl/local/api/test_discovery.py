import msgspec
import pytest

from virtctl.local.api.discovery import Discovery, ServerInfo
from virtctl.models.kinds import KINDS


@pytest.fixture(scope="module")
def discovery():
    return Discovery(KINDS)


def read(encoded):
    return msgspec.json.decode(encoded.body)


def test_every_advertised_version_has_resources(discovery) -> None:
    """Else kubectl never caches discovery on disk."""
    for core in (True, False):
        for group in read(discovery.aggregated(core=core, form="v2"))["items"]:
            for version in group["versions"]:
                assert version["resources"], (group["metadata"], version["version"])


def test_legacy_and_aggregated_agree(discovery) -> None:
    aggregated = {
        (group["metadata"]["name"], version["version"], resource["resource"])
        for group in read(discovery.aggregated(core=False, form="v2"))["items"]
        for version in group["versions"]
        for resource in version["resources"]
    }
    legacy = {
        (group["name"], version["version"], resource["name"].split("/")[0])
        for group in read(discovery.groups)["groups"]
        for version in group["versions"]
        for resource in read(discovery.resources(group["name"], version["version"]))["resources"]
        if resource["name"] != "expand-vm-spec"
    }
    assert aggregated == legacy


def test_names_and_verbs(discovery) -> None:
    resources = {item["name"]: item for item in read(discovery.resources("", "v1"))["resources"]}
    assert resources["pods"]["shortNames"] == ["po"]
    assert resources["pods/exec"]["kind"] == "PodExecOptions"
    assert resources["pods/eviction"]["group"] == "policy"
    assert resources["namespaces/finalize"]["verbs"] == ["update"]
    assert resources["namespaces"]["namespaced"] is False
    custom = {
        item["name"]: item for item in read(discovery.resources("kubevirt.io", "v1"))["resources"]
    }
    assert custom["virtualmachines"]["categories"] == ["all"]
    assert custom["virtualmachines"]["verbs"][0] == "delete"


def test_groups(discovery) -> None:
    group = read(discovery.group("kubevirt.io"))
    assert group["preferredVersion"]["version"] == "v1"
    assert discovery.group("none") is None
    assert discovery.resources("kubevirt.io", "v9") is None


def test_subresource_verbs_are_bare(discovery) -> None:
    listed = read(discovery.resources("subresources.kubevirt.io", "v1"))["resources"]
    start = next(item for item in listed if item["name"] == "virtualmachines/start")
    assert (start["kind"], start["verbs"]) == ("", None)


def test_tags_differ_with_content(discovery) -> None:
    tags = {discovery.api.etag, discovery.groups.etag}
    tags |= {discovery.aggregated(core=True, form=form).etag for form in ("v2", "v2beta1")}
    assert len(tags) == 4


def test_version() -> None:
    info = ServerInfo(kubernetes="v1.32.0+x", kubevirt="v1.9.0")
    assert (info.version()["major"], info.version()["minor"]) == ("1", "32")
    assert info.kubevirt_version()["gitVersion"] == "v1.9.0"
    assert info.version()["compiler"] == "gc"
    assert not info.version()["buildDate"].startswith("1970")


def test_order() -> None:
    """kubectl shows categories in this order: Kubernetes' groups first, the others by name."""
    found = msgspec.json.decode(Discovery(KINDS).groups.body)
    names = [group["name"] for group in found["groups"]]
    assert names.index("apps") < names.index("storage.k8s.io") < names.index("cdi.kubevirt.io")
    custom = names[names.index("cdi.kubevirt.io") :]
    assert custom == sorted(custom)
    listed = msgspec.json.decode(Discovery(KINDS).resources("kubevirt.io", "v1").body)
    plurals = [one["name"] for one in listed["resources"] if "/" not in one["name"]]
    assert plurals == sorted(plurals)


def test_templates_have_verbs(discovery) -> None:
    listed = read(discovery.resources("subresources.template.kubevirt.io", "v1beta1"))["resources"]
    assert [item["name"] for item in listed] == [
        "virtualmachinetemplates/process", "virtualmachinetemplates/create",
    ]  # fmt: skip
