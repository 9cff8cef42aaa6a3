"""Labels that CDI hands on."""

from __future__ import annotations

import pytest

from virtctl.local.controllers.cdi import labels


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("instancetype.kubevirt.io/default-instancetype", True),
        ("kubevirt.io/dynamic-credentials-support", True),
        ("os.template.kubevirt.io/fedora40", True),
        ("app.kubernetes.io/name", False),
        ("kubevirt.io/", False),
        ("team", False),
    ],
)
def test_only_kubevirts_own_are_handed_on(name: str, expected: bool) -> None:
    assert (name in labels.handed_on({name: "x"})) is expected
