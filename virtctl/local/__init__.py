"""The embedded control plane: a KubeVirt that fits on one machine.

A Kubernetes-compatible API server with KubeVirt's API, controllers and node agents run in one
asyncio process; one launcher process per virtual machine runs beside it.

``daemon`` runs ``bootstrap`` detached; ``bootstrap`` joins ``store``, ``api``, ``http``,
``controllers`` and ``node``. HTTP and controllers both go through ``api.service.ApiService``.
"""
