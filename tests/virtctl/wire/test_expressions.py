import os
import re

import pytest

from virtctl.errors import VirtctlError
from virtctl.wire.expressions import generate


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("plain", "plain"),
        ("vm-[a-z0-9]{8}", "vm-[a-z0-9]{8}"),
        ("[A-F]{2}-[0-3]{4}", "[A-F]{2}-[0-3]{4}"),
        (r"[\d]{10}", "[0-9]{10}"),
        (r"[\w]{40}", "[A-Za-z0-9_]{40}"),
        (r"[\a]{40}", "[A-Za-z0-9]{40}"),
        (r"[\A]{9}", r"[^A-Za-z0-9\s]{9}"),
        ("[xy]{1}", "x|y"),
        ("[a-z]", r"\[a-z\]"),
        ("[a]{255}", "a{255}"),
    ],
)
def test_patterns(pattern: str, shape: str) -> None:
    assert re.fullmatch(shape, generate(pattern, os.urandom))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("[a-z]{0}", "length 0; it must be 1 to 255"),
        ("[a-z]{256}", "length 256"),
        ("[z-a]{3}", "`z-a` in `.z-a.` goes backwards"),
        (r"[\q]{3}", "is no class of characters"),
        ("[-]{3}", "allows no character"),
    ],
)
def test_bad_patterns(pattern: str, message: str) -> None:
    with pytest.raises(VirtctlError, match=message):
        generate(pattern, os.urandom)


def test_bytes_that_would_favour_some_characters_are_not_used() -> None:
    given = iter([bytes([255, 0, 254]), bytes([9])])
    assert generate("[0-9]{2}", lambda _: next(given)) == "09"
