from hypothesis import given
from hypothesis import strategies as st

from virtctl.local.runtime import changes
from virtctl.models.kinds import POD, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.patches import apply_merge_patch

# null means "remove" in a merge patch, so documents that hold one cannot be reached by it
JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abcd"), JSON)


@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_leads_from_old_to_new(old, new):
    assert apply_merge_patch(old, changes.difference(old, new)) == new


@given(DOCUMENTS)
def test_equal_documents_need_no_patch(document):
    assert changes.difference(document, document) == {}


def test_a_status_is_patched_where_the_kind_keeps_it():
    document = {"metadata": {"name": "a", "namespace": "n"}, "status": {"phase": "x"}}
    (pod,) = changes.status_patch(POD, document, {"phase": "y"})
    assert (pod.subresource, pod.body) == ("status", {"status": {"phase": "y"}})
    (vmi,) = changes.status_patch(VIRTUAL_MACHINE_INSTANCE, document, {"phase": "y"})
    assert vmi.subresource == ""
    assert changes.status_patch(POD, document, {"phase": "x"}) == ()


def test_whole_objects_are_patched_by_their_difference():
    old = {"metadata": {"name": "a", "namespace": "n"}, "spec": {"x": 1}}
    (found,) = changes.patch_of(POD, old, {**old, "spec": {"x": 2}})
    assert (found.name, found.namespace, found.body) == ("a", "n", {"spec": {"x": 2}})


def test_every_change_can_be_described():
    document = {"kind": "Pod", "metadata": {"name": "a", "namespace": "n", "uid": "u"}}
    event = changes.Announce(about=document, reason="R", message="m", warning=True)
    said = [
        changes.describe(changes.Create(kind=POD, document=document)),
        changes.describe(changes.delete(POD, document, grace=3)),
        changes.describe(changes.patch(POD, document, {"x": 1}, subresource="status")),
        changes.describe(event),
        changes.describe(changes.Requeue(2)),
    ]
    assert said == [
        {"create": "Pod", "document": document},
        {"delete": "Pod", "name": "a", "grace": 3},
        {"patch": "Pod/status", "name": "a", "body": {"x": 1}},
        {"event": "Warning R", "about": "Pod/a", "message": "m"},
        {"requeue": 2},
    ]
