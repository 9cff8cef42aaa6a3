import pytest

from tests.fakes.canned import ApiServer, api_server, refused
from tests.fakes.env import SessionAt
from virtctl.cli.uploadtarget import Place, Target, point_source
from virtctl.errors import AlreadyExists, NotFound, UsageError, VirtctlError, WaitTimeout
from virtctl.manifests.upload import TARGET, Wish

V1 = "/api/v1/namespaces/default"
CLAIMS, EVENTS = f"{V1}/persistentvolumeclaims", f"{V1}/events"
CDI = "/apis/cdi.kubevirt.io/v1beta1/namespaces/default"
VOLUMES, SOURCES = f"{CDI}/datavolumes", f"{CDI}/datasources"
STORAGE = "cdi.kubevirt.io/storage."
NONE = refused(404, "NotFound", "none")


def claim(phase: str = "Bound", **notes: str) -> dict[str, object]:
    held = {f"{STORAGE}{key.replace('_', '.')}": value for key, value in notes.items()}
    metadata = {"name": "d", "uid": "c", "annotations": held}
    return {"metadata": metadata, "status": {"phase": phase}}


def volume(phase: str) -> dict[str, object]:
    return {"metadata": {"name": "d", "uid": "v"}, "status": {"phase": phase}}


def target(
    session_at: SessionAt,
    server: ApiServer,
    *,
    dv: bool = True,
    create: bool = True,
    **wish: object,
) -> Target:
    place = Place("d", dv, Wish(**wish), create)  # type: ignore[arg-type]
    return Target(session_at(server.url), place)


def said(made: Target) -> list[str]:
    return made.session.env.stdout.getvalue().splitlines()  # type: ignore[attr-defined,no-any-return]


