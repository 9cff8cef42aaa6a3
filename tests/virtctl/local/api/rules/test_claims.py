import pytest

from virtctl.local.api.rules.claims import claim_update_causes


def claim(size="1Gi", phase="Pending", mode="ReadWriteOnce", **spec):
    requests = {"requests": {"storage": size}}
    return {
        "spec": {"accessModes": [mode], "resources": requests, **spec},
        "status": {"phase": phase},
    }


def fields(new, old):
    return [cause.field for cause in claim_update_causes(new, old)]


@pytest.mark.parametrize(
    ("new", "old", "wanted"),
    [
        (claim(), claim(), []),
        (claim(mode="ReadWriteMany"), claim(), ["spec"]),
        (claim("2Gi"), claim(), ["spec"]),
        (claim("2Gi"), claim(phase="Bound"), []),
        (claim("1Mi"), claim(phase="Bound"), ["spec.resources.requests.storage"]),
        (claim("2Gi", mode="ReadWriteMany"), claim(phase="Bound"), ["spec"]),
        (
            claim(volumeAttributesClassName="b"),
            claim(phase="Bound", volumeAttributesClassName="a"),
            [],
        ),
    ],
)
def test_a_bound_claim_may_grow_and_nothing_else(new, old, wanted):
    assert fields(new, old) == wanted
