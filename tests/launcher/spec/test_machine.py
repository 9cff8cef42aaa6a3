"""The machine's spec as JSON."""

import msgspec
import pytest

from launcher.spec import Accelerator, FilesDisk, decode, encode
from tests.fakes.machines import disk, machine, nic


def test_a_spec_survives_its_file() -> None:
    spec = machine(
        accelerator=Accelerator.HYPERV,
        nics=(nic(),),
        disks=(disk(), disk("f", FilesDisk(kind="secret", files={"k": b"\x00\xff"}))),
    )
    assert decode(encode(spec)) == spec


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        decode(encode(machine()).replace(b'"name"', b'"colour": 1, "name"'))


def test_a_wrong_value_is_named_by_its_path() -> None:
    text = encode(machine()).replace(b'"guest": 268435456', b'"guest": "much"')
    with pytest.raises(msgspec.ValidationError, match=r"\$\.memory\.guest"):
        decode(text)
