"""Completeness, descent, the limit of the certificate: references by other routes, limits."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, norm

from theorylab.papers.tester_learner import closed_form as theory


def gaussian_moment(degree: int) -> float:
    return 2 * quad(lambda z: z**degree * norm.pdf(z), 0, 25, epsabs=0, epsrel=1e-12)[0]


# Completeness


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 3000), c=st.floats(0.01, 2.5), lower=st.floats(0.0, 0.99), upper=st.floats(1.01, 30.0))
def test_false_rejections_by_mass(n: int, c: float, lower: float, upper: float) -> None:
    p = float(theory.band_probability(c))
    counts = np.arange(n + 1)
    outside = (counts < lower * n * p) | (counts > upper * n * p)
    assert theory.band_mass_false_rejection(n, c, lower, upper) == pytest.approx(float(binom.pmf(counts[outside], n, p).sum()), rel=1e-8, abs=1e-290)
    exact = theory.band_mass_false_rejection(n, c)
    bounds = theory.band_mass_bounds(n, c)
    assert exact <= bounds.chernoff <= bounds.loose


def test_false_rejections_printed_values() -> None:
    sizes = [200, 400, 800, 1600]
    np.testing.assert_allclose(theory.band_mass_false_rejection(sizes, 0.1), [8.43e-3, 4.79e-4, 2.01e-6, 4.64e-11], rtol=2e-3)
    bounds = theory.band_mass_bounds(sizes, 0.1)
    np.testing.assert_allclose(bounds.chernoff, [0.141, 0.0187, 3.5e-4, 1.2e-7], rtol=0.02)
    np.testing.assert_allclose(bounds.loose, [0.530, 0.141, 9.9e-3, 4.9e-5], rtol=0.01)
    p = theory.band_probability(0.1)
    assert bounds.chernoff[1] == pytest.approx(math.exp(-400 * p / 8) + math.exp(-400 * p / 3), rel=1e-13)
    assert bounds.loose[1] == pytest.approx(2 * math.exp(-400 * p / 12), rel=1e-13)
    assert theory.band_mass_false_rejection([10, 20], [[0.1], [0.2], [0.3]]).shape == (3, 2)
    assert isinstance(theory.band_mass_false_rejection(5, 1), float)
    for number in theory.band_mass_bounds(5, 1):
        assert isinstance(number, float)
    # One row: in the band or not, both are outside of [1/2, 2] times the mean of .3829; at c = 1 only 0 is.
    assert theory.band_mass_false_rejection(1, 0.5) == pytest.approx(1.0, rel=1e-14)
    assert theory.band_mass_false_rejection(1, 1.0) == pytest.approx(1 - theory.band_probability(1.0), rel=1e-14)
    # A bound that the count meets exactly is inside.
    c = norm.ppf(0.75)
    probability = theory.band_probability(c)
    assert probability == pytest.approx(0.5, rel=1e-15)
    if probability == 0.5:
        assert theory.band_mass_false_rejection(4, c) == pytest.approx(1 / 16, rel=1e-14)


def test_edges_of_second_moments() -> None:
    low, high = theory.edge_of_second_moments(400, 101)
    assert (low, high) == pytest.approx((0.25, 2.25), rel=1e-14)
    assert theory.edge_of_second_moments(100, 401)[0] == 0.0
    for lower, upper in ((0.5, 2.0), (0.3, 1.2)):
        for size, which, value in zip(theory.rows_for_second_moments(400_001, lower, upper), (0, 1), (lower, upper), strict=True):
            assert theory.edge_of_second_moments(round(size), 400_001)[which] == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(theory.rows_for_second_moments(2), [11.66, 5.83], atol=6e-3)
    assert theory.edge_of_second_moments([10, 20], [[2], [3], [4]])[0].shape == (3, 2)
    assert theory.rows_for_second_moments([2, 3])[1].shape == (2,)
    for number in (*theory.edge_of_second_moments(5, 2), *theory.rows_for_second_moments(2)):
        assert isinstance(number, float)


# Descent


def test_population_step_is_the_turn_of_a_vector() -> None:
    """In the plane of w and w*: w + beta G v, normalised, and its angle to w*."""
    width, eta, beta = 0.4, 0.15, 0.9
    angles = theory.population_angles(2.8, 30, ramp_width=width, noise_rate=eta, step=beta)
    assert angles.shape == (31,)
    assert angles[0] == 2.8
    for now, then in pairwise(angles):
        w, v = np.array([math.cos(now), math.sin(now)]), np.array([math.sin(now), -math.cos(now)])
        end = min(width / 2, 12 * math.tan(now)) if now < np.pi / 2 else width / 2
        area = quad(lambda a, now=now: 2 * norm.pdf(a) * norm.pdf(a / math.tan(now)), 0, end, epsabs=1e-15)[0]
        gradient = 2 * (1 - 2 * eta) / width * area
        moved = w + beta * gradient * v
        assert then == pytest.approx(abs(math.atan2(moved[1], moved[0])), abs=1e-10)
    assert theory.population_angles(0.5, 0, ramp_width=1, noise_rate=0, step=1).tolist() == [0.5]


def test_counts_of_iterations() -> None:
    cases = [(0.2, 0.2, 0.05, 127), (0.1, 0.3, 0.1, 48), (0.3, 0.1, 0.05, 189)]
    for eta, width, beta, expected in cases:
        count = theory.population_iterations(1.5, 0.3, ramp_width=width, noise_rate=eta, step=beta)
        assert count == expected
        angles = theory.population_angles(1.5, count, ramp_width=width, noise_rate=eta, step=beta)
        assert angles[-1] <= 0.3 < angles[-2]
    np.testing.assert_allclose(
        theory.gradient_flow_iterations(1.5, 0.3, [0.2, 0.3, 0.1], [0.2, 0.1, 0.3], [0.05, 0.1, 0.05]), [125.7, 47.1, 188.5], atol=0.06
    )
    assert theory.gradient_flow_iterations(np.pi, 0.0, 1.0, 0.25, 2.0) == pytest.approx(np.pi**2, rel=1e-14)
    slow = theory.population_iterations(1.6, 1.5, ramp_width=1e-3, noise_rate=0.1, step=1e-4)
    assert slow == pytest.approx(theory.gradient_flow_iterations(1.6, 1.5, 1e-3, 0.1, 1e-4), abs=2)
    assert isinstance(slow, int)
    assert isinstance(theory.gradient_flow_iterations(1, 0, 1, 0, 1), float)
    assert theory.gradient_flow_iterations([1.0, 2.0], 0.1, [[0.1], [0.2], [0.3]], 0.1, 0.1).shape == (2,)


def test_a_step_that_is_too_long_never_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    from theorylab.papers.tester_learner.closed_form import descent

    # Ten million steps take minutes: a hundred show the message, if ten million are what it asks for.
    monkeypatch.setattr(descent, "range", lambda limit: range(limit // 10**5), raising=False)
    with pytest.raises(ValueError, match=r"step must be one that arrives within 10\^7 steps; got 9\.0"):
        theory.population_iterations(1.0, 0.1, ramp_width=0.1, noise_rate=0.0, step=9.0)
    # A hundred steps and no fewer.
    assert theory.population_iterations(1.5, 1.5 - 0.98 * 98.5 / np.pi * 0.01, ramp_width=1e-6, noise_rate=0.01, step=0.01) == 99
    with pytest.raises(ValueError, match="step must be one that arrives"):
        theory.population_iterations(1.5, 1.5 - 0.98 * 102 / np.pi * 0.01, ramp_width=1e-6, noise_rate=0.01, step=0.01)


@settings(max_examples=30, deadline=None)
@given(width=st.floats(0.05, 2.0), eta=st.floats(0.0, 0.45), share=st.floats(0.05, 1.9))
def test_small_angles_contract(width: float, eta: float, share: float) -> None:
    newton = theory.largest_stable_step(width, eta) / 2
    factor = theory.contraction_factor(width, eta, share * newton)
    assert factor == pytest.approx(1 - share, abs=1e-12)
    small = 1e-6
    angles = theory.population_angles(small, 1, ramp_width=width, noise_rate=eta, step=share * newton)
    assert angles[1] == pytest.approx(abs(factor) * small, abs=1e-10 * small / width**2 + 1e-16)


def test_contraction_by_hand() -> None:
    assert theory.contraction_factor(0.3, 0.2, 0.1) == pytest.approx(1 - 0.1 * 0.6 * math.sqrt(2 / np.pi) / 0.3, rel=1e-14)
    assert theory.largest_stable_step(0.3, 0.2) == pytest.approx(2 * 0.3 * math.sqrt(np.pi / 2) / 0.6, rel=1e-13)
    assert theory.contraction_factor([0.1, 0.2], [[0.1], [0.2], [0.3]], 0.1).shape == (3, 2)
    assert theory.largest_stable_step([0.1, 0.2], [[0.1], [0.2], [0.3]]).shape == (3, 2)
    assert isinstance(theory.contraction_factor(1, 0, 1), float)
    assert isinstance(theory.largest_stable_step(1, 0), float)


def test_final_accuracy_is_that_of_a_z_estimator() -> None:
    for width, eta in ((0.3, 0.2), (1.0, 0.05), (6.0, 0.3)):
        # Slope of the gradient at 0 by a difference; the score y l'(a) z per coordinate has second moment E l'(a)^2.
        slope = theory.surrogate_gradient(1e-4, width, eta) / 1e-4
        score = quad(lambda a, width=width: norm.pdf(a) / width**2, -width / 2, width / 2)[0]
        expected = math.sqrt(7 * score / (5000 * slope**2))
        assert theory.asymptotic_angle_rms(5000, 8, width, eta) == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(
        theory.asymptotic_angle_rms([20_000, 20_000, 40_000, 20_000], [10, 10, 20, 10], [0.3, 1.0, 0.3, 0.05], [0.2, 0.2, 0.1, 0.2]),
        [0.01530, 0.02742, 0.01179, 0.00626],
        atol=6e-6,
    )
    assert theory.asymptotic_angle_rms(20_000, 10, 1e3, 0.2) == pytest.approx(0.0443, abs=6e-5)
    assert theory.asymptotic_angle_rms(400, 5, 0.3, 0.2) == pytest.approx(2 * theory.asymptotic_angle_rms(1600, 5, 0.3, 0.2), rel=1e-14)
    assert theory.asymptotic_angle_rms([10, 20], [[2], [3], [4]], 0.1, 0.1).shape == (3, 2)
    assert isinstance(theory.asymptotic_angle_rms(1, 2, 1, 0), float)


# The certificate


def test_limit_of_the_certificate() -> None:
    for c, eta in ((0.05, 0.1), (0.6, 0.3)):
        band = norm.cdf(c) - norm.cdf(-c)
        distance = 2 * quad(lambda a: a * norm.pdf(a), 0, c)[0] / band
        # Hoelder: E|b| >= (E b^2)^(3/2)/(E b^4)^(1/2), for a Gaussian 3^(-1/2).
        tangent = 2 * (1 - eta) * distance / ((1 - 2 * eta) * gaussian_moment(2) ** 1.5 / gaussian_moment(4) ** 0.5)
        assert theory.certified_angle_limit(c, eta) == pytest.approx(math.atan(tangent), rel=1e-10)
    assert theory.certified_angle_limit(1e-6, 0.2) / 2e-6 == pytest.approx(0.8 / 0.6 * math.sqrt(3) / 2, rel=1e-6)
    # It never promises more than is true of the worst noise.
    rates = np.linspace(0.0, 0.49, 20)
    assert np.all(theory.certified_angle_limit(0.2, rates) >= theory.massart_critical_angle(0.4, rates))
    assert theory.certified_angle_limit([0.1, 0.2], [[0.1], [0.2], [0.3]]).shape == (3, 2)
    assert isinstance(theory.certified_angle_limit(1, 0), float)
