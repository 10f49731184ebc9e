"""Kernels that hold nothing worth stealing: each runs in a bubblewrap sandbox of its own.

Inside there is the system and the Python environment, read-only; the student side of this package;
the submission's own files; a scratch folder in memory, of bounded size. There is no network, no
other process, no home, no project, no gradebook and no other submission. Messages travel over
sockets in one folder.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Instance, Unicode, default

import autograder

MEGABYTE = 2**20
SCRATCH = 256 * MEGABYTE
PACKAGE = Path(autograder.__file__).parent
HOME = "/scratch"


class SandboxMissing(RuntimeError):
    """bubblewrap is not there."""


def command(kernel: list[str], sockets: Path, files: Path | None) -> list[str]:
    """The command that runs ``kernel`` in a sandbox.

    ``sockets`` is the one folder shared with the outside; ``files`` a folder whose files, notebooks
    excepted, the kernel finds where it starts. Raises SandboxMissing without bubblewrap.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxMissing("grading runs in bubblewrap, which is not installed: apt install bubblewrap")
    args = [bwrap, "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000",
            "--cap-drop", "ALL", "--die-with-parent", "--new-session", "--hostname", "sandbox",
            "--clearenv"]  # fmt: skip
    for name, value in _environment().items():
        args += ["--setenv", name, value]
    for top in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        if os.path.islink(top):
            args += ["--symlink", os.readlink(top), top]
        elif os.path.isdir(top):
            args += ["--ro-bind", top, top]
    for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        args += ["--ro-bind-try", path, path]
    args += ["--proc", "/proc", "--dev", "/dev"]
    args += ["--size", str(SCRATCH), "--tmpfs", "/tmp", "--size", str(SCRATCH), "--tmpfs", HOME]
    args += ["--size", str(SCRATCH), "--tmpfs", "/dev/shm"]
    for device in sorted(Path("/dev").glob("nvidia*")):
        args += ["--dev-bind", str(device), str(device)]
    if Path("/proc/driver/nvidia").exists():
        args += ["--ro-bind-try", "/sys", "/sys"]
    for prefix in _prefixes():
        args += ["--ro-bind", prefix, prefix]
    args += ["--ro-bind", str(PACKAGE), str(PACKAGE), "--tmpfs", str(PACKAGE / "grading")]
    args += ["--bind", str(sockets), str(sockets)]
    if files is not None:
        for path in sorted(files.iterdir()):
            if path.suffix != ".ipynb" and not path.is_symlink():
                args += ["--ro-bind", str(path), f"{HOME}/{path.name}"]
    return [*args, "--chdir", HOME, "--", *kernel]


def _prefixes() -> list[str]:
    """The folders that the Python environment lives in, outermost first and none inside another."""
    wanted = {os.path.realpath(sys.base_prefix), os.path.realpath(sys.prefix)}
    wanted.add(os.path.dirname(os.path.dirname(os.path.realpath(sys.executable))))
    wanted = {p for p in wanted if p != "/usr"}
    return sorted(p for p in wanted if not any(p.startswith(q + "/") for q in wanted))


def _environment() -> dict[str, str]:
    return {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PACKAGE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "NBGRADER_EXECUTION": "autograde",
    }


class SandboxProvisioner(LocalProvisioner):
    """Launches a local kernel inside a sandbox; the rest is jupyter_client's own provisioner."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = await super().pre_launch(**kwargs)
        manager = self.parent
        sockets = Path(manager.connection_file).parent
        kwargs["cmd"] = command(kwargs["cmd"], sockets, manager.files)
        kwargs["cwd"] = str(sockets)
        return kwargs


class SandboxedKernelManager(KernelManager):
    """Manages one Python kernel in a sandbox, whatever kernel the notebook asks for.

    ``sockets`` is an empty folder that nobody else uses; ``files`` the submission's folder, or
    None.
    """

    sockets = Unicode()
    files = Instance(Path, allow_none=True)

    @default("transport")
    def _transport_default(self) -> str:
        return "ipc"  # without a network there is no loopback to reach the kernel by

    @default("ip")
    def _ip_default(self) -> str:
        return f"{self.sockets}/kernel"

    @default("connection_file")
    def _connection_file_default(self) -> str:
        return f"{self.sockets}/connection.json"

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
                  "--HistoryManager.enabled=False"],
            display_name="Python in a sandbox",
            language="python",
            interrupt_mode="message",
            metadata={"kernel_provisioner": {"provisioner_name": "autograder-sandbox"}},
        )  # fmt: skip
