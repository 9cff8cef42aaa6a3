import pytest

from tests.fakes.canned import KUBEVIRT, Answer, api_server, refused, table, vm
from tests.fakes.env import SessionAt
from virtctl.client import resources
from virtctl.errors import Gone, UsageError
from virtctl.models.kinds import NODE, POD, VIRTUAL_MACHINE


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ((POD, "ns", "a"), "/api/v1/namespaces/ns/pods/a"),
        ((POD, "ns", "a", "log"), "/api/v1/namespaces/ns/pods/a/log"),
        ((POD,), "/api/v1/pods"),
        ((NODE, "ns", "n"), "/api/v1/nodes/n"),
        ((VIRTUAL_MACHINE, "ns"), "/apis/kubevirt.io/v1/namespaces/ns/virtualmachines"),
    ],
)
def test_paths(words: tuple[object, ...], path: str) -> None:
    assert resources.path(*words) == path  # type: ignore[arg-type]


def test_no_name_never_means_the_whole_collection(session_at: SessionAt) -> None:
    with api_server() as server:
        rest = session_at(server.url).rest
        for act in (resources.get, resources.delete):
            for name in ("", "a/b"):
                with pytest.raises(UsageError, match="resource name"):
                    act(rest, POD, "ns", name)
        assert server.asked == []


def test_crud(session_at: SessionAt) -> None:
    with api_server() as server:
        where = f"{KUBEVIRT}/virtualmachines"
        server.on("POST", where, vm("a"))
        server.on("PUT", f"{where}/a", vm("a"))
        server.on("PATCH", f"{where}/a", vm("a"))
        server.on("DELETE", f"{where}/a", vm("a"))
        server.object(f"{where}/a", vm("a"))
        rest = session_at(server.url).rest
        kind = VIRTUAL_MACHINE
        resources.create(rest, kind, "default", vm("a"), {"dryRun": "All"})
        resources.replace(rest, kind, "default", vm("a"))
        resources.patch(rest, kind, "default", "a", {"x": 1}, resources.APPLY_PATCH)
        resources.delete(rest, kind, "default", "a", {"gracePeriodSeconds": 0})
        assert resources.get(rest, kind, "default", "a")["metadata"] == vm("a")["metadata"]
        assert resources.find(rest, kind, "default", "b") is None
        patch, delete = server.asked[2], server.asked[3]
    assert patch.headers["content-type"] == "application/apply-patch+yaml"
    assert delete.body == {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}


def test_lists_are_paged(session_at: SessionAt) -> None:
    first = {"metadata": {"continue": "more"}, "items": [{"metadata": {"name": "a"}}]}
    with api_server() as server:
        server.on("GET", "/api/v1/nodes", first, table("b"))
        rest = session_at(server.url).rest
        found = list(resources.pages(rest, NODE, "", {"labelSelector": "x"}, table=True))
        assert [page.get("kind") for page in found] == [None, "Table"]
        assert server.asked[1].query == {"labelSelector": "x", "limit": "500", "continue": "more"}
        assert "as=Table" in server.asked[0].headers["accept"]


def test_items_get_their_kind(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object("/api/v1/nodes", {"items": [{"metadata": {"name": "n"}}]})
        found = resources.list_all(session_at(server.url).rest, NODE, "")
    assert found == [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}]


def test_watches(session_at: SessionAt) -> None:
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
    with api_server() as server:
        lines = [{"type": "ADDED", "object": {"a": 1}}, gone]
        server.on("GET", "/api/v1/nodes", Answer(lines=lines))
        events = resources.watch(session_at(server.url).rest, NODE, "", {"resourceVersion": "7"})
        assert next(events) == resources.Event("ADDED", {"a": 1})
        with pytest.raises(Gone):
            next(events)
        assert server.asked[0].query == {"resourceVersion": "7", "watch": "true"}


AGGREGATED = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {"name": "k8s.cni.cncf.io"},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {
                            "resource": "network-attachment-definitions",
                            "responseKind": {"kind": "NetworkAttachmentDefinition"},
                            "scope": "Namespaced",
                            "shortNames": ["net-attach-def"],
                            "categories": ["all"],
                        }
                    ],
                }
            ],
        }
    ],
}


@pytest.mark.parametrize(
    "word",
    [
        "net-attach-def",
        "NetworkAttachmentDefinition",
        "network-attachment-definitions.k8s.cni.cncf.io",
    ],
)
def test_unknown_kinds_are_discovered(session_at: SessionAt, word: str) -> None:
    with api_server() as server:
        server.object("/api", {"kind": "APIGroupDiscoveryList"})
        server.object("/apis", AGGREGATED)
        rest = session_at(server.url).rest
        kind = resources.kind_for_word(rest, word)
        manifest = {"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition"}
        assert kind.name == resources.kind_for_object(rest, manifest).name
        assert (kind.plural, kind.namespaced) == ("network-attachment-definitions", True)
        with pytest.raises(UsageError, match="no resource type `frob`"):
            resources.kind_for_word(rest, "frob")
        with pytest.raises(UsageError, match="no kind `Frob` in version `v9`"):
            resources.kind_for_object(rest, {"apiVersion": "v9", "kind": "Frob"})


def test_old_servers_are_asked_group_by_group(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object("/api", {"versions": ["v1"]})
        server.object(
            "/api/v1",
            {
                "resources": [
                    {"name": "frobs", "kind": "Frob", "namespaced": True},
                    {"name": "frobs/status", "kind": "Frob"},
                ]
            },
        )
        server.object(
            "/apis",
            {"groups": [{"versions": [{"groupVersion": "g/v2"}, {"groupVersion": "bad/v1"}]}]},
        )
        server.object(
            "/apis/g/v2", {"resources": [{"name": "things", "kind": "Thing", "namespaced": False}]}
        )
        server.on("GET", "/apis/bad/v1", refused(503, "ServiceUnavailable", "down"))
        found = list(resources.discover(session_at(server.url).rest))
    assert [(k.resource, k.version, k.namespaced) for k in found] == [
        ("frobs", "v1", True), ("things.g", "v2", False),
    ]  # fmt: skip


def test_known_kinds_need_no_server(session_at: SessionAt) -> None:
    rest = session_at().rest
    assert resources.kind_for_word(rest, "vm") is VIRTUAL_MACHINE
    assert resources.kind_for_object(rest, vm()) is VIRTUAL_MACHINE
