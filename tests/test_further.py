"""What a course's settings add to what is said after a verdict: a link, and the reference's idea."""

import shutil
import sys
from html import escape
from pathlib import Path
from types import ModuleType

import pytest

from autograder.grading.course import Course, CourseError
from autograder.grading.judge.verdicts import verdict_outputs
from autograder.grading.releasing import further
from autograder.grading.releasing.leaks import found_in, secrets_of
from autograder.onward import FILE, onward
from tests.answers import (
    ASSIGNMENTS,
    COURSE,
    HOME,
    ROOT,
    exercises_having,
    having,
    mistake,
    oracle,
    verdict,
)

NAME, EXERCISE = "optimizers", "step_decay"
IDEA = further.ideas(COURSE, NAME)[EXERCISE]


@pytest.fixture
def course(tmp_path):
    """Makes a course with other settings."""

    def make(ideas: str, site: str = "") -> Course:
        for folder in ("assignments", "solutions"):
            (tmp_path / folder).symlink_to(ROOT / folder)
        config = (ROOT / "nbgrader_config.py").read_text()
        own = f"c.Students.reference_ideas = {ideas!r}\nc.Students.site = {site!r}\n"
        (tmp_path / "nbgrader_config.py").write_text(config + own)
        return Course(tmp_path)

    def loaded() -> dict[str, ModuleType]:
        own = ("assignments", "solutions")
        return {n: m for n, m in sys.modules.items() if n.partition(".")[0] in own}

    before = loaded()
    yield make
    for name in loaded():  # those of the course that was made
        del sys.modules[name]
    sys.modules.update(before)


@pytest.mark.parametrize("name", exercises_having(further.IDEAS))
def test_every_exercise_has_an_idea_in_a_sentence_without_code(name):
    idea = further.ideas(COURSE, HOME[name])[name]
    assert idea[0].isupper() and idea.endswith(".") and 40 < len(idea) < 200
    assert not any(sign in idea for sign in "=[]`*") and "np." not in idea


@pytest.mark.parametrize("name", having(further.IDEAS))
def test_no_idea_is_of_an_exercise_that_there_is_not(name):
    assert set(further.ideas(COURSE, name)) == set(ASSIGNMENTS[name])


@pytest.mark.parametrize(
    ("setting", "in_feedback", "in_check"),
    [("never", False, False), ("feedback", True, False), ("check", True, True)],
)
def test_the_setting_says_who_reads_it(course, tmp_path, setting, in_feedback, in_check):
    course = course(setting)
    passed, failed = (
        verdict(EXERCISE, code)
        for code in (oracle(EXERCISE), mistake(EXERCISE, "not-rounded-down"))
    )
    below = further.further(course, NAME, EXERCISE)
    said = verdict_outputs(passed, None, below)[0].data["text/html"]
    assert (escape(f"The reference's idea: {IDEA}") in said) == in_feedback
    assert escape(IDEA) not in verdict_outputs(failed, None, below)[0].data["text/html"]
    zipped = tmp_path / "zipped"
    zipped.mkdir()
    given = ROOT / "assignments" / NAME / FILE
    shutil.copy(given, zipped / FILE)
    further.fill(course, NAME, zipped)
    assert (zipped / FILE).read_bytes() == given.read_bytes() or in_check
    held = onward(zipped, EXERCISE)
    assert held is not None and held.idea == (IDEA if in_check else "")
    same = onward(given.parent, EXERCISE)
    assert same is not None and (held.read, held.after, held.attempt) == (
        same.read, same.after, same.attempt,
    )  # fmt: skip


def test_an_idea_is_a_secret_until_check_may_say_it(course, tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "a.txt").write_text(f"He says: {IDEA}")
    leaks = list(found_in(tmp_path / "public", secrets_of(course("feedback"), None, [NAME])))
    assert leaks == [("a.txt", f"the idea of {EXERCISE}")]
    config = tmp_path / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.Students.reference_ideas = 'check'\n")
    allowed = Course(tmp_path)
    assert list(found_in(tmp_path / "public", secrets_of(allowed, None, [NAME]))) == []


def test_the_address_of_the_book_makes_links_in_the_feedback_and_in_the_zip(course, tmp_path):
    course = course("never", "https://example.org/book/")
    there = "https://example.org/book/optimization/learning-rate.html"
    failed = verdict(EXERCISE, mistake(EXERCISE, "not-rounded-down"))
    found = further.further(course, NAME, EXERCISE)
    assert found is not None and f'<a href="{there}">' in found.html(failed)
    shutil.copy(ROOT / "assignments" / NAME / FILE, tmp_path / FILE)
    further.fill(course, NAME, Path(tmp_path))
    given = onward(tmp_path, EXERCISE)
    assert given is not None and given.address == there


def test_another_setting_is_refused(course):
    with pytest.raises(CourseError, match="never, feedback, check"):
        further.reference_ideas(course("always"))
