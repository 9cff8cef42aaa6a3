"""What all ops share.

An op is a frozen Struct with a tag, so that a journal can hold it as JSON and a later process can
read it back. A family of ops is a union of such Structs; ``match`` over it ends in
``assert_never``, so that a new op is a type error wherever it is not yet handled.
"""

from __future__ import annotations

import msgspec


class Op(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="op", tag=True):
    """One change to the host, as a value."""

    def describe(self) -> str:
        """The shell line that would do the same; an op that has none is shown as it is."""
        return f"# {self!r}"


Plan = tuple[Op, ...]
"""Ops in the order in which they are carried out."""

Undo = tuple[Plan, ...]
"""For each op of a plan, in the same order, the ops that take it back."""
