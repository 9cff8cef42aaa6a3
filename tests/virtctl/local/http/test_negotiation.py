import pytest

from tests.fakes.apiserver import AGGREGATED, TABLE
from virtctl.errors import NotAcceptable
from virtctl.local.http.negotiation import (
    JSON,
    YAML,
    Form,
    Representation,
    check_acceptable,
    negotiate,
    wants_discovery,
)

PARTIAL = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1"
PROTOBUF = "application/vnd.kubernetes.protobuf"


@pytest.mark.parametrize(
    ("accept", "shown"),
    [
        ("", Representation()),
        ("*/*", Representation()),
        ("application/json, */*", Representation()),
        (f"{PROTOBUF},{JSON}", Representation()),
        (TABLE, Representation(Form.TABLE)),
        (f"application/json;as=Table;v=v9;g=meta.k8s.io,{JSON}", Representation()),
        (PARTIAL, Representation(Form.PARTIAL, "v1beta1")),
        ("application/yaml", Representation(media=YAML)),
        ("application/json;q=0.5,application/yaml;q=0.9", Representation(media=YAML)),
        ("application/yaml;q=0.1,application/json;q=x", Representation()),
    ],
)
def test_negotiate(accept, shown) -> None:
    assert negotiate(accept) == shown


@pytest.mark.parametrize(
    "accept",
    [PROTOBUF, "text/html", "application/json;as=Chair", "application/*", "APPLICATION/JSON"],
)
def test_nothing_acceptable(accept) -> None:
    with pytest.raises(NotAcceptable):
        negotiate(accept)


def test_lists_and_objects_are_not_shown_as_each_other() -> None:
    one = PARTIAL.replace("MetadataList", "Metadata")
    assert negotiate(PARTIAL, listed=True).form is negotiate(one, listed=False).form is Form.PARTIAL
    for accept, listed in ((PARTIAL, False), (one, True)):
        with pytest.raises(NotAcceptable):
            negotiate(accept, listed=listed)


def test_plain_documents_of_discovery() -> None:
    for accept in ("", "*/*", f"{AGGREGATED},{JSON}"):
        check_acceptable(accept)
    for accept in ("text/html", AGGREGATED):
        with pytest.raises(NotAcceptable):
            check_acceptable(accept)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (AGGREGATED, "v2"),
        (AGGREGATED.replace("v2", "v2beta1"), "v2beta1"),
        (f"{AGGREGATED.replace('v2', 'v3')},{AGGREGATED}", "v2"),
        (f"{JSON},{AGGREGATED}", None),
        ("*/*", None),
        ("", None),
    ],
)
def test_discovery(accept, form) -> None:
    assert wants_discovery(accept) == form
