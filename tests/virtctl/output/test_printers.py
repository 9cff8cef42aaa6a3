import json

import pytest

from virtctl.errors import UsageError
from virtctl.output.printers import Format, choose, resource_name

VM = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "web"}}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}


@pytest.mark.parametrize(
    ("output", "form"),
    [
        ("", Format.TABLE),
        ("wide", Format.WIDE),
        ("json", Format.JSON),
        ("jsonpath={.a}", Format.JSONPATH),
    ],
)
def test_formats(output: str, form: Format) -> None:
    assert choose(output).format is form
    assert choose(output).is_table is (form in {Format.TABLE, Format.WIDE})


@pytest.mark.parametrize("output", ["xml", "jsonpath", "custom-columns"])
def test_unknown_formats(output: str) -> None:
    with pytest.raises(UsageError, match="unknown output format"):
        choose(output)


def test_objects() -> None:
    assert choose("name").objects([VM, POD], None) == "virtualmachine.kubevirt.io/web\npod/p"
    assert json.loads(choose("json").objects([VM], VM)) == VM
    assert choose("yaml").objects([POD], POD).startswith("apiVersion: v1\n")
    assert choose("jsonpath={.metadata.name}").objects([VM], VM) == "web"
    custom = choose("custom-columns=NAME:.metadata.name,KIND:.kind")
    assert custom.objects([VM], VM) == "NAME   KIND\nweb    VirtualMachine"
    assert custom.objects([VM], VM, headers=False) == "web   VirtualMachine"


def test_names_carry_the_group() -> None:
    assert resource_name(VM) == "virtualmachine.kubevirt.io/web"
