"""Rules that choose a table of routes, as shell lines."""

from launcher.ops.routerules import MakeRule, TableRule, UnmakeRule


def test_shell_lines() -> None:
    rule = TableRule(version=4, source="10.0.0.0/8", table=100, priority=7, suppress=0)
    line = "from 10.0.0.0/8 priority 7 lookup 100 suppress_prefixlength 0"
    assert MakeRule(rule=rule).describe() == f"ip rule add {line}"
    other = TableRule(
        version=6, destination="fd00::/8", incoming="eth0", mark=1, mask=15, action="prohibit"
    )
    line = "from all to fd00::/8 iif eth0 fwmark 0x1/0xf prohibit"
    assert UnmakeRule(rule=other).describe() == f"ip -6 rule delete {line}"
