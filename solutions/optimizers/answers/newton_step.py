"""Answers to newton_step."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def newton_step(grad, hessian, damping):
    lowest = np.linalg.eigvalsh(hessian)[0]
    shift = max(damping, damping - lowest)
    return -np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


ANSWER = Answer(newton_step)


@ANSWER.alternative
def newton_step(grad, hessian, damping):
    values, vectors = np.linalg.eigh(hessian)
    values = values + max(damping, damping - values.min())
    return -vectors @ ((vectors.T @ grad) / values)


@ANSWER.alternative
def newton_step(grad, hessian, damping):
    lowest = np.min(np.real(np.linalg.eigvals(hessian)))
    if lowest < 0:
        shift = damping - lowest
    else:
        shift = damping
    hessian += (shift * np.identity(hessian.shape[0])).astype(hessian.dtype)
    return np.dot(np.linalg.inv(hessian), -grad)


@ANSWER.alternative
def newton_step(grad, hessian, damping):
    h = torch.tensor(hessian, dtype=torch.float64)
    shift = damping + max(0.0, -torch.linalg.eigvalsh(h).min().item())
    root = torch.linalg.cholesky(h + shift * torch.eye(len(h), dtype=torch.float64))
    g = torch.tensor(grad, dtype=torch.float64)[:, None]
    print("shift", shift)
    return torch.cholesky_solve(g, root).neg().numpy().ravel()


ANSWER.edited("uphill", "a step with the opposite sign, which climbs", ("return -", "return "))
ANSWER.edited(
    "hessian-not-inverted", "the Hessian times the gradient, where its inverse is meant",
    (
        "np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)",
        "(hessian + shift * np.eye(len(grad))) @ grad",
    ),
)
ANSWER.edited(
    "diagonal-only", "a division by the diagonal of the Hessian, where a system is to be solved",
    (
        "-np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)",
        "-grad / (np.diag(hessian) + shift)",
    ),
)
ANSWER.edited(
    "no-damping", "Newton's step without damping",
    ("hessian + shift * np.eye(len(grad))", "hessian"),
)
ANSWER.edited(
    "damping-only", "a shift that is always the damping, which is too little at a saddle",
    ("max(damping, damping - lowest)", "damping"),
)
ANSWER.edited(
    "shift-in-a-bowl",
    "a shift of damping minus the smallest eigenvalue also where that is positive",
    ("max(damping, damping - lowest)", "damping - lowest"),
)
ANSWER.edited(
    "no-damping-in-a-bowl",
    "no damping where all eigenvalues are large enough: the shift is at least the damping",
    ("max(damping,", "max(0.0,"),
)
ANSWER.edited(
    "size-of-the-eigenvalue", "a shift by the size of the smallest eigenvalue, whatever its sign",
    ("max(damping, damping - lowest)", "damping + abs(lowest)"),
)
ANSWER.edited(
    "shift-too-small",
    "a shift to the smallest eigenvalue 0, or the damping: at a saddle both are needed",
    ("damping - lowest", "-lowest + 1e-6"),
)
ANSWER.edited(
    "largest-eigenvalue", "the largest eigenvalue in the place of the smallest",
    ("[0]", "[-1]"),
)


@ANSWER.mistake(
    "absolute-eigenvalues", "the eigenvalues made positive one by one, where all are shifted alike"
)
def newton_step(grad, hessian, damping):
    values, vectors = np.linalg.eigh(hessian)
    return -vectors @ ((vectors.T @ grad) / (np.abs(values) + damping))


ANSWER.edited(
    "added-everywhere",
    "the shift added to every element of the Hessian, not to its diagonal alone",
    ("shift * np.eye(len(grad))", "shift"),
)
ANSWER.edited(
    "gradient-step", "a plain gradient step, which does not use the Hessian",
    ("-np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)", "-grad / damping"),
)
