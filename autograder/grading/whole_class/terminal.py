"""What the terminal shows of a grading: each submission, the time that is left, a summary."""

import sys
import time
from collections import Counter
from pathlib import Path

from autograder.grading.storage.jobs import Job, printable
from autograder.grading.storage.results import Result

EVERY = 10.0  # seconds between two estimates
MOST = 20  # names in a line
STATUSES = ("passed", "partial", "failed", "error", "timeout", "missing", "ungraded")


class Terminal:
    """Shows how a grading goes on."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.first = self.said = 0.0
        self.done = 0

    def progress(self, done: int, total: int, job: Job, results: list[Result]) -> None:
        """Show a submission that is done, and now and then how long the others may take."""
        student = printable(job.student)
        print(f"[{done}/{total}] {job.assignment} {student}: {in_a_line(results)}", flush=True)
        for note in results[0].notes if results else ():
            print(f"    {printable(note if len(note) <= 200 else note[:199] + '…')}", flush=True)
        self.done += 1
        now = time.monotonic()
        if self.done == 1:  # what comes before it takes seconds, and comes once
            self.first = self.said = now
        elif now - self.said >= EVERY and done < total:
            self.said = now
            left = (now - self.first) / (self.done - 1) * (total - done)
            print(f"    {done} of {total} done, about {in_words(left)} left", flush=True)

    def summary(self, results: list[Result], class_folder: Path) -> None:
        """Say what came of it all."""
        seconds = time.monotonic() - self.began
        print(
            f"graded in {seconds:.0f} s; scores: {class_folder / 'gradebook.db'}; "
            f"feedback: {class_folder / 'feedback'}"
        )
        submissions = {(r.assignment, r.student) for r in results}
        unchanged = len(submissions) - self.done
        if unchanged > 0:
            print(f"{unchanged} of {len(submissions)} submissions had not changed, and stand")
        counts = Counter[str](result.status for result in results)
        told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
        print(f"{len(submissions)} submissions, {len(results)} exercises: {told}")


def in_a_line(results: list[Result]) -> str:
    """The points of a submission and the first reason for less than all of them."""
    if not results:
        return "no exercises"
    if all(result.status == "ungraded" for result in results):
        return f"ungraded  {printable(' '.join(results[0].message[:120].split()))}"
    score, of = sum(r.score or 0.0 for r in results), sum(r.max_score for r in results)
    wrong = [r for r in results if r.status != "passed"]
    wrong.sort(key=lambda result: result.status != "ungraded")
    why = f"  {wrong[0].exercise}: {wrong[0].message}" if wrong else ""
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    why = " ".join(why[:120].split())
    return f"{score:g} of {of:g}  {printable(why)}{more}".rstrip()


def in_words(seconds: float) -> str:
    """A length of time as one says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def loose(submissions: Path, names: list[str]) -> None:
    """Name the files that lie in no student's folder."""
    if names:
        more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
        told = f"in {submissions} itself, so not graded: {', '.join(names[:MOST])}{more}"
        print(f"autograder: {printable(told)}", file=sys.stderr)


def ungraded(results: list[Result], log: Path) -> bool:
    """List the submissions that the grader itself failed on; whether there are any."""
    left = [r for r in results if r.status == "ungraded"]
    causes = {(r.assignment, r.student): r.message for r in left}
    if not causes:
        return False
    print(f"autograder: {len(causes)} not graded, their old scores stand:", file=sys.stderr)
    for (assignment, student), message in causes.items():
        print(printable(f"  {assignment} {student}: {message}"), file=sys.stderr)
    print(f"what happened: {log}; once it is mended, the same command grades them", file=sys.stderr)
    return True
