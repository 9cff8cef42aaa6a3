"""A VirtualMachine out of ``create vm``'s flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from virtctl.errors import UsageError
from virtctl.manifests import access, interfaces, volumes
from virtctl.manifests.access import CloudInit
from virtctl.manifests.bootimage import boot_disk
from virtctl.manifests.params import parse_error, quantity, split_name
from virtctl.manifests.volumes import Made
from virtctl.models.documents import Document, child, find, put

STRATEGIES = ("Always", "Manual", "Halted", "Once", "RerunOnFailure")
_INSTANCETYPES = ("virtualmachineinstancetype", "virtualmachineclusterinstancetype")
_PREFERENCES = ("virtualmachinepreference", "virtualmachineclusterpreference")
_INFERABLE = ("pvc", "registry", "snapshot")


@dataclass
class Wish:
    """The flags of ``create vm``; None is not given. Lists keep the command line's order."""

    name: str = ""
    namespace: str | None = None
    run_strategy: str = "Always"
    grace_period: int = 180
    memory: str | None = None
    instancetype: str | None = None
    infer_instancetype: bool | None = None
    infer_instancetype_from: str | None = None
    preference: str | None = None
    infer_preference: bool | None = None
    infer_preference_from: str | None = None
    container_disks: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    data_sources: list[str] = field(default_factory=list)
    cloned_claims: list[str] = field(default_factory=list)
    blanks: list[str] = field(default_factory=list)
    sysprep: str | None = None
    credentials: list[str] = field(default_factory=list)
    cloud_init: CloudInit = field(default_factory=CloudInit)
    image: str = ""
    size: str = ""
    networks: list[str] = field(default_factory=list)
    pod_network: bool = True
    addresses: list[str] = field(default_factory=list)
    random: Callable[[int], bytes] = bytes
    """Gives bytes for hardware addresses."""


def build(wish: Wish, random: Callable[[], str]) -> tuple[Document, list[str]]:
    """The manifest and warnings about it; ``random`` gives five characters for names.

    Flags count in a fixed order, whatever the command line's. Raises ``UsageError``.
    """
    _refuse_exclusive(wish)
    name = wish.name or f"vm-{random()}"
    vm = _base(wish, name)
    _matcher(vm, "instancetype", wish.instancetype, _INSTANCETYPES)
    _matcher(vm, "preference", wish.preference, _PREFERENCES)
    made = _volumes(wish, name, random)
    _networks(vm, wish)
    credentials = [access.credential(value, wish.cloud_init) for value in wish.credentials]
    warnings: list[str] = []
    seed = access.volume(wish.cloud_init, warnings)
    if seed is not None:
        made.append(Made(seed))
    _place(vm, made)
    if credentials:
        put(vm, list(credentials), "spec", "template", "spec", "accessCredentials")
    _infer(vm, wish, made)
    return vm, warnings


def _base(wish: Wish, name: str) -> Document:
    strategy = next((s for s in STRATEGIES if s.lower() == wish.run_strategy.lower()), None)
    if strategy is None:
        known = ", ".join(STRATEGIES)
        raise parse_error(
            "run-strategy",
            f'invalid run strategy "{wish.run_strategy}", supported values are: {known}',
        )
    memory = quantity("memory", wish.memory) if wish.memory is not None else "512Mi"
    metadata: Document = {"name": name}
    if wish.namespace:
        metadata["namespace"] = wish.namespace
    template: Document = {
        "metadata": {},
        "spec": {
            "domain": {"devices": {}, "memory": {"guest": memory}, "resources": {}},
            "terminationGracePeriodSeconds": wish.grace_period,
        },
    }
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": metadata,
        "spec": {"runStrategy": strategy, "template": template},
        "status": {},
    }


def _matcher(vm: Document, what: str, value: str | None, kinds: tuple[str, ...]) -> None:
    if value is None:
        return
    kind, name = split_name(what, value)
    if kind and kind.lower() not in kinds:
        raise parse_error(
            what, f'invalid {what} kind "{kind}", supported values are: {", ".join(kinds)}'
        )
    matcher: Document = {"name": name, "kind": kind.lower()} if kind else {"name": name}
    put(vm, matcher, "spec", what)
    if what == "instancetype":
        _drop_memory(vm)


def _drop_memory(vm: Document) -> None:
    domain = child(vm, "spec", "template", "spec", "domain")
    domain.pop("memory", None)


def _volumes(wish: Wish, name: str, random: Callable[[], str]) -> list[Made]:
    made = [boot_disk(wish.image, wish.size, name)] if wish.image else []
    made += [volumes.container_disk(v, name, i) for i, v in enumerate(wish.container_disks)]
    made += [volumes.claim(value) for value in wish.claims]
    imports = [(value, "volume-import") for value in wish.imports]
    # the deprecated flags become imports, each put before those that are there
    for kind, flag, values in (
        ("ds", "volume-datasource", wish.data_sources),
        ("pvc", "volume-clone-pvc", wish.cloned_claims),
        ("blank", "volume-blank", wish.blanks),
    ):
        for value in values:
            imports.insert(0, (f"type:{kind},{value}", flag))
    made += [volumes.imported(value, random, flag) for value, flag in imports]
    if wish.sysprep is not None:
        made.append(volumes.sysprep(wish.sysprep))
    return made


