from virtctl.local.api.contract import CONTROLLER
from virtctl.local.api.hooks import Admitted, NoSchemas, Schemas, admit_all
from virtctl.models.kinds import POD


def test_no_schemas_allow_everything() -> None:
    schemas: Schemas = NoSchemas()
    document = {"spec": {"x": 1}}
    assert schemas.unknown_fields(POD, document) == []
    assert schemas.prune(POD, document) is document
    assert schemas.type_errors(POD, document) == []
    assert schemas.list_keys(POD, ("spec", "containers")) is None


def test_admit_all() -> None:
    new, old = {"a": 1}, {"a": 2}
    assert admit_all(Admitted(POD, CONTROLLER, "", old, new)) is new
    assert admit_all(Admitted(POD, CONTROLLER, "", old, None)) is old
    assert admit_all(Admitted(POD, CONTROLLER, "", None, None)) == {}
