import pytest

from virtctl.cli.targets import Named, is_type, owner, parse, parse_login
from virtctl.client.subresources import Owner
from virtctl.errors import UsageError


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("web", Named(Owner.VM, "web", typed=False)),
        ("web.prod.x", Named(Owner.VM, "web.prod.x", typed=False)),
        ("vm/web", Named(Owner.VM, "web")),
        ("VMs/web", Named(Owner.VM, "web")),
        ("vmi/web", Named(Owner.VMI, "web")),
        ("VirtualMachineInstance/web", Named(Owner.VMI, "web")),
        ("vm/web/prod", Named(Owner.VM, "web", "prod")),
        ("web/prod", Named(Owner.VM, "web", "prod", typed=False)),
        ("vm", Named(Owner.VM, "vm", typed=False)),
    ],
)
def test_reads(target: str, named: Named) -> None:
    assert parse(target) == named


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("", "target cannot be empty"),
        ("pod/web", "unsupported resource type `pod`"),
        ("pod/web/prod", "unsupported resource type `pod`"),
        ("vm/", "name cannot be empty"),
        ("web/", "namespace cannot be empty"),
        ("vm/web/", "namespace cannot be empty"),
        ("vm/a/b/c", "more than two `/`"),
    ],
)
def test_refuses(target: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(target)
    assert said in str(caught.value)


def test_a_user_stands_before_the_last_at() -> None:
    assert parse_login("me@corp@vm/web") == Named(Owner.VM, "web", "", "me@corp")
    assert parse_login("web").user == ""
    for wrong in ("@vm/web", "me@"):
        with pytest.raises(UsageError, match="expected"):
            parse_login(wrong)


def test_words_of_types() -> None:
    assert is_type("Vmi")
    assert not is_type("web")
    assert owner("vms") is Owner.VM
    assert str(parse("vmi/web/prod")) == "vmi/web/prod"
