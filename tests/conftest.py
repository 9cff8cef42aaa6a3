"""Fixtures for all tests."""

import signal

# Who runs tests in the background may have them ignore Ctrl-C, and all that they start as well, of
# which some have to obey it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
