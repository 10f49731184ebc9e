"""nbgrader's plug-in for late penalties, with the rule that ``deadlines.toml`` has."""

from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Unicode

from autograder.grading.recording import deadlines


class LatePenalty(LateSubmissionPlugin):
    """Takes off what the file says; without a file it does what nbgrader's own plug-in does."""

    file = Unicode("", help="Default: deadlines.toml in the course's root.").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Points to take off; raises CourseError if the file can't be read."""
        root = Path(CourseDirectory(parent=self).root)
        path = Path(self.file) if self.file else deadlines.find([root])
        if path is None:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        return deadlines.read(path).penalty(score, total_seconds_late)
