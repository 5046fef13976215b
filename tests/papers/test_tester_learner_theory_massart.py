"""Massart noise at its worst, critical angles, bands: references by other routes, limits."""

from __future__ import annotations

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm, truncnorm

from theorylab.papers.tester_learner import closed_form as theory

ANGLE = st.floats(0.02, np.pi - 0.02)
WIDTH = st.floats(0.02, 3.0)
ETA = st.floats(0.0, 0.49)


def half_normal_tail(z: float) -> tuple[float, float]:
    """Return the means of (b s)_+ and (b s)_- for s = sign(b + z)."""
    return norm.pdf(0.0) + norm.pdf(z), norm.pdf(0.0) - norm.pdf(z)


# Massart noise


@settings(max_examples=25, deadline=None)
@given(theta=ANGLE, width=WIDTH, eta=ETA)
def test_worst_massart_gradient_by_integration(theta: float, width: float, eta: float) -> None:
    def integrand(a: float) -> float:
        up, down = half_normal_tail(abs(a / math.tan(theta)))
        return norm.pdf(a) / width * ((1 - 2 * eta) * up - down)

    scale = math.sin(theta)
    marks = sorted({min(x, width / 2) for x in (0.0, scale, 3 * scale, 9 * scale, width / 2)})
    total = 2 * sum(quad(integrand, low, high, epsabs=1e-13)[0] for low, high in pairwise(marks))
    value = theory.massart_worst_gradient(theta, width, eta)
    assert value == pytest.approx(total, abs=1e-11)
    assert theory.massart_minimum_gradient(theta, width, eta) == max(0.0, value)
    # No worse noise than eta everywhere it hurts: random noise leaves more.
    assert value <= theory.surrogate_gradient(theta, width, eta) + 1e-14


def test_massart_by_hand() -> None:
    np.testing.assert_allclose(theory.massart_worst_gradient([0.3, 0.05], 0.2, [0.1, 0.3]), [0.249326, 0.037900], atol=6e-7)
    assert theory.massart_worst_gradient(0.01, 0.2, 0.3) < 0.0
    assert theory.massart_minimum_gradient(0.01, 0.2, 0.3) == 0.0
    theta = np.array([0.1, 0.7, 2.0])
    np.testing.assert_allclose(theory.massart_worst_gradient(theta, 0.4, 0.0), theory.surrogate_gradient(theta, 0.4, 0.0), rtol=1e-14)
    # At a right angle half of the rows may be flipped: the same as random noise.
    assert theory.massart_worst_gradient(np.pi / 2, 0.4, 0.3) == pytest.approx(theory.surrogate_gradient(np.pi / 2, 0.4, 0.3), rel=1e-14)
    assert theory.massart_worst_gradient(1.0, 1e-9, 0.3) == pytest.approx(0.4 / np.pi, rel=1e-8)
    assert theory.massart_worst_gradient([0.1, 0.2], [[0.3], [0.4], [0.5]], 0.1).shape == (3, 2)
    assert isinstance(theory.massart_minimum_gradient(1, 1, 0), float)


def test_critical_ratio() -> None:
    rates = [0.1, 0.2, 0.3, 0.4, 0.45, 0.49]
    np.testing.assert_allclose(theory.massart_critical_ratio(rates), [0.044327, 0.099736, 0.171588, 0.290862, 0.436174, 1.012285], atol=6e-7)
    assert theory.massart_critical_ratio(0.0) == 0.0
    assert theory.massart_critical_ratio(1e-7) == pytest.approx(1e-7 / math.sqrt(2 * np.pi), rel=1e-6)
    assert theory.massart_critical_ratio(0.5 - 1e-9) == pytest.approx(1 / math.sqrt(48 * 2e-9), rel=1e-4)
    grid = theory.massart_critical_ratio(np.linspace(0.0, 0.499, 60))
    assert np.all(np.diff(grid) > 0.0)
    assert isinstance(theory.massart_critical_ratio(0.2), float)
    for eta in (0.003, 0.2, 0.47):
        r = theory.massart_critical_ratio(eta)
        with mpmath.workdps(25):
            left = mpmath.sqrt(2 * mpmath.pi) * r * mpmath.erf(1 / (2 * mpmath.sqrt(2) * r))
        assert float(left) == pytest.approx(eta / (1 - eta), rel=1e-13)