def test_a_data_volume_is_made(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("POST", VOLUMES, {})
        made = target(session_at, server, size="1024Mi")
        made.prepare()
        ((_, body),) = server.writes
        assert isinstance(body, dict)
        assert body["spec"]["storage"] == {"resources": {"requests": {"storage": "1Gi"}}}
        assert said(made) == ["PVC default/d not found", "DataVolume default/d created"]


def test_an_interrupted_upload_goes_on(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("POST", VOLUMES, refused(409, "AlreadyExists", "d exists"))
        server.object(f"{VOLUMES}/d", {**volume("Pending"), "spec": {"source": {"upload": {}}}})
        made = target(session_at, server, size="1Gi")
        made.prepare()
        assert said(made)[-1] == "Using existing DataVolume default/d"
        server.object(f"{VOLUMES}/d", {**volume("Pending"), "spec": {"source": {"http": {}}}})
        with pytest.raises(AlreadyExists, match="cannot create DataVolume"):
            target(session_at, server, size="1Gi").prepare()


def test_a_claim_is_made(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("POST", CLAIMS, {})
        server.object("/apis/storage.k8s.io/v1/storageclasses/fast", {})
        made = target(session_at, server, dv=False, size="1Gi", storage_class="fast")
        made.prepare()
        assert said(made)[-1] == "PersistentVolumeClaim default/d created"


@pytest.mark.parametrize(
    ("wish", "error", "message"),
    [
        ({}, UsageError, "the size must be specified"),
        ({"size": "big"}, UsageError, "`big` for flag `--size`"),
        ({"size": "1Gi", "storage_class": "slow"}, NotFound, "storage class slow"),
        ({"size": "1Gi", "access_mode": "ReadOnlyMany"}, UsageError, "read-only"),
        ({"size": "1Gi"}, NotFound, "cannot create DataVolume default/d"),
    ],
)
def test_what_cannot_be_made(
    session_at: SessionAt, wish: dict[str, str], error: type[Exception], message: str
) -> None:
    with api_server() as server, pytest.raises(error, match=message):
        target(session_at, server, **wish).prepare()


def test_nothing_is_made_with_no_create(session_at: SessionAt) -> None:
    with api_server() as server, pytest.raises(VirtctlError, match="default/d does not exist"):
        target(session_at, server, create=False).prepare()


def test_what_is_there_is_used(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(f"{CLAIMS}/d", claim(upload_target=""))
        server.object(f"{VOLUMES}/d", volume("UploadReady"))
        made = target(session_at, server)
        made.prepare()
        assert server.writes == []
        assert said(made) == ["Using existing PVC default/d"]


def test_a_claim_is_marked_for_upload(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(f"{CLAIMS}/d", claim())
        server.on("PUT", f"{CLAIMS}/d", {})
        target(session_at, server, dv=False, create=False).prepare()
        ((_, body),) = server.writes
        assert isinstance(body, dict)
        assert body["metadata"]["annotations"] == {TARGET: ""}


@pytest.mark.parametrize(
    ("held", "wish", "message"),
    [
        (claim(pod_phase="Succeeded"), {}, "already successfully imported/cloned/updated"),
        (claim(usePopulator="true"), {}, "already successfully populated"),
        (claim(), {}, "not available for upload"),
        (claim(upload_target=""), {"archive": True}, "not the content type of archives"),
    ],
)
def test_claims_that_take_no_upload(
    session_at: SessionAt, held: object, wish: dict[str, bool], message: str
) -> None:
    with api_server() as server:
        server.object(f"{CLAIMS}/d", held)
        with pytest.raises(VirtctlError, match=message):
            target(session_at, server, dv=False, **wish).prepare()


def test_the_claim_behind_a_populator_counts(session_at: SessionAt) -> None:
    with api_server() as server:
        notes = {"usePopulator": "true", "populator_pvcPrime": "prime"}
        server.object(f"{CLAIMS}/d", claim("Pending", **notes))
        server.object(f"{CLAIMS}/prime", claim(pod_phase="Succeeded"))
        with pytest.raises(VirtctlError, match="already successfully imported"):
            target(session_at, server, dv=False).prepare()


def test_a_claim_without_its_data_volume(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(f"{CLAIMS}/d", claim(upload_target=""))
        with pytest.raises(VirtctlError, match="no DataVolume is associated"):
            target(session_at, server).prepare()


@pytest.mark.parametrize("dv", [True, False])
def test_it_waits_for_the_upload_server(session_at: SessionAt, dv: bool) -> None:
    with api_server() as server:
        ready = claim(pod_ready="true")
        server.on("GET", f"{CLAIMS}/d", claim(), claim(), ready)
        phases = [volume("UploadScheduled")] * 2 + [volume("UploadReady")]
        server.on("GET", f"{VOLUMES}/d", *phases)
        server.object(EVENTS, {"items": []})
        made = target(session_at, server, dv=dv)
        made.wait_ready(60)
        assert said(made) == ["Waiting for PVC d upload pod to be ready...", "Pod now ready"]


def test_a_volume_that_waits_for_its_consumer(session_at: SessionAt) -> None:
    with api_server() as server:
        server.object(f"{VOLUMES}/d", volume("WaitForFirstConsumer"))
        with pytest.raises(VirtctlError, match="in WaitForFirstConsumer phase"):
            target(session_at, server).wait_ready(60)
        server.object(EVENTS, {"items": []})
        with pytest.raises(WaitTimeout, match="in phase WaitForFirstConsumer"):
            target(session_at, server, force_bind=True).wait_ready(5)


@pytest.mark.parametrize(
    ("uid", "reason", "message", "raised"),
    [
        ("c", "ProvisioningFailed", "no space", "provisioning failed: no space"),
        ("v", "ErrClaimNotValid", "bad", "claim not valid: bad"),
        ("c", "ProvisioningFailed", "the object has been modified", ""),
        ("x", "ProvisioningFailed", "no space", ""),
    ],
)
def test_events_that_waiting_does_not_mend(
    session_at: SessionAt, uid: str, reason: str, message: str, raised: str
) -> None:
    event = {"involvedObject": {"uid": uid}, "reason": reason, "message": message}
    with api_server() as server:
        server.object(f"{CLAIMS}/d", claim())
        server.object(f"{VOLUMES}/d", volume("UploadScheduled"))
        server.object(EVENTS, {"items": [event]})
        with pytest.raises(VirtctlError, match=raised or "did not come within 3 s"):
            target(session_at, server).wait_ready(3)


def test_a_claim_that_cannot_be_read_keeps_nothing(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("GET", f"{CLAIMS}/d", refused(500, "InternalError", "no luck"))
        server.on("GET", f"{VOLUMES}/d", volume("UploadScheduled"), volume("UploadReady"))
        server.object(EVENTS, {"items": []})
        target(session_at, server).wait_ready(60)
        asked = [one.path for one in server.asked]
    assert asked.count(f"{VOLUMES}/d") > 1


def test_processing(session_at: SessionAt) -> None:
    with api_server() as server:
        going, done = claim(pod_phase="Running"), claim(pod_phase="Succeeded")
        server.on("GET", f"{CLAIMS}/d", going, going, done, claim(usePopulator="true"), going)
        made = target(session_at, server, dv=False)
        made.wait_processed(60)
        made.wait_processed(60)
        with pytest.raises(WaitTimeout, match="processing of d"):
            made.wait_processed(3)


def test_data_sources(session_at: SessionAt) -> None:
    place = Place("d", True, Wish(labels={"l": "1"}))
    with api_server() as server:
        server.on("POST", SOURCES, {})
        session = session_at(server.url)
        point_source(session, place)
        server.object(f"{SOURCES}/d", {"metadata": {"labels": {"k": "2"}}})
        server.on("PATCH", f"{SOURCES}/d", {})
        point_source(session, place)
        patch = server.writes[-1][1]
    source = {"pvc": {"namespace": "default", "name": "d"}}
    assert patch == [
        {"op": "replace", "path": "/metadata/labels", "value": {"k": "2", "l": "1"}},
        {"op": "add", "path": "/spec/source", "value": source},
    ]
    assert session.env.stdout.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "Created a new DataSource default/d", "Updated an existing DataSource default/d",
    ]  # fmt: skip


def test_the_populator_of_a_data_volume_takes_the_upload(session_at: SessionAt) -> None:
    with api_server() as server:
        prime = claim("Bound")
        server.object(f"{CLAIMS}/d", claim("Pending", populator_pvcPrime="prime"))
        server.object(f"{CLAIMS}/prime", {**prime, "metadata": {"name": "prime"}})
        marked = {"name": "d", "annotations": {f"{STORAGE}usePopulator": "true"}}
        server.object(f"{VOLUMES}/d", {"metadata": marked})
        server.on("PUT", f"{CLAIMS}/prime", {})
        made = target(session_at, server, create=False)
        made.prepare()
        assert [where for where, _ in server.writes] == [f"PUT {CLAIMS}/prime"]
        assert said(made) == ["Using existing PVC default/prime"]
