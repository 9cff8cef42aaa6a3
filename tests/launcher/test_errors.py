import pytest

from launcher import errors


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.SpecError("spec.disks[0]", "there is no bus `ide`"), "spec.disks[0]: there is no"),
        (errors.ProgramError(["nft", "-f"], 1, "a\nbad rule\n"), "`nft` exited with 1: bad rule"),
        (errors.ProgramError(["nft"], 2, ""), "`nft` exited with 2"),
        (errors.PlanFailed("ip link add a", "exists"), "`ip link add a` failed: exists"),
        (errors.VerifyFailed(["a.mtu", "b.up"]), "not as planned: a.mtu; b.up"),
        (errors.Timeout("ssh", 5, "DHCP was answered", "log"), "ssh did not come within 5 s; DHCP"),
    ],
)
def test_sentences(error: errors.LauncherError, sentence: str) -> None:
    assert str(error).startswith(sentence)


def test_who_may_try_again() -> None:
    assert errors.LauncherGone("gone").retry_helps
    assert not errors.HostError("no tun").retry_helps
