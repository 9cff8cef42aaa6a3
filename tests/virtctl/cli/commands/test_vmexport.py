import gzip
from pathlib import Path

import pytest

from tests.fakes.canned import Answer, ApiServer, api_server, refused
from tests.fakes.env import Ran, virtctl

EXPORTS = "/apis/export.kubevirt.io/v1/namespaces/default/virtualmachineexports"
SECRETS = "/api/v1/namespaces/default/secrets"
DISK = gzip.compress(b"disk content\n", mtime=0)


def exported(server: ApiServer, *formats: str, phase: str = "Ready") -> dict[str, object]:
    offered = [{"format": kind, "url": f"{server.url}/disk/{kind}"} for kind in formats]
    manifests = [
        {"type": kind, "url": f"{server.url}/manifest/{kind}"}
        for kind in ("all", "auth-header-secret", "oci")
    ]
    links = {"cert": "", "volumes": [{"name": "disk", "formats": offered}], "manifests": manifests}
    status = {"phase": phase, "tokenSecretRef": "s", "links": {"external": links}}
    return {"metadata": {"name": "e", "uid": "u"}, "status": status}


def serving(server: ApiServer, *formats: str) -> None:
    server.object(f"{EXPORTS}/e", exported(server, *formats or ("raw", "gzip")))
    server.object(f"{SECRETS}/s", {"data": {"token": "dG9r"}})
    server.on("GET", "/disk/gzip", DISK)
    server.on("GET", "/disk/raw", b"raw")
    server.on("GET", "/manifest/all", "kind: List\n")
    server.on("GET", "/manifest/auth-header-secret", "kind: Secret\n")
    server.on("GET", "/manifest/oci", b"tar")


def run(server: ApiServer, *words: str) -> Ran:
    return virtctl("vmexport", *words, server=server.url)


def test_create() -> None:
    with api_server() as server:
        server.on("POST", EXPORTS, {"metadata": {"name": "e", "uid": "u"}})
        server.on("POST", SECRETS, {})
        words = ["--vm", "web", "--ttl", "90m", "--labels", "a=b,c=d", "--annotations", "x=y"]
        ran = run(server, "create", "e", *words)
        (_, export), (_, secret) = server.writes
    said = "VirtualMachineExport 'default/e' created successfully\n"
    assert (ran.code, ran.out, ran.err) == (0, "", said)
    assert isinstance(export, dict)
    assert export["spec"]["ttlDuration"] == "1h30m0s"
    assert export["metadata"]["labels"] == {"a": "b", "c": "d"}
    assert export["metadata"]["annotations"] == {"x": "y"}
    assert isinstance(secret, dict)
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "u"


@pytest.mark.parametrize("ttl", ["0s", "-1m"])
def test_no_time_to_live_is_left_to_the_server(ttl: str) -> None:
    with api_server() as server:
        server.on("POST", EXPORTS, {"metadata": {"name": "e", "uid": "u"}})
        server.on("POST", SECRETS, {})
        assert run(server, "create", "e", "--vm", "web", f"--ttl={ttl}").code == 0
        export = server.writes[0][1]
    assert isinstance(export, dict)
    assert "ttlDuration" not in export["spec"]


def test_nothing_is_done_for_a_file_that_cannot_be_written() -> None:
    with api_server() as server:
        words = ["--output", "/no/such/file", "--delete-vme", "--vm", "web"]
        ran = run(server, "download", "e", *words)
        assert server.writes == []
    assert (ran.code, "there is no directory /no/such" in ran.err) == (1, True)


def test_a_timeout_is_read_before_anything_is_made() -> None:
    with api_server() as server:
        ran = run(server, "create", "e", "--vm", "web", "--readiness-timeout=soon")
        assert server.writes == []
    assert (ran.code, "--readiness-timeout" in ran.err) == (2, True)


def test_create_what_is_there() -> None:
    with api_server() as server:
        server.object(f"{EXPORTS}/e", {})
        ran = run(server, "create", "e", "--pvc", "p")
        assert server.writes == []
    assert (ran.code, "'default/e' already exists" in ran.err) == (1, True)


