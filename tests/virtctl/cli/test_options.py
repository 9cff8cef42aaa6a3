from virtctl.cli.options import Argument, Option


def test_markers_hold_what_they_are_told() -> None:
    option = Option("--wait", "-w", help="Wait.", bare="ready", choices=("ready", "ip"))
    assert option.names == ("--wait", "-w")
    assert (option.bare, option.choices, option.required, option.split) == (
        "ready",
        ("ready", "ip"),
        False,
        False,
    )
    assert Argument("VM", complete="vm").complete == "vm"
