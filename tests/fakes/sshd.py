"""An SSH server of paramiko, on one end of a socket pair."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

HOST_KEY = paramiko.ECDSAKey.generate()
USER_KEY = paramiko.ECDSAKey.generate()


class Login(paramiko.ServerInterface):
    """Lets ``me`` in with one key or the password ``pw``."""

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == "me" and key == USER_KEY
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == ("me", "pw")
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        def answer() -> None:
            time.sleep(0.05)  # paramiko confirms the request only after this method returns
            channel.sendall(b"ran " + command)
            channel.sendall_stderr(b"talk")
            channel.send_exit_status(7)
            channel.close()

        threading.Thread(target=answer).start()
        return True


class Files(paramiko.SFTPServerInterface):
    """One directory of the test's."""

    root = ""

    def _path(self, path: str) -> Path:
        return Path(self.root) / path.lstrip("/")

    def stat(self, path: str) -> object:
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def list_folder(self, path: str) -> object:
        found = []
        for entry in self._path(path).iterdir():
            one = paramiko.SFTPAttributes.from_stat(entry.stat())
            one.filename = entry.name
            found.append(one)
        return found

    def mkdir(self, path: str, attr: object) -> int:
        self._path(path).mkdir()
        return paramiko.SFTP_OK

    def open(self, path: str, flags: int, attr: object) -> object:
        mode = "r+b" if flags & os.O_RDWR else "wb" if flags & os.O_WRONLY else "rb"
        stream = os.fdopen(os.open(self._path(path), flags, 0o600), mode)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = handle.writefile = stream  # type: ignore[attr-defined]
        return handle


@contextmanager
def sshd(root: Path | None = None) -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    server = paramiko.Transport(theirs)
    server.add_server_key(HOST_KEY)
    if root is not None:
        kind = type("Rooted", (Files,), {"root": str(root)})
        server.set_subsystem_handler("sftp", paramiko.SFTPServer, kind)
    server.start_server(server=Login(), event=threading.Event())
    try:
        yield ours
    finally:
        server.close()
        ours.close()
        theirs.close()
