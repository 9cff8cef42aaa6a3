from virtctl.streams.openssh import Copy, Login, config, options, proxy_command, scp, ssh

PLAIN = Login("vm.web.default", "me", ("virtctl", "port-forward"))
FULL = Login(
    "vm.web.default", "me", ("virtctl", "--kubeconfig=/a b", "x%h"), "/k", ("-v", "-A"),
    "kubevirt-1", "/h/known",
)  # fmt: skip


def test_plain() -> None:
    assert ssh(PLAIN) == ["ssh", "-o", "ProxyCommand=virtctl port-forward", "me@vm.web.default"]
    assert ssh(PLAIN._replace(user=""))[-1] == "vm.web.default"
    assert ssh(PLAIN, "ls -l | wc")[-1] == "ls -l | wc"


def test_the_users_options_come_before_ours() -> None:
    assert ssh(FULL) == [
        "ssh", "-o", "ProxyCommand=virtctl '--kubeconfig=/a b' x%%h", "-v", "-A", "-i", "/k",
        "-o", 'UserKnownHostsFile="/h/known"', "-o", "StrictHostKeyChecking=accept-new",
        "-o", "HostKeyAlias=kubevirt-1", "-o", "CheckHostIP=no", "me@vm.web.default",
    ]  # fmt: skip


def test_quoting() -> None:
    assert proxy_command(["a", "b c", "$d", "100%"]) == "a 'b c' '$d' 100%%"


def test_copies() -> None:
    up = scp(PLAIN, Copy("a", "b", upload=True, recursive=True, preserve=True))
    assert up[3:] == ["-r", "-p", "a", "me@vm.web.default:b"]
    down = scp(PLAIN, Copy("a", "b", upload=False))
    assert down[3:] == ["me@vm.web.default:b", "a"]


def test_a_block_of_ssh_config() -> None:
    assert config(PLAIN._replace(user=""), ["a", "b"]) == (
        "Host a b\n    ProxyCommand virtctl port-forward\n"
    )
    assert config(FULL, ["a"], "%p").splitlines() == [
        "Host a",
        "    User me",
        "    ProxyCommand virtctl '--kubeconfig=/a b' x%%h %p",
        '    IdentityFile "/k"',
        '    UserKnownHostsFile "/h/known"',
        "    StrictHostKeyChecking accept-new",
        "    HostKeyAlias kubevirt-1",
        "    CheckHostIP no",
    ]


def test_options_as_one_line() -> None:
    assert options(PLAIN) == "-o 'ProxyCommand=virtctl port-forward'"
