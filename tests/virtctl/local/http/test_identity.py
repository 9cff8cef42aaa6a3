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
    Reference,
    StoredAccounts,
    Wanted,
)
from virtctl.models.kinds import NODE, POD, SECRET, SERVICE_ACCOUNT

ROBOT = Reference("robot", "7")


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
        (Peer("carl"), "Bearer secret", "carl"),
        (Peer("carl"), "Bearer nonsense", "carl"),
        (Peer(), "Bearer secret and more", "jane"),
        (Peer(), "Bearer", ANONYMOUS.name),
        (Peer(), "Bearer ", ANONYMOUS.name),
        (Peer(), "bearer secret", "jane"),
        (Peer(), "Basic eA==", ANONYMOUS.name),
    ],
)
def test_who_calls(identity, peer, header, name) -> None:
    assert identity.identify(peer, header).name == name


def test_groups(identity) -> None:
    assert identity.identify(Peer("carl", ("devs",)), "").groups == ("devs", "system:authenticated")


@pytest.mark.parametrize("token", ["other", "a.b.c", "e30.e30.x", "é"])
def test_bad_tokens(identity, token) -> None:
    with pytest.raises(Unauthorized):
        identity.identify(Peer(unix=True), f"Bearer {token}")


def test_a_certificate_says_which_it_is(identity) -> None:
    actor = identity.identify(Peer("carl", digest="ab12"), "")
    assert actor.extra == (("authentication.kubernetes.io/credential-id", ("X509SHA256=ab12",)),)


def why(identity: KeyIdentity, token: str, *audiences: str) -> str:
    """What is wrong with ``token``."""
    with pytest.raises(Unauthorized) as caught:
        identity.review(token, audiences)
    return str(caught.value)


def test_issued_tokens_hold_until_they_expire(identity, time) -> None:
    token = identity.issue(Wanted("default", ROBOT, 60))
    assert token.expires == 1060
    found = identity.review(token.text)
    assert found.actor.name == "system:serviceaccount:default:robot"
    assert "system:serviceaccounts:default" in found.actor.groups
    assert found.audiences == (AUDIENCE,)
    assert why(KeyIdentity(b"other key", clock=time), token.text) == "invalid bearer token"
    time.now = 1061
    assert why(identity, token.text) == (
        "[invalid bearer token, service account token has expired]"
    )


def test_tokens_are_good_for_their_audiences(identity) -> None:
    token = identity.issue(Wanted("default", ROBOT, 60, ("vault", "shop"))).text
    with pytest.raises(Unauthorized, match=r"^Unauthorized$"):
        identity.identify(Peer(), f"Bearer {token}")
    assert why(identity, token) == (
        '[invalid bearer token, token audiences ["vault" "shop"] is invalid for the target '
        f'audiences ["{AUDIENCE}"]]'
    )
    assert identity.review(token, ("x", "shop")).audiences == ("shop",)
    both = identity.issue(Wanted("default", ROBOT, 60, ("vault", AUDIENCE))).text
    assert identity.identify(Peer(), f"Bearer {both}").name.endswith(":robot")


def test_tokens_can_be_read(identity) -> None:
    import base64

    token = identity.issue(Wanted("default", ROBOT, 3600)).text
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    number = claims.pop("jti")
    assert claims == {
        "sub": "system:serviceaccount:default:robot",
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "robot", "uid": "7"}},
        "exp": 4600,
        "iat": 1000,
        "nbf": 1000,
        "iss": AUDIENCE,
        "aud": [AUDIENCE],
    }
    known = dict(identity.review(token).actor.extra)
    assert known == {"authentication.kubernetes.io/credential-id": (f"JTI={number}",)}


def test_signed_nonsense_is_no_token(identity) -> None:
    signed = "e30.W10"
    assert why(identity, f"{signed}.{identity._sign(signed)}") == "invalid bearer token"


def test_tokens_die_with_what_they_depend_on(time) -> None:
    service = make_service()
    identity = KeyIdentity(b"key", clock=time, accounts=StoredAccounts(service))
    account = service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    secret = service.create(SECRET, "default", {"metadata": {"name": "held"}})
    uid = account["metadata"]["uid"]
    plain = identity.issue(Wanted("default", Reference("robot", uid), 60)).text
    held = identity.issue_for_secret(account, secret)
    for token in (plain, held):
        assert identity.review(token).actor.uid == uid
    assert identity.review(held).actor.extra == ()
    time.now = 1e9  # a secret's token does not expire
    assert identity.review(held).actor.uid == uid
    service.delete(SECRET, "default", "held")
    gone = "[invalid bearer token, service account token has been invalidated]"
    assert why(identity, held) == gone
    time.now = 1000
    assert identity.review(plain).actor.uid == uid
    service.delete(SERVICE_ACCOUNT, "default", "robot")
    assert why(identity, plain) == '[invalid bearer token, serviceaccounts "robot" not found]'
    service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    assert "does not match claim" in why(identity, plain)


def test_a_nodes_token_dies_with_the_node(time) -> None:
    service = make_service()
    identity = KeyIdentity(b"key", clock=time, accounts=StoredAccounts(service))
    account = service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    node = service.create(NODE, None, {"metadata": {"name": "n1"}})
    robot = Reference("robot", account["metadata"]["uid"])
    uid = node["metadata"]["uid"]
    token = identity.issue(Wanted("default", robot, 60, node=Reference("n1", uid))).text
    known = dict(identity.review(token).actor.extra)
    assert known["authentication.kubernetes.io/node-name"] == ("n1",)
    assert known["authentication.kubernetes.io/node-uid"] == (uid,)
    service.delete(NODE, None, "n1")
    assert "has been invalidated" in why(identity, token)


def test_a_pods_token_dies_with_the_pod(time) -> None:
    service = make_service()
    identity = KeyIdentity(b"key", clock=time, accounts=StoredAccounts(service))
    account = service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    bare = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    pod = service.create(POD, "default", bare)
    token = identity.issue_for_pod(account, pod)
    time.now += 364 * 24 * 3600
    found = identity.review(token).actor
    assert found.name == "system:serviceaccount:default:robot"
    assert dict(found.extra)["authentication.kubernetes.io/pod-name"] == ("p",)
    service.delete(POD, "default", "p")
    service.create(POD, "default", bare)
    assert "has been invalidated" in why(identity, token)
