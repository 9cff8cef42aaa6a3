"""Whether KVM really runs guests: tried with a machine of one page of code, not by existence.

Some hosts offer ``/dev/kvm`` on which no ordinary kernel boots, because kernel mode of the guest is
emulated instruction by instruction (a nested KVM_PVM). Such a KVM passes for usable with libvirt,
so the probe enters 64-bit mode, executes an SSE instruction and a loop that an emulator is too slow
for, and looks at how the guest ended. It takes about 2 ms. Structures and numbers are those of
linux/kvm.h; registers and descriptors those of the Intel SDM, volume 3.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import platform
import signal
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

DEVICE = Path("/dev/kvm")

_GET_API_VERSION = 0xAE00
_CREATE_VM = 0xAE01
_GET_VCPU_MMAP_SIZE = 0xAE04
_CREATE_VCPU = 0xAE41
_RUN = 0xAE80
_SET_USER_MEMORY_REGION = 0x4020AE46
_GET_SREGS = 0x8138AE83
_SET_SREGS = 0x4138AE84
_SET_REGS = 0x4090AE82
_API_VERSION = 12
_EXIT_HLT = 5
_EXIT_INTERNAL_ERROR = 17
_SREGS_SIZE = 312
_CONTROL_REGISTERS = 224  # offset of cr0 in struct kvm_sregs

_MEMORY = 0x40000
_PML4, _PDPT, _PD, _CODE, _STACK = 0x1000, 0x2000, 0x3000, 0x8000, 0x7000
_PATIENCE = 0.5  # seconds; a real KVM needs well under a millisecond

_PROGRAM = bytes.fromhex(
    "660fefc0"  # pxor xmm0, xmm0
    "48c7c1a0860100"  # mov rcx, 100000
    "48ffc9"  # dec rcx
    "75fb"  # jnz back
    "f4"  # hlt
)


def kvm_usable(device: Path = DEVICE) -> tuple[bool, str]:
    """Whether an ordinary guest runs under KVM, and a short reason when it does not.

    On architectures other than x86-64 only the device is looked at.
    """
    try:
        with ExitStack() as stack:
            kvm = _opened(stack, os.open(device, os.O_RDWR | os.O_CLOEXEC))
            if fcntl.ioctl(kvm, _GET_API_VERSION, 0) != _API_VERSION:
                return False, f"`{device}` speaks another version of the KVM interface"
            if platform.machine() != "x86_64":
                return True, ""
            return _verdict(_exit_reason(stack, kvm))
    except InterruptedError:
        return False, "KVM emulates the guest's kernel mode and is too slow"
    except OSError as error:
        return False, f"`{device}`: {error.strerror}"


def _verdict(reason: int) -> tuple[bool, str]:
    if reason == _EXIT_HLT:
        return True, ""
    if reason == _EXIT_INTERNAL_ERROR:
        return False, "KVM cannot execute an ordinary guest's instructions (internal error)"
    return False, f"a trial guest ended with KVM exit reason {reason}"


def _exit_reason(stack: ExitStack, kvm: int) -> int:
    """Run the trial guest and return why it stopped."""
    run_size = fcntl.ioctl(kvm, _GET_VCPU_MMAP_SIZE, 0)
    machine = _opened(stack, fcntl.ioctl(kvm, _CREATE_VM, 0))
    memory = mmap.mmap(-1, _MEMORY)
    address = ctypes.addressof((ctypes.c_char * _MEMORY).from_buffer(memory))
    region = struct.pack("=IIQQQ", 0, 0, 0, _MEMORY, address)
    fcntl.ioctl(machine, _SET_USER_MEMORY_REGION, region)
    _load(memory)
    cpu = _opened(stack, fcntl.ioctl(machine, _CREATE_VCPU, 0))
    with mmap.mmap(cpu, run_size) as shared:
        blank = fcntl.ioctl(cpu, _GET_SREGS, bytes(_SREGS_SIZE))
        fcntl.ioctl(cpu, _SET_SREGS, _long_mode(blank))
        registers = [0] * 18  # rax .. r15, rip, rflags
        registers[6], registers[16], registers[17] = _STACK, _CODE, 2
        fcntl.ioctl(cpu, _SET_REGS, struct.pack("<18Q", *registers))
        with _interrupted_after(_PATIENCE):
            fcntl.ioctl(cpu, _RUN, 0)
        reason: int = struct.unpack_from("<I", shared, 8)[0]
        return reason


def _load(memory: mmap.mmap) -> None:
    """Page tables that map the first 2 MiB onto itself, and the program."""
    for table, entry in ((_PML4, _PDPT | 3), (_PDPT, _PD | 3), (_PD, 0x83)):
        memory[table : table + 8] = struct.pack("<Q", entry)
    memory[_CODE : _CODE + len(_PROGRAM)] = _PROGRAM


def _long_mode(blank: bytes) -> bytes:
    """Special registers of a CPU in 64-bit mode with paging and SSE on."""
    registers = bytearray(blank)
    registers[0:24] = _segment(selector=8, kind=11, long=1, big=0)
    for data in range(1, 6):
        registers[24 * data : 24 * data + 24] = _segment(selector=16, kind=3, long=0, big=1)
    cr0, cr4, efer = 0x80050033, 0x620, 0x500
    struct.pack_into("<6Q", registers, _CONTROL_REGISTERS, cr0, 0, _PML4, cr4, 0, efer)
    return bytes(registers)


def _segment(*, selector: int, kind: int, long: int, big: int) -> bytes:
    """A flat segment as struct kvm_segment."""
    head = struct.pack("<QIHB", 0, 0xFFFFFFFF, selector, kind)
    return head + bytes((1, 0, big, 1, long, 1, 0, 0, 0))


def _opened(stack: ExitStack, fd: int) -> int:
    stack.callback(os.close, fd)
    return fd


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    """Let a system call fail with ``InterruptedError``; without effect off the main thread.

    Signals reach the main thread only. Elsewhere the loop bounds the time, to some seconds.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _interrupt(_number: int, _frame: object) -> None:
    raise InterruptedError
