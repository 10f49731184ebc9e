"""The way from an assignment's source to what students receive: notebook, public key, zip."""

import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import nbformat
import numpy as np
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder import key, wire
from autograder.grading.course import Course, CourseError, know_schema
from autograder.grading.releasing import further
from autograder.grading.releasing.dress import README, dressed
from autograder.grading.releasing.exercise_cells import points_by_exercise
from autograder.grading.releasing.fingerprints import of_key
from autograder.grading.releasing.handout import handout
from autograder.grading.releasing.keys import PUBLIC_SEED, draw_key
from autograder.grading.releasing.notebooks import read_source
from autograder.grading.storage.files import write_whole

REQUIREMENTS = "requirements.txt"
LIBRARIES = ("numpy>=1.26", "torch>=2.4", "matplotlib")  # what the student side runs with
USUAL_REQUIREMENTS = (*LIBRARIES, "notebook")


def release(course: Course, name: str) -> None:
    """Make an assignment's student version, its public answer key and the zip for students.

    nbgrader replaces the whole folder that it releases to, so it gets one of its own: with all that
    students receive, it is what ``nbgrader release_assignment`` hands out.
    """
    build_source(course, name)
    write_public_keys(course, name)
    run_nbgrader(course.config(), "generate_assignment", name)
    folder = course.release_folder / name
    write_whole(course.released(name), (folder / f"{name}.ipynb").read_bytes())
    fill(course, name, folder)
    pack(course, name, folder)


def register(course: Course, name: str, class_folder: Path, db_url: str = "") -> None:
    """Make an assignment known to a class's gradebook, leaving the student version alone.

    The gradebook is at ``db_url``, by default where the course's configuration has it.
    """
    build_source(course, name)
    config = course.config(class_folder)
    if db_url:
        config.CourseDirectory.db_url = db_url
    config.CourseDirectory.release_directory = str(course.root / "_build" / "registered")
    run_nbgrader(config, "generate_assignment", name)


def build_source(course: Course, name: str) -> None:
    """Write the notebook that nbgrader takes as the source of an assignment."""
    folder = course.source_folder / name
    folder.mkdir(parents=True, exist_ok=True)
    notebook = dressed(read_source(course.source(name)), course.assignment(name))
    nbformat.write(notebook, folder / f"{name}.ipynb")


def make_keys(course: Course, names: list[str], processes: int) -> None:
    """Make the public answer keys of assignments, as many at a time as there are processes.

    Every mistake is tried: a minute for five assignments. A key that has been made is kept, as long
    as nothing that it depends on changes. Raises what making one raises.
    """
    todo = [name for name in names if not _place_of_key(course, name).exists()]
    if todo:
        with ProcessPoolExecutor(min(processes, len(todo)), get_context("forkserver")) as pool:
            list(pool.map(partial(_made_key, course), todo))


def _place_of_key(course: Course, name: str) -> Path:
    return course.root / "_build" / "keys" / f"{name}-{of_key(course, name)}.json"


def _made_key(course: Course, name: str) -> Path:
    """The key as the sources make it; it is made if it is not there yet."""
    place = _place_of_key(course, name)
    if not place.exists():
        write_whole(place, public_keys_text(course, name).encode())
    return place


def write_public_keys(course: Course, name: str) -> None:
    """Write ``key.json``, unless the one on disk says the same up to rounding."""
    path = course.assignment(name).folder / "key.json"
    fresh = _made_key(course, name).read_text()
    if path.exists() and same_numbers(json.loads(path.read_text()), json.loads(fresh)):
        return
    write_whole(path, fresh.encode())


def public_keys_text(course: Course, name: str) -> str:
    """The public answer keys of an assignment in the order of its notebook, as text.

    Raises CourseError if its notebook and its folders do not hold the same exercises.
    """
    assignment = course.assignment(name)
    ids = list(points_by_exercise(read_source(course.source(name)), assignment))
    if unused := set(assignment.exercise_ids) - set(ids):
        raise CourseError(
            f"{course.source(name)} has no test cell (grade_id) for: {', '.join(sorted(unused))}"
        )
    keys = {}
    for exercise_id in ids:
        exercise = assignment.exercise(exercise_id)
        answers = draw_key(exercise, course.answer(name, exercise_id), PUBLIC_SEED).whole()
        keys[exercise_id] = exercise.entry, answers
    return key.dumps(keys)


def same_numbers(one: object, other: object) -> bool:
    """Whether two encoded values (see ``autograder.wire``) are equal up to rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.get("!") == "array" and other.get("!") == "array":
            a, b = wire.decode(one), wire.decode(other)
            return (
                a.dtype == b.dtype
                and a.shape == b.shape
                and np.allclose(a, b, rtol=1e-6, equal_nan=True)
            )
        return one.keys() == other.keys() and all(same_numbers(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_numbers, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-6))
    return one == other


def fill(course: Course, name: str, folder: Path) -> None:
    """Put what students receive beside the notebook in a folder."""
    own = folder.joinpath
    for place, path in handout(course, name).files.items():
        if path.is_dir():
            shutil.copytree(path, own(place), ignore=shutil.ignore_patterns("__pycache__"))
        else:
            own(place).parent.mkdir(exist_ok=True)
            shutil.copy(path, own(place))
    further.fill(course, name, folder)
    more = own(REQUIREMENTS).read_text().split() if own(REQUIREMENTS).exists() else []
    own(REQUIREMENTS).write_text("\n".join([*USUAL_REQUIREMENTS, *more]) + "\n")
    own("README.txt").write_text(README.format(name=name))


def pack(course: Course, name: str, folder: Path) -> None:
    """Write the zip for students."""
    course.bundle(name).parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(course.bundle(name), "w", ZIP_DEFLATED) as bundle:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            bundle.write(file, str(name / file.relative_to(folder)))


def run_nbgrader(config: Config, step: str, assignment: str, *args: str, **options: bool) -> str:
    """Run one of nbgrader's steps and return its log; raises CourseError with the log if it fails."""
    know_schema()
    api = NbGraderAPI(config=config)
    result = getattr(api, step)(assignment, *args, **options)
    if not result["success"]:
        raise CourseError(
            f"nbgrader {step} {assignment} failed:\n{result.get('log', '')}{result.get('error', '')}"
        )
    return result.get("log", "")
