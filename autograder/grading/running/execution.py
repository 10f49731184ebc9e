"""Runs a submission's notebook, and probes what each exercise asks for; judges nothing."""

import contextlib
import platform
import re
import time
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Dict, Enum, Float, Unicode

from autograder.assignment import Assignment
from autograder.exercise import Exercise
from autograder.grading.course import Course, GradingImpossible
from autograder.grading.intake import demonstrations
from autograder.grading.intake.order import grade_id
from autograder.grading.intake.submission import PROBLEM
from autograder.grading.judge import judging
from autograder.grading.judge.judging import HiddenCases
from autograder.grading.judge.verdicts import replies
from autograder.grading.releasing.dress import SUMMARY
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.releasing.fingerprints import versions
from autograder.grading.releasing.handout import handout
from autograder.grading.running import sandbox, without_answers
from autograder.grading.running.session import (
    CellTimeout,
    KernelDied,
    KernelNotStarted,
    KernelTimeout,
    Session,
)
from autograder.grading.storage import records, seeds

DEVICE_MEMORY = 8 * 2**30  # of a GPU's memory, what a kernel may take at most
NOTEBOOK_CHARACTERS = 6_000_000  # of outputs: what cells show, all together
HERE = ".".join(platform.python_version_tuple()[:2])  # students may have a newer one
TOO_MUCH = "[not shown: the notebook shows more than a page can hold]\n"
START_CUDA = f"""
import torch
_all = torch.cuda.get_device_properties(0).total_memory
torch.cuda.set_per_process_memory_fraction(min(1.0, {DEVICE_MEMORY} / _all))
torch.zeros(1, device="cuda")
del torch, _all
"""


class CudaMissing(GradingImpossible):
    """CUDA was asked for, and torch finds no device."""


@cache
def cuda_is_available() -> bool:
    """Whether torch finds a CUDA device on this machine."""
    import torch

    return torch.cuda.is_available()


def resolve_device(device: str) -> str:
    """``cpu`` or ``cuda`` for a setting of auto, cpu or cuda; raises CudaMissing without CUDA."""
    if device == "auto":
        return "cuda" if cuda_is_available() else "cpu"
    if device == "cuda" and not cuda_is_available():
        raise CudaMissing("the device is cuda, but torch finds no CUDA device here")
    return device


