"""``image`` group: the local image store."""
