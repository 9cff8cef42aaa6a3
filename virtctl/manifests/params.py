"""The ``key:value,key:value`` grammar of ``create``'s flags.

Pairs are split at commas, each at its first colon; a value may hold colons but never a comma. Of a
key that comes twice the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from virtctl.errors import UsageError
from virtctl.wire.quantities import QuantityError
from virtctl.wire.quantitytext import printed

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


class Params:
    """One flag's pairs; every complaint names the flag."""

    def __init__(self, flag: str, text: str, known: Collection[str]) -> None:
        self.flag = flag
        self._pairs: dict[str, str] = {}
        if not text:
            raise self.error("params may not be empty")
        for part in text.split(","):
            key, colon, value = part.partition(":")
            if not colon:
                raise self.error(f"params need to have at least one colon: {part}")
            self._pairs[key] = value
        unknown = [f"{k}:{v}" for k, v in self._pairs.items() if k not in known]
        if unknown:
            raise self.error(f"unknown param(s): {','.join(unknown)}")

    def error(self, reason: str) -> UsageError:
        """The complaint that the flag cannot be used because of ``reason``."""
        return parse_error(self.flag, reason)

    def text(self, key: str) -> str:
        """A value; empty when absent."""
        return self._pairs.get(key, "")

    def needed(self, key: str, reason: str = "") -> str:
        """A value that must not be empty."""
        value = self.text(key)
        if not value:
            raise self.error(reason or f"{key} must be specified")
        return value

    def texts(self, key: str) -> list[str]:
        """A ``;`` separated list, empty entries included."""
        return self._pairs[key].split(";") if key in self._pairs else []

    def unsigned(self, key: str) -> int | None:
        """A number from 0 to 2^32 - 1; None when absent."""
        word = self._pairs.get(key)
        if word is None:
            return None
        if not word.isascii() or not word.isdigit() or int(word) >= 2**32:
            raise self.error(f'failed to parse param "{key}": `{word}` is no whole number')
        return int(word)

    def quantity(self, key: str) -> str:
        """A Kubernetes quantity in canonical form; empty when absent."""
        if key not in self._pairs:
            return ""
        return _quantity(self.flag, self._pairs[key], f'failed to parse param "{key}": ')

    def reference(self, key: str = "src") -> tuple[str, str]:
        """A needed ``[namespace/]name`` in its two parts."""
        try:
            return _split(self.needed(key))
        except ValueError as error:
            raise self.error(f"{key} invalid: {error}") from None

    def boot_order(self) -> int | None:
        """``bootorder``, which counts from 1."""
        order = self.unsigned("bootorder")
        if order == 0:
            raise self.error("bootorder must be greater than 0")
        return order

    def name(self, default: str) -> str:
        """``name`` or ``default``, which must be a DNS label (RFC 1123)."""
        return self._label(self.text("name") or default)

    def given_name(self, default: str) -> str:
        """As ``name``, but a name that is given empty is refused."""
        return self._label(self._pairs.get("name", default))

    def _label(self, word: str) -> str:
        if not _LABEL.fullmatch(word):
            raise self.error(f'invalid name "{word}": must be a lower-case DNS label')
        return word


def parse_error(flag: str, reason: str) -> UsageError:
    """The complaint that ``flag`` cannot be used."""
    return UsageError(f'failed to parse "--{flag}" flag: {reason}')


def quantity(flag: str, word: str) -> str:
    """``word`` when it is a quantity, as apimachinery prints it. Raises ``UsageError``."""
    return _quantity(flag, word, "")


def _quantity(flag: str, word: str, where: str) -> str:
    try:
        return printed(word)
    except QuantityError:
        reason = f"{where}`{word}` is no quantity, as `512Mi` or `2Gi` are"
        raise parse_error(flag, reason) from None


def split_name(flag: str, word: str) -> tuple[str, str]:
    """``[prefix/]name`` in its two parts. Raises ``UsageError``."""
    try:
        return _split(word)
    except ValueError as error:
        raise parse_error(flag, str(error)) from None


def _split(word: str) -> tuple[str, str]:
    """The two parts of ``[prefix/]name``. Raises ``ValueError``."""
    parts = word.split("/")
    if len(parts) > 2:
        raise ValueError(f"invalid count {len(parts) - 1} of slashes in prefix/name")
    if not parts[-1]:
        raise ValueError("name cannot be empty")
    return (parts[0], parts[1]) if len(parts) == 2 else ("", parts[0])
