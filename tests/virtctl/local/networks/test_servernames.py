import pytest

from virtctl.local.config import LocalConfig
from virtctl.local.networks.servernames import server_names


@pytest.mark.parametrize(
    ("listen", "host"),
    [("192.0.2.1:6443", "192.0.2.1"), ("[2001:db8::1]:6443", "2001:db8::1")],
)
def test_where_it_listens_and_how_pods_call_it(listen: str, host: str) -> None:
    names = server_names(LocalConfig(listen=listen, cluster_domain="a.test"))
    assert {host, "10.96.0.1", "kubernetes.default.svc.a.test", "localhost"} <= set(names)


def test_no_name_comes_twice() -> None:
    names = server_names(LocalConfig(listen="127.0.0.1:6443"))
    assert len(names) == len(set(names))
