import pytest

from virtctl.errors import UsageError
from virtctl.manifests.bootimage import Origin, boot_disk, origin


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ("./disk", Origin.FILE),
        ("~/disk", Origin.FILE),
        ("disk.qcow2", Origin.FILE),
        ("https://example.com/disk.qcow2", Origin.WEB),
        ("oci://example.com/disk:1", Origin.REGISTRY),
        ("docker://example.com/disk.img", Origin.REGISTRY),
        ("tiny", Origin.REGISTRY),
        ("example.com/a/b:1", Origin.REGISTRY),
    ],
)
def test_where_from(image: str, kind: Origin) -> None:
    assert origin(image) is kind


def test_images_of_registries() -> None:
    made = boot_disk("oci://example.com/disk:1", "", "web")
    assert made.volume == {"name": "rootdisk", "containerDisk": {"image": "example.com/disk:1"}}
    assert made.boot_order == 1
    made = boot_disk("example.com/disk:1", "2Gi", "web")
    assert made.volume == {"name": "rootdisk", "dataVolume": {"name": "web-rootdisk"}}
    assert made.template == {
        "metadata": {"name": "web-rootdisk"},
        "spec": {
            "source": {"registry": {"url": "docker://example.com/disk:1"}},
            "storage": {"resources": {"requests": {"storage": "2Gi"}}},
        },
    }


def test_urls_need_a_size() -> None:
    with pytest.raises(UsageError, match="--size"):
        boot_disk("https://example.com/d", "", "web")
    made = boot_disk("https://example.com/d", "1Gi", "web")
    assert made.template is not None
    assert made.template["spec"]["source"] == {"http": {"url": "https://example.com/d"}}  # type: ignore[index,call-overload]


def test_files_are_where_they_are_uploaded() -> None:
    made = boot_disk("./d.img", "", "web")
    assert (made.volume["dataVolume"], made.template) == ({"name": "web-rootdisk"}, None)


def test_other_urls() -> None:
    with pytest.raises(UsageError, match="`ftp://x` for flag `--image`"):
        origin("ftp://x")
