"""Flags to objects; pure builders behind create."""
