import pytest

from virtctl.local.runtime import resizing

BEGUN = {"memory": {"guestAtBoot": "1Gi", "guestCurrent": "1Gi"}}


def vmi(status=None, **domain):
    return {"spec": {"domain": domain}, "status": BEGUN if status is None else status}


@pytest.mark.parametrize(
    ("asked", "has", "most", "given"),
    [(2, 1, 4, 2), (1, 2, 4, 0), (2, 2, 4, 0), (8, 1, 4, 0), (2, 1, 0, 0)],
)
def test_sockets(asked, has, most, given):
    running = vmi(cpu={"sockets": has, "maxSockets": most})
    assert resizing.more_sockets({"domain": {"cpu": {"sockets": asked}}}, running) == given


@pytest.mark.parametrize(
    ("asked", "most", "given"),
    [
        ("2Gi", "4Gi", "2Gi"),
        ("1Gi", "4Gi", ""),
        ("512Mi", "4Gi", ""),
        ("8Gi", "4Gi", ""),
        ("2Gi", "", ""),
        ("1025Mi", "4Gi", ""),
    ],
)
def test_memory(asked, most, given):
    running = vmi(memory={"guest": "1Gi", "maxGuest": most})
    assert resizing.other_memory({"domain": {"memory": {"guest": asked}}}, running) == given


@pytest.mark.parametrize(("limit", "given"), [("2Gi", "2304Mi"), ("", "")])
def test_a_limit_grows_with_the_guest(limit, given):
    running = vmi(memory={"guest": "1Gi"}, resources={"limits": {"memory": limit}})
    assert resizing.memory_limit("1280Mi", running) == given


def test_huge_pages_come_whole():
    pages = {"hugepages": {"pageSize": "1Gi"}, "guest": "1Gi", "maxGuest": "4Gi"}
    assert not resizing.fits("1026Mi", vmi(memory=pages))
    assert resizing.fits("2Gi", vmi(memory=pages))


def test_what_is_under_way():
    status = {"currentCPUTopology": {"sockets": 1}, "memory": {"guestCurrent": "1Gi"}}
    still = vmi(status, cpu={"sockets": 1}, memory={"guest": "1Gi"})
    assert list(resizing.under_way(still)) == []
    grows = vmi(status, cpu={"sockets": 2}, memory={"guest": "2Gi"})
    kinds = [one["type"] for one in resizing.under_way(grows)]
    assert kinds == ["HotVCPUChange", "HotMemoryChange"]
    assert list(resizing.under_way({})) == []
