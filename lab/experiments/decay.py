"""Does decay of the rate matter more for momentum than for Adam? Both tuned, with each schedule."""

import numpy as np

from lab import data, rules, schedules, training
from lab.contest import Entry, entry
from lab.experiments import Experiment, samples

STEPS = 600
SCHEDULES = {
    "constant": lambda t: 1.0,
    "step": lambda t: schedules.step_decay(t, every=2 * STEPS // 3),
    "cosine": lambda t: schedules.cosine_with_warmup(t, total=STEPS),
    "warm-up": lambda t: schedules.cosine_with_warmup(t, STEPS, warmup=STEPS // 10),
}
RATES = {"momentum": 0.005 * 2.0 ** np.arange(6), "adam": 0.003 * 2.0 ** np.arange(6)}
BATCHES = (4, 16)
OFF_THE_SCALE = 1e6  # stands for a loss that is no number or infinite: JSON has neither


def measure(setting: dict, seed: int) -> dict[str, float]:
    """The training loss after 600 steps, by schedule and rate, of one rule and batch size."""
    rates = RATES[setting["rule"]]
    run = training.train(
        lambda: training.mlp(40, 24, 10),
        data.mnist1d(),
        getattr(rules, setting["rule"]),
        lr=np.tile(rates, len(SCHEDULES)).tolist(),
        schedule=[factor for factor in SCHEDULES.values() for _ in rates],
        seeds=[seed],
        steps=STEPS,
        batch_size=setting["batch"],
        record_every=STEPS,
    )
    final = np.nan_to_num(run.train_loss[:, 0, -1], nan=OFF_THE_SCALE, posinf=OFF_THE_SCALE)
    names = [f"{name} {rate:g}" for name in SCHEDULES for rate in rates]
    return dict(zip(names, np.minimum(final, OFF_THE_SCALE).tolist(), strict=True))


def losses(rule: str, batch: int, schedule: str) -> np.ndarray:
    """From the records: the losses ``(rates, seeds)``."""
    return np.stack(
        [samples("decay", f"{schedule} {r:g}", rule=rule, batch=batch) for r in RATES[rule]]
    )


def tuned(rule: str, batch: int, schedule: str) -> Entry:
    """From the records: the contest of the rates, each seed at the one that the others choose."""
    return entry(RATES[rule], losses(rule, batch, schedule))


def tuned_gain(rule: str, batch: int, schedule: str) -> np.ndarray:
    """What a schedule gains over a constant rate, both tuned: the loss falls by (seeds,)."""
    return tuned(rule, batch, "constant").loss - tuned(rule, batch, schedule).loss


def tuned_lead() -> dict[tuple[int, str], np.ndarray]:
    """By how much momentum gains more than Adam, by batch size and schedule: (seeds,) each."""
    return {
        (batch, name): tuned_gain("momentum", batch, name) - tuned_gain("adam", batch, name)
        for batch in BATCHES
        for name in ("step", "cosine")
    }


DECAY = Experiment(
    name="decay",
    settings=[{"rule": rule, "batch": batch} for rule in RATES for batch in BATCHES],
    seeds=32,
    measure=measure,
)
