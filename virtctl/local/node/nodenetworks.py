"""A node's share in policies for networks: carry them out, tell how it went, show the network.

One for each node, in the daemon. Policies of a node are carried out one after the other, in the
order in which they were made. What a daemon that died has left half-way is taken back first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from launcher import nodestate
from launcher.errors import LauncherError, SpecError
from launcher.hostnet import HostNetwork, HostNode
from launcher.nodestate import Applied, NodePlace
from virtctl.errors import ApiError, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import conditions, nodepolicies, reconcile
from virtctl.local.runtime.changes import Announce, Create, Delete, delete, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import Informer, Seen
from virtctl.local.runtime.nodepolicies import Outcome, Stage
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import Document, JsonValue, child, name_of, strings, text, uid_of
from virtctl.models.kinds import (
    NODE,
    NODE_NETWORK_ENACTMENT,
    NODE_NETWORK_POLICY,
    NODE_NETWORK_STATE,
)

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

REFRESH = 10.0
"""Seconds between two looks at a network that nothing was heard of."""
ATTEMPTS = 5
"""How often a policy is tried on a node before it has failed, as by kubernetes-nmstate."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before the second attempt, which double from then on, and their limit."""
_SETTLE = 0.2  # seconds in which changes of a network are gathered
_COMPONENT = "nmstate-handler"


class Network(Protocol):
    """The network of a node; all but ``changes`` block."""

    def show(self) -> dict[str, JsonValue]:
        """The state of now."""

    def captured(
        self, captures: Mapping[str, str], desired: Mapping[str, JsonValue]
    ) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
        """What captures find, and the desired state with it."""

    def apply(self, desired: Mapping[str, JsonValue]) -> Applied:
        """Make it so, or leave it as it was."""

    def recover(self) -> bool:
        """Take back what was left half-way."""

    def revive(self) -> bool:
        """Start again what died; whether policies have to be carried out again."""

    def changes(self) -> socket.socket | None:
        """A socket that can be read when something changed."""


class LocalNetwork:
    """``Network`` of a node of this instance."""

    def __init__(self, place: NodePlace) -> None:
        self._place = place

    @classmethod
    def of(cls, network: HostNetwork, node: HostNode) -> LocalNetwork:
        """That of a node."""
        return cls(nodestate.place_of(network, node))

    def show(self) -> dict[str, JsonValue]:
        return nodestate.show(self._place)

    def captured(
        self, captures: Mapping[str, str], desired: Mapping[str, JsonValue]
    ) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
        return nodestate.captured(self._place, captures, desired)

    def apply(self, desired: Mapping[str, JsonValue]) -> Applied:
        return nodestate.apply(self._place, desired)

    def recover(self) -> bool:
        return nodestate.recover(self._place)

    def revive(self) -> bool:
        return nodestate.revive(self._place)

    def changes(self) -> socket.socket | None:
        return nodestate.changes(self._place)


def _key(policy: Document) -> tuple[str, int]:
    return uid_of(policy), nodepolicies.generation(policy)


