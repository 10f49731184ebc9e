"""Due dates, extensions and what being late costs: what ``deadlines.toml`` says."""

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autograder.grading.course import CourseError
from autograder.grading.storage.jobs import gradebook_name

FILE = "deadlines.toml"
DAY = 24 * 60 * 60.0
AS_IN = (
    "a time is written without quotes, a student's name with them, as in due = 2026-10-05 23:59:00 "
    'and "ann.lee" = 2026-10-09 23:59:00'
)


@dataclass(frozen=True)
class Deadlines:
    """When assignments are due, and what being late costs; times are UTC's, as nbgrader has them.

    ``extended`` holds other times for students, by assignment. For each day begun after that,
    ``percent_a_day`` of the points are taken off, ``percent_at_most`` altogether.
    """

    due: Mapping[str, datetime] = field(default_factory=dict)
    extended: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    percent_a_day: float = 0.0
    percent_at_most: float = 100.0

    def extension(self, assignment: str, student: str) -> timedelta | None:
        """How much more time a student has than the others."""
        until = self.extended.get(assignment, {}).get(student)
        return None if until is None else until - self.due[assignment]

    def penalty(self, score: float, seconds_late: float) -> float | None:
        """The points that a late submission with this score loses, None if being late costs none."""
        if not self.percent_a_day or seconds_late <= 0:
            return None
        days = math.ceil(seconds_late / DAY)
        return score * min(days * self.percent_a_day, self.percent_at_most) / 100


def find(folders: Iterable[Path]) -> Path | None:
    """The file in the first folder that has one."""
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def read(path: Path, assignments: Iterable[str] | None = None) -> Deadlines:
    """What a file says; raises CourseError if it is wrong in anything, or names another assignment."""
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path} can't be read: {error}; {AS_IN}") from None
    try:
        return _deadlines(held, None if assignments is None else sorted(assignments))
    except ValueError as error:
        raise CourseError(f"{path}: {error}") from None


def _deadlines(held: dict[str, Any], known: list[str] | None) -> Deadlines:
    """Raises ValueError with what is wrong."""
    _require_names("the file", held, ("timezone", "late", "assignments"))
    zone = _zone(held.get("timezone"))
    late = _table("late", held)
    _require_names("[late]", late, ("percent_a_day", "percent_at_most"))
    due: dict[str, datetime] = {}
    extended: dict[str, dict[str, datetime]] = {}
    for name, said in _table("assignments", held).items():
        if known is not None and name not in known:
            raise ValueError(f"no assignment {name!r}; there is: {', '.join(known) or 'none'}")
        here = f"assignments.{name}"
        said = _table(name, {name: said}, f"[{here}]")
        _require_names(f"[{here}]", said, ("due", "extensions"))
        due[name] = _time(f"{here}.due", said.get("due"), zone)
        extended[name] = {}
        for student, until in _table("extensions", said, f"[{here}.extensions]").items():
            time = _time(f"{here}.extensions.{student}", until, zone)
            if time < due[name]:
                raise ValueError(f"{here}.extensions.{student} is before the due date")
            extended[name][gradebook_name(student)] = time
    most = _percent("late.percent_at_most", late.get("percent_at_most", 100))
    return Deadlines(
        due, extended, _percent("late.percent_a_day", late.get("percent_a_day", 0)), most
    )


def _require_names(where: str, held: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in held:
        if name not in names:
            raise ValueError(f"{where} has {name!r}, and may have: {', '.join(names)}")


def _table(name: str, held: dict[str, Any], called: str = "") -> dict[str, Any]:
    table = held.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"{called or f'[{name}]'} is no table")
    return table


def _percent(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError(f"{name} is {value!r}, not a number from 0 to 100")
    return float(value)


def _zone(name: Any) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):
        raise ValueError(
            f"timezone is {name!r}, which is none; write one such as 'Europe/Berlin' or 'UTC'"
        ) from None


def _time(name: str, value: Any, zone: tzinfo | None) -> datetime:
    """A time in UTC, without its zone."""
    if not isinstance(value, datetime):
        what = "has no time of day" if isinstance(value, date) else f"is {value!r}"
        raise ValueError(f"{name} {what}: {AS_IN}")
    if value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if zone is None:
        raise ValueError(f"{name} is in no time zone: begin with timezone = 'Europe/Berlin', say")
    local = value.replace(tzinfo=zone, fold=1)  # of two equal times, when clocks go back, the later
    there = local.astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None, fold=0) != value:
        raise ValueError(f"{name} does not exist: on that day the clocks go forward over it")
    return there.replace(tzinfo=None)
