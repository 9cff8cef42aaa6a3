import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from virtctl.client.plainyaml import parse

KUBECONFIG = """\
# by a tool
apiVersion: v1
kind: Config
preferences: {}
clusters:
- name: virtctl-local
  cluster:
    server: https://127.0.0.1:6443
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJU==
- cluster:
    insecure-skip-tls-verify: true
    server: 'https://two'
  name: "two words"
users:
  - name: u
    user: {}
contexts: []
current-context: virtctl-local
empty:
"""


def test_a_kubeconfig_is_plain() -> None:
    assert parse(KUBECONFIG) == yaml.safe_load(KUBECONFIG)


@pytest.mark.parametrize(
    "text",
    [
        "a: [1]", "a: {b: 1}", "a: |\n  x", "a: &x b", "a: *x", "a: !t b", "a: b # c", "a: 1",
        "a: 1.5", "a: yes", "a: ~", "a:\tb", "? a\n: b", "a: 'it''s'", 'a: "\\n"', "- a", "", "a",
        "a: b\n  c", "a: b\na: c", "---\na: b", "on: x", "a: b: c", "a:\n  b: c\n d: e", "a: 'b",
        "a: 2026-01-01", "a: -", "a: .inf", "a: @b", "a: %b", "a: `b", "a: ,b",
    ],
)  # fmt: skip
def test_all_else_is_left_to_a_whole_parser(text: str) -> None:
    found = parse(text)
    assert found is None or found == yaml.safe_load(text)


WORDS = st.sampled_from(
    ["a", "b-c", "https://x:1/y", "two words", "true", "no", "1", "null", "x: y", "'", "#"]
)
KEYS = st.sampled_from(["a", "b", "name", "as-groups", "x.y/z"])
VALUES = st.recursive(
    st.one_of(WORDS, st.none(), st.booleans(), st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_what_is_read_is_what_yaml_reads(document: dict[str, object]) -> None:
    text = yaml.safe_dump(document, default_flow_style=False)
    found = parse(text)
    assert found is None or found == document


@given(st.text(alphabet="ab: -\n'\"#{}[],|>&*!%@`~1.", max_size=40))
def test_no_text_is_read_otherwise_than_by_yaml(text: str) -> None:
    found = parse(text)
    if found is not None:
        assert found == yaml.safe_load(text)
