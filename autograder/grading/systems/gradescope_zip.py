"""``autograder gradescope``: the zip of an autograder for Gradescope. It holds the answers.

Its form is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/: ``setup.sh`` runs
once, when the image is built, and ``run_autograder`` for each submission.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from autograder.grading.course import Course, CourseError
from autograder.grading.releasing.handout import ENGINE
from autograder.grading.storage import seeds
from autograder.grading.storage.files import write_zip

SCRIPTS = ("setup.sh", "run_autograder")
WHOLE = (
    "nbgrader_config.py",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "LICENSE-TEXT",
    "requirements.txt",
    "requirements.lock",
)
SETUP = """\
#!/usr/bin/env bash
# Runs once, as root, when the image is built.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
cd "${AUTOGRADER_HOME:-/autograder}/source"
apt-get update
apt-get install -y --no-install-recommends bubblewrap
for python in python3.12 python3.11; do
    if apt-get install -y --no-install-recommends "$python" "$python-venv"; then break; fi
done
"$python" -m venv .venv
.venv/bin/python -m pip install -q -r requirements.txt -c requirements.lock
.venv/bin/python -m pip install -q --no-deps -e .
.venv/bin/autograder doctor --device cpu || echo "grading needs what is marked above"
"""
RUN = """\
#!/usr/bin/env bash
# Runs for each submission. Where the grader itself fails there are no results, and no score.
set -euo pipefail
home="${{AUTOGRADER_HOME:-/autograder}}"
cd "$home/source"
exec .venv/bin/autograder one {name} "$home/submission" \\
    --format gradescope --output "$home/results/results.json"
"""


def run(course: Course, args: argparse.Namespace) -> int:
    """Write the zip; the command's exit status.

    Raises CourseError if the assignment is not released.
    """
    (name,) = course.names([args.assignment])
    if not course.released(name).is_file():
        raise CourseError(f"{name} is not released: run `autograder release {name}` first")
    write_zip(args.zip, contents(course, name), SCRIPTS)
    print(f"made {args.zip}. It holds the answers to {name} and your seed: for Gradescope alone")
    return 0


def contents(course: Course, name: str) -> Iterator[tuple[str, Path | bytes]]:
    """All that grading an assignment needs, each with its place."""
    yield "setup.sh", SETUP.encode()
    yield "run_autograder", RUN.format(name=name).encode()
    yield seeds.FILE, f"{seeds.class_seed(course.root)}\n".encode()
    for file in WHOLE:
        if (course.root / file).is_file():
            yield file, course.root / file
    yield from _below(ENGINE, ENGINE.parent)
    for path in sorted((course.root / "lab").glob("*.py")):
        yield f"lab/{path.name}", path
    for side in ("assignments", "solutions"):
        yield from _below(course.root / side / name, course.root)


def _below(folder: Path, root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path
