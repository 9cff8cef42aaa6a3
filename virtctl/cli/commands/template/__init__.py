"""``template``: machines with parameters."""
