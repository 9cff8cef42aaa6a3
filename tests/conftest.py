"""Fixtures for all tests."""

import os
import signal
import tempfile

# Who runs tests in the background may have them ignore Ctrl-C, and all that they start as well, of
# which some have to obey it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Sockets have names of at most 107 bytes, of which a long directory for temporary files takes many.
if len(tempfile.gettempdir()) > len("/var/tmp"):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/tmp")
