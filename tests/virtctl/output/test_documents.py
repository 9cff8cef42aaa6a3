import pytest
import yaml

from virtctl.manifests.loading import load
from virtctl.output.documents import as_json, as_list, as_yaml, resource_name


def test_yaml_is_sorted_blocks() -> None:
    assert as_yaml({"b": [{"y": 1, "x": None}], "a": {}}) == "a: {}\nb:\n- x: null\n  y: 1\n"


@pytest.mark.parametrize(
    "word",
    ["true", "0755", "1e3", "1_000", "on", "null", "~", "", "2026-01-01", "a: b", "1.5", "y"],
)
def test_strings_stay_strings_for_every_reader(word: str) -> None:
    text = as_yaml({"apiVersion": "v1", "kind": "K", "value": word})
    assert load(text, "x")[0].document["value"] == word
    if word != "1e3":
        assert yaml.safe_load(text)["value"] == word


def test_several_lines_are_a_literal_block() -> None:
    assert as_yaml({"a": "#cloud-config\nuser: x\n"}) == "a: |\n  #cloud-config\n  user: x\n"


def test_long_strings_are_not_folded() -> None:
    assert as_yaml({"a": "word " * 50 + "end"}).count("\n") == 1


def test_json_has_kubectls_indent() -> None:
    assert as_json({"a": 1}) == '{\n    "a": 1\n}'
    assert as_json({"a": "ü"}, 2) == '{\n  "a": "ü"\n}'


def test_lists_and_names() -> None:
    assert as_list([])["items"] == []
    assert resource_name({"metadata": {"name": "a"}}, "vm") == "vm/a"
