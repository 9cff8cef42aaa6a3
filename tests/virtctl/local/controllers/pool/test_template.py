from virtctl.local.controllers.pool.template import build_machine, build_spec


def pool(*volumes, **spec):
    template = {"spec": {"volumes": list(volumes)}}
    return {
        "metadata": {"name": "pool1", "namespace": "default", "uid": "u", "generation": 4},
        "spec": {
            "virtualMachineTemplate": {
                "metadata": {"labels": {"a": "b"}, "annotations": {"note": "1"}},
                "spec": {
                    "dataVolumeTemplates": [{"metadata": {"name": "root"}}],
                    "template": template,
                },
            },
            **spec,
        },
    }


VOLUMES = (
    {"name": "a", "dataVolume": {"name": "root"}},
    {"name": "b", "persistentVolumeClaim": {"claimName": "root"}},
    {"name": "c", "persistentVolumeClaim": {"claimName": "shared"}},
    {"name": "d", "configMap": {"name": "cm"}},
    {"name": "e", "secret": {"secretName": "s"}},
    {"name": "f", "cloudInitNoCloud": {"secretRef": {"name": "u"}, "userData": "x"}},
    {"name": "g", "sysprep": {"configMap": {"name": "sys"}}},
)


def sources(spec):
    return [
        {key: value for key, value in volume.items() if key != "name"}
        for volume in spec["template"]["spec"]["volumes"]
    ]


def test_each_machine_has_its_own_data_volumes():
    spec = build_spec(pool(*VOLUMES), 7)
    assert spec["dataVolumeTemplates"] == [{"metadata": {"name": "root-7"}}]
    assert sources(spec) == [
        {"dataVolume": {"name": "root-7"}},
        {"persistentVolumeClaim": {"claimName": "root-7"}},
        {"persistentVolumeClaim": {"claimName": "shared"}},
        {"configMap": {"name": "cm"}},
        {"secret": {"secretName": "s"}},
        {"cloudInitNoCloud": {"secretRef": {"name": "u"}, "userData": "x"}},
        {"sysprep": {"configMap": {"name": "sys"}}},
    ]


def test_config_maps_and_secrets_get_the_number_when_asked_for():
    names = {"appendIndexToConfigMapRefs": True, "appendIndexToSecretRefs": True}
    spec = build_spec(pool(*VOLUMES, nameGeneration=names), 0)
    assert sources(spec)[3:] == [
        {"configMap": {"name": "cm-0"}},
        {"secret": {"secretName": "s-0"}},
        {"cloudInitNoCloud": {"secretRef": {"name": "u-0"}, "userData": "x"}},
        {"sysprep": {"configMap": {"name": "sys-0"}}},
    ]


def test_the_template_is_not_changed():
    wanted = pool(*VOLUMES)
    build_machine(wanted, 3)
    assert wanted == pool(*VOLUMES)


def test_a_machine_tells_its_revision():
    vm = build_machine(pool(), 3)
    assert vm["metadata"]["name"] == "pool1-3"
    label = {"kubevirt.io/vm-pool-revision-name": "pool1-4"}
    assert vm["metadata"]["labels"] == {"a": "b", **label}
    assert vm["metadata"]["annotations"] == {"note": "1"}
    assert vm["spec"]["template"]["metadata"]["labels"] == label
