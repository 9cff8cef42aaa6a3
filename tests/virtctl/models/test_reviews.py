"""The models of what is only created."""

import pytest

from virtctl.local.api.shapes import shape_of
from virtctl.models import kinds, reviews
from virtctl.models.typed import model_of

REVIEWS = [kind for kind in kinds.REVIEWS if kind.group.endswith(".k8s.io")]


@pytest.mark.parametrize("kind", [*REVIEWS, kinds.TOKEN_REQUEST], ids=lambda kind: kind.name)
def test_every_review_has_a_model(kind) -> None:
    model = model_of(kind)
    assert model is getattr(reviews, kind.name)
    assert {"apiVersion", "kind", "metadata", "status"} <= shape_of(model).fields.keys()


def test_paths_are_spelled_in_capitals() -> None:
    assert "nonResourceURLs" in shape_of(reviews.NonResourceRule).fields
