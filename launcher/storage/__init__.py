"""Disks as plans."""
