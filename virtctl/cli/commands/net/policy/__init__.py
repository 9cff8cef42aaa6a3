"""Policies for the networks of nodes."""
