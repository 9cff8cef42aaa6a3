import pytest

from tests.fakes.canned import api_server, vm, vmi
from tests.fakes.env import SessionAt
from virtctl.cli.finding import elsewhere, instance_of, settle
from virtctl.cli.targets import parse
from virtctl.errors import UsageError


def path(kind: str, namespace: str, name: str) -> str:
    return f"/apis/kubevirt.io/v1/namespaces/{namespace}/{kind}/{name}"


@pytest.mark.parametrize(
    ("target", "held", "meant"),
    [
        ("web", [], "vm/web/default"),
        ("web/prod", [], "vm/web/prod"),
        ("web.prod", [], "vm/web.prod/default"),
        ("web.prod", [("virtualmachines", "default", "web.prod")], "vm/web.prod/default"),
        ("web.prod", [("virtualmachines", "prod", "web")], "vm/web/prod"),
        ("web.prod", [("virtualmachineinstances", "prod", "web")], "vmi/web/prod"),
        ("vm/web.prod", [("virtualmachines", "prod", "web")], "vm/web/prod"),
        ("vm/a.b.prod", [("virtualmachines", "prod", "a.b")], "vm/a.b/prod"),
        (
            "vm/web.prod",
            [("virtualmachines", "prod", "web"), ("virtualmachines", "default", "web.prod")],
            "vm/web.prod/default",
        ),
        ("vmi/web.prod", [("virtualmachines", "prod", "web")], "vmi/web.prod/default"),
        ("web.x/prod", [("virtualmachines", "x", "web")], "vm/web.x/prod"),
    ],
)
def test_readings(
    session_at: SessionAt, target: str, held: list[tuple[str, str, str]], meant: str
) -> None:
    with api_server() as server:
        for kind, namespace, name in held:
            server.object(path(kind, namespace, name), vm(name))
        assert str(settle(session_at(server.url), parse(target))) == meant
        if not held:
            assert ("." in target and "/" not in target) is bool(server.asked)


def test_an_ambiguous_name_lists_its_candidates(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(path("virtualmachines", "default", "web.prod"), vm("web.prod"))
        server.object(path("virtualmachines", "prod", "web"), vm())
        with pytest.raises(UsageError) as caught:
            settle(session_at(server.url), parse("web.prod"))
    assert str(caught.value) == (
        "target `web.prod` is ambiguous: `vm/web.prod/default`, `vm/web/prod`"
    )


def test_a_bare_name_may_be_an_instances(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(path("virtualmachineinstances", "default", "web"), vmi())
        session = session_at(server.url)
        assert str(instance_of(session, settle(session, parse("web")))) == "vmi/web/default"
        assert instance_of(session, settle(session, parse("vm/web"))) is None


def test_names_of_other_namespaces(session_at: SessionAt) -> None:
    one = {"metadata": {"name": "web", "namespace": "prod"}}
    two = {"metadata": {"name": "web", "namespace": "test"}}
    with api_server() as server:
        server.object("/apis/kubevirt.io/v1/virtualmachines", {"items": [one]})
        server.object("/apis/kubevirt.io/v1/virtualmachineinstances", {"items": [one, two]})
        assert elsewhere(session_at(server.url), "web") == ["vm/web/prod", "vmi/web/test"]
