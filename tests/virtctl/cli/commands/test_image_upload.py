from pathlib import Path

import pytest

from tests.fakes.canned import ApiServer, api_server, refused
from tests.fakes.env import virtctl

V1 = "/api/v1/namespaces/default"
CDI = "/apis/cdi.kubevirt.io/v1beta1/namespaces/default"
TOKENS = "/apis/upload.cdi.kubevirt.io/v1beta1/namespaces/default/uploadtokenrequests"
CLAIM, VOLUME = f"{V1}/persistentvolumeclaims/d", f"{CDI}/datavolumes/d"
DATA_SENT = (
    "Uploading data completed successfully, waiting for processing to complete, "
    "you can hit ctrl-c without interrupting the progress"
)
DONE = {"metadata": {"annotations": {"cdi.kubevirt.io/storage.pod.phase": "Succeeded"}}}


@pytest.fixture
def image(tmp_path: Path) -> str:
    path = tmp_path / "disk.img"
    path.write_bytes(b"image")
    return str(path)


def cluster(server: ApiServer) -> None:
    server.on("GET", CLAIM, refused(404, "NotFound", "none"), DONE)
    server.object(VOLUME, {"status": {"phase": "UploadReady"}})
    for place in ("datavolumes", "datasources"):
        server.on("POST", f"{CDI}/{place}", {})
    server.on("POST", TOKENS, {"status": {"token": "t"}})
    server.on("HEAD", "/v1beta1/upload-async", None)
    server.on("POST", "/v1beta1/upload-async", None)


def test_a_data_volume(image: str) -> None:
    with api_server() as server:
        cluster(server)
        words = ["--image-path", image, "--size=1Gi", f"--uploadproxy-url={server.url}"]
        more = ["--datasource", "--default-instancetype=u1.small"]
        ran = virtctl("image-upload", "dv", "d", *words, *more, server=server.url)
        assert [place.rpartition("/")[2] for place, _ in server.writes] == [
            "datavolumes", "uploadtokenrequests", "upload-async", "upload-async", "datasources",
        ]  # fmt: skip
        made = server.writes[0][1]
    assert isinstance(made, dict)
    labels = {"instancetype.kubevirt.io/default-instancetype": "u1.small"}
    assert made["metadata"]["labels"] == labels
    assert (ran.code, ran.out.splitlines()) == (0, [
        "PVC default/d not found",
        "DataVolume default/d created",
        f"Uploading data to {server.url}",
        "Created a new DataSource default/d",
        DATA_SENT,
        "Processing completed successfully",
        f"Uploading {image} completed successfully",
    ])  # fmt: skip
    assert ran.err == "uploading 5 B of 5 B, 100 %\n"


def test_the_old_flags(image: str) -> None:
    with api_server() as server:
        cluster(server)
        ready = {"metadata": {"annotations": {"cdi.kubevirt.io/storage.pod.ready": "true"}}}
        server.on("GET", CLAIM, refused(404, "NotFound", "none"), ready, DONE)
        server.on("POST", f"{V1}/persistentvolumeclaims", {})
        old = ["--pvc-name=d", "--pvc-size=1Gi", "--block-volume", "--image-path", image]
        ran = virtctl("image-upload", *old, "--uploadproxy-url", server.url, server=server.url)
        made = server.writes[0][1]
    assert ran.code == 0, ran.err
    assert "Flag --pvc-size has been deprecated, use --size instead" in ran.err
    assert isinstance(made, dict)
    assert made["spec"]["volumeMode"] == "Block"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dv", "d"], "either image-path or archive-path must be provided"),
        (["dv", "d", "--size=1", "--pvc-size=2"], "`--pvc-size` is incompatible"),
        (["dv", "d", "--block-volume", "--volume-mode=filesystem"], "`--block-volume` is incomp"),
        (["dv", "d", "--image-path=a", "--archive-path=b"], "cannot handle both"),
        (["d", "--image-path=a"], "expecting two args"),
        (["vm", "d", "--image-path=a"], "invalid resource type `vm`"),
        (["d", "--pvc-name=d", "--image-path=a"], "takes no arguments"),
        (["dv", "d", "--image-path=a", "--volume-mode=raw"], "must be block or filesystem"),
        (["dv", "d", "--archive-path=a", "--volume-mode=block"], "`--archive-path`"),
        (["dv", "d", "--image-path=a", "--default-preference-kind=k"], "`--default-preference`"),
        (["dv", "d", "--image-path=a", "--no-create", "--default-preference=k"], "`--no-create`"),
        (["dv", "d", "--image-path=a", "--retry=-1"], "`--retry`: must be 0 to"),
    ],
)
def test_wrong_flags(words: list[str], said: str) -> None:
    ran = virtctl("image-upload", *words, server="http://x")
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_nothing_is_asked_about_a_file_that_is_none(image: str) -> None:
    with api_server() as server:
        ran = virtctl("image-upload", "dv", "d", "--image-path=/no.img", server=server.url)
        assert (ran.code, "file `/no.img` cannot be read" in ran.err) == (1, True)
        words = ["dv", "d", "--image-path", image, "--size=1"]
        ran = virtctl("image-upload", *words, server=server.url)
        assert (ran.code, "the image's disk has 5 bytes" in ran.err) == (2, True)
        assert server.asked == []
