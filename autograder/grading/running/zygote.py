"""Runs inside the outer sandbox: imports the slow libraries once and forks a kernel on request.

This file is run as a script; it uses nothing of the instructor's side. A request arrives on the
control socket (standard input) as JSON: ``connection``, what ipykernel's connection file holds,
``files``, a folder to copy into the scratch folder, and ``fork``. A forked kernel lives in
namespaces of its own (users, mounts, processes, IPC) with scratch folders of its own, so that no
submission meets another. The answer comes from the kernel's own process, so that the receiver
learns its process id from the socket's credentials: ``{"ok": true}`` or ``{"error": reason}``.
"""

import contextlib
import ctypes
import gc
import json
import os
import re
import resource
import shutil
import signal
import socket
import sys
import time

import compiler  # beside this file, in the sandbox
import shell
import syscalls

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT = 1, 2, 4, 32
MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = 0x1000, 0x4000, 0x40000, 0x200000
# What a mount is and has to stay, as statvfs says it and as mount takes it.
KEPT = {flag: flag for flag in (MS_NOSUID, MS_NODEV, os.ST_NOEXEC, os.ST_NOATIME, os.ST_NODIRATIME)}
KEPT[os.ST_RELATIME] = MS_RELATIME
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
CAPABILITY_VERSION_3, LAST_CAPABILITY = 0x20080522, 63

HOME = "/scratch"
PROCESSES = 640  # and threads: more than the grader lets live, so that a fork bomb ends by itself
FILES = 20_000  # in a folder in memory: each takes about a kilobyte, even if it is empty
libc = ctypes.CDLL(None, use_errno=True)


