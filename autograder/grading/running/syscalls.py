"""Runs inside the sandbox: forbids the system calls that no notebook needs and that reach far.

A classic BPF program, installed with ``prctl(PR_SET_SECCOMP)``: the listed calls fail with EPERM,
``clone3`` with ENOSYS (the C library then uses ``clone``, whose flags can be seen), ``clone`` with
EPERM if it asks for a new namespace, ``socket`` with EAFNOSUPPORT for a family that no network
namespace holds, and ``fcntl`` with EPERM for a lease: whoever holds one on a file that others read,
the grader or another kernel, keeps each of them waiting for most of a minute. Other programs can be
forbidden too: a Python that imports torch anew has all of it, what the assignment asks for included.
See seccomp(2) and the kernel's Documentation/userspace-api/seccomp_filter.rst.
"""

import ctypes
import errno
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000
# offsets in struct seccomp_data
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24
OTHER_NUMBERING = 0x40000000  # where x32, another way to call the same, begins
NEW_NAMESPACES = 0x7E020080  # all CLONE_NEW* that clone takes
FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: what a network namespace holds
SET_LEASE = 1024  # F_SETLEASE
GPU = "/dev/nvidiactl"  # where it is seen, its driver may ask for memory in files

# The numbers of system calls on x86_64 and on aarch64 (asm/unistd.h): of those that are looked into
# or forbidden at times, and of those that are always forbidden.
NAMED = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "socket": (41, 198),
    "fcntl": (72, 25),
    "execve": (59, 221),
    "execveat": (322, 281),
}
FORBIDDEN = {
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "sched_setaffinity": (203, 122),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
}
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as the kernel's audit names them
MACHINES = {
    machine: (
        architecture,
        {name: numbers[i] for name, numbers in NAMED.items()},
        {name: numbers[i] for name, numbers in FORBIDDEN.items()},
    )
    for i, (machine, architecture) in enumerate(ARCHITECTURES.items())
}


def program(machine: str, programs: bool) -> bytes:
    """The filter for a machine: one ``struct sock_filter`` after the other.

    ``programs`` says whether starting other programs is forbidden too. Raises KeyError for a machine
    whose system calls are not listed.
    """
    architecture, named, forbidden = MACHINES[machine]
    if os.path.exists(GPU):
        forbidden = {name: n for name, n in forbidden.items() if name != "memfd_create"}
    if programs:
        forbidden = forbidden | {name: named[name] for name in ("execve", "execveat")}

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("=HBBI", code, if_true, if_false, value)

    steps = [
        step(LOAD_WORD, ARCHITECTURE),
        step(JUMP_EQUAL, architecture, if_true=1),
        step(RETURN, KILL),
        step(LOAD_WORD, NUMBER),
        step(JUMP_AT_LEAST, OTHER_NUMBERING, if_false=1),
        step(RETURN, FAIL | errno.EPERM),
        step(JUMP_EQUAL, named["clone3"], if_false=1),
        step(RETURN, FAIL | errno.ENOSYS),
    ]
    for number in forbidden.values():
        steps += [step(JUMP_EQUAL, number, if_false=1), step(RETURN, FAIL | errno.EPERM)]
    families = [step(JUMP_EQUAL, family, if_false=1) + step(RETURN, ALLOW) for family in FAMILIES]
    steps += [
        step(JUMP_EQUAL, named["socket"], if_false=len(FAMILIES) * 2 + 2),
        step(LOAD_WORD, FIRST_ARGUMENT),
        *families,
        step(RETURN, FAIL | errno.EAFNOSUPPORT),
        step(JUMP_EQUAL, named["fcntl"], if_false=4),
        step(LOAD_WORD, SECOND_ARGUMENT),
        step(JUMP_EQUAL, SET_LEASE, if_false=1),
        step(RETURN, FAIL | errno.EPERM),
        step(RETURN, ALLOW),
        step(JUMP_EQUAL, named["clone"], if_true=1),
        step(RETURN, ALLOW),
        step(LOAD_WORD, FIRST_ARGUMENT),
        step(JUMP_ANY_BIT, NEW_NAMESPACES, if_false=1),
        step(RETURN, FAIL | errno.EPERM),
        step(RETURN, ALLOW),
    ]
    return b"".join(steps)


def forbid(programs: bool) -> None:
    """Install the filter for this process and all that it starts; raises OSError if it can't.

    ``programs`` says whether starting other programs is forbidden too.
    """
    code = program(platform.machine(), programs)
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    filled = Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, *arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filled), 0, 0),
    ):
        if libc.prctl(option, *arguments) != 0:
            raise OSError(ctypes.get_errno(), "the filter of system calls can't be installed")
