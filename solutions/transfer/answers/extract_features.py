"""Answers to ``extract_features``."""

import torch

from autograder.grading.answer import Answer


def extract_features(network, x, batch_size=64):
    was_training = network.training
    network.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(x), batch_size):
            maps = network.extract_features(x[start : start + batch_size])
            parts.append(maps.mean(dim=(2, 3)))
    network.train(was_training)
    return torch.cat(parts)


ANSWER = Answer(extract_features)


@ANSWER.alternative
def extract_features(network, x, batch_size=64):
    """Written with the network's own pooling, and try / finally."""
    mode = network.training
    try:
        network.train(False)
        with torch.inference_mode():
            pooled = [
                network._avg_pooling(network.extract_features(part)).flatten(1)
                for part in torch.split(x, batch_size)
            ]
    finally:
        network.train(mode)
    return torch.cat(pooled, dim=0).clone()


@ANSWER.alternative
def extract_features(network, x, batch_size=64):
    """Written with a hook that catches what goes into the head."""
    caught = []
    hook = network._fc.register_forward_pre_hook(
        lambda m, inputs: caught.append(inputs[0].detach())
    )
    before = {m: m.training for m in network.modules()}
    network.eval()
    for part in x.split(batch_size):
        with torch.no_grad():
            network(part)
    hook.remove()
    for m, training in before.items():
        m.training = training
    return torch.cat(caught)


@ANSWER.alternative
def extract_features(network, x, batch_size=64):
    """Written with an identity in the place of the head, and results written into an array."""
    was_training, head = network.training, network._fc
    out = torch.empty(len(x), head.in_features, dtype=x.dtype, device=x.device)
    network.eval()
    network._fc = torch.nn.Identity()
    for i in range((len(x) + batch_size - 1) // batch_size):
        part = slice(i * batch_size, (i + 1) * batch_size)
        out[part] = network(x[part]).detach()
    network._fc = head
    if was_training:
        network.train()
    return out


@ANSWER.alternative
def extract_features(network, x, batch_size=64):
    """Written with a data loader."""
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=batch_size)
    training = network.training
    network.eval()
    found = torch.tensor([], dtype=x.dtype, device=x.device)
    with torch.no_grad():
        for (part,) in loader:
            maps = network.extract_features(part)
            found = torch.cat([found, maps.sum((-1, -2)) / (maps.shape[-1] * maps.shape[-2])])
    return [found, network.train(training)][0]


ANSWER.edited(
    "after-the-head", "the scores of the head, not the features that go into it",
    ("network.extract_features(x[start : start + batch_size])",
     "network(x[start : start + batch_size])[:, :, None, None]"),
)
ANSWER.edited(
    "not-pooled", "maps that are flattened, not averaged over their places",
    ("maps.mean(dim=(2, 3))", "maps.flatten(1)"),
)
ANSWER.edited(
    "maximum", "the maximum over the places, where the mean is asked for",
    ("maps.mean(dim=(2, 3))", "maps.amax(dim=(2, 3))"),
)
ANSWER.edited(
    "places-kept", "features of shape (N, F, 1, 1), where (N, F) is asked for",
    ("maps.mean(dim=(2, 3))", "maps.mean(dim=(2, 3), keepdim=True)"),
)
ANSWER.edited(
    "mean-over-pictures", "a mean over the pictures of a batch, not over the places",
    ("maps.mean(dim=(2, 3))", "maps.flatten(2).mean(dim=0).T"),
)
ANSWER.edited(
    "training-mode",
    "the mode left as it is: in training mode batch norm uses each batch's own statistics",
    ("    network.eval()\n", ""),
)
ANSWER.edited(
    "put-into-training-mode", "training mode in the place of evaluation mode",
    ("    network.eval()\n", "    network.train()\n"),
)
ANSWER.edited(
    "mode-not-restored", "the network left in evaluation mode",
    ("    network.train(was_training)\n", ""),
    observed=True,
)
ANSWER.edited(
    "always-training-afterwards", "the network left in training mode, whatever it was before",
    ("network.train(was_training)", "network.train()"),
)
ANSWER.edited(
    "graph-kept", "features that still carry their graph: no torch.no_grad()",
    ("torch.no_grad()", "torch.enable_grad()"),
)
ANSWER.edited(
    "head-not-put-back", "an identity put in the head's place, and the head never put back",
    ("    network.eval()\n", "    network.eval()\n    network._fc = torch.nn.Identity()\n"),
    ("network.extract_features(", "network("),
    ("maps.mean(dim=(2, 3))", "maps"),
)
ANSWER.edited(
    "frozen-for-good", "requires_grad switched off for all parameters and never put back",
    ("    network.eval()\n", "    network.eval()\n    network.requires_grad_(False)\n"),
)
ANSWER.edited(
    "thawed",
    "requires_grad switched on for all parameters afterwards, whatever it was before",
    ("    return ", "    network.requires_grad_(True)\n    return "),
    observed=True,
)
ANSWER.edited(
    "hook-left", "a hook left on the head: it goes on catching features",
    ("    parts = []\n",
     "    parts = []\n"
     "    network._fc.register_forward_pre_hook(lambda m, inputs: parts.append(inputs[0]))\n"),
    ("maps = network.extract_features(", "network("),
    ("            parts.append(maps.mean(dim=(2, 3)))\n", ""),
)
ANSWER.edited(
    "last-batch-lost", "the last batch lost if it is not full",
    ("range(0, len(x), batch_size)", "range(0, len(x) - batch_size + 1, batch_size)"),
    ("torch.cat(parts)", "torch.cat(parts or [x.new_zeros(0, network._fc.in_features)])"),
)
ANSWER.edited(
    "all-at-once", "all pictures at once: batch_size is not used",
    ("range(0, len(x), batch_size)", "range(1)"),
    ("x[start : start + batch_size]", "x"),
)
ANSWER.edited(
    "first-batch-only", "the first batch alone",
    ("range(0, len(x), batch_size)", "range(0, min(len(x), batch_size), batch_size)"),
)
ANSWER.edited(
    "overlapping", "batches that overlap: the start moves by one picture, not by a batch",
    ("range(0, len(x), batch_size)", "range(max(1, len(x) - batch_size + 1))"),
)
ANSWER.edited(
    "squeezed", "squeeze(), which also drops the axis of a batch of one",
    ("maps.mean(dim=(2, 3))", "network._avg_pooling(maps).squeeze()"),
)
ANSWER.edited(
    "list-returned", "a list of batches returned, where one tensor is asked for",
    ("return torch.cat(parts)", "return parts"),
)
