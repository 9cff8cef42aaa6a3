"""Every file and directory of one local instance on disk, in one place.

An instance lives in a directory: ``/var/lib/virtctl`` unless ``--dir`` says otherwise. Names that
the host sees (network namespaces, links, the nft table) carry the instance's ``suffix``, which is
empty for the default directory, so that two instances never meet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

DEFAULT_DIRECTORY = Path("/var/lib/virtctl")
_ENTRIES = frozenset(
    {
        "api.sock", "audit.log", "audit.log.1", "cache", "config.json", "config.new",
        "daemon.log", "daemon.log.1", ".daemon.log.new", "daemon.new", "daemon.pid", "exports",
        "host.json", "images", "imports", "kubeconfig", ".kubeconfig.new", "lock", "nodes", "pki",
        "restore.new", "snapshots", "store.db", "store.db-journal", "store.db-shm", "store.db-wal",
        "vms", "volumes",
    }
)  # fmt: skip


@dataclass(frozen=True)
class InstanceLayout:
    """Places of one instance; nothing is created here."""

    root: Path

    @property
    def suffix(self) -> str:
        """Empty for the default directory, else four hex digits of its path."""
        if self.root == DEFAULT_DIRECTORY:
            return ""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:4]

    @property
    def entries(self) -> frozenset[str]:
        """Names of all that an instance keeps in its directory; the rest there is not ours."""
        return _ENTRIES

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the instance."""
        return self.root / "lock"

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def database(self) -> Path:
        return self.root / "store.db"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def socket(self) -> Path:
        """Unix socket of the API, 0600."""
        return self.root / "api.sock"

    @property
    def pid(self) -> Path:
        """Process id and start time of the daemon."""
        return self.root / "daemon.pid"

    @property
    def log(self) -> Path:
        return self.root / "daemon.log"

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def imports(self) -> Path:
        """Jobs of the workers that fill claims, by the claim's uid."""
        return self.root / "imports"

    @property
    def volumes(self) -> Path:
        """Directories of bound claims: ``<namespace>/<claim>/disk.img``."""
        return self.root / "volumes"

    @property
    def exports(self) -> Path:
        """What the export server may read: a file for each export."""
        return self.root / "exports"

    @property
    def snapshots(self) -> Path:
        """Copies of claims' disks: ``<uid of a VolumeSnapshot>/disk.img``."""
        return self.root / "snapshots"

    @property
    def nodes(self) -> Path:
        """Per node: CNI configuration, cache and plugin state."""
        return self.root / "nodes"

    @property
    def host(self) -> Path:
        """What was changed on the host itself, so that ``down --delete`` can undo it."""
        return self.root / "host.json"

    @property
    def caps_cache(self) -> Path:
        return self.root / "cache/qemu-capabilities"

    def machine(self, uid: str) -> Path:
        """Directory of one machine; ``uid`` is the VMI's."""
        return self.root / "vms" / uid
