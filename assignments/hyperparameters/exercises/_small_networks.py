"""The networks of ``overfits_small_sample``, and the record that they write."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from autograder.tensors import any_gradient, as_it_is

FEATURES, CLASSES, WIDTH = 6, 4, 32
MOST = 500  # batches that come home; a later one counts as the one before it


def drawn(layer: nn.Linear, rng: np.random.Generator, bound: float | None = None) -> nn.Linear:
    """The layer with weights and biases drawn from -bound to bound, by default that of its size.

    The draws are NumPy's, so that whoever judges a network knows what it started from.
    """
    bound = layer.in_features**-0.5 if bound is None else bound
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.tensor(rng.uniform(-bound, bound, tuple(p.shape))))
    return layer


def zeros(layer: nn.Linear) -> nn.Linear:
    """The layer with weights and biases that are 0."""
    for p in layer.parameters():
        nn.init.zeros_(p)
    return layer


def first(rng: np.random.Generator) -> nn.Linear:
    return drawn(nn.Linear(FEATURES, WIDTH), rng)


def last(rng: np.random.Generator) -> nn.Linear:
    return drawn(nn.Linear(WIDTH, CLASSES), rng)


def dead(rng: np.random.Generator) -> list[nn.Module]:
    """A network whose hidden units are off, whatever it is shown."""
    off, out = zeros(nn.Linear(FEATURES, WIDTH)), drawn(nn.Linear(WIDTH, CLASSES), rng, 1.0)
    nn.init.constant_(off.bias, -50.0)
    nn.init.zeros_(out.bias)
    return [off, nn.ReLU(), out]


# The layers of the networks of the cases: some that can learn, two that cannot, one that starts at 0.
LAYERS: dict[str, Callable[[np.random.Generator], list[nn.Module]]] = {
    "relu": lambda rng: [first(rng), nn.ReLU(), last(rng)],
    "tanh": lambda rng: [first(rng), nn.Tanh(), last(rng)],
    "dropout": lambda rng: [first(rng), nn.ReLU(), nn.Dropout(0.5), last(rng)],
    "batch norm": lambda rng: [first(rng), nn.BatchNorm1d(WIDTH), nn.ReLU(), last(rng)],
    "normalized inputs": lambda rng: [nn.BatchNorm1d(FEATURES), *LAYERS["relu"](rng)],
    "linear": lambda rng: [zeros(nn.Linear(FEATURES, CLASSES))],
    "zeros": lambda rng: [zeros(first(rng)), nn.ReLU(), zeros(last(rng))],
    "dead": dead,
}


@dataclass
class Record:
    """What the networks made in a run were shown: the batch of each use, the uses from which a
    gradient came back, the scores of the last use. And for the facts: the mode in each use, the kind
    of torch's optimizer at each of its steps, and whether there was a gradient at any of them.

    They are made into arrays when the run is over: under torch.func no tensor has its numbers.
    """

    uses: list[torch.Tensor] = field(default_factory=list)
    learned: list[int] = field(default_factory=list)
    modes: list[bool] = field(default_factory=list)
    optimizers: list[str] = field(default_factory=list)
    with_gradient: bool = False
    scores: torch.Tensor | None = None

    def __deepcopy__(self, memo: Any) -> "Record":
        return self  # a copy of a network goes on writing it

    def note(self, batch: torch.Tensor, scores: torch.Tensor, training: bool) -> None:
        use = len(self.uses)
        self.uses.append(batch)
        self.modes.append(training)
        self.scores = scores.detach()
        if scores.requires_grad:
            scores.register_hook(lambda gradient: self.learned.append(use))

    def facts(self) -> dict[str, Any]:
        """In which mode the networks were trained, and what steps optimizers of torch's took."""
        modes = {self.modes[use] for use in self.learned}
        names = {True: "training", False: "evaluation"}
        return {
            "mode in training": " and ".join(names[m] for m in (True, False) if m in modes),
            "optimizers": ", ".join(sorted(set(self.optimizers))),
            "steps": len(self.optimizers),
            "with a gradient": self.with_gradient,
        }

    @contextlib.contextmanager
    def watching_optimizers(self) -> Iterator[None]:
        """Note each step of an optimizer of torch's."""

        def note(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
            self.optimizers.append(type(optimizer).__name__)
            if not self.with_gradient:
                held = (p for group in optimizer.param_groups for p in group["params"])
                self.with_gradient = any_gradient(held)

        watching = register_optimizer_step_post_hook(note)
        try:
            yield
        finally:
            watching.remove()

    def batches(self) -> tuple[list[np.ndarray], list[int]]:
        """The batches without repetitions, and which of them there was in each use."""
        different: dict[bytes, np.ndarray] = {}
        marks = []
        for batch in self.uses:
            shown = as_it_is(batch).reshape(-1, FEATURES)
            mark = shown.tobytes()
            if mark in different or len(different) < MOST:
                different[mark] = shown
                marks.append(mark)
            else:
                marks.append(marks[-1])
        order = {mark: i for i, mark in enumerate(different)}
        return list(different.values()), [order[mark] for mark in marks]


class Network(nn.Sequential):
    """Writes a record, and tells its mode by the mean of its scores.

    To all scores of an example the same may be added: neither its loss nor the class that is chosen
    changes. ``marks`` are the means in training and in evaluation mode.
    """

    def __init__(self, inputs: dict[str, Any], number: int, record: Record) -> None:
        rng = np.random.default_rng([inputs["seed"], number])
        super().__init__(*LAYERS[inputs["network"]](rng))
        # In one operation, for it is in every step: less their mean, plus the mark of each score.
        self.register_buffer("less_mean", torch.eye(CLASSES) - 1 / CLASSES, persistent=False)
        marks = torch.tensor(inputs["marks"])[:, None].repeat(1, CLASSES)
        self.register_buffer("marks", marks, persistent=False)
        self.record = record

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        scores = super().forward(batch)
        marks = self.get_buffer("marks")[0 if self.training else 1]
        scores = nn.functional.linear(scores, self.get_buffer("less_mean"), marks)
        self.record.note(batch, scores, self.training)
        return scores
