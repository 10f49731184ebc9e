"""What an exercise's answers consist of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class WrongAnswer:
    """A known mistake: an id, its name in words ("Adam without bias correction"), and its code."""

    id: str
    says: str
    code: Any


@dataclass
class Answer:
    """The oracle of an exercise (computes in float64), its known mistakes, and right answers that
    are written differently."""

    oracle: Any
    mistakes: list[WrongAnswer] = field(default_factory=list)
    alternatives: list[Any] = field(default_factory=list)

    def mistake(self, id: str, says: str) -> Callable[[Any], Any]:
        """Decorator: register a function or class as a known mistake."""

        def register(code):
            self.mistakes.append(WrongAnswer(id, says, code))
            return code

        return register

    def alternative(self, code: Any) -> Any:
        """Decorator: register a function or class as a right answer in another dress."""
        self.alternatives.append(code)
        return code
