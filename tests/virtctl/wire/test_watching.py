import json

from virtctl.wire.watching import BOOKMARK, build_line


def test_a_line_holds_one_event_as_it_was_encoded() -> None:
    line = build_line(BOOKMARK, b'{"metadata":{"resourceVersion":"3"}}')
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    wanted = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "3"}}}
    assert json.loads(line) == wanted
