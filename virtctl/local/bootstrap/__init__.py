"""The composition root: builds store, API, HTTP, controllers and node agents, and runs them.

One event loop runs everything. The order matters: networks before agents, the store before all. The
API answers first; what works on its objects is loaded only then, and "ready" is said when every
node says that it is Ready.
"""

from virtctl.local.bootstrap.running import run

__all__ = ["run"]
