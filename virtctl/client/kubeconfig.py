"""Find, merge and resolve kubeconfig files into one ``Target``.

Precedence, first match wins:

===================  ===========================================================================
files                ``--kubeconfig``; every file in ``KUBECONFIG``; ``~/.kube/config``; none, then
                     ``--server`` alone or the pod's service account
an entry's name      the first file that has it; missing files of a list are skipped
context              ``--context``; the first ``current-context``
cluster, user        ``--cluster``, ``--user``; the context's
each setting         its flag; the cluster's or user's own
namespace            ``--namespace``; the context's; the pod's; ``default``
===================  ===========================================================================

Paths inside a file are relative to that file. As in kubectl, ``--token`` and ``--username`` replace
whatever credentials the user has, and ``*-data`` wins over a file.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from virtctl.client import plainyaml
from virtctl.errors import ConfigError, InvalidField
from virtctl.models.documents import Document, JsonValue, child, flag, items, objects, text

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_PATHS = {
    "cluster": ("certificate-authority",),
    "user": ("client-certificate", "client-key", "tokenFile"),
}


class Overrides(NamedTuple):
    """What flags say; None is not given."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    server: str | None = None
    token: str | None = None
    username: str | None = None
    password: str | None = None
    act_as: str | None = None
    act_as_groups: tuple[str, ...] = ()
    act_as_uid: str | None = None
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    insecure: bool = False
    tls_server_name: str | None = None
    proxy_url: str | None = None
    timeout: float = 0.0


class Target(NamedTuple):
    """A cluster and who we are there. Certificates are PEM bytes; ``timeout`` 0 is none.

    ``plugin_config`` is what the cluster tells plugins; ``user`` is named so in ``user_file``.
    """

    server: str
    namespace: str = "default"
    context: str = ""
    certificate_authority: bytes = b""
    insecure: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    timeout: float = 0.0
    client_certificate: bytes = b""
    client_key: bytes = b""
    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    act_as: str = ""
    act_as_groups: tuple[str, ...] = ()
    act_as_uid: str = ""
    act_as_extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    plugin: Document | None = None
    plugin_config: JsonValue = None
    provider: Document | None = None
    user: str = ""
    user_file: str = ""


class Files(NamedTuple):
    """How files are found and read; a test gives its own."""

    environ: Mapping[str, str]
    absolute: Callable[[str], str]
    read: Callable[[str], bytes]


_REMEDY = "give another with --kubeconfig, or see what KUBECONFIG names"


def read_file(path: str) -> bytes:
    """The file's bytes. Raises OSError."""
    with open(path, "rb") as stream:  # noqa: PTH123 - pathlib costs 3 ms at every start
        return stream.read()


def parse(data: bytes, name: str) -> Document:
    """A YAML or JSON document. Raises ``ConfigError`` naming the file."""
    stripped = data.lstrip()
    try:
        if stripped.startswith(b"{"):
            return _mapping(_json(stripped), name)
    except ValueError:
        pass  # flow-style YAML
    plain = plainyaml.parse(data.decode(errors="replace"))
    if plain is not None:
        return plain
    import yaml  # costs 12 ms

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _mapping(yaml.load(data, Loader=loader), name)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(f"`{name}` is not a kubeconfig: bad YAML{where}", _REMEDY) from error


def _json(data: bytes) -> JsonValue:
    import json

    loaded: JsonValue = json.loads(data)
    return loaded


def _mapping(value: JsonValue, name: str) -> Document:
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise ConfigError(f"`{name}` is not a kubeconfig: it holds no mapping", _REMEDY)


def file_names(files: Files, override: str | None) -> tuple[list[str], bool]:
    """Candidate paths, and whether they must all exist."""
    if override:
        return [files.absolute(override)], True
    listed = files.environ.get("KUBECONFIG", "")
    if listed:
        return [files.absolute(p) for p in listed.split(os.pathsep) if p], False
    return [files.absolute("~/.kube/config")], False


