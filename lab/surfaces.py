"""Two-dimensional losses, each chosen because it is hard for a different optimizer.

A point is an array whose last axis holds the coordinates, so every function also takes a whole
batch of points: ``f`` maps ``(..., 2)`` to ``(...)``, ``grad`` to ``(..., 2)`` and ``hessian`` to
``(..., 2, 2)``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Surface:
    """A loss over the plane with its exact derivatives.

    ``start`` is a good place to begin a descent, ``extent`` the window
    ``(x_min, x_max, y_min, y_max)`` worth drawing, ``minima`` the known minima.
    """

    name: str
    f: Callable[[Array], Array]
    grad: Callable[[Array], Array]
    hessian: Callable[[Array], Array]
    start: tuple[float, float]
    extent: tuple[float, float, float, float]
    minima: tuple[tuple[float, float], ...]


def rotation(angle: float) -> Array:
    """The 2x2 matrix that turns the plane by ``angle`` radians, anticlockwise."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def quadratic(kappa: float, angle: float = 0.0) -> Surface:
    """A bowl with curvatures 1 and ``kappa``: f(w) = w' R diag(1, kappa) R' w / 2.

    Its condition number is ``kappa``; ``angle`` (radians) turns its axes away from the coordinate
    axes. The start is a unit-curvature distance away along both axes of the bowl.
    """
    r = rotation(angle)
    h = r @ np.diag([1.0, kappa]) @ r.T
    start = r @ np.array([-4.0, 1.0])
    return Surface(
        name=f"bowl, condition number {kappa:g}" + (", turned" if angle else ""),
        f=lambda w: 0.5 * np.einsum("...i,ij,...j->...", w, h, w),
        grad=lambda w: w @ h,
        hessian=lambda w: np.broadcast_to(h, (*np.shape(w)[:-1], 2, 2)),
        start=(float(start[0]), float(start[1])),
        extent=(-4.8, 4.8, -2.4, 2.4) if angle == 0 else (-4.8, 4.8, -4.8, 4.8),
        minima=((0.0, 0.0),),
    )


def saddle() -> Surface:
    """A saddle at the origin between two minima: f(x, y) = x^2/2 - y^2/2 + y^4/4.

    The minima are (0, 1) and (0, -1), both of value -1/4. Started on the line y = 0, exact gradient
    descent ends on the saddle.
    """

    def grad(w: Array) -> Array:
        x, y = w[..., 0], w[..., 1]
        return np.stack([x, y**3 - y], axis=-1)

    def hessian(w: Array) -> Array:
        y = w[..., 1]
        h = np.zeros((*np.shape(w)[:-1], 2, 2))
        h[..., 0, 0] = 1.0
        h[..., 1, 1] = 3 * y**2 - 1
        return h

    return Surface(
        name="saddle",
        f=lambda w: w[..., 0] ** 2 / 2 - w[..., 1] ** 2 / 2 + w[..., 1] ** 4 / 4,
        grad=grad,
        hessian=hessian,
        start=(1.5, 1e-3),
        extent=(-2.0, 2.0, -1.6, 1.6),
        minima=((0.0, 1.0), (0.0, -1.0)),
    )


def two_valleys(tilt: float = 0.15) -> Surface:
    """A shallow valley beside a deep one: f(x, y) = (x^2 - 1)^2 / 4 + tilt x + y^2 / 2.

    For a small positive ``tilt`` the valley near x = 1 is the shallow one (a local minimum), the
    one near x = -1 the deep one.
    """
    roots = np.sort(np.roots([1.0, 0.0, -1.0, tilt]).real)
    return Surface(
        name="two valleys",
        f=lambda w: (w[..., 0] ** 2 - 1) ** 2 / 4 + tilt * w[..., 0] + w[..., 1] ** 2 / 2,
        grad=lambda w: np.stack([w[..., 0] ** 3 - w[..., 0] + tilt, w[..., 1]], axis=-1),
        hessian=lambda w: np.stack(
            [
                np.stack([3 * w[..., 0] ** 2 - 1, np.zeros_like(w[..., 0])], axis=-1),
                np.stack([np.zeros_like(w[..., 0]), np.ones_like(w[..., 0])], axis=-1),
            ],
            axis=-2,
        ),
        start=(1.9, 1.0),
        extent=(-2.0, 2.2, -1.5, 1.5),
        minima=((float(roots[0]), 0.0), (float(roots[2]), 0.0)),
    )


def rosenbrock(b: float = 10.0) -> Surface:
    """A curved valley, easy to enter and slow to follow: f(x, y) = (1 - x)^2 + b (y - x^2)^2.

    Source: Rosenbrock (1960), https://doi.org/10.1093/comjnl/3.3.175 (there b = 100).
    """

    def grad(w: Array) -> Array:
        x, y = w[..., 0], w[..., 1]
        return np.stack([-2 * (1 - x) - 4 * b * x * (y - x**2), 2 * b * (y - x**2)], axis=-1)

    def hessian(w: Array) -> Array:
        x, y = w[..., 0], w[..., 1]
        off = -4 * b * x
        return np.stack(
            [
                np.stack([2 - 4 * b * (y - 3 * x**2), off], axis=-1),
                np.stack([off, np.full_like(x, 2 * b)], axis=-1),
            ],
            axis=-2,
        )

    return Surface(
        name="curved valley",
        f=lambda w: (1 - w[..., 0]) ** 2 + b * (w[..., 1] - w[..., 0] ** 2) ** 2,
        grad=grad,
        hessian=hessian,
        start=(-1.2, 1.2),
        extent=(-1.8, 1.8, -0.8, 2.2),
        minima=((1.0, 1.0),),
    )
