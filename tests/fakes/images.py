"""Images made on the spot: layers, OCI layouts, docker archives."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer(files: Mapping[str, bytes]) -> bytes:
    """A tar with these files, by their paths."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


class Blobs(dict[str, bytes]):
    """Blobs by digest."""

    def put(self, data: bytes) -> str:
        """Add a blob; returns its digest."""
        self[digest_of(data)] = data
        return digest_of(data)

    def image(self, *layers: bytes, architecture: str = "amd64") -> str:
        """Add an image of these layers; returns its manifest's digest."""
        config = self.put(json.dumps({"architecture": architecture, "os": "linux"}).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": config, "size": len(self[config])},
            "layers": [
                {"mediaType": LAYER, "digest": self.put(data), "size": len(data)} for data in layers
            ],
        }
        return self.put(json.dumps(manifest).encode())

    def index(self, **by_architecture: str) -> str:
        """Add an index of manifests by architecture; returns its digest."""
        manifests = [
            {
                "mediaType": MANIFEST,
                "digest": digest,
                "size": len(self[digest]),
                "platform": {"os": "linux", "architecture": architecture},
            }
            for architecture, digest in by_architecture.items()
        ]
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        return self.put(json.dumps(index).encode())


def write_layout(directory: Path, blobs: Blobs, tags: Mapping[str, str]) -> Path:
    """An OCI layout with these blobs; ``tags`` name manifests by digest."""
    home = directory / "blobs" / "sha256"
    home.mkdir(parents=True)
    for digest, data in blobs.items():
        (home / digest.removeprefix("sha256:")).write_bytes(data)
    manifests = [
        {
            "mediaType": MANIFEST,
            "digest": digest,
            "size": len(blobs[digest]),
            "annotations": {"org.opencontainers.image.ref.name": tag},
        }
        for tag, digest in tags.items()
    ]
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))
    return directory


def write_archive(file: Path, images: Mapping[str, Sequence[bytes]]) -> Path:
    """A docker archive with the layers of each image, by its name."""
    files: dict[str, bytes] = {}
    entries = []
    for name, layers in images.items():
        config = json.dumps({"rootfs": {"diff_ids": [digest_of(data) for data in layers]}}).encode()
        files[f"{digest_of(config)[7:]}.json"] = config
        paths = []
        for data in layers:
            paths.append(f"{digest_of(data)[7:]}/layer.tar")
            files[paths[-1]] = data
        entries.append(
            {"Config": f"{digest_of(config)[7:]}.json", "RepoTags": [name], "Layers": paths}
        )
    files["manifest.json"] = json.dumps(entries).encode()
    file.write_bytes(layer(files))
    return file


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
