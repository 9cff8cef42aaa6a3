"""Bodies of uploads."""

from __future__ import annotations

import io

import pytest

from virtctl.errors import LocalError
from virtctl.local.imports.bodies import body_of, file_of_form
from virtctl.local.imports.job import Refused
from virtctl.local.imports.unpacking import pieces

DATA = bytes(range(256)) * 9000


def read(raw: bytes, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body, _ = body_of(io.BufferedReader(io.BytesIO(raw)), named)
    return b"".join(bytes(piece) for piece in pieces(body))


def test_a_body_of_a_known_length() -> None:
    assert read(DATA + b"next request", content_length=str(len(DATA))) == DATA
    with pytest.raises(LocalError, match="broke off"):
        read(DATA, content_length=str(len(DATA) + 1))


def test_a_body_in_chunks() -> None:
    chunks = b"".join(
        b"%x;x=y\r\n%s\r\n" % (len(part), part)
        for part in (DATA[:10], DATA[10:70_000], DATA[70_000:])
    )
    assert read(chunks + b"0\r\nTrailer: x\r\n\r\n", transfer_encoding="chunked") == DATA
    for broken in (chunks, b"", b"zz\r\n"):
        with pytest.raises(LocalError, match="broke off"):
            read(broken, transfer_encoding="chunked")


def test_a_body_of_unknown_length_is_refused() -> None:
    with pytest.raises(Refused, match="neither"):
        read(DATA)


def form(*fields: tuple[str, bytes]) -> bytes:
    made = b""
    for name, data in fields:
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'
        made += head.encode() + data + b"\r\n"
    return made + b"--b--\r\n"


def of_form(raw: bytes, kind: str = "multipart/form-data; boundary=b") -> bytes:
    body, _ = body_of(io.BufferedReader(io.BytesIO(raw)), {"content-length": str(len(raw))})
    return b"".join(bytes(piece) for piece in file_of_form(body, kind))


@pytest.mark.parametrize("data", [DATA, b"", b"\r\n--", b"\r\n" * 9, b"x" * ((1 << 20) + 1)])
def test_a_file_of_a_form(data: bytes) -> None:
    raw = form(("other", b"value"), ("file", data), ("last", b"y"))
    assert of_form(raw) == data


def test_forms_that_are_none() -> None:
    with pytest.raises(Refused, match="no form"):
        of_form(form(("file", DATA)), "application/octet-stream")
    with pytest.raises(Refused, match="no field"):
        of_form(form(("other", DATA)))
    with pytest.raises(LocalError, match="broke off"):
        of_form(form(("file", DATA))[:-20])
