from pathlib import Path

import pytest

from tests.fakes.env import Ran, fake_env, run_in, virtctl

ROOT = Path(__file__).parents[5]
TEMPLATE = str(ROOT / "templates/vm/fedora-0.yaml")


def render(*words: str) -> Ran:
    return virtctl("local", "render", "-f", TEMPLATE, *words)


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("domain", ("<domain ", "<name>default_fedora-0</name>", "tap0")),
        ("network", ("k6t-eth0", "KUBEVIRT_PREINBOUND", "10.0.2.1/24")),
        ("pod", ("kind: Pod", "virt-launcher-fedora-0")),
        ("cloud-init", ("user-data", "meta-data")),
        ("disks", ("qemu-img create", "xorrisofs")),
    ],
)
def test_what_would_be_made(what: str, parts: tuple[str, ...]) -> None:
    ran = render("--what", what)
    assert (ran.code, ran.err) == (0, "")
    for part in parts:
        assert part in ran.out


def test_the_domain_is_what_is_shown_unasked() -> None:
    assert render().out == render("--what", "domain").out


def test_other_kinds_are_passed_over_and_machines_separated() -> None:
    text = Path(TEMPLATE).read_text()
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"
    stdin = "---\n".join((text, other, text.replace("fedora-0", "fedora-1")))
    ran = run_in(fake_env(stdin=stdin), "local", "render", "-f", "-")
    assert ran.code == 0
    first, second = ran.out.split("\n---\n")
    assert "default_fedora-0" in first
    assert "default_fedora-1" in second


def test_files_without_a_machine_are_refused() -> None:
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"
    ran = run_in(fake_env(stdin=other), "local", "render", "-f", "-")
    assert (ran.code, ran.out) == (2, "")
    assert "ConfigMap" in ran.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      domain:\n", "      domian: {}\n      domain:\n", "spec.template.spec.domian"),
        ("runStrategy: Always", "runStrategy: 3", "spec.runStrategy"),
    ],
)
def test_what_the_server_would_not_read_is_refused(old: str, new: str, said: str) -> None:
    text = Path(TEMPLATE).read_text()
    assert old in text
    ran = run_in(fake_env(stdin=text.replace(old, new)), "local", "render", "-f", "-")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_unknown_views() -> None:
    assert render("--what", "everything").code == 2
    assert virtctl("local", "render").code == 2
