"""The networks of a pod: its first link, the secondary ones that its annotation asks for, and the
annotation that says what came of it. What upstream Multus does when a sandbox is made and removed,
and its dynamic networks controller while a pod runs.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from launcher.errors import HostError, LauncherError
from launcher.hostnet import LinkAsk, LinkMade, LinkRecord, PodNetwork
from virtctl.errors import NotFound, VirtctlError
from virtctl.local.api.service import ApiService
from virtctl.local.networks import attachdefs, linknames, netstatus, selections
from virtctl.local.networks.netstatus import LinkStatus
from virtctl.local.networks.selections import DEFAULT_NETWORK, NETWORKS, PRIMARY, Selection
from virtctl.local.node.attachers import PLUGINS, Attacher, Attachers, PluginAttacher
from virtctl.local.node.books import Books, Subject
from virtctl.local.node.ports import Host
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue, name_of, namespace_of, uid_of
from virtctl.models.kinds import ATTACHMENT_DEFINITION, POD

log = logging.getLogger(__name__)

COMPONENT = "multus"
CLUSTER_NETWORK = "pod"  # name of the node's own CNI network


class Multus:
    """Makes and removes the links of one node's pods."""

    def __init__(
        self, service: ApiService, host: Host, books: Books, attachers: Attachers | None = None
    ) -> None:
        self._service, self._host, self._books = service, host, books
        self._attachers = {PLUGINS: PluginAttacher(host), **(attachers or {})}

    async def attach(self, subject: Subject) -> PodNetwork:
        """Make all links of a pod that are not there yet, and write its annotation.

        Raises ``LauncherError``, with a plugin's own words when it refused; what was made before
        stays, and is found by the next try.
        """
        pod = self._pod(subject)
        network = await self._host.attach(subject.pod.name, self._first(pod))
        known = self._known(subject)
        for selection in self._selections(pod):
            record = known.get(selection.interface)
            if record is None or record.made is None:
                await self._add(pod, selection, record)
        self._tell(subject, network)
        return network

    async def update(self, subject: Subject) -> None:
        """Make a running pod's links those that its annotation asks for; says what went wrong."""
        pod = self._books.pod(subject)
        if pod is None:
            return
        wanted = {one.interface: one for one in self._selections(pod)}
        known = self._known(subject)
        changed = False
        for record in known.values():
            if record.ask.ifname not in wanted and record.ask.ifname != PRIMARY:
                changed = await self._removed(pod, record) or changed
        for interface, selection in wanted.items():
            record_of = known.get(interface)
            if record_of is None or record_of.made is None:
                changed = await self._added(pod, selection, record_of) or changed
        if changed:
            self._tell(subject, await self._host.attach(subject.pod.name, self._first(pod)))

    def is_settled(self, subject: Subject) -> bool:
        """Whether a pod's links are those that its annotation asks for."""
        pod = self._books.pod(subject)
        if pod is None:
            return True
        try:
            wanted = {one.interface for one in self._selections(pod)}
        except LauncherError:
            return False
        known = self._known(subject)
        made = {name for name, record in known.items() if record.made is not None} - {PRIMARY}
        return wanted == made

    async def detach(self, pod: str) -> None:
        """Remove all links of a pod, and its network namespace. Raises ``LauncherError``."""
        for record in reversed(self._host.links(pod)):
            if record.ask.attacher != PLUGINS:
                await self._attacher(record.ask).delete(record.ask)
        await self._host.detach(pod)

    # --- one link ------------------------------------------------------------------------------

    async def _add(self, pod: Document, selection: Selection, begun: LinkRecord | None) -> LinkMade:
        """Make a link. What was ``begun`` before and cut off is removed first."""
        if begun is not None:
            await self._drop(begun.ask, self._attacher(begun.ask))
        definition = self._definition(selection, pod)
        ask = self._ask(pod, selection, definition)
        attacher = self._attacher(ask)
        await self._host.note_link(ask)
        try:
            made = await attacher.add(pod, definition, ask.ifname, ask)
        except LauncherError as error:
            await self._drop(ask, attacher)
            raise _failure(pod, ask, "adding container to", error) from error
        await self._host.keep_link(ask, made)
        ips, _ = netstatus.addresses(_plain(made.result))
        message = f"Add {ask.ifname} [{' '.join(ips)}] from {ask.network}"
        self._books.say(pod, "AddedInterface", message, warning=False, component=COMPONENT)
        self._warn(pod, ask, made)
        return made

    def _warn(self, pod: Document, ask: LinkAsk, made: LinkMade) -> None:
        """Say what will not work as meant, to the pod and to the machine whose it is."""
        machine = self._books.owner(pod)
        others = [one for one in self._service.list(POD).items if uid_of(one) != uid_of(pod)]
        said = [
            *made.notes,
            *duplicates(ask.network, made.mac, _plain(made.result), others),
            *bridged_addresses(ask, machine),
        ]
        for about in (pod, machine):
            for problem in said:
                message = f"{ask.ifname} of {ask.network}: {problem}"
                self._books.say(
                    about, "NetworkDoubtful", message, warning=True, component=COMPONENT
                )

    async def _drop(self, ask: LinkAsk, attacher: Attacher) -> None:
        try:
            await attacher.delete(ask)
        except LauncherError as error:
            log.info("%s of %s: %s", ask.ifname, ask.netns, error)
        await self._host.forget_link(ask)

    async def _added(self, pod: Document, selection: Selection, begun: LinkRecord | None) -> bool:
        try:
            await self._add(pod, selection, begun)
        except LauncherError as error:
            message = f"pod [{_called(pod)}]: failed adding interface {selection.interface} to "
            message += f"network: {selection.network}: {error}"
            self._say_failed(pod, "FailedAddingInterface", message)
            return False
        return True

    async def _removed(self, pod: Document, record: LinkRecord) -> bool:
        ask = record.ask
        try:
            await self._attacher(ask).delete(ask)
        except LauncherError as error:
            message = f"pod [{_called(pod)}]: failed removing interface {ask.ifname} from network: "
            message += f"{ask.network}: {error}"
            self._say_failed(pod, "FailedRemovingInterface", message)
            return False
        await self._host.forget_link(ask)
        message = f"pod [{_called(pod)}]: removed interface {ask.ifname} from network: "
        message += ask.network
        self._books.say(pod, "RemovedInterface", message, warning=False, component=COMPONENT)
        return True

    def _say_failed(self, pod: Document, reason: str, message: str) -> None:
        log.warning(message)
        self._books.say(pod, reason, message, warning=True, component=COMPONENT)

    def _attacher(self, ask: LinkAsk) -> Attacher:
        try:
            return self._attachers[ask.attacher]
        except KeyError:
            raise HostError(f"nobody here makes links of type `{ask.attacher}`") from None

    # --- what is wanted ------------------------------------------------------------------------

    def _pod(self, subject: Subject) -> Document:
        pod = self._books.pod(subject)
        if pod is None:
            raise HostError(f"the pod `{subject.pod.name}` is gone")
        return pod

    def _selections(self, pod: Document) -> tuple[Selection, ...]:
        asked = doc.strings(pod, "metadata", "annotations").get(NETWORKS, "")
        try:
            return selections.parse(asked, namespace_of(pod))
        except VirtctlError as error:
            raise _unreadable(pod, error) from error

    def _first(self, pod: Document) -> LinkAsk | None:
        asked = doc.strings(pod, "metadata", "annotations").get(DEFAULT_NETWORK)
        if not asked:
            return None
        try:
            selection = selections.default_network(asked, namespace_of(pod))
        except VirtctlError as error:
            raise _unreadable(pod, error) from error
        ask = self._ask(pod, selection, self._definition(selection, pod))
        if ask.attacher != PLUGINS:
            problem = f"a network of type `{ask.attacher}` cannot be a pod's first one"
            raise _failure(pod, ask, "adding container to", HostError(problem))
        return ask

    def _definition(self, selection: Selection, pod: Document) -> Document:
        namespace = namespace_of(pod)
        if not attachdefs.is_visible(selection.namespace, namespace):
            problem = attachdefs.not_visible(selection.namespace, namespace)
            raise _unreadable(pod, VirtctlError(problem))
        try:
            return self._service.get(ATTACHMENT_DEFINITION, selection.namespace, selection.name)
        except NotFound:
            problem = attachdefs.not_found(selection.namespace, selection.name)
            raise _unreadable(pod, VirtctlError(problem)) from None

    def _ask(self, pod: Document, selection: Selection, definition: Document) -> LinkAsk:
        try:
            conflist = attachdefs.conflist(definition)
            kind = attachdefs.plugin_type(conflist)
        except VirtctlError as error:
            raise _unreadable(pod, error) from error
        if selection.arguments:
            arguments: Document = {"cni": selection.arguments}
            plugins: list[JsonValue] = [
                {**plugin, "args": arguments} for plugin in doc.objects(conflist, "plugins")
            ]
            conflist["plugins"] = plugins
        container = hashlib.sha256(uid_of(pod).encode()).hexdigest()
        return LinkAsk(
            netns=name_of(pod),
            ifname=selection.interface,
            network=selection.network,
            conflist=dict(conflist),
            attacher=kind if kind in self._attachers else PLUGINS,
            container=container,
            arguments=dict(_arguments(pod, container, selection.mac)),
            capabilities=dict(selection.capabilities),
            routers=selection.routers,
        )

    # --- what came of it -----------------------------------------------------------------------

    def _known(self, subject: Subject) -> dict[str, LinkRecord]:
        return {one.ask.ifname: one for one in self._host.links(subject.pod.name)}

    def _tell(self, subject: Subject, network: PodNetwork) -> None:
        """Write the pod's annotation, links in the order in which they were asked for."""
        known = self._known(subject)
        pod = self._books.pod(subject)
        if pod is None:
            return
        order = [one.interface for one in self._selections(pod)]
        made = [known[name] for name in order if name in known]
        statuses = [_of_first(network, known.get(PRIMARY)), *map(_of_link, made)]
        self._books.annotate(subject, {selections.STATUS: netstatus.annotation(statuses)})


