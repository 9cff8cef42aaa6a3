import struct

from virtctl.wire import gnostic


def parts(data: bytes) -> list[tuple[int, object]]:
    """The fields of a message: numbers, and texts or messages as bytes."""
    found, at = [], 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            found.append((key >> 3, number()))
            continue
        size = number() if key & 7 == 2 else 8
        found.append((key >> 3, data[at : at + size]))
        at += size
    return found


def one(data: bytes, *path: int) -> object:
    """The only field at ``path``."""
    found: object = data
    for number in path:
        (found,) = [value for key, value in parts(found) if key == number]
    return found


def schema_of(schema: dict) -> bytes:
    return one(gnostic.encode({"definitions": {"io.A": schema}}), 9, 1, 2)


def test_a_document_names_itself_and_its_schemas() -> None:
    made = gnostic.encode({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "definitions": {"io.A": {"type": "object"}},
    })  # fmt: skip
    assert one(made, 1) == b"2.0"
    assert [one(made, 2, 1), one(made, 2, 2)] == [b"Kubernetes", b"v1"]
    assert one(made, 9, 1, 1) == b"io.A"
    assert one(made, 9, 1, 2, 22, 1) == b"object"


def test_a_schema_has_its_fields_by_number() -> None:
    made = schema_of({
        "type": "object",
        "description": "It.",
        "required": ["a", "b"],
        "properties": {"a": {"$ref": "#/definitions/B"}, "b": {"type": "array", "items": {}}},
        "additionalProperties": {"type": "string"},
        "maximum": 1.5,
        "minLength": 300,
        "uniqueItems": True,
        "enum": ["x", 1],
        "allOf": [{"title": "t"}],
        "x-kubernetes-list-map-keys": ["name"],
    })  # fmt: skip
    assert one(made, 4) == b"It."
    assert [value for key, value in parts(made) if key == 19] == [b"a", b"b"]
    first, second = [value for key, value in parts(one(made, 25)) if key == 1]
    assert (one(first, 1), one(first, 2, 1)) == (b"a", b"#/definitions/B")
    assert (one(second, 1), one(second, 2, 23, 1)) == (b"b", b"")
    assert one(made, 21, 1, 22, 1) == b"string"
    assert one(made, 7) == struct.pack("<d", 1.5)
    assert (one(made, 12), one(made, 16)) == (300, 1)
    assert [one(value, 2) for key, value in parts(made) if key == 20] == [b'"x"\n', b"1\n"]
    assert one(made, 24, 3) == b"t"
    assert one(made, 31, 1) == b"x-kubernetes-list-map-keys"
    assert one(made, 31, 2, 2) == b'["name"]\n'


def test_further_members_may_be_allowed_or_not() -> None:
    assert one(schema_of({"additionalProperties": True}), 21, 2) == 1
    assert one(schema_of({"additionalProperties": False}), 21, 2) == 0


def test_operations_have_parameters() -> None:
    patch = {
        "parameters": [
            {"name": "fieldValidation", "in": "query", "type": "string", "uniqueItems": True},
            {"name": "name", "in": "path", "type": "string", "required": True},
            {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/A"}},
        ],
        "responses": {"200": {"description": "OK", "schema": {"type": "object"}}},
        "x-kubernetes-action": "patch",
    }
    made = gnostic.encode({"paths": {"/x/{name}": {"patch": patch}}})
    assert one(made, 8, 2, 1) == b"/x/{name}"
    operation = one(made, 8, 2, 2, 7)
    query, path, body = [one(value, 1) for key, value in parts(operation) if key == 8]
    assert (one(query, 2, 3, 4), one(query, 2, 3, 20)) == (b"fieldValidation", 1)
    assert (one(path, 2, 4, 1), one(path, 2, 4, 4)) == (1, b"name")
    assert one(body, 1, 5, 1) == b"#/definitions/A"
    assert one(operation, 9, 1, 1) == b"200"
    assert one(operation, 9, 1, 2, 1, 2, 1, 22, 1) == b"object"
    assert one(operation, 13, 2, 2) == b'"patch"\n'
