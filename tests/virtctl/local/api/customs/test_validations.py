"""Rules that definitions bring."""

import pytest

from virtctl.local.api.customs.validations import compile_causes, field_problem

SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "o": {"type": "object", "properties": {"b-c": {"type": "integer"}}},
        "m": {"type": "object", "additionalProperties": {"type": "string"}},
        "l": {"type": "array", "items": {"type": "string"}},
        "any": {"x-kubernetes-preserve-unknown-fields": True},
        "in": {"type": "string"},
        "e": {
            "type": "object",
            "properties": {"metadata": {"type": "object"}},
            "x-kubernetes-embedded-resource": True,
        },
    },
}


@pytest.mark.parametrize(
    "rule",
    [
        "self.a == 'self.zz'",
        "has(self.o.b__dash__c) && self.o.b__dash__c > 1",
        "self.m.anything == 'x' && self.m.size() > 0",
        "self.l.all(x, x.size() > 1)",
        "self.any.b.c == 1",
        "self.__in__ == 'x'",
        "self.e.metadata.name == 'x'",
        "self.a.matches('a') && oldSelf.a == self.a",
        "other.zz == 1",
    ],
)
def test_fields_that_there_are(rule):
    assert field_problem(SCHEMA, rule) == ""


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("self.z == 1", "ERROR: <input>:1:5: undefined field 'z'\n | self.z == 1\n | ....^"),
        ("has(self.o.x)", "ERROR: <input>:1:11: undefined field 'x'"),
        ("self.a.b == 1", "type 'string' does not support field selection"),
        ("self.l.b == 1", "type 'list' does not support field selection"),
        ("self.zz.size() > 0", "undefined field 'zz'"),
        ("oldSelf.zz == self.a", "undefined field 'zz'"),
    ],
)
def test_fields_that_there_are_not(rule, problem):
    assert problem in field_problem(SCHEMA, rule)


def test_refusals_show_the_rule():
    schema = {**SCHEMA, "x-kubernetes-validations": [{"rule": "self.z == 1"}]}
    (cause,) = compile_causes(schema, "S")
    assert cause.field == "S.x-kubernetes-validations[0].rule"
    assert '{"Rule":"self.z == 1","Message":""' in cause.message
    assert "compilation failed: ERROR: <input>:1:5: undefined field 'z'" in cause.message
