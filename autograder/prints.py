"""What an answer prints while it is checked: the first lines, not those of every call of every case."""

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import TextIO

MOST_LINES = 12


class _FirstLines(io.TextIOBase):
    """Hands on the first lines that are written, and counts the others."""

    def __init__(self, to: TextIO) -> None:
        self.to = to
        self.lines = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for line in text.splitlines(keepends=True):
            if self.lines < MOST_LINES:
                self.to.write(line)
            self.lines += line.endswith("\n")
        return len(text)

    def flush(self) -> None:
        self.to.flush()


@contextlib.contextmanager
def first_lines() -> Iterator[None]:
    """Within the block only so many lines are printed; after it, how many more there were is said."""
    written = _FirstLines(sys.stdout)
    try:
        with contextlib.redirect_stdout(written):
            yield
    finally:
        if (more := written.lines - MOST_LINES) > 0:
            print(f"[{more} more lines that your code printed, in other calls, are not shown]")
