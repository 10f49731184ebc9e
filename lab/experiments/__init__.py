"""Experiments too long for a page: run by ``make experiments``, their records committed.

An experiment is a list of settings and a number of seeds; a *record* is what one setting gave with
one seed. Records are JSON objects, one a line, in ``lab/experiments/records/NAME.jsonl``. A run
measures only what has no record yet, so it can be stopped and taken up again. Pages read records
with ``samples``.
"""

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

RECORDS = Path(__file__).with_name("records")


@dataclass(frozen=True)
class Experiment:
    """``measure(setting, seed)`` returns figures by name, for each setting and each seed.

    A setting is a flat dict of strings and numbers.
    """

    name: str
    settings: Sequence[dict]
    seeds: int
    measure: Callable[[dict, int], dict[str, float]]


def _file(name: str) -> Path:
    return RECORDS / f"{name}.jsonl"


def records(name: str) -> list[dict]:
    """All records of an experiment; a last line that was cut short by a crash is left out.

    Raises FileNotFoundError, with what to do, if the experiment never ran.
    """
    file = _file(name)
    if not file.exists():
        raise FileNotFoundError(f"no records of {name!r}: run `make experiments`")
    about = file.stat()
    return list(_parsed(file, about.st_mtime_ns, about.st_size))


@lru_cache(maxsize=16)
def _parsed(file: Path, changed: int, size: int) -> tuple[dict, ...]:
    """The records in a file, read once as long as it stays the same."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return tuple(json.loads(line) for line in lines[:-1])  # after the last newline is no record


def samples(name: str, figure: str, **setting: str | float) -> np.ndarray:
    """A figure ``(seeds,)``, in the order of the seeds, of the one setting that has these values.

    Raises LookupError if the values fit no setting or several.
    """
    found = [r for r in records(name) if setting.items() <= r["setting"].items()]
    if len({json.dumps(r["setting"], sort_keys=True) for r in found}) != 1:
        raise LookupError(f"{name}: {setting} fits {len(found)} records, not those of one setting")
    return np.array([r["measured"][figure] for r in sorted(found, key=lambda r: r["seed"])])


def provenance(name: str) -> str:
    """One sentence on where the records come from: runs, seeds, time, versions and device."""
    found = records(name)
    each = {key: ", ".join(sorted({str(r[key]) for r in found})) for key in ("device", "torch")}
    seeds = len({r["seed"] for r in found})
    minutes = sum(r["seconds"] for r in found) / 60
    return (
        f"{len(found)} runs, {seeds} seed{'s' * (seeds > 1)} each setting, {minutes:.0f} minutes in all "
        f"on {each['device']}, torch {each['torch']}."
    )


def run(experiment: Experiment, say: Callable[[str], None] = print) -> None:
    """Measure every setting and seed that has no record yet; each is on disk before the next."""
    file = _file(experiment.name)
    done = records(experiment.name) if file.exists() else []
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():  # drop what a crash left behind the last whole line
        file.write_text("".join(json.dumps(r) + "\n" for r in done), encoding="utf-8")
    have = [(r["setting"], r["seed"]) for r in done]
    todo = [
        (setting, seed)
        for seed in range(experiment.seeds)
        for setting in experiment.settings
        if (setting, seed) not in have
    ]
    total = len(experiment.settings) * experiment.seeds
    say(f"{experiment.name}: {total - len(todo)} of {total} runs are recorded")
    began = time.perf_counter()
    for i, (setting, seed) in enumerate(todo, start=1):
        start = time.perf_counter()
        measured = {k: float(v) for k, v in experiment.measure(setting, seed).items()}
        record = {
            "setting": setting,
            "seed": seed,
            "measured": measured,
            "seconds": round(time.perf_counter() - start, 2),
            "device": f"CPU, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "torch": version("torch"),
            "numpy": version("numpy"),
        }
        with open(file, "a", encoding="utf-8") as out:
            out.write(json.dumps(record) + "\n")
        left = (time.perf_counter() - began) / i * (len(todo) - i)
        figures = " ".join(f"{k} {v:.3g}" for k, v in measured.items())
        words = " ".join(str(v) for v in setting.values())
        say(f"[{i}/{len(todo)}, {left / 60:.0f} min left] {words} seed {seed}: {figures}")
