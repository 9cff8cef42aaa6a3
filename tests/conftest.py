"""Fixtures for all tests."""

import os
import signal
import tempfile

import pytest

# Who runs tests in the background may have them ignore Ctrl-C, and all that they start as well, of
# which some have to obey it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Sockets have names of at most 107 bytes, of which a long directory for temporary files takes many.
if len(tempfile.gettempdir()) > len("/var/tmp"):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/tmp")

HANGING = 600  # seconds; more than any wait inside a test takes, so those tell what did not come


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test without a limit of its own is ended once it surely hangs."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(HANGING))
