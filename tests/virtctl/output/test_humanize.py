import pytest

from virtctl.output.humanize import age, duration, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (119, "119s"), (120, "2m"), (192, "3m12s"), (600, "10m"), (10799, "179m"),
        (10800, "3h"), (18600, "5h10m"), (28800, "8h"), (172799, "47h"), (172800, "2d"),
        (273600, "3d4h"), (691200, "8d"), (63071999, "729d"), (63072000, "2y"), (63331200, "2y3d"),
    ],
)  # fmt: skip
def test_durations_shrink_as_kubectls(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_ages() -> None:
    assert age("2026-01-01T00:00:00Z", 1767225605.0) == "5s"
    assert age("2026-01-01T00:00:00Z", 0) == "0s"
    assert age("yesterday", 0) == "<unknown>"


@pytest.mark.parametrize(
    ("count", "text"),
    [(512, "512 B"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB"), (2 << 40, "2.0 TiB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
