"""The only side effects; callers spell it system.X so that privilege shows."""
