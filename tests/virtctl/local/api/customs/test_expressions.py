"""Rules of schemas."""

import pytest

from tests.fakes import definitions
from virtctl.local.api.customs import expressions
from virtctl.local.api.customs.structural import root_shape, shape_of_schema

OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {}}


def shape(*rules, **schema):
    return shape_of_schema({**OPEN, **schema, "x-kubernetes-validations": [*rules]})


def broken(rule, value, old=None):
    found = expressions.rule_causes(shape({"rule": rule, "message": "no"}), value, old, "spec")
    return [cause.message for cause in found]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("has(self.a) && self.a > 2", {"a": 3}),
        ("self.l.all(i, i.size() <= 3)", {"l": ["a", "bcd"]}),
        ("self.x in ['a', 'b']", {"x": "a"}),
        ("self.l.exists_one(i, i.name == 'a')", {"l": [{"name": "a"}]}),
        ("self.s.matches('^[a-z]+$') && self.s.startsWith('a')", {"s": "abc"}),
        ("self.l.isSorted() && self.l.sum() == 6 && self.l.max() == 3", {"l": [1, 2, 3]}),
        ("self.l.indexOf(2) == 1 && self.l.indexOf(9) == -1", {"l": [1, 2]}),
        ("self.s.indexOf('b') == 1 && self.s.lastIndexOf('b') == 2", {"s": "abb"}),
        ("self.s.find('[0-9]+') == '12'", {"s": "a12"}),
        ("self.s.split(',').size() == 2 && self.s.replace(',', '') == 'ab'", {"s": "a,b"}),
        ("self.s.lowerAscii() == 'ab' && self.s.upperAscii() == 'AB'", {"s": "aB"}),
        ("self.s.trim().substring(0, 1).charAt(0) == 'a'", {"s": " abc "}),
        ("['a', 'b'].join('-') == self.s", {"s": "a-b"}),
        ("quantity(self.q).isGreaterThan(quantity('1Gi'))", {"q": "2Gi"}),
        ("quantity(self.q).isLessThan('1Gi') && isQuantity(self.q)", {"q": "1Mi"}),
        ("isURL(self.u) && !isURL('x')", {"u": "https://a/b"}),
        ("isIP(self.i) && isCIDR('10.0.0.0/8') && !isIP('x')", {"i": "::1"}),
        ("self.__namespace__ == 'x' || true", {"namespace": "x"}),
        ("ip(self.i).family() == 4 && ip('127.0.0.1').isLoopback()", {"i": "10.0.0.1"}),
        ("ip('fe80::1').isLinkLocalUnicast() && ip('::').isUnspecified()", {}),
        (
            "cidr(self.c).containsIP('10.1.1.1') && cidr(self.c).prefixLength() == 8",
            {"c": "10.0.0.0/8"},
        ),
        ("cidr(self.c).containsCIDR('10.1.0.0/16') && !isCIDR('10.0.0.0')", {"c": "10.0.0.0/8"}),
        ("!cidr('fd00::/8').containsCIDR('10.0.0.0/8')", {}),
        (
            "cidr('10.1.0.0/8').masked() == '10.0.0.0/8' && cidr('10.0.0.0/8').ip() == '10.0.0.0'",
            {},
        ),
        (
            "url(self.u).getHost() == 'a:80' && url(self.u).getPort() == '80'",
            {"u": "https://a:80/b?c=d"},
        ),
        (
            "url(self.u).getHostname() == 'a' && url(self.u).getScheme() == 'https'",
            {"u": "https://a/b"},
        ),
        (
            "url(self.u).getEscapedPath() == '/b' && url(self.u).getQuery()['c'] == ['d']",
            {"u": "https://a/b?c=d"},
        ),
        ("[2, 1, 2].sort() == [1, 2, 2] && [2, 1, 2].distinct() == [2, 1]", {}),
        ("[1, 2, 3].slice(0, 2) == [1, 2] && ['a', 'b', 'a'].lastIndexOf('a') == 2", {}),
        ("'abcb'.indexOf('b', 2) == 3 && 'abcb'.lastIndexOf('b', 2) == 1", {}),
        ("quantity('2k').asInteger() == 2000 && quantity('2').isInteger()", {}),
        ("quantity('1').add('2') == quantity('3') && quantity('3').sub('1') == quantity('2')", {}),
        ("quantity('1.5').asApproximateFloat() == 1.5", {}),
        (
            "'%s-%d %s %.1f %x%%'.format(['a', 1, [true, 2.0], 1.5, 15]) == 'a-1 [true, 2] 1.5 f%'",
            {},
        ),
        ("'abc'.split('') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c']", {}),
    ],
)
def test_what_holds(rule, value):
    assert broken(rule, value) == []


