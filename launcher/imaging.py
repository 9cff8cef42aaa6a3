"""Guest images: look at them, convert them, build them from distribution packages.

The recipes are in ``launcher.guestimage``; here they are carried out. Every image is made under a
temporary name in the target's directory and renamed when complete. Functions that take long take
``progress``, called with one sentence at each step.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from launcher.errors import HostError
from launcher.guestimage import bootdisk as layouts
from launcher.guestimage import debian, elf, packages, qemuimg, tiny
from launcher.guestimage.qemuimg import ImageInfo
from launcher.system import apt, bootdisk, process

Progress = Callable[[str], None]

_CHUNK = 1 << 20


def inspect(path: Path) -> ImageInfo:
    """What kind of image a file is; raises ``HostError`` when no guest may be given it.

    A file that has no format's signature is raw.
    """
    if not path.is_file():
        raise HostError(f"there is no image file `{path}`")
    return qemuimg.accept(str(path), qemuimg.parse(process.run([*qemuimg.INFO_ARGV, path]).stdout))


def convert(source: Path, target: Path, target_format: str = "qcow2") -> ImageInfo:
    """Write ``source`` to ``target`` in another format, without its holes."""
    info = inspect(source)
    with _complete(target) as partial:
        process.run(
            ["qemu-img", "convert", "-f", info.format, "-O", target_format, source, partial]
        )
    return inspect(target)


def sha256(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Hex digest of a file; ``progress`` is called with the bytes read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if progress:
                progress(done)
    return digest.hexdigest()


def unpack_zstd(source: Path, target: Path) -> None:
    """Decompress a zstd file; raises ``HostError`` when ``zstd`` is missing or the file is bad."""
    process.run(["zstd", "-q", "-d", "-f", "-o", target, source])


def build_tiny(target: Path, cache: Path, progress: Progress | None = None) -> ImageInfo:
    """Build the tiny guest as a BIOS-bootable qcow2 at ``target``.

    Package files are kept in ``cache`` and used again while apt offers the same versions. Raises
    ``HostError`` when apt or a program is missing, or apt has no such package.
    """
    say = progress or _silent
    with _work(target) as work:
        say("asking apt for packages")
        programs = [program.package for program in tiny.PROGRAMS]
        kernel, graph = apt.kernel_and_graph(tiny.KERNELS, programs)
        wanted = packages.with_libraries(graph, programs)
        archives = apt.download([*packages.kernel_packages(graph, kernel), *wanted], cache, say)
        say("unpacking")
        root = work / "root"
        for archive in archives:
            process.run(["dpkg-deb", "-x", archive, root])
        say("building the root file system")
        initrd = work / "initrd"
        initrd.write_bytes(_gzip(tiny.initramfs(_tiny_parts(root))))
        say("writing the disk")
        linux, disk = _newest(root, "vmlinuz"), work / "disk"
        layout = layouts.lay_out(linux.stat().st_size + initrd.stat().st_size)
        bootdisk.write(disk, layout, linux, initrd, tiny.APPEND)
        with _complete(target) as partial:
            process.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, partial])
    return inspect(target)


def build_debian(target: Path, cache: Path, progress: Progress | None = None) -> ImageInfo:
    """Build a guest of this machine's own distribution as a BIOS-bootable qcow2 at ``target``.

    Raises ``HostError`` without root's rights, or when mmdebstrap cannot build it. ``cache`` is not
    used: mmdebstrap fetches for itself.
    """
    del cache
    say = progress or _silent
    if os.geteuid() != 0:
        raise HostError("building `debian` needs root: its files belong to many users")
    sources = apt.portable_sources()
    kernel, _ = apt.kernel_and_graph(tiny.KERNELS)
    with _work(target) as work:
        root = work / "root"
        say("installing packages")
        suite = debian.suite_of(Path("/etc/os-release").read_text())
        process.run(debian.bootstrap_argv(suite, kernel, root), input=sources)
        _adapt(root)
        say("writing the disk")
        linux, initrd, disk = _newest(root, "vmlinuz"), _newest(root, "initrd.img"), work / "disk"
        layout = layouts.lay_out(linux.stat().st_size + initrd.stat().st_size, debian.ROOT_BYTES)
        bootdisk.write(disk, layout, linux, initrd, debian.APPEND)
        process.run(debian.root_file_system_argv(root, disk, layout))
        say("compressing")
        with _complete(target) as partial:
            options = ["-c", "-o", "compression_type=zstd"]
            process.run(
                ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", *options, disk, partial]
            )
    return inspect(target)


@contextmanager
def _work(target: Path) -> Iterator[Path]:
    """A directory beside the target: images are too large for a ``/tmp`` in memory."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as name:
        yield Path(name)


def _adapt(root: Path) -> None:
    """Give a fresh root our files, and take away what is this machine's."""
    for pattern in debian.REMOVED:
        for path in root.glob(pattern):
            path.unlink()
    for name, text in debian.FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def _silent(_: str) -> None:
    """Progress that nobody watches."""


@contextmanager
def _complete(target: Path) -> Iterator[Path]:
    """A name beside ``target`` that becomes it when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    try:
        yield partial
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _newest(root: Path, name: str) -> Path:
    """The kernel or initial file system to boot."""
    found = sorted((root / "boot").glob(f"{name}-*"))
    if not found:
        raise HostError(f"the packages hold no `/boot/{name}-*`")
    return found[-1]


def _tiny_parts(root: Path) -> tiny.Parts:
    programs = {program.path: (root / program.source).read_bytes() for program in tiny.PROGRAMS}
    return tiny.Parts(
        programs=programs,
        libraries=_libraries(root, programs.values()),
        modules={group: _modules(root, names) for group, names in tiny.MODULES.items()},
        files=dict(_rootfs_files(resources.files("launcher.guestimage") / "rootfs")),
    )


def _libraries(root: Path, programs: Iterable[bytes]) -> dict[str, bytes]:
    """All that the programs link to, directly or not, and their loader by its full path."""
    found: dict[str, bytes] = {}
    queue = list(programs)
    while queue:
        program = queue.pop()
        names = [name for name in elf.needed(program) if not name.startswith("ld-linux")]
        if loader := elf.interpreter(program):
            names.append(loader)
        for name in names:
            if name not in found:
                found[name] = _library(root, Path(name).name).read_bytes()
                queue.append(found[name])
    return found


def _library(root: Path, name: str) -> Path:
    for pattern in ("usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib64", "lib64"):
        for directory in root.glob(pattern):
            if (directory / name).is_file():
                return directory / name
    raise HostError(f"no package holds the library `{name}` that a program of the guest needs")


def _modules(root: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Modules by name; one that the kernel has built in is left out."""
    trees = [path for top in ("usr/lib/modules", "lib/modules") for path in (root / top).glob("*")]
    files = {path.name.partition(".")[0]: path for tree in trees for path in tree.rglob("*.ko*")}
    return {name: _module(files[name]) for name in names if name in files}


def _module(path: Path) -> bytes:
    match path.suffix:
        case ".xz":
            return lzma.decompress(path.read_bytes())
        case ".zst":
            plain = path.with_suffix("")
            unpack_zstd(path, plain)
            return plain.read_bytes()
        case _:
            return path.read_bytes()


def _rootfs_files(top: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for child in top.iterdir():
        if child.is_dir():
            yield from _rootfs_files(child, f"{prefix}{child.name}/")
        else:
            yield prefix + child.name, child.read_bytes()


def _gzip(data: bytes) -> bytes:
    # No name and no time in the header, so that equal input makes equal output.
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()
