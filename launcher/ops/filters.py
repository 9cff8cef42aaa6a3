"""Ops on nftables: a table is replaced as a whole, in one transaction."""

from __future__ import annotations

from launcher.ops.base import Op


class SetTable(Op, frozen=True, kw_only=True):
    """Put a table in place of whatever table has its family and name.

    ``ruleset`` is the JSON that nft is given (libnftables-json(5)), ``text`` the same for people.
    """

    family: str
    name: str
    text: str
    ruleset: str

    def describe(self) -> str:
        return f"nft -f - <<'END'\n{self.text}END"


class DeleteTable(Op, frozen=True, kw_only=True):
    """Remove a table; one that is not there is fine."""

    family: str
    name: str

    def describe(self) -> str:
        return f"nft delete table {self.family} {self.name}"


FilterOp = SetTable | DeleteTable
