"""An open API server for the tests of this room."""

import pytest

from tests.fakes.apiserver import running
from tests.fakes.service import ListSchemas
from virtctl.local.api.service import Hooks


@pytest.fixture
async def server(tmp_path):
    async with running(tmp_path, hooks=Hooks(schemas=ListSchemas())) as made:
        yield made


@pytest.fixture
async def client(server):
    async with server.client() as made:
        yield made
