"""Disk images: a content-addressed store, OCI layouts and registries."""