def load(files: Files, override: str | None = None) -> Document:
    """All files merged; empty when there is none.

    Raises ``ConfigError`` for unreadable or broken files, and for a missing ``--kubeconfig``.
    """
    names, required = file_names(files, override)
    merged: Document = {"clusters": {}, "users": {}, "contexts": {}, "origins": {}}
    for name in names:
        try:
            data = files.read(name)
        except FileNotFoundError:
            if required:
                raise ConfigError(f"kubeconfig `{name}` does not exist", _REMEDY) from None
            continue
        except OSError as error:
            problem = f"kubeconfig `{name}` cannot be read: {error.strerror}"
            raise ConfigError(problem, _REMEDY) from error
        _merge(merged, parse(data, name), os.path.dirname(name), name)  # noqa: PTH120
    return merged


def _merge(merged: Document, one: Document, directory: str, name: str) -> None:
    try:
        for plural in ("clusters", "users", "contexts"):
            held = child(merged, plural)
            singular = plural[:-1]
            for entry in objects(one, plural):
                key = text(entry, "name")
                if key not in held:
                    inner = dict(child(entry, singular))
                    _relocate(inner, singular, directory)
                    held[key] = inner
                    if plural == "users":
                        child(merged, "origins")[key] = name
        if text(one, "current-context"):
            merged.setdefault("current-context", text(one, "current-context"))
    except InvalidField as error:
        raise ConfigError(f"`{name}` is not a kubeconfig: {error}") from error


def _relocate(entry: Document, singular: str, directory: str) -> None:
    for key in _PATHS.get(singular, ()):
        value = entry.get(key)
        if isinstance(value, str) and value:
            entry[key] = os.path.join(directory, value)  # noqa: PTH118
    plugin = entry.get("exec")
    if isinstance(plugin, dict):
        command = text(plugin, "command")
        if "/" in command and not command.startswith("/"):
            entry["exec"] = {**plugin, "command": os.path.join(directory, command)}  # noqa: PTH118


def resolve(files: Files, overrides: Overrides) -> Target:
    """The one cluster, user and namespace to use.

    Raises ``ConfigError`` when nothing says where the cluster is, or a named entry is missing.
    """
    config = load(files, overrides.kubeconfig)
    contexts = child(config, "contexts")
    name = overrides.context or text(config, "current-context")
    if name and name not in contexts:
        raise ConfigError(f"context `{name}` does not exist", _known("contexts", contexts))
    context = child(contexts, name) if name else {}
    cluster = _entry(config, "clusters", overrides.cluster or text(context, "cluster"))
    user_name = overrides.user or text(context, "user")
    user = _entry(config, "users", user_name)
    server = overrides.server or text(cluster, "server")
    if not server:
        return _fallback(files, overrides, contexts)
    try:
        target = _cluster(files, overrides, cluster, server)
        target = _user(files, overrides, user, target)
    except InvalidField as error:
        raise ConfigError(f"context `{name}`: {error}") from error
    namespace = overrides.namespace or text(context, "namespace") or "default"
    origin = text(child(config, "origins"), user_name)
    return target._replace(namespace=namespace, context=name, user=user_name, user_file=origin)


def _entry(config: Document, plural: str, name: str) -> Document:
    known = child(config, plural)
    if name and name not in known:
        raise ConfigError(f"{plural[:-1]} `{name}` does not exist", _known(plural, known))
    return child(known, name) if name else {}


def _known(plural: str, known: Mapping[str, JsonValue]) -> str:
    return f"known {plural}: {', '.join(sorted(known))}" if known else f"there are no {plural}"


