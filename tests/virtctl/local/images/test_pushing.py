"""Images are pushed to registries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.disks import write_raw
from tests.fakes.registry import Registry
from virtctl.errors import LocalError
from virtctl.local.images.logins import Login, nobody
from virtctl.local.images.packing import Packed, pack
from virtctl.local.images.pushing import RegistryTarget
from virtctl.local.images.references import parse_registry
from virtctl.local.images.registry import RegistrySource


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    yield made
    made.close()


@pytest.fixture
def packed(tmp_path: Path) -> Packed:
    return pack(write_raw(tmp_path / "raw"), tmp_path, "amd64")


def push(registry: Registry, packed: Packed, logins=nobody, told=None) -> None:
    reference = parse_registry(f"{registry.host}/vms/guest:1")
    with RegistryTarget(reference, "amd64", logins) as target:
        target.push(packed, told)


def test_what_is_pushed_can_be_pulled(registry: Registry, packed: Packed) -> None:
    told: list[int] = []
    push(registry, packed, told=told.append)
    assert told == sorted(told)
    assert told[-1] == sum(blob.size for blob in packed.blobs)
    reference = parse_registry(f"{registry.host}/vms/guest:1")
    with RegistrySource(reference, "amd64") as source:
        assert source.manifest().digest == packed.manifest.digest


def test_what_is_there_is_not_sent_again(registry: Registry, packed: Packed) -> None:
    push(registry, packed)
    registry.requests.clear()
    push(registry, packed)
    assert not any(path.endswith("/blobs/uploads/") for path in registry.requests)


def test_a_login_is_used(registry: Registry, packed: Packed) -> None:
    registry.login = "jane:secret"
    push(registry, packed, lambda _: Login("jane", "secret"))
    assert registry.tags["vms/guest:1"] == packed.manifest.digest
    with pytest.raises(LocalError, match="no token"):
        push(registry, packed)


def test_a_login_is_for_the_registry_only(packed: Packed) -> None:
    seen: list[tuple[str, str, bool]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        proven = "authorization" in request.headers
        seen.append((request.method, request.url.host, proven))
        if request.url.host == "storage.test":
            return httpx.Response(201)
        if not proven:
            return httpx.Response(401, headers={"www-authenticate": 'Basic realm="x"'})
        if request.method == "POST":
            return httpx.Response(202, headers={"location": "https://storage.test/up?token=t"})
        return httpx.Response(404 if request.method == "HEAD" else 201)

    reference = parse_registry("registry.test/vms/guest:1")
    logins = {"registry.test": Login("jane", "secret")}
    transport = httpx.MockTransport(answer)
    with RegistryTarget(reference, "amd64", logins.get, transport) as target:
        target.push(packed)
    assert {(host, proven) for method, host, proven in seen[1:]} == {
        ("registry.test", True),
        ("storage.test", False),
    }


def test_nobody_there(packed: Packed) -> None:
    gone = Registry()
    gone.close()
    with pytest.raises(LocalError, match="cannot be reached"):
        push(gone, packed)


def test_a_refusal_is_told(
    registry: Registry, packed: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "put", lambda *_: (405, {}, b""))
    with pytest.raises(LocalError, match="does not take an upload: 405"):
        push(registry, packed)
