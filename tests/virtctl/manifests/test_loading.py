import pytest

from virtctl.errors import VirtctlError
from virtctl.manifests.loading import load

TWO = """\
# a comment
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
---
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  template:
    spec:
      volumes:
        - name: one
        - name: two
          containerDisk:
            image: x
"""


def test_documents_know_their_place() -> None:
    first, second = load(TWO, "m.yaml")
    assert (first.title, first.line, first.place()) == ("ConfigMap a", 2, "m.yaml:2")
    assert second.place("spec.template.spec.volumes[1].containerDisk.image") == "m.yaml:18"
    assert second.place("spec.template.spec.nothing") == "m.yaml:13"


def test_lists_are_taken_apart() -> None:
    items = "- {apiVersion: v1, kind: A}\n- {apiVersion: v1, kind: B}\n"
    text = f"apiVersion: v1\nkind: List\nitems:\n{items}"
    assert [(m.title, m.line) for m in load(text, "x")] == [("A", 4), ("B", 5)]


def test_json_is_yaml() -> None:
    assert load('{"apiVersion": "v1", "kind": "A", "n": 1e3}', "x")[0].document["n"] == 1000


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", True), ("off", False), ("0644", 420), ("0o17", 15), ("0x1f", 31), ("1e3", 1000),
        ("2026-01-01", "2026-01-01"), ("12:30:00", "12:30:00"), ("~", None), ("1.50", 1.5),
        ("'1'", "1"), ("-7", -7), ("0b11", 3), ("1_000", 1000),
    ],
)  # fmt: skip
def test_scalars_are_kubectls(scalar: str, value: object) -> None:
    assert load(f"apiVersion: v1\nkind: A\nv: {scalar}\n", "x")[0].document["v"] == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "bad YAML"),
        ("apiVersion: v1\nkind: A\na: 1\na: 2\n", "x:4: key `a` is there twice"),
        ("apiVersion: v1\nkind: A\nm:\n  n: {b: 1, b: 2}\n", "x:4: key `b` is there twice"),
        ("- a\n", "x:1: not an object"),
        ("kind: A\n", "x:1: `apiVersion` is missing"),
        ("apiVersion: v1\n", "x:1: `kind` is missing"),
        ("apiVersion: v1\nkind: List\nitems: [1]\n", "must be an object"),
    ],
)
def test_what_cannot_be_an_object(text: str, said: str) -> None:
    with pytest.raises(VirtctlError) as caught:
        load(text, "x")
    assert said in str(caught.value)


def test_an_empty_file_holds_nothing() -> None:
    assert load("# nothing\n---\n", "x") == []
