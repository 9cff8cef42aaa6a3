"""A small operator: for each Greeting it keeps a machine of the same name, labelled as it says.

It is run by ``kopf run``; the definition of its kind is ``DEFINITION``.
"""

import kopf
from kubernetes import client, config

GROUP, VERSION, PLURAL = "greetings.example", "v1", "greetings"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": PLURAL, "singular": "greeting", "kind": "Greeting"},
        "versions": [
            {
                "name": VERSION,
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["word"],
                                "properties": {"word": {"type": "string", "maxLength": 20}},
                            },
                            "status": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                            },
                        },
                    }
                },
            }
        ],
    },
}
MACHINES = ("kubevirt.io", "v1")


def machine(name: str, word: str) -> dict:
    """What a greeting wants: a machine that does not run."""
    template = {"spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}}}
    return {
        "apiVersion": "/".join(MACHINES),
        "kind": "VirtualMachine",
        "metadata": {"name": name, "labels": {"word": word}},
        "spec": {"runStrategy": "Halted", "template": template},
    }


@kopf.on.startup()
def begin(settings, **_) -> None:
    config.load_kube_config()
    settings.posting.enabled = True
    settings.networking.request_timeout = 30


@kopf.on.create(GROUP, VERSION, PLURAL)
def made(body, spec, name, namespace, **_) -> dict:
    wanted = machine(name, spec["word"])
    kopf.adopt(wanted)
    found = client.CustomObjectsApi().create_namespaced_custom_object(
        *MACHINES, namespace, "virtualmachines", wanted
    )
    kopf.info(body, reason="Greeted", message=f"there is a machine {name} now")
    return {"machine": found["metadata"]["name"]}


@kopf.on.field(GROUP, VERSION, PLURAL, field="spec.word", old=kopf.PRESENT)
def changed(name, namespace, new, **_) -> None:
    patch = {"metadata": {"labels": {"word": new}}}
    client.CustomObjectsApi().patch_namespaced_custom_object(
        *MACHINES, namespace, "virtualmachines", name, patch
    )


@kopf.on.delete(GROUP, VERSION, PLURAL)
def gone(name, namespace, **_) -> None:
    body = {"metadata": {"name": f"farewell-{name}"}, "data": {"name": name}}
    client.CoreV1Api().create_namespaced_config_map(namespace, body)