def main(scratch_bytes: int, handed_out: str, torch: bool, own_work: list[str]) -> None:
    """Serve requests until the other side closes the control socket.

    ``handed_out`` is the folder with what students of the assignment have; ``torch`` says whether
    they need it; ``own_work`` names what of it they are to write, which is absent here.
    """
    with contextlib.suppress(OSError):  # no namespaces in namespaces here: bubblewrap's have to do
        protect_devices()
    control = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    warm_up()
    if torch:
        warm_up_torch(own_work)
    gc.collect()
    gc.freeze()  # or a kernel's first collection would go through all this, and copy it
    _checked(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")  # kernels can't look into it
    while message := control.recv(2**16):
        request = json.loads(message)
        if request["fork"] and os.fork() != 0:
            continue
        try:
            _checked(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")
            settled = None
            if request["fork"]:
                settled = isolate(scratch_bytes, os.path.dirname(request["files"]))
            take_files(request["files"], handed_out)
            syscalls.forbid(programs=bool(own_work))
        except OSError as error:
            control.send(json.dumps({"error": str(error)[:500]}).encode())
            os._exit(1)
        control.send(b'{"ok": true}')
        control.close()
        run_kernel(request["connection"], settled)
        os._exit(0)


def warm_up() -> None:
    """Import what most notebooks import, and what probes them."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # the kernel does without: nobody debugs here, and it is slow

    import matplotlib.pyplot  # noqa: F401
    import numpy  # noqa: F401
    from ipykernel import kernelapp  # noqa: F401
    from IPython.core import completerlib, debugger, logger, oinspect  # noqa: F401
    from IPython.extensions import storemagic  # noqa: F401

    from autograder import check, probe  # noqa: F401


def warm_up_torch(own_work: list[str]) -> None:
    """Import torch, down to what it imports when it is first used."""
    compiler.put_off()
    import torch

    from autograder.absent import remove_kernels

    torch.optim.SGD([torch.zeros(1, requires_grad=True)]).step()
    if own_work:
        remove_kernels(own_work)


def isolate(scratch_bytes: int, sockets: str) -> socket.socket:
    """Move this process, by another fork, into namespaces of its own, and drop every privilege.

    Of the folder that the outer sandbox shares with the outside it sees ``sockets``, its own, alone.
    The process that it was forked from keeps the privilege to make that folder read-only, and does
    so when it is asked to by a byte on the socket that is returned; it answers with one.
    """
    _unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ours, theirs = socket.socketpair()
    others = os.getpgrp()
    os.setpgid(0, 0)
    child = os.fork()
    if child != 0:
        os.setpgid(0, others)  # the kernel is alone in its group: its kill(0, ...) hits nobody else
        os.close(0)
        theirs.close()
        if ours.recv(1):
            _make_read_only(sockets)
            ours.send(b"1")
        ours.close()
        os.waitpid(child, 0)
        os._exit(0)
    ours.close()
    _checked(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    _mount(None, "/", None, MS_REC | MS_PRIVATE, None)
    for folder in (HOME, "/tmp", "/dev/shm"):
        _cover(folder, f"size={scratch_bytes},nr_inodes={FILES},mode=0700")
    _leave_alone(sockets)
    _make_read_only("/proc")  # with the files of the first processes
    if _kernel_release() >= (5, 14):  # from then on it counts what is in this namespace alone
        resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
    drop_capabilities()
    return theirs


def drop_capabilities() -> None:
    """Give up every privilege of this process and of all that it starts."""
    _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def protect_devices() -> None:
    """Make the machine's devices nobody's to change: where root grades they are the student's too."""
    _unshare(CLONE_NEWNS)
    for device in _below("/dev"):
        if device != "/dev/shm":
            _make_read_only(device)
    drop_capabilities()


def take_files(folder: str, handed_out: str) -> None:
    """Make the folder that a notebook starts in: what was handed out, and the submission's own files.

    What was handed out is linked there, whatever the submission has under the same names.
    """
    os.chdir(HOME)
    names = os.listdir(handed_out)
    for name in names:
        os.symlink(os.path.join(handed_out, name), name)

    def left_out(where: str, found: list[str]) -> list[str]:
        return [name for name in found if where == folder and name in names]

    with contextlib.suppress(OSError, RecursionError):  # what finds no room is not there
        shutil.copytree(folder, HOME, ignore=left_out, dirs_exist_ok=True)


def run_kernel(connection: dict, settled: socket.socket | None) -> None:
    """Be an ipykernel until it is told to stop; ``settled`` is told when its sockets are there."""
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    numpy.random.seed()  # the parent's state would be everybody's
    sys.argv[1:] = []
    sys.path[0] = ""  # instead of this file's folder
    for own in (compiler, shell, syscalls):  # a submission may have files of these names
        del sys.modules[own.__name__]
    path = "/tmp/connection.json"  # where no submission has put a folder of this name
    with open(path, "w") as file:
        json.dump(connection, file)
    kernel = IPKernelApp.instance()
    kernel.initialize(["-f", path, "--HistoryManager.enabled=False"])
    shell.pass_over_what_is_not_here(kernel.shell)
    shell.define_what_stands_below(kernel.shell)
    shell.keep_what_cells_print_to(kernel.shell)
    shell.keep_descriptors_back(kernel.shell)
    shell.take_back_what_was_left_on(kernel.shell)
    if settled is not None:
        ports = [port for name, port in connection.items() if name.endswith("_port")]
        while not all(os.path.exists(f"{connection['ip']}-{port}") for port in ports):
            time.sleep(0.001)
        settled.send(b"1")
        if not settled.recv(1):
            os._exit(1)
        settled.close()
    kernel.start()


def _unshare(namespaces: int) -> None:
    """Move this process into namespaces of its own, in which it has every privilege."""
    user, group = os.getuid(), os.getgid()
    _checked(libc.unshare(CLONE_NEWUSER | namespaces), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str | None
) -> None:
    encoded = [None if s is None else s.encode() for s in (source, target, kind)]
    data = None if options is None else options.encode()
    _checked(libc.mount(*encoded, ctypes.c_ulong(flags), data), f"mount {target}")


def _cover(folder: str, options: str) -> None:
    """Mount an empty tmpfs on a folder; what the outer sandbox bound below it stays where it is."""
    kept: dict[str, int] = {}
    for path in _below(folder):
        if not any(path.startswith(other + "/") for other in kept):
            kept[path] = os.open(path, os.O_PATH)
    _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for path, descriptor in kept.items():
        os.makedirs(path)
        _mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC, None)
        os.close(descriptor)


def _below(folder: str) -> list[str]:
    """Where something is mounted below a folder."""
    with open("/proc/self/mountinfo") as file:
        mounted = {line.split()[4] for line in file}
    return sorted(path for path in mounted if path.startswith(folder + "/"))


def _make_read_only(mounted: str) -> None:
    """Nothing there can be changed any more; what is no folder or file can still be used."""
    there = os.statvfs(mounted).f_flag
    kept = sum(flag for seen, flag in KEPT.items() if there & seen)
    _mount(None, mounted, None, MS_REMOUNT | MS_BIND | MS_RDONLY | kept, None)


def _leave_alone(folder: str) -> None:
    """Mount an empty tmpfs on the folder that this one lies in, and this one again below it."""
    descriptor = os.open(folder, os.O_PATH)
    _mount("tmpfs", os.path.dirname(folder), "tmpfs", MS_NOSUID | MS_NODEV, "size=4096,mode=0700")
    os.mkdir(folder)
    _mount(f"/proc/self/fd/{descriptor}", folder, None, MS_BIND, None)
    os.close(descriptor)
    _make_read_only(os.path.dirname(folder))


def _kernel_release() -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _checked(status: int, what: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], bool(sys.argv[3]), sys.argv[4:])
