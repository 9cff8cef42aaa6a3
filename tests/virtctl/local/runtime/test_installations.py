from virtctl.local.runtime.installations import deployed


def test_an_operator_says_that_all_is_well_in_its_version() -> None:
    status = deployed({"status": {"observedGeneration": 3}}, "v1.2", 0.0)
    assert {one["type"]: one["status"] for one in status["conditions"]} == {
        "Available": "True", "Progressing": "False", "Degraded": "False",
    }  # fmt: skip
    assert (status["phase"], status["observedGeneration"]) == ("Deployed", 3)
    versions = ("operatorVersion", "targetVersion", "observedVersion")
    assert {status[name] for name in versions} == {"v1.2"}


def test_saying_it_again_changes_nothing() -> None:
    once = {"status": deployed({}, "v1.2", 0.0)}
    assert deployed(once, "v1.2", 1000.0) == once["status"]