def test_what_does_not_hold():
    assert broken("self.a > 2", {"a": 1}) == ["Invalid value: no"]


def test_rules_about_changes_wait_for_one():
    assert broken("self.a == oldSelf.a", {"a": 1}) == []
    assert broken("self.a == oldSelf.a", {"a": 1}, {"a": 1}) == []
    assert broken("self.a == oldSelf.a", {"a": 1}, {"a": 2}) == ["Invalid value: no"]


@pytest.mark.parametrize(
    "rule",
    [
        "self.a / 0 == 1",
        "9223372036854775807 + self.a > 0",
        "'a'.charAt(5) == ''",
        "cidr('10.0.0.0').prefixLength() == 8",
        "url('x').getHost() == 'x'",
    ],
)
def test_what_cannot_be_computed_does_not_hold(rule):
    (message,) = broken(rule, {"a": 1})
    assert "can't be evaluated" in message


def test_what_cannot_be_evaluated_does_not_hold():
    (message,) = broken("self.missing > 2", {})
    assert "can't be evaluated" in message


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"rule": "false"}, "Invalid value: failed rule: false"),
        ({"rule": "false", "message": "m", "reason": "FieldValueForbidden"}, "Forbidden: m"),
        ({"rule": "false", "message": "m", "reason": "FieldValueRequired"}, "Required value: m"),
        ({"rule": "false", "message": "m", "reason": "FieldValueDuplicate"}, "Duplicate value: m"),
        ({"rule": "false", "messageExpression": "'is ' + self.a"}, "Invalid value: is x"),
        ({"rule": "false", "message": "m", "messageExpression": "self.b"}, "Invalid value: m"),
    ],
)
def test_messages(rule, message):
    (cause,) = expressions.rule_causes(shape(rule), {"a": "x"}, None, "spec")
    assert cause.message == message


def test_paths():
    root = root_shape(definitions.SCHEMA)
    (cause,) = expressions.rule_causes(root, definitions.widget(size=30, limit=10), None)
    assert cause.field == "spec"
    pointed = shape({"rule": "false", "fieldPath": ".a"})
    (cause,) = expressions.rule_causes(pointed, {"a": 1}, None, "spec")
    assert cause.field == "spec.a"


def test_elements_with_keys_know_what_they_were():
    kept = {"rule": "self.n == oldSelf.n", "message": "kept"}
    element = {"type": "object", "properties": {"k": {"type": "string"}, "n": {"type": "integer"}}}
    listed = shape_of_schema(
        {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {**element, "x-kubernetes-validations": [kept]},
        }
    )
    old = [{"k": "a", "n": 1}, {"k": "b", "n": 2}]
    new = [{"k": "b", "n": 2}, {"k": "a", "n": 5}, {"k": "c", "n": 9}]
    assert [c.field for c in expressions.rule_causes(listed, new, old, "l")] == ["l[1]"]


def test_fields_with_awkward_names():
    schema = {
        "type": "object",
        "properties": {"a-b": {"type": "integer"}, "in": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.a__dash__b == self.__in__"}],
    }
    named = shape_of_schema(schema)
    assert list(expressions.rule_causes(named, {"a-b": 1, "in": 1}, None)) == []
    assert len(list(expressions.rule_causes(named, {"a-b": 1, "in": 2}, None))) == 1


def test_broken_expressions_are_found_beforehand():
    assert expressions.compile_problem("self.a >")
    assert not expressions.compile_problem("self.a > 1")


def test_patterns():
    assert expressions.pattern_problem("a+") == ""
    assert "error parsing regexp" in expressions.pattern_problem("[")
