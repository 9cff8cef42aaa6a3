"""``process`` and ``create`` of VirtualMachineTemplates: a template filled in by the server."""

from __future__ import annotations

from collections.abc import Callable

from virtctl.errors import BadRequest, VirtctlError
from virtctl.local.api.service import Actor, ApiService, WriteOptions
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import TEMPLATE, VIRTUAL_MACHINE
from virtctl.wire import templating
from virtctl.wire.paths import TEMPLATE_SUBRESOURCES_GROUP

API_VERSION = f"{TEMPLATE_SUBRESOURCES_GROUP}/{TEMPLATE.version}"


class Templates:
    """Fills in templates of ``service``; ``random`` gives so many bytes."""

    def __init__(self, service: ApiService, random: Callable[[int], bytes]) -> None:
        self._service = service
        self._random = random

    def process(self, namespace: str, name: str, options: Document) -> Document:
        """The machine of a template, and what its author says. Raises ``ApiError``."""
        template = self._service.get(TEMPLATE, namespace, name)
        given = documents.strings(options, "parameters")
        try:
            filled = templating.process(template, given, self._random)
        except VirtctlError as error:
            raise BadRequest(f"cannot process template {namespace}/{name}: {error}") from error
        answer: Document = {
            "apiVersion": API_VERSION,
            "kind": "ProcessedVirtualMachineTemplate",
            "templateRef": {"namespace": namespace, "name": name},
            "virtualMachine": filled.vm,
        }
        if filled.message:
            answer["message"] = filled.message
        return answer

    def create(
        self, namespace: str, name: str, options: Document, actor: Actor, warnings: list[str]
    ) -> Document:
        """The same, and the machine is made for ``actor``. Raises ``ApiError``."""
        answer = self.process(namespace, name, options)
        vm = documents.child(answer, "virtualMachine")
        where = documents.namespace_of(vm) or namespace
        if where != namespace:
            raise BadRequest(
                f"the template makes a machine in namespace {where}, not in {namespace}"
            )
        write = WriteOptions(actor=actor, warnings=warnings)
        answer["virtualMachine"] = self._service.create(VIRTUAL_MACHINE, namespace, vm, write)
        return answer
