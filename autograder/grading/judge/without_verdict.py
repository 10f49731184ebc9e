"""Results where there is no verdict: nothing was handed in, or the grader failed, and why."""

from autograder.grading.course import Course
from autograder.grading.releasing.exercise_cells import points_by_exercise
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.results import Result


def cause_of(error: BaseException) -> str:
    """What went wrong, in a line: of nbgrader's log the error that it reports, not its last words."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "see the the above traceback" not in line]
    raised = [line for line in telling if _names_an_error(line)]
    if raised:
        own = [line for line in raised if not line.partition(":")[0].endswith("NbGraderException")]
        return (own or raised)[-1][:300]
    return (telling or [type(error).__name__])[0][:300]


def _names_an_error(line: str) -> bool:
    """Whether a line of a log looks like the last one of a traceback."""
    kind, colon, _ = line.partition(":")
    *modules, last = kind.split(".")
    if not (colon and all(map(str.isidentifier, [*modules, last]))):
        return False
    return bool(modules) or last.endswith(("Error", "Missing", "Exception"))


def not_handed_in(course: Course, job: Job, reason: str) -> list[Result]:
    """Zero points for every exercise of what was not handed in."""
    return [
        Result(job.student, job.assignment, name, 0.0, of, "missing", None, reason, "cpu", 0.0)
        for name, of in points(course, job).items()
    ]


def ungraded(course: Course, job: Job, cause: str) -> list[Result]:
    """The results of a submission that the grader could not grade: no scores, and the cause."""
    reason = f"the grader could not grade it: {cause}"
    return [
        Result(job.student, job.assignment, name, None, of, "ungraded", None, reason, "cpu", 0.0)
        for name, of in points(course, job).items()
    ]


def points(course: Course, job: Job) -> dict[str, float]:
    """The points of each exercise of a submission's assignment, in the notebook's order."""
    released = course.student_version(job.assignment)
    return points_by_exercise(released, course.assignment(job.assignment))
