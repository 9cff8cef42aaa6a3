"""Objects on a shelf: what a controller observes, read from a file."""

from pathlib import Path

import yaml

from virtctl.errors import NotFound
from virtctl.local.api.service import Listing
from virtctl.local.runtime.changes import describe
from virtctl.local.runtime.queue import Key
from virtctl.wire.selectors import parse_labels

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z


class Shelf:
    """The reading half of ``ApiService``."""

    def __init__(self, documents) -> None:
        self.documents = documents

    def find(self, kind, namespace, name):
        """One object, or None when it is not there."""
        try:
            return self.get(kind, namespace, name)
        except NotFound:
            return None

    def get(self, kind, namespace, name):
        for document in self._of(kind, namespace):
            if document["metadata"]["name"] == name:
                return document
        raise NotFound(f"{kind.name} {name}")

    def list(self, kind, namespace=None, *, labels=""):
        selector = parse_labels(labels)
        found = [
            document
            for document in self._of(kind, namespace)
            if selector.matches(document["metadata"].get("labels", {}))
        ]
        return Listing(found, 1)

    def _of(self, kind, namespace):
        return [
            document
            for document in self.documents
            if (document["apiVersion"], document["kind"]) == (kind.api_version, kind.name)
            and (not namespace or document["metadata"].get("namespace", "") == namespace)
        ]


def cases(directory: Path, prefix: str) -> list[Path]:
    """The case directories of one controller."""
    return sorted(path for path in directory.iterdir() if path.name.startswith(f"{prefix}-"))


def decided(controller, case: Path):
    """What ``controller`` decides about the first object of a case, and what it should."""
    documents = list(yaml.safe_load_all((case / "objects.yaml").read_text()))
    metadata = documents[0]["metadata"]
    key = Key(metadata.get("namespace", ""), metadata["name"])
    seen = controller.observe(Shelf(documents), key)
    found = [] if seen is None else [describe(change) for change in controller.decide(seen, NOW)]
    return found, yaml.safe_load((case / "changes.yaml").read_text())
