"""An XML element as a value."""

from launcher.domain.element import element, parse, render, switch


def test_empty_elements_are_not_self_closing() -> None:
    assert render(element("a")) == "<a></a>\n"


def test_children_are_indented_and_attributes_keep_their_order() -> None:
    made = element("a", {"z": 1, "b": "x"}, element("c", text="t"))
    assert render(made) == '<a z="1" b="x">\n  <c>t</c>\n</a>\n'


def test_what_is_none_is_left_out() -> None:
    made = element("a", {"gone": None, "kept": ""}, None, element("b"))
    assert render(made) == '<a kept="">\n  <b></b>\n</a>\n'


def test_text_and_attributes_are_escaped() -> None:
    assert render(element("a", {"b": '<"&'}, text="1 < 2")) == (
        '<a b="&lt;&#34;&amp;">1 &lt; 2</a>\n'
    )


def test_switch() -> None:
    assert render(switch("x", "state", state=False)) == '<x state="off"></x>\n'


def test_parse_reads_what_render_wrote() -> None:
    made = element("a", {"b": "c"}, element("d", text="e"), element("f"))
    assert parse(render(made)) == made


def test_find_and_all() -> None:
    made = element("a", None, element("b", {"n": 1}, element("c", {"n": 2})), element("b"))
    assert made.find("b", "c").get("n") == "2"
    assert made.find("b", "x") is None
    assert len(made.all("b")) == 2
