"""Formats of texts."""

import pytest

from virtctl.local.api.customs.formats import has_format


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("date-time", "2026-01-01T00:00:00Z", "2026-01-01"),
        ("date-time", "2026-01-01t00:00:00+01:00", "2026-01-01T00:00:00"),
        ("datetime", "2026-01-01T00:00:00.5Z", "2026-13-01T00:00:00Z"),
        ("date", "2026-01-01", "January"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("ipv4", "010.0.0.1", "::1"),
        ("ipv6", "fd00::1", "10.0.0.1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("uuid", "5d307ca9-b3ef-428c-8861-06e72d69f223", "5d"),
        ("uuid4", "5d307ca9-b3ef-428c-8861-06e72d69f223", "5d307ca9-b3ef-128c-8861-06e72d69f223"),
        ("duration", "1h5m", "soon"),
        ("duration", "2 weeks", "2"),
        ("byte", "eA==", "x"),
        ("mac", "02:00:00:00:00:01", "02"),
        ("mac", "0200.0000.0001", "02:00-00:00:00:01"),
        ("email", "a@b", "a"),
        ("email", "A B <a@b>", "a@"),
        ("uri", "http://a/b", "a b"),
        ("uri", "/a", "a"),
        ("hostname", "a.example.com", "a_b"),
        ("hostname", "a", "a" * 64),
        ("hexcolor", "#fff", "#ffff"),
        ("rgbcolor", "rgb(1, 2, 3)", "rgb(1,2,300)"),
        ("isbn10", "0-306-40615-2", "0-306-40615-3"),
        ("isbn13", "978-0-306-40615-7", "978-0-306-40615-8"),
        ("isbn", "0306406152", "1"),
        ("creditcard", "4111 1111 1111 1111", "4111111111111112"),
        ("ssn", "123-45-6789", "12"),
        ("bsonobjectid", "507f1f77bcf86cd799439011", "x"),
        ("k8s-short-name", "a-b", "A"),
        ("k8s-long-name", "a.b", "a..b"),
    ],
)
def test_formats(form, good, bad):
    assert has_format(form, good)
    assert not has_format(form, bad)


def test_what_is_not_known_fits():
    assert has_format("poem", "x")
    assert has_format("password", "")
