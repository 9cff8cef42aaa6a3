import base64

from virtctl.manifests.seed import LIMIT, outsource, owned
from virtctl.models.documents import Document


def machine(source: Document, namespace: str = "") -> Document:
    metadata: Document = {"name": "web", "uid": "u"}
    if namespace:
        metadata["namespace"] = namespace
    volumes: Document = {"volumes": [{"name": "d"}, {"name": "c", "cloudInitNoCloud": source}]}
    return {"metadata": metadata, "spec": {"template": {"spec": volumes}}}


def test_what_fits_stays() -> None:
    source: Document = {"userData": "x" * LIMIT}
    assert outsource(machine(source)) is None
    assert source == {"userData": "x" * LIMIT}


def test_what_does_not_fit_moves() -> None:
    coded = base64.b64encode(b"y" * (LIMIT + 1)).decode()
    source: Document = {"userDataBase64": coded, "networkData": "z" * (LIMIT + 1)}
    secret = outsource(machine(source, "lab"))
    name = {"name": "web-cloud-init"}
    assert source == {"secretRef": name, "networkDataSecretRef": name}
    assert secret is not None
    assert secret["metadata"] == {"name": "web-cloud-init", "namespace": "lab"}
    assert secret["data"] == {
        "userdata": coded, "networkdata": base64.b64encode(b"z" * (LIMIT + 1)).decode(),
    }  # fmt: skip


def test_what_is_no_base64_is_left_to_the_server() -> None:
    assert outsource(machine({"userDataBase64": "!" * 9999})) is None


def test_its_owner() -> None:
    (owner,) = owned(machine({}))["metadata"]["ownerReferences"]  # type: ignore[index,call-overload,misc]
    assert owner == {
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "web", "uid": "u",
    }  # fmt: skip
