"""The lecture's table of transfer learning, measured: little or much data, similar or different.

Also what the learning rate of the backbone, the start of the last layer and the statistics of batch
norm do in fine-tuning. All on EfficientNet-Lite0, pictures of 64 x 64 pixels, batches of 16.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from lab import pictures, pretrained, transfer
from lab.experiments import Experiment, records

SIDE = 64
LITTLE = 5  # training pictures a class


class Method(NamedTuple):
    """How many stages stay frozen, the backbone's rate in units of the last layer's, and more."""

    frozen: int
    ratio: float = 1.0
    pretrained: bool = True
    lengthen: int = 1  # how many times the steps that fine-tuning all layers has
    shifted: bool = False
    rates: tuple[float, ...] = ()


LAST = "last layer only"
SCRATCH = "from scratch"
SHIFTED = "shifted copies, all"  # of scattered digits alone: there place is what varies
METHODS = {
    LAST: Method(transfer.BACKBONE, lengthen=3, rates=(3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
    "part, a tenth": Method(13, 0.1, lengthen=2, rates=(1e-3, 3e-3, 1e-2, 3e-2)),
    "part, equal": Method(13, lengthen=2, rates=(1e-4, 3e-4, 1e-3, 3e-3)),
    "all, a tenth": Method(0, 0.1, rates=(3e-4, 1e-3, 3e-3, 1e-2)),
    "all, equal": Method(0, rates=(3e-5, 1e-4, 3e-4, 1e-3)),
    SHIFTED: Method(0, lengthen=4, shifted=True, rates=(3e-5, 1e-4, 3e-4, 1e-3)),
    SCRATCH: Method(0, pretrained=False, lengthen=3, rates=(3e-4, 1e-3, 3e-3, 1e-2, 3e-2)),
}
STEPS = {  # of 16 pictures, when all layers are fine-tuned
    ("pictures", "little"): 40,
    ("pictures", "much"): 100,
    ("digits", "little"): 50,
    ("digits", "much"): 220,
    ("scattered", "little"): 50,
}


class Task(NamedTuple):
    """Prepared pictures ``(N, 3, H, W)`` with their classes, to train and to test on."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor


@cache
def images(data: str, side: int = SIDE) -> tuple[Tensor, Tensor]:
    """All "pictures", "digits" (8 x 8 digits, drawn larger) or "scattered" digits, prepared.

    Scattered digits differ in place and size, so that two of a class share few pixels. Also returns
    the classes. Raises ValueError for other data.
    """
    if data == "pictures":
        found = pictures.pictures(side)
        return pretrained.prepare(found.x), found.y
    if data not in ("digits", "scattered"):
        raise ValueError(f"no data {data!r}: pictures, digits or scattered")
    from sklearn.datasets import load_digits

    raw, y = load_digits(return_X_y=True)
    x = torch.tensor(raw, dtype=torch.float32).view(-1, 1, 8, 8) / 16
    if data == "scattered":
        x = scatter(x)
        x = F.interpolate(x, size=(side, side), mode="area") if side < SIDE else x
    else:
        x = F.interpolate(x, size=(side, side), mode="bilinear").expand(-1, 3, -1, -1)
    return pretrained.prepare(x * 255), torch.tensor(y)


def scatter(strokes: Tensor, seed: int = 0) -> Tensor:
    """Draw each item of ``strokes`` ``(N, 1, h, w)``, in [0, 1], anywhere on a picture of its own.

    Its side is 20 to 36 of the picture's 64 pixels. Returns ``(N, 3, 64, 64)``.
    """
    generator = torch.Generator().manual_seed(seed)
    made = []
    for stroke in strokes:
        side = int(torch.randint(20, 37, (), generator=generator))
        top, left = torch.randint(SIDE - side + 1, (2,), generator=generator).tolist()
        large = F.interpolate(stroke[None], size=(side, side), mode="bilinear")[0]
        made.append(F.pad(large, (left, SIDE - side - left, top, SIDE - side - top)))
    return torch.stack(made).expand(-1, 3, -1, -1)


