"""Meaning of the network CRDs, pure."""
