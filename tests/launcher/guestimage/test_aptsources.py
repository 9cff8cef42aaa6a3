"""Sources of both formats in, those that another system can use out."""

from __future__ import annotations

import pytest

from launcher.guestimage import aptsources

DEB822 = """\
# a comment
Types: deb deb-src
URIs: http://deb.example/debian
Suites: trixie trixie-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/example.pgp

Enabled: no
Types: deb
URIs: http://other.example
Suites: x

Types: deb
URIs: file:/srv/packages https://more.example/
Suites: ./
Trusted: yes
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
"""

ONE_LINE = """\
deb http://deb.example/debian trixie main # the archive
deb [ arch=amd64 signed-by=/k.gpg ] https://more.example/ ./
deb [arch=amd64] cdrom:[Debian]/ trixie main
deb-src http://deb.example/debian trixie main
deb file:/srv/packages ./
# deb http://commented.example x
deb
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ""),
        (
            {"debian.sources": DEB822},
            (
                "deb [signed-by=/usr/share/keyrings/example.pgp] http://deb.example/debian trixie"
                " main contrib\n"
                "deb [signed-by=/usr/share/keyrings/example.pgp] http://deb.example/debian"
                " trixie-updates main contrib\n"
                "deb https://more.example/ ./\n"
            ),
        ),
        (
            {"sources.list": ONE_LINE, "again.list": ONE_LINE},
            (
                "deb http://deb.example/debian trixie main\n"
                "deb [ arch=amd64 signed-by=/k.gpg ] https://more.example/ ./\n"
            ),
        ),
    ],
)
def test_portable(files: dict[str, str], expected: str) -> None:
    assert aptsources.portable(files) == expected
