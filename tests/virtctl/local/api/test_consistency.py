"""Whoever lists and watches knows what is there, whatever happens and whenever it began."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.service import make_service
from virtctl.errors import ApiError
from virtctl.local.api.service import select
from virtctl.models.kinds import CONFIG_MAP
from virtctl.wire.patches import merge_patch

NAMES = st.sampled_from("abc")
SPACES = st.sampled_from(["default", "other"])
DEEDS = st.lists(
    st.tuples(st.sampled_from(["create", "label", "unlabel", "touch", "delete"]), SPACES, NAMES),
    max_size=25,
)
SELECTORS = st.sampled_from(["", "on=yes", "on!=yes"])
PATCHES = {
    "label": {"metadata": {"labels": {"on": "yes"}}},
    "unlabel": {"metadata": {"labels": {"on": None}}},
    "touch": {"data": {"a": "b"}},
}


def do(service, deed, namespace, name) -> None:
    try:
        if deed == "create":
            service.create(CONFIG_MAP, namespace, {"metadata": {"name": name}})
        elif deed == "delete":
            service.delete(CONFIG_MAP, namespace, name)
        else:
            service.patch(CONFIG_MAP, namespace, name, merge_patch(PATCHES[deed]))
    except ApiError:
        pass  # it is there already, or not there


def identity(document):
    metadata = document["metadata"]
    return metadata["namespace"], metadata["name"]


def listed(service, labels, namespace):
    found = service.list(CONFIG_MAP, namespace, labels=labels)
    return {identity(item): item for item in found.items}


async def follow(feed, known):
    """What a client with a cache knows after all that has come."""
    last = 0
    while batch := feed.take():
        for delivery in batch:
            document = msgspec.json.decode(delivery.value)
            revision = int(document["metadata"]["resourceVersion"])
            assert revision > last
            last = revision
            key = identity(document)
            if delivery.type == "DELETED":
                assert key in known
                del known[key]
            else:
                assert (key in known) == (delivery.type == "MODIFIED")
                known[key] = document
    return known


@settings(max_examples=60, deadline=None)
@given(before=DEEDS, after=DEEDS, labels=SELECTORS, namespace=st.none() | SPACES)
async def test_a_watch_continues_a_list(before, after, labels, namespace) -> None:
    service = make_service()
    for deed in before:
        do(service, *deed)
    known = listed(service, labels, namespace)
    since = service.revision
    early = service.feed(CONFIG_MAP, namespace, select(CONFIG_MAP, labels, ""), since=since)
    for deed in after:
        do(service, *deed)
    late = service.feed(CONFIG_MAP, namespace, select(CONFIG_MAP, labels, ""), since=since)
    now = listed(service, labels, namespace)
    assert await follow(early, dict(known)) == now
    assert await follow(late, dict(known)) == now
    early.close()
    late.close()


@settings(max_examples=40, deadline=None)
@given(before=DEEDS, after=DEEDS, limit=st.integers(1, 4))
def test_pages_are_of_one_moment(before, after, limit) -> None:
    service = make_service()
    for deed in before:
        do(service, *deed)
    whole = service.list(CONFIG_MAP).items
    page = service.list(CONFIG_MAP, limit=limit)
    found, revision = page.items, page.resource_version
    changes = iter(after)
    while page.continue_token:
        do(service, *next(changes, ("touch", "default", "a")))
        page = service.list(CONFIG_MAP, limit=limit, continue_token=page.continue_token)
        assert page.resource_version == revision
        found += page.items
    assert found == whole
