from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, vm
from tests.fakes.env import Ran, fake_env, run_in


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        made.object(f"{KUBEVIRT}/virtualmachines", {"items": [vm("web")]})
        made.object(f"{KUBEVIRT}/virtualmachineinstances", {"items": []})
        yield made


def run(server: ApiServer, home: Path, *words: str) -> Ran:
    return run_in(fake_env({"HOME": str(home)}), f"--server={server.url}", "ssh-config", *words)


def test_printed(server: ApiServer, tmp_path: Path) -> None:
    ran = run(server, tmp_path, "-l", "app=x", "--username", "ann")
    proxy = f"/usr/bin/virtctl --server={server.url} port-forward --stdio=true vm/web/default %p"
    assert ran.out.splitlines()[:3] == [
        "Host vm.web.default web.default",
        "    User ann",
        f"    ProxyCommand {proxy}",
    ]
    assert not (tmp_path / ".ssh").exists()


def test_written_and_included_once(server: ApiServer, tmp_path: Path) -> None:
    ssh = tmp_path / ".ssh"
    ran = run(server, tmp_path, "--write")
    assert "1 machines in" in ran.err
    assert (ssh / "config").read_text() == "Include kubevirt_config\n"
    assert "Host vm.web.default" in (ssh / "kubevirt_config").read_text()
    assert (ssh / "config").stat().st_mode & 0o777 == 0o600
    (ssh / "config").write_text("Host own\n")
    run(server, tmp_path, "--write")
    run(server, tmp_path, "--write")
    assert (ssh / "config").read_text() == "Include kubevirt_config\n\nHost own\n"


def test_what_cannot_be_written(server: ApiServer, tmp_path: Path) -> None:
    (tmp_path / ".ssh").write_text("")
    ran = run(server, tmp_path, "--write")
    assert (ran.code, "error: cannot write `" in ran.err) == (1, True)
