from virtctl.errors import Gone
from virtctl.wire.watching import LineReader, build_line


def test_lines_come_back_however_they_are_cut() -> None:
    stream = build_line("ADDED", b'{"metadata":{"resourceVersion":"3"}}') + build_line(
        "ERROR", b'{"kind":"Status","code":410,"reason":"Expired","message":"too old"}'
    )
    reader = LineReader()
    lines = [line for byte in stream for line in reader.feed(bytes([byte]))]
    assert [line.type for line in lines] == ["ADDED", "ERROR"]
    assert lines[0].revision == "3"
    assert lines[0].error() is None
    assert isinstance(lines[1].error(), Gone)


def test_blank_lines_are_skipped() -> None:
    assert list(LineReader().feed(b"\n\n")) == []