def task(data: str, per_class: int | None, seed: int, side: int = SIDE) -> Task:
    """A third of each class to test on, and ``per_class`` (None: all) of the others to train on."""
    x, y = images(data, side)
    train, test = pictures.split(y, per_class, seed)
    return Task(x[train], y[train], x[test], y[test])


def network(task: Task, *, pretrained_weights: bool, seed: int) -> torch.nn.Sequential:
    """The chain of stages, with a new last layer that has as many classes as the task."""
    classes = int(task.y_train.max()) + 1
    return transfer.stages(pretrained.efficientnet_lite0(classes, pretrained_weights, seed))


def judge(net: torch.nn.Sequential, task: Task) -> dict[str, float]:
    """Accuracy and mean cross-entropy on what the task keeps to test on."""
    logits = transfer.outputs(net, task.x_test)
    correct = (logits.argmax(-1) == task.y_test).double().mean()
    return {"accuracy": float(correct), "loss": float(F.cross_entropy(logits, task.y_test))}


# ---- the table


def measure_cell(
    setting: dict, seed: int, lr: float, side: int = SIDE, shorten: int = 1
) -> dict[str, float]:
    """One method in one cell of the table: the split, the last layer and the order by ``seed``.

    ``shorten`` divides the number of steps.
    """
    method = METHODS[setting["method"]]
    per_class = LITTLE if setting["amount"] == "little" else None
    this = task(setting["data"], per_class, seed, side)
    net = network(this, pretrained_weights=method.pretrained, seed=seed)
    losses = transfer.fine_tune(
        net,
        this.x_train,
        this.y_train,
        frozen=method.frozen,
        lr=lr,
        ratio=method.ratio,
        steps=method.lengthen * STEPS[setting["data"], setting["amount"]] // shorten,
        statistics="held" if method.pretrained else "refreshed",
        shifted=method.shifted,
        seed=seed,
    )
    return {**judge(net, this), "train_loss": float(np.mean(losses[-5:]))}


CELLS = [
    {"study": "table", "data": data, "amount": amount, "method": method}
    for data, amount in STEPS
    for method in METHODS
    if (method in (LAST, "all, equal", SHIFTED) if data == "scattered" else method != SHIFTED)
]


def _measure_rate(setting: dict, seed: int) -> dict[str, float]:
    return measure_cell(setting, 1000 + seed, setting["lr"])


RATES = Experiment(  # chooses the learning rates, on a split of its own
    name="transfer-rates",
    settings=[{**cell, "lr": lr} for cell in CELLS for lr in METHODS[cell["method"]].rates],
    seeds=1,
    measure=_measure_rate,
)


def _best(cell: dict) -> dict:
    """The most accurate of ``RATES``' records that have these values; of equals, by loss."""
    found = [r for r in records(RATES.name) if cell.items() <= r["setting"].items()]
    if not found:
        raise LookupError(f"{RATES.name} has no records of {cell}")
    return max(found, key=lambda r: (r["measured"]["accuracy"], -r["measured"]["loss"]))


def chosen_rate(cell: dict) -> float:
    """The rate that ``RATES`` found best for this cell and method.

    Raises LookupError if it has no records of them.
    """
    return _best(cell)["setting"]["lr"]


def chosen_method(data: str, amount: str, methods: Sequence[str]) -> str:
    """The one of these methods that ``RATES`` found best in this cell, each at its best rate."""
    bests = (
        _best({"study": "table", "data": data, "amount": amount, "method": method})
        for method in methods
    )
    best = max(bests, key=lambda r: (r["measured"]["accuracy"], -r["measured"]["loss"]))
    return best["setting"]["method"]


REDUCED = [
    {"study": "table", "data": data, "amount": "little", "method": method}
    for data, method in [
        ("pictures", LAST),
        ("pictures", SCRATCH),
        ("digits", LAST),
        ("digits", "all, equal"),
    ]
]


