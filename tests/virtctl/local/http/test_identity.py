import msgspec
import pytest

from tests.fakes.service import make_service
from virtctl.errors import Unauthorized
from virtctl.local.api.service import Actor
from virtctl.local.http.identity import (
    ANONYMOUS,
    AUDIENCE,
    LOCAL_ADMIN,
    KeyIdentity,
    Peer,
    StoredAccounts,
)
from virtctl.models.kinds import POD, SECRET, SERVICE_ACCOUNT


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def identity(time):
    return KeyIdentity(b"key", {"secret": Actor("jane")}, time)


@pytest.mark.parametrize(
    ("peer", "header", "name"),
    [
        (Peer(), "", ANONYMOUS.name),
        (Peer(unix=True), "", LOCAL_ADMIN.name),
        (Peer("carl", ("devs",)), "", "carl"),
        (Peer("carl"), "Bearer secret", "jane"),
        (Peer(), "bearer secret", "jane"),
        (Peer(), "Basic eA==", ANONYMOUS.name),
    ],
)
def test_who_calls(identity, peer, header, name) -> None:
    assert identity.identify(peer, header).name == name


def test_groups(identity) -> None:
    assert identity.identify(Peer("carl", ("devs",)), "").groups == ("devs", "system:authenticated")


@pytest.mark.parametrize("token", ["", "other", "a.b.c", "e30.e30.x", "é"])
def test_bad_tokens(identity, token) -> None:
    with pytest.raises(Unauthorized):
        identity.identify(Peer(unix=True), f"Bearer {token}")


def test_issued_tokens_hold_until_they_expire(identity, time) -> None:
    token = identity.issue("default", "robot", "7", 60)
    assert token.expires == 1060
    actor = identity.review(token.text)
    assert actor.name == "system:serviceaccount:default:robot"
    assert "system:serviceaccounts:default" in actor.groups
    assert KeyIdentity(b"other key", clock=time).review(token.text) is None
    time.now = 1061
    assert identity.review(token.text) is None


def test_tokens_can_be_read(identity) -> None:
    import base64

    claims = identity.issue("default", "robot", "7", 3600).text.split(".")[1]
    assert msgspec.json.decode(base64.urlsafe_b64decode(claims + "==")) == {
        "sub": "system:serviceaccount:default:robot",
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "robot", "uid": "7"}},
        "exp": 4600,
        "iat": 1000,
        "nbf": 1000,
        "iss": AUDIENCE,
        "aud": [AUDIENCE],
    }


def test_signed_nonsense_is_no_token(identity) -> None:
    signed = "e30.W10"
    assert identity.review(f"{signed}.{identity._sign(signed)}") is None


def test_tokens_die_with_what_they_depend_on(time) -> None:
    service = make_service()
    identity = KeyIdentity(b"key", clock=time, accounts=StoredAccounts(service))
    account = service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    secret = service.create(SECRET, "default", {"metadata": {"name": "held"}})
    uid = account["metadata"]["uid"]
    plain = identity.issue("default", "robot", uid, 60).text
    held = identity.issue_for_secret(account, secret)
    assert (identity.review(plain).uid, identity.review(held).uid) == (uid, uid)
    time.now = 1e9  # a secret's token does not expire
    assert identity.review(held) is not None
    service.delete(SECRET, "default", "held")
    assert identity.review(held) is None
    time.now = 1000
    assert identity.review(plain) is not None
    service.delete(SERVICE_ACCOUNT, "default", "robot")
    service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    assert identity.review(plain) is None


def test_a_pods_token_dies_with_the_pod(time) -> None:
    service = make_service()
    identity = KeyIdentity(b"key", clock=time, accounts=StoredAccounts(service))
    account = service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    bare = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    pod = service.create(POD, "default", bare)
    token = identity.issue_for_pod(account, pod)
    time.now += 364 * 24 * 3600
    assert identity.review(token).name == "system:serviceaccount:default:robot"
    service.delete(POD, "default", "p")
    service.create(POD, "default", bare)
    assert identity.review(token) is None
