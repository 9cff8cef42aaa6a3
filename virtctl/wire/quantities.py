"""Resource quantities, Go durations and int-or-string values: parse, compare, print.

A quantity is exact to one billionth, as in apimachinery's ``resource.Quantity``: what is finer is
rounded away from zero, and what does not fit 63 bits is capped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

_NANO = 10**9
_LIMIT = 2**63 - 1
_SHAPE = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([a-zA-Z]*)([+-]?[0-9]*)\Z")
_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIX = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


class QuantityError(ValueError):
    """A quantity, duration or percentage that cannot be read; the text is what clients match."""


class Notation(StrEnum):
    """How a quantity was written, and so how it is printed (``resource.Format``)."""

    BINARY = "BinarySI"
    DECIMAL = "DecimalSI"
    EXPONENT = "DecimalExponent"


@dataclass(frozen=True, order=True)
class Quantity:
    """An exact amount in billionths; compared by amount only."""

    nano: int
    notation: Notation = field(default=Notation.DECIMAL, compare=False)

    @classmethod
    def of(cls, value: float | Fraction, notation: Notation = Notation.DECIMAL) -> Quantity:
        """The quantity of a plain number."""
        return cls(_to_nano(Fraction(value)), notation)

    @property
    def exact(self) -> Fraction:
        """The amount itself."""
        return Fraction(self.nano, _NANO)

    @property
    def value(self) -> int:
        """The amount in whole units, rounded up, as ``Quantity.Value()``."""
        return -(-self.nano // _NANO)

    @property
    def milli(self) -> int:
        """The amount in thousandths, rounded up, as ``Quantity.MilliValue()``."""
        return -(-self.nano // (_NANO // 1000))

    def __bool__(self) -> bool:
        return self.nano != 0

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.nano + other.nano, self._joint_notation(other))

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.nano - other.nano, self._joint_notation(other))

    def __mul__(self, factor: int) -> Quantity:
        return Quantity(self.nano * factor, self.notation)

    def __str__(self) -> str:
        """The canonical form: no fraction, and the largest suffix that keeps it exact."""
        if self.nano == 0:
            return "0"
        if self.notation is Notation.BINARY and self._prints_binary():
            return _print_binary(self.nano // _NANO)
        mantissa, power = _canonical_decimal(self.nano)
        if self.notation is Notation.EXPONENT:
            return f"{mantissa}e{power}" if power else str(mantissa)
        return f"{mantissa}{_DECIMAL_SUFFIX[power]}"

    def _prints_binary(self) -> bool:
        """Small and fractional amounts are printed decimally, so that nothing is rounded."""
        return self.nano % _NANO == 0 and abs(self.nano) >= 1024 * _NANO

    def _joint_notation(self, other: Quantity) -> Notation:
        return self.notation if self.nano else other.notation


def parse_quantity(text: str | float) -> Quantity:
    """The quantity of its text (a JSON number counts as text). Raises ``QuantityError``."""
    if isinstance(text, bool):
        raise QuantityError(_WRONG)
    match = _SHAPE.match(str(text).strip())
    if match is None:
        raise QuantityError(_WRONG)
    sign, whole, fraction, letters, exponent = match.groups()
    if not whole and not fraction:
        raise QuantityError(_WRONG)
    scale, notation = _scale(letters, exponent)
    number = Fraction(int((whole or "0") + (fraction or "")), 10 ** len(fraction or ""))
    amount = _to_nano(number * scale)
    return Quantity(-amount if sign == "-" else amount, notation)


def quantity_or_none(text: object) -> Quantity | None:
    """The quantity of ``text``, or None when it is none or not readable."""
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        return None
    try:
        return parse_quantity(text)
    except QuantityError:
        return None


def _scale(letters: str, exponent: str) -> tuple[Fraction, Notation]:
    if letters in {"e", "E"} and exponent not in {"", "+", "-"}:
        power = int(exponent)
        if abs(power) > 400:
            raise QuantityError("unable to parse quantity's suffix")
        return Fraction(10) ** power, Notation.EXPONENT
    if not exponent:
        if letters in _BINARY:
            return Fraction(2 ** _BINARY[letters]), Notation.BINARY
        if letters in _DECIMAL:
            return Fraction(10) ** _DECIMAL[letters], Notation.DECIMAL
    if re.fullmatch(r"[eEinumkKMGTP]*", letters) is None:
        raise QuantityError(_WRONG)
    raise QuantityError(_WRONG if letters and not exponent else "unable to parse quantity's suffix")


def _to_nano(number: Fraction) -> int:
    """Billionths, rounded away from zero and capped."""
    scaled = abs(number) * _NANO
    nano = -(-scaled.numerator // scaled.denominator)
    nano = min(nano, _LIMIT * _NANO)
    return -nano if number < 0 else nano


def _print_binary(units: int) -> str:
    step = 0
    while units % 1024 == 0 and step < len(_BINARY_SUFFIXES) - 1:
        units //= 1024
        step += 1
    return f"{units}{_BINARY_SUFFIXES[step]}"


def _canonical_decimal(nano: int) -> tuple[int, int]:
    mantissa, power = nano, -9
    while mantissa % 1000 == 0 and power < 18:
        mantissa //= 1000
        power += 3
    return mantissa, power


_UNITS = {
    "ns": Fraction(1), "us": Fraction(10**3), "µs": Fraction(10**3), "μs": Fraction(10**3),
    "ms": Fraction(10**6), "s": Fraction(10**9), "m": Fraction(60 * 10**9),
    "h": Fraction(3600 * 10**9),
}  # fmt: skip
_PIECE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")


def parse_duration(text: str) -> timedelta:
    """A duration in Go's spelling, such as ``1h15m30.918s``; whole microseconds are kept.

    Raises ``QuantityError``.
    """
    rest, sign = text, 1
    if rest[:1] in {"+", "-"}:
        sign = -1 if rest[0] == "-" else 1
        rest = rest[1:]
    if rest == "0":
        return timedelta()
    total, position = Fraction(), 0
    for piece in _PIECE.finditer(rest):
        if piece.start() != position:
            break
        total += Fraction(piece.group(1).rstrip(".")) * _UNITS[piece.group(2)]
        position = piece.end()
    if not rest or position != len(rest):
        raise QuantityError(f'time: invalid duration "{text}"')
    return timedelta(microseconds=sign * int(total / 1000))


def format_duration(duration: timedelta) -> str:
    """``duration`` as Go prints it: ``1h0m0s``, ``1.5s``, ``250ms``, ``0s``."""
    micro = duration // timedelta(microseconds=1)
    sign, micro = ("-", -micro) if micro < 0 else ("", micro)
    if micro == 0:
        return "0s"
    if micro < 1_000:
        return f"{sign}{micro}µs"
    if micro < 1_000_000:
        return f"{sign}{_trimmed(micro, 1_000)}ms"
    minutes, below = divmod(micro, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{_trimmed(below, 1_000_000)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else f"{sign}{seconds}"


def _trimmed(amount: int, unit: int) -> str:
    whole, fraction = divmod(amount, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def int_or_percent(value: int | str, total: int, *, round_up: bool = False) -> int:
    """``IntOrString`` as a number: an integer, or a percentage of ``total``.

    Raises ``QuantityError`` for any other text.
    """
    if isinstance(value, int):
        return value
    if re.fullmatch(r"[0-9]+%", value) is None:
        raise QuantityError(f'invalid value for IntOrString: "{value}" is not a percentage')
    product = int(value[:-1]) * total
    return -(-product // 100) if round_up else product // 100
