"""Which assignment a notebook belongs to: by its cells, and where these don't tell, by its name."""

import re
from collections import Counter
from pathlib import Path

import nbformat

from autograder.grading.course import Course
from autograder.grading.intake.order import grade_id
from autograder.grading.intake.reading import PROBLEM, read_submission
from autograder.grading.intake.recognition import plain

LEAST_TEXT = 40  # characters of a cell's text that say something


class Belonging:
    """Knows the released notebooks of a course."""

    def __init__(self, course: Course) -> None:
        self.names = [name for name in course.names([]) if course.released(name).is_file()]
        held = {name: _marks(course.student_version(name)) for name in self.names}
        shared = Counter(mark for marks in held.values() for mark in marks)
        self.marks = {name: {m for m in held[name] if shared[m] == 1} for name in self.names}

    def by_content(self, path: Path) -> str | None:
        """The assignment whose cells a file has, None if it has none's or is no notebook."""
        notebook = read_submission(path)
        if PROBLEM in notebook.metadata:
            return None
        marks = _marks(notebook)
        common = {name: len(marks & self.marks[name]) for name in self.names}
        best = max(common.values(), default=0)
        found = [name for name, count in common.items() if count == best]
        return found[0] if best and len(found) == 1 else None

    def by_name(self, name: str) -> str | None:
        """The assignment that a file or folder is called after, None if that is none or several."""
        found = [a for a in self.names if _called(a).search(name.casefold())]
        longest = [a for a in found if not any(a != other and a in other for other in found)]
        return longest[0] if len(longest) == 1 else None


def _marks(notebook: nbformat.NotebookNode) -> set[tuple[str, str]]:
    """What tells one assignment's notebook from another's: names of cells, and what they say."""
    marks = set()
    for cell in notebook.cells:
        if (name := grade_id(cell)) is not None:
            marks.add(("name", name))
        if len(text := plain(cell.source)) >= LEAST_TEXT:
            marks.add(("text", text))
    return marks


def _called(assignment: str) -> re.Pattern[str]:
    words = re.escape(assignment.casefold()).replace("_", "[ _-]?")
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])")
