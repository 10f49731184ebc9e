"""Runs a submission's notebook and puts a verdict in place of each exercise's test cell."""

import contextlib
import time
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Enum, Float

from autograder import judge, probe, report, wire
from autograder.exercise import Exercise, Verdict, no_verdict
from autograder.exercises import EXERCISES
from autograder.grading import keys, seeds
from autograder.grading.session import CellTimeout, KernelDied, KernelTimeout, Session
from autograder.grading.submission import PROBLEM

VERDICT_MIME = "application/vnd.autograder.verdict+json"
MOST_REVIVALS = 4
CUDA_MISSING = "the device is cuda, but torch finds no CUDA device here"


@cache
def cuda_is_available() -> bool:
    """Whether torch finds a CUDA device on this machine."""
    import torch

    return torch.cuda.is_available()


def resolve_device(device: str) -> str:
    """``cpu`` or ``cuda`` for a setting of auto, cpu or cuda; raises RuntimeError without CUDA."""
    if device == "auto":
        return "cuda" if cuda_is_available() else "cpu"
    if device == "cuda" and not cuda_is_available():
        raise RuntimeError(CUDA_MISSING)
    return device


class RunSubmission(NbGraderPreprocessor):
    """nbgrader preprocessor, in the place of Execute: cells run in a sandbox, judges outside it.

    The test cell of an exercise is not run: the student's object is probed with hidden cases, and
    the verdict becomes the cell's output, a report and a float that nbgrader saves as the score.
    Any other cell runs as it stands.
    """

    device = Enum(["auto", "cpu", "cuda"], "auto", help="Where torch exercises run.").tag(
        config=True
    )
    cell_seconds = Float(20.0, help="The longest a cell may run.").tag(config=True)
    total_seconds = Float(120.0, help="The longest a notebook may run.").tag(config=True)

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        code = "\0".join(c.source for c in nb.cells if c.cell_type == "code")
        seed = seeds.submission_seed(
            seeds.class_seed(Path(CourseDirectory(parent=self).root)), names["student"], code
        )
        device = resolve_device(self.device)
        with Session(Path(resources["metadata"]["path"])) as session:
            _NotebookRun(self, nb, session, seed, device).run()
        return nb, resources


class _NotebookRun:
    """One pass over one notebook."""

    def __init__(
        self, settings, nb: NotebookNode, session: Session, seed: str, device: str
    ) -> None:
        self.settings = settings
        self.nb = nb
        self.session = session
        self.seed = seed
        self.device = device
        self.deadline = time.monotonic() + settings.total_seconds
        self.done: list[str] = []  # sources that ran, to be run again in a new kernel
        self.revivals = 0
        self.given_up: KernelDied | None = None  # once set, nothing more is run

    def run(self) -> None:
        problem = self.nb.metadata.get(PROBLEM)
        for cell in self.nb.cells:
            if cell.cell_type != "code":
                continue
            exercise = bound_exercise(cell)
            if exercise is None:
                self._run_cell(cell)
                continue
            verdict = no_verdict(exercise, "error", problem) if problem else self._probe(exercise)
            cell.execution_count = None
            cell.outputs = verdict_outputs(verdict.out_of(float(cell.metadata.nbgrader.points)))

    def _run_cell(self, cell: NotebookNode) -> None:
        cell.execution_count = None
        cell.outputs = []
        if not cell.source.strip():
            return
        try:
            cell.outputs = self._execute(cell.source, self.settings.cell_seconds)
            self.done.append(cell.source)
        except (CellTimeout, KernelDied) as stopped:
            cell.outputs = [_error_output("Stopped", str(stopped))]

    def _probe(self, exercise: Exercise) -> Verdict:
        device = self.device if exercise.on_device else "cpu"
        note = "not run on CUDA" if exercise.on_device and device == "cpu" else ""
        known = {"device": device, "note": note}
        cases = keys.draw_cases(exercise, self.seed)
        code = (
            "__import__('autograder.probe', fromlist=['publish']).publish"
            f"({exercise.id!r}, {wire.dumps([c.as_sent() for c in cases])!r}, {device!r}, globals())"
        )
        try:
            outputs = self._execute(code, exercise.seconds)
        except (CellTimeout, KernelTimeout) as stopped:
            return no_verdict(exercise, "timeout", str(stopped), **known)
        except KernelDied as stopped:
            return no_verdict(exercise, "error", str(stopped), **known)
        return _judged(exercise, outputs, keys.LazyKey(exercise, cases), known)

    def _execute(self, code: str, seconds: float) -> list[NotebookNode]:
        """Run code within the time that is left, in a revived kernel if the last one died."""
        if self.given_up is not None:
            raise self.given_up
        try:
            if not self.session.running:
                self._revive()
            left = self.deadline - time.monotonic()
            if left <= 0:
                limit = self.settings.total_seconds
                self.given_up = KernelTimeout(f"the notebook ran for more than {limit:g} s")
                raise self.given_up
            return self.session.run(code, min(seconds, left))
        except KernelDied as died:
            self.revivals += 1
            if self.revivals > MOST_REVIVALS and self.given_up is None:
                times = self.revivals
                self.given_up = KernelDied(
                    f"the kernel stopped {times} times; the last time: {died}"
                )
            raise

    def _revive(self) -> None:
        """Start a kernel and bring it to where the last one was."""
        self.session.start()
        for source in self.done:
            left = max(0.1, self.deadline - time.monotonic())
            with contextlib.suppress(CellTimeout):
                self.session.run(source, min(self.settings.cell_seconds, left))


