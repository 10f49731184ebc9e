"""Train many small networks at once: every learning rate and every seed in one batched run."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from lab.data import Dataset


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
    """What a training run recorded; ``L`` learning rates, ``S`` seeds, ``T`` moments.

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


def _over_rates_and_seeds(model: nn.Module, x_dims: tuple[int | None, int | None]) -> Callable:
    """``model`` as a function of ``(weights (L, S, ...), x)``; ``x_dims`` are x's axes L and S."""

    def forward(weights, x):
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
    forward = _over_rates_and_seeds(model, (None, None))
    weights = {k: v.clone() for k, v in weights.items()} if training else weights
    return torch.cat([forward(weights, part).softmax(-1) for part in x.split(batch_size)], -2)


def train(
    make_model: Callable[[], nn.Module],
    data: Dataset | list[Dataset],
    rule: Callable,
    *,
    lr: float | Sequence[float],
    seeds: int | Sequence[int] = 5,
    steps: int = 500,
    batch_size: int | None = 64,
    schedule: Callable[[int], float] | Sequence[Callable[[int], float]] | None = None,
    augment: Callable | None = None,
    penalty: Callable[[Weights], Tensor] | None = None,
    record_every: int = 25,
    snapshot_at: Sequence[int] = (),
    **hyper,
) -> Run:
    """Minimize the cross-entropy with an update rule of ``lab.rules``, many runs side by side.

    Seed ``s`` fixes the initial weights and the order of the mini-batches, and is shared by all
    learning rates, so that rates are compared on the same draws; ``seeds`` is their number or a
    list of them. ``data`` may be a list, a data set for each seed, all of one size.
    ``batch_size=None`` uses the full training set at each step. ``schedule(t)`` is a
    factor on the learning rate at step ``t`` (from 0); a sequence of them gives each learning rate
    its own. Further keywords go to the rule. A rule that wants other weights judged than those it
    takes gradients at leaves them in its ``state["average"]``.

    ``augment(x, y, generator)`` may change each mini-batch ``x`` ``(S, B, ...)``, ``y`` ``(S, B)``:
    it returns new inputs and targets, classes or probabilities ``(S, B, C)``. ``penalty(params)``
    is a scalar that is added to the loss, a function of one run's parameters by name.
    ``snapshot_at`` lists the steps after which weights are kept. Dropout draws its masks from a
    generator seeded by the seeds. Raises ValueError if there are not as many schedules as learning
    rates, or data sets as seeds.
    """
    rates = np.atleast_1d(np.asarray(lr, dtype=float))
    schedules = schedule if isinstance(schedule, Sequence) else [schedule] * len(rates)
    if len(schedules) != len(rates):
        raise ValueError(f"{len(schedules)} schedules for {len(rates)} learning rates")
    seeds = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    own_data = isinstance(data, list)
    if own_data:
        if len(data) != len(seeds):
            raise ValueError(f"{len(data)} data sets for {len(seeds)} seeds")
        data = Dataset(*map(torch.stack, zip(*(d[:4] for d in data), strict=True)), data[0].classes)
    models = []
    for seed in seeds:
        torch.manual_seed(seed)
        models.append(make_model())
    stacked, stacked_buffers = stack_module_state(models)
    L, S, N = len(rates), len(seeds), data.y_train.shape[-1]
    params = {k: v.detach().expand(L, *v.shape).clone() for k, v in stacked.items()}
    buffers = {k: v.expand(L, *v.shape).clone() for k, v in stacked_buffers.items()}
    skeleton = models[0].to("meta")
    members = _over_rates_and_seeds(skeleton, (None, 0))  # each seed has its own batch
    members_judged = members if own_data else _over_rates_and_seeds(skeleton, (None, None))
    penalties = vmap(vmap(penalty)) if penalty else None

    def losses(p, x, y):
        logits = members({**p, **buffers}, x)  # (L, S, B, C); updates batch norm's statistics
        target = y.expand(L, *y.shape).flatten(0, 2)
        flat = F.cross_entropy(logits.flatten(0, 2), target, reduction="none")
        loss = flat.view(L, S, -1).mean(-1)
        return loss if penalties is None else loss + penalties(p)

    def judged():
        averaged = {k: states[k].get("average", w) for k, w in params.items()}
        return {k: v.detach().clone() for k, v in {**averaged, **buffers}.items()}

    @torch.no_grad()
    def evaluate(x, y):
        loss, correct = 0.0, 0.0
        weights = judged()
        items = 1 if own_data else 0
        for part_x, part_y in zip(x.split(1000, items), y.split(1000, items), strict=True):
            logits = members_judged(weights, part_x)
            target = part_y.expand(L, S, -1)
            per_item = F.cross_entropy(
                logits.flatten(0, 2), target.reshape(-1), reduction="none"
            ).view(L, S, -1)
            loss = loss + per_item.sum(-1)
            correct = correct + (logits.argmax(-1) == target).sum(-1)
        return (loss / y.shape[-1]).numpy(), (correct / y.shape[-1]).numpy()

    generators = [torch.Generator().manual_seed(1_000_003 + s) for s in seeds]
    noise = torch.Generator().manual_seed(2_000_003 + seeds[0])
    torch.manual_seed(3_000_003 + seeds[0])  # for the masks of dropout
    states: dict[str, dict] = {k: {} for k in params}
    recorded: list[tuple] = []
    moments, snapshots = [], {}
    order = None
    began = time.perf_counter()
    for t in range(steps + 1):
        if t in snapshot_at:
            snapshots[t] = judged()
        if t % record_every == 0 or t == steps:
            moments.append(t)
            skeleton.eval()
            recorded.append(
                (*evaluate(data.x_train, data.y_train), *evaluate(data.x_test, data.y_test))
            )
            skeleton.train()
        if t == steps:
            break
        if batch_size is None:
            x = data.x_train if own_data else data.x_train.expand(S, *data.x_train.shape)
            y = data.y_train.expand(S, -1)
        else:
            at = (t * batch_size) % (N - N % batch_size)
            if at == 0:
                order = torch.stack([torch.randperm(N, generator=g) for g in generators])
            index = order[:, at : at + batch_size]
            index = (torch.arange(S)[:, None], index) if own_data else index
            x, y = data.x_train[index], data.y_train[index]
        if augment:
            x, y = augment(x, y, noise)
        params = {k: v.requires_grad_() for k, v in params.items()}
        grads = torch.autograd.grad(losses(params, x, y).sum(), list(params.values()))
        factors = [1.0 if s is None else s(t) for s in schedules]
        rate = torch.tensor(rates * factors, dtype=torch.float32)
        with torch.no_grad():
            params = {
                k: rule(w.detach(), g, states[k], rate.view(L, *[1] * (w.dim() - 1)), **hyper)
                for (k, w), g in zip(params.items(), grads, strict=True)
            }
    seconds = time.perf_counter() - began
    train_loss, train_acc, test_loss, test_acc = (
        np.stack(c, -1) for c in zip(*recorded, strict=True)
    )
    return Run(
        np.array(moments), train_loss, test_loss, train_acc, test_acc, judged(), snapshots, seconds
    )
