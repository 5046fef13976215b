"""Scalar closed forms of arXiv:2307.03576: step, losses, covariate laws, test length, step size, gradient flow."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.optimize import minimize_scalar
from scipy.stats import chi2

from theorylab.papers.one_step_gd import closed_form as cf

lengths = st.integers(1, 60)
noises = st.floats(0.0, 10.0)
priors = st.floats(0.1, 10.0)


def three_point_designs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """All points and weights of the three-point law (moments of N(0, 1) through order five) in `count` coordinates."""
    points = np.array(list(product((-np.sqrt(3.0), 0.0, np.sqrt(3.0)), repeat=count)))
    return points, np.prod(np.where(points == 0.0, 2.0 / 3.0, 1.0 / 6.0), axis=1)


@pytest.mark.parametrize(("n", "d", "noise", "prior"), [(2, 2, 0.7, 1.0), (3, 1, 0.4, 2.5), (1, 3, 1.1, 0.3), (2, 2, 0.0, 1.7)])
def test_step_and_loss_by_enumeration(n: int, d: int, noise: float, prior: float) -> None:
    points, weights = three_point_designs(n * d + n + d)
    x = points[:, : n * d].reshape(-1, n, d)
    w = np.sqrt(prior) * points[:, n * d : n * d + d]
    y = np.einsum("pnd,pd->pn", x, w) + np.sqrt(noise) * points[:, n * d + d :]
    gradient = np.einsum("pnd,pn->pd", x, y)
    squared = weights @ np.sum(gradient**2, axis=1)
    correlation = weights @ np.sum(gradient * w, axis=1)
    assert cf.expected_squared_gradient(n, d, noise, prior) == pytest.approx(squared, rel=1e-12)
    assert cf.expected_ridge_correlation(n, d, noise, prior) == pytest.approx(correlation, rel=1e-12)
    assert cf.optimal_learning_rate(n, d, noise, prior) == pytest.approx(correlation / squared, rel=1e-12)
    for rate in (correlation / squared, 0.0, -0.1, 0.3):
        loss = noise + weights @ np.sum((w - rate * gradient) ** 2, axis=1)
        assert cf.plain_step_loss(rate, n, d, noise, prior) == pytest.approx(loss, rel=1e-12)
    best = noise + weights @ np.sum((w - correlation / squared * gradient) ** 2, axis=1)
    assert cf.minimum_pretraining_loss(n, d, noise, prior) == pytest.approx(best, rel=1e-12)
    assert cf.icl_excess(n, d, noise, prior) == pytest.approx(best - noise, rel=1e-11)


def test_least_squares_correlation_against_simulation_of_its_identity() -> None:
    """y^T H y has conditional mean |X w|^2 + sigma^2 rank(H): exact for every X, so one X and the trace of H suffice."""
    for n, d in ((6, 3), (3, 6)):
        x = np.random.default_rng().standard_normal((n, d))
        rank = float(np.trace(x @ np.linalg.pinv(x)))
        assert cf.expected_least_squares_correlation(n, d, 0.7, 2.0) == pytest.approx(2.0 * n * d + 0.7 * rank, rel=1e-10)


@settings(max_examples=60, deadline=None)
@given(n=lengths, d=lengths, noise=noises, prior=priors)
def test_the_optimal_rate_minimises_the_plain_loss(n: int, d: int, noise: float, prior: float) -> None:
    eta = cf.optimal_learning_rate(n, d, noise, prior)
    found = minimize_scalar(lambda rate: cf.plain_step_loss(rate, n, d, noise, prior), bracket=(0.5 * eta, 2.0 * eta))
    assert eta == pytest.approx(found.x, rel=1e-5)
    assert cf.minimum_pretraining_loss(n, d, noise, prior) == pytest.approx(cf.plain_step_loss(eta, n, d, noise, prior), rel=1e-10)
    assert cf.icl_excess(n, d, noise, prior) == pytest.approx(prior * d * (1.0 - n * eta), rel=1e-9)
    assert noise <= cf.minimum_pretraining_loss(n, d, noise, prior) <= noise + prior * d
    assert cf.plain_step_loss(0.0, n, d, noise, prior) == pytest.approx(noise + prior * d)


def test_reference_values() -> None:
    assert cf.optimal_learning_rate([10, 20, 6], [5, 8, 4], [1.0, 0.25, 0.7], [1.0, 1.0, 2.5]) == pytest.approx([1 / 17, 1 / 29.25, 1 / 11.28])
    assert cf.minimum_pretraining_loss([10, 20, 6], [5, 8, 4], [1.0, 0.25, 0.7], [1.0, 1.0, 2.5]) == pytest.approx(
        [3.058824, 2.779915, 5.380851], abs=1e-6
    )
    assert cf.expected_least_squares_correlation(10, 5, 1.0) == 55.0


def test_scalar_formulas_broadcast() -> None:
    n, d, noise = np.array([[1], [4], [9]]), np.array([2, 5]), 0.5
    for function in (
        cf.optimal_learning_rate,
        cf.minimum_pretraining_loss,
        cf.icl_excess,
        cf.expected_ridge_correlation,
        cf.expected_least_squares_correlation,
        cf.expected_squared_gradient,
        cf.optimal_test_length,
        cf.harmful_test_length,
        cf.long_prompt_bias,
    ):
        grid = function(n, d, noise, 2.0)
        assert grid.shape == (3, 2)
        assert grid[2, 1] == function(9, 5, 0.5, 2.0)
        assert isinstance(function(9, 5, 0.5, 2.0), float)
    assert cf.expected_ridge_correlation(3, 2, np.array([0.0, 1.0])).shape == (2,)
    assert cf.expected_squared_gradient(10**6, 10**6, 1.0) == pytest.approx(1e12 * (2e6 + 2.0), rel=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        cf.optimal_learning_rate,
        cf.minimum_pretraining_loss,
        cf.icl_excess,
        cf.expected_ridge_correlation,
        cf.expected_least_squares_correlation,
        cf.expected_squared_gradient,
        cf.optimal_test_length,
        cf.harmful_test_length,
        cf.long_prompt_bias,
        cf.largest_step,
        lambda *problem: cf.plain_step_loss(0.1, *problem),
        lambda *problem: cf.excess_at_test_length(4, *problem),
        lambda *problem: cf.gradient_flow_logistic(0.01, 0.1, *problem),
        lambda *problem: cf.gradient_flow_loss(0.01, 0.1, *problem),
        lambda n, d, noise, *prior: cf.minimum_loss_from_moments(n, d, 9.0, noise, *prior),
        lambda n, d, noise, *prior: cf.bayes_excess_exact(n, d, noise, *prior),
        lambda n, d, noise, *prior: cf.bayes_gap_exact(n, d, noise, *prior),
        lambda n, d, noise, *prior: cf.bayes_excess_jensen_floor(n, d, noise, *prior),
        lambda n, d, noise, *prior: cf.bayes_excess_dimension_one(n, noise, *prior),
        lambda n, d, noise, *prior: cf.hessian_spectrum_at_minimum(n, d, noise, 0.7, *prior),
        lambda n, d, noise, *prior: cf.global_minimiser(n, d, noise, 0.7, *prior)[1],
    ],
)
def test_the_default_prior_is_standard_and_noise_may_vanish(function: Callable[..., Any]) -> None:
    assert np.array_equal(function(5, 3, 0.5), function(5, 3, 0.5, 1.0))
    assert np.all(np.isfinite(function(5, 3, 0.0)))
    assert np.all(np.isfinite(function(5, 3, 0.01, 0.01)))


# Covariates that are not Gaussian


@pytest.mark.parametrize("law", ["gaussian", "sphere", "rademacher", "uniform", "laplace"])
def test_squared_norm_moment_by_integration_in_two_dimensions(law: str) -> None:
    if law == "sphere":
        angles = 2.0 * np.pi * np.arange(16) / 16
        x, weights = np.sqrt(2.0) * np.stack([np.cos(angles), np.sin(angles)], axis=1), np.full(16, 1 / 16)
    else:
        nodes, mass = {
            "gaussian": lambda: (np.sqrt(2.0) * np.polynomial.hermite.hermgauss(6)[0], np.polynomial.hermite.hermgauss(6)[1] / np.sqrt(np.pi)),
            "rademacher": lambda: (np.array([-1.0, 1.0]), np.array([0.5, 0.5])),
            "uniform": lambda: (np.sqrt(3.0) * np.polynomial.legendre.leggauss(6)[0], np.polynomial.legendre.leggauss(6)[1] / 2.0),
            "laplace": lambda: (
                np.concatenate([side * np.polynomial.laguerre.laggauss(6)[0] / np.sqrt(2.0) for side in (-1, 1)]),
                np.tile(np.polynomial.laguerre.laggauss(6)[1] / 2.0, 2),
            ),
        }[law]()
        x = np.array(list(product(nodes, repeat=2)))
        weights = np.prod(np.array(list(product(mass, repeat=2))), axis=1)
    assert np.einsum("p,pi,pj->ij", weights, x, x) == pytest.approx(np.eye(2), abs=1e-12)
    moment = np.einsum("p,p,pi,pj->ij", weights, np.sum(x**2, axis=1), x, x)
    assert moment == pytest.approx(cf.squared_norm_moment(law, 2) * np.eye(2), abs=1e-11)


@pytest.mark.parametrize(("d", "nu"), [(3, 5.5), (4, 10.0), (1, 30.0)])
def test_student_moment_by_radial_integration(d: int, nu: float) -> None:
    fourth = quad(lambda t: ((nu - 2.0) / t) ** 2 * chi2(nu).pdf(t), 0.0, np.inf)[0]
    assert cf.squared_norm_moment_student(d, nu) == pytest.approx((d + 2) * fourth, rel=1e-7)


def test_gaussian_moment_returns_the_gaussian_theorem() -> None:
    n, d, noise, prior = 7, 4, 0.3, 2.0
    moment = cf.squared_norm_moment("gaussian", d)
    assert moment == d + 2
    assert cf.optimal_learning_rate_from_moments(n, moment, noise / prior) == pytest.approx(cf.optimal_learning_rate(n, d, noise, prior), rel=1e-14)
    assert cf.minimum_loss_from_moments(n, d, moment, noise, prior) == pytest.approx(cf.minimum_pretraining_loss(n, d, noise, prior), rel=1e-13)
    assert cf.squared_norm_moment_student(d, 4.001) == pytest.approx(6 * 2001, rel=1e-9)
    assert cf.squared_norm_moment_student(d, 1e9) == pytest.approx(d + 2, rel=1e-8)


@pytest.mark.parametrize(("noise", "prior"), [(0.7, 1.0), (0.4, 2.5)])
def test_rademacher_covariates_and_one_hot_tasks_by_enumeration(noise: float, prior: float) -> None:
    n, d = 3, 2
    signs = np.array(list(product((-1.0, 1.0), repeat=n * d + n)))
    best = squared = correlation = 0.0
    tasks = np.sqrt(prior * d) * np.concatenate([np.eye(d), -np.eye(d)])
    x, noises_ = signs[:, : n * d].reshape(-1, n, d), np.sqrt(noise) * signs[:, n * d :]
    eta = cf.optimal_learning_rate_from_moments(n, cf.squared_norm_moment("rademacher", d), noise / prior)
    for w in tasks:
        gradient = np.einsum("pnd,pn->pd", x, x @ w + noises_)
        squared += np.mean(np.sum(gradient**2, axis=1)) / len(tasks)
        correlation += np.mean(gradient @ w) / len(tasks)
        best += np.mean(np.sum((w - eta * gradient) ** 2, axis=1)) / len(tasks)
    assert eta == pytest.approx(correlation / squared, rel=1e-13)
    assert cf.minimum_loss_from_moments(n, d, 2.0, noise, prior) == pytest.approx(best + noise, rel=1e-13)
    if prior == 1.0:
        assert (eta, best + noise) == pytest.approx((0.2127659574, 1.4234042553), abs=1e-10)


# Test length


@pytest.mark.parametrize(("m", "n"), [(2, 2), (2, 5), (3, 1)])
def test_excess_at_another_length_by_enumeration(m: int, n: int) -> None:
    d, noise, prior = 1, 0.4, 1.7
    points, weights = three_point_designs(m * d + m + d)
    x, w = points[:, :m, None], np.sqrt(prior) * points[:, m : m + 1]
    y = np.einsum("pnd,pd->pn", x, w) + np.sqrt(noise) * points[:, m + 1 :]
    step = cf.optimal_learning_rate(n, d, noise, prior) * np.einsum("pnd,pn->pd", x, y)
    assert cf.excess_at_test_length(m, n, d, noise, prior) == pytest.approx(weights @ np.sum((w - step) ** 2, axis=1), rel=1e-12)
    averaged = cf.excess_at_test_length(m, n, d, noise, prior, normalised=True)
    assert averaged == pytest.approx(weights @ np.sum((w - n / m * step) ** 2, axis=1), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(n=lengths, d=lengths, noise=noises, prior=priors)
def test_test_length_landmarks(n: int, d: int, noise: float, prior: float) -> None:
    problem = (n, d, noise, prior)
    assert cf.excess_at_test_length(n, *problem) == pytest.approx(cf.icl_excess(*problem), rel=1e-9)
    assert cf.excess_at_test_length(n, *problem, normalised=True) == pytest.approx(cf.icl_excess(*problem), rel=1e-9)
    around = np.maximum(np.floor(cf.optimal_test_length(*problem)) + np.array([-1, 0, 1, 2]), 1).astype(int)
    values = cf.excess_at_test_length(around, *problem)
    assert np.argmin(values) in (1, 2)
    harmful = cf.harmful_test_length(*problem)
    assert cf.excess_at_test_length(int(np.floor(harmful)), *problem) <= prior * d * (1 + 1e-9)
    assert cf.excess_at_test_length(int(np.floor(harmful)) + 1, *problem) > prior * d * (1 - 1e-9)
    lengths_ = np.array([n, 2 * n, 10 * n, 10**9])
    averaged = cf.excess_at_test_length(lengths_, *problem, normalised=True)
    assert np.all(np.diff(averaged) < 0.0)
    assert cf.long_prompt_bias(*problem) == pytest.approx(prior * d * (1.0 - n * cf.optimal_learning_rate(*problem)) ** 2, rel=1e-8)
    assert averaged[-1] == pytest.approx(cf.long_prompt_bias(*problem), rel=1e-3)


def test_parabola_in_the_test_length_has_its_vertex_at_the_optimum() -> None:
    problem = (10, 4, 0.5, 2.5)
    grid = np.array([5, 12, 40])
    curvature, slope, level = np.polyfit(grid, cf.excess_at_test_length(grid, *problem), 2)
    assert cf.optimal_test_length(*problem) == pytest.approx(-slope / (2 * curvature), rel=1e-10)
    assert cf.harmful_test_length(*problem) == pytest.approx(-slope / curvature, rel=1e-10)
    assert level == pytest.approx(2.5 * 4, rel=1e-10)


# The step against the curvature


def test_largest_step() -> None:
    gamma = np.array([0.1, 0.5, 1.0, 2.0, 10.0])
    limit = cf.largest_step_limit(gamma)
    assert limit == pytest.approx((1 + np.sqrt(gamma)) ** 2 / (1 + gamma), rel=1e-14)
    assert limit[2] == 2.0
    assert limit == pytest.approx(limit[::-1], rel=1e-14)
    reference = cf.largest_step([100, 400, 50, 800], [100, 100, 200, 400], 0.5, centring="johnstone")
    assert reference == pytest.approx([1.9053, 1.7533, 1.7167, 1.9176], abs=5e-5)
    assert cf.largest_step(50, 200, 0.5) == pytest.approx(cf.largest_step(200, 50, 0.5), rel=1e-13)
    # The noise enters as a ratio to the prior variance, and the approach to the limit is of order d^(-2/3).
    assert cf.largest_step(50, 20, 0.5, 2.0) == cf.largest_step(50, 20, 0.25)
    gaps = cf.largest_step_limit(1.0) - cf.largest_step([10**6, 8 * 10**6], [10**6, 8 * 10**6], 0.0)
    assert gaps[0] / gaps[1] == pytest.approx(4.0, rel=0.015)


# Gradient flow


@pytest.mark.parametrize(("n", "d", "noise", "prior"), [(6, 3, 0.5, 1.0), (4, 2, 0.3, 2.5), (3, 1, 0.0, 0.7)])
def test_logistic_law_solves_the_gradient_flow(n: int, d: int, noise: float, prior: float) -> None:
    loss = cf.PopulationLoss(n, np.eye(d), prior * np.eye(d), noise)
    size = d + 1
    start = 0.02
    v, m = cf.balanced_start(start, d)

    def flow(_: float, state: np.ndarray) -> np.ndarray:
        grad_v, grad_m = loss.gradient(state[:size], state[size:].reshape(size, d))
        return -np.concatenate([grad_v, grad_m.ravel()])

    times = np.linspace(0.0, 2.5 / (n * prior * np.sqrt(d)), 6)
    solution = solve_ivp(flow, (0.0, times[-1]), np.concatenate([v, m.ravel()]), t_eval=times, rtol=1e-11, atol=1e-13).y.T
    for t, state in zip(times, solution, strict=True):
        v_t, m_t = state[:size], state[size:].reshape(size, d)
        expected = cf.gradient_flow_logistic(t, start, n, d, noise, prior)
        assert v_t[-1] * m_t[:-1] == pytest.approx(expected * np.eye(d), abs=1e-9)
        assert cf.layer_imbalance(v_t, m_t) == pytest.approx(0.0, abs=1e-10)
        assert loss.value(v_t, m_t) == pytest.approx(cf.gradient_flow_loss(t, start, n, d, noise, prior), rel=1e-9)
    assert cf.gradient_flow_logistic(1e3, start, n, d, noise, prior) == pytest.approx(cf.optimal_learning_rate(n, d, noise, prior))


@pytest.mark.parametrize(("n", "d", "noise", "prior"), [(6, 3, 0.5, 1.0), (4, 2, 0.3, 2.5)])
def test_raw_weights_reach_a_rate_at_the_stated_time(n: int, d: int, noise: float, prior: float) -> None:
    eta = cf.optimal_learning_rate(n, d, noise, prior)
    weights = cf.balanced_raw_start(0.05 * eta, d)
    norms = [np.linalg.norm(weight) for weight in weights]
    assert norms == pytest.approx([norms[0]] * 4, rel=1e-12)
    shapes, ends = [weight.shape for weight in weights], np.cumsum([weight.size for weight in weights])[:-1]

    def unpack(state: np.ndarray) -> list[np.ndarray]:
        return [part.reshape(shape) for part, shape in zip(np.split(state, ends), shapes, strict=True)]

    def flow(_: float, state: np.ndarray) -> np.ndarray:
        gradient = cf.raw_population_loss_gradient(*unpack(state), n, np.eye(d), prior * np.eye(d), noise)
        return -np.concatenate([part.ravel() for part in gradient])

    reached = np.array([0.05, 0.3, 0.9]) * eta
    times = cf.raw_gradient_flow_time(reached, 0.05 * eta, n, d, noise, prior)
    assert times[0] == pytest.approx(0.0, abs=1e-12)
    start = np.concatenate([weight.ravel() for weight in weights])
    path = solve_ivp(flow, (0.0, times[-1]), start, t_eval=times, rtol=1e-10, atol=1e-13).y.T
    for state, rate in zip(path, reached, strict=True):
        v, m = cf.effective_parameters(*unpack(state))
        assert v[-1] * m[:-1] == pytest.approx(rate * np.eye(d), abs=1e-7 * eta)
        assert max(np.max(np.abs(v[:-1])), np.max(np.abs(m[-1]))) < 1e-12


def test_imbalance_is_conserved_from_any_start() -> None:
    rng = np.random.default_rng()
    loss = cf.PopulationLoss(4, np.diag([1.0, 0.5]), np.eye(2), 0.3)
    v, m = 0.3 * rng.standard_normal(3), 0.3 * rng.standard_normal((3, 2))
    grad_v, grad_m = loss.gradient(v, m)
    rate = np.sum(v * grad_v) - np.sum(m * grad_m)
    assert rate == pytest.approx(0.0, abs=1e-10 * (1.0 + abs(np.sum(v * grad_v))))
    assert cf.layer_imbalance(v, m) == pytest.approx(np.sum(v**2) - np.sum(m**2), rel=1e-13)


def test_reference_values_of_the_flow() -> None:
    values = cf.gradient_flow_logistic([0.06, 0.12], 0.02**2 * np.sqrt(3.0), 6, 3, 0.5)
    assert values == pytest.approx([0.0077635, 0.0493384], abs=1e-7)