@settings(max_examples=40, deadline=None)
@given(width=WIDTH, eta=st.floats(0.001, 0.49))
def test_critical_angle_is_where_the_worst_gradient_vanishes(width: float, eta: float) -> None:
    theta = theory.massart_critical_angle(width, eta)
    assert 0.0 < theta < np.pi / 2
    if theta < 1.5:
        assert theory.massart_worst_gradient(theta, width, eta) == pytest.approx(0.0, abs=1e-13)
    assert theory.massart_worst_gradient(0.97 * theta, width, eta) < 0.0
    assert theory.massart_worst_gradient(min(1.01 * theta, np.pi / 2), width, eta) > -1e-13
    # Wider ramps are held back more.
    assert theory.massart_critical_angle(1.1 * width, eta) > theta


def test_critical_angle_by_hand() -> None:
    assert theory.massart_critical_angle(0.5, 0.3) == pytest.approx(0.084981, abs=6e-7)
    assert theory.massart_critical_angle(0.5, 0.0) == 0.0
    assert theory.massart_critical_angle(1e-6, 0.3) == pytest.approx(1e-6 * theory.massart_critical_ratio(0.3), rel=1e-11)
    assert theory.massart_critical_angle(30.0, 0.45) < np.pi / 2
    assert theory.massart_critical_angle([0.1, 0.2], [[0.0], [0.2], [0.3]]).shape == (3, 2)
    assert isinstance(theory.massart_critical_angle(1, 0), float)


def test_averaging_angle() -> None:
    assert theory.averaging_angle(0.084981, 0.3) == pytest.approx(0.417139, abs=2e-6)
    assert theory.averaging_angle(0.4, 0.0) == pytest.approx(0.0, abs=1e-15)
    assert theory.averaging_angle(0.0, 0.2) == pytest.approx(math.atan(0.25), rel=1e-14)
    theta, eta = 0.6, 0.2

    # E[y x] in the frame of w from the half plane a > 0, where s = 1 for b > -z, z = a cot(theta): labels are noisy for b > 0 and for b < -z.
    def along_given(a: float) -> float:
        tail = ndtr(-a / math.tan(theta))
        return a * ((1 - 2 * eta) * (0.5 - tail) + (0.5 - tail))

    def across_given(a: float) -> float:
        peak, there = norm.pdf(0.0), norm.pdf(a / math.tan(theta))
        return (1 - 2 * eta) * (peak + there) - (peak - there)

    along, across = (2 * quad(lambda a, f=f: f(a) * norm.pdf(a), 0, 12, epsabs=1e-13)[0] for f in (along_given, across_given))
    assert across == pytest.approx(math.sqrt(2 / np.pi) * (math.sin(theta) - eta * (1 + math.sin(theta))), abs=1e-12)
    assert theory.averaging_angle(theta, eta) == pytest.approx(theta - math.atan2(across, along), abs=1e-12)
    assert theory.averaging_angle([0.1, 0.2], [[0.1], [0.2], [0.3]]).shape == (3, 2)
    assert isinstance(theory.averaging_angle(0, 0), float)


# Bands


def test_bands_against_the_truncated_law() -> None:
    for c in (0.1, 0.15, 1.0, 3.0):
        law = truncnorm(-c, c)
        assert theory.band_probability(c) == pytest.approx(norm.cdf(c) - norm.cdf(-c), rel=1e-13)
        assert theory.band_second_moment(c) == pytest.approx(law.var(), rel=1e-9)
        mean = quad(lambda a: 2 * a * norm.pdf(a), 0, c, epsabs=1e-14)[0] / (2 * norm.cdf(c) - 1)
        assert theory.band_mean_distance(c) == pytest.approx(mean, rel=1e-12)
    np.testing.assert_allclose(theory.band_probability([0.1, 0.15]), [0.0796557, 0.1192354], atol=6e-8)
    np.testing.assert_allclose(theory.band_second_moment([0.1, 0.15]), [0.00332889, 0.00747752], atol=6e-9)


def test_band_limits() -> None:
    c = 1e-6
    assert theory.band_probability(c) == pytest.approx(2 * c * norm.pdf(0), rel=1e-12)
    assert theory.band_second_moment(c) == pytest.approx(c**2 / 3, rel=1e-11)
    assert theory.band_mean_distance(c) == pytest.approx(c / 2, rel=1e-11)
    assert theory.band_second_moment(0.02) == pytest.approx(0.02**2 / 3 - 2 * 0.02**4 / 45, rel=1e-8)
    assert theory.band_probability(40.0) == theory.band_second_moment(40.0) == 1.0
    assert theory.band_mean_distance(40.0) == pytest.approx(math.sqrt(2 / np.pi), rel=1e-15)
    for quantity in (theory.band_probability, theory.band_second_moment, theory.band_mean_distance):
        values = quantity(np.linspace(0.01, 5.0, 200))
        assert values.shape == (200,)
        assert np.all(np.diff(values) > 0.0)
        assert isinstance(quantity(1), float)
