"""nbgrader's exchange, through which a JupyterHub hands out and takes in: as the page has it."""

import shlex
import shutil

import pytest

from autograder.grading.storage import records
from autograder.grading.storage.seeds import SECRET
from tests.course import autograder, class_of, nbgrader
from tests.test_page_commands import BLOCK, PAGE

NAME = "metrics"
RUN = {"autograder": autograder, "nbgrader": nbgrader}


@pytest.mark.nightly
def test_from_a_release_to_feedback_through_an_exchange(metrics, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    exchange, students = tmp_path / "exchange", tmp_path / "students"
    for folder in (exchange, students):
        folder.mkdir()
    exchange.chmod(0o777)
    course = class_of(metrics, tmp_path / "course")
    (settings,) = (text for language, text in BLOCK.findall(PAGE) if "Exchange" in text)
    settings = settings.replace("/srv/nbgrader/exchange", str(exchange))
    with open(course / "nbgrader_config.py", "a") as config:
        config.write(settings)
    (students / "nbgrader_config.py").write_text(settings)

    (shown,) = (text for _, text in BLOCK.findall(PAGE) if "release_assignment" in text)
    commands = [shlex.split(line) for line in shown.replace("optimizers", NAME).splitlines()]
    for program, step, *arguments in commands:
        if step == "collect":  # what students do meanwhile
            nbgrader(students, "fetch_assignment", NAME)
            solved = metrics.root / "submitted" / "perfect" / NAME / f"{NAME}.ipynb"
            shutil.copy(solved, students / NAME)
            for who in ("ann", "bob"):
                nbgrader(students, "submit", NAME, "--student", who)
        done = RUN[program](course, step, *arguments)
        if step == "grade":
            assert done.stdout.count(": 3 of 3\n") == 2
    nbgrader(students, "fetch_feedback", NAME)
    pages = list((students / NAME / "feedback").glob(f"*/{NAME}.html"))
    assert len(pages) == 2  # each was found by its secret
    assert all("3 of 3 points" in " ".join(page.read_text().split()) for page in pages)
    secrets = {p.read_text() for p in (course / "submitted").rglob(SECRET)}
    assert len(secrets) == 2
    tried = {records.read(path).seed for path in (course / records.FOLDER).rglob("*.json.gz")}
    assert len(tried) == 1  # on the same cases, as it is the same answer

    autograder(course, "feedback", "packed", "--format", "folders")
    packed = {path.name for path in (course / "packed").rglob("*") if path.is_file()}
    assert packed == {f"{NAME}.html"}
