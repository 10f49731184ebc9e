"""A made-up class: submissions made from an assignment's solution, right, wrong and broken."""

import shutil
from pathlib import Path

import nbformat

from autograder.grading.course import Course
from autograder.grading.releasing.accidents import Maker, SampleStudent


def write_sample_class(course: Course, assignment: str, folder: Path) -> list[SampleStudent]:
    """Write ``folder/STUDENT/assignment/assignment.ipynb`` for each student of the class."""
    students = sample_class(course, assignment)
    for student in students:
        place = folder / student.name / assignment
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if isinstance(student.content, str):
            (place / f"{assignment}.ipynb").write_text(student.content)
        elif student.content is not None:
            nbformat.write(student.content, place / f"{assignment}.ipynb")
        else:
            (place / "answers.txt").write_text("I could not upload the notebook.\n")
    return students


def sample_class(course: Course, assignment: str) -> list[SampleStudent]:
    """The students of the sample class, with what each should get."""
    make = Maker(course, assignment)
    first, last = make.exercises[0], make.exercises[-1]
    middle = make.exercises[len(make.exercises) // 2]
    students = [
        SampleStudent("perfect", "the reference solution", make.solved()),
        *make.other_dress(3),
        *make.common_mistakes(3),
        make.syntax_error(first),
        make.missing_function(middle),
        make.endless_loop(middle),
        make.exits(first),
        make.raises(last),
        make.untouched(),
        make.prints_and_warns(),
        make.tampers(),
        make.duplicates(first),
        make.deletes_test_cells(),
        make.stripped(),
        make.wrong_kernel(),
        make.another_assignment(),
        SampleStudent(
            "not-a-notebook",
            "a file that is not a notebook",
            "Dear teacher, my dog\n",
            otherwise="error",
        ),
        SampleStudent("no-notebook", "the wrong file", None, otherwise="missing"),
    ]
    return students
