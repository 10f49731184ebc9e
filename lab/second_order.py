"""Steps that use curvature: Newton's, damped, and the two that only guess at it, BFGS and L-BFGS.

``newton`` and ``lbfgs`` are rules as in ``lab.rules``, for one point at a time, so that
``lab.descent.descend`` follows them down the same surfaces. Points and gradients are float arrays
``(N,)``; steps have the units of the weights.
"""

from collections.abc import Callable, Sequence

import numpy as np

from lab.rules import State

Pair = tuple[np.ndarray, np.ndarray]  # a step s, and the change y of the gradient over it


def newton_step(grad: np.ndarray, hessian: np.ndarray, damping: float) -> np.ndarray:
    """The damped Newton step, -(H + shift I)^{-1} g.

    ``grad`` is ``(N,)``, ``hessian`` symmetric ``(N, N)``; returns the step ``(N,)``. The shift is
    the smallest one, ``damping`` or more, that lifts every eigenvalue of H to at least ``damping``:
    max(damping, damping - lambda_min). Where H is positive definite the shift is ``damping``, and
    with ``damping=0`` the step is Newton's own. Raises ValueError if the shifted matrix is still not
    positive definite, which takes ``damping <= 0``. Source: Nocedal & Wright, Numerical
    Optimization, 2nd ed., section 3.4, https://doi.org/10.1007/978-0-387-40065-5
    """
    eigenvalues, vectors = np.linalg.eigh(hessian)
    shift = max(damping, damping - eigenvalues[0])
    if eigenvalues[0] + shift <= 0:
        raise ValueError("the Hessian is not positive definite here: choose a damping above 0")
    return -vectors @ (vectors.T @ grad / (eigenvalues + shift))


def newton(
    w: np.ndarray,
    g: np.ndarray,
    state: State,
    lr: float,
    hessian: Callable[[np.ndarray], np.ndarray],
    damping: float,
) -> np.ndarray:
    """Newton's method as a rule: w <- w + lr newton_step(g, hessian(w), damping)."""
    return w + lr * newton_step(g, hessian(w), damping)


def bfgs_update(b: np.ndarray, s: np.ndarray, y: np.ndarray) -> np.ndarray:
    """BFGS: the symmetric matrix that maps y to s and is nearest to B ~ H^{-1} in a weighted norm.

    With r = 1 / y's, B <- (I - r s y') B (I - r y s') + r s s'. ``b`` is ``(N, N)``; ``s`` is the
    last step and ``y`` the change of the gradient over it, both ``(N,)``. Stays positive definite
    if y's > 0; raises ValueError otherwise. Source: Nocedal & Wright, eq. 6.17 (see newton_step).
    """
    if not y @ s > 0:
        raise ValueError("y's must be positive: the gradient has to grow along the step")
    left = np.eye(len(s)) - np.outer(s, y) / (y @ s)
    return left @ b @ left.T + np.outer(s, s) / (y @ s)


def two_loop(g: np.ndarray, pairs: Sequence[Pair]) -> np.ndarray:
    """L-BFGS's direction, -B g, with B known only by its last few pairs (s, y), oldest first.

    The same B as BFGS builds from (s'y / y'y) I, but in 4 m N multiplications and no matrix.
    Without pairs it is -g. Source: Nocedal & Wright, algorithm 7.4 (see newton_step).
    """
    q, alphas = -g, []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (s @ y))
        q = q - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        q = q * (s @ y) / (y @ y)
    for s, y in pairs:
        q = q + (alphas.pop() - y @ q / (s @ y)) * s
    return q


def lbfgs(w: np.ndarray, g: np.ndarray, state: State, lr: float, memory: int = 10) -> np.ndarray:
    """L-BFGS as a rule, without a line search: w <- w + lr two_loop(g, pairs).

    Until there is a pair the step is cut to 1-norm ``lr`` at most. A pair with s'y <= 1e-10 is left
    out. The same iteration as ``torch.optim.LBFGS`` with one step a call.
    """
    pairs = state.setdefault("pairs", [])
    if "w" in state:
        s, y = w - state["w"], g - state["g"]
        if s @ y > 1e-10:
            pairs.append((s, y))
            del pairs[:-memory]
    state["w"], state["g"] = w, g
    cut = 1.0 if pairs else min(1.0, 1.0 / abs(g).sum())
    return w + lr * cut * two_loop(g, pairs)
