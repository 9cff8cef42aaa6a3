import pytest

from launcher.errors import AgentError
from launcher.guest import commands
from tests.fakes.guest import FakeGuest

GUEST = FakeGuest.ordinary()


def asked(command: commands.Command[object]) -> object:
    return command.parse(GUEST.answer(f'{{"execute": "{command.name}"}}'))


def test_info_lists_only_commands_that_work() -> None:
    info = asked(commands.INFO)
    assert isinstance(info, commands.Info)
    assert (info.version, info.enabled) == ("10.0.13", ("guest-ping",))


def test_interfaces_have_their_addresses() -> None:
    found = asked(commands.INTERFACES)
    assert isinstance(found, tuple)
    assert [(each.name, [a.ip_address for a in each.ip_addresses]) for each in found] == [
        ("lo", []),
        ("eth0", ["10.0.2.2"]),
    ]


def test_filesystems_name_their_disk() -> None:
    (found,) = asked(commands.FILESYSTEMS)  # type: ignore[misc]
    assert (found.mountpoint, found.total_bytes, found.disk[0].serial) == ("/", 100, "abc")


def test_users_and_os() -> None:
    (user,) = asked(commands.USERS)  # type: ignore[misc]
    assert (user.user, user.login_time) == ("fedora", 12.5)
    assert asked(commands.OS_INFO) == commands.OsInfo(
        id="tiny", kernel_release="6.12", pretty_name="T"
    )


def test_an_answer_of_another_shape_names_the_command() -> None:
    with pytest.raises(AgentError, match=r"guest-get-users"):
        commands.USERS.parse('{"return": {"user": 1}}')
