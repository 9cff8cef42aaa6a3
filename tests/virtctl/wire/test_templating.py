import pytest

from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, JsonValue
from virtctl.wire.templating import problem, process


def random(count: int) -> bytes:
    return bytes(range(count))


def template(machine: Document, *parameters: JsonValue, message: str = "") -> Document:
    spec: Document = {"virtualMachine": machine, "parameters": [*parameters], "message": message}
    return {"kind": "VirtualMachineTemplate", "metadata": {"name": "t"}, "spec": spec}


def test_references_in_strings_keys_and_messages() -> None:
    made = template(
        {"metadata": {"name": "${A}-${B}", "labels": {"${A}": "$5 ${ A }"}}},
        {"name": "A", "value": "a"}, {"name": "B", "generate": "expression", "from": "[x]{2}"},
        message="made ${A}",
    )  # fmt: skip
    filled = process(made, {"A": "web"}, random)
    assert filled.vm == {"metadata": {"name": "web-xx", "labels": {"web": "$5 ${ A }"}}}
    assert (filled.message, filled.warnings) == ("made web", ())


def test_values_that_are_no_strings() -> None:
    made = template(
        {"spec": {"cores": "${{N}}", "labels": "${{L}}", "text": "-${{N}}"}},
        {"name": "N", "value": "2"}, {"name": "L", "value": '{"a": "b"}'},
    )  # fmt: skip
    assert process(made, {"N": "two"}, random).vm["spec"]["cores"] == "two"  # type: ignore[index,call-overload]
    with pytest.raises(VirtctlError, match="parameter N: `null` cannot be put"):
        process(made, {"N": "null"}, random)
    spec = process(made, {}, random).vm["spec"]
    assert spec == {"cores": 2, "labels": {"a": "b"}, "text": "-${{N}}"}


def test_keys_stay_words() -> None:
    made = template({"${{N}}": 1, "${N}-x": 2}, {"name": "N", "value": "a"})
    assert process(made, {}, random).vm == {"a": 1, "a-x": 2}
    with pytest.raises(VirtctlError, match="becomes `3`, which is no word"):
        process(made, {"N": "3"}, random)


def test_one_reference_after_the_other() -> None:
    made = template({"a": "${A}${B}"}, {"name": "A", "value": "${B}"}, {"name": "B", "value": "x"})
    assert process(made, {}, random).vm == {"a": "x${B}"}
    made["spec"]["message"] = "${{B}}"  # type: ignore[index,call-overload]
    assert process(made, {}, random).message == "x"


def test_a_fixed_namespace_is_dropped() -> None:
    made = template({"metadata": {"name": "a", "namespace": "fixed"}})
    assert process(made, {}, random).vm == {"metadata": {"name": "a"}}
    made = template({"metadata": {"namespace": "${N}"}}, {"name": "N", "value": "lab"})
    assert process(made, {}, random).vm == {"metadata": {"namespace": "lab"}}


def test_unused_parameters_are_warned_of() -> None:
    made = template({"a": 1}, {"name": "X", "value": "1"})
    assert process(made, {}, random).warnings == ("Warning: parameter X is never used",)


@pytest.mark.parametrize(
    ("parameter", "given", "message"),
    [
        ({"name": "A", "required": True}, {}, "parameter A is required"),
        ({"name": "A"}, {"B": "1"}, "parameter B not found in template"),
        ({"name": "A", "generate": "dice"}, {}, "cannot generate by `dice`"),
        ({"name": "A", "generate": "expression", "from": "[a]{0}"}, {}, "parameter A: .*length 0"),
        ({"name": "B"}, {}, "refers to parameter A, which is not declared"),
    ],
)
def test_what_is_wrong(parameter: JsonValue, given: dict[str, str], message: str) -> None:
    with pytest.raises(VirtctlError, match=message):
        process(template({"name": "${A}"}, parameter), given, random)


def test_a_template_without_machine() -> None:
    with pytest.raises(VirtctlError, match=r"spec\.virtualMachine"):
        process({"spec": {}}, {}, random)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (template({"name": "${A}", "n": ["${{B}}"]}, {"name": "A"}, {"name": "B"}), ""),
        (template({"a": 1}, {"name": "A"}, {"name": "A"}), "parameter A is declared twice"),
        (template({}), ""),
        ({"spec": {"virtualMachine": None}}, "`spec.virtualMachine` is missing"),
        (template({"${A}": {"n": "${{B}}"}}, {"name": "A"}), "refers to parameter B"),
        (template({"a": 1}, message="${M}"), "refers to parameter M"),
        (template({"a": 1}, {"name": "A", "generate": "expression", "from": "[a]{0}"}), "length 0"),
        (template({"a": 1}, {"name": "A", "required": True}), ""),
    ],
)
def test_what_can_never_be_filled_in(made: Document, why: str) -> None:
    assert why in problem(made)
    assert bool(why) == bool(problem(made))


def test_a_machine_does_not_grow_without_end() -> None:
    made = template({"a": "${A}" * 2000}, {"name": "A"})
    with pytest.raises(VirtctlError, match="grows beyond"):
        process(made, {"A": "x" * 1000}, random)