def _arguments(pod: Document, container: str, mac: str) -> Iterator[tuple[str, str]]:
    """What Kubernetes' runtimes and Multus tell plugins of the pod."""
    yield "IgnoreUnknown", "true"
    yield "K8S_POD_NAMESPACE", namespace_of(pod)
    yield "K8S_POD_NAME", name_of(pod)
    yield "K8S_POD_INFRA_CONTAINER_ID", container
    yield "K8S_POD_UID", uid_of(pod)
    if mac:
        yield "MAC", mac


def _of_first(network: PodNetwork, record: LinkRecord | None) -> LinkStatus:
    ips: list[JsonValue] = [
        {"address": address, "gateway": network.gateway6 if ":" in address else network.gateway}
        for address in network.addresses
    ]
    return LinkStatus(
        network=CLUSTER_NETWORK if record is None else record.ask.network,
        interface=network.ifname,
        result={"ips": ips},
        mac=network.mac,
        mtu=network.mtu,
        is_default=True,
    )


def _of_link(record: LinkRecord) -> LinkStatus:
    made = record.made or LinkMade()
    return LinkStatus(
        network=record.ask.network,
        interface=record.ask.ifname,
        result=_plain(made.result),
        mac=made.mac,
        mtu=made.mtu,
    )


def bridged_addresses(ask: LinkAsk, machine: Document | None) -> Iterator[str]:
    """A bridged guest takes the pod's address over, which is another one in its next pod."""
    if machine is None or not attachdefs.has_addresses(_plain(ask.conflist)):
        return
    for interface, network in selections.multus_networks(machine):
        link = linknames.secondary_link(doc.text(network, "name"))
        if link == ask.ifname and "bridge" in interface:
            yield (
                f"the network has `ipam` and {doc.text(interface, 'name')} the bridge binding: the "
                "guest gets the pod's address by DHCP, and another one in each pod; leave `ipam` "
                "out and give the guest its address by cloud-init"
            )


