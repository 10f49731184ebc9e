"""Answers to ``replace_head``."""

import torch

from autograder.grading.answer import Answer


def replace_head(network, classes):
    old = network._fc
    network._fc = torch.nn.Linear(
        old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype
    )
    return network


ANSWER = Answer(replace_head)


@ANSWER.alternative
def replace_head(network, classes):
    """Written with the shape of the weight, and .to() of the weight."""
    inputs = network._fc.weight.shape[1]
    network._fc = torch.nn.Linear(inputs, classes).to(network._fc.weight)
    return network


@ANSWER.alternative
def replace_head(network, classes):
    """Written with setattr and a parameter taken from the network."""
    like = next(network.parameters())
    head = torch.nn.Linear(getattr(network, "_fc").in_features, classes)  # noqa: B009
    head = head.to(device=like.device, dtype=like.dtype)
    head.train(network.training)
    setattr(network, "_fc", head)  # noqa: B010
    print("new head", head)
    return network


@ANSWER.alternative
def replace_head(network, classes):
    """Written by giving the old layer new parameters."""
    old = network._fc
    fresh = torch.nn.Linear(old.in_features, classes)
    old.out_features = classes
    old.weight = torch.nn.Parameter(fresh.weight.detach().to(old.weight))
    old.bias = torch.nn.Parameter(fresh.bias.detach().to(old.weight))
    return network


ANSWER.edited(
    "1280-written-in", "1280 inputs written into the code, whatever the network's head has",
    ("old.in_features, classes", "1280, classes"),
)
ANSWER.edited(
    "inputs-of-the-classes", "a head with as many inputs as the old head had classes",
    ("old.in_features, classes", "old.out_features, classes"),
)
ANSWER.edited(
    "softmax-added", "a softmax after the new layer: the network must give scores",
    ("    return network",
     "    network._fc = torch.nn.Sequential(network._fc, torch.nn.Softmax(dim=1))\n"
     "    return network"),
)
ANSWER.edited(
    "stacked", "a new layer after the old head, not in its place",
    ("    network._fc = torch.nn.Linear(\n        old.in_features,",
     "    new = torch.nn.Linear(\n        old.out_features,"),
    ("    return network", "    network._fc = torch.nn.Sequential(old, new)\n    return network"),
)
ANSWER.edited(
    "number-changed-only", "out_features changed, which leaves the weights as they are",
    ("    network._fc = torch.nn.Linear(\n"
     "        old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype\n    )\n",
     "    old.out_features = classes\n    old.requires_grad_(True)\n"),
)
ANSWER.edited(
    "old-rows-kept", "the old head's first rows kept: they know other classes",
    ("    return network",
     "    rows = min(classes, old.out_features)\n"
     "    network._fc.weight.data[:rows] = old.weight[:rows]\n"
     "    return network"),
)
ANSWER.edited(
    "starts-at-zero", "a head that starts at zero, where torch's own initialization is asked for",
    ("    return network", "    torch.nn.init.zeros_(network._fc.weight)\n    return network"),
)
ANSWER.edited(
    "bias-at-zero", "a bias set to zero, where torch's own initialization is asked for",
    ("    return network", "    torch.nn.init.zeros_(network._fc.bias)\n    return network"),
)
ANSWER.edited(
    "no-bias", "a head without a bias",
    ("old.in_features, classes,", "old.in_features, classes, bias=False,"),
)
ANSWER.edited(
    "dtype-forgotten", "a head in float32 in a network of float64",
    (", dtype=old.weight.dtype", ""),
    observed=True,
)
ANSWER.edited(
    "all-new", "all layers started anew, not only the last",
    ("    return network",
     "    for module in network.modules():\n"
     "        if hasattr(module, 'reset_parameters'):\n"
     "            module.reset_parameters()\n"
     "    return network"),
)
ANSWER.edited(
    "head-returned", "the new layer returned, where the network is asked for",
    ("    return network", "    return network._fc"),
)
ANSWER.edited(
    "a-copy", "a copy of the network changed, not the network itself",
    ("    old = network._fc",
     "    import copy\n\n    network = copy.deepcopy(network)\n    old = network._fc"),
)
ANSWER.edited(
    "frozen-as-well", "the other layers frozen on the way, which is not asked for here",
    ("    old = network._fc", "    network.requires_grad_(False)\n    old = network._fc"),
)
ANSWER.edited(
    "mode-changed", "the network put into training mode",
    ("    return network", "    network.train()\n    return network"),
    observed=True,
)
ANSWER.edited(
    "another-name", "the new layer stored under another name, where the network never looks",
    ("network._fc = ", "network.fc = "),
)
