"""The way of a machine's frames, pure: facts to a path, then to text, JSON, SVG and verdicts."""
