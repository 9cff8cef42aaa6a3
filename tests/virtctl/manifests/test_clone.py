import pytest

from virtctl.errors import UsageError
from virtctl.manifests.clone import Wish, build


def random() -> str:
    return "bcdfg"


def test_all_flags() -> None:
    wish = Wish(
        source="nightly", source_type="vmsnapshot", name="copy", namespace="lab",
        target="twin", target_type="VM", labels=["*", "!app/*"], annotations=["note"],
        template_labels=["tier"], template_annotations=["!x"],
        mac_addresses=["eth0:02-00-5e-00-53-01", "lan:02-00-5e-00-53-02"], serial="S-1",
    )  # fmt: skip
    assert build(wish, random) == {
        "apiVersion": "clone.kubevirt.io/v1beta1",
        "kind": "VirtualMachineClone",
        "metadata": {"name": "copy", "namespace": "lab"},
        "spec": {
            "source": {
                "apiGroup": "snapshot.kubevirt.io",
                "kind": "VirtualMachineSnapshot",
                "name": "nightly",
            },
            "target": {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "twin"},
            "labelFilters": ["*", "!app/*"],
            "annotationFilters": ["note"],
            "template": {"labelFilters": ["tier"], "annotationFilters": ["!x"]},
            "newMacAddresses": {"eth0": "02-00-5e-00-53-01", "lan": "02-00-5e-00-53-02"},
            "newSMBiosSerial": "S-1",
        },
        "status": {},
    }


def test_what_is_not_given_is_left_to_the_server() -> None:
    made = build(Wish(source="db"), random)
    assert made["metadata"] == {"name": "clone-bcdfg"}
    assert made["spec"] == {
        "source": {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "db"},
        "target": {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": ""},
        "template": {},
    }


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish(source=""), "source-name"),
        (Wish(source="a", source_type="pvc"), "source type pvc is not supported"),
        (Wish(source="a", target_type="vmsnapshot"), "supported types are: vm"),
        (Wish(source="a", mac_addresses=["eth0"]), "`eth0`"),
        (Wish(source="a", mac_addresses=["eth0:02:00:5e:00:53:01"]), "must be INTERFACE:MAC"),
    ],
)
def test_refused(wish: Wish, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build(wish, random)


@pytest.mark.parametrize("word", [":02-00", "eth0:", "eth0", "eth0:02:00"])
def test_addresses_need_both_parts(word: str) -> None:
    with pytest.raises(UsageError, match="must be INTERFACE:MAC"):
        build(Wish("web", mac_addresses=[word]), random)
