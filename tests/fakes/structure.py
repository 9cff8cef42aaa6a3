"""What server-side apply knows of an object, out of a table."""


class FakeStructure:
    """``lists`` maps paths to keys; ``atomic`` are paths of atomic objects."""

    def __init__(self, lists=(), atomic=()) -> None:
        self._lists = dict(lists)
        self._atomic = set(atomic)

    def __call__(self, path):
        return self._lists.get(path)

    def is_atomic(self, path):
        return path in self._atomic
