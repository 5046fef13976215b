"""Marchenko-Pastur against its own density, and the Tracy-Widom mean against a Fredholm determinant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import airy

from theorylab.numerics import random_matrix as rm
from theorylab.numerics.laguerre_ensemble import wishart_linear_statistic

ratios = st.floats(0.05, 20.0).filter(lambda gamma: abs(gamma - 1.0) > 0.01)


def _mean(function, gamma: float) -> float:
    """Mean of a function over the continuous part: x = centre + radius cos(angle) removes the square roots at the ends."""
    lower, upper = rm.marchenko_pastur_support(gamma)
    angle = (np.arange(4000) + 0.5) * np.pi / 4000
    x = 0.5 * (lower + upper) + 0.5 * (upper - lower) * np.cos(angle)
    return float(np.sum(function(x) * rm.marchenko_pastur_density(x, gamma) * np.sin(angle)) * 0.5 * (upper - lower) * np.pi / 4000)


@settings(max_examples=30, deadline=None)
@given(gamma=ratios)
def test_density_has_the_right_mass_and_moments(gamma: float) -> None:
    assert _mean(np.ones_like, gamma) == pytest.approx(1.0 - rm.marchenko_pastur_atom(gamma), rel=1e-6)
    assert _mean(lambda x: x, gamma) == pytest.approx(1.0, rel=1e-6)
    assert _mean(lambda x: x**2, gamma) == pytest.approx(1.0 + gamma, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(gamma=ratios, ridge=st.floats(1e-3, 50.0))
def test_transforms_are_integrals_of_the_density(gamma: float, ridge: float) -> None:
    expected = _mean(lambda x: ridge / (ridge + x), gamma) + rm.marchenko_pastur_atom(gamma)
    assert rm.marchenko_pastur_ridge_mean(ridge, gamma) == pytest.approx(expected, rel=2e-6)
    assert rm.marchenko_pastur_stieltjes(ridge, gamma) == pytest.approx(expected / ridge, rel=2e-6)


@settings(max_examples=50, deadline=None)
@given(gamma=st.floats(1e-3, 1e3), ridge=st.floats(0.0, 1e6))
def test_ridge_mean_solves_its_quadratic_and_stays_in_the_unit_interval(gamma: float, ridge: float) -> None:
    r = rm.marchenko_pastur_ridge_mean(ridge, gamma)
    assert 0.0 <= r <= 1.0
    assert gamma * r**2 + (1.0 - gamma + ridge) * r == pytest.approx(ridge, rel=1e-9, abs=1e-12)


def test_ridge_mean_at_zero_is_the_atom() -> None:
    assert np.array_equal(rm.marchenko_pastur_ridge_mean(0.0, [0.5, 1.0, 4.0]), [0.0, 0.0, 0.75])
    assert np.array_equal(rm.marchenko_pastur_atom([0.5, 1.0, 4.0]), [0.0, 0.0, 0.75])
    assert rm.marchenko_pastur_ridge_mean(1e-20, 0.5) == pytest.approx(2e-20, rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(200, 80), (120, 120), (80, 200)])
def test_finite_wishart_spectra_approach_the_law(n: int, d: int) -> None:
    ridge = 0.3
    exact = (wishart_linear_statistic(lambda mu: ridge / (ridge + mu / n), n, d).value + max(d - n, 0)) / d
    assert rm.marchenko_pastur_ridge_mean(ridge, d / n) == pytest.approx(exact, rel=3.0 / min(n, d))


def test_density_outside_and_at_the_pole() -> None:
    lower, upper = rm.marchenko_pastur_support(0.25)
    assert (lower, upper) == (0.25, 2.25)
    assert np.array_equal(rm.marchenko_pastur_density([0.0, 0.2, 2.3], 0.25), [0.0, 0.0, 0.0])
    assert rm.marchenko_pastur_density(0.0, 1.0) == np.inf
    assert isinstance(rm.marchenko_pastur_density(1.0, 0.25), float)


def test_tracy_widom_mean_from_its_fredholm_determinant() -> None:
    """F_1(s) = det(1 - K_s), K_s(x, y) = Ai((x + y)/2 + s)/2 on L2(0, infinity); the mean is high - int F ds, for F = 0 at low and F = 1 at high."""
    nodes, weights = np.polynomial.legendre.leggauss(100)
    x, w = 16.0 * (nodes + 1.0), 16.0 * weights
    root = np.sqrt(np.outer(w, w))
    half_sum = 0.5 * (x[:, None] + x[None, :])
    low, high = -10.0, 16.0
    points = 0.5 * (high + low) + 0.5 * (high - low) * nodes
    distribution = [np.linalg.det(np.eye(100) - 0.5 * root * airy(half_sum + s)[0]) for s in points]
    mean = high - 0.5 * (high - low) * float(weights @ np.array(distribution))
    assert mean == pytest.approx(rm.TRACY_WIDOM_MEAN, abs=1e-11)


def test_location_on_worked_numbers() -> None:
    centre, scale = rm.largest_eigenvalue_location(10, 4, centring="johnstone")
    assert centre == pytest.approx(25.0, rel=1e-14)
    assert scale == pytest.approx(5.0 * (1.0 / 3.0 + 1.0 / 2.0) ** (1.0 / 3.0), rel=1e-14)
    centre, scale = rm.largest_eigenvalue_location(5, 3, centring="ma")
    assert centre == pytest.approx(4.5 + 2.5 + 2.0 * np.sqrt(4.5 * 2.5), rel=1e-14)
    assert scale == pytest.approx((np.sqrt(4.5) + np.sqrt(2.5)) ** (4.0 / 3.0) * (4.5 * 2.5) ** (-1.0 / 6.0), rel=1e-14)
    assert rm.largest_eigenvalue_mean(50, 200) == pytest.approx(rm.largest_eigenvalue_mean(200, 50), rel=1e-14)


def test_mean_of_the_largest_eigenvalue_against_simulation() -> None:
    """Mean of 300 draws: standard deviation 0.31% of the mean, so 3% is nine of them; leaving the Tracy-Widom shift out is 5%."""
    rng = np.random.default_rng()
    draws = [np.linalg.norm(rng.standard_normal((60, 60)), 2) ** 2 for _ in range(300)]
    for centring in ("ma", "johnstone"):
        assert rm.largest_eigenvalue_mean(60, 60, centring=centring) == pytest.approx(np.mean(draws), rel=0.03)


def test_vectorised_over_both_arguments() -> None:
    grid = rm.largest_eigenvalue_mean(np.array([[10], [20]]), np.array([3, 4, 5]))
    assert grid.shape == (2, 3)
    assert grid[1, 2] == rm.largest_eigenvalue_mean(20, 5)
    assert rm.marchenko_pastur_ridge_mean(np.ones((2, 1)), np.array([0.5, 1.0, 2.0])).shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rm.marchenko_pastur_support(0.0), "features_per_sample must be finite and > 0; got 0.0"),
        (lambda: rm.marchenko_pastur_atom(-1.0), "features_per_sample"),
        (lambda: rm.marchenko_pastur_density(-0.1, 1.0), "eigenvalue must be finite and >= 0"),
        (lambda: rm.marchenko_pastur_ridge_mean(-0.1, 1.0), "ridge must be finite and >= 0"),
        (lambda: rm.marchenko_pastur_stieltjes(0.0, 1.0), "ridge must be finite and > 0"),
        (lambda: rm.largest_eigenvalue_mean(1, 3), "degrees_of_freedom must be an integer >= 2"),
        (lambda: rm.largest_eigenvalue_mean(5, 0), "dimension must be an integer >= 1"),
        (lambda: rm.largest_eigenvalue_location(5, 3, centring="naive"), "centring must be one of 'ma', 'johnstone'"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_mean_of_the_density_by_adaptive_quadrature() -> None:
    lower, upper = rm.marchenko_pastur_support(2.0)
    mass = quad(lambda x: rm.marchenko_pastur_density(x, 2.0), lower, upper)[0]
    assert mass == pytest.approx(0.5, abs=1e-7)


def test_spiked_overlap_by_hand_and_at_its_threshold() -> None:
    assert rm.spiked_overlap(2.0, 1.0) == pytest.approx(0.75 / 1.5, rel=1e-15)
    assert rm.spiked_overlap([0.5, 1.0, 1.0 + 1e-9], 1.0).tolist() == pytest.approx([0.0, 0.0, 1e-9], rel=1e-6)
    assert rm.spiked_overlap(0.0, 0.3) == 0.0
    assert rm.spiked_overlap(1e8, 2.0) == pytest.approx(1.0, abs=3e-8)
    assert rm.spiked_overlap(np.ones((2, 1)), np.array([0.1, 0.2, 0.3])).shape == (2, 3)


def test_spiked_overlap_of_a_large_sample() -> None:
    rng = np.random.default_rng(11)
    for spike, gamma in ((1.5, 0.5), (3.0, 2.0)):
        d = 400
        data = rng.standard_normal((round(d / gamma), d))
        data[:, 0] *= np.sqrt(1.0 + spike)
        vector = np.linalg.svd(data, full_matrices=False)[2][0]
        assert vector[0] ** 2 == pytest.approx(rm.spiked_overlap(spike, gamma), abs=0.12)


@pytest.mark.parametrize(("spike", "gamma", "name"), [(-0.1, 1.0, "spike"), (1.0, 0.0, "features_per_sample"), (np.nan, 1.0, "spike")])
def test_spiked_overlap_bad_arguments(spike: float, gamma: float, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be finite"):
        rm.spiked_overlap(spike, gamma)
