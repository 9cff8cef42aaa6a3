from virtctl.manifests.encoding import as_written


def test_structs_are_never_left_out() -> None:
    vm = {
        "spec": {
            "template": {"spec": {"domain": {"features": {"smm": {}}}}},
            "dataVolumeTemplates": [{"spec": {"storage": {}}}, {"spec": {"pvc": {}}}],
        }
    }
    assert as_written(vm) == {  # type: ignore[arg-type]
        "metadata": {},
        "status": {},
        "spec": {
            "template": {
                "metadata": {},
                "spec": {
                    "domain": {"devices": {}, "resources": {}, "features": {"smm": {}, "acpi": {}}}
                },
            },
            "dataVolumeTemplates": [
                {"metadata": {}, "spec": {"storage": {"resources": {}}}},
                {"metadata": {}, "spec": {"pvc": {"resources": {}}}},
            ],
        },
    }


def test_a_template_that_is_absent_is_null() -> None:
    assert as_written({}) == {"metadata": {}, "status": {}, "spec": {"template": None}}
