"""``vmexport``: disks and manifests of machines, snapshots, claims and templates."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from virtctl.cli import exporting
from virtctl.cli.durations import seconds
from virtctl.cli.options import INT64, Argument, Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.cli.stringmaps import string_map
from virtctl.cli.verbs import doing
from virtctl.client import exports
from virtctl.errors import AlreadyExists, UsageError
from virtctl.manifests.export import Wish
from virtctl.wire.quantities import QuantityError, format_duration, parse_duration

_SOURCE = ("source",)
_END = ("end",)
_WHAT = ("create", "delete", "download")


class _Given(NamedTuple):
    """Flags that not every word takes: name and whether it was given."""

    name: str
    given: bool


def run(
    session: Session,
    what: Annotated[str, Argument("create|delete|download", help="What to do.", choices=_WHAT)],
    name: Annotated[str, Argument("NAME", help="Name of the export.", complete="vmexport")],
    *,
    vm: Annotated[
        str, Option("--vm", help="Export this machine.", complete="vm", group=_SOURCE)
    ] = "",
    snapshot: Annotated[
        str, Option("--snapshot", help="Export this snapshot.", group=_SOURCE)
    ] = "",
    pvc: Annotated[str, Option("--pvc", help="Export this claim.", group=_SOURCE)] = "",
    vmtemplate: Annotated[
        str, Option("--vmtemplate", help="Export this template.", group=_SOURCE)
    ] = "",
    output: Annotated[
        str, Option("--output", help="File to write, or `-` for stdout.", complete="file")
    ] = "",
    volume: Annotated[
        str, Option("--volume", help="Volume to download, when there are several.")
    ] = "",
    format: Annotated[  # noqa: A002 - the flag's name
        str, Option("--format", help="gzip, raw or oci.")
    ] = "",
    manifest: Annotated[
        bool, Option("--manifest", help="Download manifests instead of a volume.")
    ] = False,
    manifest_output_format: Annotated[
        str, Option("--manifest-output-format", help="yaml or json.")
    ] = "",
    include_secret: Annotated[
        bool, Option("--include-secret", help="With --manifest: the Secret with the token, too.")
    ] = False,
    insecure: Annotated[
        bool, Option("--insecure", help="Do not check the export server's certificate.")
    ] = False,
    keep_vme: Annotated[
        bool, Option("--keep-vme", help="Keep the export that was made for this.", group=_END)
    ] = False,
    delete_vme: Annotated[
        bool, Option("--delete-vme", help="Delete the export afterwards.", group=_END)
    ] = False,
    port_forward: Annotated[
        bool, Option("--port-forward", help="Reach the export server through the API server.")
    ] = False,
    local_port: Annotated[
        str, Option("--local-port", help="Local port of --port-forward; 0 takes a free one.")
    ] = "0",
    service_url: Annotated[
        str, Option("--service-url", help="HOST[:PORT] at which the export's Service is reached.")
    ] = "",
    ttl: Annotated[
        str, Option("--ttl", help="How long the export lives, as in `1h30m`.", metavar="DURATION")
    ] = "",
    labels: Annotated[
        list[str], Option("--labels", help="Label KEY=VALUE; may be repeated.", split=True)
    ] = [],  # noqa: B006 - never changed
    annotations: Annotated[
        list[str],
        Option("--annotations", help="Annotation KEY=VALUE; may be repeated.", split=True),
    ] = [],  # noqa: B006 - never changed
    readiness_timeout: Annotated[
        str,
        Option("--readiness-timeout", help="How long to wait for it (2m).", metavar="DURATION"),
    ] = "",
    retry: Annotated[
        int, Option("--retry", help="How often to try the download again.", limits=INT64)
    ] = 0,
) -> Outcome:
    """Create, download or delete an export of a machine, snapshot, claim or template.

    A download with a source makes the export first, and deletes it afterwards unless --keep-vme
    is given. Raw disks come compressed and are unpacked here.
    """
    sources = {"vm": vm, "snapshot": snapshot, "pvc": pvc, "vmtemplate": vmtemplate}
    source = next((kind for kind, given in sources.items() if given), "")
    only_download = [
        _Given("--output", bool(output)),
        _Given("--volume", bool(volume)),
        _Given("--format", bool(format)),
        _Given("--insecure", insecure),
        _Given("--keep-vme", keep_vme),
        _Given("--delete-vme", delete_vme),
        _Given("--port-forward", port_forward),
        _Given("--local-port", local_port != "0"),
        _Given("--service-url", bool(service_url)),
        _Given("--retry", retry != 0),
    ]
    what = what.lower()
    if what not in _WHAT:
        raise UsageError(f"invalid argument `{what}`: must be one of {', '.join(_WHAT)}")
    if what != "download":
        _refuse(what, only_download)
    making = _Making(session, name)
    if what == "delete":
        _refuse(what, [_Given(f"--{kind}", bool(given)) for kind, given in sources.items()])
        only_made = {"readiness-timeout": readiness_timeout, "labels": labels,
                     "annotations": annotations}  # fmt: skip
        _refuse(what, [_Given(f"--{flag}", bool(given)) for flag, given in only_made.items()])
        return making.delete()
    wish = Wish(
        source,
        sources.get(source, ""),
        _go_duration(ttl),
        string_map(labels, "--labels"),
        string_map(annotations, "--annotations"),
    )
    patience = seconds(readiness_timeout or "2m", "--readiness-timeout")
    if what == "create":
        return making.create(wish)
    manifests = (
        exporting.Manifests(_json(manifest_output_format), include_secret) if manifest else None
    )
    forward = _port(local_port) if port_forward else None
    fetch = exporting.Wish(
        output, volume, format, manifests, insecure, service_url, forward, retry, patience
    )
    _check(fetch, wish)
    end = _End(keep=keep_vme or manifest, delete=delete_vme and not manifest)
    return making.download(wish, fetch, end)


class _End(NamedTuple):
    """What becomes of the export after a download; by default, one made for it is deleted."""

    keep: bool
    delete: bool


class _Making:
    """The three things to do with one export."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name
        self.shown = f"VirtualMachineExport '{session.namespace}/{name}'"

    def create(self, wish: Wish) -> Outcome:
        """Make it."""
        if not wish.source:
            raise UsageError("need to specify export kind", "give --vm, --snapshot, --pvc or so")
        with doing(f"cannot create {self.shown}"):
            self._make(wish)
        return Outcome(notices=(f"{self.shown} created successfully",))

    def delete(self) -> Outcome:
        """Delete it, if it is there."""
        session = self.session
        with doing(f"cannot delete {self.shown}"):
            there = exports.remove(session.rest, session.namespace, self.name)
        said = "deleted successfully" if there else "does not exist"
        return Outcome(notices=(f"{self.shown} {said}",))

    def download(self, wish: Wish, fetch: exporting.Wish, end: _End) -> Outcome:
        """Download from it, made first when there is a source."""
        exporting.check_output(self.session, fetch.output)
        made = False
        if wish.source:
            try:
                with doing(f"cannot create {self.shown}"):
                    self._make(wish)
                made = True
                self.session.line(f"{self.shown} created successfully")
            except AlreadyExists:
                self.session.line(f"{self.shown} is there already, and is kept")
        try:
            with doing(f"cannot download from {self.shown}"):
                exporting.download(self.session, self.name, fetch._replace(made=made))
        finally:
            if end.delete or (made and not end.keep):
                self.session.line(self.delete().notices[0])
        return Outcome()

    def _make(self, wish: Wish) -> None:
        exporting.make(self.session, self.name, wish)


