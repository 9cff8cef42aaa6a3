import pytest

from virtctl.wire.protofields import MESSAGES

SCALARS = {
    "", "string", "bytes", "int", "bool", "Time", "IntOrString", "Quantity", "map", "map:bytes",
    "map:Quantity",
}  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
def test_types_are_known(message: str) -> None:
    for text in MESSAGES[message].values():
        type_ = text.partition(" ")[2].removesuffix("?").removeprefix("[]")
        assert type_ in SCALARS or type_ in MESSAGES, text


@pytest.mark.parametrize("message", MESSAGES)
def test_names_are_given_once(message: str) -> None:
    names = [text.partition(" ")[0] for text in MESSAGES[message].values()]
    assert len(names) == len(set(names))
