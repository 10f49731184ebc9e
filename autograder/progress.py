"""What ``check`` said so far of an assignment's exercises."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from autograder.exercise import Exercise, Verdict

HEADS = ("exercise", "points", "state", "minutes", "difficulty")
STATE = {"passed": "all right", "partial": "partly right", "missing": "not answered yet"}


@dataclass(frozen=True)
class Table:
    """Rows under HEADS, the sum in the last one."""

    rows: Sequence[tuple[str, ...]]

    def text(self) -> str:
        """Columns side by side, for a terminal."""
        widths = [max(len(row[i]) for row in (HEADS, *self.rows)) for i in range(len(HEADS))]
        return "\n".join(
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in (HEADS, *self.rows)
        )

    def html(self) -> str:
        """The same for a notebook."""
        head = "".join(f'<th scope="col" style="text-align: left">{h}</th>' for h in HEADS)
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align: left">{escape(c)}</td>' for c in row)
            + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Progress:
    """Remembers the last verdicts on each exercise."""

    def __init__(self) -> None:
        self.verdicts: dict[str, list[Verdict]] = {}

    def note(self, exercise: Exercise, verdicts: list[Verdict]) -> None:
        """Remember what was said of an exercise, on each device."""
        self.verdicts[exercise.id] = verdicts

    def table(self, exercises: Sequence[Exercise]) -> Table:
        """A row for each exercise, and their sum."""
        rows = [self._row(exercise) for exercise in exercises]
        got = sum(self._score(exercise) for exercise in exercises)
        of = sum(exercise.points for exercise in exercises)
        minutes = sum(exercise.minutes for exercise in exercises)
        right = sum(self._state(exercise) == STATE["passed"] for exercise in exercises)
        done = f"{right} of {len(exercises)} all right"
        return Table([*rows, ("all", f"{got:g} of {of:g}", done, str(minutes), "")])

    def _row(self, exercise: Exercise) -> tuple[str, ...]:
        points = f"{self._score(exercise):g} of {exercise.points:g}"
        stars = exercise.stars
        return exercise.entry, points, self._state(exercise), str(exercise.minutes), stars

    def _score(self, exercise: Exercise) -> float:
        return min((v.score for v in self.verdicts.get(exercise.id, [])), default=0.0)

    def _state(self, exercise: Exercise) -> str:
        verdicts = self.verdicts.get(exercise.id)
        if not verdicts:
            return "not checked yet"
        worst = min(verdicts, key=lambda v: (v.status == "passed", v.score))
        return STATE.get(worst.status, "not right yet")
