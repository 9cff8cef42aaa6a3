"""Write one context into a kubeconfig file, or take it out, leaving all others as they are."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

import yaml

from virtctl.client.kubeconfig import parse
from virtctl.models.documents import Document, JsonValue, child, items, objects, text

_PLURALS = ("clusters", "users", "contexts")


def merge_context(
    path: Path, kubeconfig: Document, context: str = "", *, make_current: bool = True
) -> None:
    """Put ``context`` of ``kubeconfig`` (its current one by default) into the file at ``path``.

    Its cluster and user come along; all three are named as the context there. The file is replaced
    atomically and readable by its owner only. Raises ``ConfigError`` when it is no kubeconfig,
    OSError when it cannot be written.
    """
    context = context or text(kubeconfig, "current-context")
    held = _read(path)
    inner = dict(child(_named(kubeconfig, "contexts", context), "context"))
    cluster = _named(kubeconfig, "clusters", text(inner, "cluster"))
    user = _named(kubeconfig, "users", text(inner, "user"))
    inner.update({"cluster": context, "user": context})
    _put(held, "clusters", {"name": context, "cluster": child(cluster, "cluster")})
    _put(held, "users", {"name": context, "user": child(user, "user")})
    _put(held, "contexts", {"name": context, "context": inner})
    held.setdefault("apiVersion", "v1")
    held.setdefault("kind", "Config")
    if make_current or not text(held, "current-context"):
        held["current-context"] = context
    _write(path, held)


def remove_context(path: Path, context: str) -> bool:
    """Take ``context`` and its cluster and user out; returns whether anything was there.

    A file that holds nothing else afterwards stays, as an empty kubeconfig.
    """
    if not path.exists():
        return False
    held = _read(path)
    found = False
    for plural in _PLURALS:
        before = items(held, plural)
        after = [e for e in before if not (isinstance(e, dict) and e.get("name") == context)]
        found = found or len(after) < len(before)
        held[plural] = after
    if text(held, "current-context") == context:
        held["current-context"] = ""
        found = True
    if found:
        _write(path, held)
    return found


def keep_provider(path: Path, user: str, config: Document) -> None:
    """Put what an auth provider has renewed where the next command finds it.

    A file that cannot be written is left: the tokens hold for this command. Raises ``ConfigError``
    when it is no kubeconfig.
    """
    held = _read(path)
    provider = child(_named(held, "users", user), "user", "auth-provider")
    if provider:
        provider["config"] = config
        with suppress(OSError):
            _write(path, held)


def _read(path: Path) -> Document:
    try:
        return parse(path.read_bytes(), str(path))
    except FileNotFoundError:
        return {"apiVersion": "v1", "kind": "Config", "preferences": {}}


def _named(document: Document, plural: str, name: str) -> Document:
    for entry in objects(document, plural):
        if text(entry, "name") == name:
            return entry
    return {}


def _put(held: Document, plural: str, entry: Document) -> None:
    """Replace the entry of that name in its place, or append it."""
    entries: list[JsonValue] = list(items(held, plural))
    for position, old in enumerate(entries):
        if isinstance(old, dict) and old.get("name") == entry["name"]:
            entries[position] = entry
            break
    else:
        entries.append(entry)
    held[plural] = entries


def _write(path: Path, document: Document) -> None:
    """Replace the file in one step; a symbolic link keeps pointing to it."""
    path = path.resolve()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            yaml.safe_dump(document, stream, sort_keys=False)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
