"""What apt prints, read."""

from __future__ import annotations

from launcher.guestimage import packages

DEPENDS = """\
linux-image-cloud-amd64
  Depends: linux-image-6.12.1-cloud-amd64
dropbear-bin
  Depends: libc6
 |Depends: libtomcrypt1
  Depends: <libtomcrypt-virtual>
    libtomcrypt1
openssh-sftp-server
  Depends: openssh-client
  Depends: libc6
<libtomcrypt-virtual>
libc6
  PreDepends: libgcc-s1
libtomcrypt1
  Depends: libc6
libgcc-s1
openssh-client
  Depends: libssl3
linux-image-6.12.1-cloud-amd64
  Depends: kmod
  Depends: linux-modules-6.12.1
linux-modules-6.12.1
"""


def test_dependencies() -> None:
    graph = packages.dependencies(DEPENDS)
    assert graph["dropbear-bin"] == ("libc6", "libtomcrypt1", "<libtomcrypt-virtual>")
    assert graph["libc6"] == ("libgcc-s1",)
    assert graph["libgcc-s1"] == ()


def test_only_libraries_are_followed() -> None:
    graph = packages.dependencies(DEPENDS)
    assert packages.with_libraries(graph, ["dropbear-bin", "openssh-sftp-server"]) == (
        "dropbear-bin",
        "openssh-sftp-server",
        "libc6",
        "libtomcrypt1",
        "libgcc-s1",
    )


def test_kernel_and_its_modules() -> None:
    graph = packages.dependencies(DEPENDS)
    assert packages.kernel_packages(graph, "linux-image-cloud-amd64") == (
        "linux-image-6.12.1-cloud-amd64",
        "linux-modules-6.12.1",
    )
    assert packages.kernel_packages(graph, "linux-image-virtual") == ()


def test_downloads() -> None:
    text = (
        "'http://deb.example/pool/b_1.0.deb' busybox_1%3a1.0_amd64.deb 484988 SHA256:b88c\n"
        "W: something else\n"
    )
    assert packages.downloads(text) == (
        packages.Download("busybox_1%3a1.0_amd64.deb", 484988, "SHA256:b88c"),
    )
    assert packages.downloads("") == ()
