from virtctl.resources import templates


def test_templates_are_found() -> None:
    assert (templates() / "vm/fedora-0.yaml").exists()
