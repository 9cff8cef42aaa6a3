"""Volumes of ``create vm``: each flag's value to a volume, and to a template that fills it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from virtctl.manifests.params import Params
from virtctl.models.documents import Document


class Made(NamedTuple):
    """A volume, the DataVolume template behind it, and its place in the boot order."""

    volume: Document
    template: Document | None = None
    boot_order: int | None = None
    flag: str = ""
    """The flag that asked for it, for complaints."""

    @property
    def name(self) -> str:
        """The volume's name."""
        return str(self.volume["name"])


def container_disk(value: str, vm: str, position: int) -> Made:
    """``--volume-containerdisk``."""
    params = Params("volume-containerdisk", value, ("src", "name", "bootorder"))
    image = params.needed("src")
    name = params.name(f"{vm}-containerdisk-{position}")
    return Made(
        {"name": name, "containerDisk": {"image": image}}, None, params.boot_order(), params.flag
    )


def claim(value: str) -> Made:
    """``--volume-pvc``."""
    params = Params("volume-pvc", value, ("src", "name", "bootorder"))
    namespace, claim_name = params.reference()
    if namespace:
        raise params.error(f'not allowed to specify namespace of pvc "{claim_name}"')
    volume: Document = {
        "name": params.name(claim_name),
        "persistentVolumeClaim": {"claimName": claim_name},
    }
    return Made(volume, None, params.boot_order(), params.flag)


def sysprep(value: str) -> Made:
    """``--volume-sysprep``."""
    params = Params("volume-sysprep", value, ("src", "type"))
    namespace, name = params.reference()
    kind = params.text("type").lower() or "configmap"
    if kind not in {"configmap", "secret"}:
        raise params.error(
            f'invalid source type "{params.text("type")}", supported: configmap, secret'
        )
    if namespace:
        raise params.error(f'not allowed to specify namespace of {kind} "{name}"')
    field = "configMap" if kind == "configmap" else "secret"
    disk: Document = {"name": "sysprepdisk", "sysprep": {field: {"name": params.text("src")}}}
    return Made(disk, flag=params.flag)


class _Source(NamedTuple):
    """An import type: its parameters, which of them are needed, and the API's names for them."""

    field: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    sized: bool = True


_API_NAMES = {
    "url": "url",
    "secretref": "secretRef",
    "certconfigmap": "certConfigMap",
    "extraheaders": "extraHeaders",
    "secretextraheaders": "secretExtraHeaders",
    "diskid": "diskId",
    "uuid": "uuid",
    "thumbprint": "thumbprint",
    "backingfile": "backingFile",
    "initimageurl": "initImageURL",
    "imagestream": "imageStream",
    "pullmethod": "pullMethod",
}
_HEADERS = ("extraheaders", "secretextraheaders")
_LISTS = frozenset(_HEADERS)
_SOURCES: dict[str, _Source] = {
    "blank": _Source("blank", ()),
    "gcs": _Source("gcs", ("url",), ("secretref",)),
    "http": _Source("http", ("url",), ("certconfigmap", *_HEADERS, "secretref")),
    "imageio": _Source("imageio", ("url", "diskid"), ("certconfigmap", "secretref")),
    "pvc": _Source("pvc", ("src",), (), sized=False),
    "registry": _Source(
        "registry", (), ("url", "imagestream", "pullmethod", "certconfigmap", "secretref")
    ),
    "s3": _Source("s3", ("url",), ("certconfigmap", "secretref")),
    "vddk": _Source(
        "vddk", ("url", "uuid", "thumbprint", "secretref", "backingfile"), ("initimageurl",)
    ),
    "snapshot": _Source("snapshot", ("src",), (), sized=False),
    "ds": _Source("", ("src",), (), sized=False),
}
_COMMON = ("type", "name", "size", "bootorder")


def imported(value: str, random: Callable[[], str], flag: str = "volume-import") -> Made:
    """``--volume-import``; ``random`` gives five characters for a name."""
    every = {key for source in _SOURCES.values() for key in (*source.needed, *source.optional)}
    kind = Params(flag, value, {*_COMMON, *every}).text("type")
    if not kind:
        raise Params(flag, value, {*_COMMON, *every}).error("type must be specified")
    source = _SOURCES.get(kind)
    if source is None:
        raise Params(flag, value, {*_COMMON, *every}).error(
            f'invalid volume import type "{kind}", see help for supported values'
        )
    params = Params(flag, value, (*_COMMON, *source.needed, *source.optional))
    spec = _spec(kind, source, params)
    size = params.quantity("size")
    if source.sized and not size:
        raise params.error("size must be specified")
    spec["storage"] = {"resources": {"requests": {"storage": size}} if size else {}}
    name = params.given_name(f"imported-volume-{random()}" if not params.text("name") else "")
    template: Document = {"metadata": {"name": name}, "spec": spec}
    return Made(
        {"name": name, "dataVolume": {"name": name}}, template, params.boot_order(), params.flag
    )


def _spec(kind: str, source: _Source, params: Params) -> Document:
    if kind in {"ds", "pvc", "snapshot"}:
        return _reference(kind, params)
    lacking = "url and diskid are both" if kind == "imageio" else ""
    for key in source.needed:
        params.needed(key, f"{lacking or f'{key} is'} required with {kind} volume source")
    if kind == "registry":
        _check_registry(params)
    fields: Document = {}
    for key in (*source.needed, *source.optional):
        if key in _LISTS and params.texts(key):
            fields[_API_NAMES[key]] = list(params.texts(key))
        elif key not in _LISTS and params.text(key):
            fields[_API_NAMES[key]] = params.text(key)
    return {"source": {source.field: fields}}


def _reference(kind: str, params: Params) -> Document:
    namespace, name = params.reference()
    place: Document = {"namespace": namespace} if namespace else {}
    if kind == "ds":
        return {"sourceRef": {"kind": "DataSource", "name": name, **place}}
    if not namespace:
        raise params.error(f'namespace of {kind} "{name}" must be specified')
    return {"source": {kind: {"name": name, **place}}}


def _check_registry(params: Params) -> None:
    if bool(params.text("url")) == bool(params.text("imagestream")):
        raise params.error("exactly one of url or imagestream must be defined")
    method = params.text("pullmethod")
    if method and method not in {"pod", "node"}:
        raise params.error(f'pullmethod must be set to pod or node, not "{method}"')
