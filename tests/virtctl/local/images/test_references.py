"""Grammar of what an image can be called."""

from __future__ import annotations

import pytest

from virtctl.errors import LocalError
from virtctl.local.images import references

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("fedora", "docker.io/library/fedora:latest"),
        ("fedora:42", "docker.io/library/fedora:42"),
        ("kubevirt/cirros", "docker.io/kubevirt/cirros:latest"),
        ("registry:5000/kubevirt/cirros:devel", "registry:5000/kubevirt/cirros:devel"),
        ("localhost/x", "localhost/x:latest"),
        ("example.org/a/b/c:v1", "example.org/a/b/c:v1"),
        (f"example.org/a@{DIGEST}", f"example.org/a@{DIGEST}"),
        (f"example.org/a:v1@{DIGEST}", f"example.org/a:v1@{DIGEST}"),
        ("docker://example.org/a", "example.org/a:latest"),
        ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ("oci:/images/fedora", "oci:/images/fedora"),
        ("oci:/images/fedora:42", "oci:/images/fedora:42"),
        ("oci:/images:old/fedora", "oci:/images:old/fedora"),
        ("oci:///images/fedora", "oci:/images/fedora"),
        ("docker-archive:/x.tar", "docker-archive:/x.tar"),
        ("docker-archive:/x.tar:me/x:1", "docker-archive:/x.tar:me/x:1"),
    ],
)
def test_references_are_completed(text: str, complete: str) -> None:
    assert str(references.parse(text)) == complete
    assert str(references.parse(complete)) == complete


def test_a_digest_beats_the_tag() -> None:
    assert references.parse_registry(f"example.org/a:v1@{DIGEST}").version == DIGEST
    assert references.parse_registry("example.org/a:v1").version == "v1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "`` is no repository name"),
        ("Fedora", "`Fedora` is no repository name"),
        ("a//b", "`a//b` is no repository name"),
        ("a:b c", "`b c` is no tag"),
        ("a@sha256:12", "digest `sha256:12` is not"),
        ("a@md5:12", "digest `md5:12` is not"),
        ("exa mple.org/a", "`exa mple.org` is no host name"),
    ],
)
def test_what_is_no_reference(text: str, problem: str) -> None:
    with pytest.raises(LocalError, match=f"`{text}` is no image: {problem}"):
        references.parse(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("tiny", ("tiny", "docker.io/library/tiny:latest")),
        ("tiny:latest", ("tiny:latest", "tiny", "docker.io/library/tiny:latest")),
        ("My-Disk", ("My-Disk",)),
        ("oci:/x", ("oci:/x",)),
    ],
)
def test_names_to_look_for(text: str, names: tuple[str, ...]) -> None:
    assert references.store_names(text) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [("tiny", "tiny"), ("My-Disk.2", "My-Disk.2"), ("a/b", "docker.io/a/b:latest")],
)
def test_names_to_store_under(text: str, name: str) -> None:
    assert references.store_name(text) == name
