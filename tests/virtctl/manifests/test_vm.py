import pytest

from virtctl.errors import UsageError
from virtctl.manifests.access import CloudInit
from virtctl.manifests.vm import Wish, build
from virtctl.models.documents import Document


def made(wish: Wish) -> Document:
    return build(wish, lambda: "abcde")[0]


def spec(wish: Wish) -> Document:
    found = made(wish)["spec"]
    assert isinstance(found, dict)
    return found


def test_nothing_asked() -> None:
    assert made(Wish()) == {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "vm-abcde"},
        "spec": {
            "runStrategy": "Always",
            "template": {
                "metadata": {},
                "spec": {
                    "domain": {"devices": {}, "memory": {"guest": "512Mi"}, "resources": {}},
                    "terminationGracePeriodSeconds": 180,
                },
            },
        },
        "status": {},
    }


def test_name_namespace_strategy_and_memory() -> None:
    wish = Wish(name="web", namespace="prod", run_strategy="rerunonfailure", memory="1.5Gi")
    vm = made(wish)
    assert vm["metadata"] == {"name": "web", "namespace": "prod"}
    assert vm["spec"]["runStrategy"] == "RerunOnFailure"  # type: ignore[index,call-overload]
    with pytest.raises(UsageError, match='invalid run strategy "Never"'):
        made(Wish(run_strategy="Never"))


def test_an_instancetype_takes_the_memory_away() -> None:
    found = spec(Wish(instancetype="VirtualMachineInstancetype/u1"))
    assert found["instancetype"] == {"name": "u1", "kind": "virtualmachineinstancetype"}
    assert "memory" not in found["template"]["spec"]["domain"]  # type: ignore[index,call-overload]
    for wrong, said in (
        ("", "empty"),
        ("pod/x", "invalid instancetype kind"),
        ("a/b/c", "slashes"),
    ):
        with pytest.raises(UsageError, match=said):
            made(Wish(instancetype=wrong))


def test_volumes_come_in_a_fixed_order() -> None:
    wish = Wish(
        name="w", sysprep="src:s", imports=["type:blank,size:1Gi,name:i"],
        claims=["src:c,bootorder:1"],
        container_disks=["src:d"], blanks=["size:1Gi,name:b"], cloned_claims=["src:g/p,name:p"],
        data_sources=["src:g/d,name:d1", "src:g/d,name:d2"], cloud_init=CloudInit(user="me"),
    )  # fmt: skip
    found = spec(wish)["template"]["spec"]  # type: ignore[index,call-overload]
    assert [v["name"] for v in found["volumes"]] == [  # type: ignore[index,call-overload]
        "w-containerdisk-0", "c", "b", "p", "d2", "d1", "i", "sysprepdisk", "cloudinitdisk",
    ]  # fmt: skip
    assert found["domain"]["devices"] == {"disks": [{"name": "c", "bootOrder": 1}]}  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(claims=["src:a"], container_disks=["src:x,name:a"]), 'volume with name "a"'),
        (Wish(claims=["src:a,bootorder:1", "src:b,bootorder:1"]), "bootorder 1 was specified"),
        (Wish(memory="1Gi", instancetype="u", infer_instancetype=False),
         "`--memory`, `--instancetype`, `--infer-instancetype` exclude each other"),
        (Wish(preference="p", infer_preference_from="v"), "exclude each other"),
        (Wish(cloud_init=CloudInit(user_data="x", manage_ssh=False)),
         "`--cloud-init-user-data`, `--ga-manage-ssh` exclude"),
        (Wish(infer_instancetype=True), "at least one volume is needed"),
        (Wish(infer_preference_from="x", claims=["src:a"]), 'no volume with name "x"'),
        (Wish(infer_preference=True, container_disks=["src:a"]), "works only with"),
        (Wish(infer_instancetype=True, imports=["type:blank,size:1Gi"]), "not valid to infer"),
    ],
)  # fmt: skip
def test_refusals(wish: Wish, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        made(wish)
    assert said in str(caught.value)


def test_inference_is_silent_unless_asked_for() -> None:
    implicit = spec(Wish(claims=["src:a"]))
    expected = {"inferFromVolume": "a", "inferFromVolumeFailurePolicy": "Ignore"}
    assert implicit["instancetype"] == implicit["preference"] == expected
    assert "memory" in implicit["template"]["spec"]["domain"]  # type: ignore[index,call-overload]
    explicit = spec(Wish(claims=["src:a", "src:b,bootorder:1"], infer_instancetype=True))
    assert explicit["instancetype"] == {"inferFromVolume": "b"}
    assert "memory" not in explicit["template"]["spec"]["domain"]  # type: ignore[index,call-overload]
    assert "preference" not in spec(Wish(claims=["src:a"], infer_preference=False))
    assert "instancetype" not in spec(Wish(claims=["src:a"], memory="1Gi"))
    assert "instancetype" not in spec(Wish(container_disks=["src:a"]))
    source = spec(Wish(imports=["type:ds,src:f,name:x"]))
    assert source["instancetype"] == {**expected, "inferFromVolume": "x"}


def test_credentials() -> None:
    found = spec(Wish(credentials=["src:k,method:nocloud"]))["template"]["spec"]  # type: ignore[index,call-overload]
    assert len(found["accessCredentials"]) == 1  # type: ignore[index,call-overload,arg-type]
    assert found["volumes"][0]["cloudInitNoCloud"] == {"userData": "#cloud-config"}  # type: ignore[index,call-overload]


def test_an_empty_volume_to_infer_from_is_the_first() -> None:
    found = spec(Wish(claims=["src:a", "src:b"], infer_instancetype_from=""))
    assert found["instancetype"] == {"inferFromVolume": "a"}
