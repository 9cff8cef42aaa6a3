"""What all parts of a spec have in common."""

from __future__ import annotations

import msgspec


class Part(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Base of the parts of a spec: what is left at its default is not written."""
