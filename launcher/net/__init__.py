"""Network as data: desired, observed, difference."""