def _fallback(files: Files, overrides: Overrides, contexts: Document) -> Target:
    """Without a server: the pod's service account, else an explanation."""
    host = files.environ.get("KUBERNETES_SERVICE_HOST", "")
    try:
        token = files.read(f"{SERVICE_ACCOUNT}/token").decode() if host else ""
    except OSError:
        token = ""
    if not token:
        if contexts:
            raise ConfigError(
                "no current context", f"give --context; {_known('contexts', contexts)}"
            )
        raise ConfigError(
            "no cluster is configured",
            "give --kubeconfig or --server, or start one on this machine with `virtctl local up`",
        )
    port = files.environ.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    target = Target(
        server=f"https://{host}:{port}",
        namespace=overrides.namespace or _optional(files, "namespace") or "default",
        certificate_authority=_optional(files, "ca.crt").encode(),
        token_file=f"{SERVICE_ACCOUNT}/token",
    )
    return _user(files, overrides, {}, target)


def _optional(files: Files, name: str) -> str:
    try:
        return files.read(f"{SERVICE_ACCOUNT}/{name}").decode().strip()
    except OSError:
        return ""


def _cluster(files: Files, over: Overrides, cluster: Document, server: str) -> Target:
    if "://" not in server:
        server = f"http://{server}"
    insecure = over.insecure or flag(cluster, "insecure-skip-tls-verify")
    ca = b""
    if not insecure:
        ca = _pem(files, cluster, "certificate-authority", over.certificate_authority)
    return Target(
        server=server.rstrip("/"),
        certificate_authority=ca,
        insecure=insecure,
        tls_server_name=over.tls_server_name or text(cluster, "tls-server-name"),
        proxy_url=over.proxy_url or text(cluster, "proxy-url"),
        timeout=over.timeout,
        plugin_config=_plugin_config(cluster),
    )


def _plugin_config(cluster: Document) -> JsonValue:
    """The cluster's extension that plugins are told of (client-go's ``ExecCluster.Config``)."""
    for one in objects(cluster, "extensions"):
        if text(one, "name") == "client.authentication.k8s.io/exec":
            return one.get("extension")
    return None


def _user(files: Files, over: Overrides, user: Document, target: Target) -> Target:
    extra = {
        key: tuple(str(v) for v in items(user, "as-user-extra", key))
        for key in child(user, "as-user-extra")
    }
    groups = tuple(str(g) for g in items(user, "as-groups"))
    target = target._replace(
        client_certificate=_pem(files, user, "client-certificate", over.client_certificate),
        client_key=_pem(files, user, "client-key", over.client_key),
        act_as=over.act_as or text(user, "as"),
        act_as_groups=over.act_as_groups or groups,
        act_as_uid=over.act_as_uid or text(user, "as-uid"),
        act_as_extra=tuple(sorted(extra.items())),
    )
    asked = target.act_as_groups or target.act_as_uid or target.act_as_extra
    if asked and not target.act_as:
        raise ConfigError(
            "groups, a UID or extra values to act as need a user to act as", "give --as"
        )
    if over.token:
        return target._replace(token=over.token)
    if over.username:
        return target._replace(username=over.username, password=over.password or "")
    plugin, provider = child(user, "exec"), child(user, "auth-provider")
    return target._replace(
        token=text(user, "token"),
        token_file=text(user, "tokenFile") or target.token_file,
        username=text(user, "username"),
        password=text(user, "password"),
        plugin=plugin or None,
        provider=provider or None,
    )


def _pem(files: Files, entry: Document, key: str, override: str | None) -> bytes:
    """Inline data or a file's content. Raises ``ConfigError`` naming the field."""
    inline = text(entry, f"{key}-data")
    if inline and not override:
        try:
            return base64.b64decode(inline, validate=True)
        except binascii.Error as error:
            raise ConfigError(f"`{key}-data` is not base64") from error
    path = files.absolute(override) if override else text(entry, key)
    if not path:
        return b""
    try:
        return files.read(path)
    except OSError as error:
        raise ConfigError(f"`{key}` `{path}` cannot be read: {error.strerror}") from error


def names(config: Document, plural: str) -> list[str]:
    """Names of ``clusters``, ``users`` or ``contexts``, for completion."""
    return sorted(child(config, plural))
