"""nbgrader's steps, autograde and generate_feedback, for the one submission in a staging folder.

nbgrader takes the path of a submission for a pattern, so that it finds nothing of a student whose
name has brackets. Here the path is the path.
"""

import glob
import os

from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.utils import capture_log
from traitlets.config import Config

from autograder.grading.course import GradingImpossible
from autograder.grading.jobs import Job


class StepFailed(GradingImpossible):
    """One of nbgrader's steps failed; the message is its log."""


class _OneSubmission(BaseConverter):
    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        self.assignments = {folder: sorted(glob.glob(os.path.join(glob.escape(folder), "*.ipynb")))}
        self.notebooks: list[str] = []


class _Autograde(_OneSubmission, Autograde):
    pass


class _GenerateFeedback(_OneSubmission, GenerateFeedback):
    pass


def autograde(config: Config, job: Job) -> None:
    """Grade the submission; raises StepFailed."""
    _run(_Autograde, config, job)


def generate_feedback(config: Config, job: Job) -> None:
    """Write its feedback; raises StepFailed."""
    config = Config(config)
    config.HTMLExporter.template_name = "feedback"
    _run(_GenerateFeedback, config, job)


def _run(step: type[_OneSubmission], config: Config, job: Job) -> None:
    api = NbGraderAPI(config=config)
    api.coursedir.assignment_id, api.coursedir.student_id = job.assignment, job.student
    converter = step(coursedir=api.coursedir, parent=api)
    converter.force = True
    result = capture_log(converter)
    if not result["success"]:
        raise StepFailed(f"nbgrader failed:\n{result.get('log', '')}{result.get('error', '')}")
