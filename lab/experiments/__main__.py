"""``python -m lab.experiments [NAME ...]``: run the long experiments that have no records yet."""

import argparse

import torch

from lab.experiments import run
from lab.experiments.augmented import AUGMENTED, AUGMENTED_EDGE
from lab.experiments.beside_norm import BESIDE_NORM
from lab.experiments.compared import FIVE, SIX
from lab.experiments.critical import CRITICAL
from lab.experiments.decay import DECAY
from lab.experiments.efficient import EFFICIENT, EFFICIENT_RATES, EFFICIENT_RIVAL
from lab.experiments.ensembles import ENSEMBLES
from lab.experiments.ghosts import GHOSTS
from lab.experiments.landscape import LANDSCAPE
from lab.experiments.mixing import MIXING
from lab.experiments.newer import NEWER
from lab.experiments.regularizers import REGULARIZERS
from lab.experiments.rivals import RIVAL_RATES, RIVALS
from lab.experiments.snapshots import SNAPSHOTS
from lab.experiments.stall import STALL
from lab.experiments.stopped import STOPPED
from lab.experiments.transfer import RATES, TRANSFER

EXPERIMENTS = {  # what chooses rates comes before what is judged at them
    e.name: e
    for e in (
        *(
            CRITICAL,
            DECAY,
            STALL,
            SIX,
            FIVE,
            NEWER,
            ENSEMBLES,
            SNAPSHOTS,
            MIXING,
            STOPPED,
            GHOSTS,
            LANDSCAPE,
            BESIDE_NORM,
            AUGMENTED,
            AUGMENTED_EDGE,
        ),
        *(REGULARIZERS, RATES, TRANSFER, RIVAL_RATES, RIVALS),
        *(EFFICIENT_RATES, EFFICIENT, EFFICIENT_RIVAL),
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m lab.experiments",
        description="Run the long experiments. What has a record is not run again: to measure anew, "
        "delete lab/experiments/records/NAME.jsonl.",
    )
    parser.add_argument(
        "name", nargs="*", help=f"which ({', '.join(EXPERIMENTS)}); all if none is given"
    )
    names = parser.parse_args().name
    if unknown := set(names) - set(EXPERIMENTS):
        parser.error(f"no experiment {', '.join(sorted(unknown))}; known: {', '.join(EXPERIMENTS)}")
    torch.set_num_threads(1)
    for name in names or EXPERIMENTS:
        run(EXPERIMENTS[name])


if __name__ == "__main__":
    main()
