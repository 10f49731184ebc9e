"""Fast tests first: what builds the site or grades a class comes last. And a course to grade."""

import pytest

from autograder.grading.course import Course
from tests.course import autograder, example_course

LAST = [
    "test_sandbox",
    "test_execution",
    "test_cuda",
    "test_playground",
    "test_release",
    "test_notebooks",
    "test_instructors",
    "test_manual_grading",
    "test_grading",
    "test_classes",
    "test_site",
]


@pytest.fixture(scope="session")
def metrics(tmp_path_factory) -> Course:
    """The released course of the instructors' example, with a made-up class; not to be changed."""
    folder = example_course(tmp_path_factory.mktemp("metrics"))
    autograder(folder, "release")
    autograder(folder, "sample-class", "submitted")
    return Course(folder)


def pytest_collection_modifyitems(items):
    def rank(item):
        name = item.module.__name__.rpartition(".")[2]
        return LAST.index(name) + 1 if name in LAST else 0

    items.sort(key=rank)


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests recorded, which may have run in another process."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in report.user_properties:
            if name == "table":
                terminalreporter.section(report.nodeid)
                terminalreporter.write_line(text)
