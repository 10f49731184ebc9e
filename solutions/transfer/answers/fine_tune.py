"""Answers to ``fine_tune``."""

import numpy as np
import torch

from assignments.transfer.exercises.fine_tune import ENOUGH, HINT, Measured, accuracy_case
from autograder.exercise import SEEN, Case, Outputs
from autograder.grading.answer import Answer

from ._held_out import held_out, views


def fine_tune(network, x, y, classes):
    network.eval().requires_grad_(False)
    head = torch.nn.Linear(network._fc.in_features, classes, device=x.device)
    network._fc = head
    with torch.no_grad():
        maps = [network.extract_features(part) for part in x.split(32)]
        features = torch.cat([m.mean((2, 3)) for m in maps])
    optimizer = torch.optim.Adam(head.parameters(), lr=3e-3)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(head(features), y).backward()
        optimizer.step()
    return network


def draw_held_out(rng: np.random.Generator) -> list[Case]:
    """The exercise's own case, but asked about views of the held-out pictures."""
    return [accuracy_case(rng, views(held_out(), rng))]


KNOWN: Outputs = {
    ENOUGH: True,
    "how it does": Measured(right=1.0, loss=0.0),  # or nearly so
    HINT: "nothing changed, sure",
    SEEN: {
        "torch's optimizer, of the head that came back": "all of its parameters",
        "pictures that the network was shown": "as given",
        "training pictures named right": "most",
    },
}
ANSWER = Answer(fine_tune, hidden={"accuracy": draw_held_out}, known={"accuracy": KNOWN})


@ANSWER.alternative
def fine_tune(network, x, y, classes):
    """Written with shuffled batches, SGD with momentum, and weight decay."""
    training = []
    network.eval()
    with torch.no_grad():
        for part in x.split(16):
            training.append(network._avg_pooling(network.extract_features(part)).flatten(1))
    features = torch.cat(training)
    network._fc = torch.nn.Linear(features.shape[1], classes).to(x.device)
    optimizer = torch.optim.SGD(network._fc.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
    for _ in range(40):
        for batch in torch.randperm(len(y), device=x.device).split(12):
            loss = torch.nn.functional.cross_entropy(network._fc(features[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval()


@ANSWER.alternative
def fine_tune(network, x, y, classes):
    """Written without storing features: the whole network runs in each step, in evaluation mode."""
    for p in network.parameters():
        p.requires_grad = False
    network._fc = torch.nn.Linear(network._fc.in_features, classes, device=x.device)
    network.eval()
    moving = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([{"params": moving, "lr": 3e-3}])
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.05)
    for step in range(25):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(step))[:20]
        order = order.to(x.device)
        optimizer.zero_grad(set_to_none=True)
        criterion(network(x[order]), y[order]).backward()
        optimizer.step()
    print("trained")
    return network


@ANSWER.alternative
def fine_tune(network, x, y, classes):
    """Written in NumPy, from zero, by gradient descent on centered features."""
    network.eval()
    with torch.no_grad():
        f = torch.cat([network.extract_features(p).mean((-2, -1)) for p in x.split(25)])
    f = f.cpu().double().numpy()
    center, size = f.mean(0), np.sqrt(((f - f.mean(0)) ** 2).sum(1).mean())
    z, target = (f - center) / size, np.eye(classes)[y.cpu().numpy()]
    W, b = np.zeros((f.shape[1], classes)), np.zeros(classes)
    for _ in range(100):
        s = z @ W + b
        p = np.exp(s - s.max(1, keepdims=True))
        error = (p / p.sum(1, keepdims=True) - target) / len(z)
        W -= 10 * z.T @ error
        b -= 10 * error.sum(0)
    head = torch.nn.Linear(f.shape[1], classes)
    with torch.no_grad():
        head.weight.copy_(torch.tensor(W.T / size))
        head.bias.copy_(torch.tensor(b - center @ W / size))
    network._fc = head.to(x.device)
    return network


@ANSWER.alternative
def fine_tune(network, x, y, classes):
    """Written with a head that is trained apart, and L-BFGS."""
    was = {n: p.requires_grad for n, p in network.named_parameters()}
    network.eval()
    with torch.no_grad():
        features = network.extract_features(x).mean(dim=[2, 3])
    head = torch.nn.Linear(network._fc.in_features, classes).to(x)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=60)

    def closure():
        optimizer.zero_grad()
        penalty = 0.01 * head.weight.square().sum()
        loss = torch.nn.functional.cross_entropy(head(features), y) + penalty
        loss.backward()
        return loss

    optimizer.step(closure)
    network._fc = head
    assert len(was)
    return network


@ANSWER.alternative
def fine_tune(network, x, y, classes):
    """Written with dropout in the head."""
    network.eval()
    with torch.no_grad():
        f = torch.cat([network.extract_features(part).mean((2, 3)) for part in x.split(20)])
    head = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Linear(f.shape[1], classes))
    network._fc = head.to(x.device)
    optimizer = torch.optim.Adam(network._fc.parameters(), lr=3e-3)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network._fc(f), y).backward()
        optimizer.step()
    return network.eval()


