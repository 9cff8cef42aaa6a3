"""Put access credentials into the guest through its agent: SSH keys and passwords.

They are put there when the agent connects and whenever they change, and again after a while as
long as that fails, as virt-launcher does (spec/api.md §4.3).
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping

from launcher.errors import AgentError
from launcher.guest import commands
from launcher.guest.protocol import JsonValue
from launcher.spec import Credentials
from launcher.state import AgentState, CredentialState
from launcher.system.guestagent import GuestAgent
from launcher.system.guestexec import execute

_log = logging.getLogger(__name__)

RETRY = 15.0  # seconds
_PATIENCE = 60.0  # seconds for the program that writes keys where the agent cannot

# For agents without commands for keys. Keys that the user put above the mark stay.
_WRITE_KEYS = """
set -e
entry=$(getent passwd "$1" || grep "^$1:" /etc/passwd)
home=$(echo "$entry" | cut -d: -f6)
file=$home/.ssh/authorized_keys
mkdir -p "$home/.ssh"
touch "$file"
{ sed '/^### kept by the machine/,$d' "$file"; echo '### kept by the machine'; cat; } >"$file.new"
mv "$file.new" "$file"
chmod 700 "$home/.ssh"
chmod 600 "$file"
chown -R "$(echo "$entry" | cut -d: -f3,4)" "$home/.ssh"
"""


def of_agent(given: Credentials) -> Credentials:
    """The credentials that are the agent's to bring; others are in the seed."""
    keys = tuple(each for each in given.ssh_keys if each.via == "agent")
    return Credentials(ssh_keys=keys, passwords=given.passwords)


class Propagation:
    """Keeps the guest's credentials as they are wanted. ``report`` hears how it went."""

    def __init__(
        self,
        agent: GuestAgent,
        wanted: Credentials,
        report: Callable[[CredentialState | None], None],
    ) -> None:
        self._agent, self._report = agent, report
        self._wanted = of_agent(wanted)
        self._commands: tuple[str, ...] = ()
        self._task: asyncio.Task[None] | None = None

    def want(self, wanted: Credentials) -> None:
        """Other credentials from now on. Keys of users that are not named any more stay."""
        self._wanted = of_agent(wanted)
        self._begin()

    def see(self, agent: AgentState) -> None:
        """Look at the agent's state: it may have come, and gone."""
        if agent.commands == self._commands:
            return
        self._commands = agent.commands
        self._begin()

    def stop(self) -> None:
        """Forget the agent."""
        self._commands = ()
        if self._task:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        if self._task:
            self._task.cancel()
            self._task = None
        if not (self._wanted.ssh_keys or self._wanted.passwords):
            self._report(None)
        elif self._commands:
            self._task = asyncio.get_running_loop().create_task(self._until_done())

    async def _until_done(self) -> None:
        while True:
            try:
                await self._put()
            except AgentError as error:
                _log.info("access credentials: %s", error)
                self._report(CredentialState(synchronized=False, message=str(error)))
                await asyncio.sleep(RETRY)
            else:
                self._report(CredentialState(synchronized=True))
                return

    async def _put(self) -> None:
        for user, keys in keys_by_user(self._wanted).items():
            await self._put_keys(user, keys)
        for each in self._wanted.passwords:
            arguments: dict[str, JsonValue] = {
                "username": each.user,
                "password": base64.b64encode(each.password.encode()).decode(),
                "crypted": False,
            }
            await self._agent.ask(commands.SET_PASSWORD, arguments)

    async def _put_keys(self, user: str, keys: tuple[str, ...]) -> None:
        if commands.ADD_SSH_KEYS.name in self._commands:
            wanted: dict[str, JsonValue] = {"username": user, "keys": list(keys), "reset": True}
            await self._agent.ask(commands.ADD_SSH_KEYS, wanted)
            return
        argv = ("/bin/sh", "-c", _WRITE_KEYS, "keys", user)
        text = "".join(f"{key}\n" for key in keys)
        done = await execute(self._agent, argv, stdin=text.encode(), patience=_PATIENCE)
        if done.exit_code:
            said = done.stderr.decode(errors="replace").strip()
            raise AgentError(f"the keys of `{user}` were not written in the guest: {said}")


def keys_by_user(wanted: Credentials) -> Mapping[str, tuple[str, ...]]:
    """Each user's keys, from all credentials that name the user."""
    found: dict[str, tuple[str, ...]] = {}
    for each in wanted.ssh_keys:
        for user in each.users:
            found[user] = tuple(dict.fromkeys((*found.get(user, ()), *each.keys)))
    return found
