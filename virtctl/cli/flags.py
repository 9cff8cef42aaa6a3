"""The global flags: kubectl's, accepted before and after the command, and passed on to children."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from virtctl.cli.options import Option

Value = str | int | bool | list[str] | None


class Flag(NamedTuple):
    """A flag bound to a parameter. ``kind`` is str, int or bool; ``many`` collects values."""

    parameter: str
    option: Option
    kind: type
    many: bool
    default: Value

    @property
    def long(self) -> str:
        """Its first long name, as messages show it."""
        return next(
            (name for name in self.option.names if name.startswith("--")), self.option.names[0]
        )


def _text(name: str, *names: str, help: str, **more: str) -> Flag:  # noqa: A002
    return Flag(name, Option(*names, help=help, **more), str, many=False, default=None)  # type: ignore[arg-type]


def _switch(name: str, *names: str, help: str) -> Flag:  # noqa: A002
    return Flag(name, Option(*names, help=help), bool, many=False, default=False)


GLOBAL_FLAGS: tuple[Flag, ...] = (
    _text("kubeconfig", "--kubeconfig", help="Path of the kubeconfig file.", complete="file"),
    _text("context", "--context", help="Context of the kubeconfig to use.", complete="context"),
    _text("cluster", "--cluster", help="Cluster of the kubeconfig to use.", complete="cluster"),
    _text("user", "--user", help="User of the kubeconfig to use.", complete="user"),
    _text("namespace", "--namespace", "-n", help="Namespace.", complete="namespace"),
    _text("server", "--server", "-s", help="URL of the API server; `unix:///path` for a socket."),
    _text("token", "--token", help="Bearer token."),
    _text("username", "--username", help="User name for basic authentication."),
    _text("password", "--password", help="Password for basic authentication."),
    _text("act_as", "--as", help="User to act as."),
    Flag(
        "act_as_group",
        Option("--as-group", help="Group to act as; may be repeated."),
        str,
        many=True,
        default=None,
    ),
    _text("act_as_uid", "--as-uid", help="UID to act as."),
    _text(
        "certificate_authority",
        "--certificate-authority",
        help="File of the server's CA.",
        complete="file",
    ),
    _text(
        "client_certificate",
        "--client-certificate",
        help="File of the client certificate.",
        complete="file",
    ),
    _text("client_key", "--client-key", help="File of the client key.", complete="file"),
    _switch(
        "insecure", "--insecure-skip-tls-verify", help="Do not check the server's certificate."
    ),
    _text(
        "tls_server_name", "--tls-server-name", help="Name that the server's certificate must bear."
    ),
    _text("proxy_url", "--proxy-url", help="Proxy for all requests."),
    _text(
        "request_timeout", "--request-timeout", help="Limit of one request, as in `30s`; 0 is none."
    ),
    _switch("disable_compression", "--disable-compression", help="Ask for uncompressed answers."),
    Flag(
        "verbosity",
        Option("--v", "-v", help="0 to 9; 6 shows requests, 8 and 9 their bodies."),
        int,
        many=False,
        default=None,
    ),
)

_FILES = ("kubeconfig", "certificate_authority", "client_certificate", "client_key")


class GlobalFlags:
    """Values of the global flags; an absent one is None (False for switches)."""

    def __init__(self, values: Mapping[str, Value] | None = None) -> None:
        self._values = dict(values or {})

    def text(self, name: str) -> str | None:
        """A string flag; an empty one counts as absent, as in kubectl."""
        value = self._values.get(name)
        return value if isinstance(value, str) and value else None

    def switch(self, name: str) -> bool:
        """A boolean flag."""
        return self._values.get(name) is True

    def texts(self, name: str) -> list[str]:
        """A repeated flag."""
        value = self._values.get(name)
        return value if isinstance(value, list) else []

    @property
    def verbosity(self) -> int:
        """``-v``; 0 when not given."""
        value = self._values.get("verbosity")
        return value if isinstance(value, int) else 0

    def argv(self, absolute: Mapping[str, str]) -> list[str]:
        """All flags given, for a child. ``absolute`` replaces paths relative to a directory."""
        words: list[str] = []
        for flag in GLOBAL_FLAGS:
            value = self._values.get(flag.parameter)
            if value is None or value is False:
                continue
            for one in value if isinstance(value, list) else [value]:
                shown = absolute.get(flag.parameter, str(one)) if flag.parameter in _FILES else one
                words.append(f"{flag.long}={str(shown).lower() if shown is True else shown}")
        return words

    def files(self) -> dict[str, str]:
        """Flags that hold paths, as given."""
        return {name: value for name in _FILES if (value := self.text(name))}
