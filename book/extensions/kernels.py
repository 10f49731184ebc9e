"""Kernels for the book's pages, forked from a process that has imported the slow libraries.

Almost every page imports PyTorch and Matplotlib, which takes a new process three seconds, and most
train on MNIST-1D, which takes two to make. For a single page that would take as long as it saves.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

PRELOADED = "book.extensions.preloaded"
FORKED = EntryPoint("forked", f"{__name__}:ForkedProvisioner", KernelProvisionerFactory.GROUP_NAME)


def fork_kernels() -> None:
    """Have kernels be forked from now on, where that is safe."""
    if sys.platform == "linux":
        multiprocessing.get_context("forkserver").set_forkserver_preload(["__main__", PRELOADED])
        factory = KernelProvisionerFactory.instance()
        factory.provisioners[FORKED.name] = FORKED
        factory.default_provisioner_name = FORKED.name


def run_kernel(arguments: list[str], folder: str, environment: Mapping[str, str]) -> None:
    os.setsid()  # it is interrupted and ended with what it has started
    os.chdir(folder)
    os.environ.update(environment)
    alive = f"--IPKernelApp.parent_handle={os.getppid()}"  # it ends when that process has
    IPKernelApp.launch_instance([*arguments, alive])
    # the kernel's own are closed by now, and what ends this process would flush them
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


class ForkedKernel:
    """A forked process with what LocalProvisioner asks of a ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], folder: str, environment: Mapping[str, str]) -> None:
        fork = multiprocessing.get_context("forkserver").Process
        self.process = fork(target=run_kernel, args=(arguments, folder, environment), daemon=True)
        self.process.start()
        assert self.process.pid is not None
        self.pid = self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, signum: int) -> None:
        os.kill(self.pid, signum)

    def kill(self) -> None:
        self.process.kill()

    def terminate(self) -> None:
        self.process.terminate()


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels of this environment's ``python3`` as forks."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        arguments = cmd[cmd.index("-f") :]  # python -m ipykernel_launcher -f FILE
        process = ForkedKernel(arguments, kwargs["cwd"], kwargs["env"])
        self.process: Any = process
        self.pid = self.pgid = process.pid
        return self.connection_info
