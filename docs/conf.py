"""Sphinx configuration."""

project = "virtctl"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "changelog.d"]
html_theme = "furo"
myst_heading_anchors = 3
