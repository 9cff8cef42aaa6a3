from typing import Annotated

import pytest

from tests.fakes.env import virtctl
from virtctl.cli import registry
from virtctl.cli.flags import Flag
from virtctl.cli.grammar import _Reader, convert, load, read, shape
from virtctl.cli.options import Argument, Option
from virtctl.errors import UsageError


def test_flags_and_words_come_in_any_order() -> None:
    found = read(["--kubeconfig", "k", "stop", "--force", "a", "-nprod", "--grace-period=5", "b"])
    assert found.path == ("stop",)
    assert found.arguments == {"names": ["a", "b"], "force": True, "grace_period": 5}
    assert found.globals.text("namespace") == "prod"
    assert found.globals.text("kubeconfig") == "k"


@pytest.mark.parametrize(
    "words", [["-n", "x"], ["-nx"], ["-n=x"], ["--namespace", "x"], ["--namespace=x"]]
)
@pytest.mark.parametrize("front", [True, False])
def test_a_flag_is_spelled_in_many_ways(words: list[str], front: bool) -> None:
    argv = [*words, "start", "a"] if front else ["start", "a", *words]
    assert read(argv).globals.text("namespace") == "x"


@pytest.mark.parametrize(
    ("word", "value"),
    [("--paused", True), ("--paused=true", True), ("--paused=F", False), ("--paused=0", False)],
)
def test_a_switch_may_have_a_value(word: str, value: bool) -> None:
    assert read(["start", "a", word]).arguments["paused"] is value


def test_a_switch_takes_no_word_that_follows() -> None:
    assert read(["start", "--paused", "false"]).arguments["names"] == ["false"]


def test_a_bare_flag_has_its_own_value() -> None:
    assert read(["start", "a", "--wait"]).arguments["wait"] == "default"
    assert read(["start", "a", "--wait=ssh"]).arguments["wait"] == "ssh"
    found = read(["start", "a", "--wait", "ssh", "b"]).arguments
    assert (found["names"], found["wait"]) == (["a", "b"], "ssh")
    assert read(["start", "--wait", "a"]).arguments["names"] == ["a"]


def test_short_flags_cluster() -> None:
    found = read(["vnc", "screenshot", "web", "-mf", "x.png"])
    assert found.arguments == {"name": "web", "move_cursor": True, "file": "x.png"}


def test_a_local_flag_shadows_the_global_one() -> None:
    found = read(["create", "vm", "--user", "fedora"])
    assert found.arguments["user"] == "fedora"
    assert found.globals.text("user") is None
    assert read(["start", "a", "--user", "u"]).globals.text("user") == "u"


def test_an_equals_sign_alone_is_a_value() -> None:
    assert read(["start", "web", "-n="]).globals.text("namespace") == "="
    assert read(["start", "web", "-n=a"]).globals.text("namespace") == "a"


def test_after_two_dashes_all_are_words() -> None:
    assert read(["start", "--", "--paused", "-n"]).arguments["names"] == ["--paused", "-n"]


@pytest.mark.parametrize(
    ("word", "number"),
    [("0x10", 16), ("010", 8), ("10", 10), ("-1", -1), ("0", 0), ("+0b11", 3), ("1_0", 10)],
)
def test_numbers_are_read_as_go_reads_them(word: str, number: int) -> None:
    found = read(["create", "vm", f"--termination-grace-period={word}"])
    assert found.arguments["termination_grace_period"] == number


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["frobnicate"], "unknown command `frobnicate`"),
        (["create", "frobnicate"], "unknown command `create frobnicate`"),
        (["--no-such", "start"], "unknown flag `--no-such` before the command"),
        (["start", "a", "--no-such"], "unknown flag `--no-such`"),
        (["start", "a", "--paused=maybe"], "`maybe` for flag `--paused`"),
        (["create", "vm", "--termination-grace-period", "1.5"], "`1.5` for flag"),
        (["start", "a", "-n"], "flag `-n` needs a value"),
        (["create", "vm", "--termination-grace-period= 1"], "` 1` for flag"),
        (["create", "instancetype", "--cpu=+2", "--memory=1Gi"], "`+2` for flag"),
        (["create", "vm", "--ssh-key", 'k"q'], '`k"q` for flag `--ssh-key`: bare "'),
        (["vnc"], "missing argument VMI"),
        (["vnc", "a", "b"], "unexpected argument `b`"),
        (["vnc", "screenshot", "a"], "required flag(s) `--file` not set"),
        (["guestosinfo", "a", "-o", "xml"], "must be one of json, yaml"),
    ],
)
def test_what_cannot_be_understood_is_named(argv: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(argv)
    assert said in str(caught.value)


def test_a_typing_error_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        read(["strat"])
    assert caught.value.hint == "did you mean `start`?"


@pytest.mark.parametrize(
    "argv", [["start", "--help"], ["start", "a", "-h"], ["-n", "x", "start", "-h"]]
)
def test_help_is_wanted(argv: list[str]) -> None:
    found = read(argv)
    assert found.path == ("start",)
    assert found.body is None


def test_a_deprecated_flag_is_told_of() -> None:
    found = read(["create", "vm", "--volume-blank", "size:1Gi"])
    assert found.notices == (
        "Flag --volume-blank has been deprecated, use flag --volume-import instead",
    )


def test_signature_is_the_description() -> None:
    def run(
        session: object,
        name: Annotated[str, Argument("NAME")],
        rest: Annotated[list[str], Argument("REST")] = [],  # noqa: B006
        *,
        many: Annotated[list[str] | None, Option("--many", help="Many.")] = None,
        count: Annotated[int | None, Option("--count", help="Count.")] = None,
    ) -> None: ...

    form = shape(run)
    assert [(w.parameter, w.many, w.required) for w in form.words] == [
        ("name", False, True),
        ("rest", True, False),
    ]
    assert [(f.parameter, f.kind, f.many, f.default) for f in form.flags] == [
        ("many", str, True, None),
        ("count", int, False, None),
    ]


@pytest.mark.parametrize("command", registry.COMMANDS, ids=lambda c: c.name)
def test_every_command_can_be_read(command: registry.Command) -> None:
    form = shape(load(command))
    assert all(flag.option.help for flag in form.flags)


def test_usage_errors_end_with_2_and_a_hint() -> None:
    ran = virtctl("start", "a", "--no-such")
    assert ran.code == 2
    assert ran.err == "error: unknown flag `--no-such`\nhint: see `virtctl start --help`\n"


def test_rivals_exclude_each_other() -> None:
    def body(
        _: object,
        *,
        file: Annotated[str, Option("--file", help="", group=("from",))] = "",
        value: Annotated[str, Option("--value", help="", group=("from", "other"))] = "",
        plain: Annotated[bool, Option("--plain", help="")] = False,
    ) -> None: ...

    form = shape(body)
    reader = _Reader(form.flags)
    reader.take(["--file=a", "--plain"])
    reader.finish(form)
    reader.take(["--value=b"])
    with pytest.raises(UsageError, match="flags `--file`, `--value` exclude each other"):
        reader.finish(form)


@pytest.mark.parametrize(("raw", "fits"), [("7", True), ("8", False), ("-1", False)])
def test_numbers_have_limits(raw: str, fits: bool) -> None:
    flag = Flag("n", Option("--n", help="", limits=(0, 7)), int, many=False, default=0)
    if fits:
        assert convert(flag, "--n", raw) == int(raw)
        return
    with pytest.raises(
        UsageError, match=f"invalid argument `{raw}` for flag `--n`: must be 0 to 7"
    ):
        convert(flag, "--n", raw)
