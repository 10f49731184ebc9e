"""One submission's kernel: run code, give up in time, survive its death, keep it within bounds."""

import contextlib
import logging
import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat import NotebookNode

from autograder.grading.releasing.handout import Handout, engine
from autograder.grading.running.kernels import (
    SandboxedKernelManager,
    lost_its_sandbox,
    new_manager,
    sandbox_process,
)
from autograder.grading.running.limits import OWN_MEMORY, excess, killed_for_memory
from autograder.grading.running.messages import Shown
from autograder.grading.running.sandbox import START_SECONDS, remove_tree

logger = logging.getLogger(__name__)

INTERRUPT_SECONDS = 3.0
STILL_SECONDS = 2.0  # between two looks at a kernel, if nothing was done: more than any wait takes
SEND_MILLISECONDS = 1000  # a socket that student code has spoiled would keep us waiting for ever
LOOK_SECONDS = 0.2  # between two looks at whether a kernel lives, and what it uses
CONNECT_MILLISECONDS = 2  # between tries to reach a kernel whose sockets are not there yet
NO_MEMORY = (
    "the machine's memory ran out, and the system killed the kernel: "
    "grade fewer submissions at a time (--jobs)"
)


class KernelFailed(RuntimeError):
    """A kernel did not do what it was asked to, whoever is to blame; the message says why."""


class KernelNotStarted(KernelFailed):
    """No kernel comes up: the grader's fault, not the code's that was to run in it."""


class OutOfMemory(KernelFailed):
    """The machine has too little memory, and killed the kernel: no fault of the code in it."""


class SandboxGone(KernelFailed):
    """Somebody ended the sandbox around the kernel: no fault of the code in it."""


class KernelDied(KernelFailed):
    """The kernel is gone; the message says why, as far as known."""


class KernelTimeout(KernelDied):
    """The kernel was killed because its time was up."""


class CellTimeout(KernelFailed):
    """The code did not end in time. It was interrupted, and the kernel lives on."""


@dataclass
class _Kernel:
    """A kernel that runs: how to reach it, and what is known of its end."""

    manager: SandboxedKernelManager
    client: BlockingKernelClient
    process: psutil.Process
    killed_before: int  # processes, for want of memory, when the kernel started
    excess: str | None = None  # what it outgrew, and so was killed for
    stopped: bool = False


class _Stops:
    """Notices when this process itself stands still: stopped by a signal, or with its machine."""

    def __init__(self) -> None:
        self._at = time.monotonic(), time.process_time()

    def since(self) -> float:
        """For how many seconds it did since it was asked last: none if it worked or waited briefly."""
        before, self._at = self._at, (time.monotonic(), time.process_time())
        passed, worked = (now - then for now, then in zip(self._at, before, strict=True))
        return passed if passed > STILL_SECONDS and worked < passed / 2 else 0.0


