"""Finds files that ship beside the packages: templates, installed or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def templates() -> Path:
    """The directory of templates. Raises FileNotFoundError when the installation lacks it."""
    for candidate in (_PACKAGE / "_data/templates", _PACKAGE.parent / "templates"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("templates are not installed")
