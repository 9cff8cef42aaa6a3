import pytest

from launcher.errors import AgentError
from launcher.guest import commands
from launcher.guest.commands import Interface
from launcher.state import AgentState
from launcher.system.guestagent import GuestAgent, Poller
from tests.fakes.eventually import eventually
from tests.fakes.guest import FakeGuest
from tests.fakes.hypervisor import FakeHypervisor


def agent(guest: FakeGuest | None = None) -> GuestAgent:
    found = FakeHypervisor(lambda _: None, guest=guest or FakeGuest.ordinary())
    found.active = True
    return GuestAgent(found)


async def test_a_typed_request() -> None:
    assert (await agent().ask(commands.HOST_NAME)).host_name == "fedora-0"


async def test_any_request() -> None:
    assert await agent().raw("guest-get-timezone", {}) == b'{"zone": "UTC", "offset": 0}'


async def test_a_refusal() -> None:
    with pytest.raises(AgentError, match="has not been found"):
        await agent().raw("guest-dance", {})


class Heard:
    """What a poller reported last."""

    def __init__(self) -> None:
        self.agent = AgentState()
        self.interfaces: tuple[Interface, ...] | None = None

    def __call__(self, agent: AgentState, interfaces: tuple[Interface, ...] | None) -> None:
        self.agent, self.interfaces = agent, interfaces


async def asked_everything(heard: Heard) -> None:
    await eventually(lambda: heard.agent.version != "" and heard.agent.timezone != "")


async def test_a_connected_agent_is_asked_at_once() -> None:
    heard = Heard()
    poller = Poller(agent(), heard)
    poller.connect()
    await asked_everything(heard)
    assert heard.agent.commands == ("guest-ping",)
    assert heard.agent.timezone == "UTC, 0"
    assert heard.agent.os.id == "tiny"
    assert [each.name for each in heard.interfaces or ()] == ["lo", "eth0"]
    poller.disconnect()
    assert (heard.agent, heard.interfaces) == (AgentState(), None)


async def test_one_missing_command_does_not_hide_the_others() -> None:
    guest = FakeGuest.ordinary()
    del guest.answers["guest-get-osinfo"]
    heard = Heard()
    poller = Poller(agent(guest), heard)
    poller.connect()
    await asked_everything(heard)
    assert (heard.agent.hostname, heard.agent.os.id) == ("fedora-0", "")
    poller.disconnect()


async def test_frozen_file_systems_are_noticed() -> None:
    guest, heard = FakeGuest.ordinary(), Heard()
    guest.frozen = True
    poller = Poller(agent(guest), heard)
    await poller.ask_freeze_status()
    assert heard.agent.frozen


async def test_a_guest_whose_devices_changed_is_asked_again() -> None:
    guest, heard = FakeGuest.ordinary(), Heard()
    poller = Poller(agent(guest), heard)
    poller.hurry()
    assert guest.asked == []
    poller.connect()
    await asked_everything(heard)
    asked = guest.asked.count("guest-network-get-interfaces")
    poller.hurry()
    await eventually(lambda: guest.asked.count("guest-network-get-interfaces") > asked)
    poller.disconnect()
