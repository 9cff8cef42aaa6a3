"""Keys and passwords for the guest."""

import msgspec

from launcher.spec import Credentials, Password, SshKeys


def test_they_survive_their_way_to_the_launcher() -> None:
    given = Credentials(
        ssh_keys=(SshKeys(keys=("ssh-ed25519 A",), via="agent", users=("fedora",)),),
        passwords=(Password(user="fedora", password="dömo"),),
    )
    assert msgspec.json.decode(msgspec.json.encode(given), type=Credentials) == given
