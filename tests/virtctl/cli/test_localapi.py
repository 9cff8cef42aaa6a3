import os
from pathlib import Path

import pytest

from tests.fakes.canned import api_server
from tests.fakes.env import SessionAt
from tests.fakes.kept import instance
from virtctl.cli.localapi import LocalApi, check_there
from virtctl.errors import LocalError, NotFound, Unreachable
from virtctl.local.layout import InstanceLayout


def test_the_instances_own_kubeconfig_counts(session_at: SessionAt, tmp_path: Path) -> None:
    with api_server() as server:
        server.object("/api/v1/nodes", {"items": [{"metadata": {"name": "node1"}}]})
        layout = instance(tmp_path, server.url)
        with LocalApi(session_at("http://127.0.0.1:1", token="other"), layout) as api:
            assert api.list("/api/v1/nodes") == [{"metadata": {"name": "node1"}}]
            with pytest.raises(NotFound):
                api.get("/api/v1/pods")
        assert server.calls == ["GET /api/v1/nodes", "GET /api/v1/pods"]


def test_a_daemon_that_is_gone(session_at: SessionAt, tmp_path: Path) -> None:
    with LocalApi(session_at(), instance(tmp_path)) as api, pytest.raises(Unreachable):
        api.get("/version")


def test_where_there_is_no_instance(session_at: SessionAt, tmp_path: Path) -> None:
    with LocalApi(session_at(), InstanceLayout(tmp_path)) as api:
        with pytest.raises(LocalError, match="there is no instance") as refused:
            api.get("/version")
        assert "local up" in str(refused.value.hint)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_somebody_elses_instance(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    layout.kubeconfig.chmod(0)
    with pytest.raises(LocalError, match="belongs to another user"):
        check_there(layout)
