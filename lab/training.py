"""Train many small networks at once: every setting and every seed in one batched run."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from lab.data import Dataset
from lab.rules import Rule


def mlp(
    *sizes: int,
    activation: type[nn.Module] = nn.ReLU,
    dropout: float = 0.0,
    batch_norm: bool = False,
) -> nn.Sequential:
    """A multilayer perceptron with the given layer sizes, inputs first and classes last.

    Each hidden layer is linear, batch norm if asked for, activation, and dropout if ``dropout``
    (torch's: the probability of *dropping* a unit) is above 0.
    """
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:-1], strict=False):
        layers.append(nn.Linear(fan_in, fan_out))
        if batch_norm:
            layers.append(nn.BatchNorm1d(fan_out))
        layers.append(activation())
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


Weights = dict[str, Tensor]  # parameters and buffers by name, each (L, S, ...)


@dataclass(frozen=True)
class Run:
    """What a training run recorded; ``L`` settings, ``S`` seeds, ``T`` moments.

    ``step`` ``(T,)`` counts updates. The losses are mean cross-entropies over the whole training
    and test set, the accuracies fractions: each ``(L, S, T)``, measured in evaluation mode.
    ``params`` maps the names of parameters and buffers to their final values ``(L, S, ...)``,
    ``snapshots`` a step to what they were after that many updates; ``predict`` takes either.
    ``seconds`` is the wall time of the whole run.
    """

    step: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    params: Weights
    snapshots: dict[int, Weights]
    seconds: float


# They act on each number by itself; dropout's masks are those that ``vmap`` would draw.
ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.Dropout)


def _over_settings_and_seeds(model: nn.Module, x_dims: tuple[int | None, int | None]) -> Callable:
    """``model`` as a function of ``(weights (L, S, ...), x)``; ``x_dims`` are x's axes L and S.

    A perceptron's layers are called one by one on all runs: the same sums as ``vmap`` makes of
    them, to the bit, in about half of the time.
    """
    if isinstance(model, nn.Sequential) and all(
        type(layer) in (nn.Linear, nn.BatchNorm1d, *ELEMENTWISE) for layer in model
    ):
        return partial(_perceptrons, model, shared=x_dims[1] is None)
    return _mapped(model, x_dims)


def _perceptrons(model: nn.Sequential, weights: Weights, x: Tensor, *, shared: bool) -> Tensor:
    """The outputs ``(L, S, B, C)`` of all runs; ``x`` is ``(B, ...)`` if ``shared``, else ``(S, B, ...)``."""
    L, S = next(iter(weights.values())).shape[:2]
    h = x.expand(L, S, *x.shape[not shared :]).flatten(0, 1)
    for name, layer in model.named_children():
        if isinstance(layer, nn.Linear):
            w = weights[f"{name}.weight"].flatten(0, 1).transpose(1, 2)
            h = torch.baddbmm(weights[f"{name}.bias"].flatten(0, 1).unsqueeze(1), h, w)
        elif isinstance(layer, nn.BatchNorm1d):
            h = _batch_norms(layer, weights, name, h)
        else:
            h = layer(h)
    return h.unflatten(0, (L, S))


def _batch_norms(layer: nn.BatchNorm1d, weights: Weights, name: str, h: Tensor) -> Tensor:
    """``h`` ``(R, B, C)`` normalized in each run for itself: the columns of all runs in one layer.

    The running statistics among the weights change in place.
    """
    R, B, C = h.shape
    assert layer.momentum is not None, "a running mean of the statistics"
    kinds = ("weight", "bias", "running_mean", "running_var")
    scale, shift, mean, var = (weights[f"{name}.{kind}"].view(R * C) for kind in kinds)
    if layer.training:
        weights[f"{name}.num_batches_tracked"].add_(1)
    columns = h.transpose(0, 1).reshape(B, R * C)
    done = F.batch_norm(columns, mean, var, None, None, layer.training, layer.momentum, layer.eps)
    done = done * scale + shift  # apart, as vmap does it: the same to the bit
    return done.view(B, R, C).transpose(0, 1)


def _mapped(model: nn.Module, x_dims: tuple[int | None, int | None]) -> Callable:
    """Any model as a function of ``(weights (L, S, ...), x)``."""

    def forward(weights: Weights, x: Tensor) -> Tensor:
        return functional_call(model, weights, (x,))

    for dim in reversed(x_dims):
        forward = vmap(forward, in_dims=(0, dim), randomness="different")
    return forward


@torch.no_grad()
def predict(
    make_model: Callable[[], nn.Module],
    weights: Weights,
    x: Tensor,
    *,
    training: bool = False,
    batch_size: int = 1000,
) -> Tensor:
    """Class probabilities ``(L, S, N, C)`` of every run on the same inputs ``x`` ``(N, ...)``.

    ``training=True`` leaves dropout on, with masks of its own for each run and item (batch norm
    would use the batch's statistics, in batches of ``batch_size``).
    """
    model = make_model().to("meta").train(training)
    forward = _over_settings_and_seeds(model, (None, None))
    weights = {k: v.clone() for k, v in weights.items()} if training else weights
    return torch.cat([forward(weights, part).softmax(-1) for part in x.split(batch_size)], -2)


def train(
    make_model: Callable[[], nn.Module],
    data: Dataset | list[Dataset],
    rule: Rule,
    *,
    lr: float | Sequence[float] | None = None,
    settings: Mapping[str, ArrayLike] | None = None,
    seeds: int | Sequence[int] = 5,
    steps: int = 500,
    batch_size: int | None = 64,
    schedule: Callable[[int], float] | Sequence[Callable[[int], float] | None] | None = None,
    augment: Callable | None = None,
    penalty: Callable[[Weights], Tensor | float] | None = None,
    record_every: int = 25,
    snapshot_at: Collection[int] = (),
    **hyper: Any,
) -> Run:
    """Minimize the cross-entropy with an update rule of ``lab.rules``, many runs side by side.

    A setting is a learning rate, or has further hyperparameters of its own: ``settings`` maps
    ``"lr"`` and the names of others to their values, one number for all, ``(L,)``, or ``(L, S)`` if
    each seed has settings of its own; ``lr`` is short for settings with nothing else. Further
    keywords go to the rule as they are.

    Seed ``s`` fixes the initial weights and the order of the mini-batches, and is shared by all
    settings, so that they are compared on the same draws; ``seeds`` is their number or a list of
    them. ``data`` may be a list, a data set for each seed, all of one size.
    ``batch_size=None`` uses the full training set at each step. ``schedule(t)`` is a factor on the
    learning rate at step ``t`` (from 0); a sequence of them gives each setting its own. A rule that
    wants other weights judged than those it takes gradients at leaves them in its
    ``state["average"]``.

    ``augment(x, y, generator)`` may change each mini-batch ``x`` ``(S, B, ...)``, ``y`` ``(S, B)``:
    it returns new inputs and targets, classes or probabilities ``(S, B, C)``. ``penalty(params)``
    is a scalar that is added to the loss, a function of one run's parameters by name.
    ``snapshot_at`` lists the steps after which weights are kept. Dropout draws its masks from a
    generator seeded by the seeds. Raises ValueError if there are not as many values or schedules as
    settings, or values or data sets as seeds.
    """
    seeds = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    values = _by_setting(lr, settings, len(seeds))
    rates = values.pop("lr")
    L, S = len(rates), len(seeds)
    schedules = list(schedule) if isinstance(schedule, Sequence) else [schedule] * L
    if len(schedules) != L:
        raise ValueError(f"{len(schedules)} schedules for {L} settings")
    own_data = isinstance(data, list)
    data = _stack(data, S) if isinstance(data, list) else data

    models = []
    for seed in seeds:
        torch.manual_seed(seed)
        models.append(make_model())
    stacked, stacked_buffers = stack_module_state(models)
    params = {k: v.detach().expand(L, *v.shape).clone() for k, v in stacked.items()}
    buffers = {k: v.expand(L, *v.shape).clone() for k, v in stacked_buffers.items()}
    skeleton = models[0].to("meta")
    members = _over_settings_and_seeds(skeleton, (None, 0))  # each seed has its own batch
    everyone = members if own_data else _over_settings_and_seeds(skeleton, (None, None))
    penalties = vmap(vmap(penalty)) if penalty else lambda params: 0.0

    def losses(p: Weights, x: Tensor, y: Tensor) -> Tensor:
        logits = members({**p, **buffers}, x)  # (L, S, B, C); updates batch norm's statistics
        return _cross_entropy(logits, y.expand(L, *y.shape)).mean(-1) + penalties(p)

    def judged() -> Weights:
        averaged = {k: states[k].get("average", w) for k, w in params.items()}
        return {k: v.detach().clone() for k, v in {**averaged, **buffers}.items()}

    batches = _minibatches(data, own_data, seeds, batch_size)
    noise = torch.Generator().manual_seed(2_000_003 + seeds[0])
    torch.manual_seed(3_000_003 + seeds[0])  # for the masks of dropout
    own = {k: torch.tensor(v, dtype=torch.float32) for k, v in values.items()}
    states: dict[str, dict] = {k: {} for k in params}
    recorded, moments, snapshots = [], [], {}
    began = time.perf_counter()
    for t in range(steps + 1):
        if t in snapshot_at:
            snapshots[t] = judged()
        if t % record_every == 0 or t == steps:
            moments.append(t)
            skeleton.eval()
            recorded.append(_scores(everyone, judged(), data, own_data))
            skeleton.train()
        if t == steps:
            break
        x, y = next(batches)
        if augment:
            x, y = augment(x, y, noise)
        params = {k: v.requires_grad_() for k, v in params.items()}
        grads = torch.autograd.grad(losses(params, x, y).sum(), list(params.values()))
        factors = np.array([[1.0 if s is None else s(t)] for s in schedules])
        own["lr"] = torch.tensor(rates * factors, dtype=torch.float32)
        with torch.no_grad():
            for (k, w), g in zip(params.items(), grads, strict=True):
                mine = {name: v.view(*v.shape, *[1] * (w.dim() - 2)) for name, v in own.items()}
                params[k] = rule(w.detach(), g, states[k], **mine, **hyper)
    seconds = time.perf_counter() - began
    train_loss, test_loss, train_accuracy, test_accuracy = (
        np.stack(c, -1) for c in zip(*recorded, strict=True)
    )
    return Run(
        step=np.array(moments),
        train_loss=train_loss,
        test_loss=test_loss,
        train_accuracy=train_accuracy,
        test_accuracy=test_accuracy,
        params=judged(),
        snapshots=snapshots,
        seconds=seconds,
    )


def _by_setting(
    lr: float | Sequence[float] | None, settings: Mapping[str, ArrayLike] | None, seeds: int
) -> dict[str, np.ndarray]:
    """Each hyperparameter's values as ``(L, 1)``, or ``(L, S)`` where seeds have their own."""
    if lr is not None and settings is None:
        settings = {"lr": lr}
    elif lr is not None or settings is None or "lr" not in settings:
        raise ValueError('give either lr, or settings with "lr" among them')
    values = {k: np.asarray(v, dtype=float) for k, v in settings.items()}
    values = {k: v if v.ndim == 2 else v.reshape(-1, 1) for k, v in values.items()}
    L = max(map(len, values.values()))
    for name, v in values.items():
        if len(v) not in (1, L) or v.shape[1] not in (1, seeds):
            raise ValueError(f"{name} is {v.shape} for {L} settings and {seeds} seeds")
    return {k: np.broadcast_to(v, (L, v.shape[1])) for k, v in values.items()}


def _stack(data: list[Dataset], seeds: int) -> Dataset:
    """One data set of ``(S, N, ...)`` from a list of them."""
    if len(data) != seeds:
        raise ValueError(f"{len(data)} data sets for {seeds} seeds")
    x_train, y_train, x_test, y_test = (
        torch.stack(parts) for parts in zip(*(d[:4] for d in data), strict=True)
    )
    return Dataset(x_train, y_train, x_test, y_test, data[0].classes)


def _minibatches(
    data: Dataset, own_data: bool, seeds: Sequence[int], batch_size: int | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ``x`` ``(S, B, ...)`` and ``y`` ``(S, B)`` for ever, shuffled anew at each epoch.

    The last items of an epoch, fewer than a batch, are left out.
    """
    S, N = len(seeds), data.y_train.shape[-1]
    if batch_size is None:
        x = data.x_train if own_data else data.x_train.expand(S, *data.x_train.shape)
        while True:
            yield x, data.y_train.expand(S, -1)
    generators = [torch.Generator().manual_seed(1_000_003 + s) for s in seeds]
    whose = torch.arange(S)[:, None]
    while True:
        order = torch.stack([torch.randperm(N, generator=g) for g in generators])
        for at in range(0, N - N % batch_size, batch_size):
            index = order[:, at : at + batch_size]
            items = (whose, index) if own_data else index
            yield data.x_train[items], data.y_train[items]


def _cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """Of each item: ``(L, S, B)``, from ``(L, S, B, C)`` and classes or probabilities."""
    flat = F.cross_entropy(logits.flatten(0, 2), y.flatten(0, 2), reduction="none")
    return flat.view(logits.shape[:3])


@torch.no_grad()
def _scores(
    everyone: Callable, weights: Weights, data: Dataset, own_data: bool
) -> tuple[np.ndarray, ...]:
    """All runs' loss on training and test set and accuracy on both, each ``(L, S)``."""

    def on(x: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
        loss, correct = torch.zeros(()), torch.zeros(())
        items = 1 if own_data else 0
        for part_x, part_y in zip(x.split(1000, items), y.split(1000, items), strict=True):
            logits = everyone(weights, part_x)
            target = part_y.expand(logits.shape[:3])
            of_target = logits.gather(-1, target.unsqueeze(-1)).squeeze(-1)
            loss = loss + (logits.logsumexp(-1) - of_target).sum(-1)  # faster than cross_entropy
            correct = correct + (logits.argmax(-1) == target).sum(-1)
        return (loss / y.shape[-1]).numpy(), (correct / y.shape[-1]).numpy()

    train_loss, train_accuracy = on(data.x_train, data.y_train)
    test_loss, test_accuracy = on(data.x_test, data.y_test)
    return train_loss, test_loss, train_accuracy, test_accuracy


def start_from(
    make_model: Callable[[], nn.Module], weights: Weights, seeds: Sequence[int]
) -> Callable[[], nn.Module]:
    """A ``make_model`` for ``train`` whose networks begin where other runs ended.

    The k-th network that it makes has the ``weights`` ``(L, S, ...)`` of the first setting and of
    ``seeds[k]``, a position among the S.
    """
    begin = iter(seeds)

    def next_model() -> nn.Module:
        model, seed = make_model(), next(begin)
        model.load_state_dict({name: w[0, seed] for name, w in weights.items()})
        return model

    return next_model