def _networks(vm: Document, wish: Wish) -> None:
    """Interfaces and networks, and cloud-init's word on them; none leaves them to the server."""
    if not wish.networks and not wish.addresses and wish.pod_network:
        return
    nics = interfaces.nics(wish.networks, pod=wish.pod_network)
    if wish.addresses and not nics:
        raise parse_error("ip", "there is no network that could have the address")
    for value in wish.addresses:
        interfaces.address(nics, value)
    if wish.addresses:
        if wish.cloud_init.network_data is not None:
            raise UsageError("flags `--ip`, `--cloud-init-network-data` exclude each other")
        import yaml  # costs 12 ms

        config = interfaces.network_config(nics, wish.random)
        wish.cloud_init.network_config = yaml.safe_dump(config, sort_keys=False)
    spec = child(vm, "spec", "template", "spec")
    if not nics:
        put(spec, bool(nics), "domain", "devices", "autoattachPodInterface")
        return
    put(spec, [nic.interface() for nic in nics], "domain", "devices", "interfaces")
    put(spec, [nic.network() for nic in nics], "networks")


def _place(vm: Document, made: list[Made]) -> None:
    names: set[str] = set()
    orders: set[int] = set()
    for one in made:
        if one.name in names:
            raise _refused(one, f'there is already a volume with name "{one.name}"')
        names.add(one.name)
        if one.boot_order is not None:
            if one.boot_order in orders:
                raise _refused(one, f"bootorder {one.boot_order} was specified multiple times")
            orders.add(one.boot_order)
    if made:
        put(vm, [one.volume for one in made], "spec", "template", "spec", "volumes")
    templates: list[Document] = [one.template for one in made if one.template is not None]
    if templates:
        put(vm, list(templates), "spec", "dataVolumeTemplates")
    disks: list[Document] = [
        {"name": one.name, "bootOrder": one.boot_order}
        for one in made
        if one.boot_order is not None
    ]
    if disks:
        put(vm, list(disks), "spec", "template", "spec", "domain", "devices", "disks")


def _refused(one: Made, reason: str) -> UsageError:
    return parse_error(one.flag, reason) if one.flag else UsageError(reason)


def _infer(vm: Document, wish: Wish, made: list[Made]) -> None:
    if wish.instancetype is None and wish.memory is None:
        asked = (wish.infer_instancetype, wish.infer_instancetype_from)
        if _inference(vm, "instancetype", made, asked):
            _drop_memory(vm)
    if wish.preference is None:
        asked = (wish.infer_preference, wish.infer_preference_from)
        _inference(vm, "preference", made, asked)


def _inference(
    vm: Document, what: str, made: list[Made], asked: tuple[bool | None, str | None]
) -> bool:
    """Let the server infer from a volume; returns whether that was asked for and done."""
    wanted, source = asked
    if wanted is False:
        return False
    explicit = wanted is True or source is not None
    try:
        volume = _inferable(source, made)
    except UsageError:
        if explicit:
            raise
        return False
    matcher: Document = {"inferFromVolume": volume}
    if not explicit:
        matcher["inferFromVolumeFailurePolicy"] = "Ignore"
    put(vm, matcher, "spec", what)
    return explicit


def _inferable(source: str | None, made: list[Made]) -> str:
    if not made:
        raise UsageError("at least one volume is needed to infer an instance type or preference")
    if source:
        chosen = next((one for one in made if one.name == source), None)
        if chosen is None:
            raise UsageError(f'there is no volume with name "{source}"')
    else:
        ordered = [one for one in made if one.boot_order is not None]
        chosen = min(ordered, key=lambda one: one.boot_order or 0) if ordered else made[0]
    if "persistentVolumeClaim" in chosen.volume:
        return chosen.name
    if chosen.template is None:
        raise UsageError(
            "inference of instancetype or preference works only with datasources, datavolumes or "
            f'pvcs, not with volume "{chosen.name}"'
        )
    spec = child(chosen.template, "spec")
    if "sourceRef" in spec or any(find(spec, "source", kind) is not None for kind in _INFERABLE):
        return chosen.name
    raise UsageError(
        f'this datavolume is not valid to infer an instancetype or preference from: "{chosen.name}"'
    )


def _refuse_exclusive(wish: Wish) -> None:
    cloud = wish.cloud_init
    _only_one(
        memory=wish.memory, instancetype=wish.instancetype,
        infer_instancetype=wish.infer_instancetype,
        infer_instancetype_from=wish.infer_instancetype_from,
    )  # fmt: skip
    _only_one(
        preference=wish.preference, infer_preference=wish.infer_preference,
        infer_preference_from=wish.infer_preference_from,
    )  # fmt: skip
    for other in (
        {"user": cloud.user}, {"password_file": cloud.password}, {"ssh_key": cloud.ssh_keys},
        {"ga_manage_ssh": cloud.manage_ssh},
    ):  # fmt: skip
        _only_one(cloud_init_user_data=cloud.user_data, **other)


def _only_one(**flags: object) -> None:
    given = [f"`--{name.replace('_', '-')}`" for name, value in flags.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"flags {', '.join(given)} exclude each other")
