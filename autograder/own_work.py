"""Exercises in which a student writes what torch has ready-made: torch's own is switched off."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any


class NotAllowed(RuntimeError):
    """The answer used what it was asked to write."""


@contextlib.contextmanager
def own_work_only(
    forbidden: Callable[[Any, str, Any], str | None], used: list[str]
) -> Iterator[None]:
    """Raise NotAllowed, and note it in ``used``, when something forbidden is called.

    ``forbidden`` gets what ``sys.setprofile`` reports of a call and returns its name, None if it is
    allowed. Watching calls, rather than replacing functions, also sees those that the student's cell
    imported by name, and those inside of torch's modules.
    """

    def watch(frame: Any, event: str, argument: Any) -> None:
        if (name := forbidden(frame, event, argument)) is not None:
            used.append(name)
            raise NotAllowed(name)

    previous = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(previous)
