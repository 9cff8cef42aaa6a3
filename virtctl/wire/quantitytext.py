"""A quantity as apimachinery prints what it has read.

apimachinery keeps the text of what it takes for canonical and writes the rest anew. Where it draws
that line is peculiar (``1.Gi`` and ``1E3`` stay, ``1.5Gi`` and ``1024Mi`` do not), so it is told
here after ``resource.ParseQuantity`` and ``Quantity.MarshalJSON``; ``virtctl.wire.quantities``
holds the arithmetic for everything else.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from virtctl.wire.quantities import QuantityError

_SHAPE = re.compile(
    r"(?P<sign>[+-]?)0*(?P<whole>[0-9]*)(?P<rest>(?:\.(?P<below>[0-9]*))?)"
    r"(?P<suffix>[eEinumkKMGTP]*[+-]?[0-9]*)\Z",
    re.ASCII,
)
_WRONG = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIXES = {power: suffix for suffix, power in _DECIMAL.items()}
_MOST = 2**63 - 1
_DIGITS = 18
"""Decimal digits that surely fit 63 bits."""


class _Parts(NamedTuple):
    """What the text consists of; ``binary`` is the power of two, ``power`` that of ten."""

    negative: bool
    whole: str
    below: str
    any_digit: bool
    binary: int | None = None
    power: int = 0
    exponent: bool = False

    @property
    def digits(self) -> str:
        """All digits but leading zeros of the whole part."""
        return (self.whole or "0") + self.below

    def fits(self) -> bool:
        """Whether apimachinery reads it as one 64-bit number."""
        count = len(self.whole or "0") + len(self.below)
        if self.binary is None:
            return count <= _DIGITS and self.power - len(self.below) >= -9
        room = 15 - count - self.binary * 3 // 10 - 1
        return not self.below and room >= 0 and int(self.digits) << self.binary <= _MOST

    def keeps_text(self) -> bool:
        """Whether such a number counts as canonical."""
        if self.binary is not None:
            return int(self.digits) & 7 != 0
        scale = self.power - len(self.below)
        return scale % 3 == 0 and not self.digits.endswith("000") and self.digits[0] != "0"


def printed(word: str) -> str:
    """``word`` as apimachinery would print it. Raises ``QuantityError``."""
    if word == "0":
        return word
    parts = _parts(word)
    if parts.fits():
        if parts.keeps_text():
            return word
    elif not parts.any_digit:
        raise QuantityError(_WRONG)
    return _canonical(parts)


def _parts(word: str) -> _Parts:
    match = _SHAPE.match(word)
    if not word or match is None:
        raise QuantityError(_WRONG)
    whole, below, suffix = match["whole"], match["below"] or "", match["suffix"]
    digit = bool(whole or below) or "0" in word[: match.start("suffix")]
    found = _Parts(match["sign"] == "-", whole, below, digit)
    if suffix in _BINARY:
        return found._replace(binary=_BINARY[suffix])
    if suffix in _DECIMAL:
        return found._replace(power=_DECIMAL[suffix])
    if re.fullmatch(r"[eE][+-]?[0-9]{1,5}", suffix):
        return found._replace(power=int(suffix[1:]), exponent=True)
    raise QuantityError("unable to parse quantity's suffix")


def _canonical(parts: _Parts) -> str:
    """The shortest exact form, in billionths at the finest and rounded away from zero."""
    if parts.binary is None:
        amount, power = _billionths(int(parts.digits), parts.power - len(parts.below))
    else:
        exact = Fraction(int(parts.digits) << parts.binary, 10 ** len(parts.below))
        billion = -(-exact.numerator * 10**9 // exact.denominator)
        amount, power = min(billion, _MOST * 10**9), -9
    sign = "-" if parts.negative and amount else ""
    if parts.binary is not None and power == -9 and amount >= 1024 * 10**9 and amount % 10**9 == 0:
        return sign + _binary(amount // 10**9)
    return sign + _decimal(amount, power, exponent=parts.exponent)


def _billionths(digits: int, power: int) -> tuple[int, int]:
    """Nothing is finer than a billionth; what is coarser keeps its power."""
    if power >= -9 or not digits:
        return digits, power
    return -(-digits // 10 ** (-9 - power)), -9


def _binary(units: int) -> str:
    steps = ["", *_BINARY]
    step = 0
    while units % 1024 == 0 and step < len(steps) - 1:
        units //= 1024
        step += 1
    return f"{units}{steps[step]}"


def _decimal(amount: int, power: int, *, exponent: bool) -> str:
    """``amount`` times ten to the ``power``, with a power that three divides."""
    if not amount:
        return "0"
    while amount % 10 == 0:
        amount //= 10
        power += 1
    amount *= 10 ** (power % 3)
    power -= power % 3
    if exponent:
        return f"{amount}e{power}" if power else str(amount)
    return f"{amount}{_SUFFIXES.get(power, '')}"