def reduced(seed: int = 0) -> list[float]:
    """The accuracy of each setting of ``REDUCED``: one seed, half the side, half the steps."""
    return [
        measure_cell(setting, seed, chosen_rate(setting), side=SIDE // 2, shorten=2)["accuracy"]
        for setting in REDUCED
    ]


# ---- fine-tuning all layers: the rate of the backbone, the start, the statistics

RATIOS = (0.01, 0.1, 1.0, 10.0)
HEAD_RATE = 3e-3
PER_CLASS, FINE_STEPS, PROBE_STEPS = 10, 60, 150


@cache
def second_task() -> Task:
    """A task nobody fine-tuned for: 20 digits a class to train a probe on, 300 to test it on."""
    digits = task("digits", 20, seed=0)
    return digits._replace(x_test=digits.x_test[::2], y_test=digits.y_test[::2])


def probe(net: torch.nn.Sequential, task: Task) -> float:
    """Accuracy of a logistic regression on the features that ``net`` makes of the task."""
    from sklearn.linear_model import LogisticRegression

    backbone = net[: transfer.BACKBONE]
    train, test = (transfer.outputs(backbone, x).numpy() for x in (task.x_train, task.x_test))
    fitted = LogisticRegression(C=0.1, max_iter=1000).fit(train, task.y_train)
    return float(fitted.score(test, task.y_test))


@cache
def old_head() -> torch.nn.Linear:
    """The last layer that knows ImageNet's 1000 classes."""
    return pretrained.efficientnet_lite0()._fc


def forgetting(net: torch.nn.Sequential, before: Tensor, x: Tensor) -> dict[str, float]:
    """How far the features of ``x`` moved from ``before``, and what ImageNet's last layer says.

    ``moved`` is the mean of |f' - f| / |f|; ``agreement`` the fraction of pictures that get the
    same of ImageNet's classes as before.
    """
    after = transfer.outputs(net[: transfer.BACKBONE], x)
    moved = ((after - before).norm(dim=1) / before.norm(dim=1)).mean()
    with torch.no_grad():
        same = old_head()(after).argmax(1) == old_head()(before).argmax(1)
    return {"moved": float(moved), "agreement": float(same.double().mean())}


def measure_fine_tuning(setting: dict, seed: int) -> dict[str, float]:
    """Fine-tune all layers on 10 pictures a class; ratio 0 leaves the backbone's weights alone."""
    this = task("pictures", PER_CLASS, seed)
    net = network(this, pretrained_weights=True, seed=seed)
    before = transfer.outputs(net[: transfer.BACKBONE], this.x_test)
    x, y = this.x_train, this.y_train
    if setting["start"] == "probed":
        transfer.fine_tune(
            net, x, y, frozen=transfer.BACKBONE, lr=HEAD_RATE, steps=PROBE_STEPS, seed=seed
        )
    losses = transfer.fine_tune(
        net,
        x,
        y,
        frozen=0,
        lr=HEAD_RATE,
        ratio=setting["ratio"],
        steps=FINE_STEPS,
        statistics=setting["statistics"],
        seed=seed,
    )
    return {
        **judge(net, this),
        **forgetting(net, before, this.x_test),
        "second_task": probe(net, second_task()),
        "first_loss": losses[0],
        "peak_loss": max(losses[:10]),
        "last_loss": float(np.mean(losses[-5:])),
    }


FINE_TUNING = [
    {"study": "fine-tuning", "ratio": ratio, "start": start, "statistics": "held"}
    for start in ("new", "probed")
    for ratio in (0.0, *RATIOS)
] + [
    {"study": "fine-tuning", "ratio": ratio, "start": "new", "statistics": statistics}
    for statistics in ("moving", "refreshed")
    for ratio in (0.0, 0.1)
]


def measure(setting: dict, seed: int) -> dict[str, float]:
    """A cell of the table, at the rate that ``RATES`` chose, or a setting of fine-tuning."""
    if setting["study"] == "fine-tuning":
        return measure_fine_tuning(setting, seed)
    return measure_cell(setting, seed, chosen_rate(setting))


TRANSFER = Experiment(name="transfer", settings=[*CELLS, *FINE_TUNING], seeds=5, measure=measure)
