"""Whatever a node is to be: each step that fails is taken back, and what is there is no change."""

import json
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError, LauncherError, SpecError
from launcher.nmstate import schema, shown
from launcher.nmstate.schema import Interface, Ip, State
from launcher.ops.base import Op
from launcher.system import linkkinds, nodeapply, nodeobserve, ovs
from launcher.system.nodeobserve import NodePlace
from tests.fakes.nodeplaces import NEEDS_OVS, QUICK, node
from tests.fakes.nodewishes import Wishes

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

STATES, STEPS = 8, 5
"""How many states in a row, and how many of the steps to each fail."""
_OWN_MAC = {"linux-bridge", "ovs-interface", "veth", "vxlan", "bond", "vlan", "dummy"}


def plain(each: Interface) -> Interface:
    """An interface without what the kernel does by itself in its own time."""
    changes: dict[str, object] = {"permanent_mac_address": None}
    if each.type == "ovs-interface":
        changes["mtu"] = None  # the switch follows the least of its ports
    if each.type in _OWN_MAC:
        changes["mac_address"] = None
    for field in ("ipv4", "ipv6"):
        ip = getattr(each, field)
        if ip is not None:
            lasting = [one for one in ip.address or () if not one.ip.startswith("fe80")]
            lasting.sort(key=lambda one: one.ip)
            changes[field] = Ip(enabled=ip.enabled, address=tuple(lasting))
    return msgspec.structs.replace(each, **changes)


def look(place: NodePlace) -> str:
    state = nodeobserve.state(place)
    parts = (
        sorted((plain(each) for each in state.interfaces), key=lambda each: each.key),
        sorted(state.routes.config, key=repr),
        state.route_rules,
        state.ovn,
        state.ovs_db,
    )
    return json.dumps(json.loads(msgspec.json.encode(parts)), indent=1)


class Failing:
    """Carries out ops, but fails once, at one of them."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, op: Op, place: NodePlace) -> None:
        self._left -= 1
        if self._left == 0:
            raise HostError("it was to fail")
        PERFORM(op, place)


PERFORM = nodeapply.perform


def make(place: NodePlace, state: State) -> int:
    """Make it so; how many ops it took. What cannot be takes none."""
    try:
        return len(nodeapply.apply(place, state, QUICK).ops)
    except LauncherError:
        return 0


@pytest.mark.parametrize("seed", [3, 8, 11])
def test_any_step_that_fails_is_taken_back(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(seed, bonds=linkkinds.known("bond"), switch=not NEEDS_OVS)
    with node(tmp_path, nics=3) as (place, _):
        if not NEEDS_OVS:
            ovs.ensure(place.switch, place.netns)
        for _ in range(STATES):
            wish = wishes.state()
            state = schema.read(wish)
            try:
                ops = nodeapply.preview(place, state, QUICK).ops
            except SpecError:
                continue
            every = max(len(ops) // STEPS, 1)
            for at in range(1, len(ops) + 1, every):
                before = look(place)
                monkeypatch.setattr(nodeapply, "perform", Failing(at))
                with pytest.raises(LauncherError) as caught:
                    nodeapply.apply(place, state, QUICK)
                assert "moreover" not in str(caught.value), wish
                assert look(place) == before, (at, wish, [op.describe() for op in ops])
            monkeypatch.setattr(nodeapply, "perform", PERFORM)
            if make(place, state):
                assert nodeapply.apply(place, state, QUICK).ops == (), wish
            # What is shown is a state that changes nothing.
            again = schema.read(schema.write(shown.visible(nodeobserve.state(place))))
            assert nodeapply.preview(place, again, QUICK).ops == (), wish
