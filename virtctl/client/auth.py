"""Who we are: headers and client certificates from tokens, files, plugins and impersonation."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence

from virtctl.client.kubeconfig import Target
from virtctl.errors import ConfigError
from virtctl.models.documents import Document, JsonValue, child, flag, items, objects, text

Runner = Callable[[Sequence[str], Mapping[str, str]], tuple[int, bytes]]
"""Runs a credential plugin to its end with our stdin and stderr: (exit code, stdout)."""

_EARLY = 10.0  # seconds before its expiry that a credential is renewed


class Credentials:
    """Makes the headers of one request; plugins are called once and again when theirs expire."""

    def __init__(
        self,
        target: Target,
        run: Runner,
        environ: Mapping[str, str],
        now: Callable[[], float] = time.time,
        read: Callable[[str], bytes] | None = None,
        *,
        terminal: bool = False,
    ) -> None:
        self.target = target
        self._run = run
        self._environ = environ
        self._now = now
        self._read = read
        self._terminal = terminal
        self._provided = ""
        self._issued: Document | None = None
        self._expires = 0.0

    def headers(self) -> list[tuple[str, str]]:
        """``Authorization`` and ``Impersonate-*``; a name may come several times.

        Raises ``ConfigError`` when a token file or plugin gives none.
        """
        pairs = [(name, value) for name, values in self._impersonation() for value in values]
        authorization = self._authorization()
        if authorization:
            pairs.append(("Authorization", authorization))
        return pairs

    def certificate(self) -> tuple[bytes, bytes]:
        """Client certificate and key in PEM; empty when there is none."""
        if self.target.plugin and not self.target.client_certificate:
            issued = self._from_plugin(self.target.plugin)
            return (
                text(issued, "clientCertificateData").encode(),
                text(issued, "clientKeyData").encode(),
            )
        return self.target.client_certificate, self.target.client_key

    def renew(self) -> bool:
        """After a 401: forget what a plugin gave; returns whether asking again makes sense."""
        worth = self._issued is not None or bool(self._provided)
        self._issued, self._provided = None, ""
        return worth

    def _authorization(self) -> str:
        target = self.target
        if not target.server.startswith(("https:", "unix:")):
            return ""  # as client-go: nothing secret in clear text
        token = target.token
        if target.token_file:
            token = self._token_file(target.token_file) or token
        if not token and target.plugin:
            token = text(self._from_plugin(target.plugin), "token")
        if not token and target.provider:
            token = self._provided = self._provided or self._from_provider(target)
        if token:
            return f"Bearer {token}"
        if target.username:
            pair = f"{target.username}:{target.password}".encode()
            return f"Basic {b64encode(pair).decode()}"
        return ""

    def _impersonation(self) -> list[tuple[str, tuple[str, ...]]]:
        target = self.target
        pairs = [
            ("Impersonate-User", (target.act_as,) if target.act_as else ()),
            ("Impersonate-Group", target.act_as_groups),
            ("Impersonate-Uid", (target.act_as_uid,) if target.act_as_uid else ()),
        ]
        pairs += [(f"Impersonate-Extra-{key}", values) for key, values in target.act_as_extra]
        return [(name, values) for name, values in pairs if values]

    def _token_file(self, path: str) -> str:
        try:
            if self._read is not None:
                return self._read(path).decode().strip()
            with open(path, encoding="utf-8") as stream:  # noqa: PTH123
                return stream.read().strip()
        except OSError as error:
            raise ConfigError(f"token file `{path}` cannot be read: {error.strerror}") from error

    @staticmethod
    def _from_provider(target: Target) -> str:
        from virtctl.client.providers import provider_token  # 150 ms

        return provider_token(target)

    def _from_plugin(self, plugin: Document) -> Document:
        if self._issued is not None and (not self._expires or self._now() < self._expires):
            return self._issued
        try:
            status = self._call(plugin)
        except _Failed:
            status = self._call(plugin)  # as client-go: a login may work the second time
        expiry = text(status, "expirationTimestamp")
        self._expires = _seconds(expiry) - _EARLY if expiry else 0.0
        self._issued = status
        return status

    def _call(self, plugin: Document) -> Document:
        """The plugin's ``status``. Raises ``ConfigError``."""
        command = text(plugin, "command")
        argv = [command, *(str(argument) for argument in items(plugin, "args"))]
        environ = dict(self._environ)
        environ.update({text(one, "name"): text(one, "value") for one in objects(plugin, "env")})
        environ["KUBERNETES_EXEC_INFO"] = json.dumps(self._request(plugin))
        hint = text(plugin, "installHint").strip() or None
        try:
            code, output = self._run(argv, environ)
        except OSError as error:
            raise ConfigError(
                f"credential plugin `{command}` cannot be started: {error.strerror}", hint
            ) from error
        if code:
            raise _Failed(f"credential plugin `{command}` failed with exit code {code}")
        return _status(command, output, text(plugin, "apiVersion"))

    def _request(self, plugin: Document) -> Document:
        mode = text(plugin, "interactiveMode")
        if mode == "Always" and not self._terminal:
            raise ConfigError(
                f"credential plugin `{text(plugin, 'command')}` needs a terminal, and stdin is none"
            )
        spec: dict[str, JsonValue] = {"interactive": mode != "Never" and self._terminal}
        if flag(plugin, "provideClusterInfo"):
            spec["cluster"] = self._cluster_info()
        return {
            "apiVersion": text(plugin, "apiVersion"),
            "kind": "ExecCredential",
            "spec": spec,
        }

    def _cluster_info(self) -> Document:
        target = self.target
        authority = b64encode(target.certificate_authority).decode()
        info: dict[str, JsonValue] = {
            "server": target.server,
            "tls-server-name": target.tls_server_name,
            "insecure-skip-tls-verify": target.insecure,
            "certificate-authority-data": authority,
            "proxy-url": target.proxy_url,
            "config": target.plugin_config,
        }
        return {key: value for key, value in info.items() if value}


class _Failed(ConfigError):
    """A plugin that ran and gave nothing."""


def _status(command: str, output: bytes, version: str) -> Document:
    """What a plugin printed. Raises ``ConfigError``."""
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("kind") != "ExecCredential":
        raise _Failed(f"credential plugin `{command}` did not print an ExecCredential")
    said = text(answer, "apiVersion")
    if version and said and said != version:
        raise ConfigError(
            f"credential plugin `{command}` speaks {said}, the kubeconfig asks for {version}"
        )
    status = child(answer, "status")
    if not text(status, "token") and not text(status, "clientCertificateData"):
        raise _Failed(f"credential plugin `{command}` gave no token")
    return status


def _seconds(timestamp: str) -> float:
    """RFC 3339 to seconds since the epoch; 0 when unreadable."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return 0.0
