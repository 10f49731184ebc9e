"""What comes after a verdict: the page of the book that explains it, an insight, something to try.

The idea of the reference answer stands here as well where the course lets students have it.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from autograder.exercise import Verdict

FILE = "next.toml"


@dataclass(frozen=True)
class Onward:
    """Of an exercise: the page to read, the sentence that its answer teaches, and what to try.

    ``idea`` is that of the reference answer.
    """

    read: str
    after: str = ""
    attempt: str = ""
    site: str = ""
    idea: str = ""

    def lines(self, verdict: Verdict) -> list[str]:
        """What to say under a verdict; nothing under a stub."""
        if verdict.status == "missing":
            return []
        if verdict.status != "passed":
            return [f"The page that explains it: {self.address}"]
        said = [
            self.after,
            f"Try this: {self.attempt}" if self.attempt else "",
            f"The reference's idea: {self.idea}" if self.idea else "",
        ]
        return [line for line in said if line]

    @property
    def address(self) -> str:
        """Where the page that explains it is: on the site, or in the book."""
        return (
            f"{self.site.rstrip('/')}/{self.read}.html" if self.site else f"{self.read} in the book"
        )

    def html(self, verdict: Verdict) -> str:
        """The same for a notebook, where an address is a link."""
        lines = [escape(line) for line in self.lines(verdict)]
        if self.site:
            there = escape(self.address)
            lines = [line.replace(there, f'<a href="{there}">{there}</a>') for line in lines]
        return "".join(f"<p>{line}</p>" for line in lines)


@cache
def onward(folder: Path, exercise: str) -> Onward | None:
    """What an assignment's folder says of an exercise, None if it says nothing."""
    path = folder / FILE
    if not path.is_file():
        return None
    held = tomllib.loads(path.read_text(encoding="utf-8"))
    if (one := held.get(exercise)) is None:
        return None
    after, attempt, idea = (one.get(key, "") for key in ("after", "try", "idea"))
    return Onward(one["read"], after, attempt, held.get("site", ""), idea)
