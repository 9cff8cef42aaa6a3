"""Revisions and watches; knows bytes, not Kubernetes."""
