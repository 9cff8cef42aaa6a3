"""Somebody at the keyboard of a terminal that a test has opened."""

import os
import termios
import threading
import time


def once_raw(terminal: int, typed: bytes, keyboard: int) -> threading.Thread:
    """Types as soon as a terminal hands on every key; what comes before that is thrown away."""

    def watch() -> None:
        while termios.tcgetattr(terminal)[3] & termios.ICANON:
            time.sleep(0.01)
        os.write(keyboard, typed)

    started = threading.Thread(target=watch, daemon=True)
    started.start()
    return started
