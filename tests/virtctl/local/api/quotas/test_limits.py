import pytest

from virtctl.errors import Forbidden
from virtctl.local.api.context import NothingStored
from virtctl.local.api.quotas.limits import apply
from virtctl.models.kinds import CONFIG_MAP, LIMIT_RANGE, POD, PVC


class Ranges(NothingStored):
    """A namespace with one LimitRange."""

    def __init__(self, **bound):
        self.found = {"metadata": {"name": "l"}, "spec": {"limits": [bound]}}

    def list(self, kind, namespace):
        return [self.found] if kind == LIMIT_RANGE else []


def pod(**resources):
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", **resources}]}}


def resources(document):
    return document["spec"]["containers"][0].get("resources")


def test_containers_get_what_they_do_not_say():
    one = pod()
    apply(POD, one, Ranges(type="Container", default={"cpu": "1"}, defaultRequest={"cpu": "1m"}))
    assert resources(one) == {"limits": {"cpu": "1"}, "requests": {"cpu": "1m"}}


def test_a_default_limit_is_the_request_when_none_is_given():
    one = pod()
    apply(POD, one, Ranges(type="Container", default={"memory": "1Gi"}))
    assert resources(one) == {"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}}


def test_what_containers_say_stays():
    said = {"limits": {"cpu": "5"}, "requests": {"memory": "2Gi"}}
    one = pod(resources={key: dict(value) for key, value in said.items()})
    apply(POD, one, Ranges(type="Container", defaultRequest={"cpu": "1m", "memory": "1Mi"}))
    assert resources(one) == said


def test_nothing_is_bounded_without_ranges():
    one = pod()
    apply(POD, one, NothingStored())
    apply(CONFIG_MAP, {"metadata": {}}, Ranges(type="Container", min={"cpu": "1"}))
    assert resources(one) is None


@pytest.mark.parametrize(
    ("bound", "said", "why"),
    [
        ({"min": {"memory": "1Gi"}}, {}, "minimum memory usage per Container is 1Gi.  No request"),
        (
            {"min": {"memory": "1Gi"}},
            {"requests": {"memory": "64Mi"}},
            "minimum memory usage per Container is 1Gi, but request is 64Mi",
        ),
        (
            {"max": {"cpu": "1"}},
            {"limits": {"cpu": "2"}},
            "maximum cpu usage per Container is 1, but limit is 2",
        ),
        ({"max": {"cpu": "1"}}, {}, "maximum cpu usage per Container is 1.  No limit"),
    ],
)
def test_bounds_of_containers(bound, said, why):
    with pytest.raises(Forbidden) as caught:
        apply(POD, pod(resources=said), Ranges(type="Container", **bound))
    assert caught.value.message.startswith(f'pods "p" is forbidden: {why}')


def test_bounds_of_claims():
    claim = {
        "metadata": {"name": "c"},
        "spec": {"resources": {"requests": {"storage": "2Gi"}}},
    }
    apply(PVC, claim, Ranges(type="PersistentVolumeClaim", max={"storage": "2Gi"}))
    bound = Ranges(type="PersistentVolumeClaim", max={"storage": "1Gi"}, min={"storage": "3Gi"})
    with pytest.raises(Forbidden, match=r"\[minimum storage.*, maximum storage.*request is 2Gi\]"):
        apply(PVC, claim, bound)


def test_what_was_filled_in_is_noted():
    one = pod(resources={"requests": {"cpu": "1m"}})
    one["spec"]["initContainers"] = [{"name": "i"}]
    bound = {"default": {"cpu": "1", "memory": "1Gi"}, "defaultRequest": {"cpu": "1m"}}
    apply(POD, one, Ranges(type="Container", **bound))
    assert one["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: memory request for container c; "
        "cpu, memory limit for container c; cpu, memory request for init container i; "
        "cpu, memory limit for init container i"
    }
    assert resources(one)["requests"] == {"cpu": "1m", "memory": "1Gi"}


def of(**limits):
    return {"limits": limits, "requests": {}}


@pytest.mark.parametrize(
    ("containers", "first", "why"),
    [
        ([of(cpu="1"), of(cpu="1")], [], None),
        ([of(cpu="1"), of(cpu="1500m")], [], "maximum cpu usage per Pod is 2, but limit is 2500m"),
        ([of(cpu="1")], [of(cpu="3")], "maximum cpu usage per Pod is 2, but limit is 3"),
        ([of(cpu="1")], [of(cpu="2")], None),
        ([of()], [], "maximum cpu usage per Pod is 2.  No limit is specified"),
    ],
)
def test_pods_are_bounded_as_a_whole(containers, first, why):
    spec = {
        field: [{"name": f"c{number}", "resources": one} for number, one in enumerate(each)]
        for field, each in (("containers", containers), ("initContainers", first))
    }
    one = {"metadata": {"name": "p"}, "spec": spec}
    if why is None:
        apply(POD, one, Ranges(type="Pod", max={"cpu": "2"}))
        assert "annotations" not in one["metadata"]
    else:
        with pytest.raises(Forbidden) as caught:
            apply(POD, one, Ranges(type="Pod", max={"cpu": "2"}))
        assert str(caught.value) == f'pods "p" is forbidden: {why}'


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"limits": {"cpu": "8"}, "requests": {"cpu": "1"}}, None),
        ({"limits": {"cpu": "500m"}, "requests": {"cpu": "50m"}}, "provided ratio is 10.000000"),
        ({"limits": {"cpu": "1"}}, "no request is specified or request is 0"),
        ({"requests": {"cpu": "1"}}, "no limit is specified or limit is 0"),
    ],
)
def test_limits_are_few_times_their_requests(said, why):
    one, bound = pod(resources=said), Ranges(type="Container", maxLimitRequestRatio={"cpu": "8"})
    if why is None:
        apply(POD, one, bound)
        assert resources(one) == said
    else:
        with pytest.raises(Forbidden) as caught:
            apply(POD, one, bound)
        assert str(caught.value) == (
            f'pods "p" is forbidden: cpu max limit to request ratio per Container is 8, but {why}'
        )
