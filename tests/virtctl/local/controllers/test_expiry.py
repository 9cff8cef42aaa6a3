from tests.fakes.shelf import NOW
from virtctl.local.controllers.expiry import ExpiryController
from virtctl.local.runtime.times import stamp


def event(name, **times):
    return {"metadata": {"name": name, "namespace": "default", "uid": name}, **times}


def test_only_old_events_go():
    events = [
        event("old", lastTimestamp=stamp(NOW - 3601)),
        event("young", lastTimestamp=stamp(NOW - 3599)),
        event("micro", lastTimestamp=None, eventTime=stamp(NOW - 7200)),
    ]
    gone = ExpiryController().decide(events, NOW)
    assert [change.name for change in gone] == ["old", "micro"]


def test_what_an_event_says_of_times_long_past_counts_for_nothing():
    made = event("told late", lastTimestamp=stamp(NOW - 7200))
    made["metadata"]["creationTimestamp"] = stamp(NOW - 60)
    assert ExpiryController().decide([made], NOW) == []
