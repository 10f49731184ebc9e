"""Kernels in the sandbox, as jupyter_client manages them."""

import asyncio
import contextlib
import logging
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

import psutil
import zmq
from jupyter_client import KernelManager
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import KernelProvisionerBase
from jupyter_core.utils import run_sync
from traitlets import Bool, Instance, Unicode, default

from autograder.grading.releasing.handout import Handout
from autograder.grading.running.sandbox import (
    SOCKETS,
    OuterSandbox,
    SandboxMissing,
    Waiting,
)
from autograder.grading.storage.seeds import answers_files
from autograder.grading.storage.staging import LARGEST_FOLDER

logger = logging.getLogger(__name__)

KILL_SECONDS = 5.0


class SandboxProvisioner(KernelProvisionerBase):
    """jupyter_client's way to kernels that are forked inside the sandbox."""

    parent: "SandboxedKernelManager"
    process: psutil.Process | None = None
    around: OuterSandbox | None = None  # the outer sandbox that it was forked in
    _own: OuterSandbox | None = None  # one that serves this kernel alone

    @property
    def has_process(self) -> bool:
        return self.process is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        here = f"{SOCKETS}/{self.parent.folder.name}"  # as the sandbox sees the kernel's folder
        key = self.parent.session.key.decode()
        inside = {**self.connection_info, "ip": f"{here}/kernel", "key": key}
        files = f"{here}/files"
        waiting = Waiting.get(self.parent.handout)
        if Waiting.can_fork and not self.parent.alone:
            try:
                self.process = psutil.Process(waiting.kernel(inside, files, fork=True))
                self.around = waiting
                return self.connection_info
            except OSError as error:
                Waiting.can_fork = False
                logger.warning("each kernel gets a sandbox to itself, which is slower: %s", error)
        self.process = psutil.Process(waiting.kernel(inside, files, fork=False))
        self._own, Waiting.sandbox = waiting, None
        if self.parent.alone:
            Waiting.get(self.parent.handout)  # the next one warms up meanwhile
        return self.connection_info

    async def poll(self) -> int | None:
        if self.process is None:
            return 0
        try:
            alive = self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            alive = False
        return None if alive else 0

    async def wait(self) -> int | None:
        while await self.poll() is None:
            await asyncio.sleep(0.002)
        self.process = None
        return 0

    async def send_signal(self, signum: int) -> None:
        if self.process is not None:
            try:
                self.process.send_signal(signum)
            except psutil.NoSuchProcess:
                return

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)
        with contextlib.suppress(TimeoutError):  # its manager would look each tenth of a second
            await asyncio.wait_for(self.wait(), KILL_SECONDS)

    async def terminate(self, restart: bool = False) -> None:
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None


class SandboxedKernelManager(KernelManager):
    """Manages one Python kernel in the sandbox, whatever kernel the notebook asks for."""

    handout = Instance(Handout, help="What students of the assignment have.")
    alone = Bool(help="Whether the kernel gets an outer sandbox to itself.")
    folder_path = Unicode(help="The folder, inside the outer sandbox's shared one, of this kernel.")

    @property
    def folder(self) -> Path:
        return Path(self.folder_path)

    async def _async_interrupt_kernel(self) -> None:
        """Ask the kernel to stop what it runs. One that has spoiled its socket is told nothing."""
        with contextlib.suppress(zmq.Again):
            await super()._async_interrupt_kernel()

    interrupt_kernel = run_sync(_async_interrupt_kernel)

    @default("transport")
    def _transport_default(self) -> str:
        return "ipc"  # without a network there is no loopback to reach the kernel by

    @default("ip")
    def _ip_default(self) -> str:
        return str(self.folder / "kernel")

    @default("connection_file")
    def _connection_file_default(self) -> str:
        return str(self.folder / "connection.json")

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=[],
            display_name="Python in a sandbox",
            language="python",
            interrupt_mode="message",
            metadata={"kernel_provisioner": {"provisioner_name": "autograder-sandbox"}},
        )


def new_manager(handout: Handout, files: Path | None, alone: bool) -> SandboxedKernelManager:
    """A manager for a kernel that starts beside copies of ``files``'s files, notebooks excepted."""
    folder = Path(tempfile.mkdtemp(prefix="k-", dir=Waiting.get(handout).shared))
    beside = folder / "files"
    beside.mkdir()
    if files is not None:
        _copy_files(files, beside)
    return SandboxedKernelManager(handout=handout, alone=alone, folder_path=str(folder))


def sandbox_process(manager: SandboxedKernelManager) -> psutil.Process:
    """The process of a manager's kernel; raises SandboxMissing if it has none."""
    provisioner = manager.provisioner
    if not isinstance(provisioner, SandboxProvisioner) or provisioner.process is None:
        raise SandboxMissing("the kernel was not started in the sandbox")
    return provisioner.process


def lost_its_sandbox(manager: SandboxedKernelManager) -> bool:
    """Whether the sandbox around a manager's kernel has ended, which nothing inside can bring about."""
    provisioner = manager.provisioner
    around = provisioner.around if isinstance(provisioner, SandboxProvisioner) else None
    return around is not None and around.has_ended()


def _copy_files(source: Path, target: Path) -> None:
    """Copy what a notebook may read: nothing that has no part in the seed, not even a folder's name."""
    files = answers_files(source)
    if sum(path.stat().st_size for path in files) > LARGEST_FOLDER:
        return
    for path in files:
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
