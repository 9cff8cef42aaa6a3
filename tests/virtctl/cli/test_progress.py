import io

from tests.fakes.env import SessionAt
from virtctl.cli.progress import Counted, Progress, size


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_now_and_then(session_at: SessionAt) -> None:
    session = session_at()
    progress = Progress(session, "uploading", 4096)
    progress.add(1024)
    session.env.sleep(11)
    progress.add(1024)
    progress.finish()
    assert (
        session.env.stderr.getvalue().splitlines()
        == [  # type: ignore[attr-defined]
            "uploading 2.0 KiB of 4.0 KiB, 50 %"
        ]
        * 2
    )


def test_a_bar_on_a_terminal(session_at: SessionAt) -> None:
    session = session_at()
    session.env.stderr = Screen()
    progress = Progress(session, "uploading", 100)
    progress.add(50)
    assert (
        session.env.stderr.getvalue()
        == f"\ruploading 50 B of 100 B, 50 % [{'=' * 15}{' ' * 15}]\x1b[K"
    )
    progress.finish()
    assert session.env.stderr.getvalue().endswith("\n")


def test_a_dumb_terminal_has_no_bar(session_at: SessionAt) -> None:
    session = session_at()
    session.env.stderr = Screen()
    session.env.environ = {"TERM": "dumb"}
    Progress(session, "downloading", 0).finish()
    assert session.env.stderr.getvalue() == "downloading 0 B\n"


def test_files_are_counted(session_at: SessionAt) -> None:
    session = session_at()
    progress = Progress(session, "x", 5)
    counted = Counted(io.BytesIO(b"12345"), progress)
    assert counted.read(3) + counted.read(3) == b"12345"
    progress.finish()
    assert "x 5 B of 5 B, 100 %" in session.env.stderr.getvalue()  # type: ignore[attr-defined]
    progress.reset()
    progress.finish()
    assert session.env.stderr.getvalue().endswith("x 0 B of 5 B, 0 %\n")  # type: ignore[attr-defined]


def test_sizes() -> None:
    assert [size(n) for n in (1, 1536, 2**31)] == ["1 B", "1.5 KiB", "2.0 GiB"]
