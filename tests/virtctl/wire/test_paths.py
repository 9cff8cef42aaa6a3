import pytest

from virtctl.models.kinds import NAMESPACE, POD, VIRTUAL_MACHINE
from virtctl.wire.paths import ResourcePath, build_path, build_subresource_path, parse_path

GROUP = ("kubevirt.io", "v1")


@pytest.mark.parametrize(
    ("path", "parsed"),
    [
        ("/api/v1", ResourcePath("", "v1")),
        ("/apis/kubevirt.io/v1/", ResourcePath(*GROUP)),
        ("/api/v1/namespaces", ResourcePath("", "v1", None, "namespaces")),
        ("/api/v1/namespaces/a", ResourcePath("", "v1", None, "namespaces", "a")),
        ("/api/v1/namespaces/a/status", ResourcePath("", "v1", None, "namespaces", "a", "status")),
        ("/api/v1/namespaces/a/pods", ResourcePath("", "v1", "a", "pods")),
        ("/api/v1/namespaces/a/pods/p/log", ResourcePath("", "v1", "a", "pods", "p", "log")),
        ("/api/v1/watch/pods", ResourcePath("", "v1", None, "pods", watch=True)),
        ("/apis/kubevirt.io/v1/virtualmachines", ResourcePath(*GROUP, None, "virtualmachines")),
        (
            "/apis/kubevirt.io/v1/namespaces/a%2Fb/virtualmachines/x%20y",
            ResourcePath(*GROUP, "a/b", "virtualmachines", "x y"),
        ),
        (
            "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachineinstances/v/portforward/22/tcp",
            ResourcePath(
                "subresources.kubevirt.io", "v1", "a", "virtualmachineinstances", "v",
                "portforward/22/tcp",
            ),
        ),
    ],
)  # fmt: skip
def test_parse(path: str, parsed: ResourcePath) -> None:
    assert parse_path(path) == parsed


@pytest.mark.parametrize("path", ["/", "/version", "/apis", "/apis/g", "/api/v1//pods"])
def test_no_resource(path: str) -> None:
    assert parse_path(path) is None


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "subresource"),
    [
        (NAMESPACE, None, "a", "status"),
        (POD, "a", "p", "exec"),
        (VIRTUAL_MACHINE, "a", "", ""),
        (VIRTUAL_MACHINE, None, "", ""),
        (VIRTUAL_MACHINE, "a b", "c/d", ""),
    ],
)
def test_build_is_parsed_back(kind, namespace, name, subresource) -> None:
    parsed = parse_path(build_path(kind, namespace, name, subresource))
    assert parsed == ResourcePath(
        kind.group, kind.version, namespace, kind.plural, name, subresource
    )


def test_build_subresource() -> None:
    assert build_subresource_path("virtualmachines", "a", "v", "evacuate/cancel") == (
        "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachines/v/evacuate/cancel"
    )
