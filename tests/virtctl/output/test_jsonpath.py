import pytest

from virtctl.errors import UsageError
from virtctl.output.jsonpath import column, columns, evaluate, select

POD = {
    "metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}},
    "spec": {"containers": [{"name": "one", "cpu": 1}, {"name": "two", "cpu": 3}]},
    "status": {"ready": True, "none": None},
}
LIST = {"items": [POD, {"metadata": {"name": "b"}}]}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.metadata.name}", "a"),
        (".metadata.name", "a"),
        ("{$.metadata.name}", "a"),
        ("{.metadata.labels.app\\.kubernetes\\.io/name}", "x"),
        ("{.metadata.labels['app.kubernetes.io/name']}", "x"),
        ("{.spec.containers[0].name}", "one"),
        ("{.spec.containers[-1].name}", "two"),
        ("{.spec.containers[*].name}", "one two"),
        ("{.spec.containers[0:1].name}", "one"),
        ("{.spec.containers[0,1].cpu}", "1 3"),
        ('{.spec.containers[?(@.name=="two")].cpu}', "3"),
        ("{.spec.containers[?(@.cpu>1)].name}", "two"),
        ("{.spec.containers[?(@.cpu!=1)].name}", "two"),
        ("{.spec.containers[?(@.missing)].name}", ""),
        ("{..cpu}", "1 3"),
        ("{.status.ready}", "true"),
        ("{.status.none}", "null"),
        ("{.spec.containers[0]}", '{"name":"one","cpu":1}'),
        ("{.nothing.here}", ""),
        ('name: {.metadata.name}{"\\n"}', "name: a\n"),
        ("{range .spec.containers[*]}{.name}={.cpu};{end}", "one=1;two=3;"),
        ("{range .spec.containers}{.name} {end}", "one two "),
        ("{.metadata.*}", 'a {"app.kubernetes.io/name":"x"}'),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert evaluate(template, POD) == text


def test_ranges_nest() -> None:
    template = "{range .items[*]}{.metadata.name}:{range .spec.containers[*]}{.name},{end};{end}"
    assert evaluate(template, LIST) == "a:one,two,;b:;"


@pytest.mark.parametrize("template", ["{.a", "{range .a}x", "{end}", "{.a[}", "{.a[x]}", "{.a b}"])
def test_what_cannot_be_read(template: str) -> None:
    with pytest.raises(UsageError, match="jsonpath"):
        evaluate(template, {"a": [1]})


def test_custom_columns() -> None:
    assert columns("NAME:.metadata.name,CPU:.spec.containers[*].cpu") == [
        ("NAME", ".metadata.name"),
        ("CPU", ".spec.containers[*].cpu"),
    ]
    assert column(".spec.containers[*].cpu", POD) == "1,3"
    assert column("metadata.name", POD) == "a"
    assert column(".absent", POD) == "<none>"
    with pytest.raises(UsageError, match="TITLE:PATH"):
        columns("NAME")


def test_select_gives_values() -> None:
    assert select(".spec.containers[*].cpu", POD) == [1, 3]
