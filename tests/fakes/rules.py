"""Instance specs for tests of admission, and what rules say about them."""

from __future__ import annotations

from virtctl.local.api.context import AdmissionContext


def spec(**parts):
    """A spec that nothing is wrong with, with ``parts`` in place of its own."""
    return {"domain": domain(), **parts}


def domain(**parts):
    """A domain that nothing is wrong with."""
    return {"devices": {}, "memory": {"guest": "64Mi"}, "resources": {}, **parts}


def with_devices(*, volumes=(), networks=(), **devices):
    """A spec with devices."""
    return spec(domain=domain(devices=devices), volumes=[*volumes], networks=[*networks])


def gates(*names, **configuration):
    """A context in which feature gates are on."""
    developer = {"featureGates": [*names]}
    return AdmissionContext(configuration={"developerConfiguration": developer, **configuration})


def said(causes):
    """Fields and messages."""
    return [(cause.field, cause.message) for cause in causes]


def fields(causes):
    """Fields only."""
    return [cause.field for cause in causes]
