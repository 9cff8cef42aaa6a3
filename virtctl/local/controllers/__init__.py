"""One controller per module; none imports another."""
