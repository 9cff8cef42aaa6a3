"""Stored objects for tests: documents in a list, found by kind, namespace and name."""

from __future__ import annotations


def lookup(*documents):
    """What ``ApiService.find`` is over ``documents``."""

    def find(kind, namespace, name):
        for document in documents:
            metadata = document["metadata"]
            place = metadata.get("namespace", "") if kind.namespaced else namespace
            known = (document["kind"], place, metadata["name"])
            if known == (kind.name, namespace, name):
                return document
        return None

    return find


def stored(kind, name, spec=None, **metadata):
    """An object of ``kind``, in the namespace ``ns`` where it has one."""
    place = {"namespace": "ns"} if kind.namespaced else {}
    found = {"name": name, "uid": f"{name}-uid", "generation": 1, **place, **metadata}
    document = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": found}
    return document if spec is None else {**document, "spec": spec}
