"""Exercises in which a student writes what torch has ready-made: torch's own does not count.

``READY_MADE`` says what an exercise may name in its ``own_work``. Where a student works, calls of it
are watched (``watched``), and the verdict says so. That can be evaded from inside. In grading nothing
rests on it: there torch's own is *absent* for the whole assignment. Each function and each kernel of
it gives something else, which is wrong whatever it is asked for (``autograder.absent``).
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

seen: list[str] = []  # what of torch's own was called, as far as those who call leave it here


class NotAllowed(RuntimeError):
    """The answer used what it was asked to write."""


@dataclass(frozen=True)
class ReadyMade:
    """Something of torch's that an exercise asks for.

    ``says`` is its name in words. ``files`` maps files below torch's folder (a glob) to its functions
    there (a regular expression of their names); ``kernels`` is one of the names of its operators.
    ``called`` says of what ``sys.setprofile`` reports whether it is a use. ``elsewhere`` names packages
    that are installed beside torch and have it too.
    """

    says: str
    files: Mapping[str, str]
    kernels: str
    called: Callable[[Any, str, Any], bool]
    elsewhere: tuple[str, ...] = ()


def _optimizer_called(frame: Any, event: str, argument: Any) -> bool:
    if event == "c_call":
        return "_fused_ada" in getattr(argument, "__name__", "")
    path = frame.f_code.co_filename.replace("\\", "/")
    return event == "call" and "/torch/optim/" in path and not path.endswith("/optimizer.py")


def _dropout_called(frame: Any, event: str, argument: Any) -> bool:
    return event == "c_call" and "dropout" in getattr(argument, "__name__", "")


READY_MADE = {
    "optimizer": ReadyMade(
        "an update of torch.optim",
        {"optim/*.py": r"_(single|multi)_tensor_|_fused_|sparse_adam"},
        r"aten::_fused_(ada|sgd)",
        _optimizer_called,
        ("sklearn.neural_network",),
    ),
    "dropout": ReadyMade(
        "a dropout of torch",
        {"_refs/nn/functional/*.py": r"\w*dropout", "_decomp/*.py": r"\w*dropout"},
        r"aten::(alpha_|feature_|feature_alpha_|native_|_fused_)?dropout_?(\.|$)",
        _dropout_called,
        ("efficientnet_lite_pytorch",),
    ),
}


@contextlib.contextmanager
def watched(names: Iterable[str]) -> Iterator[list[str]]:
    """Raise NotAllowed when something of these is called; gives a list of what was.

    Watching calls, rather than replacing functions, also sees those that the student's cell imported
    by name, and those inside of torch's modules.
    """
    wanted = [READY_MADE[name] for name in names]
    seen.clear()
    if not wanted:
        yield seen
        return

    def watch(frame: Any, event: str, argument: Any) -> None:
        for ready_made in wanted:
            if ready_made.called(frame, event, argument):
                seen.append(ready_made.says)
                raise NotAllowed(ready_made.says)

    previous = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield seen
    finally:
        if previous is None or callable(previous):
            sys.setprofile(previous)
        else:  # cProfile's, which is no function (%prun, say)
            previous.enable()
