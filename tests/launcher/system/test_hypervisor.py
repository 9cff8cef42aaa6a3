"""The parts of the adapter that need no QEMU; the rest is seen in tests/vm."""

import os
from pathlib import Path

import libvirt
import pytest

from launcher.errors import HypervisorError
from launcher.system import hypervisor
from launcher.system.hypervisor import EmbeddedLibvirt, Event, EventKind, Reason

pytestmark = pytest.mark.host


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> tuple[EmbeddedLibvirt, list[Event]]:
    # One driver a process is all that libvirt allows.
    events: list[Event] = []
    return EmbeddedLibvirt(tmp_path_factory.mktemp("libvirt"), events.append), events


Embedded = tuple[EmbeddedLibvirt, list[Event]]


def test_before_a_domain_is_defined(embedded: Embedded) -> None:
    driver, _ = embedded
    assert not driver.running()
    with pytest.raises(HypervisorError, match="not defined yet"):
        driver.start(paused=False)


def test_a_refusal_is_one_sentence(embedded: Embedded) -> None:
    driver, _ = embedded
    with pytest.raises(HypervisorError) as caught:
        driver.define("<domain type='qemu'><name>a</name></domain>")
    assert str(caught.value)[0].islower()
    assert not str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("event", "detail", "expected"),
    [
        (
            libvirt.VIR_DOMAIN_EVENT_STOPPED,
            libvirt.VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN,
            Event(EventKind.STOPPED, Reason.GUEST),
        ),
        (
            libvirt.VIR_DOMAIN_EVENT_STOPPED,
            libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED,
            Event(EventKind.STOPPED, Reason.FAILED),
        ),
        (
            libvirt.VIR_DOMAIN_EVENT_SUSPENDED,
            libvirt.VIR_DOMAIN_EVENT_SUSPENDED_IOERROR,
            Event(EventKind.SUSPENDED, Reason.IO_ERROR),
        ),
        (libvirt.VIR_DOMAIN_EVENT_STARTED, 0, Event(EventKind.STARTED, Reason.OTHER)),
        (libvirt.VIR_DOMAIN_EVENT_DEFINED, 0, None),
    ],
)
def test_lifecycle_events(
    embedded: Embedded, event: int, detail: int, expected: Event | None
) -> None:
    driver, events = embedded
    events.clear()
    driver._on_lifecycle(None, None, event, detail, None)
    assert events == ([expected] if expected else [])


def test_no_thread_stays_bound_to_one_cpu(embedded: Embedded) -> None:
    allowed = os.sched_getaffinity(0)
    threads = [int(path.name) for path in Path("/proc/self/task").iterdir()]
    assert {frozenset(os.sched_getaffinity(thread)) for thread in threads} == {frozenset(allowed)}


def test_the_version_has_three_parts() -> None:
    assert hypervisor.version().count(".") == 2
