import threading
from pathlib import Path

from launcher.system.kvm import kvm_usable


def test_no_device_is_not_usable(tmp_path: Path) -> None:
    usable, reason = kvm_usable(tmp_path / "kvm")
    assert not usable
    assert reason == f"`{tmp_path / 'kvm'}`: No such file or directory"


def test_a_file_is_not_a_device(tmp_path: Path) -> None:
    (tmp_path / "kvm").touch()
    assert not kvm_usable(tmp_path / "kvm")[0]


def test_this_host_gets_a_verdict_with_a_reason_in_any_thread() -> None:
    verdicts = [kvm_usable()]
    thread = threading.Thread(target=lambda: verdicts.append(kvm_usable()))
    thread.start()
    thread.join()
    assert verdicts[0] == verdicts[1]
    assert verdicts[0][0] == (verdicts[0][1] == "")
