"""What costs nothing: raw pixels and a small network, where a pretrained network is compared.

The same splits as in ``transfer``. The small network sees pictures of 32 pixels, shifted (and
mirrored where that keeps the class), and is trained from random weights until it has fitted them;
its learning rate is chosen on splits of their own. Raw pixels are given to nothing that is tuned.
"""

from lab import pictures, rivals, transfer
from lab.experiments import Experiment, records
from lab.experiments.transfer import images

SIDE = 32  # pixels for the small network
PIXELS = {"pictures": 16, "digits": 8, "scattered": 16}  # a side, for what takes raw pixels
AMOUNTS = {"little": 5, "ten": 10, "much": None}  # training pictures a class
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
STEPS = {"little": 400, "ten": 400, "much": 400}
LONG = 1200  # steps where there are more than a thousand training pictures
TUNING_SEEDS = (1000,)

NETWORK = "small network"
CELLS = [
    {"data": data, "amount": amount}
    for data, amounts in (
        ("pictures", ("little", "ten", "much")),
        ("digits", ("little", "much")),
        ("scattered", ("little",)),
    )
    for amount in amounts
]


def steps(cell: dict) -> int:
    """How long the small network is trained in a cell."""
    many = cell["amount"] == "much" and cell["data"] != "pictures"
    return LONG if many else STEPS[cell["amount"]]


def small_network(cell: dict, seed: int, lr: float) -> dict[str, float]:
    """The small network on a split."""
    x, y = images(cell["data"], SIDE)
    train, test = pictures.split(y, AMOUNTS[cell["amount"]], seed)
    tested, trained = transfer.from_scratch(
        x, y, train, test, steps(cell), seed, lr=lr, flips=cell["data"] == "pictures"
    )
    return {"accuracy": tested, "train_accuracy": trained}


def raw_pixels(cell: dict, seed: int) -> dict[str, float]:
    """A constant answer, the nearest neighbor and logistic regression on a split."""
    x, y = images(cell["data"], PIXELS[cell["data"]])
    train, test = pictures.split(y, AMOUNTS[cell["amount"]], seed)
    return rivals.accuracies(x[train], y[train], x[test], y[test])


RIVAL_RATES = Experiment(  # chooses the small network's rate, on splits that are not judged
    name="rivals-rates",
    settings=[{**cell, "rate": rate} for cell in CELLS for rate in RATES],
    seeds=len(TUNING_SEEDS),
    measure=lambda setting, seed: small_network(setting, TUNING_SEEDS[seed], setting["rate"]),
)


def chosen_rate(cell: dict) -> float:
    """The rate with the best accuracy in a cell, on average over the splits for tuning."""
    scores = dict.fromkeys(RATES, 0.0)
    for r in records(RIVAL_RATES.name):
        if cell.items() <= r["setting"].items():
            scores[r["setting"]["rate"]] += r["measured"]["accuracy"]
    return max(scores, key=lambda rate: scores[rate])


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record: the small network at its rate, or what raw pixels give."""
    cell = {"data": setting["data"], "amount": setting["amount"]}
    if setting["rival"] == NETWORK:
        return small_network(cell, seed, chosen_rate(cell))
    return raw_pixels(cell, seed)


RIVALS = Experiment(
    name="rivals",
    settings=[{**cell, "rival": rival} for cell in CELLS for rival in ("raw pixels", NETWORK)],
    seeds=5,
    measure=measure,
)
