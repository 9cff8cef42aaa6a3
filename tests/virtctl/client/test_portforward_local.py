"""Our client of port-forwards against our own server of them."""

from pathlib import Path

import pytest

from tests.fakes.apiserver import running
from virtctl.client.auth import Credentials
from virtctl.client.kubeconfig import Target
from virtctl.client.portforward import PodForward
from virtctl.client.rest import Rest
from virtctl.errors import StreamError
from virtctl.models.kinds import POD


class Silent:
    verbosity = 0

    def line(self, text: str) -> None:
        pass


async def test_they_understand_each_other(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "compute"}]}}
        server.service.create(POD, "default", pod)
        status = {**server.service.get(POD, "default", "p"), "status": {"phase": "Running"}}
        server.service.update(POD, "default", "p", status, subresource="status")
        target = Target(f"unix://{server.socket}")
        rest = Rest(Credentials(target, lambda *_: (0, b""), {}), Silent(), {})
        forward = PodForward(rest, "default", "p")
        stream = await forward.stream(80)
        await stream.send(b"hello")
        heard = b""
        while len(heard) < len(b"port 80: hello"):
            heard += await stream.receive()
        assert heard == b"port 80: hello"
        refused = await forward.stream(81)
        with pytest.raises(StreamError, match="error forwarding port 81"):
            await refused.receive()
        await stream.close()
        await forward.close()