ANSWER.edited(
    "random-weights", "new random weights in all layers, not only in the head",
    ("    network._fc = head\n",
     "    network._fc = head\n"
     "    for module in network.modules():\n"
     "        if hasattr(module, 'reset_parameters'):\n"
     "            module.reset_parameters()\n"),
)
ANSWER.edited(
    "no-step", "gradients computed, but optimizer.step() never called",
    ("        optimizer.step()\n", ""),
)
ANSWER.edited(
    "one-step",
    "a head that is trained for a single step of the optimizer, where it needs dozens",
    ("range(100)", "range(1)"),
    observed=True,
)
ANSWER.edited(
    "statistics-move", "training mode, in which batch norm's running statistics move",
    ("        maps = [", "        network.train()\n        maps = ["),
    ("    return network", "    return network.eval()"),
)
ANSWER.edited(
    "nothing-frozen",
    "the backbone trained as well, at the head's rate, which destroys its features",
    ("network.eval().requires_grad_(False)", "network.train().requires_grad_(True)"),
    ("head.parameters(), lr=3e-3", "network.parameters(), lr=0.05"),
    ("range(100)", "range(2)"),
    ("head(features), y)", "network(x[::3]), y[::3])"),
    ("    return network", "    return network.eval()"),
)
ANSWER.edited(
    "backbone-moves-slowly",
    "the backbone trained as well, at a lower rate: here it is to stay as it is",
    ("    return network",
     "    slow = torch.optim.SGD(network.requires_grad_(True).parameters(), lr=1e-4)\n"
     "    torch.nn.functional.cross_entropy(network(x[::6]), y[::6]).backward()\n"
     "    slow.step()\n"
     "    return network"),
)
ANSWER.edited(
    "all-in-the-optimizer",
    "all parameters handed to the optimizer, the frozen ones included",
    ("torch.optim.Adam(head.parameters(),", "torch.optim.Adam(network.parameters(),"),
    observed=True,
)
ANSWER.edited(
    "everything-frozen",
    "a loss from which no gradient leads back: the new head frozen as well, or its scores computed under torch.no_grad()",
    ("    network._fc = head\n", "    network._fc = head.requires_grad_(False)\n"),
)
ANSWER.edited(
    "six-written-in", "a head of six outputs where another number of classes is asked for",
    (".in_features, classes", ".in_features, 6"),
    observed=True,
)
ANSWER.edited(
    "left-in-training-mode", "the network left in training mode",
    ("    return network", "    return network.train()"),
    observed=True,
)
ANSWER.edited(
    "old-head", "the old head kept and trained on: its first outputs stand for other classes",
    ("torch.nn.Linear(network._fc.in_features, classes, device=x.device)",
     "network._fc.requires_grad_(True)"),
    ("Adam(head.parameters(), lr=3e-3)", "SGD(head.parameters(), lr=0.1, momentum=0.9)"),
    ("range(100)", "range(15)"),
    observed=True,
)
ANSWER.edited(
    "labels-mixed-up", "a network that is not right about the very pictures it was trained on: pictures and labels that do not belong together (shuffled apart, or labels changed)",
    ("    optimizer = ",
     "    features = features[torch.randperm(len(features), device=x.device)]\n    optimizer = "),
    observed=True,
)
ANSWER.edited(
    "not-shuffled", "few of the classes named for nearly all pictures: from batches in the order of the classes (shuffle them), or from far too large steps",
    ("range(100)", "range(len(y))"),
    ("lr=3e-3", "lr=1.0, momentum=0.95"),
    ("torch.optim.Adam", "torch.optim.SGD"),
    ("head(features), y)", "head(features[_ // 10 * 10 :][:10]), y[_ // 10 * 10 :][:10])"),
)
ANSWER.edited(
    "head-returned", "the head returned, where the network is asked for",
    ("    return network", "    return head"),
)
ANSWER.edited(
    "other-head-trained",
    "a training of parameters that are not those of the head that came back: an optimizer made before the head was replaced, or a head replaced once more after training",
    ("    head = torch.nn.Linear(",
     "    optimizer = torch.optim.Adam(network._fc.parameters(), lr=3e-3)\n    head = torch.nn.Linear("),
    ("    optimizer = torch.optim.Adam(head.parameters(), lr=3e-3)\n", ""),
)
ANSWER.edited(
    "head-not-put-in", "a head that is trained, but never put into the network",
    ("    network._fc = head\n", ""),
)
