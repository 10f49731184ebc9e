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


def mlp(*sizes: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """A multilayer perceptron with the given layer sizes, inputs first and classes last."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(fan_in, fan_out), activation()]
    return nn.Sequential(*layers[:-1])


@dataclass(frozen=True)
class Run:
    """What a training run recorded; ``L`` learning rates, ``S`` seeds, ``T`` moments.

    ``step`` ``(T,)`` counts updates. The losses are mean cross-entropies over the whole training
    and test set, the accuracies fractions: each ``(L, S, T)``. ``params`` maps parameter names to
    the final weights ``(L, S, ...)``; ``seconds`` is the wall time of the whole run.
    """

    step: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    params: dict[str, Tensor]
    seconds: float


def train(
    make_model: Callable[[], nn.Module],
    data: Dataset,
    rule: Callable,
    *,
    lr: float | Sequence[float],
    seeds: int = 5,
    steps: int = 500,
    batch_size: int | None = 64,
    schedule: Callable[[int], float] | Sequence[Callable[[int], float]] | None = None,
    record_every: int = 25,
    **hyper,
) -> Run:
    """Minimize the cross-entropy with an update rule of ``lab.rules``, many runs side by side.

    Seed ``s`` fixes the initial weights and the order of the mini-batches, and is shared by all
    learning rates, so that rates are compared on the same draws. ``batch_size=None`` uses the full
    training set at each step. ``schedule(t)`` is a factor on the learning rate at step ``t``
    (from 0); a sequence of them gives each learning rate its own. Further keywords go to the rule.
    A rule that wants other weights judged than those it takes gradients at leaves them in its
    ``state["average"]``. The model must be free of buffers (no batch norm): members share one
    functional call. Raises ValueError for a model with buffers, or if there are not as many
    schedules as learning rates.
    """
    rates = np.atleast_1d(np.asarray(lr, dtype=float))
    schedules = schedule if isinstance(schedule, Sequence) else [schedule] * len(rates)
    if len(schedules) != len(rates):
        raise ValueError(f"{len(schedules)} schedules for {len(rates)} learning rates")
    models = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        models.append(make_model())
    stacked, buffers = stack_module_state(models)
    if buffers:
        raise ValueError("train() takes models without buffers; this one has " + ", ".join(buffers))
    L, S, N = len(rates), seeds, len(data.x_train)
    params = {k: v.detach().expand(L, *v.shape).clone() for k, v in stacked.items()}
    skeleton = models[0].to("meta")

    def forward(p, x):
        return functional_call(skeleton, p, (x,))

    over_seeds = vmap(forward, in_dims=(0, 0))  # each seed has its own batch
    members = vmap(over_seeds, in_dims=(0, None))
    members_same_x = vmap(vmap(forward, in_dims=(0, None)), in_dims=(0, None))

    def losses(p, x, y):
        logits = members(p, x)  # (L, S, B, C)
        target = y.expand(L, *y.shape).reshape(-1)
        flat = F.cross_entropy(logits.flatten(0, 2), target, reduction="none")
        return flat.view(L, S, -1).mean(-1)

    def judged():
        return {k: states[k].get("average", w) for k, w in params.items()}

    @torch.no_grad()
    def evaluate(x, y):
        loss, correct = 0.0, 0.0
        weights = judged()
        for part_x, part_y in zip(x.split(1000), y.split(1000), strict=True):
            logits = members_same_x(weights, part_x)
            target = part_y.expand(L, S, -1)
            per_item = F.cross_entropy(
                logits.flatten(0, 2), target.reshape(-1), reduction="none"
            ).view(L, S, -1)
            loss = loss + per_item.sum(-1)
            correct = correct + (logits.argmax(-1) == target).sum(-1)
        return (loss / len(x)).numpy(), (correct / len(x)).numpy()

    generators = [torch.Generator().manual_seed(1_000_003 + s) for s in range(S)]
    states: dict[str, dict] = {k: {} for k in params}
    recorded: list[tuple] = []
    moments = []
    order = None
    began = time.perf_counter()
    for t in range(steps + 1):
        if t % record_every == 0 or t == steps:
            moments.append(t)
            recorded.append(
                (*evaluate(data.x_train, data.y_train), *evaluate(data.x_test, data.y_test))
            )
        if t == steps:
            break
        if batch_size is None:
            x = data.x_train.expand(S, -1, -1)
            y = data.y_train.expand(S, -1)
        else:
            at = (t * batch_size) % (N - N % batch_size)
            if at == 0:
                order = torch.stack([torch.randperm(N, generator=g) for g in generators])
            index = order[:, at : at + batch_size]
            x, y = data.x_train[index], data.y_train[index]
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
    return Run(np.array(moments), train_loss, test_loss, train_acc, test_acc, judged(), seconds)
