"""What ``exponential_moving_average`` makes of states of networks that came home from a probe."""

from typing import Any

import numpy as np

from autograder.compare import equal, floats
from autograder.exercise import Case, Outputs, Unusable

from ._networks import State, outputs_with


def state_in(case: Case, states: Any) -> State:
    """A state that came home, with all names and shapes; raises Unusable for anything else."""
    shapes = {name: entry.shape for name, entry in case.inputs["states"][0].items()}
    for name, shape in shapes.items():
        entry = states.get(name) if isinstance(states, dict) else None
        if (
            not isinstance(entry, np.ndarray)
            or entry.shape != shape
            or entry.dtype.kind not in "fiub"
        ):
            raise Unusable(f"{name}: there are no numbers of shape {shape}")
    return {name: states[name] for name in shapes}


def states_in(case: Case, outputs: Outputs, name: str, count: int) -> list[State]:
    """So many states that came home under this name."""
    found = outputs.get(name)
    if not isinstance(found, list) or len(found) != count:
        raise Unusable(f"{name}: there are not {count} states")
    return [state_in(case, state) for state in found]


def dicts_in(outputs: Outputs, name: str, count: int) -> list[dict[str, Any]]:
    """So many dicts that came home under this name."""
    found = outputs.get(name)
    if not isinstance(found, list) or len(found) != count:
        raise Unusable(f"{name}: there are not {count}")
    if not all(isinstance(one, dict) for one in found):
        raise Unusable(f"{name}: there are no names")
    return found


def is_state(state: State, wanted: State) -> bool:
    """Whether a network's state is this one, bit for bit, in its own dtype."""
    return all(
        a.dtype.kind == wanted[name].dtype.kind and np.array_equal(a, wanted[name].astype(a.dtype))
        for name, a in state.items()
    )


def differing(state: State, wanted: State) -> set[str]:
    """The entries of a state that are not those of another."""
    return {name for name, a in state.items() if not same_entry(a, wanted[name])}


def same_entry(have: np.ndarray, want: np.ndarray) -> bool:
    if have.dtype.kind != "f":
        return np.array_equal(have, want)
    return bool(equal(have, want, have.dtype.name).all())


def same_numbers(have: np.ndarray, want: Any) -> bool:
    """Whether two arrays are the same; nan, which an average may be, is itself."""
    numbers = isinstance(want, np.ndarray) and want.dtype.kind in "fiub"
    return numbers and np.array_equal(have, want, equal_nan=True)


def unchanging(states: list[State]) -> set[str]:
    """The entries that are the same in all states."""
    first, *later = states
    return {name for name, a in first.items() if all(same_numbers(a, s[name]) for s in later)}


def are_gradients(case: Case, found: Any, times: int) -> bool:
    """Whether these are so many times the gradients that the case drew."""
    for name, slope in case.inputs["slopes"].items():
        got = found.get(name) if isinstance(found, dict) else None
        if not isinstance(got, np.ndarray) or got.dtype.kind != "f":
            return False
        if not np.array_equal(got, (times * slope).astype(got.dtype)):
            return False
    return True


def mode_of(case: Case, outputs: Outputs, state: State) -> str:
    """The mode in which a network with this state gives the outputs that came home."""
    for mode, training in (("training", True), ("evaluation", False)):
        wanted = outputs_with(state, case.inputs, training)
        if (np.abs(floats(outputs, "output", wanted.shape) - wanted) < 0.1).all():
            return mode
    return "neither"


def listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def as_before(holds: bool) -> str:
    return "as before" if holds else "changed"


def in_the_text(counted: bool) -> Case:
    """A weight that is 1, 2 and 4, and a counter beside it."""
    states: list[State] = [{"weight": np.array([[w]], np.float32)} for w in (1.0, 2.0, 4.0)]
    if counted:
        states = [state | {"seen": np.asarray(n)} for n, state in enumerate(states)]
    network = "one weight and a counter" if counted else "one weight"
    more = {"decay": 0.9, "frozen": [], "another_copy": False}
    return Case("the example in the text", {"network": network, "states": states, **more})
