"""Access credentials of a VirtualMachineInstance: SSH keys and passwords from secrets."""

from __future__ import annotations

from collections.abc import Mapping

from launcher.spec import Password, SshKeys
from virtctl.errors import InvalidField
from virtctl.local.node.materials import TranslateFacts
from virtctl.models import documents as doc
from virtctl.models.documents import Document

_SEEDS = ("noCloud", "configDrive")


def ssh_keys(spec: Document, facts: TranslateFacts) -> tuple[SshKeys, ...]:
    """Public keys of ``accessCredentials``, in order."""
    found = []
    for position, each in enumerate(doc.objects(spec, "accessCredentials")):
        if doc.find(each, "sshPublicKey") is None:
            continue
        public = doc.child(each, "sshPublicKey")
        secret = _credential(public, f"spec.accessCredentials[{position}].sshPublicKey", facts)
        via = _way(doc.child(public, "propagationMethod"))
        agent = via == "agent"
        texts = [value.decode() for _, value in sorted(secret.items())]
        if agent:
            texts = [text.strip() for text in texts]
        users = doc.items(public, "propagationMethod", "qemuGuestAgent", "users")
        found.append(
            SshKeys(
                keys=tuple(text for text in texts if text),
                via=via,
                users=tuple(str(user) for user in users) if agent else (),
            )
        )
    return tuple(found)


def _way(method: Document) -> str:
    """How keys get into the guest; a seed brings its own only, and them as they are."""
    if doc.find(method, "qemuGuestAgent") is not None:
        return "agent"
    return next((each for each in _SEEDS if doc.find(method, each) is not None), "cloudInit")


def passwords(spec: Document, facts: TranslateFacts) -> tuple[Password, ...]:
    """Passwords of ``accessCredentials``: each entry of a secret is a user's."""
    found: dict[str, Password] = {}
    for position, each in enumerate(doc.objects(spec, "accessCredentials")):
        if doc.find(each, "userPassword") is None:
            continue
        at = f"spec.accessCredentials[{position}].userPassword"
        secret = _credential(doc.child(each, "userPassword"), at, facts)
        for user, password in sorted(secret.items()):
            found[user] = Password(user=user, password=password.decode().strip())
    return tuple(found.values())


def _credential(given: Document, at: str, facts: TranslateFacts) -> Mapping[str, bytes]:
    secret = doc.text(given, "source", "secret", "secretName")
    if secret not in facts.secrets:
        path = f"{at}.source.secret.secretName"
        raise InvalidField(path, secret, "there is no secret of this name")
    return facts.secrets[secret]
