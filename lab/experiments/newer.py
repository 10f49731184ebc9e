"""Rules that came after Adam, each at six rates, and Adam with more steps than they have."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, nn

from lab import data, modern_rules, rules, training
from lab.contest import Entry, entry
from lab.experiments import Experiment, samples
from lab.rules import Rule, State
from lab.schedules import cosine_with_warmup

STEPS, WIDTH = 300, 48
LENGTHS = (450, 600, 900)  # of the longer runs with Adam
RATES = (2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1)


def muon_or_adam(is_muons: Callable[[Tensor], bool]) -> Rule:
    """Muon where ``is_muons(w)``, Adam elsewhere, at the same rate."""

    def rule(w: Tensor, g: Tensor, state: State, lr: Tensor) -> Tensor:
        if is_muons(w):
            return modern_rules.muon(w, g, state, lr, match_adam=True)
        return rules.adam(w, g, state, lr)

    return rule


muon_on_all = muon_or_adam(lambda w: w.dim() == 4)  # (rates, seeds, out, in)
muon_on_hidden = muon_or_adam(lambda w: w.shape[-2:] == (WIDTH, WIDTH))

CONTESTANTS: dict[str, tuple[Rule, bool, float]] = {  # rule, cosine, factor on the rates
    "Adam, constant rate": (rules.adam, False, 1.0),
    "Adam, cosine": (rules.adam, True, 1.0),
    "Lion, cosine": (modern_rules.lion, True, 0.2),
    "Muon on hidden, cosine": (muon_on_hidden, True, 1.0),
    "Muon on all, cosine": (muon_on_all, True, 1.0),
    "schedule-free Adam": (modern_rules.schedule_free_adam, False, 1.0),
}


def network() -> nn.Module:
    return training.mlp(40, WIDTH, WIDTH, 10)


def rates(name: str) -> list[float]:
    """The six rates of a contestant."""
    return [rate * CONTESTANTS[name][2] for rate in RATES]


def measure(setting: dict, seed: int) -> dict[str, float]:
    """The last training loss of a contestant at each of its rates."""
    rule, cosine, _ = CONTESTANTS[setting["rule"]]
    steps = setting["steps"]
    run = training.train(
        network,
        data.mnist1d(),
        rule,
        lr=rates(setting["rule"]),
        schedule=(lambda t: cosine_with_warmup(t, steps)) if cosine else None,
        seeds=[seed],
        steps=steps,
        batch_size=64,
        record_every=steps,
    )
    return {
        f"{rate:g}": float(loss)
        for rate, loss in zip(rates(setting["rule"]), run.train_loss[:, 0, -1], strict=True)
    }


NEWER = Experiment(
    name="newer",
    settings=[
        *({"rule": name, "steps": STEPS} for name in CONTESTANTS),
        *({"rule": "Adam, cosine", "steps": steps} for steps in LENGTHS),
    ],
    seeds=16,
    measure=measure,
)


def tuned(name: str, steps: int = STEPS) -> Entry:
    """A contestant's losses on record, each seed at the rate that the other seeds choose."""
    losses = [samples("newer", f"{rate:g}", rule=name, steps=steps) for rate in rates(name)]
    return entry(rates(name), np.array(losses))
