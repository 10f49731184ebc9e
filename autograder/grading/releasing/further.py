"""What students are told after a verdict, as the course's configuration has it.

``c.Students.site`` is the address of the book, if it has one. ``c.Students.reference_ideas`` says where a
student who has passed reads the idea of the reference answer (``solutions/NAME/ideas.toml``, a sentence
that the author wrote): "never", in the "feedback", or at once, in "check", too.
"""

import json
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

from autograder.grading.course import Course, CourseError
from autograder.onward import FILE, Onward, onward

IDEAS = "ideas.toml"
ALLOWED = ("never", "feedback", "check")  # each allows what the ones before it do


def further(course: Course, name: str, exercise: str) -> Onward | None:
    """What stands under the verdict on an exercise in the feedback."""
    found = onward(course.assignment(name).folder, exercise)
    if found is None:
        return None
    allowed = ideas(course, name) if reference_ideas(course) != "never" else {}
    return replace(found, site=site(course) or found.site, idea=allowed.get(exercise, ""))


def fill(course: Course, name: str, folder: Path) -> None:
    """Put into what students receive what their ``check`` is to say besides, as far as that is allowed."""
    path = folder / FILE
    if not path.is_file():
        return
    held = tomllib.loads(path.read_text(encoding="utf-8"))
    allowed = ideas(course, name) if reference_ideas(course) == "check" else {}
    if not (allowed or site(course)):
        return
    lines = [f"site = {json.dumps(site(course) or held.get('site', ''))}"]
    for exercise, said in held.items():
        if isinstance(said, dict):
            more = {"idea": allowed[exercise]} if exercise in allowed else {}
            texts = {**said, **more}.items()  # a string of JSON is one of TOML
            lines += ["", f"[{exercise}]", *(f"{key} = {json.dumps(text)}" for key, text in texts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def reference_ideas(course: Course) -> str:
    """Where ideas may be read; raises CourseError if the setting is none of ALLOWED."""
    chosen = course.for_students.get("reference_ideas", "feedback")
    if chosen not in ALLOWED:
        raise CourseError(f"Students.reference_ideas is {chosen!r}: it may be {', '.join(ALLOWED)}")
    return str(chosen)


def site(course: Course) -> str:
    """The address of the book, empty if it has none."""
    return str(course.for_students.get("site", ""))


def ideas_file(course: Course, name: str) -> Path:
    """Where the author says the ideas of an assignment's reference answers."""
    return course.source(name).with_name(IDEAS)


def ideas(course: Course, name: str) -> dict[str, str]:
    """The ideas of an assignment's reference answers, by exercise."""
    return _held(ideas_file(course, name))


@cache
def _held(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))
