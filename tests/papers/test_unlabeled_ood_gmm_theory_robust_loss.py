"""Worst errors within a Wasserstein distance, the smoothing gap and Chernoff's law: limits, shapes and errors."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory

MARGINS = st.lists(st.floats(-3, 3).map(lambda t: round(t, 3)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(margins=MARGINS, radius=st.floats(0, 2))
def test_greedy_and_dual_agree(margins: list[float], radius: float) -> None:
    greedy, dual = theory.wasserstein_dro_empirical(margins, radius), theory.wasserstein_dro_dual(margins, radius)
    assert greedy.risk == pytest.approx(dual.risk, abs=1e-9)
    assert np.mean(np.array(margins) <= 0) - 1e-12 <= greedy.risk <= 1.0 + 1e-12
    # The price belongs to the same objective.
    charged = greedy.slope * radius + np.mean(theory.ramp_loss(margins, greedy.slope))
    assert charged == pytest.approx(greedy.risk, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(margins=MARGINS)
def test_the_worst_error_is_concave_and_increasing_in_the_radius(margins: list[float]) -> None:
    radii = np.linspace(0, 1.5, 31)
    risks = np.array([theory.wasserstein_dro_empirical(margins, radius).risk for radius in radii])
    assert np.all(np.diff(risks) >= -1e-12)
    assert np.all(np.diff(risks, 2) <= 1e-9)


def test_empirical_risk_by_hand() -> None:
    margins = [-1.0, 0.5, 1.0, 2.0]
    assert theory.wasserstein_dro_empirical(margins, 0.0) == pytest.approx((0.25, 2.0))
    assert theory.wasserstein_dro_empirical(margins, 0.125) == pytest.approx((0.5, 1.0))
    assert theory.wasserstein_dro_empirical(margins, 0.25) == pytest.approx((0.625, 1.0))
    assert theory.wasserstein_dro_empirical(margins, 10.0) == (1.0, 0.0)
    batch = theory.wasserstein_dro_empirical([[margins, margins[::-1]]], 0.25)
    assert batch.risk.shape == (1, 2)
    assert batch.risk == pytest.approx(np.full((1, 2), 0.625))


def test_population_limits() -> None:
    assert theory.wasserstein_dro_risk(1.0, 1.0, 0.0) == (pytest.approx(norm.cdf(-1), rel=1e-14), 0.0)
    assert theory.wasserstein_dro_risk([0.0, 1.0], 1.0, [[0.1], [0.2], [5.0]]).risk.shape == (3, 2)
    # A small radius: what is moved is t f(0) dt up to tau.
    found = theory.wasserstein_dro_risk(0.7, 1.0, 1e-12)
    assert found.threshold == pytest.approx(np.sqrt(2e-12 / norm.pdf(0.7)), rel=1e-5)
    # Scales.
    one, three = theory.wasserstein_dro_risk(0.7, 1.2, 0.1), theory.wasserstein_dro_risk(2.1, 3.6, 0.3)
    assert three.risk == pytest.approx(one.risk, rel=1e-12)
    assert three.threshold == pytest.approx(3 * one.threshold, rel=1e-12)
    assert theory.dro_bias_coefficient(2.1, 3.6, 0.3) == pytest.approx(theory.dro_bias_coefficient(0.7, 1.2, 0.1), rel=1e-11)
    assert np.all(theory.dro_bias_coefficient(np.linspace(-1, 2, 7), 1.0, 0.05) < 0)


def test_second_moment_of_a_narrow_part_keeps_its_digits() -> None:
    """At a tiny radius the coefficient tends to -1/6 ... by the series of a constant density; in 40 digits at one place."""
    mean, radius = mpmath.mpf("0.7"), mpmath.mpf("1e-8")
    with mpmath.workdps(40):
        density = lambda t: mpmath.npdf(t, mean, 1)  # noqa: E731
        tau = mpmath.findroot(lambda x: mpmath.quad(lambda t: t * density(t), [0, x]) - radius, mpmath.sqrt(2 * radius / density(0)))
        exact = -(mpmath.quad(lambda t: t**2 * density(t), [0, tau]) - radius**2) / (2 * tau**3 * density(tau))
    assert theory.dro_bias_coefficient(0.7, 1.0, 1e-8) == pytest.approx(float(exact), rel=1e-10)
    assert float(exact) == pytest.approx(-1 / 6, rel=1e-3)


def test_smoothing() -> None:
    assert theory.smoothing_gap(1.0, 1e6) / theory.smoothing_gap_leading(1.0, 1e6) == pytest.approx(1.0, abs=1e-6)
    assert theory.smoothing_gap(0.0, 1e-9) == pytest.approx(0.5, abs=1e-8)
    assert theory.smoothing_gap(1.3, 2.0, 1.0) == pytest.approx(theory.smoothing_gap(1.3, 0.5, 4.0), rel=1e-13)
    assert theory.smoothing_prefactor(1.0) ** 2 == pytest.approx(norm.pdf(1.0) / 2, rel=1e-14)
    assert theory.smoothing_prefactor(1.0, 4.0) == pytest.approx(theory.smoothing_prefactor(1.0) / 2, rel=1e-14)
    assert theory.best_smoothing_bound(1.0, 0.0) == 0.0


def test_chernoff_density_is_a_density() -> None:
    place = np.linspace(-6, 6, 481)
    density = theory.chernoff_density(place)
    assert density == pytest.approx(density[::-1], abs=1e-14)
    assert np.all(density >= 0)
    assert density[0] == 0.0
    assert np.trapezoid(density, place) == pytest.approx(1.0, abs=1e-10)
    assert theory.chernoff_density(0.0) == pytest.approx(0.758345, abs=1e-6)
    assert np.all(np.diff(density[place >= 0]) <= 1e-15)


def test_chernoff_law_of_a_random_walk() -> None:
    """Where a discrete two-sided walk less a parabola is largest."""
    rng = np.random.default_rng(12)
    step, half = 0.002, 1000
    walks = np.cumsum(rng.standard_normal((3000, 2, half)) * np.sqrt(step), axis=2) - (step * np.arange(1, half + 1)) ** 2
    best = walks.max(axis=2)
    place = np.where(best.max(axis=1) > 0, step * (1 + walks[np.arange(3000), best.argmax(axis=1)].argmax(axis=1)), 0.0)
    assert place.mean() == pytest.approx(theory.chernoff_moments().mean_absolute, abs=0.04)
    assert (place**2).mean() == pytest.approx(theory.chernoff_moments().mean_square, abs=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.wasserstein_dro_risk(1.0, 0.0, 0.1), "margin_deviation must be finite and > 0"),
        (lambda: theory.wasserstein_dro_risk(1.0, 1.0, -0.1), "radius must be finite and >= 0; got -0.1"),
        (lambda: theory.wasserstein_dro_empirical([1.0, np.nan], 0.1), "margins must be finite"),
        (lambda: theory.wasserstein_dro_empirical(1.0, 0.1), r"margins must have shape \(..., m\)"),
        (lambda: theory.wasserstein_dro_empirical([1.0], -1.0), "radius must be finite and >= 0"),
        (lambda: theory.wasserstein_dro_dual([[1.0]], 0.1), r"margins must have shape \(m,\)"),
        (lambda: theory.dro_bias_coefficient(1.0, 1.0, 0.0), "radius must be finite and > 0"),
        (lambda: theory.dro_bias_coefficient(1.0, 1.0, 2.0), "radius must be below the mean of the positive part"),
        (lambda: theory.smoothing_gap(-1.0, 1.0), "half_distance must be finite and >= 0"),
        (lambda: theory.smoothing_gap(1.0, 0.0), "slope must be finite and > 0"),
        (lambda: theory.smoothing_gap_leading(1.0, 1.0, terms=3), "terms must be 1 or 2; got 3"),
        (lambda: theory.best_smoothing_bound(1.0, -0.1), "robust_excess must be finite and >= 0"),
        (lambda: theory.erm_angle_scale(0.0), "half_distance must be finite and > 0"),
        (lambda: theory.erm_cube_root_constant(-1.0), "half_distance must be finite and > 0"),
        (lambda: theory.chernoff_density(np.inf), "place must be finite"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
