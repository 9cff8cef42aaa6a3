from virtctl.local.controllers.machine import instance


def vm(**spec):
    return {
        "metadata": {"name": "vm1", "namespace": "default", "uid": "u", "generation": 3},
        "spec": {"template": {"metadata": {"annotations": {"a": "b"}}, "spec": spec}},
    }


def test_the_firmware_uuid_follows_from_the_name():
    made = instance.build(vm())["spec"]["domain"]["firmware"]["uuid"]
    assert made == instance.build(vm())["spec"]["domain"]["firmware"]["uuid"]
    kept = instance.build(vm(domain={"firmware": {"uuid": "mine"}}))
    assert kept["spec"]["domain"]["firmware"]["uuid"] == "mine"


def test_annotations_carry_the_generation():
    made = instance.build(vm())
    assert made["metadata"]["annotations"] == {"a": "b", "kubevirt.io/vm-generation": "3"}
    assert instance.observed_generation(made) == 3
    assert instance.observed_generation({"metadata": {}}) == 0


def test_the_template_is_not_shared_with_what_is_built():
    source = vm(domain={"devices": {}})
    instance.build(source)["spec"]["domain"]["devices"]["x"] = 1
    assert source["spec"]["template"]["spec"] == {"domain": {"devices": {}}}


def test_an_input_device_is_attached_when_there_is_none():
    def inputs(**devices):
        made = instance.build(vm(domain={"devices": devices}))
        return made["spec"]["domain"]["devices"].get("inputs")

    assert inputs(autoattachInputDevice=True) == [{"name": "default-0"}]
    assert inputs(autoattachInputDevice=True, inputs=[{"name": "i"}]) == [{"name": "i"}]
    assert inputs(autoattachInputDevice=False) is None
    assert inputs() is None


def test_a_revision_holds_the_template():
    made = instance.build_revision(vm(hostname="h"))
    assert instance.revision_template(made) == {"hostname": "h"}
    assert made["metadata"]["name"] == "revision-start-vm-u-3"
