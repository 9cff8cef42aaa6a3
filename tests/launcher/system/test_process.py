import os
import signal
from pathlib import Path

import pytest

from launcher.errors import HostError, ProgramError, Timeout
from launcher.system import process


def test_output_and_exit_code_come_back() -> None:
    done = process.run(["sh", "-c", "echo out; echo err >&2"])
    assert done == process.Completed(0, "out\n", "err\n")


def test_input_is_given_and_is_empty_otherwise() -> None:
    assert process.run(["cat"], input="text").stdout == "text"
    assert process.run(["cat"], input=b"bytes").stdout == "bytes"
    assert process.run(["cat"]).stdout == ""


def test_the_environment_is_added_to(tmp_path: Path) -> None:
    done = process.run(["sh", "-c", 'echo "$MARK"; pwd; test -n "$PATH"'], env={"MARK": "m"},
                       cwd=tmp_path)  # fmt: skip
    assert done.stdout == f"m\n{tmp_path}\n"


def test_failure_tells_the_last_line_of_stderr() -> None:
    with pytest.raises(ProgramError, match=r"exited with 3: last$") as caught:
        process.run(["sh", "-c", "echo first >&2; echo last >&2; exit 3"])
    assert caught.value.returncode == 3
    assert process.run(["sh", "-c", "exit 3"], check=False).returncode == 3


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(HostError, match="`no-such-program` is not installed") as caught:
        process.run(["no-such-program"])
    assert caught.value.hint is None


def test_a_known_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(process.PACKAGES, "no-such-program", "such-package")
    with pytest.raises(HostError) as caught:
        process.find("no-such-program")
    assert caught.value.hint == "install the package `such-package`"


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nothing")
    broken.chmod(0o755)
    with pytest.raises(HostError, match="cannot be run: Exec format error"):
        process.run([broken])
    with pytest.raises(HostError, match="cannot be run: Exec format error"):
        process.spawn([broken])


def test_a_slow_program_is_killed_and_what_it_said_is_told() -> None:
    with pytest.raises(Timeout, match=r"did not come within 2 s; it said: waiting"):
        process.run(["sh", "-c", "echo waiting >&2; exec sleep 600"], timeout=2)
    with pytest.raises(Timeout, match="it said nothing"):
        process.run(["sleep", "600"], timeout=0.01)


def test_a_spawned_program_writes_its_log_in_a_session_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    spawned = process.spawn(["sh", "-c", "ps=$$; echo $MARK; echo err >&2; exit 4"], log=log,
                            env={"MARK": "m"})  # fmt: skip
    assert spawned.wait(60) == 4
    assert log.read_text() == "m\nerr\n"
    assert spawned.poll() == 0  # reaped already


def test_a_spawned_program_is_waited_for_and_killed() -> None:
    spawned = process.spawn(["sleep", "600"])
    try:
        assert os.getsid(spawned.pid) == spawned.pid
        assert spawned.poll() is None
        with pytest.raises(Timeout, match="it still runs"):
            spawned.wait(0.01)
    finally:
        spawned.kill()
    assert spawned.wait() == -signal.SIGKILL
    spawned.kill()  # gone already


def test_a_process_is_known_by_when_it_started() -> None:
    assert process.start_time(os.getpid()) == process.start_time(os.getpid())
    spawned = process.spawn(["sleep", "600"])
    assert process.start_time(spawned.pid)
    spawned.kill()
    spawned.wait()
    assert process.start_time(spawned.pid) is None
