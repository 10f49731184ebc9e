"""Brings the gradebook in line with ``deadlines.toml``: due dates, extensions, late penalties.

nbgrader has places for all of them, so that stock nbgrader counts as the command does. A submission
that is recorded later gets its extension then (see ``gradebook``).
"""

import hashlib
from pathlib import Path

from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.grading.course import Course, CourseError
from autograder.grading.recording import deadlines, gradebook
from autograder.grading.storage import records
from autograder.grading.storage.files import write_whole
from autograder.grading.storage.jobs import gradebook_name, printable

APPLIED = "deadlines"  # among the records: which file the gradebook was brought in line with


def bring_in_line(course: Course, config: Config) -> list[str]:
    """Do so if the file has changed; returns what is to be said. Raises CourseError for a bad file."""
    class_folder = Path(config.CourseDirectory.root)
    stamp = class_folder / records.FOLDER / APPLIED
    path = gradebook.deadlines_file(config)
    if path is None:
        if stamp.exists():
            raise CourseError(
                f"{deadlines.FILE} is gone, and the gradebook has its due dates: put it back, or an "
                "empty file in its place, which takes them all away"
            )
        return []
    said = deadlines.read(path, course.names([]))
    with gradebook.opened(config) as book:
        due = {one.name: said.due.get(one.name) for one in book.assignments}
        held = {one.name: one.duedate for one in book.assignments}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if due == held and stamp.is_file() and stamp.read_text() == digest:
            return []
        changed = _apply(config, book, said)
        students = {student.id for student in book.students}
    write_whole(stamp, digest.encode())
    notes = [f"{path}: {changed} late penalties have changed"] if changed else []
    submitted = class_folder / config.CourseDirectory.submitted_directory
    students |= {gradebook_name(folder.name) for folder in submitted.glob("*")}
    unknown = {name for held in said.extended.values() for name in held} - students
    if unknown:
        named = ", ".join(map(printable, sorted(unknown)))
        notes.append(f"{path}: nothing has been handed in by {named}; is the name right?")
    return notes


def _apply(config: Config, book: Gradebook, said: deadlines.Deadlines) -> int:
    """How many submissions have another penalty now."""
    for assignment in book.assignments:
        assignment.duedate = said.due.get(assignment.name)
    book.db.flush()
    changed = 0
    for assignment in book.assignments:
        for submission in assignment.submissions:
            before = [notebook.late_submission_penalty for notebook in submission.notebooks]
            submission.extension = said.extension(assignment.name, submission.student_id)
            gradebook.penalize(config, submission)
            changed += before != [n.late_submission_penalty for n in submission.notebooks]
    book.db.commit()
    return changed
