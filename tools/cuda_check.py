"""All that must hold on a machine with a CUDA device: python3 tools/cuda_check.py [FOLDER FOR LOGS]

Installs what ``.cuda/`` holds, if there is one (see ``tools/cuda_bundle.py``), then tries, each step
with its time: ``autograder doctor``, a hundred kernels one after another, four at once, the tests
marked cuda, and the sample classes on the CPU and on CUDA, whose results it compares. About five
minutes on 16 cores. Ends with 1 if anything is not as it should be.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

BUNDLE = Path(".cuda")
KERNELS = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from autograder.grading.running.session import Session
CODE = "import torch; print(torch.ones(3, device='cuda').sum().item())"
def kernels(count):
    bad = []
    for k in range(count):
        with Session(alone=True) as session:
            outputs = session.run(CODE, 60)
        if [o.get("text") for o in outputs] != ["3.0\\n"]:
            bad.append((k, outputs))
    return bad
if __name__ == "__main__":
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        bad = sum(pool.map(kernels, [25] * 4), [])
    print(len(bad), "of 100 kernels failed", bad[:2])
    sys.exit(bool(bad))
"""


def install() -> None:
    tools = Path("/opt/cuda-check")
    for package in BUNDLE.glob("deb/*.deb"):
        subprocess.run(["dpkg", "-x", package, tools], check=True)
    os.environ["PATH"] = f"{tools}/usr/bin:{os.environ['PATH']}"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    wheels = [str(path) for path in BUNDLE.glob("wheels/*.whl")]
    subprocess.run([*pip, "--no-cache-dir", *wheels], check=True)
    subprocess.run([*pip, "--no-build-isolation", "-e", "."], check=True)


def step(name: str, command: Sequence[str], logs: Path, **environment: str) -> bool:
    """Run a command with its output in a log; says how it ended. Whether all was well."""
    began = time.monotonic()
    log = logs / f"{name.replace(' ', '-')}.log"
    with open(log, "w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False,
                              env=os.environ | environment)  # fmt: skip
    last = (log.read_text().strip().splitlines() or [""])[-1]
    seconds = time.monotonic() - began
    print(f"[{seconds:4.0f} s] {name}: exit {done.returncode}: {last[:200]}", flush=True)
    return done.returncode == 0


def compare(logs: Path) -> bool:
    """Whether the classes' results are the same on both devices; prints where they are not."""
    from autograder.grading.storage.results import read

    by_device = []
    for device in ("cpu", "cuda"):
        results = read(logs / f"{device}.jsonl")
        by_device.append({(r.student, r.assignment, r.exercise): r for r in results})
    cpu, cuda = by_device
    on_cuda = sum(r.device == "cuda" for r in cuda.values())
    print(f"{len(cuda)} results, {on_cuda} of exercises that ran on CUDA")
    same = cpu.keys() == cuda.keys() and on_cuda > 0
    for what in cpu.keys() & cuda.keys():
        one, other = cpu[what], cuda[what]
        if (one.score, one.status, one.mistake) != (other.score, other.status, other.mistake):
            same = False
            print(*what, (one.score, one.status, one.mistake),
                  (other.score, other.status, other.mistake), other.message[:120])  # fmt: skip
    return same


def main(logs: Path) -> int:
    logs.mkdir(parents=True, exist_ok=True)
    if BUNDLE.is_dir():
        install()
    script = logs / "kernels.py"
    script.write_text(KERNELS)
    python, grader = sys.executable, [sys.executable, "-m", "autograder.grading"]
    os.environ["PYTHONPATH"] = os.getcwd()
    good = [
        step("doctor", [*grader, "doctor", "--device", "cuda"], logs),
        step("kernels", [python, str(script)], logs),
        step("tests", [python, "-m", "pytest", "-q", "tests/test_cuda.py", "-n", "8",
                       "-k", "not class and not room"], logs, AUTOGRADER_REQUIRE_CUDA="1"),
        step("a full device", [python, "-m", "pytest", "-q", "tests/test_cuda.py", "-k", "room"],
             logs, AUTOGRADER_REQUIRE_CUDA="1"),
    ]  # fmt: skip
    submitted = logs / "class" / "submitted"
    shutil.rmtree(submitted.parent, ignore_errors=True)
    good.append(step("classes", [*grader, "sample-class", str(submitted)], logs))
    for student in ("endless-loop", "another-assignment"):  # they wait, or have nothing to compare
        shutil.rmtree(submitted / student, ignore_errors=True)
    for device in ("cpu", "cuda"):
        good.append(
            step(f"grade on {device}",
                 [*grader, "grade", "--device", device, "--submissions", str(submitted),
                  "--results", str(logs / f"{device}.jsonl")], logs)
        )  # fmt: skip
    if all(good[-2:]):
        good.append(compare(logs))
    return 0 if all(good) else 1


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OUT", "_build/cuda-check")
    sys.exit(main(Path(where).resolve()))
