"""A plan as a shell script instead of a deed."""

from __future__ import annotations

from launcher.ops.base import Plan


def script(ops: Plan, *, netns: str = "") -> str:
    """One line for each op, to be run as root, in a named network namespace when given."""
    prefix = f"ip netns exec {netns} " if netns else ""
    return "".join(f"{prefix}{op.describe()}\n" for op in ops)
