from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.claims import PROTECTION, default_claim


def test_a_new_claim_is_protected_and_has_a_mode():
    claim = {"metadata": {"finalizers": ["mine"]}}
    default_claim(claim, AdmissionContext())
    assert claim["spec"] == {"volumeMode": "Filesystem"}
    assert claim["metadata"]["finalizers"] == ["mine", PROTECTION]
    default_claim(claim, AdmissionContext())
    assert claim["metadata"]["finalizers"] == ["mine", PROTECTION]


def test_what_is_said_stays():
    claim = {"metadata": {}, "spec": {"volumeMode": "Block"}}
    default_claim(claim, AdmissionContext(old={}))
    assert claim == {"metadata": {}, "spec": {"volumeMode": "Block"}}
