from collections.abc import Mapping

from virtctl.manifests.guestfs import Wish, build
from virtctl.models.documents import Document, JsonValue, child, objects


def claim(**spec: JsonValue) -> Document:
    return {"metadata": {"name": "data"}, "spec": dict(spec)}


def container(pod: Mapping[str, JsonValue]) -> Document:
    return next(objects(pod, "spec", "containers"))


def test_a_file_system_is_mounted() -> None:
    pod = build(claim(), Wish("i:1"))
    found = container(pod)
    assert pod["metadata"] == {"name": "libguestfs-tools-data"}
    assert found["workingDir"] == "/disk"
    assert {"name": "volume", "mountPath": "/disk"} in objects(found, "volumeMounts")
    assert found["resources"] == {"limits": {"devices.kubevirt.io/kvm": "1"}}
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert child(pod, "spec", "securityContext") == security


def test_a_block_volume_is_a_device() -> None:
    found = container(build(claim(volumeMode="Block"), Wish("i:1", kvm=False)))
    assert found["volumeDevices"] == [{"name": "volume", "devicePath": "/dev/vda"}]
    assert "workingDir" not in found
    assert found["resources"] == {}


def test_who_it_runs_as() -> None:
    one = build(claim(), Wish("i", user=1000, group=2000, fs_group=3000))
    assert child(one, "spec", "securityContext") == {
        "runAsUser": 1000, "runAsGroup": 2000, "fsGroup": 3000, "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    root = child(build(claim(), Wish("i", root=True)), "spec", "securityContext")
    assert (root["runAsUser"], root["fsGroup"], root["runAsNonRoot"]) == (0, 0, False)


def test_it_goes_where_the_machine_would() -> None:
    inner: Document = {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "k"}]}
    template: Document = {"metadata": {"labels": {"app": "web"}}, "spec": inner}
    pod = build(claim(), Wish("i"), {"spec": {"template": template}})
    spec = child(pod, "spec")
    assert (spec["nodeSelector"], spec["tolerations"]) == ({"disk": "ssd"}, [{"key": "k"}])
    assert "affinity" not in spec
    assert child(pod, "metadata", "labels") == {"app": "web"}
