import base64

from tests.fakes.service import make_service
from virtctl.local.controllers.accounts import (
    ROOT_CERTIFICATE,
    TOKEN_TYPE,
    CertificateController,
    TokenController,
)
from virtctl.local.runtime.changes import Create, Delete, Patch
from virtctl.local.runtime.queue import Key
from virtctl.models.kinds import CONFIG_MAP, NAMESPACE, SECRET, SERVICE_ACCOUNT

TOKENS = TokenController(lambda account, secret: "the token", "PEM")
CERTIFICATES = CertificateController("PEM")


def token_secret(service, account="robot", **annotations):
    metadata = {
        "name": "held",
        "annotations": {"kubernetes.io/service-account.name": account, **annotations},
    }
    return service.create(SECRET, "default", {"metadata": metadata, "type": TOKEN_TYPE})


def decided(controller, service, key):
    seen = controller.observe(service, key)
    return [] if seen is None else controller.decide(seen, 0)


def test_token_secrets_are_filled_in() -> None:
    service = make_service()
    account = service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    secret = token_secret(service)
    (change,) = decided(TOKENS, service, Key("default", "held"))
    assert isinstance(change, Patch)
    read = {key: base64.b64decode(value) for key, value in change.body["data"].items()}
    assert read == {"ca.crt": b"PEM", "namespace": b"default", "token": b"the token"}
    uid = {"kubernetes.io/service-account.uid": account["metadata"]["uid"]}
    assert change.body["metadata"]["annotations"] == uid
    metadata = {**secret["metadata"], "annotations": {
        **secret["metadata"]["annotations"], **uid,
    }}  # fmt: skip
    service.update(SECRET, "default", "held", {**secret, **change.body, "metadata": metadata})
    assert decided(TOKENS, service, Key("default", "held")) == []


def test_without_their_account_they_go() -> None:
    service = make_service()
    token_secret(service)
    (change,) = decided(TOKENS, service, Key("default", ""))
    assert isinstance(change, Delete)


def test_an_account_of_the_same_name_is_another() -> None:
    service = make_service()
    service.create(SERVICE_ACCOUNT, "default", {"metadata": {"name": "robot"}})
    token_secret(service, **{"kubernetes.io/service-account.uid": "another"})
    (change,) = decided(TOKENS, service, Key("default", "held"))
    assert isinstance(change, Delete)


def test_other_secrets_are_left_alone() -> None:
    service = make_service()
    service.create(SECRET, "default", {"metadata": {"name": "held"}})
    assert decided(TOKENS, service, Key("default", "held")) == []
    assert decided(TOKENS, service, Key("default", "none")) == []


def test_every_namespace_has_the_certificate() -> None:
    service = make_service()
    (change,) = decided(CERTIFICATES, service, Key("", "default"))
    assert isinstance(change, Create)
    assert change.document["data"] == {"ca.crt": "PEM"}
    service.create(CONFIG_MAP, "default", change.document)
    assert decided(CERTIFICATES, service, Key("", "default")) == []
    other = service.get(CONFIG_MAP, "default", ROOT_CERTIFICATE)
    service.update(CONFIG_MAP, "default", ROOT_CERTIFICATE, {**other, "data": {}})
    (change,) = decided(CERTIFICATES, service, Key("", "default"))
    assert change.body == {"data": {"ca.crt": "PEM"}}


def test_namespaces_that_go_are_left_alone() -> None:
    service = make_service()
    service.delete(NAMESPACE, None, "other")
    assert decided(CERTIFICATES, service, Key("", "other")) == []
    assert decided(CERTIFICATES, service, Key("", "none")) == []
