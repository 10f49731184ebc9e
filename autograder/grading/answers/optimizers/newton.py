"""Answers to newton_step."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer


def newton_step(grad, hessian, damping):
    lowest = np.linalg.eigvalsh(hessian)[0]
    shift = max(damping, damping - lowest)
    return -np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


NEWTON = Answer(newton_step)


@NEWTON.alternative
def newton_step(grad, hessian, damping):
    values, vectors = np.linalg.eigh(hessian)
    values = values + max(damping, damping - values.min())
    return -vectors @ ((vectors.T @ grad) / values)


@NEWTON.alternative
def newton_step(grad, hessian, damping):
    lowest = np.min(np.real(np.linalg.eigvals(hessian)))
    if lowest < 0:
        shift = damping - lowest
    else:
        shift = damping
    hessian += (shift * np.identity(hessian.shape[0])).astype(hessian.dtype)
    return np.dot(np.linalg.inv(hessian), -grad)


@NEWTON.alternative
def newton_step(grad, hessian, damping):
    h = torch.tensor(hessian, dtype=torch.float64)
    shift = damping + max(0.0, -torch.linalg.eigvalsh(h).min().item())
    root = torch.linalg.cholesky(h + shift * torch.eye(len(h), dtype=torch.float64))
    g = torch.tensor(grad, dtype=torch.float64)[:, None]
    print("shift", shift)
    return torch.cholesky_solve(g, root).neg().numpy().ravel()


@NEWTON.mistake("uphill", "a step with the opposite sign, which climbs")
def newton_step(grad, hessian, damping):
    shift = max(damping, damping - np.linalg.eigvalsh(hessian)[0])
    return np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


@NEWTON.mistake(
    "hessian-not-inverted", "the Hessian times the gradient, where its inverse is meant"
)
def newton_step(grad, hessian, damping):
    shift = max(damping, damping - np.linalg.eigvalsh(hessian)[0])
    return -(hessian + shift * np.eye(len(grad))) @ grad


@NEWTON.mistake(
    "diagonal-only", "a division by the diagonal of the Hessian, where a system is to be solved"
)
def newton_step(grad, hessian, damping):
    shift = max(damping, damping - np.linalg.eigvalsh(hessian)[0])
    return -grad / (np.diag(hessian) + shift)


@NEWTON.mistake("no-damping", "Newton's step without damping")
def newton_step(grad, hessian, damping):
    return -np.linalg.solve(hessian, grad)


@NEWTON.mistake(
    "damping-only", "a shift that is always the damping, which is too little at a saddle"
)
def newton_step(grad, hessian, damping):
    return -np.linalg.solve(hessian + damping * np.eye(len(grad)), grad)


@NEWTON.mistake(
    "shift-in-a-bowl",
    "a shift of damping minus the smallest eigenvalue also where that is positive",
)
def newton_step(grad, hessian, damping):
    shift = damping - np.linalg.eigvalsh(hessian)[0]
    return -np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


@NEWTON.mistake(
    "no-damping-in-a-bowl",
    "no damping where all eigenvalues are large enough: the shift is at least the damping",
)
def newton_step(grad, hessian, damping):
    shift = max(0.0, damping - np.linalg.eigvalsh(hessian)[0])
    return -np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


@NEWTON.mistake(
    "size-of-the-eigenvalue", "a shift by the size of the smallest eigenvalue, whatever its sign"
)
def newton_step(grad, hessian, damping):
    shift = damping + abs(np.linalg.eigvalsh(hessian)[0])
    return -np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


@NEWTON.mistake(
    "shift-too-small",
    "a shift to the smallest eigenvalue 0, or the damping: at a saddle both are needed",
)
def newton_step(grad, hessian, damping):
    shift = max(damping, -np.linalg.eigvalsh(hessian)[0] + 1e-6)
    return -np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


@NEWTON.mistake("largest-eigenvalue", "the largest eigenvalue in the place of the smallest")
def newton_step(grad, hessian, damping):
    shift = max(damping, damping - np.linalg.eigvalsh(hessian)[-1])
    return -np.linalg.solve(hessian + shift * np.eye(len(grad)), grad)


@NEWTON.mistake(
    "absolute-eigenvalues", "the eigenvalues made positive one by one, where all are shifted alike"
)
def newton_step(grad, hessian, damping):
    values, vectors = np.linalg.eigh(hessian)
    return -vectors @ ((vectors.T @ grad) / (np.abs(values) + damping))


@NEWTON.mistake(
    "added-everywhere", "the shift added to every element of the Hessian, not to its diagonal alone"
)
def newton_step(grad, hessian, damping):
    shift = max(damping, damping - np.linalg.eigvalsh(hessian)[0])
    return -np.linalg.solve(hessian + shift, grad)


@NEWTON.mistake("gradient-step", "a plain gradient step, which does not use the Hessian")
def newton_step(grad, hessian, damping):
    return -grad / damping
