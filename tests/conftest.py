"""Fast tests first: what grades a class comes last. And a course to grade."""

import gc
import shutil
import time
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from autograder.grading.course import Course
from tests.answers import HOME
from tests.course import autograder, class_of, example_course

STUDENTS = ("perfect", "mistakes-1", "untouched", "no-notebook", "tampers", "not-a-notebook")
LAST = [  # the longest of them first, so that no process is left alone with one at the end
    "test_release",
    "test_classes",
    "test_hostile",
    "test_grading",
    "test_sandbox",
    "test_execution",
    "test_odd_files",
    "test_manual_grading",
    "test_instructors",
    "test_notebooks",
    "test_playground",
    "test_in_page",
    "test_browser",
    "test_cuda",
]


@pytest.fixture(scope="session")
def metrics(tmp_path_factory) -> Course:
    """The released course of the instructors' example, with a made-up class; not to be changed."""
    folder = example_course(tmp_path_factory.mktemp("metrics"))
    autograder(folder, "release")
    autograder(folder, "sample-class", "submitted")
    return Course(folder)


@pytest.fixture(scope="session")
def undisturbed(metrics, tmp_path_factory) -> Path:
    """A small graded class of it, not to be changed; beside it the same one, not yet graded, and the
    seconds that grading took."""
    folder = class_of(metrics, tmp_path_factory.mktemp("undisturbed") / "course", *STUDENTS)
    (folder / ".autograder-seed").write_text("of the tests\n")
    shutil.copytree(folder, folder.with_name("fresh"))
    began = time.monotonic()
    autograder(folder, "grade", "--results", "r.jsonl")
    folder.with_name("seconds").write_text(f"{time.monotonic() - began}")
    return folder


@pytest.fixture(scope="module")
def browser():
    """A browser of a module's own."""
    from tests.browser import launch  # with Selenium and Sphinx, which most tests do without

    with launch() as driver:
        yield driver


def pytest_collection_modifyitems(items):
    def rank(item):
        if (
            module_of(item) == "test_site"
        ):  # the longest of those in a browser, which run by themselves
            return -1
        return LAST.index(module_of(item)) + 1 if module_of(item) in LAST else 0

    items.sort(key=rank)


class InOneProcess(LoadScopeScheduling):
    """What is slow to set up is set up in one process: a class, the keys of an exercise."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        given = test.partition("[")[2].rstrip("]")
        if file.endswith("test_exercises.py"):
            named = [word for word in given.split("-") if word in HOME]
            exercise = named[-1] if named else ""  # what it is tried with comes before it
            alone = test.partition("[")[0].endswith(("case_sets", "one_name_on_fifty_seeds"))
            return f"{file}/{given if alone else exercise}"
        if file.endswith("test_hostile.py"):
            return f"{file}/{given.partition(':')[0]}"
        return file.replace("test_cluster.py", "test_interruptions.py")  # one small graded class


def pytest_collection_finish(session):
    gc.collect()
    gc.freeze()  # what was imported stays: no collection need go through it


def pytest_xdist_make_scheduler(config, log):
    return InOneProcess(config, log)


def module_of(item) -> str:
    return item.module.__name__.rpartition(".")[2]


def pytest_terminal_summary(terminalreporter):
    """Print the table of mistakes, from what tests recorded, which may have run elsewhere."""
    exercises: dict[str, dict] = {}
    unlisted: dict[str, tuple[int, int]] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for kind, value in report.user_properties:
            if kind == "mistakes":
                name, row, others = value
                held = exercises.setdefault(name, {**row, "others": others})
                for what in ("caught", "named"):  # on every seed
                    held[what] = [m for m in held[what] if m in row[what]]
            elif kind == "unlisted":
                name, tried, wrongly = value
                unlisted[name] = tried, wrongly
    if not exercises:
        return
    rows = [
        (
            name,
            *(len(held[what]) for what in ("all", "caught", "named")),
            held["others"],
            *unlisted.get(name, (0, 0)),
        )
        for name, held in exercises.items()
    ]
    rows.append(("all", *(sum(row[i] for row in rows) for i in range(1, 7))))
    terminalreporter.section("known mistakes, and right answers in other dress")
    terminalreporter.write_line(
        f"{'exercise':28s} {'mistakes':>8s} {'caught':>7s} {'named':>7s} {'other dresses':>14s} "
        f"{'unlisted answers tried':>22s} {'named falsely':>13s}"
    )
    for row in rows:
        terminalreporter.write_line("{:28s} {:8d} {:7d} {:7d} {:14d} {:22d} {:13d}".format(*row))
