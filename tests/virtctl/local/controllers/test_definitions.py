"""Definitions: ours are there, and a deleted one takes its objects along."""

import asyncio
import contextlib

import pytest

from tests.fakes.definitions import definition, version, widget
from tests.fakes.eventually import eventually
from tests.fakes.service import make_service
from virtctl.local.api.admission import Admission
from virtctl.local.api.registry import Registry
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Hooks
from virtctl.local.controllers import definitions
from virtctl.local.controllers.definitions import DefinitionController, describe_own
from virtctl.local.runtime.clock import SystemClock
from virtctl.models.kinds import API_SERVICE, DEFINITION


def service():
    registry = Registry()
    made = make_service(Hooks(ModelSchemas(registry.shape), Admission(registry=registry)))
    made.registry = registry
    return made


@pytest.fixture
async def running():
    made = service()
    task = asyncio.create_task(DefinitionController().run(made, SystemClock()))
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_our_own_are_described():
    made = service()
    await describe_own(made)
    stored = made.get(DEFINITION, None, "virtualmachines.kubevirt.io")
    assert [each["name"] for each in stored["spec"]["versions"]] == ["v1", "v1alpha3"]
    assert stored["status"]["acceptedNames"]["shortNames"] == ["vm", "vms"]
    assert made.exists(API_SERVICE, None, "v1.subresources.kubevirt.io")
    assert not made.exists(DEFINITION, None, "pods")


async def test_they_are_described_anew_when_the_models_change(monkeypatch):
    made = service()
    await describe_own(made)
    first = made.get(DEFINITION, None, "datavolumes.cdi.kubevirt.io")
    await describe_own(made)
    assert made.get(DEFINITION, None, "datavolumes.cdi.kubevirt.io") == first
    monkeypatch.setattr(definitions, "models_fingerprint", lambda: "other")
    await describe_own(made)
    second = made.get(DEFINITION, None, "datavolumes.cdi.kubevirt.io")
    assert second["metadata"]["annotations"][definitions.FINGERPRINT] == "other"
    assert second["status"] == first["status"]


async def test_what_a_user_wrote_stays(monkeypatch):
    made = service()
    await describe_own(made)
    name = "network-attachment-definitions.k8s.cni.cncf.io"
    theirs = made.get(DEFINITION, None, name)
    del theirs["metadata"]["annotations"]
    kept = made.update(DEFINITION, None, name, theirs)
    monkeypatch.setattr(definitions, "models_fingerprint", lambda: "other")
    await describe_own(made)
    assert made.get(DEFINITION, None, name) == kept


async def test_groups_have_services(running):
    running.create(DEFINITION, None, definition(version(), version("v1beta1")))
    await eventually(lambda: running.exists(API_SERVICE, None, "v1beta1.example.com"))
    assert running.exists(API_SERVICE, None, "v1.example.com")


async def test_a_deleted_one_takes_its_objects_along(running):
    running.create(DEFINITION, None, definition())
    kind = running.registry.by_name("example.com/v1", "Widget")
    running.create(kind, "default", widget())
    running.delete(DEFINITION, None, "widgets.example.com")
    assert running.exists(DEFINITION, None, "widgets.example.com")
    await eventually(lambda: not running.exists(DEFINITION, None, "widgets.example.com"))
    assert not running.exists(kind, "default", "w1")
    assert running.registry.by_name("example.com/v1", "Widget") is None