@pytest.mark.parametrize("there", [True, False])
def test_delete(there: bool) -> None:
    with api_server() as server:
        if there:
            server.on("DELETE", f"{EXPORTS}/e", {})
        ran = run(server, "delete", "e")
    said = "deleted successfully" if there else "does not exist"
    assert (ran.code, ran.err) == (0, f"VirtualMachineExport 'default/e' {said}\n")


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ([], DISK),
        (["--format=gzip"], DISK),
        (["--format=raw"], b"disk content\n"),
        (["--format=oci"], b"tar"),
        (["--volume=disk", "--retry=3"], DISK),
        (["--manifest"], b"kind: List\n"),
        (["--manifest", "--include-secret"], b"kind: List\nkind: Secret\n"),
    ],
)
def test_download(tmp_path: Path, words: list[str], content: bytes) -> None:
    with api_server() as server:
        serving(server)
        ran = run(server, "download", "e", "--output", str(tmp_path / "out"), *words)
        asked = [one for one in server.asked if one.path.startswith(("/disk", "/manifest"))]
        assert {one.headers["x-kubevirt-export-token"] for one in asked} == {"tok"}
        assert server.writes == []
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert (tmp_path / "out").read_bytes() == content
    assert ("Download finished successfully" in ran.err) == ("--manifest" not in words)


def test_a_download_makes_its_export_and_deletes_it(tmp_path: Path) -> None:
    with api_server() as server:
        serving(server)
        pending = exported(server, phase="Pending")
        ready = exported(server, "raw")
        server.on("GET", f"{EXPORTS}/e", refused(404, "NotFound", "none"), pending, ready)
        server.on("POST", EXPORTS, {"metadata": {"name": "e"}})
        server.on("POST", SECRETS, {})
        server.on("DELETE", f"{EXPORTS}/e", {})
        ran = run(server, "download", "e", "--vm=web", "--output", str(tmp_path / "out"))
        assert [place for place, _ in server.writes] == [
            f"POST {EXPORTS}", f"POST {SECRETS}", f"DELETE {EXPORTS}/e",
        ]  # fmt: skip
    assert ran.code == 0
    assert "waiting for export e: phase Pending" in ran.err
    assert (tmp_path / "out").read_bytes() == b"raw"


@pytest.mark.parametrize(
    ("words", "deletes"), [(["--keep-vme"], 0), ([], 0), (["--delete-vme"], 1)]
)
def test_an_export_that_was_there(tmp_path: Path, words: list[str], deletes: int) -> None:
    with api_server() as server:
        serving(server)
        server.on("DELETE", f"{EXPORTS}/e", {})
        out = ["--output", str(tmp_path / "out")]
        ran = run(server, "download", "e", "--vm=web", *out, *words)
        assert len(server.writes) == deletes
    assert (ran.code, "is there already" in ran.err) == (0, True)


def test_a_failed_download_is_tried_again(tmp_path: Path) -> None:
    with api_server() as server:
        serving(server)
        server.on("GET", "/disk/gzip", Answer(503, "busy"), DISK)
        out = str(tmp_path / "out")
        ran = run(server, "download", "e", "--output", out, "--retry=1", "--format=raw")
        assert (ran.code, "503 Service Unavailable busy; retrying" in ran.err) == (0, True)
        assert (tmp_path / "out").read_bytes() == b"disk content\n"
        server.on("GET", "/disk/gzip", Answer(503, "busy"))
        ran = run(server, "download", "e", "--output", out)
    assert (ran.code, "bad status from the export server: 503" in ran.err) == (1, True)


