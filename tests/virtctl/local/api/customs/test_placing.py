from virtctl.local.api.customs.placing import is_shared, parts
from virtctl.models.documents import Document

SCHEMA: Document = {"openAPIV3Schema": {"type": "object"}}


def test_what_all_versions_share_is_spoken_of_at_the_top() -> None:
    spec: Document = {"versions": [{"name": "v1", "schema": SCHEMA}, {"schema": SCHEMA}]}
    (part,) = parts(spec, "schema")
    assert (part.path, part.value) == ("spec.validation", SCHEMA)
    assert part.version["name"] == "v1"


def test_what_differs_is_spoken_of_where_it_is() -> None:
    spec: Document = {"versions": [{"subresources": {"status": {}}}, {"name": "v2"}]}
    assert [part.path for part in parts(spec, "subresources")] == ["spec.versions[0].subresources"]


def test_what_no_version_has_is_shared_and_told_nowhere() -> None:
    versions: list[Document] = [{"additionalPrinterColumns": []}, {}]
    assert is_shared(versions, "additionalPrinterColumns")
    assert list(parts({"versions": list(versions)}, "additionalPrinterColumns")) == []
    assert not is_shared([], "schema")