class RunSubmission(NbGraderPreprocessor):
    """nbgrader preprocessor, in the place of Execute: cells run in a sandbox, judges outside it.

    The test cell of an exercise is not run: the student's object is probed with hidden cases, and
    the verdict becomes the cell's output, a report and a float that nbgrader saves as the score.
    Any other cell runs as it stands. With a run record at hand, nothing runs: it is judged.
    """

    device = Enum(["auto", "cpu", "cuda"], "auto", help="Where torch exercises run.").tag(
        config=True
    )
    devices = Dict(help="By assignment, where that is not for this machine to say.").tag(
        config=True
    )
    class_folder = Unicode("", help="Where the class's seed lies; default: the course's root.").tag(
        config=True
    )
    probe_seconds = Float(
        None, allow_none=True, help="The longest an exercise may be tried; default: what it says."
    ).tag(config=True)
    cell_seconds = Float(20.0, help="The longest a cell may run.").tag(config=True)
    total_seconds = Float(120.0, help="The longest a notebook may run.").tag(config=True)
    record_to_read = Unicode("", help="The run record to judge; default: run the notebook.").tag(
        config=True
    )
    whole = Bool(
        True,
        help="Whether a check that fails by itself stops the submission, not its exercise alone.",
    ).tag(config=True)
    record_to_write = Unicode("", help="Where to keep the run record; default: nowhere.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        course = Course.of(CourseDirectory(parent=self))
        name = resources["nbgrader"]["assignment"]
        if self.record_to_read:
            record = records.read(Path(self.record_to_read))
            cases = HiddenCases(course, name, record.seed)
        else:
            record, cases = self._run(course, name, nb, Path(resources["metadata"]["path"]))
            if self.record_to_write and record.complete:
                records.write(Path(self.record_to_write), record)
        return judging.judge(course, name, record, cases, self.whole), resources

    def _run(
        self, course: Course, name: str, nb: NotebookNode, files: Path
    ) -> tuple[records.RunRecord, HiddenCases]:
        code = [c.source.encode(errors="replace") for c in nb.cells if c.cell_type == "code"]
        seed = seeds.submission_seed(self._class_seed(), name, code, files)
        device = resolve_device(self.device)
        with Session(handout(course, name), files, alone=device == "cuda") as session:
            run = NotebookRun(self, course, nb, session, seed, device)
            return run.run(), run.cases

    def _class_seed(self) -> str:
        return seeds.class_seed(Path(self.class_folder or CourseDirectory(parent=self).root))


class NotebookRun:
    """One pass over one notebook."""

    def __init__(
        self,
        settings: RunSubmission,
        course: Course,
        nb: NotebookNode,
        session: Session,
        seed: str,
        device: str,
    ) -> None:
        self.settings = settings
        self.course = course
        self.assignment: Assignment = course.assignment(session.handout.name)
        self.nb = nb
        self.session = session
        self.seed = seed
        self.chance = seeds.students_chance(seed)
        self.device = device
        self.deadline = time.monotonic() + settings.total_seconds
        self.done: list[str] = []  # sources that ran, to be run again in a new kernel
        self.failed: list[tuple[str, str]] = []  # sources that did not end well, and why
        self.suspect = False  # whether what ran last in this kernel had to be interrupted
        self.tried = False  # whether an exercise was tried in this kernel
        self.room = NOTEBOOK_CHARACTERS
        self.cases = HiddenCases(course, self.assignment.name, seed)

    def run(self) -> records.RunRecord:
        """Run the notebook's cells, which get their outputs, and probe its exercises."""
        began = time.monotonic()
        probed: dict[str, records.Probed] = {}
        problem = self.nb.metadata.get(PROBLEM)
        release = self.course.student_version(self.assignment.name)
        left_out = demonstrations.to_leave_out(self.nb.cells, release.cells)
        for cell in self.nb.cells:
            if cell.cell_type != "code":
                continue
            if grade_id(cell) in left_out:
                cell.execution_count, cell.outputs = None, demonstrations.not_run(cell)
                continue
            exercise_id = bound_exercise(cell, self.assignment)
            if exercise_id is None:
                self._run_cell(cell)
                continue
            cell.execution_count, cell.outputs = None, []
            if not problem:
                probed[exercise_id] = self._probe(self.assignment.exercise(exercise_id))
        seconds = round(time.monotonic() - began, 3)
        return records.RunRecord(self.nb, self.seed, self.device, probed, seconds, versions())

    def _run_cell(self, cell: NotebookNode) -> None:
        cell.execution_count = None
        cell.outputs = []
        if cell.source.strip() in ("", SUMMARY):  # nothing was checked here that could be summed up
            return
        try:
            cell.outputs = self._execute(cell.source, self.settings.cell_seconds)
            self.done.append(cell.source)
        except (CellTimeout, KernelDied) as stopped:
            cell.outputs = [_error_output("Stopped", str(stopped))]
        for error in (o for o in cell.outputs if o.output_type == "error"):
            here = f" (in Python {HERE})" if error.ename == "SyntaxError" else ""
            self.failed.append((cell.source, f"{error.ename}: {error.evalue}"[:200] + here))
        cell.outputs = [self._in_its_room(output) for output in cell.outputs]

    def _probe(self, exercise: Exercise) -> records.Probed:
        device = self.device if exercise.on_device else "cpu"
        note = "not run on CUDA" if exercise.on_device and device == "cpu" else ""
        drawn = self.cases.of(exercise.id)
        code = (
            "__import__('autograder.probe', fromlist=['publish']).publish"
            f"({self.session.handout.inside!r}, {exercise.id!r}, {drawn.sent!r}, {device!r}, "
            f"{self.chance!r}, __import__('builtins').globals())"  # a notebook may name one itself
        )
        seconds = self.settings.probe_seconds or exercise.seconds
        try:
            outputs = self._execute_probe(code, seconds)
        except (CellTimeout, KernelTimeout) as stopped:
            return records.Probed(drawn.digest, device, note, stopped=("timeout", str(stopped)))
        except KernelDied as stopped:
            return records.Probed(drawn.digest, device, note, stopped=("error", str(stopped)))
        failed = without_answers.why_it_fails(self.session, code, outputs)
        why_missing = self._why_missing(exercise.entry)
        return records.Probed(drawn.digest, device, note, why_missing, outputs, failed=failed)

    def _why_missing(self, entry: str) -> str:
        """Why what an exercise asks for may not be there: the error of the cell that speaks of it.

        Else that of the last cell that failed.
        """
        of_entry = [why for source, why in self.failed if re.search(rf"\b{entry}\b", source)]
        errors = of_entry or [why for _, why in self.failed]
        return f": a cell above it stopped with {errors[-1]}" if errors else ""

    def _in_its_room(self, output: NotebookNode) -> NotebookNode:
        """An output, or a line in its place when the notebook has shown more than a page can hold."""
        self.room -= len(str(output))
        if self.room >= 0:
            return output
        return nbformat.v4.new_output("stream", name="stderr", text=TOO_MUCH)

    def _execute_probe(self, code: str, seconds: float) -> list[NotebookNode]:
        """Run a probe, once more if nothing came and an exercise before may be the cause."""
        after_another = self.session.running and self.tried
        outputs = self._execute(code, seconds, silent=True)
        if replies(outputs) or not after_another:
            return outputs
        self.session.stop()
        return self._execute(code, seconds, silent=True)

    def _execute(self, code: str, seconds: float, silent: bool = False) -> list[NotebookNode]:
        """Run code in the time that is left, in a revived kernel if the last one died; raises as it does.

        The second of two timeouts in a row may be the first one's doing (a hook that loops); a death, or
        code that never began, that of an exercise before. It is tried again in another kernel.
        """
        if self._left() > 0 and not self.session.running:
            self._revive()
        if self._left() <= 0:
            raise KernelTimeout(f"the notebook ran for more than {self.settings.total_seconds:g} s")
        after_another, self.tried = self.tried, self.tried or silent
        try:
            outputs = self.session.run(code, min(seconds, self._left()), silent)
        except (CellTimeout, KernelDied) as stopped:
            late = isinstance(stopped, CellTimeout | KernelTimeout)
            if not (after_another and not (late and self.session.began) or late and self.suspect):
                self.suspect = isinstance(stopped, CellTimeout)  # else its kernel is gone
                raise
            self.session.stop()
            return self._execute(code, seconds, silent)
        self.suspect = False
        return outputs

    def _left(self) -> float:
        return self.deadline + self.session.stood_still - time.monotonic()

    def _revive(self) -> None:
        """Start a kernel and bring it to where the last one was."""
        self.suspect = self.tried = False
        try:
            self.session.start()
        except KernelNotStarted:
            if self.session.files is None:
                raise
            sandbox.forget()  # is it the files beside the notebook, or the sandbox?
            self.session.files = None
            self.session.start()
        if self.device == "cuda":
            self._start_cuda()
        start = "__import__('autograder.probe', fromlist=['start_generators']).start_generators"
        for source in [f"{start}({self.chance!r})", *self.done]:
            if self._left() <= 0:
                return
            with contextlib.suppress(CellTimeout):
                self.session.run(source, min(self.settings.cell_seconds, self._left()))

    def _start_cuda(self) -> None:
        """Bring CUDA up before any clock runs; raises KernelNotStarted if the device has no room."""
        outputs = self.session.run(START_CUDA, sandbox.START_SECONDS)
        if outputs:
            reason = f"the device can't be used: {outputs[0].get('evalue', outputs[0])}"
            raise KernelNotStarted(reason[:300])


def _error_output(name: str, reason: str) -> NotebookNode:
    return nbformat.v4.new_output(
        "error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"]
    )
