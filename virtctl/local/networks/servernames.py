"""What the API server's certificate is for."""

from __future__ import annotations

from virtctl.local.config import LocalConfig
from virtctl.local.networks.serviceips import API_SERVER

_FIXED = (
    "localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
    API_SERVER,
)  # fmt: skip


def server_names(config: LocalConfig) -> tuple[str, ...]:
    """All names and addresses by which an instance's API server is reached."""
    host = config.listen.rpartition(":")[0].strip("[]")
    own = f"kubernetes.default.svc.{config.cluster_domain}"
    return tuple(dict.fromkeys((*_FIXED, own, host)))
