"""Fixtures for tests of the client and the command line."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.fakes.env import SessionAt, fake_env
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.session import Session


@pytest.fixture
def session_at() -> Iterator[SessionAt]:
    with ExitStack() as stack:

        def make(server: str = "http://127.0.0.1:1", **flags: object) -> Session:
            values = GlobalFlags({"server": server, **flags})  # type: ignore[dict-item]
            return stack.enter_context(Session(fake_env(), values))

        yield make
