"""Names, keys and values."""

import pytest

from virtctl.local.api.rules import names


@pytest.mark.parametrize("name", ["a", "a-1", "1a", "a" * 63])
def test_labels(name):
    assert not list(names.label_problems(name))


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a.b", "a_b", "a" * 64])
def test_no_labels(name):
    assert list(names.label_problems(name))


@pytest.mark.parametrize(("name", "good"), [("a.b-c", True), ("a..b", False), ("a" * 254, False)])
def test_subdomains(name, good):
    assert bool(list(names.subdomain_problems(name))) is not good


@pytest.mark.parametrize("key", ["a", "A_b.c-d", "example.com/a", "kubevirt.io/vm"])
def test_keys(key):
    assert not list(names.qualified_problems(key))


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("", "name part must be non-empty"),
        ("a b", "name part must consist of"),
        ("a/", "name part must be non-empty"),
        ("/a", "prefix part must be non-empty"),
        ("A/a", "prefix part a lowercase RFC 1123 subdomain"),
        ("a/b/c", "a qualified name must consist of"),
        ("a" * 64, "name part must be no more than 63 bytes"),
    ],
)
def test_no_keys(key, start):
    assert next(iter(names.qualified_problems(key))).startswith(start)


@pytest.mark.parametrize(
    ("value", "good"), [("", True), ("A.b_1", True), ("a b", False), ("-", False)]
)
def test_values(value, good):
    assert bool(list(names.value_problems(value))) is not good


@pytest.mark.parametrize(
    ("name", "good"),
    [("http", True), ("a-1", True), ("A", False), ("1", False), ("a--b", False), ("a" * 16, False)],
)
def test_port_names(name, good):
    assert bool(list(names.port_name_problems(name))) is not good