def duplicates(
    network: str, mac: str, result: Document, others: Iterable[Document]
) -> Iterator[str]:
    """MAC and addresses of a link that other pods have on the same network."""
    mine = set(netstatus.addresses(result)[0])
    for pod in others:
        if doc.text(pod, "status", "phase") in {"Succeeded", "Failed"}:
            continue
        for entry in netstatus.interfaces(pod).values():
            if doc.text(entry, "name") != network:
                continue
            same = [ip for ip in doc.items(entry, "ips") if ip in mine]
            if mac and doc.text(entry, "mac") == mac:
                same.append(mac)
            for one in same:
                yield f"{one} is also that of the pod {_called(pod)}"


def _plain(found: Mapping[str, object]) -> Document:
    """JSON of the launcher's as ours."""
    made: Document = msgspec.json.decode(msgspec.json.encode(found))
    return made


def _called(pod: Document) -> str:
    return f"{namespace_of(pod)}/{name_of(pod)}"


def _failure(pod: Document, ask: LinkAsk, doing: str, error: LauncherError) -> HostError:
    network = ask.conflist.get("name", "")
    where = f"[{_called(pod)}:{network}]"
    return HostError(f'{where}: error {doing} network "{network}": {error}', error.hint)


def _unreadable(pod: Document, error: VirtctlError) -> HostError:
    where = f"[{_called(pod)}/{uid_of(pod)}]"
    return HostError(
        f"Multus: {where}: error loading k8s delegates k8s args: TryLoadPodDelegates: error in "
        f"getting k8s network for pod: GetNetworkDelegates: failed getting the delegate: {error}",
        error.hint,
    )
