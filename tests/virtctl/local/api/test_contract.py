from virtctl.local.api import contract, service


def test_service_exports_the_contract() -> None:
    for name in ("Actor", "WriteOptions", "DeleteOptions", "Listing", "Removal", "WatchEvent"):
        assert getattr(service, name) is getattr(contract, name)


def test_controllers_are_the_system() -> None:
    assert contract.WriteOptions().actor.system
    assert contract.DeleteOptions().actor.system


def test_warnings_are_not_shared() -> None:
    contract.WriteOptions().warnings.append("x")
    assert contract.WriteOptions().warnings == []
