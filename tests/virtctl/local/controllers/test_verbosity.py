import logging

import pytest

from tests.fakes.background import background
from tests.fakes.clock import FakeClock
from tests.fakes.service import make_service
from tests.fakes.waiting import until
from virtctl.local.controllers.verbosity import VerbosityController, level_of, levels, set_level
from virtctl.models.kinds import KUBEVIRT
from virtctl.wire.patches import merge_patch


def configured(**verbosity):
    return {"developerConfiguration": {"logVerbosity": verbosity}}


@pytest.mark.parametrize(
    ("verbosity", "level"), [(1, logging.INFO), (3, logging.INFO), (4, logging.DEBUG)]
)
def test_four_is_chatty(verbosity, level):
    assert level_of(verbosity) == level


def test_each_component_has_its_loggers():
    found = levels(configured(virtAPI=9, virtHandler=1))
    assert found["virtctl.local.http"] == logging.DEBUG
    assert found["virtctl.local.node"] == logging.INFO
    assert set(levels({}).values()) == {logging.INFO}


def test_a_level_is_set():
    logger = logging.getLogger("a.test.of.verbosity")
    set_level(logger.name, logging.DEBUG)
    assert logger.level == logging.DEBUG


async def test_a_change_counts_at_once():
    service, heard = make_service(), {}
    service.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": {"configuration": {}}})
    controller = VerbosityController(heard.__setitem__)
    async with background(controller.run(service, FakeClock())):
        await until(lambda: heard.get("virtctl.local.http") == logging.INFO)
        body = {"spec": {"configuration": configured(virtAPI=6)}}
        service.patch(KUBEVIRT, "default", "kv", merge_patch(body))
        await until(lambda: heard["virtctl.local.http"] == logging.DEBUG)
        assert heard["virtctl.local.controllers"] == logging.INFO
