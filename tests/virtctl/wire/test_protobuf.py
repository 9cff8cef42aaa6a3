import pytest

from virtctl.errors import BadRequest, UnsupportedMediaType
from virtctl.wire import protobuf


def varint(number: int) -> bytes:
    out = b""
    while True:
        number, low = number >> 7, number & 0x7F
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value % (1 << 64))


def data(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    return protobuf.MAGIC + data(1, data(1, api_version) + data(2, kind)) + data(2, raw)


def entry(key: str, value: bytes | str) -> bytes:
    return data(1, key) + data(2, value)


METADATA = data(1, "a") + data(2, "") + data(8, b"") + data(11, entry("k", "v"))


def test_secret() -> None:
    raw = data(1, METADATA) + data(2, entry("x", b"y")) + data(3, "Opaque") + number(5, 0)
    assert protobuf.decode(envelope("v1", "Secret", raw)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "labels": {"k": "v"}},
        "data": {"x": "eQ=="},
        "type": "Opaque",
        "immutable": False,
    }


def test_times_and_owners() -> None:
    owner = data(1, "Pod") + data(3, "p") + number(6, 1)
    metadata = data(8, number(1, 1_700_000_000)) + data(13, owner) + data(14, "f") + data(99, "?")
    found = protobuf.decode(envelope("v1", "ConfigMap", data(1, metadata)))
    assert found["metadata"] == {
        "creationTimestamp": "2023-11-14T22:13:20Z",
        "ownerReferences": [{"kind": "Pod", "name": "p", "controller": True}],
        "finalizers": ["f"],
    }


def test_service_ports() -> None:
    number_port = number(3, 80) + data(4, number(1, 0) + number(2, 8080))
    named_port = number(3, 81) + data(4, number(1, 1) + data(3, "web"))
    raw = data(2, data(1, number_port) + data(1, named_port) + data(2, entry("a", "b")))
    spec = protobuf.decode(envelope("v1", "Service", raw))["spec"]
    assert [port["targetPort"] for port in spec["ports"]] == [8080, "web"]
    assert spec["selector"] == {"a": "b"}


def test_zero_grace_counts() -> None:
    raw = number(1, 0) + data(4, "Background") + data(5, "All") + number(3, -1)
    assert protobuf.decode(envelope("v1", "DeleteOptions", raw)) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Background",
        "dryRun": ["All"],
        "orphanDependents": True,
    }


def test_quantities() -> None:
    raw = data(2, data(1, entry("pods", data(1, "5"))) + data(2, "Terminating"))
    spec = protobuf.decode(envelope("v1", "ResourceQuota", raw))["spec"]
    assert spec == {"hard": {"pods": "5"}, "scopes": ["Terminating"]}


def test_a_budget_of_none() -> None:
    selector = data(1, entry("app", "a"))
    raw = data(2, data(2, selector) + data(3, number(1, 0) + number(2, 0)))
    spec = protobuf.decode(envelope("policy/v1", "PodDisruptionBudget", raw))["spec"]
    assert spec == {"selector": {"matchLabels": {"app": "a"}}, "maxUnavailable": 0}


def test_unknown_kind() -> None:
    with pytest.raises(UnsupportedMediaType, match="kind `Widget`"):
        protobuf.decode(envelope("v1", "Widget", b""))


@pytest.mark.parametrize("body", [b"\x0a\xff", b"\x0b", b"\x0a\x05ab", b"\xff"])
def test_garbage(body: bytes) -> None:
    with pytest.raises(BadRequest):
        protobuf.decode(protobuf.MAGIC + body)
