"""What answers in an instance of two nodes of which nothing runs."""

from pathlib import Path

from launcher import hostnet
from launcher.facts import HostFacts
from virtctl.local.bootstrap.front import Front, Secrets, build
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.foundation import Foundation
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store

NODES = ("node1", "node2")
CONFIG = LocalConfig(nodes=2, node_names=NODES, version="0.1.0")


def front(directory: Path, store: Store | None = None) -> Front:
    """It, over ``store`` or an empty one."""
    network = hostnet.design(CONFIG.node_names, directory=directory)
    foundation = Foundation(network, HostFacts(), kernel="6.12", system="Debian")
    store = store or Store(MemoryLog())
    return build(InstanceLayout(directory), CONFIG, foundation, store, Secrets("token", "PEM"))
