"""The instructor's journey with the real tools, on the small course of the instructors' page."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading.course import Course, know_schema
from autograder.grading.releasing.release import register
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.results import read
from autograder.grading.submissions.class_folder import class_config
from autograder.grading.submissions.grade import grade_submission
from tests.course import autograder, class_of, nbgrader

ASSIGNMENT = "metrics"


def scores(folder: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(ASSIGNMENT)}


def recorded(folder: Path) -> list[tuple]:
    """All that a gradebook holds of submissions, whatever the ids of its rows."""
    rows = []
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            (notebook,) = submission.notebooks
            about = (
                submission.student.id, submission.timestamp, notebook.late_submission_penalty
            )  # fmt: skip
            rows += [(*about, g.name, g.auto_score, g.needs_manual_grade) for g in notebook.grades]
            rows += [(*about, c.name, c.auto_comment, "") for c in notebook.comments]
    return sorted(rows, key=repr)


def test_stock_nbgrader_gives_the_same_scores_through_the_same_plugin(metrics, tmp_path):
    students = ("perfect", "mistakes-2", "tampers", "duplicated-cells", "not-a-notebook")
    ours = class_of(metrics, tmp_path / "ours", *students)
    stock = class_of(metrics, tmp_path / "stock", *students)
    know_schema()
    for folder in (ours, stock):  # a late one gets nothing
        (folder / "submitted" / "mistakes-2" / ASSIGNMENT / "timestamp.txt").write_text(
            "2026-01-02"
        )
        with open(folder / "nbgrader_config.py", "a") as config:
            config.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-01")
    autograder(ours, "grade")
    autograder(stock, "release")
    nbgrader(stock, "autograde", ASSIGNMENT)
    assert scores(stock) == scores(ours)
    assert recorded(stock) == recorded(ours) and len(recorded(ours)) == 5 * 2
    assert {row[2] for row in recorded(ours)} == {None, 1.0}
    assert len(scores(ours)) == 5 and {0, 1, 3} == set(scores(ours).values())


def test_what_nbgrader_releases_is_what_students_receive(metrics):
    folder = metrics.release_folder / ASSIGNMENT
    code = (
        "from autograder import check\nimport numpy as np\n"
        "def top_k_accuracy(scores, y, k):\n"
        "    return (np.argsort(-scores, axis=1)[:, :k] == y[:, None]).any(axis=1).mean()\n"
        "check(top_k_accuracy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert "all right on the public cases, 3 of 3 points" in done.stdout, done.stderr


def test_a_regrade_replaces_every_score(metrics, tmp_path):
    course = Course(class_of(metrics, tmp_path / "course"))
    submissions = course.root / "submitted"
    place, handed_in = submissions / "ann" / ASSIGNMENT, metrics.root / "submitted"
    register(course, ASSIGNMENT, course.root)
    config = class_config(course, submissions, "cpu")

    def grade() -> tuple[float, str]:
        (result,) = grade_submission(course, config, Job(ASSIGNMENT, "ann", place))
        assert scores(course.root)["ann"] == result.score
        return result.score, result.status

    shutil.copytree(handed_in / "perfect" / ASSIGNMENT, place)
    assert grade() == (3, "passed")
    shutil.rmtree(place)
    shutil.copytree(handed_in / "untouched" / ASSIGNMENT, place)
    assert grade() == (0, "missing")
    shutil.rmtree(place)
    shutil.copytree(handed_in / "perfect" / ASSIGNMENT, place)
    assert grade() == (3, "passed")
    shutil.rmtree(place)
    assert grade() == (0, "missing")


def test_without_a_name_what_was_handed_in_is_graded(metrics, tmp_path):
    other = class_of(metrics, tmp_path / "course", "perfect")
    shutil.copytree(other / "solutions" / ASSIGNMENT, other / "solutions" / "second")
    (other / "solutions" / "second" / "metrics.md").rename(
        other / "solutions" / "second" / "second.md"
    )
    for loose in ("ann.ipynb", "export\t.zip", ".hidden"):
        (other / "submitted" / loose).touch()
    done = autograder(other, "grade", "--results", "r.jsonl")
    assert done.stderr.endswith("submitted itself, so not graded: ann.ipynb, export?.zip\n")
    assert {r.assignment for r in read(other / "r.jsonl")} == {ASSIGNMENT}
    with Gradebook(f"sqlite:///{other / 'gradebook.db'}") as gradebook:
        assert [a.name for a in gradebook.assignments] == [ASSIGNMENT]


def test_the_same_code_is_tried_on_the_same_cases_and_classes_differ(tmp_path):
    from autograder.grading.storage import seeds

    one, two = seeds.class_seed(tmp_path), seeds.class_seed(tmp_path)
    (tmp_path / "other").mkdir()
    assert one == two != seeds.class_seed(tmp_path / "other")
    assert (tmp_path / seeds.FILE).stat().st_mode & 0o077 == 0
    of = {code: seeds.submission_seed(one, ASSIGNMENT, [code], tmp_path) for code in (b"x", b"y")}
    assert of[b"x"] != of[b"y"]
    assert of[b"x"] == seeds.submission_seed(one, ASSIGNMENT, [b"x"], tmp_path)
    assert one not in seeds.students_chance(of[b"x"])


def test_a_kernel_sees_nothing_that_has_no_part_in_the_seed(tmp_path):
    from autograder.grading.running import kernels
    from autograder.grading.storage import seeds

    seen: dict[str, set[tuple]] = {}
    for k, inside in enumerate([
        [], ["t/a=1/x.ipynb"], ["t/b=2/x.ipynb"], ["t/a=1/timestamp.txt"], ["timestamp.txt"],
        ["x.ipynb/a=1.txt"], ["x.ipynb/b=2.txt"], ["a=1/"], ["t/a=1.txt"], ["t/a=1.txt", "t/b/c.ipynb"],
        ["u/a=1.txt"],
    ]):  # fmt: skip
        source, target = tmp_path / f"from-{k}", tmp_path / f"to-{k}"
        source.mkdir()
        target.mkdir()
        for name in inside:
            place = source / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir() if name.endswith("/") else place.write_text("x")
        kernels._copy_files(source, target)
        there = tuple(sorted(p.relative_to(target).as_posix() for p in target.rglob("*")))
        seen.setdefault(seeds.submission_seed("s", ASSIGNMENT, [b"x"], source), set()).add(there)
    assert len(seen) == 3 and all(len(trees) == 1 for trees in seen.values())


# ---- bad input on the command line: a clear message, exit status 2, nothing lost


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "nonsense"], "no assignment 'nonsense'; there is: metrics"),
        (["grade", "--submissions", "nowhere"], "there is no folder nowhere"),
        (["grade", "--submissions", "empty"], "empty holds no submissions:"),
        (["grade", "--submissions", "."], ". holds the course"),
        (
            ["grade", ASSIGNMENT, "--submissions", "submitted/perfect"],
            "holds no submissions of metrics:",
        ),
        (["grade", "--jobs", "0"], "'0' is no number from 1 on"),
        (["grade", "--student", "zoe"], "no student 'zoe'"),
        (["export", "nonsense"], "no assignment 'nonsense'"),
        (["export", "--into", "canvas.csv"], "with --format canvas or --format moodle"),
        (
            ["one", ASSIGNMENT, "submitted", "--format", "gradescope", "--output", "solutions"],
            "autograder: solutions: Is a directory",
        ),
        (["release", "nonsense"], "no assignment 'nonsense'"),
    ],
)
def test_bad_arguments(metrics, arguments, says):
    (metrics.root / "empty").mkdir(exist_ok=True)
    done = autograder(metrics.root, *arguments, check=False)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_a_mistyped_assignment_is_answered_at_once(metrics):
    seconds = {"help": [], "mistyped": []}
    for _ in range(3):
        for what, arguments in (("help", ["--help"]), ("mistyped", ["grade", "nonsense"])):
            began = time.perf_counter()
            autograder(metrics.root, *arguments, check=False)
            seconds[what].append(time.perf_counter() - began)
    assert min(seconds["mistyped"]) < 3 * min(seconds["help"])


def test_outside_of_a_course(tmp_path):
    done = autograder(tmp_path, "grade", check=False)
    assert done.returncode == 2 and "nbgrader_config.py" in done.stderr


def test_an_assignment_that_was_not_released(metrics, tmp_path):
    folder = class_of(metrics, tmp_path / "course", "perfect")
    metrics_folder = folder / "assignments" / ASSIGNMENT
    (metrics_folder / f"{ASSIGNMENT}.ipynb").unlink()
    done = autograder(folder, "grade", check=False)
    assert done.returncode == 2 and "autograder release metrics" in done.stderr


def test_an_exercise_without_answers(metrics, tmp_path):
    folder = class_of(metrics, tmp_path / "course")
    (folder / "solutions" / ASSIGNMENT / "answers" / "top_k_accuracy.py").unlink()
    done = autograder(folder, "release", check=False)
    assert done.returncode == 2 and "there are no answers to top_k_accuracy" in done.stderr


def test_an_exercise_without_a_test_cell(metrics, tmp_path):
    folder = class_of(metrics, tmp_path / "course")
    exercises = folder / "assignments" / ASSIGNMENT / "exercises"
    shutil.copy(exercises / "top_k_accuracy.py", exercises / "another.py")
    done = autograder(folder, "release", check=False)
    assert done.returncode == 2 and "no test cell (grade_id) for: another" in done.stderr


def test_cuda_without_a_device_is_an_error(metrics, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # so that there is none on any machine
    done = autograder(
        metrics.root, "grade", "--student", "perfect", "--device", "cuda", check=False
    )
    assert done.returncode == 2 and "no CUDA device" in done.stderr


def test_help_helps(metrics):
    assert "release" in autograder(metrics.root, "--help").stdout
    assert "--submissions DIR" in autograder(metrics.root, "grade", "--help").stdout
