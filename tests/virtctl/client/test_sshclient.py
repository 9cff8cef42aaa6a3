import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.sshd import HOST_KEY, USER_KEY, sshd
from virtctl.client.sshclient import (
    Client,
    Greeting,
    Who,
    connect,
    download,
    greet,
    run_command,
    upload,
)
from virtctl.errors import StreamError, VirtctlError


def never(prompt: str) -> str:
    raise AssertionError(prompt)


@contextmanager
def logged_in(root: Path | None = None) -> Iterator[Client]:
    with sshd(root) as sock:
        client = connect(sock, Who("me"), lambda _: "pw")
        try:
            yield client
        finally:
            client.close()


def test_a_key_and_a_host_key(tmp_path: Path) -> None:
    identity, known = tmp_path / "key", tmp_path / "ssh/known"
    USER_KEY.write_private_key_file(str(identity))
    who = Who("me", str(identity), "kubevirt-1", str(known))
    for _ in range(2):
        with sshd() as sock:
            connect(sock, who, never).close()
    assert known.read_text().count("kubevirt-1") == 1
    known.write_text(known.read_text().replace(HOST_KEY.get_base64(), USER_KEY.get_base64()))
    with sshd() as sock, pytest.raises(VirtctlError, match="host key of kubevirt-1 changed"):
        connect(sock, who, never)


def test_a_password_is_asked_for_three_times() -> None:
    asked: list[str] = []

    def wrong(prompt: str) -> str:
        asked.append(prompt)
        return "no"

    with (
        sshd() as sock,
        pytest.raises(VirtctlError, match="the machine takes publickey, password"),
    ):
        connect(sock, Who("me"), wrong)
    assert asked == ["me's password: "] * 3


def test_nobody_to_ask() -> None:
    def nobody(prompt: str) -> str:
        raise EOFError(prompt)

    with sshd() as sock, pytest.raises(VirtctlError, match="was not let in"):
        connect(sock, Who("me"), nobody)


def test_greetings_leave_nothing_behind(tmp_path: Path) -> None:
    identity, known = tmp_path / "key", tmp_path / "known"
    USER_KEY.write_private_key_file(str(identity))
    for user, let_in in (("me", True), ("you", False)):
        with sshd() as sock:
            found = greet(sock, Who(user, str(identity), "kubevirt-1", str(known)))
        assert found == Greeting(let_in, ("publickey", "password"))
    assert not known.exists()


def test_no_server() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with pytest.raises(StreamError, match="no ssh server answers"):
        connect(ours, Who("me"), never)
    ours.close()


def test_a_broken_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("junk")
    with sshd() as sock, pytest.raises(VirtctlError, match="key"):
        connect(sock, Who("me", str(tmp_path / "key")), never)


def test_a_command_and_its_exit_code(tmp_path: Path) -> None:
    out, err = tmp_path / "out", tmp_path / "err"
    with logged_in() as client, out.open("wb") as o, err.open("wb") as e:
        assert run_command(client, "ls", o.fileno(), e.fileno()) == 7
    assert (out.read_bytes(), err.read_bytes()) == (b"ran ls", b"talk")


def test_files_and_directories(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "d/e").mkdir(parents=True)
    there.mkdir()
    (here / "d/e/x").write_text("hello")
    with logged_in(there) as client:
        upload(client, str(here / "d/e/x"), "/y", recursive=False)
        upload(client, str(here / "d"), "/", recursive=True)
        assert (there / "y").read_text() == (there / "d/e/x").read_text() == "hello"
        download(client, "/y", str(here), recursive=False)
        download(client, "/d", str(here / "copy"), recursive=True)
        assert (here / "y").read_text() == (here / "copy/e/x").read_text() == "hello"
        for act in (
            lambda: upload(client, str(here / "d"), "/z", recursive=False),
            lambda: download(client, "/d", str(here / "z"), recursive=False),
        ):
            with pytest.raises(VirtctlError, match="is a directory"):
                act()
