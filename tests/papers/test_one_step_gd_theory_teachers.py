"""Nonlinear targets and prior means: quadrature against closed values, and exact enumeration of the layer for polynomial links."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.polynomial.hermite import hermgauss

from theorylab.papers.one_step_gd import closed_form as cf


@pytest.mark.parametrize("d", [1, 3, 8])
def test_moments_of_the_named_links(d: int) -> None:
    closed = {
        "linear": (1, d + 2, 1, 3),
        "sign": (2 / np.pi, d, 1, 1),
        "relu": (1 / 4, (d + 2) / 2, 1 / 2, 3 / 2),
        "cube": (9, 15 * (d + 6), 15, 10395),
        "square": (0, 15 + 3 * (d - 1), 3, 105),
        "hermite3": (0, 105 - 90 + 27 + 6 * (d - 1), 6, 10395 - 12 * 945 + 54 * 105 - 108 * 15 + 81 * 3),
    }
    for link, moments in closed.items():
        assert cf.nonlinear_teacher_moments(link, d) == pytest.approx(moments, rel=1e-11, abs=1e-14)
    tanh = cf.nonlinear_teacher_moments("tanh", d)
    nodes, weights = hermgauss(180)
    z, p = np.sqrt(2) * nodes, weights / np.sqrt(np.pi)
    square = np.tanh(z) ** 2
    assert tanh == pytest.approx(((p @ (z * np.tanh(z))) ** 2, p @ (square * (z**2 + d - 1)), p @ square, p @ square**2), rel=1e-8)


def test_links_given_as_functions() -> None:
    assert cf.nonlinear_teacher_moments(lambda z: z + z**2, 2) == pytest.approx((1, 18 + 4, 4, 198), rel=1e-12)
    shifted = cf.nonlinear_teacher_moments(lambda z: np.maximum(z - 0.5, 0.0), 3, kinks=[0.5])
    assert shifted.linear_power == pytest.approx(0.3085375387**2, rel=1e-9)


def test_even_links_have_exactly_no_linear_part() -> None:
    for link in ("square", "hermite3", np.cos):
        moments = cf.nonlinear_teacher_moments(link, 4)
        assert moments.linear_power == 0.0
        with pytest.warns(UserWarning, match="not unique"):
            assert cf.optimal_learning_rate_nonlinear(moments.linear_power, moments.weighted_power, 4, 10, 0.5) == 0.0
        with pytest.warns(UserWarning, match="not unique"):
            loss = cf.nonlinear_minimum_loss(moments.linear_power, moments.weighted_power, moments.power, 4, 10, 0.5)
        assert loss == pytest.approx(0.5 + moments.power)
    with pytest.warns(UserWarning, match="not unique"):
        assert cf.optimal_learning_rate_nonlinear(0.0, 0.0, 3, 2, 0.0) == 0.0


def test_random_relu_network_of_width_one_by_enumeration() -> None:
    """f = a relu(w . x): given w, one index of length |w|, whose square is chi-squared with mean d."""
    for d in (1, 3, 6):
        single = cf.nonlinear_teacher_moments("relu", d)
        network = cf.relu_network_moments(d)
        assert network[:3] == pytest.approx([d * moment for moment in single[:3]], rel=1e-12)
        assert network.fourth_moment is None


def test_closed_rates() -> None:
    n, d, noise = 10, 4, 0.5
    for link, inverse in {
        "linear": n - 1 + d + 2 + noise * d,
        "sign": n - 1 + np.pi / 2 * d * (1 + noise),
        "relu": n - 1 + 2 * (d + 2) + 4 * noise * d,
        "cube": n - 1 + (15 * (d + 6) + noise * d) / 9,
    }.items():
        moments = cf.nonlinear_teacher_moments(link, d)
        assert 1 / cf.optimal_learning_rate_nonlinear(*moments[:2], d, n, noise) == pytest.approx(inverse, rel=1e-11)
    network = cf.relu_network_moments(d)
    assert 1 / cf.optimal_learning_rate_nonlinear(*network[:2], d, n, noise) == pytest.approx(n + 2 * d + 3 + 4 * noise, rel=1e-13)
    linear = cf.optimal_learning_rate_nonlinear(2.0 * d, 2.0 * d * (d + 2), d, n, noise)
    assert linear == pytest.approx(cf.optimal_learning_rate(n, d, noise, 2.0), rel=1e-13)
    loss = cf.nonlinear_minimum_loss(2.0 * d, 2.0 * d * (d + 2), 2.0 * d, d, n, noise)
    assert loss == pytest.approx(cf.minimum_pretraining_loss(n, d, noise, 2.0), rel=1e-13)
    # V = B is the boundary of what functions allow, and noise is not needed.
    assert cf.optimal_learning_rate_nonlinear(1.0, 1.0, 1, 4, 0.0) == 0.25
    grid = cf.optimal_learning_rate_nonlinear(1.0, 6.0, 4, np.array([[1], [2]]), np.array([0.0, 0.5, 1.0]))
    assert grid.shape == (2, 3)


def test_reference_values() -> None:
    for (n, d, noise), expected in {
        (10, 4, 0.5): {"sign": (0.054275, 1.15448), "tanh": (0.050655, 0.70845)},
        (6, 3, 1.0): {"sign": (0.069325, 1.73520), "tanh": (0.057497, 1.26773)},
    }.items():
        for link, values in expected.items():
            moments = cf.nonlinear_teacher_moments(link, d)
            found = (
                cf.optimal_learning_rate_nonlinear(*moments[:2], d, n, noise),
                cf.nonlinear_minimum_loss(*moments[:3], d, n, noise),
            )
            assert found == pytest.approx(values, abs=6e-6)


@pytest.mark.parametrize("link", [lambda z: z + z**2, lambda z: z**3], ids=["z+z^2", "z^3"])
def test_loss_by_enumeration_of_the_layer(link) -> None:
    """n = d = 2: eight Gauss-Hermite points per covariate, three per noise, 32 directions on the circle; exact for these polynomials."""
    n, d, noise = 2, 2, 0.4
    rng = np.random.default_rng(4)
    v, m = np.array([0.05, -0.03, 0.2]), 0.1 * rng.standard_normal((3, 2))
    nodes, mass = hermgauss(8)
    x = np.sqrt(2) * np.array(list(product(nodes, repeat=n * d))).reshape(-1, n, d)
    x_weights = np.prod(np.array(list(product(mass / np.sqrt(np.pi), repeat=n * d))), axis=1)
    eps = np.sqrt(noise) * np.array(list(product((-np.sqrt(3.0), 0.0, np.sqrt(3.0)), repeat=n)))
    eps_weights = np.prod(np.where(eps == 0.0, 2 / 3, 1 / 6), axis=1)
    queries = np.sqrt(2) * np.array(list(product(nodes, repeat=d)))
    query_weights = np.prod(np.array(list(product(mass / np.sqrt(np.pi), repeat=d))), axis=1)
    loss = squared = correlation = 0.0
    for angle in 2 * np.pi * np.arange(32) / 32:
        u = np.array([np.cos(angle), np.sin(angle)])
        target = link(queries @ u)
        beta, power = query_weights @ (target[:, None] * queries), query_weights @ target**2
        y = link(x @ u)[:, None, :] + eps[None]
        gradient = np.einsum("pnd,pen->ped", x, y)
        s = np.einsum("pni,pnj->pij", x, x)
        even = np.einsum("ij,pjk,k->pi", m[:-1].T, s, v[:-1])[:, None] + v[-1] * np.sum(y**2, axis=2)[..., None] * m[-1]
        theta = gradient @ (v[-1] * m[:-1].T + np.outer(m[-1], v[:-1])).T + even
        joint = x_weights[:, None] * eps_weights[None, :] / 32
        # The query is standard normal: E (f - theta . x)^2 = E f^2 - 2 theta . beta + |theta|^2.
        loss += np.sum(joint * (power - 2 * theta @ beta + np.sum(theta**2, axis=2)))
        squared += np.sum(joint * np.sum(gradient**2, axis=2))
        correlation += np.sum(joint * (gradient @ beta))
    moments = cf.nonlinear_teacher_moments(link, d)
    closed = cf.nonlinear_population_loss(v, m, n, moments, noise)
    assert closed["total"] == pytest.approx(loss + noise, rel=1e-11)
    assert closed["total"] == pytest.approx(closed["odd"] + closed["even"], rel=1e-14)
    assert cf.optimal_learning_rate_nonlinear(*moments[:2], d, n, noise) == pytest.approx(correlation / squared, rel=1e-11)


def test_global_minimum_of_the_nonlinear_loss() -> None:
    n, d, noise = 5, 3, 0.5
    moments = cf.nonlinear_teacher_moments("relu", d)
    eta = cf.optimal_learning_rate_nonlinear(*moments[:2], d, n, noise)
    lowest = cf.nonlinear_minimum_loss(*moments[:3], d, n, noise)
    v, m = np.append(np.zeros(d), 0.7), np.concatenate([eta / 0.7 * np.eye(d), np.zeros((1, d))])
    assert cf.nonlinear_population_loss(v, m, n, moments, noise)["total"] == pytest.approx(lowest, rel=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(50):
        moved = cf.nonlinear_population_loss(v + 0.1 * rng.standard_normal(d + 1), m + 0.1 * rng.standard_normal((d + 1, d)), n, moments, noise)
        assert moved["total"] > lowest
        assert moved["even"] >= 0.0


@pytest.mark.parametrize(("n", "d"), [(2, 2), (3, 1), (1, 2)])
def test_prior_mean_by_enumeration(n: int, d: int) -> None:
    noise, mean = 0.5, np.array([0.8, -0.3])[:d]
    p = np.array([[0.1, 0.03], [-0.02, 0.2]])[:d, :d]
    points = np.array(list(product((-np.sqrt(3.0), 0.0, np.sqrt(3.0)), repeat=n * d + n + d)))
    weights = np.prod(np.where(points == 0.0, 2 / 3, 1 / 6), axis=1)
    x, w = points[:, : n * d].reshape(-1, n, d), mean + points[:, n * d : n * d + d]
    y = np.einsum("pnd,pd->pn", x, w) + np.sqrt(noise) * points[:, n * d + d :]
    residual = w - np.einsum("pnd,pn->pd", x, y) @ p.T
    expected = weights @ (np.sum(y**2, axis=1)[:, None] * residual)
    assert cf.prior_mean_even_correlation(p, n, mean, noise) == pytest.approx(expected, rel=1e-11)
    assert np.all(np.isfinite(cf.prior_mean_even_correlation(p, n, mean, 0.0)))
    scale, step = 0.6, 1e-6

    def loss(b: np.ndarray) -> float:
        theta = np.einsum("pnd,pn->pd", x, y) @ p.T + scale * np.sum(y**2, axis=1)[:, None] * b
        return float(weights @ np.sum((w - theta) ** 2, axis=1))

    slopes = [(loss(step * e) - loss(-step * e)) / (2 * step) for e in np.eye(d)]
    assert cf.prior_mean_gradient(scale, p, n, mean, noise) == pytest.approx(slopes, rel=1e-6)


def test_no_step_is_optimal_with_a_prior_mean() -> None:
    n, d, noise, mean = 6, 2, 0.5, np.array([1.0, 0.0])
    second_moment = np.eye(d) + np.outer(mean, mean)
    plain = cf.best_plain_learning_rate(n, np.eye(d), second_moment, noise)
    assert plain == pytest.approx(3 / 28, rel=1e-13)
    for p, first in (
        (cf.optimal_learning_rate(n, d, noise) * np.eye(d), 5.210526),
        (plain * np.eye(d), 4.714286),
        (cf.optimal_preconditioner(n, np.eye(d), second_moment, noise), 2.828571),
    ):
        assert cf.prior_mean_even_correlation(p, n, mean, noise) == pytest.approx([first, 0.0], abs=1e-6)
