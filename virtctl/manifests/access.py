"""Access credentials and cloud-init of ``create vm``."""

from __future__ import annotations

from dataclasses import dataclass

from virtctl.errors import UsageError
from virtctl.manifests.params import Params
from virtctl.models.documents import Document

CLOUD_INIT_DISK = "cloudinitdisk"
_HEADER = "#cloud-config"
_VOLUMES = {"nocloud": "cloudInitNoCloud", "configdrive": "cloudInitConfigDrive", "none": ""}


@dataclass
class CloudInit:
    """What the flags say; None is not given. ``password`` is the file's trimmed content."""

    kind: str | None = None
    user: str | None = None
    password: str | None = None
    ssh_keys: list[str] | None = None
    manage_ssh: bool | None = None
    user_data: str | None = None
    network_data: str | None = None
    network_config: str = ""
    """Network configuration in clear text, which only nocloud reads."""

    def given(self) -> bool:
        """Whether any flag was."""
        values = (
            self.kind,
            self.user,
            self.password,
            self.ssh_keys,
            self.manage_ssh,
            self.user_data,
            self.network_data,
        )
        return bool(self.network_config) or any(value is not None for value in values)


def credential(value: str, cloud_init: CloudInit) -> Document:
    """``--access-cred``; may choose cloud-init's kind and let the agent manage keys."""
    params = Params("access-cred", value, ("type", "src", "method", "user"))
    kind = params.text("type").lower() or "ssh"
    if kind not in {"ssh", "password"}:
        raise params.error(
            f'invalid access credential type "{params.text("type")}", '
            "supported values are: ssh, password"
        )
    namespace, secret = params.reference()
    if namespace:
        raise params.error(f'not allowed to specify namespace of secret "{secret}"')
    method = params.text("method").lower() or "ga"
    source: Document = {"secret": {"secretName": params.text("src")}}
    if kind == "password":
        return _password(params, method, source)
    return _ssh(params, method, source, cloud_init)


def _password(params: Params, method: str, source: Document) -> Document:
    if method != "ga":
        raise params.error(
            f'invalid access credential password method "{method}", supported values are: ga'
        )
    _no_user(params)
    return {"userPassword": {"source": source, "propagationMethod": {"qemuGuestAgent": {}}}}


def _ssh(params: Params, method: str, source: Document, cloud_init: CloudInit) -> Document:
    if method == "ga":
        user = params.text("user") or cloud_init.user
        if not user:
            raise params.error(
                "user must be specified with access credential ssh method ga, "
                "by the user param or --user"
            )
        if cloud_init.manage_ssh is None:
            cloud_init.manage_ssh = True
        return {
            "sshPublicKey": {
                "source": source,
                "propagationMethod": {"qemuGuestAgent": {"users": [user]}},
            }
        }
    if method not in {"nocloud", "configdrive"}:
        raise params.error(
            f'invalid access credential ssh method "{params.text("method")}", '
            "supported values are: ga, nocloud, configdrive"
        )
    _no_user(params)
    if cloud_init.kind is None:
        cloud_init.kind = method
    elif cloud_init.kind.lower() != method:
        raise params.error(
            "method param and value passed to --cloud-init have to match: "
            f"{method} vs {cloud_init.kind}"
        )
    field = "noCloud" if method == "nocloud" else "configDrive"
    return {"sshPublicKey": {"source": source, "propagationMethod": {field: {}}}}


def _no_user(params: Params) -> None:
    if params.text("user"):
        raise params.error(
            "user cannot be specified with selected access credential type and method"
        )


def volume(cloud_init: CloudInit, warnings: list[str]) -> Document | None:
    """The cloud-init volume; None when there is nothing to say to the guest."""
    if not cloud_init.given():
        return None
    kind = "nocloud" if cloud_init.kind is None else cloud_init.kind.lower()
    if kind not in _VOLUMES:
        raise UsageError(
            f'failed to parse "--cloud-init" flag: invalid data source "{cloud_init.kind}", '
            "supported values are: nocloud, configdrive, none"
        )
    if cloud_init.network_config and kind != "nocloud":
        raise UsageError(f"flag `--ip` needs cloud-init's nocloud, not {kind}")
    if kind == "none":
        if CloudInit(**{**cloud_init.__dict__, "kind": None}).given():
            warnings.append("WARNING: cloud-init flags have no effect with --cloud-init none")
        return None
    source: Document = {}
    if cloud_init.user_data:
        source["userDataBase64"] = cloud_init.user_data
    else:
        data = user_data(cloud_init)
        network = cloud_init.network_config or cloud_init.network_data
        quiet = cloud_init.kind is None and not network
        if data == _HEADER and quiet:
            return None
        source["userData"] = data
    source |= _network(cloud_init)
    if cloud_init.password:
        warnings.append("WARNING: the password stands in the manifest in clear text")
    return {"name": CLOUD_INIT_DISK, _VOLUMES[kind]: source}


def _network(cloud_init: CloudInit) -> Document:
    if cloud_init.network_data:
        return {"networkDataBase64": cloud_init.network_data}
    if cloud_init.network_config:
        return {"networkData": cloud_init.network_config}
    return {}


def user_data(cloud_init: CloudInit) -> str:
    """A cloud-config of what was given, without a final newline."""
    lines = [_HEADER]
    if cloud_init.user:
        lines.append(f"user: {cloud_init.user}")
    if cloud_init.password:
        lines += [f"password: {cloud_init.password}", "chpasswd: { expire: False }"]
    if cloud_init.ssh_keys:
        lines += ["ssh_authorized_keys:", *(f"  - {key}" for key in cloud_init.ssh_keys)]
    if cloud_init.manage_ssh:
        lines += ["runcmd:", "  - [ setsebool, -P, 'virt_qemu_ga_manage_ssh', 'on' ]"]
    return "\n".join(lines)
