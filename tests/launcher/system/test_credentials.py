import base64

from launcher.spec import Credentials, Password, SshKeys
from launcher.state import AgentState, CredentialState
from launcher.system import credentials
from launcher.system.credentials import Propagation
from launcher.system.guestagent import GuestAgent
from tests.fakes.eventually import eventually
from tests.fakes.hypervisor import FakeHypervisor

KEYS = Credentials(
    ssh_keys=(
        SshKeys(keys=("ssh-ed25519 A",), via="agent", users=("bob", "root")),
        SshKeys(keys=("ssh-ed25519 B",), via="agent", users=("bob",)),
        SshKeys(keys=("ssh-ed25519 C",)),
    )
)
PASSWORD = Credentials(passwords=(Password(user="bob", password="dömo"),))


class Stand:
    def __init__(self, wanted: Credentials, **answers: object) -> None:
        self.hypervisor = FakeHypervisor(lambda _: None, active=True)
        self.guest = self.hypervisor.guest
        self.guest.answers |= answers
        self.said: list[CredentialState | None] = []
        self.propagation = Propagation(GuestAgent(self.hypervisor), wanted, self.said.append)

    def agent_comes(self, *commands: str) -> None:
        self.propagation.see(AgentState(connected=True, commands=commands))


def test_users_get_the_keys_that_are_the_agents_to_bring() -> None:
    assert credentials.keys_by_user(credentials.of_agent(KEYS)) == {
        "bob": ("ssh-ed25519 A", "ssh-ed25519 B"),
        "root": ("ssh-ed25519 A",),
    }


async def test_keys_are_put_there_by_the_agents_own_command() -> None:
    stand = Stand(KEYS, **{"guest-ssh-add-authorized-keys": {}})
    stand.agent_comes("guest-ssh-add-authorized-keys")
    await eventually(lambda: stand.said == [CredentialState(synchronized=True)])
    assert stand.guest.requests[0] == {
        "username": "bob",
        "keys": ["ssh-ed25519 A", "ssh-ed25519 B"],
        "reset": True,
    }


async def test_an_older_agent_runs_a_program_that_writes_them() -> None:
    stand = Stand(
        KEYS, **{"guest-exec": {"pid": 1}, "guest-exec-status": {"exited": True, "exitcode": 0}}
    )
    stand.agent_comes("guest-exec")
    await eventually(lambda: stand.said == [CredentialState(synchronized=True)])
    first = stand.guest.requests[0]
    assert first["arg"][-1] == "bob"  # type: ignore[index]
    assert base64.b64decode(str(first["input-data"])) == b"ssh-ed25519 A\nssh-ed25519 B\n"


async def test_a_failure_is_told_and_tried_again_when_others_are_wanted() -> None:
    stand = Stand(PASSWORD)
    stand.agent_comes("guest-set-user-password")
    await eventually(lambda: len(stand.said) == 1)
    assert stand.said[0] is not None
    assert "guest-set-user-password has not been found" in stand.said[0].message
    stand.guest.answers["guest-set-user-password"] = {}
    stand.propagation.want(PASSWORD)
    await eventually(lambda: stand.said[-1] == CredentialState(synchronized=True))
    assert stand.guest.requests[-1] == {
        "username": "bob",
        "password": base64.b64encode("dömo".encode()).decode(),
        "crypted": False,
    }


async def test_a_program_that_fails_says_why() -> None:
    failure = base64.b64encode(b"no such user\n").decode()
    status = {"exited": True, "exitcode": 1, "err-data": failure}
    stand = Stand(KEYS, **{"guest-exec": {"pid": 1}, "guest-exec-status": status})
    stand.agent_comes("guest-exec")
    await eventually(lambda: len(stand.said) == 1)
    message = "the keys of `bob` were not written in the guest: no such user"
    assert stand.said == [CredentialState(synchronized=False, message=message)]
    stand.propagation.stop()


async def test_without_credentials_the_agent_is_left_alone() -> None:
    stand = Stand(Credentials())
    stand.agent_comes("guest-set-user-password")
    assert (stand.said, stand.guest.asked) == ([None], [])


async def test_an_agent_that_comes_again_gets_them_again() -> None:
    stand = Stand(PASSWORD, **{"guest-set-user-password": {}})
    stand.agent_comes("guest-set-user-password")
    await eventually(lambda: len(stand.said) == 1)
    stand.propagation.see(AgentState())
    stand.agent_comes("guest-set-user-password")
    await eventually(lambda: len(stand.guest.asked) == 2)
    assert stand.guest.asked == ["guest-set-user-password"] * 2