class NodeNetworks:
    """Looks after the network of one node."""

    def __init__(self, service: ApiService, node: str, network: Network, clock: Clock) -> None:
        self._service, self._node, self._network, self._clock = service, node, network, clock
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._done: set[tuple[str, int]] = set()
        self._pauses: dict[tuple[str, int], float] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"network state of {node}")

    async def run(self) -> None:
        """Run until cancelled."""
        self._done.clear()
        await self._call(self._begin)
        async with asyncio.TaskGroup() as tasks:
            for kind in (NODE_NETWORK_POLICY, NODE_NETWORK_ENACTMENT, NODE):
                informer = Informer(self._service, kind, self._notice)
                tasks.create_task(informer.run(), name=f"{self._node} {kind.plural}")
            tasks.create_task(self._follow(), name=f"{self._node} policies")
            tasks.create_task(self._watch(), name=f"{self._node} network state")

    def _begin(self) -> None:
        try:
            if self._network.recover():
                log.warning("%s: a policy that was left half-way was taken back", self._node)
            self._network.revive()
        except LauncherError as error:
            log.warning("network of %s: %s", self._node, error)

    def _notice(self, seen: Seen) -> None:
        if seen.kind is not NODE or name_of(seen.latest) == self._node:
            self._wake.set()

    # --- policies ------------------------------------------------------------------------------

    async def _follow(self) -> None:
        self._wake.set()
        while True:
            await self._awake()
            self._wake.clear()
            policies = self._service.list(NODE_NETWORK_POLICY).items
            current = {_key(policy) for policy in policies}
            self._pauses = {key: at for key, at in self._pauses.items() if key in current}
            for policy in nodepolicies.oldest_first(policies):
                try:
                    await self._consider(name_of(policy))
                except ApiError as error:
                    # Such as a name that is too long for a label: the others go on.
                    log.warning("policy %s on %s: %s", name_of(policy), self._node, error)
                    self._pauses[_key(policy)] = asyncio.get_running_loop().time() + LONGEST_PAUSE

    async def _awake(self) -> None:
        """Wait until something was heard of, or a policy is to be tried again."""
        if not self._pauses:
            await self._wake.wait()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(min(self._pauses.values())):
                await self._wake.wait()

    async def _consider(self, name: str) -> None:
        """Carry out a policy as it is now, if it is for this node and was not yet."""
        policy = self._service.find(NODE_NETWORK_POLICY, None, name)
        if policy is None or is_deleting(policy):
            return
        nodes = self._nodes_of(policy)
        known = self._enactment(policy)
        if self._node not in nodes:
            if known is not None:
                self._carry_out(delete(NODE_NETWORK_ENACTMENT, known))
            return
        key = _key(policy)
        if key in self._done or self._pauses.get(key, 0) > asyncio.get_running_loop().time():
            return
        current = known if known is not None and nodepolicies.is_current(known, policy) else None
        stage = nodepolicies.stage_of(current) if current is not None else None
        if stage in {None, Stage.PENDING} and not self._may_begin(policy, nodes):
            return
        if stage is not Stage.AVAILABLE:
            self._write(policy, self._begun(current, policy, stage))
        failures = nodepolicies.failures_of(current, policy) if current is not None else 0
        outcome = await self._call(self._apply, policy, failures if stage is Stage.RETRYING else 0)
        self._end(key, policy, outcome)

    def _may_begin(self, policy: Document, nodes: list[str]) -> bool:
        """Whether it is the turn of this node; what is said of the policy when it is not."""
        others = [self._enactment(policy, node) for node in nodes if node != self._node]
        halted = nodepolicies.halted(policy, len(nodes), [one for one in others if one])
        if halted is None:
            return True
        if halted is Stage.PENDING:
            self._write(policy, Outcome(stage=halted, message=nodepolicies.PENDING))
            return False
        name = nodepolicies.enactment_name(self._node, name_of(policy))
        message = f'reconciliation of enactment "{name}" has aborted'
        self._write(policy, Outcome(stage=halted, message=message))
        self._warn(policy, message)
        self._done.add(_key(policy))
        return False

    def _begun(self, current: Document | None, policy: Document, stage: Stage | None) -> Outcome:
        """What is said while it is carried out; that of a failure before stays until the end."""
        if current is not None and stage is Stage.RETRYING:
            said = conditions.find_condition(current, Stage.FAILING) or {}
            failures = nodepolicies.failures_of(current, policy)
            return Outcome(stage=stage, message=text(said, "message"), failures=failures)
        return Outcome(stage=Stage.PROGRESSING, message="Applying desired state")

    def _end(self, key: tuple[str, int], policy: Document, outcome: Outcome) -> None:
        """Tell the outcome, and what is to be done after it."""
        self._pauses.pop(key, None)
        if outcome.stage is Stage.RETRYING:
            pause = min(FIRST_PAUSE * 2 ** (outcome.failures - 1), LONGEST_PAUSE)
            self._pauses[key] = asyncio.get_running_loop().time() + pause
        else:
            self._done.add(key)
        self._changed.set()
        self._write(policy, outcome)
        if outcome.stage is Stage.FAILING:
            name = nodepolicies.enactment_name(self._node, name_of(policy))
            tried = f" after {outcome.failures} retries" if outcome.failures > 1 else ""
            self._warn(policy, f'reconciliation of enactment "{name}" has failed{tried}')

    def _apply(self, policy: Document, failures: int) -> Outcome:
        """Blocks until it is done, or was taken back."""
        captured: dict[str, JsonValue] = {}
        desired = child(policy, "spec", "desiredState")
        try:
            captured, filled = self._network.captured(strings(policy, "spec", "capture"), desired)
            applied = self._network.apply(filled)
        except LauncherError as error:
            hint = f"; {error.hint}" if error.hint else ""
            log.warning("policy %s failed on %s: %s", name_of(policy), self._node, error)
            # What cannot be is so the next time, too.
            last = failures + 1 >= ATTEMPTS or isinstance(error, SpecError)
            return self._failure(f"{error}{hint}", failures + 1, captured, last=last)
        except (OSError, ValueError, LookupError, TypeError) as error:
            # Our own mistake: one policy must not keep the others from being carried out.
            log.exception("policy %s failed on %s", name_of(policy), self._node)
            return self._failure(f"internal error: {error!r}", failures + 1, captured, last=True)
        for op in applied.ops:
            log.info("%s: %s", self._node, op.describe())
        message = "successfully reconciled"
        if applied.notes:
            message += f" ({'; '.join(applied.notes)})"
        return Outcome(
            stage=Stage.AVAILABLE,
            message=message,
            desired=applied.desired,
            captured=captured,
            changed=bool(applied.ops),
            failures=failures,
        )

    def _failure(
        self, problem: str, failures: int, captured: dict[str, JsonValue], *, last: bool
    ) -> Outcome:
        """What is said of an attempt that failed, of the ``last`` one nothing but the problem."""
        again = f"; retrying {failures + 1}/{ATTEMPTS}"
        return Outcome(
            stage=Stage.FAILING if last else Stage.RETRYING,
            message=problem if last else problem + again,
            captured=captured,
            failures=failures,
        )

    def _nodes_of(self, policy: Document) -> list[str]:
        return [
            name_of(node)
            for node in self._service.list(NODE).items
            if nodepolicies.selects(policy, strings(node, "metadata", "labels"))
        ]

    def _enactment(self, policy: Document, node: str = "") -> Document | None:
        name = nodepolicies.enactment_name(node or self._node, name_of(policy))
        return self._service.find(NODE_NETWORK_ENACTMENT, None, name)

    def _write(self, policy: Document, outcome: Outcome) -> None:
        """Tell an outcome, unless the policy is gone."""
        if self._service.find(NODE_NETWORK_POLICY, None, name_of(policy)) is None:
            return
        known = self._enactment(policy)
        if known is None:
            made = nodepolicies.new_enactment(policy, self._node)
            self._carry_out(Create(kind=NODE_NETWORK_ENACTMENT, document=made))
            known = self._enactment(policy)
        if known is None:
            return
        status = nodepolicies.enactment_status(known, policy, outcome, self._clock.now())
        for change in status_patch(NODE_NETWORK_ENACTMENT, known, status):
            self._carry_out(change)

    def _warn(self, policy: Document, message: str) -> None:
        self._carry_out(
            Announce(about=policy, reason="ReconcileFailed", message=message, warning=True)
        )

    def _carry_out(self, change: reconcile.Doable | Delete) -> None:
        reconcile.carry_out(self._service, change, _COMPONENT, self._clock.now())

    # --- the state -----------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Show the network now, after each change that is heard of, and now and then."""
        try:
            listening = await asyncio.to_thread(self._network.changes)
        except LauncherError:
            listening = None
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as stack:
            if listening is not None:
                stack.enter_context(listening)
                loop.add_reader(listening, self._heard, listening)
                stack.callback(loop.remove_reader, listening)
            while True:
                self._changed.clear()
                await self._refresh()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH):
                        await self._changed.wait()
                        await asyncio.sleep(_SETTLE)

    def _heard(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while listening.recv(1 << 16):
                self._changed.set()
        self._changed.set()

    async def _refresh(self) -> None:
        try:
            if await self._call(self._network.revive):
                log.warning("the switch of %s had ended and was started again", self._node)
                self._done.clear()
                self._wake.set()
            state = await self._call(self._network.show)
        except LauncherError as error:
            log.warning("the network of %s cannot be shown: %s", self._node, error)
            return
        with contextlib.suppress(ApiError):
            self._show(state)

    def _show(self, state: dict[str, JsonValue]) -> None:
        # The nodes of one machine share its host name; what they are called is theirs.
        state = {**state, "hostname": {"config": self._node, "running": self._node}}
        known = self._service.find(NODE_NETWORK_STATE, None, self._node)
        if known is None:
            try:
                node = self._service.get(NODE, None, self._node)
            except NotFound:
                return
            document = nodepolicies.state_document(node)
            self._carry_out(Create(kind=NODE_NETWORK_STATE, document=document))
            known = self._service.get(NODE_NETWORK_STATE, None, self._node)
        if child(known, "status", "currentState") == state:
            return
        status: Document = {
            **child(known, "status"),
            "currentState": state,
            "lastSuccessfulUpdateTime": stamp(self._clock.now()),
        }
        for change in status_patch(NODE_NETWORK_STATE, known, status):
            self._carry_out(change)

    async def _call(self, function: Callable[P, R], *arguments: P.args, **words: P.kwargs) -> R:
        """Run what blocks in the node's own thread, one after the other."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, partial(function, *arguments, **words)
        )