class Session:
    """A sandboxed kernel that is started when it is first needed, and again after it died.

    ``handout`` is what students of the assignment have (without one, the engine alone); ``files`` is the
    folder of the submission; ``alone`` says that the kernel gets an outer sandbox to itself. Use it as a
    context manager: on leaving, kernel, processes and files of the sandbox are gone. ``stood_still``
    says for how many seconds this process did while code ran, which are not charged to the code;
    ``began`` whether what was to run last began before its time was up.
    """

    stood_still = 0.0
    began = False

    def __init__(
        self, handout: Handout | None = None, files: Path | None = None, alone: bool = False
    ) -> None:
        self.handout = handout or engine()
        self.files = files
        self.alone = alone
        self.kernel: _Kernel | None = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether there is a kernel; it may have died unseen."""
        return self.kernel is not None

    def start(self) -> None:
        """Start a fresh kernel; raises KernelNotStarted if it does not come up."""
        self.stop()
        try:
            manager = new_manager(self.handout, self.files, self.alone)
        except OSError as error:  # somebody has cleaned up behind us, or there is no room
            raise KernelNotStarted(f"its folder can't be made: {error}") from error
        manager.context.setsockopt(zmq.SNDTIMEO, SEND_MILLISECONDS)
        try:
            manager.start_kernel()
        except BaseException as error:
            _clean_up(manager)
            if isinstance(error, OSError):
                raise KernelNotStarted(f"it can't be started: {error}") from error
            raise
        client = manager.blocking_client()
        client.context.setsockopt(zmq.SNDTIMEO, SEND_MILLISECONDS)
        client.context.setsockopt(zmq.RECONNECT_IVL, CONNECT_MILLISECONDS)
        client.start_channels(hb=False)  # whether it lives is asked of the system
        process = sandbox_process(manager)
        kernel = self.kernel = _Kernel(manager, client, process, killed_for_memory())
        threading.Thread(target=_watch, args=(kernel,), daemon=True).start()
        if (reason := _why_no_answer(kernel)) is not None:
            self.stop()
            raise KernelNotStarted(kernel.excess or reason)

    def run(self, code: str, timeout: float, silent: bool = False) -> list[NotebookNode]:
        """Run a cell and return its outputs, an ``error`` output among them if it raised.

        Stream output beyond OUTPUT_CHARACTERS is cut, and messages that no kernel writes are passed
        over. IPython's hooks around cells know nothing of one that is ``silent``. Raises CellTimeout
        if it does not end within ``timeout`` seconds, KernelDied if the kernel stops or cannot be
        interrupted, OutOfMemory if the machine's memory ran out under it, and SandboxGone if the sandbox
        was ended.
        """
        if self.kernel is None:
            self.start()
        kernel = self.kernel
        assert kernel is not None
        try:
            shown = Shown(kernel.client, code, silent)
        except zmq.Again:
            self.stop()
            raise KernelDied(
                "your code closed the socket on which it is told what to run"
            ) from None
        stops = _Stops()
        try:
            in_time = self._ends(kernel, shown, timeout, stops)
        finally:
            self.began = shown.began
        if in_time:
            return shown.outputs
        kernel.manager.interrupt_kernel()
        if not self._ends(kernel, shown, INTERRUPT_SECONDS, stops):
            self.stop()
            raise KernelTimeout(f"it ran for more than {timeout:g} s and ignored the interrupt")
        raise CellTimeout(f"it ran for more than {timeout:g} s")

    def _ends(self, kernel: _Kernel, shown: Shown, seconds: float, stops: _Stops) -> bool:
        """Take in what a kernel shows; whether all of it has come in so many seconds.

        Raises KernelDied, OutOfMemory or SandboxGone if the kernel is there no more.
        """
        deadline = time.monotonic() + seconds
        while not shown.ended:
            if (left := deadline - time.monotonic()) <= 0:
                return False
            came = shown.take(min(left, LOOK_SECONDS))
            still = stops.since()
            deadline += still
            self.stood_still += still
            if not came:
                if not kernel.manager.is_alive():
                    self.stop()
                    raise _why_gone(kernel)
                shown.look_for_reply()
        return True

    def prepare(self, code: str, problem: str) -> None:
        """Run code without which the kernel has not started.

        Raises KernelNotStarted, which begins with the ``problem``, if it does not end well.
        """
        try:
            outputs = self.run(code, START_SECONDS)
        except (CellTimeout, KernelDied) as ended:
            raise KernelNotStarted(f"{problem}: {ended}") from ended
        if outputs:
            raise KernelNotStarted(f"{problem}: {outputs[0].get('evalue', outputs[0])}"[:300])

    def stop(self) -> None:
        """Kill the kernel and everything it started, and remove what it left."""
        if self.kernel is None:
            return
        kernel, self.kernel = self.kernel, None
        kernel.stopped = True
        kernel.client.stop_channels()
        kernel.manager.shutdown_kernel(now=True)
        _clean_up(kernel.manager)


def _why_no_answer(kernel: _Kernel) -> str | None:
    """Wait until a kernel answers, on the channel of its outputs as well; why it does not, else None.

    ``wait_for_ready`` would go on to wait for a fifth of a second in which nothing comes.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        kernel.client.kernel_info()
        with contextlib.suppress(queue.Empty):
            kernel.client.get_shell_msg(timeout=1)
            kernel.client.get_iopub_msg(timeout=0.2)
            return None
        if not kernel.manager.is_alive():
            return "Kernel died before replying to kernel_info"
    return f"Kernel didn't respond in {START_SECONDS:g} seconds"


def _why_gone(kernel: _Kernel) -> KernelFailed:
    """Whose doing it is that a kernel has ended by itself, as far as known."""
    if not kernel.excess and killed_for_memory() > kernel.killed_before:
        return OutOfMemory(NO_MEMORY)
    if lost_its_sandbox(kernel.manager):
        return SandboxGone("the sandbox was ended from outside, while code ran in it")
    return KernelDied(kernel.excess or "your code ended the Python process")


def _clean_up(manager: SandboxedKernelManager) -> None:
    manager.cleanup_resources()
    remove_tree(manager.folder)


def _watch(kernel: _Kernel) -> None:
    """Kill the sandbox when it outgrows its memory, its processes or its socket folder.

    So too when messages without end fill the memory of this process, which has to read them.
    """
    watched = True
    own = psutil.Process()
    at_most = own.memory_info().rss + OWN_MEMORY
    while not kernel.stopped:
        try:
            kernel.excess = kernel.excess or excess(kernel.process, kernel.manager.folder)
            if own.memory_info().rss > at_most:
                kernel.excess = "it sent messages that are too large"
        except (psutil.NoSuchProcess, FileNotFoundError):  # it ends just now
            pass
        except (psutil.Error, OSError) as error:
            if watched:
                logger.warning("a kernel's memory and processes can't be watched: %s", error)
            watched = False
        if kernel.excess:
            with contextlib.suppress(psutil.NoSuchProcess):
                kernel.process.kill()
        time.sleep(LOOK_SECONDS)
