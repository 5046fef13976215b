"""Estimators of the simulator on given data: equal to plain least squares, to each other, and to what their losses demand."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from theorylab.models.jacobi import jacobi_bidiagonal, tridiagonal_eigenvalues_plain, tridiagonal_entries
from theorylab.papers.aggregate_responses import monte_carlo as simulator
from theorylab.papers.aggregate_responses.monte_carlo.conditional import error_parts, response_matrix, scaled_averages
from theorylab.papers.aggregate_responses.monte_carlo.raw import bag_averages
from theorylab.papers.aggregate_responses.monte_carlo.shapes import least_variance_matrix
from theorylab.papers.aggregate_responses.monte_carlo.spectra import factored_spectrum_sums, spectrum_sums, spectrum_sums_plain
from theorylab.papers.aggregate_responses.monte_carlo.wishart_pairs import pair_risks

# (n, d, k): many samples; fewer bags than features; fewer deviations from the bags than features; n near d; n < d; one bag; bags of one; one feature.
SHAPES = [(30, 5, 3), (24, 10, 4), (16, 9, 2), (12, 11, 3), (12, 12, 3), (9, 18, 3), (6, 4, 6), (8, 3, 1), (9, 1, 3)]
WEIGHTS = (0.0, 1e-6, 0.01, 0.3, 0.95, 1.0)


def draw(shape: tuple[int, int, int], size: int = 4, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    n, d, k = shape
    rng = np.random.default_rng(seed)
    return rng.standard_normal((size, n, d)), rng.standard_normal((size, n // k))


def loss(theta: np.ndarray, X: np.ndarray, ybar: np.ndarray, k: int, weight: float) -> float:
    """The definition, sum by sum."""
    n, m = len(X), len(ybar)
    predictions = X @ theta
    bag = sum((ybar[a] - predictions[a * k : (a + 1) * k].mean()) ** 2 for a in range(m)) / m
    instance = sum((ybar[i // k] - predictions[i]) ** 2 for i in range(n)) / n
    return (1 - weight) * bag + weight * instance


@pytest.mark.parametrize("shape", SHAPES)
def test_raw_estimator_is_least_squares_on_stacked_rows(shape: tuple[int, int, int]) -> None:
    _, d, k = shape
    X, ybar = draw(shape)
    theta = simulator.interpolating_coefficients(X, ybar, bag_size=k, weights=WEIGHTS)
    assert theta.shape == (4, len(WEIGHTS), d)
    for i in range(4):
        averages = X[i].reshape(-1, k, d).mean(axis=1)
        for j, weight in enumerate(WEIGHTS):
            rows = np.concatenate([np.sqrt((1 - weight) * k) * averages, np.sqrt(weight) * X[i]]) if weight else averages
            targets = np.concatenate([np.sqrt((1 - weight) * k) * ybar[i], np.sqrt(weight) * np.repeat(ybar[i], k)]) if weight else ybar[i]
            np.testing.assert_allclose(theta[i, j], np.linalg.lstsq(rows, targets, rcond=1e-12)[0], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_raw_estimator_minimises_its_loss(shape: tuple[int, int, int]) -> None:
    """A convex quadratic is least where no small step in any direction lowers it."""
    _, d, k = shape
    X, ybar = draw(shape)
    theta, rng = simulator.interpolating_coefficients(X, ybar, bag_size=k, weights=WEIGHTS), np.random.default_rng(0)
    for i in range(4):
        for j, weight in enumerate(WEIGHTS):
            least = loss(theta[i, j], X[i], ybar[i], k, weight)
            for _ in range(10):
                step = rng.standard_normal(d)
                up, down = (loss(theta[i, j] + h * step, X[i], ybar[i], k, weight) for h in (1e-3, -1e-3))
                assert min(up, down) >= least - 1e-14
                assert abs(up - down) < 1e-9


@pytest.mark.parametrize("shape", SHAPES)
def test_three_roads_to_the_estimator_meet(shape: tuple[int, int, int]) -> None:
    """The loss in raw form; the linear map of the scaled bag means; and one eigendecomposition for all weights."""
    n, d, k = shape
    X, ybar = draw(shape)
    theta = simulator.interpolating_coefficients(X, ybar, bag_size=k, weights=WEIGHTS)
    G = scaled_averages(X, k)
    maps = [response_matrix(X, bag_size=k, weight=weight) for weight in WEIGHTS]
    for j, P in enumerate(maps):
        np.testing.assert_allclose((P @ ybar[:, :, None])[:, :, 0] * np.sqrt(k), theta[:, j], rtol=1e-6, atol=1e-7)
    if n > d:
        between = G.swapaxes(1, 2) @ G
        used = [j for j, weight in enumerate(WEIGHTS) if weight or n // k > d]
        bias, variance = pair_risks(between, X.swapaxes(1, 2) @ X - between, np.array(WEIGHTS)[used], bags=n // k)
        for column, j in enumerate(used):
            expected = error_parts(maps[j], G)
            np.testing.assert_allclose(bias[:, column], expected[0], rtol=1e-5, atol=1e-12)
            np.testing.assert_allclose(variance[:, column], expected[1], rtol=1e-5)


def test_error_parts_are_averages_over_directions_and_noise() -> None:
    X, _ = draw((24, 5, 4))
    P, G = response_matrix(X, bag_size=4, weight=0.2), scaled_averages(X, 4)
    for scale in (1.0, 3.0):
        bias, variance, alignment = error_parts(P, G, scale=scale)
        for i in range(4):
            ends = [scale * P[i] @ G[i] @ direction for direction in np.eye(5)]
            assert bias[i] == pytest.approx(np.mean([np.sum((end - e) ** 2) for end, e in zip(ends, np.eye(5), strict=True)]), rel=1e-12)
            assert alignment[i] == pytest.approx(np.mean([end @ e for end, e in zip(ends, np.eye(5), strict=True)]), rel=1e-12)
            assert variance[i] == pytest.approx(sum(np.sum((scale * P[i] @ e) ** 2) for e in np.eye(6)), rel=1e-12)


def test_three_estimators_of_fewer_bags_than_features_are_three() -> None:
    """The limit weight -> 0+ fits the bag means with the least variance within bags; weight 0 with the smallest norm; they differ."""
    X, ybar = draw((24, 10, 4))
    G = scaled_averages(X, 4)
    limit, smallest = least_variance_matrix(X, bag_size=4), response_matrix(X, bag_size=4, weight=0.0)
    for P in (limit, smallest):
        np.testing.assert_allclose(G @ P, np.broadcast_to(np.eye(6), (4, 6, 6)), atol=1e-10)
    np.testing.assert_allclose(limit, response_matrix(X, bag_size=4, weight=1e-9), rtol=1e-4, atol=1e-5)
    assert np.abs(limit - smallest).max() > 0.05
    rng = np.random.default_rng(1)
    for i in range(4):
        theta, least_norm = limit[i] @ ybar[i], smallest[i] @ ybar[i]
        deviations = X[i] - np.repeat(bag_averages(X, 4)[i], 4, axis=0)
        null = np.linalg.svd(G[i])[2][6:].T
        for _ in range(5):
            other = theta + 0.1 * null @ rng.standard_normal(4)
            assert np.sum((deviations @ other) ** 2) > np.sum((deviations @ theta) ** 2)
        assert np.linalg.norm(least_norm) < np.linalg.norm(theta)


def test_fewer_samples_than_features_give_one_estimator_for_every_weight() -> None:
    X, ybar = draw((9, 18, 3))
    theta = simulator.interpolating_coefficients(X, ybar, bag_size=3, weights=(1e-9, 1e-3, 0.4, 1.0))
    np.testing.assert_allclose(theta, np.broadcast_to(theta[:, -1:], theta.shape), atol=1e-7)
    np.testing.assert_allclose(theta[:, 1:], np.broadcast_to(theta[:, -1:], theta[:, 1:].shape), atol=1e-10)
    np.testing.assert_allclose((X @ theta[:, -1][:, :, None])[:, :, 0], np.repeat(ybar, 3, axis=1), atol=1e-10)
    assert np.abs(simulator.interpolating_coefficients(X, ybar, bag_size=3, weights=(0.0,)) - theta[:, :1]).max() > 0.01


def test_bags_of_one_are_ordinary_least_squares_at_every_weight() -> None:
    X, y = draw((20, 4, 1))
    expected = np.array([np.linalg.lstsq(X[i], y[i], rcond=None)[0] for i in range(4)])
    theta = simulator.interpolating_coefficients(X, y, bag_size=1, weights=WEIGHTS)
    np.testing.assert_allclose(theta, np.broadcast_to(expected[:, None], theta.shape), rtol=1e-9)


@pytest.mark.parametrize(("size", "d", "points"), [(1, 1, 1), (5, 1, 3), (7, 6, 4)])
def test_spectrum_sums_are_those_of_the_definition(size: int, d: int, points: int) -> None:
    rng = np.random.default_rng(2)
    u, rho = rng.uniform(size=(size, d)), np.append(rng.uniform(0.01, 1.0, size=points - 1), 1.0)
    u[:, 0], u[0, -1] = 0.0, 1.0
    sums = spectrum_sums(u, rho)
    for row in range(size):
        for j, weight in enumerate(rho):
            C = weight * np.eye(d) + (1 - weight) * np.diag(u[row])
            D = weight * np.linalg.inv(C) @ (np.eye(d) - np.diag(u[row]))
            p, q = np.trace(D), np.trace(D @ D)
            expected = [p, q - p**2 / d, np.trace(np.diag(u[row]) @ np.linalg.inv(C @ C))]
            np.testing.assert_allclose(sums[:, row, j], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("m", "p", "d"), [(9, 12, 5), (6, 5, 4), (3, 7, 5), (7, 3, 5), (4, 3, 6), (2, 3, 5), (9, 4, 1), (30, 60, 20), (50, 25, 40)])
def test_factored_sums_equal_those_over_the_eigenvalues(m: int, p: int, d: int) -> None:
    """In every shape of the model, at weights on both sides of one half, at 1, where only T counts, and beyond."""
    size, zeros, ones = 37, max(d - m, 0), max(d - p, 0)
    bidiagonal = jacobi_bidiagonal(np.random.default_rng(), size, first_degrees_of_freedom=m, second_degrees_of_freedom=p, dimension=d)
    u = np.repeat([[0.0] * zeros + [0.5] * (d - zeros - ones) + [1.0] * ones], size, axis=0)
    if zeros + ones < d:
        u[:, zeros : d - ones] = tridiagonal_eigenvalues_plain(*tridiagonal_entries(bidiagonal))
    for weights in (np.array([1e-3, 0.2, 0.4999, 0.5, 0.8, 1.0 - 1e-7, 1.0, 1.5, 4.0]), np.array([0.3]), np.array([1.0]), np.full(19, 0.1)):
        sums = factored_spectrum_sums(bidiagonal, weights, zeros=zeros, ones=ones)
        np.testing.assert_allclose(sums, spectrum_sums_plain(u, weights), rtol=1e-8, atol=1e-9)


def test_factored_sums_keep_their_digits_at_tiny_weights() -> None:
    """Against sixty digits, from the inverses of the matrices themselves; the plain sums lose what the smallest eigenvalues lose."""
    weights, k = (0.0, 1e-9, 1e-5), 6
    bidiagonal = jacobi_bidiagonal(np.random.default_rng(), 3, first_degrees_of_freedom=k + 2, second_degrees_of_freedom=9, dimension=k)
    found = factored_spectrum_sums(bidiagonal, np.array(weights), zeros=0, ones=0)
    with mpmath.workdps(60):
        for row, j in np.ndindex(3, len(weights)):
            factor = mpmath.diag([mpmath.sqrt(float(x)) for x in bidiagonal.diagonal[row]])
            for i, square in enumerate(bidiagonal.above[row]):
                factor[i, i + 1] = mpmath.sqrt(float(square))
            T, one, rho = factor.T * factor, mpmath.eye(k), mpmath.mpf(weights[j])
            inverse = (rho * one + (1 - rho) * T) ** -1
            D, bag = rho * inverse * (one - T), inverse * T * inverse
            p, q, t = (sum(matrix[i, i] for i in range(k)) for matrix in (D, D * D, bag))
            np.testing.assert_allclose(found[:, row, j], [float(p), float(q - p**2 / k), float(t)], rtol=1e-9)


SETTING: dict[str, Any] = {"sample_size": 24, "dimension": 5, "bag_size": 3, "squared_signal_norm": 2.5, "noise_variance": 0.7}


def test_conditional_columns_replicate_by_replicate() -> None:
    """The same seed gives the same features: their first numbers are what both samplers draw."""
    X = np.random.default_rng(4).standard_normal((6, 24, 5))
    G = scaled_averages(X, 3)
    columns = simulator.sample_conditional_risk(np.random.default_rng(4), 6, weights=WEIGHTS, **SETTING)
    for j, weight in enumerate(WEIGHTS):
        bias, variance, alignment = error_parts(response_matrix(X, bag_size=3, weight=weight), G)
        np.testing.assert_allclose(columns["bias_squared"][:, j], 2.5 * bias, rtol=1e-12)
        np.testing.assert_allclose(columns["variance"][:, j], 0.7 * variance, rtol=1e-12)
        np.testing.assert_allclose(columns["alignment"][:, j], alignment, rtol=1e-12)
    np.testing.assert_allclose(columns["risk"], columns["bias_squared"] + columns["variance"], rtol=1e-14)


def test_raw_columns_replicate_by_replicate() -> None:
    rng = np.random.default_rng(4)
    X, e = rng.standard_normal((6, 24, 5)), np.sqrt(0.7) * rng.standard_normal((6, 24))
    theta0 = np.full(5, np.sqrt(0.5))
    theta = simulator.interpolating_coefficients(X, bag_averages(X @ theta0 + e, 3), bag_size=3, weights=WEIGHTS)
    columns = simulator.sample_raw_risk(np.random.default_rng(4), 6, weights=WEIGHTS, centre=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), **SETTING)
    risk = ((theta - theta0) ** 2).sum(axis=2)
    np.testing.assert_allclose(columns["risk"], risk, rtol=1e-12)
    np.testing.assert_allclose(columns["alignment"], theta @ theta0 / 2.5, rtol=1e-12)
    np.testing.assert_allclose(columns["risk_squared"], (risk - [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]) ** 2, rtol=1e-10)


def test_ends_and_limits_replicate_by_replicate() -> None:
    drawn = simulator.sample_conditional_risk(np.random.default_rng(6), 20, weights=(1.0,), **SETTING)
    parts = simulator.sample_instance_parts(np.random.default_rng(6), 20, **SETTING)
    for name in ("bias_squared", "variance", "risk", "alignment"):
        np.testing.assert_allclose(parts[name], drawn[name][:, 0], rtol=1e-10)
    X = np.random.default_rng(6).standard_normal((20, 24, 5))
    triple = 3.0 * response_matrix(X, bag_size=3, weight=1.0)
    error = triple @ scaled_averages(X, 3) - np.eye(5)
    np.testing.assert_allclose(parts["rescaled_bias_squared"], 2.5 * (error**2).sum(axis=(1, 2)) / 5, rtol=1e-10)
    np.testing.assert_allclose(parts["rescaled_variance"], 0.7 * (triple**2).sum(axis=(1, 2)), rtol=1e-10)
    np.testing.assert_allclose(parts["rescaled_risk"], parts["rescaled_bias_squared"] + parts["rescaled_variance"], rtol=1e-13)
    for n, d in ((12, 4), (4, 12), (5, 5)):
        setting = {"sample_size": n, "dimension": d, "bag_size": 1, "noise_variance": 0.7}
        variance = simulator.sample_bag_level_variance(np.random.default_rng(6), 20, **setting)["variance"]
        expected = simulator.sample_conditional_risk(np.random.default_rng(6), 20, weights=(0.0,), **setting)["variance"][:, 0]
        np.testing.assert_allclose(variance, expected, rtol=1e-6)
    few = {**SETTING, "dimension": 11}
    drawn = simulator.sample_conditional_risk(np.random.default_rng(6), 20, weights=(1e-9,), **few)
    limit = simulator.sample_least_variance_risk(np.random.default_rng(6), 20, **few)
    for name, column in limit.items():
        np.testing.assert_allclose(column, drawn[name][:, 0], rtol=1e-4)
