"""A course folder of its own for a test: the real sources, an empty gradebook."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def copy_course(folder: Path) -> Path:
    """A copy of what grading needs: configuration, sources, released assignments."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for name in ("solutions", "assignments"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def autograder(course: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run the command line in a course folder."""
    return run(course, sys.executable, "-m", "autograder", *arguments, check=check)


def nbgrader(course: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run stock nbgrader in a course folder."""
    return run(course, str(Path(sys.executable).parent / "nbgrader"), *arguments, check=check)


def run(course: Path, *command: str, check: bool) -> subprocess.CompletedProcess:
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
    return done
