"""nbgrader's steps, autograde and generate_feedback, for the one submission in a staging folder.

Autograde records nothing here: it gathers what is to be recorded. And nbgrader takes the path of a
submission for a pattern, so that it finds nothing of a student whose name has brackets; here the
path is the path.
"""

import glob
import os
import shutil
from pathlib import Path
from typing import TypeVar

from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import capture_log, find_all_files
from traitlets.config import Config

from autograder.grading.course import GradingImpossible
from autograder.grading.recording.gradebook import MARKS, GatherMarks, Marks
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.seeds import SECRET, TIMESTAMP

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
SAVES, RUNS = "SaveAutoGrades", "RunSubmission"
# Penalties are for the one who records. Metadata, the kernel's name among it, was just written by the
# repair: nobody else changes it, and to look at it cell by cell takes a fifth of the time of judging.
LEFT_OUT = ("AssignLatePenalties", "CheckCellMetadata", "OverwriteKernelspec")


class StepFailed(GradingImpossible):
    """One of nbgrader's steps failed; the message is its log."""

    def names(self, *errors: type[Exception]) -> bool:
        """Whether one of these is what was raised last."""
        lines = [line for line in str(self).splitlines() if line.strip()]
        kinds = {line.partition(":")[0].rpartition(".")[2] for line in lines}
        return any(error.__name__ in kinds for error in errors)


class _OneSubmission(BaseConverter):
    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        self.assignments = {folder: sorted(glob.glob(os.path.join(glob.escape(folder), "*.ipynb")))}
        self.notebooks: list[str] = []


Step = TypeVar("Step", bound=_OneSubmission)


class _Autograde(_OneSubmission, Autograde):
    marks: Marks | None = None

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        BaseConverter.init_assignment(self, assignment_id, student_id)
        source = self.coursedir.format_path(self.coursedir.source_directory, ".", assignment_id)
        place = self._format_dest(assignment_id, student_id)
        own = {os.path.join(source, p) for p in self.exclude_overwriting.get(assignment_id, [])}
        for path in set(find_all_files(source, [*self.coursedir.ignore, "*.ipynb"])) - own:
            copy = Path(place, os.path.relpath(path, source))
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)
            shutil.copy(path, copy)
        self.notebooks = [p for p in self.notebooks if Path(p).stem == assignment_id]

    def write_single_notebook(self, output: str, resources: dict) -> None:
        super().write_single_notebook(output, resources)
        if MARKS in resources:
            folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
            handed_in = self.coursedir.get_existing_timestamp(folder)
            scores, comments = resources[MARKS]
            self.marks = Marks(scores, comments, handed_in)


class _GenerateFeedback(_OneSubmission, GenerateFeedback):
    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Beside the page come the pictures that it may show, what `nbgrader release_feedback` reads,
        and no other file of a student's: it could be a page itself, with scripts, that whoever opens
        it takes for the feedback."""
        super().init_assignment(assignment_id, student_id)
        place = self._format_dest(assignment_id, student_id)
        notes = {os.path.join(place, note) for note in (TIMESTAMP, SECRET)}
        for path in set(find_all_files(place, [])) - notes:
            if Path(path).suffix.casefold() not in PICTURES:
                os.unlink(path)


def autograde(config: Config, job: Job) -> Marks:
    """Grade the submission, and say what is to be recorded of it; raises StepFailed."""
    config = Config(config)
    config.Autograde = Config(config.Autograde)
    for step in ("sanitize_preprocessors", "autograde_preprocessors"):
        config.Autograde[step] = [
            GatherMarks if _name(preprocessor) == SAVES else preprocessor
            for preprocessor in config.Autograde[step]
            if _name(preprocessor) not in LEFT_OUT
        ]
    marks = _run(_Autograde, config, job).marks
    if marks is None:
        raise StepFailed(f"nbgrader's configuration has no {SAVES} among its preprocessors")
    return marks


def run(config: Config, job: Job, run_only: type[NbGraderPreprocessor]) -> None:
    """Run the submission with a preprocessor in the place of RunSubmission, and do nothing after it.

    Raises StepFailed.
    """
    config = Config(config)
    config.Autograde = Config(config.Autograde)
    steps = config.Autograde.autograde_preprocessors
    before = [_name(step) for step in steps].index(RUNS)
    config.Autograde.autograde_preprocessors = [*steps[:before], run_only]
    sanitize = config.Autograde.sanitize_preprocessors
    config.Autograde.sanitize_preprocessors = [s for s in sanitize if _name(s) not in LEFT_OUT]
    _run(_Autograde, config, job)


def _name(preprocessor: object) -> str:
    return str(getattr(preprocessor, "__name__", preprocessor)).rpartition(".")[2]


def generate_feedback(config: Config, job: Job) -> None:
    """Write its feedback; raises StepFailed."""
    config = Config(config)
    config.HTMLExporter.template_name = "feedback"
    _run(_GenerateFeedback, config, job)


def _run(step: type[Step], config: Config, job: Job) -> Step:
    api = NbGraderAPI(config=config)
    api.coursedir.assignment_id, api.coursedir.student_id = job.assignment, job.student
    converter = step(coursedir=api.coursedir, parent=api)
    converter.force = True
    result = capture_log(converter)
    if not result["success"]:
        raise StepFailed(f"nbgrader failed:\n{result.get('log', '')}{result.get('error', '')}")
    return converter
