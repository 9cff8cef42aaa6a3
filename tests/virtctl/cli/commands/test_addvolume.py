import pytest

from tests.fakes.canned import SUBRESOURCES, ApiServer, api_server, refused
from tests.fakes.env import Ran, virtctl

ADD = f"{SUBRESOURCES}/virtualmachines/web/addvolume"
VOLUMES = "/apis/cdi.kubevirt.io/v1beta1/namespaces/default/datavolumes"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"


def add(server: ApiServer, *words: str) -> Ran:
    return virtctl("addvolume", "web", "--volume-name=data", *words, server=server.url)


@pytest.mark.parametrize(
    ("words", "name", "disk"),
    [
        ([], "data", {"disk": {"bus": "scsi"}, "serial": "data"}),
        (["--bus=virtio"], "data", {"disk": {"bus": "virtio"}, "serial": "data"}),
        (["--disk-type=lun"], "data", {"lun": {"bus": "scsi"}, "serial": "data"}),
        (["--disk-name=d"], "d", {"disk": {"bus": "scsi"}, "serial": "d"}),
        (
            ["--serial=s", "--cache=writethrough"], "data",
            {"disk": {"bus": "scsi"}, "serial": "s", "cache": "writethrough"},
        ),
    ],
)  # fmt: skip
def test_a_data_volume(words: list[str], name: str, disk: dict[str, object]) -> None:
    with api_server() as server:
        server.object(f"{VOLUMES}/data", {})
        server.on("PUT", ADD, None)
        ran = add(server, *words)
        source = {"dataVolume": {"name": "data", "hotpluggable": True}}
        body = {"name": name, "disk": disk, "volumeSource": source}
        assert server.writes == [(f"PUT {ADD}", body)]
    said = "Successfully submitted add volume request to VM web for volume data\n"
    assert (ran.code, ran.out) == (0, said)


def test_a_claim_given_to_an_instance() -> None:
    instance = ADD.replace("virtualmachines", "virtualmachineinstances")
    with api_server() as server:
        server.object(f"{CLAIMS}/data", {})
        server.on("PUT", instance, None)
        ran = add(server, "--dry-run")
        source = {"persistentVolumeClaim": {"claimName": "data", "hotpluggable": True}}
        assert [place for place, _ in server.writes] == [f"PUT {ADD}", f"PUT {instance}"]
        body = server.writes[-1][1]
    assert isinstance(body, dict)
    assert (body["volumeSource"], body["dryRun"]) == (source, ["All"])
    assert (ran.code, ran.err) == (0, "Dry Run execution\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bus=ide"], "invalid argument `ide` for flag `--bus`: a disk takes scsi or virtio"),
        (["--disk-type=lun", "--bus=virtio"], "a lun takes scsi"),
        (["--disk-type=cdrom"], "`cdrom` for flag `--disk-type`: must be disk or lun"),
        (["--cache=fast"], "`fast` for flag `--cache`: must be one of none, writethrough"),
        (["--disk-name", "d" * 64], f"invalid disk name {'d' * 64}: it must not exceed 63"),
    ],
)
def test_wrong_flags(words: list[str], said: str) -> None:
    with api_server() as server:
        server.object(f"{VOLUMES}/data", {})
        ran = add(server, *words)
        assert server.writes == []
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_neither_volume_nor_claim() -> None:
    with api_server() as server:
        ran = add(server)
    said = "error: cannot add volume data to VM web: volume data is not a DataVolume or Persis"
    assert (ran.code, ran.err.startswith(said)) == (1, True)


def test_a_refusal_is_passed_on() -> None:
    with api_server() as server:
        server.object(f"{VOLUMES}/data", {})
        server.on("PUT", ADD, refused(409, "Conflict", "volume data already exists"))
        ran = add(server)
        assert len(server.writes) == 1
    assert (ran.code, "volume data already exists" in ran.err) == (1, True)


def test_a_claim_where_data_volumes_may_not_be_seen() -> None:
    with api_server() as server:
        server.on("GET", f"{VOLUMES}/data", refused(403, "Forbidden", "not for you"))
        server.object(f"{CLAIMS}/data", {})
        server.on("PUT", ADD, None)
        assert add(server).code == 0
        body = server.writes[-1][1]
    assert isinstance(body, dict)
    assert list(body["volumeSource"]) == ["persistentVolumeClaim"]
