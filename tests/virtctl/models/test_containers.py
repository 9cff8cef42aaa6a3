"""Containers."""

from virtctl.models.base import read
from virtctl.models.containers import Container


def test_reads_a_container():
    container = read(
        Container,
        {
            "name": "compute",
            "image": "launcher",
            "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": 1}, "requests": {"memory": "64Mi"}},
            "securityContext": {"runAsUser": 107, "capabilities": {"drop": ["ALL"]}},
            "readinessProbe": {"exec": {"command": ["true"]}},
        },
    )
    assert container.env[0].value_from.field_ref.field_path == "metadata.name"
    assert container.resources.limits == {"cpu": 1}
    assert container.security_context.capabilities.drop == ("ALL",)
