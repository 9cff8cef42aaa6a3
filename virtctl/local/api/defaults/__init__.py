"""Mutating admission, one module per kind; pure."""
