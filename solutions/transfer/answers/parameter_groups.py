"""Answers to ``parameter_groups``."""

import numpy as np

from autograder.grading.answer import Answer


def parameter_groups(network, lr, ratio):
    head, backbone = [], []
    for name, p in network.named_parameters():
        if p.requires_grad:
            (head if name.startswith("_fc.") else backbone).append(p)
    groups = [{"params": head, "lr": lr}, {"params": backbone, "lr": lr * ratio}]
    return [group for group in groups if group["params"]]


ANSWER = Answer(parameter_groups)


@ANSWER.alternative
def parameter_groups(network, lr, ratio):
    """Written with identities of the head's parameters, the backbone first."""
    of_head = {id(p) for p in network._fc.parameters()}
    trained = [p for p in network.parameters() if p.requires_grad]
    rest = [p for p in trained if id(p) not in of_head]
    head = [p for p in trained if id(p) in of_head]
    groups = []
    if rest:
        groups.append({"params": rest, "lr": ratio * lr})
    if head:
        groups.append({"params": head, "lr": lr})
    return groups


@ANSWER.alternative
def parameter_groups(network, lr, ratio):
    """Written with a group for each parameter."""
    groups = []
    for name, p in network.named_parameters():
        if not p.requires_grad:
            continue
        rate = lr if name.split(".")[0] == "_fc" else lr * ratio
        groups.append({"params": p, "lr": rate, "weight_decay": 1e-4})
    return groups


@ANSWER.alternative
def parameter_groups(network, lr, ratio):
    """Written with sets of tensors, and a group for each layer."""
    head = set(network._fc.parameters())
    used, groups = set(), []
    for module in network.modules():
        own = [p for p in module.parameters(recurse=False) if p.requires_grad and p not in used]
        used.update(own)
        if own:
            groups.append({"params": iter(own), "lr": lr if own[0] in head else lr * ratio})
    return groups


@ANSWER.alternative
def parameter_groups(network, lr, ratio):
    """Written with filter, and dicts of names."""
    named = dict(filter(lambda item: item[1].requires_grad, network.named_parameters()))
    parts = {
        lr: [p for n, p in named.items() if n in ("_fc.weight", "_fc.bias")],
        lr * ratio: [p for n, p in named.items() if n not in ("_fc.weight", "_fc.bias")],
    }
    return [dict(params=params, lr=rate) for rate, params in parts.items() if len(params)]


@ANSWER.alternative
def parameter_groups(network, lr, ratio):
    """Written with rates that are NumPy's numbers in float32."""
    rates = np.array([1, ratio], dtype=np.float32) * np.float32(lr)
    head = [p for p in network._fc.parameters() if p.requires_grad]
    others = [p for n, p in network.named_parameters() if p.requires_grad and n[:4] != "_fc."]
    return [{"params": p, "lr": r} for p, r in zip([head, others], rates, strict=True) if p]


ANSWER.edited(
    "rates-swapped", "the low rate for the head and the high one for the backbone",
    ('"params": head', '"params": None'),
    ('"params": backbone', '"params": head'),
    ('"params": None', '"params": backbone'),
)
ANSWER.edited(
    "ratio-ignored", "the same rate for both: the ratio is not used",
    ("lr * ratio", "lr"),
)
ANSWER.edited(
    "divided-by-the-ratio", "the rate divided by the ratio, where it is to be multiplied",
    ("lr * ratio", "lr / ratio"),
)
ANSWER.edited(
    "ratio-as-rate", "the ratio itself taken for the backbone's rate",
    ('"lr": lr * ratio', '"lr": ratio'),
)
ANSWER.edited(
    "both-lowered", "the low rate for the head as well",
    ('"params": head, "lr": lr}', '"params": head, "lr": lr * ratio}'),
)
ANSWER.edited(
    "biases-forgotten", "biases left out: only weights are in the groups",
    ("if p.requires_grad:", 'if p.requires_grad and name.endswith("weight"):'),
)
ANSWER.edited(
    "batch-norm-forgotten", "batch norm's weights and biases left out",
    ("if p.requires_grad:", 'if p.requires_grad and "_bn" not in name:'),
)
ANSWER.edited(
    "frozen-included", "frozen parameters in the groups as well",
    ("if p.requires_grad:", "if True:"),
)
ANSWER.edited(
    "empty-group-kept", "a group without parameters left in the list",
    ('[group for group in groups if group["params"]]', "groups"),
)
ANSWER.edited(
    "head-in-both", "the head in the backbone's group as well",
    ('            (head if name.startswith("_fc.") else backbone).append(p)\n',
     "            backbone.append(p)\n"
     '            if name.startswith("_fc."):\n'
     "                head.append(p)\n"),
)
ANSWER.edited(
    "module-by-module",
    "the parameters of each module and of the modules inside it, so most of them come twice",
    ("    for name, p in network.named_parameters():\n",
     "    for name, p in [(n, p) for n, m in network.named_modules() for p in m.parameters()]:\n"),
    ("if p.requires_grad:", "if p.requires_grad and name:"),
    ('name.startswith("_fc.")', 'name == "_fc"'),
)
ANSWER.edited(
    "any-fc", "every parameter with _fc in its name taken for the head's",
    ('name.startswith("_fc.")', '"_fc" in name'),
)
ANSWER.edited(
    "last-two", "the last two parameters taken for the head, which may have no bias",
    ('name.startswith("_fc.")', "any(p is q for q in list(network.parameters())[-2:])"),
)
ANSWER.edited(
    "backbone-only", "the backbone alone: the head is in no group",
    ('{"params": head, "lr": lr}, ', ""),
)
ANSWER.edited(
    "in-a-list-of-tensors",
    "`p in a list of tensors`, which compares numbers, not identities: compare names, or use a set or id(p)",
    ('name.startswith("_fc.")', "p in list(network._fc.parameters())"),
)
