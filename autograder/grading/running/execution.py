"""Runs a submission's notebook and probes its exercises; what comes of that goes to ``judging``."""

import platform
import re
import time
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Dict, Enum, Float, Unicode

from autograder.assignment import Assignment
from autograder.exercise import Exercise
from autograder.grading.course import Course
from autograder.grading.intake import demonstrations
from autograder.grading.intake.order import grade_id
from autograder.grading.intake.reading import PROBLEM
from autograder.grading.judge import judging
from autograder.grading.judge.judging import HiddenCases
from autograder.grading.judge.verdicts import replies
from autograder.grading.releasing.dress import SUMMARY
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.releasing.fingerprints import versions
from autograder.grading.releasing.handout import handout
from autograder.grading.running import cuda, sandbox, without_answers
from autograder.grading.running.session import (
    CellTimeout,
    KernelDied,
    KernelNotStarted,
    KernelTimeout,
    Session,
)
from autograder.grading.storage import records, seeds

NOTEBOOK_CHARACTERS = 6_000_000  # of outputs: what cells show, all together
HERE = ".".join(platform.python_version_tuple()[:2])  # students may have a newer one
TOO_MUCH = "[not shown: the notebook shows more than a page can hold]\n"
EARLY = 1 / 4  # of a notebook's time: later it may take too long to bring a kernel back twice


class RunSubmission(NbGraderPreprocessor):
    """nbgrader preprocessor, in the place of Execute: cells run in a sandbox, judges outside it.

    The test cell of an exercise is not run: the student's object is probed with hidden cases, and
    the verdict becomes the cell's output, a report and a float that nbgrader saves as the score.
    Demonstrations that nothing needs are left out, any other cell runs as it stands. With a run
    record at hand, nothing runs: it is judged.
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
        device = cuda.resolve_device(self.device)
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
        cell.execution_count, cell.outputs = None, []
        if cell.source.strip() in ("", SUMMARY):  # nothing was checked here that could be summed up
            return
        try:
            cell.outputs = self._execute(cell.source, self.settings.cell_seconds)
            self.done.append(cell.source)
        except (CellTimeout, KernelDied) as stopped:
            why = str(stopped)
            said = new_output("error", ename="Stopped", evalue=why, traceback=[f"Stopped: {why}"])
            cell.outputs = [said]
            if isinstance(stopped, CellTimeout | KernelTimeout):
                self.done.append(f"raise SystemExit\n{cell.source}")  # then it defines alone
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
            outputs = self._execute(code, seconds, silent=True)
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
        return output if self.room >= 0 else new_output("stream", name="stderr", text=TOO_MUCH)

    def _execute(
        self, code: str, seconds: float, silent: bool = False, again: bool = False
    ) -> list[NotebookNode]:
        """Run code in the time that is left, in a revived kernel if the last one died; raises as it does.

        Once more, in another kernel, if how it ended may be somebody else's doing.
        """
        if self._left() > 0 and not self.session.running:
            self._revive()
        over = KernelTimeout(f"the notebook ran for more than {self.settings.total_seconds:g} s")
        if self._left() <= 0:
            raise over
        after_another, self.tried = self.tried, self.tried or silent
        outputs, stopped = [], None
        try:
            outputs = self.session.run(code, min(seconds, self._left()), silent)
        except (CellTimeout, KernelDied) as error:
            stopped = error
        nothing_came = silent and stopped is None and not replies(outputs)
        if not again and self._is_anothers_doing(stopped, nothing_came, after_another):
            self.session.stop()
            return self._execute(code, seconds, silent, again=True)
        self.suspect = isinstance(stopped, CellTimeout)  # else its kernel is gone, or all is well
        if isinstance(stopped, CellTimeout | KernelTimeout) and self._left() <= 0:
            raise over  # it was not given the seconds that it is said to have run for
        if stopped is not None:
            raise stopped
        return outputs

    def _is_anothers_doing(
        self, stopped: Exception | None, nothing_came: bool, after_another: bool
    ) -> bool:
        """Whether code may have nothing to do with how it ended.

        The second of two timeouts in a row may be the first one's doing (a hook that loops); what never
        began, or brought nothing home, and a death, that of an exercise before. A death may also be
        somebody's outside: that is looked into while few cells have to be run again for it.
        """
        if isinstance(stopped, CellTimeout | KernelTimeout):
            return self.suspect or (after_another and not self.session.began)
        if stopped is None:
            return after_another and nothing_came
        return after_another or self._left() > (1 - EARLY) * self.settings.total_seconds

    def _left(self) -> float:
        return self.deadline + self.session.stood_still - time.monotonic()

    def _revive(self) -> None:
        """Bring a new kernel to where the last one was, but for a cell that ends each: it is given up."""
        once: set[str] = set()  # that may have been somebody's outside
        while (ended := self._run_again()) is not None:
            source, stopped = ended
            if source in once or isinstance(stopped, KernelTimeout):
                self.done.remove(source)
                self.failed.append((source, f"Stopped: {stopped}, when it was run again"))
            once.add(source)

    def _run_again(self) -> tuple[str, KernelDied] | None:
        """Run in a new kernel what has ended well; which cell ended the kernel, and how, if one did."""
        self._start()
        for source in self.done:
            if self._left() <= 0:
                break
            try:
                self.session.run(source, min(self.settings.cell_seconds, self._left()))
            except CellTimeout:
                continue
            except KernelDied as stopped:
                return source, stopped
        return None

    def _start(self) -> None:
        """Start a kernel, without the files beside the notebook if there is none with them."""
        self.suspect = self.tried = False
        remedies = [sandbox.forget]  # it may be the sandbox's doing, or somebody's outside,
        if self.session.files is not None:
            remedies.append(self._leave_files_out)  # or that of the files
        for remedy in remedies:
            try:
                return self._bring_up()
            except KernelNotStarted:
                remedy()
        return self._bring_up()

    def _leave_files_out(self) -> None:
        self.session.files = None

    def _bring_up(self) -> None:
        """Start a kernel, its device and its generators: without them it has not started."""
        self.session.start()
        if self.device == "cuda":
            cuda.start(self.session)
        start = "__import__('autograder.probe', fromlist=['start_generators']).start_generators"
        self.session.prepare(f"{start}({self.chance!r})", "its generators can't be started")
