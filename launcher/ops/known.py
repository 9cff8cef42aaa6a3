"""The union of all ops that a journal can hold and read back."""

from __future__ import annotations

from launcher.ops.files import FileOp
from launcher.ops.filters import FilterOp
from launcher.ops.links import LinkOp

KnownOp = LinkOp | FilterOp | FileOp
