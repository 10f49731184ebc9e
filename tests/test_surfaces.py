"""The derivatives of every surface agree with finite differences, and its minima are minima."""

import numpy as np
import pytest

from lab import surfaces

ALL = {
    "bowl": surfaces.quadratic(30.0),
    "turned bowl": surfaces.quadratic(30.0, angle=0.6),
    "saddle": surfaces.saddle(),
    "two valleys": surfaces.two_valleys(),
    "curved valley": surfaces.rosenbrock(),
}


@pytest.fixture(params=ALL)
def surface(request):
    return ALL[request.param]


def central_difference(f, w, h=1e-5):
    steps = h * np.eye(2)
    return np.stack([(f(w + s) - f(w - s)) / (2 * h) for s in steps], axis=-1)


def test_gradient(surface):
    w = np.random.default_rng(0).uniform(-2, 2, (7, 5, 2))
    np.testing.assert_allclose(
        surface.grad(w), central_difference(surface.f, w), rtol=1e-6, atol=1e-7
    )


def test_hessian(surface):
    w = np.random.default_rng(1).uniform(-2, 2, (9, 2))
    np.testing.assert_allclose(
        surface.hessian(w), central_difference(surface.grad, w), rtol=1e-6, atol=1e-7
    )


def test_minima(surface):
    for minimum in map(np.array, surface.minima):
        np.testing.assert_allclose(surface.grad(minimum), 0, atol=1e-12)
        assert np.linalg.eigvalsh(surface.hessian(minimum)).min() > 0


def test_start_and_minima_lie_in_the_drawn_window(surface):
    x_min, x_max, y_min, y_max = surface.extent
    for x, y in (surface.start, *surface.minima):
        assert x_min < x < x_max and y_min < y < y_max
