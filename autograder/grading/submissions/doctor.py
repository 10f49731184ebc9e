"""Looks at what grading needs, and says what to do where it is missing."""

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import nbformat
from traitlets.config import Config

from autograder.grading.course import Course, CourseError, GradingImpossible
from autograder.grading.judge.without_verdict import cause_of
from autograder.grading.releasing.handout import Handout, engine
from autograder.grading.releasing.release import build_source, run_nbgrader
from autograder.grading.running import limits, sandbox
from autograder.grading.running.cuda import cuda_is_available, resolve_device
from autograder.grading.running.session import KernelFailed, Session
from autograder.grading.running.shell import DESCRIPTORS
from autograder.grading.storage import seeds
from autograder.grading.submissions.class_folder import (
    MEGABYTE,
    require_gradebook,
    require_writable,
)

PACKAGES = ("torch", "numpy", "nbgrader", "ipykernel")
ALLOW_NAMESPACES = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
START_ON_CUDA = "import torch; print(torch.ones(3, device='cuda').sum().item())"


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is as grading needs it, and what was seen or is to be done."""

    what: str
    fine: bool
    says: str


def examine(course: Course, config: Config, device: str) -> Iterator[Finding]:
    """Look at everything, one thing after the other; nothing is changed and nothing raised."""
    folder = Path(config.CourseDirectory.root)
    installed = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield Finding("versions", True, f"Python {python_version()}, {installed}")
    yield _tried("bubblewrap", _bubblewrap)
    yield _tried("class folder", lambda: require_writable(folder))
    yield _tried("gradebook", lambda: require_gradebook(config))
    yield _tried("seed", lambda: _seed(folder))
    yield _tried("two kernels in a row", _two_kernels)
    yield _tried("limits", _limits)
    yield _tried("CUDA", lambda: _cuda(device))
    for name in course.names([]):
        yield _tried(f"release of {name}", partial(_release, course, name))


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except (GradingImpossible, OSError, RuntimeError) as error:
        return Finding(what, False, cause_of(error))


def require_kernel(handout: Handout) -> str:
    """Whether a kernel starts in the sandbox and finds torch; raises SandboxMissing if not."""
    _require_descriptors()
    began = time.monotonic()
    try:
        with Session(handout) as kernel:
            outputs = kernel.run("import torch", sandbox.START_SECONDS)
    except KernelFailed as error:
        raise sandbox.SandboxMissing(f"no kernel lives in the sandbox: {error}") from None
    if outputs:
        raise sandbox.SandboxMissing(f"torch can't be imported in the sandbox: {outputs[0]}")
    return f"{time.monotonic() - began:.1f} s"


def _require_descriptors() -> None:
    """Raise SandboxMissing where a process may open fewer files than a kernel is given elsewhere."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < DESCRIPTORS:
        raise sandbox.SandboxMissing(
            f"a process may open {most} files here, and kernels need {DESCRIPTORS}: "
            "grade from a shell without that limit (ulimit -n)"
        )


def _bubblewrap() -> str:
    if (path := shutil.which("bwrap")) is None:
        raise sandbox.SandboxMissing("it is not installed: apt install bubblewrap")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    tried = [path, "--unshare-all", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise sandbox.SandboxMissing(
            f"it may not make namespaces here ({done.stderr.strip()}); on Ubuntu 24.04 and later: "
            f"{ALLOW_NAMESPACES}; in a container: its options, as on the instructors' page"
        )
    return f"{said.stdout.strip()} at {path}"


def _seed(folder: Path) -> str:
    if seeds.is_set():
        return f"from the environment's {seeds.VARIABLE}"
    path = folder / seeds.FILE
    return f"{path}: keep a copy" if path.exists() else "none yet: made at the first grading"


def _two_kernels() -> str:
    first, second = require_kernel(engine()), require_kernel(engine())
    forked = "" if sandbox.Waiting.can_fork else "; each in a sandbox of its own, which is slower"
    return f"with torch after {first}, then after {second}{forked}"


def _limits() -> str:
    return (
        f"{limits.MEMORY // MEGABYTE} MB of memory, {limits.PROCESSES} processes, "
        f"{sandbox.SCRATCH // MEGABYTE} MB in a folder, no network"
    )


def _cuda(device: str) -> str:
    if device != "cuda" and not cuda_is_available():
        return "no device: torch exercises run on the CPU, and say so"
    if resolve_device(device) != "cuda":
        return "not asked for"
    seconds = []
    for _ in range(2):
        began = time.monotonic()
        with Session(alone=True) as kernel:  # as where submissions are graded
            outputs = kernel.run(START_ON_CUDA, sandbox.START_SECONDS)
        if not any(o.get("text") == "3.0\n" for o in outputs):
            raise sandbox.SandboxMissing(f"a kernel does not reach the device: {outputs}"[:300])
        seconds.append(time.monotonic() - began)
    return f"two kernels in a row, {seconds[0]:.1f} s and {seconds[1]:.1f} s"


def _release(course: Course, name: str) -> str:
    """Whether the notebook on disk is what the source makes."""
    if not course.released(name).is_file():
        raise CourseError(f"there is none: autograder release {name}")
    with tempfile.TemporaryDirectory() as folder:
        build_source(course, name)
        config = course.config(Path(folder))
        config.CourseDirectory.release_directory = folder
        run_nbgrader(config, "generate_assignment", name)
        fresh = nbformat.read(Path(folder, name, f"{name}.ipynb"), as_version=4)
    if fresh.cells != course.student_version(name).cells:
        raise CourseError(f"it is not what its source makes: autograder release {name}")
    held = set(course.assignment(name).public_keys().entries.values())
    if held != set(course.assignment(name).exercise_ids):
        raise CourseError(f"its key is of other exercises: autograder release {name}")
    return "as its source makes it"
