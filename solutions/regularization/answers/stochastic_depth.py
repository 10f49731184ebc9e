"""Answers to ``stochastic_depth``."""

import torch

from autograder.grading.answer import Answer


def stochastic_depth(x, residual, p, training):
    if not training:
        return x + residual
    keep = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= p
    return x + residual * keep / (1 - p)


ANSWER = Answer(stochastic_depth)


@ANSWER.alternative
def stochastic_depth(x, residual, p, training):
    """Written with bernoulli_ and a view."""
    if training and p > 0:
        keep = 1 - p
        mask = torch.empty(x.size(0), dtype=x.dtype, device=x.device).bernoulli_(keep) / keep
        residual = residual * mask.view(-1, *(1 for _ in x.shape[1:]))
    return x + residual


@ANSWER.alternative
def stochastic_depth(x, residual, p, training):
    """Written with a distribution of torch's, one number an example."""
    factor = torch.ones(len(x), device=x.device, dtype=x.dtype)
    if training:
        keep = torch.full_like(factor, 1 - p)
        factor = torch.distributions.Bernoulli(keep).sample() / keep
    return x + (residual.transpose(0, -1) * factor).transpose(0, -1)


@ANSWER.alternative
def stochastic_depth(x, residual, p, training):
    """Written with a list of factors, drawn one by one."""
    if not training:
        return residual + x
    factors = []
    for _ in range(len(x)):
        factors.append(0.0 if torch.rand(()).item() < p else 1 / (1 - p))
    factors = torch.tensor(factors, dtype=x.dtype, device=x.device)
    return torch.einsum("n...,n->n...", residual, factors) + x


@ANSWER.alternative
def stochastic_depth(x, residual, p, training):
    """Written with the scale in a mask of torch's usual dtype, float32."""
    if training:
        keep = (torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= p).float() / (1 - p)
        return x + residual * keep
    return x + residual


ANSWER.edited(
    "whole-batch", "one draw for the whole batch, not one for each example",
    ("torch.rand(len(x), *", "torch.rand(1, *"),
)
ANSWER.edited(
    "elements", "elements of the residual dropped one by one, as in dropout",
    ("torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device)", "torch.rand_like(x)"),
)
ANSWER.edited(
    "p-is-keep", "p read as the probability of keeping the branch",
    (">= p", "< p"), ("(1 - p)", "p"),
)
ANSWER.edited("divides-by-p", "divided by p, the probability of dropping", ("/ (1 - p)", "/ p"))
ANSWER.edited("not-scaled", "what is kept of the residual is not scaled", (" / (1 - p)", ""))
ANSWER.edited(
    "scales-in-test", "as in the paper: the residual scaled by 1 - p at test time, not in training",
    ("return x + residual\n", "return x + residual * (1 - p)\n"), (" / (1 - p)", ""),
)
ANSWER.edited(
    "drops-the-sum", "the whole sum dropped and scaled, x included",
    ("x + residual * keep", "(x + residual) * keep"),
)
ANSWER.edited(
    "drops-x", "x dropped and scaled instead of the residual",
    ("x + residual * keep / (1 - p)", "x * keep / (1 - p) + residual"),
)
ANSWER.edited(
    "x-forgotten", "the residual alone: x is not added",
    ("return x + residual", "return residual"),
)
ANSWER.edited(
    "scales-twice", "scaled in training, and by 1 - p at test time again",
    ("return x + residual\n", "return x + residual * (1 - p)\n"),
)
ANSWER.edited(
    "always-drops", "drops at test time as well",
    ("    if not training:\n        return x + residual\n", ""),
)
ANSWER.edited(
    "modes-exchanged", "drops at test time, not in training",
    ("if not training", "if training"),
)
ANSWER.edited(
    "x-at-test-time", "x alone at test time: the residual is left out",
    ("return x + residual\n", "return x\n"),
)
ANSWER.edited(
    "in-place", "x itself is changed, as x += ... does",
    ("return x + residual * keep / (1 - p)",
     "x += residual * keep / (1 - p)\n    return x"),
    observed=True,
)
ANSWER.edited(
    "residual-in-place", "residual itself is changed, as residual *= ... does",
    ("return x + residual * keep / (1 - p)",
     "residual *= keep / (1 - p)\n    return x + residual"),
    observed=True,
)
ANSWER.edited(
    "float64", "float32 inputs give a float64 result",
    ("residual * keep", "residual.double() * keep"),
    observed=True,
)
ANSWER.edited(
    "detached", "no gradient comes back to the residual (is there a detach(), .data or torch.no_grad?)",
    ("residual * keep", "residual.detach() * keep"),
    observed=True,
)
ANSWER.edited(
    "as-in-the-paper",
    "as in the paper: one draw for the whole batch, not scaled in training, and the residual times 1 - p at test time",
    ("return x + residual\n", "return x + residual * (1 - p)\n"), (" / (1 - p)", ""),
    ("torch.rand(len(x), *", "torch.rand(1, *"),
)
