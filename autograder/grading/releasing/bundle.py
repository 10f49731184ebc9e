"""``autograder bundle``: what is public, in a folder: the site, the assignments, the student side.

Nothing is left there in which anything of the instructor's side was found.
"""

import argparse
import base64
import hashlib
import os
import shutil
import sys
import tomllib
from pathlib import Path

from autograder.grading.course import Course, CourseError
from autograder.grading.releasing.handout import engine, lab_modules
from autograder.grading.releasing.leaks import Reading, found_in, secrets_of
from autograder.grading.releasing.release import LIBRARIES
from autograder.grading.storage import seeds
from autograder.grading.storage.files import write_zip

MOST_SHOWN = 20
WHEEL = "Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def run(course: Course, args: argparse.Namespace) -> int:
    """Make the folder; the command's exit status: 1 if something in it must not be public.

    Raises CourseError if the folder holds anything.
    """
    folder: Path = args.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder} is there already: name a folder that is empty or not there")
    made = folder.with_name(f".{folder.name}.{os.getpid()}")
    made.mkdir(parents=True)
    try:
        has_site = fill(course, made)
        read = Reading()
        secrets = secrets_of(course, _seed(course))
        found = list(found_in(made, secrets, _of_others(course), read))
        if not found:
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    for place, what in found[:MOST_SHOWN]:
        print(f"{place}: {what}", file=sys.stderr)
    if found:
        print(
            f"{len(found)} times something that must not be public: nothing was made",
            file=sys.stderr,
        )
        return 1
    print(
        f"read {read.files} files, {read.bytes} bytes, and {read.others} files of others: none holds one of "
        f"{len(secrets.lines)} lines of answers, one of {len(secrets.files)} files of yours"
        + (", or the seed" if secrets.words else "; there is no seed yet")
    )
    print(f"made {folder}" + ("" if has_site else "; without the site: `make site` builds it"))
    return 0


def fill(course: Course, folder: Path) -> bool:
    """Put what is public into a folder; whether the site is there.

    Raises CourseError if an assignment is not released.
    """
    names = course.names([])
    (folder / "assignments").mkdir()
    for name in names:
        if not course.bundle(name).is_file():
            raise CourseError(f"{name} is not released: run `autograder release {name}` first")
        shutil.copy(course.bundle(name), folder / "assignments")
    wheel(course, folder)
    site = course.root / "_build" / "html"
    if not (site / "index.html").is_file():
        return False
    shutil.copytree(site, folder / "site", ignore=shutil.ignore_patterns(".done", ".buildinfo"))
    return True


def wheel(course: Course, folder: Path) -> Path:
    """Write a wheel of the student side, so that nobody installs the answers for a class."""
    name, version = _project(course)
    label = f"{name.replace('-', '_')}_student-{version}"
    files = {place: path.read_bytes() for place, path in engine().files.items() if path.is_file()}
    for assignment in course.names([]):
        for path in lab_modules(course, assignment):
            files[f"lab/{path.name}"] = path.read_bytes()
    about = f"Metadata-Version: 2.1\nName: {name}-student\nVersion: {version}\nRequires-Python: >=3.11\n"
    about += "".join(f"Requires-Dist: {need}\n" for need in LIBRARIES)
    files[f"{label}.dist-info/METADATA"] = about.encode()
    files[f"{label}.dist-info/WHEEL"] = WHEEL.encode()
    record = f"{label}.dist-info/RECORD"
    lines = [f"{place},sha256={_digest(data)},{len(data)}" for place, data in sorted(files.items())]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    path = folder / f"{label}-py3-none-any.whl"
    write_zip(path, files.items())
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _project(course: Course) -> tuple[str, str]:
    path = course.root / "pyproject.toml"
    held = tomllib.loads(path.read_text()).get("project", {}) if path.is_file() else {}
    return held.get("name", "course"), held.get("version", "0")


def _seed(course: Course) -> str | None:
    """The seed, if there is one; looking for it makes none."""
    return seeds.class_seed(course.root) if seeds.is_there(course.root) else None


def _of_others(course: Course) -> list[Path]:
    """Where the site's files of others come from."""
    return [
        Path(sys.prefix, "browser", "node_modules", "pyodide"),
        course.root / "book" / "browser",
    ]
