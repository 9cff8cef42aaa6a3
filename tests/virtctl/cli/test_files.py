from pathlib import Path

import pytest

from tests.fakes.env import fake_env
from virtctl.cli.files import manifests, only, place
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.session import Session
from virtctl.errors import Cause, Invalid, StatusDetails, UsageError, VirtctlError

ONE = "apiVersion: v1\nkind: {}\nspec:\n  a: 1\n"


def session(cwd: Path, stdin: str = "") -> Session:
    return Session(fake_env(cwd=str(cwd), stdin=stdin), GlobalFlags())


def test_files_directories_and_stdin(tmp_path: Path) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/b.yaml").write_text(ONE.format("B"))
    (tmp_path / "d/a.json").write_text('{"apiVersion": "v1", "kind": "A"}')
    (tmp_path / "d/c.txt").write_text("no")
    (tmp_path / "d/e/f.yml").write_text(ONE.format("F"))
    here = session(tmp_path, ONE.format("S"))
    found = manifests(here, ["d", "-"], recursive=False)
    assert [(m.source, m.title) for m in found] == [
        ("d/a.json", "A"), ("d/b.yaml", "B"), ("stdin", "S"),
    ]  # fmt: skip
    assert [m.title for m in manifests(here, ["d"], recursive=True)] == ["A", "B", "F"]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing flag `--filename`"):
        manifests(session(tmp_path), [], recursive=False)
    with pytest.raises(UsageError, match="is a URL") as caught:
        manifests(session(tmp_path), ["https://x/y.yaml"], recursive=False)
    assert "curl" in str(caught.value.hint)
    with pytest.raises(VirtctlError, match="file `no` does not exist"):
        manifests(session(tmp_path), ["no"], recursive=False)
    with pytest.raises(VirtctlError, match="no objects in"):
        manifests(session(tmp_path), ["."], recursive=False)


def test_errors_have_a_place(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ONE.format("A"))
    manifest = manifests(session(tmp_path), ["m.yaml"], recursive=False)[0]
    assert place(manifest, VirtctlError("x")) == "m.yaml:1"
    assert place(manifest, VirtctlError('unknown field "spec.a"')) == "m.yaml:4"
    details = StatusDetails(causes=(Cause("FieldValueInvalid", "no", "spec"),))
    assert place(manifest, Invalid("x", details)) == "m.yaml:3"


def test_only_one_object(tmp_path: Path) -> None:
    assert only(session(tmp_path, ONE.format("A")), "-").title == "A"
    with pytest.raises(VirtctlError, match="stdin:6: there is more than one object in `-`"):
        only(session(tmp_path, f"{ONE.format('A')}---\n{ONE.format('B')}"), "-")
