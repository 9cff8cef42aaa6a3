"""Time that moves when told."""


class FakeClock:
    """``runtime.clock.Clock`` that stands still."""

    def __init__(self, now: float = 1_767_225_600.0) -> None:
        self.time = now

    def now(self) -> float:
        return self.time