def _refuse(what: str, flags: list[_Given]) -> None:
    for flag in flags:
        if flag.given:
            raise UsageError(f"flag `{flag.name}` is incompatible with `{what}` of an export kind")


def _check(fetch: exporting.Wish, wish: Wish) -> None:
    if fetch.manifests is None and not fetch.output:
        raise UsageError("missing flag `--output`", "name a file, or `-` for stdout")
    if fetch.format and fetch.format not in exporting.FORMATS:
        wanted = ", ".join(exporting.FORMATS)
        raise UsageError(
            f"invalid argument `{fetch.format}` for flag `--format`: must be one of {wanted}"
        )
    if fetch.retries < 0:
        raise UsageError(
            f"invalid argument `{fetch.retries}` for flag `--retry`: must not be negative"
        )
    if fetch.format == "oci" and (fetch.volume or fetch.manifests is not None):
        rival = "--volume" if fetch.volume else "--manifest"
        raise UsageError(f"flag `{rival}` is incompatible with `--format=oci`")
    if fetch.manifests is not None and fetch.volume:
        raise UsageError("flag `--volume` is incompatible with `--manifest`")
    if wish.source == "pvc" and (fetch.manifests is not None or fetch.format == "oci"):
        rival = "--manifest" if fetch.manifests is not None else "--format=oci"
        raise UsageError(f"flag `--pvc` is incompatible with `{rival}`")


def _json(word: str) -> bool:
    if word.lower() not in {"", "yaml", "json"}:
        raise UsageError(
            f"invalid argument `{word}` for flag `--manifest-output-format`: must be yaml or json"
        )
    return word.lower() == "json"


def _port(word: str) -> int:
    if word.isascii() and word.isdigit() and int(word) <= 65535:
        return int(word)
    raise UsageError(f"invalid argument `{word}` for flag `--local-port`: must be from 0 to 65535")


def _go_duration(word: str) -> str:
    """As Go prints it; empty for none and for nothing, which leaves it to the server."""
    if not word:
        return ""
    try:
        duration = parse_duration(word)
    except QuantityError as error:
        raise UsageError(f"invalid argument `{word}` for flag `--ttl`: {error}") from error
    return format_duration(duration) if duration.total_seconds() > 0 else ""
