"""CDI's own objects."""

from __future__ import annotations

from tests.fakes.cdi import classes
from tests.fakes.shelf import NOW, Shelf
from virtctl.local.controllers.cdi.installation import InstallationController
from virtctl.local.controllers.claims import PROVISIONER
from virtctl.local.runtime import fillings
from virtctl.local.runtime.queue import Key

CONTROLLER = InstallationController("kubevirt", PROVISIONER)


def decide(*documents: dict) -> list:
    seen = CONTROLLER.observe(Shelf(list(documents)), Key("", "config"))
    return list(CONTROLLER.decide(seen, NOW))


def new(*documents: dict) -> list[dict]:
    return [change.document for change in decide(*documents)]


def test_both_objects_are_made() -> None:
    assert [one["kind"] for one in new()] == ["CDI", "CDIConfig"]
    assert CONTROLLER.observe(Shelf([]), Key("", "other")) is None


def test_their_status_is_that_of_what_works() -> None:
    cdi, config = new()
    config["metadata"]["annotations"] = {fillings.UPLOAD_PROXY: "https://127.0.0.1:1"}
    config["status"] = {"uploadProxyURL": "https://earlier"}
    cdi, settings = decide(cdi, config, classes()[0])
    assert cdi.body["status"]["phase"] == "Deployed"
    status = settings.body["status"]
    assert status["uploadProxyURL"] == "https://127.0.0.1:1"
    assert status["scratchSpaceStorageClass"] == "local"
    assert status["filesystemOverhead"] == {"global": "0.06", "storageClass": {"local": "0"}}


def test_the_installations_configuration_is_handed_on() -> None:
    cdi, settings = new()
    cdi["spec"] = {"config": {"preallocation": True}}
    settings["spec"] = {"insecureRegistries": ["x"]}
    change = next(one for one in decide(cdi, settings) if "spec" in one.body)
    assert change.body == {"spec": {"preallocation": True, "insecureRegistries": None}}
    settings["spec"] = {"preallocation": True}
    assert not any("spec" in one.body for one in decide(cdi, settings))


def test_what_the_user_sets_counts() -> None:
    cdi, settings = new()
    settings["spec"] = {
        "uploadProxyURLOverride": "https://elsewhere",
        "filesystemOverhead": {"global": "0.1"},
        "preallocation": True,
        "importProxy": {"HTTPProxy": "http://p:1"},
    }
    other = classes()[0] | {"metadata": {"name": "other"}, "provisioner": "x"}
    status = decide(cdi, settings, classes()[0], other)[1].body["status"]
    assert status["uploadProxyURL"] == "https://elsewhere"
    assert status["preallocation"] is True
    assert status["importProxy"] == {"HTTPProxy": "http://p:1"}
    overhead = {"global": "0.1", "storageClass": {"local": "0.1", "other": "0.1"}}
    assert status["filesystemOverhead"] == overhead
