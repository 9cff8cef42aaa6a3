import json
from pathlib import Path

import pytest

from tests.fakes.env import fake_env
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.session import Session
from virtctl.cli.templates import printed, source
from virtctl.errors import UsageError, VirtctlError
from virtctl.models.documents import Document


def missing(name: str) -> Document:
    raise VirtctlError(f"there is no {name}")


def test_from_a_file_or_the_cluster(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("---\napiVersion: v1\nkind: T\n")
    session = Session(fake_env(cwd=str(tmp_path)), GlobalFlags())
    found = source(session, "", "t.yaml", missing)
    assert found == ("t.yaml:2", {"apiVersion": "v1", "kind": "T"})
    assert source(session, "t", "", lambda name: {"got": name}) == ("template t", {"got": "t"})
    with pytest.raises(VirtctlError, match="cannot get template t: there is no t"):
        source(session, "t", "", missing)


@pytest.mark.parametrize(("name", "file"), [("", ""), ("t", "t.yaml")])
def test_exactly_one_of_both(name: str, file: str) -> None:
    with pytest.raises(UsageError, match="name"):
        source(Session(fake_env(), GlobalFlags()), name, file, missing)


def test_formats() -> None:
    assert json.loads(printed({"a": [1]}, "json").text) == {"a": [1]}
    assert printed({"a": 1}, "json").text == '{\n "a": 1\n}'
    assert printed({"a": 1}, "yaml").text == "a: 1\n"
