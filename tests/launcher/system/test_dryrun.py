from launcher.ops.links import SetMtu, SetUp
from launcher.system import dryrun

OPS = (SetMtu(name="a", mtu=1400), SetUp(name="a", up=True))


def test_a_plan_is_a_script() -> None:
    assert dryrun.script(OPS) == "ip link set a mtu 1400\nip link set a up\n"
    assert dryrun.script(()) == ""


def test_in_a_namespace_each_line_says_so() -> None:
    assert dryrun.script(OPS[:1], netns="n") == "ip netns exec n ip link set a mtu 1400\n"
