"""``create vm``: a VirtualMachine from flags, printed or sent."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Annotated, NamedTuple

from virtctl.cli.making import Apply, MadeOutput, create, printed, suffix
from virtctl.cli.options import Option, Timeout, Wait
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import UsageError
from virtctl.manifests.access import CloudInit
from virtctl.manifests.bootimage import Origin, data_volume_name, origin
from virtctl.manifests.params import parse_error
from virtctl.manifests.seed import outsource, owned
from virtctl.manifests.vm import Wish, build
from virtctl.models.documents import Document, name_of, namespace_of

_INSTEAD = "use flag --volume-import instead"

Texts = list[str]


def run(
    session: Session,
    *,
    name: Annotated[str, Option("--name", help="Name; a random one by default.")] = "",
    run_strategy: Annotated[
        str,
        Option(
            "--run-strategy",
            help="Always, Manual, Halted, Once or RerunOnFailure.",
            metavar="STRATEGY",
            complete="run-strategy",
        ),
    ] = "Always",
    termination_grace_period: Annotated[
        int, Option("--termination-grace-period", help="Seconds the guest gets to shut down.")
    ] = 180,
    memory: Annotated[
        str | None, Option("--memory", help="Guest memory (512Mi).", metavar="QUANTITY")
    ] = None,
    instancetype: Annotated[
        str | None,
        Option("--instancetype", help="[KIND/]NAME of an instancetype.", complete="instancetype"),
    ] = None,
    infer_instancetype: Annotated[
        bool | None,
        Option("--infer-instancetype", help="Infer the instancetype from the boot volume."),
    ] = None,
    infer_instancetype_from: Annotated[
        str | None, Option("--infer-instancetype-from", help="Volume to infer it from.")
    ] = None,
    preference: Annotated[
        str | None,
        Option("--preference", help="[KIND/]NAME of a preference.", complete="preference"),
    ] = None,
    infer_preference: Annotated[
        bool | None, Option("--infer-preference", help="Infer the preference from the boot volume.")
    ] = None,
    infer_preference_from: Annotated[
        str | None, Option("--infer-preference-from", help="Volume to infer it from.")
    ] = None,
    volume_containerdisk: Annotated[
        Texts,
        Option("--volume-containerdisk", help="src:IMAGE,name:N,bootorder:N.", metavar="PARAMS"),
    ] = [],  # noqa: B006 - never changed
    volume_pvc: Annotated[
        Texts, Option("--volume-pvc", help="src:CLAIM,name:N,bootorder:N.", metavar="PARAMS")
    ] = [],  # noqa: B006 - never changed
    volume_import: Annotated[
        Texts,
        Option(
            "--volume-import",
            help="type:T,size:Q,name:N,bootorder:N and what the type takes; types are blank, gcs, "
            "http, imageio, pvc, registry, s3, vddk, snapshot and ds.",
            metavar="PARAMS",
        ),
    ] = [],  # noqa: B006 - never changed
    volume_sysprep: Annotated[
        str | None,
        Option("--volume-sysprep", help="src:NAME,type:configmap|secret.", metavar="PARAMS"),
    ] = None,
    image: Annotated[
        str,
        Option(
            "--image",
            help="Boot from a file (uploaded with --apply), a URL, or an image of a registry or of "
            "the local store; the first two and, with --size, all are copied to a disk that stays.",
            complete="file",
        ),
    ] = "",
    size: Annotated[
        str,
        Option("--size", help="Size of the disk that --image is copied to.", metavar="QUANTITY"),
    ] = "",
    network: Annotated[
        Texts,
        Option(
            "--network",
            help="Network besides the pod network: [NAMESPACE/]NAME[:BINDING][,mac:M][,model:M]; "
            "bindings are bridge (the default), masquerade, sriov and passt.",
            metavar="NETWORK",
            complete="network",
        ),
    ] = [],  # noqa: B006 - never changed
    lan: Annotated[
        str,
        Option(
            "--lan",
            help="Bridge it to the network `lan`, or another.",
            bare="lan",
            metavar="NETWORK",
            complete="network",
        ),
    ] = "",
    no_pod_network: Annotated[
        bool, Option("--no-pod-network", help="Leave out the pod network.")
    ] = False,
    ip: Annotated[
        Texts,
        Option(
            "--ip",
            help="Fixed address, by cloud-init: [NETWORK=]ADDRESS/PREFIX[,gateway:A][,dns:A;B]; "
            "of the last network unless one is named.",
            metavar="ADDRESS",
        ),
    ] = [],  # noqa: B006 - never changed
    user: Annotated[str | None, Option("--user", help="User that cloud-init makes.")] = None,
    password_file: Annotated[
        str | None,
        Option("--password-file", help="File with the user's password.", complete="file"),
    ] = None,
    ssh_key: Annotated[
        Texts | None,
        Option("--ssh-key", help="Public keys, comma-separated.", metavar="KEYS", split=True),
    ] = None,
    ga_manage_ssh: Annotated[
        bool | None,
        Option("--ga-manage-ssh", help="Let the guest agent manage SSH keys (SELinux)."),
    ] = None,
    access_cred: Annotated[
        Texts,
        Option(
            "--access-cred",
            help="type:ssh|password,src:SECRET,method:ga|nocloud|configdrive,user:U.",
            metavar="PARAMS",
        ),
    ] = [],  # noqa: B006 - never changed
    cloud_init: Annotated[
        str | None, Option("--cloud-init", help="nocloud, configdrive or none (nocloud).")
    ] = None,
    cloud_init_user_data: Annotated[
        str | None, Option("--cloud-init-user-data", help="User data in base64.", metavar="BASE64")
    ] = None,
    user_data: Annotated[
        str, Option("--user-data", help="File of user data, or `-` for stdin.", complete="file")
    ] = "",
    cloud_init_network_data: Annotated[
        str | None,
        Option("--cloud-init-network-data", help="Network data in base64.", metavar="BASE64"),
    ] = None,
    volume_datasource: Annotated[
        Texts, Option("--volume-datasource", help="src:[NAMESPACE/]NAME.", deprecated=_INSTEAD)
    ] = [],  # noqa: B006 - never changed
    volume_clone_pvc: Annotated[
        Texts, Option("--volume-clone-pvc", help="src:NAMESPACE/NAME.", deprecated=_INSTEAD)
    ] = [],  # noqa: B006 - never changed
    volume_blank: Annotated[
        Texts, Option("--volume-blank", help="size:QUANTITY.", deprecated=_INSTEAD)
    ] = [],  # noqa: B006 - never changed
    apply: Apply = False,
    wait: Wait = "",
    timeout: Timeout = "5m",
    output: MadeOutput = "yaml",
) -> Outcome:
    """Print a VirtualMachine made from flags; with --apply, create it.

    Nothing is sent without --apply: `virtctl create vm ... | virtctl apply -f -` does the same.
    cloud-init data of more than 2 KiB, which KubeVirt does not take, goes into a Secret.
    """
    wish = Wish(
        name=name,
        namespace=session.given_namespace,
        run_strategy=run_strategy,
        grace_period=termination_grace_period,
        memory=memory,
        instancetype=instancetype,
        infer_instancetype=infer_instancetype,
        infer_instancetype_from=infer_instancetype_from,
        preference=preference,
        infer_preference=infer_preference,
        infer_preference_from=infer_preference_from,
        container_disks=volume_containerdisk,
        claims=volume_pvc,
        imports=volume_import,
        data_sources=volume_datasource,
        cloned_claims=volume_clone_pvc,
        blanks=volume_blank,
        sysprep=volume_sysprep,
        credentials=access_cred,
        cloud_init=CloudInit(
            kind=cloud_init,
            user=user,
            password=_password(session, password_file, cloud_init or ""),
            ssh_keys=ssh_key,
            manage_ssh=ga_manage_ssh,
            user_data=_user_data(session, user_data) if user_data else cloud_init_user_data,
            network_data=cloud_init_network_data,
        ),
        image=image,
        size=size,
        networks=[*network, *([f"{lan}:bridge"] if lan else [])],
        pod_network=not no_pod_network,
        addresses=ip,
        random=session.env.random,
    )
    vm, warnings = build(wish, lambda: suffix(session))
    for warning in warnings:
        session.line(warning)
    secret = outsource(vm)
    if not (apply or wait):
        if image and origin(image) is Origin.FILE:
            command = f"image-upload dv {data_volume_name(name_of(vm))} --image-path {image}"
            session.line(f"it boots from what is uploaded with `{session.env.program} {command}`")
        return printed([*([secret] if secret else []), vm], output)
    return _create(session, vm, secret, _Doing(image, size, wait, timeout))


class _Doing(NamedTuple):
    """What is to be done besides creating the machine."""

    image: str
    size: str
    wait: str
    timeout: str


def _create(session: Session, vm: Document, secret: Document | None, more: _Doing) -> Outcome:
    from virtctl.cli.waiting import Awaited, awaited

    patience = awaited(more.wait, more.timeout, default=Awaited.READY)
    if more.image and origin(more.image) is Origin.FILE:
        from virtctl.cli.bootupload import upload

        upload(session, name_of(vm), more.image, more.size)
    if secret:
        create(session, secret)
    created = create(session, vm)
    if secret:
        from virtctl.client.resources import patch
        from virtctl.models.kinds import SECRET

        place = namespace_of(secret) or session.namespace
        patch(session.rest, SECRET, place, name_of(secret), owned(created))
    return Outcome(patience.until(session, name_of(vm)) if patience else "")


def _password(session: Session, file: str | None, kind: str) -> str | None:
    if not file or kind.lower() == "none":
        return file
    try:
        return Path(session.env.path(file)).read_bytes().decode(errors="replace").strip()
    except OSError as error:
        reason = f"`{file}` cannot be read: {error.strerror}"
        raise parse_error("password-file", reason) from error


def _user_data(session: Session, file: str) -> str:
    """A file of user data, in base64. Raises ``UsageError``."""
    if file == "-":
        return b64encode(session.env.stdin.read().encode()).decode()
    try:
        return b64encode(Path(session.env.path(file)).read_bytes()).decode()
    except OSError as error:
        raise UsageError(f"file `{file}` cannot be read: {error.strerror}") from error
