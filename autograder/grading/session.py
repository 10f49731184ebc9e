"""One submission's kernel: run code, give up in time, survive its death, keep it within bounds."""

import contextlib
import os
import queue
import shutil
import threading
import time
from pathlib import Path

import nbformat
import psutil
import zmq
from nbformat import NotebookNode

from autograder.grading.sandbox import (
    MEGABYTE,
    START_SECONDS,
    SandboxedKernelManager,
    new_manager,
)

INTERRUPT_SECONDS = 3.0
MEMORY = 4096 * MEGABYTE
PROCESSES = 64
SOCKET_FOLDER = 64 * MEGABYTE
OUTPUT_CHARACTERS = 100_000
RICH_CHARACTERS = 2_000_000
MESSAGE_BYTES = 64 * MEGABYTE


class KernelDied(RuntimeError):
    """The kernel is gone; the message says why, as far as known."""


class KernelTimeout(KernelDied):
    """The kernel was killed because its time was up."""


class CellTimeout(RuntimeError):
    """The code did not end in time. It was interrupted, and the kernel lives on."""


class Session:
    """A sandboxed kernel that is started when it is first needed, and again after it died.

    ``files`` is the folder of the submission. Use it as a context manager: on leaving, kernel,
    processes and files of the sandbox are gone.
    """

    def __init__(self, files: Path | None = None) -> None:
        self.files = files
        self._manager: SandboxedKernelManager | None = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exc) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self._manager is not None

    def start(self) -> None:
        """Start a fresh kernel; raises KernelDied if it does not come up."""
        self.stop()
        self._manager = new_manager(self.files)
        self._verdict: str | None = None
        self._manager.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES)
        self._manager.start_kernel()
        self._process = self._manager.provisioner.process
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._watch = threading.Thread(target=self._watchdog, args=(self._manager,), daemon=True)
        self._watch.start()
        try:
            self._client.wait_for_ready(timeout=START_SECONDS)
        except RuntimeError as error:
            reason = self._reason(str(error))
            self.stop()
            raise KernelDied(f"the kernel did not start: {reason}") from None

    def run(self, code: str, timeout: float) -> list[NotebookNode]:
        """Run a cell and return its outputs, an ``error`` output among them if it raised.

        Stream output beyond OUTPUT_CHARACTERS is cut. Raises CellTimeout if it does not end within
        ``timeout`` seconds, and KernelDied if the kernel stops or cannot be interrupted.
        """
        if not self.running:
            self.start()
        sent = self._client.execute(code, store_history=False, allow_stdin=False)
        collected = _Outputs()
        deadline = time.monotonic() + timeout
        interrupted = False
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                if interrupted:
                    self.stop()
                    raise KernelTimeout(
                        f"it ran for more than {timeout:g} s and ignored the interrupt"
                    )
                interrupted = True
                self._manager.interrupt_kernel()
                deadline = time.monotonic() + INTERRUPT_SECONDS
                continue
            try:
                message = self._client.get_iopub_msg(timeout=min(left, 0.2))
            except queue.Empty:
                if not self._manager.is_alive():
                    reason = self._reason("your code ended the Python process")
                    self.stop()
                    raise KernelDied(reason) from None
                continue
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            collected.add(message)
        if interrupted:
            raise CellTimeout(f"it ran for more than {timeout:g} s")
        return collected.outputs

    def stop(self) -> None:
        """Kill the kernel and everything it started, and remove what it left."""
        if self._manager is None:
            return
        manager, self._manager = self._manager, None
        self._client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        shutil.rmtree(manager.folder, ignore_errors=True)

    def _reason(self, otherwise: str) -> str:
        return self._verdict or otherwise

    def _watchdog(self, manager: SandboxedKernelManager) -> None:
        """Kill the sandbox when it outgrows its memory, its processes or its socket folder."""
        while self._manager is manager:
            excess = self._excess(manager.folder)
            if excess:
                self._verdict = excess
                with contextlib.suppress(psutil.NoSuchProcess):
                    self._process.kill()
            time.sleep(0.2)

    def _excess(self, folder: Path) -> str | None:
        try:
            family = [self._process, *self._process.children(recursive=True)]
            if len(family) > PROCESSES:
                return f"it started more than {PROCESSES} processes"
            if sum(process.memory_info().rss for process in family) > MEMORY:
                return f"it used more than {MEMORY // MEGABYTE} MB of memory"
            if _folder_size(folder) > SOCKET_FOLDER:
                return "it filled a folder it should leave alone"
        except (psutil.Error, OSError):
            return None
        return None


def _folder_size(folder: Path) -> int:
    return sum(e.stat(follow_symlinks=False).st_size for e in os.scandir(folder))


class _Outputs:
    """Collects a cell's outputs from its messages, streams merged and bounded."""

    def __init__(self) -> None:
        self.outputs: list[NotebookNode] = []
        self._left = OUTPUT_CHARACTERS
        self._rich_left = RICH_CHARACTERS

    def add(self, message: dict) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self._stream(content["name"], content["text"])
        elif kind in ("error", "display_data", "execute_result"):
            content.setdefault("metadata", {})
            self._rich_left -= len(str(content))
            if self._rich_left > 0:
                self.outputs.append(nbformat.v4.output_from_msg(message))
        elif kind == "clear_output":
            self.outputs.clear()

    def _stream(self, name: str, text: str) -> None:
        if self._left <= 0:
            return
        if len(text) > self._left:
            text = text[: self._left] + "\n[the rest of the output was cut]\n"
        self._left -= len(text)
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.output_type == "stream" and last.name == name:
            last.text += text
        else:
            self.outputs.append(nbformat.v4.new_output("stream", name=name, text=text))
