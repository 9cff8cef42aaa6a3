"""Simple JSONPath."""

import pytest

from virtctl.errors import InvalidField
from virtctl.local.api.customs import fieldpaths

DOCUMENT = {
    "spec": {"size": 3, "x.y": "dotted"},
    "list": [{"type": "A", "on": True}, {"type": "B", "status": "True"}],
    "words": ["a", "b"],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", [3]),
        ("..size", [3]),
        ("..type", ["A", "B"]),
        (".words[0:1]", ["a"]),
        (".words[1:]", ["b"]),
        (".spec[0:1]", []),
        ("{.spec.size}", [3]),
        ("$.spec.size", [3]),
        (".spec['x.y']", ["dotted"]),
        (r".spec.x\.y", ["dotted"]),
        (".list[0].type", ["A"]),
        (".list[-1].type", ["B"]),
        (".list[5].type", []),
        (".list[*].type", ["A", "B"]),
        (".words[*]", ["a", "b"]),
        (".spec[*]", [3, "dotted"]),
        (".list[?(@.type=='B')].status", ["True"]),
        ('.list[?(@.type=="C")].status', []),
        (".list[?(@.type!='A')].type", ["B"]),
        (".list[?(@.on==true)].type", ["A"]),
        (".list[?(@.status)].type", ["B"]),
        (".missing.deeper", []),
        (".spec[?(@.a=='b')]", []),
        (".", [DOCUMENT]),
    ],
)
def test_select(path, found):
    assert fieldpaths.select(path, DOCUMENT) == found


def test_first():
    assert fieldpaths.first(".words[*]", DOCUMENT) == "a"
    assert fieldpaths.first(".nothing", DOCUMENT) is None


@pytest.mark.parametrize("path", ["spec", ".a[", ".a[?(x)]", ".a[x]"])
def test_what_cannot_be_read(path):
    with pytest.raises(InvalidField):
        fieldpaths.compile_path(path)