def bound_exercise(cell: NotebookNode) -> Exercise | None:
    """The exercise whose test cell this is, None for any other cell."""
    if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
        return None
    return EXERCISES.get(cell.metadata.nbgrader.grade_id)


def _judged(exercise: Exercise, outputs: list[NotebookNode], key, known: dict) -> Verdict:
    replies = [
        o.data[probe.MIME]
        for o in outputs
        if o.output_type == "display_data" and probe.MIME in o.data
    ]
    if len(replies) != 1 or not isinstance(replies[0], str):
        errors = [o for o in outputs if o.output_type == "error"]
        reason = (
            f"the probe failed: {errors[0].ename}: {errors[0].evalue[:200]}"
            if errors
            else "the probe brought back no answers"
        )
        return no_verdict(exercise, "error", reason, **known)
    try:
        reply = wire.loads(replies[0])
        outcomes, seconds = reply["outcomes"], float(reply["seconds"])
    except (wire.WireError, KeyError, TypeError, ValueError) as error:
        return no_verdict(exercise, "error", f"the answers can't be read: {error}", **known)
    known["seconds"] = seconds
    if outcomes is None:
        reason = f"{exercise.entry} is not defined; see the cells above for an error"
        return no_verdict(exercise, "missing", reason, **known)
    return judge.judge(exercise, outcomes, key, **known)


def record_of(verdict: Verdict) -> dict:
    """What the results keep of a verdict, as plain data."""
    return {
        "status": verdict.status,
        "score": verdict.score,
        "max_score": verdict.max_score,
        "mistake": verdict.mistake,
        "message": verdict.message,
        "device": verdict.device,
        "seconds": round(verdict.seconds, 4),
    }


def verdict_outputs(verdict: Verdict) -> list[NotebookNode]:
    """The outputs that stand for a verdict: a report for people, and the score for nbgrader."""
    data = {
        "text/html": report.html(verdict),
        "text/plain": report.text(verdict),
        VERDICT_MIME: record_of(verdict),
    }
    score = {"text/plain": repr(float(verdict.score))}
    return [
        nbformat.v4.new_output("display_data", data),
        nbformat.v4.new_output("execute_result", score, execution_count=None),
    ]


def read_verdict(cell: NotebookNode) -> dict | None:
    """The record that ``verdict_outputs`` left in a graded test cell."""
    for output in cell.get("outputs", []):
        if VERDICT_MIME in output.get("data", {}):
            return output.data[VERDICT_MIME]
    return None


def _error_output(name: str, reason: str) -> NotebookNode:
    return nbformat.v4.new_output(
        "error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"]
    )