def test_a_download_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"before")
    with api_server() as server:
        serving(server)
        server.on("GET", "/disk/gzip", DISK[:-4] + b"none")
        ran = run(server, "download", "e", "--output", str(out), "--format=raw")
    assert ran.code == 1
    assert out.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_download_into_a_link_or_a_device(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "out"
    link.symlink_to(target)
    with api_server() as server:
        serving(server)
        assert run(server, "download", "e", "--output", str(link)).code == 0
        assert run(server, "download", "e", "--output", "/dev/null").code == 0
    assert link.is_symlink()
    assert target.read_bytes() == DISK


def test_much_out_of_little(tmp_path: Path) -> None:
    size = (8 << 20) + 5
    with api_server() as server:
        serving(server)
        server.on("GET", "/disk/gzip", gzip.compress(bytes(size)) + gzip.compress(b"end"))
        out = tmp_path / "out"
        assert run(server, "download", "e", "--output", str(out), "--format=raw").code == 0
    assert out.read_bytes() == bytes(size) + b"end"


def test_an_export_that_does_not_come(tmp_path: Path) -> None:
    with api_server() as server:
        out = ["--output", str(tmp_path / "out")]
        ran = run(server, "download", "e", *out)
        assert (ran.code, "no VirtualMachineExport default/e" in ran.err) == (1, True)
        server.object(f"{EXPORTS}/e", exported(server, phase="Pending"))
        ran = run(server, "download", "e", *out, "--readiness-timeout=5s")
    assert (ran.code, "did not come within 5 s" in ran.err) == (124, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "e"], "need to specify export kind"),
        (["create", "e", "--vm=a", "--pvc=b"], "exclude each other"),
        (["create", "e", "--vm=a", "--output=x"], "`--output` is incompatible with `create`"),
        (["create", "e", "--vm=a", "--local-port=5"], "`--local-port` is incompatible"),
        (["create", "e", "--vm=a", "--labels=x"], "`x` for flag `--labels`"),
        (["create", "e", "--vm=a", "--ttl=soon"], "`soon` for flag `--ttl`"),
        (["delete", "e", "--vm=a"], "`--vm` is incompatible with `delete`"),
        (["download", "e"], "missing flag `--output`"),
        (["download", "e", "--output=x", "--format=vhd"], "must be one of gzip, raw, oci"),
        (["download", "e", "--manifest", "--volume=x"], "incompatible with `--manifest`"),
        (["download", "e", "--manifest", "--pvc=x"], "`--pvc` is incompatible"),
        (["download", "e", "--manifest", "--manifest-output-format=xml"], "must be yaml or json"),
        (["download", "e", "--output=x", "--port-forward", "--local-port=p"], "from 0 to 65535"),
        (["download", "e", "--output=x", "--keep-vme", "--delete-vme"], "exclude each other"),
        (["copy", "e"], "`copy`: must be one of create, delete, download"),
    ],
)
def test_wrong_flags(words: list[str], said: str) -> None:
    ran = virtctl("vmexport", *words, server="http://x")
    assert (ran.code, said in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["create", "e", "--vm", "w", "--retry", "1"], "`--retry` is incompatible with `create`"),
        (["delete", "e", "--labels", "a=b"], "`--labels` is incompatible with `delete`"),
        (["delete", "e", "--annotations", "a=b"], "`--annotations` is incompatible"),
        (["delete", "e", "--readiness-timeout", "1m"], "`--readiness-timeout` is incompatible"),
        (["download", "e", "--output", "f", "--retry=-1"], "must not be negative"),
        (["download", "e", "--output", "f", "--format", "oci", "--volume", "v"], "`--format=oci`"),
        (["download", "e", "--format", "oci", "--manifest"], "`--format=oci`"),
    ],
)
def test_flags_that_do_not_go_together(words: list[str], message: str) -> None:
    with api_server() as server:
        ran = run(server, *words)
        assert (ran.code, message in ran.err, server.asked) == (2, True, [])


def test_a_manifest_keeps_the_export_that_was_made_for_it(tmp_path: Path) -> None:
    with api_server() as server:
        serving(server)
        server.on("GET", f"{EXPORTS}/e", refused(404, "NotFound", "no"), exported(server))
        server.on("POST", EXPORTS, {"metadata": {"name": "e", "uid": "u"}})
        server.on("POST", SECRETS, {})
        words = ("--vm", "w", "--manifest", "--delete-vme", "--manifest-output-format", "YAML")
        ran = run(server, "DOWNLOAD", "e", "--output", str(tmp_path / "m"), *words)
        assert ran.code == 0, ran.err
        assert (tmp_path / "m").read_text() == "kind: List\n"
        assert not [where for where, _ in server.writes if where.startswith("DELETE")]


def test_a_failed_download_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("held")
    with api_server() as server:
        serving(server)
        server.on("GET", "/disk/gzip", Answer(503, "busy"))
        for path in (new, old):
            assert run(server, "download", "e", "--output", str(path)).code == 1
    assert sorted(tmp_path.iterdir()) == [new, old]
    assert (new.read_text(), old.read_text()) == ("", "held")
