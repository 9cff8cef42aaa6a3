"""The Struct of each kind."""

import pytest

from virtctl.local.api.shapes import shape_of
from virtctl.models import kinds
from virtctl.models.typed import model_of


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_a_model_with_metadata(kind):
    model = model_of(kind)
    assert model is not None
    assert {"apiVersion", "kind", "metadata"} <= shape_of(model).fields.keys()


def test_a_kind_in_another_version_has_the_same_model():
    old = kinds.VIRTUAL_MACHINE._replace(version="v1alpha3")
    assert model_of(old) is model_of(kinds.VIRTUAL_MACHINE)


def test_an_unknown_kind_has_none():
    assert model_of(kinds.Kind("example.org", "v1", "Widget", "widgets")) is None
