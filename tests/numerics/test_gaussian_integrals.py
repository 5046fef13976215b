"""Quadrature over a standard normal: known moments, kinks, and the refusal of what did not converge; bivariate normal probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.numerics.gaussian_integrals import ConvergenceError, bivariate_normal_cdf, gaussian_expectation, normal_density


@pytest.mark.parametrize("power", range(13))
def test_monomials_have_their_double_factorial_moments(power: int) -> None:
    result = gaussian_expectation(lambda z: z**power)
    expected = 0.0 if power % 2 else math.prod(range(power - 1, 0, -2))
    assert result.value == pytest.approx(expected, rel=1e-13, abs=1e-10)
    assert abs(result.value - expected) <= 10 * result.error + 1e-12 * max(expected, 1.0)


@settings(max_examples=25, deadline=None)
@given(kink=st.floats(-5.0, 5.0), slope=st.floats(-3.0, 3.0))
@example(kink=4.0, slope=1.1125369292536007e-308)
def test_declared_kinks_and_jumps_are_exact(kink: float, slope: float) -> None:
    density = math.exp(-(kink**2) / 2) / math.sqrt(2 * math.pi)
    hinge = gaussian_expectation(lambda z: slope * np.maximum(z - kink, 0.0), kinks=[kink]).value
    assert hinge == pytest.approx(slope * (density - kink * ndtr(-kink)), rel=1e-9, abs=1e-14)
    assert gaussian_expectation(lambda z: 1.0 * (z > kink), kinks=[kink]).value == pytest.approx(ndtr(-kink), rel=1e-11)


def test_exponential_growth_is_inside_the_reach() -> None:
    assert gaussian_expectation(lambda z: np.exp(3.0 * z)).value == pytest.approx(math.exp(4.5), rel=1e-13)


def test_a_narrow_smooth_integrand_triggers_refinement() -> None:
    width = 0.02
    value = gaussian_expectation(lambda z: np.exp(-0.5 * (z / width) ** 2)).value
    assert value == pytest.approx(width / math.sqrt(1 + width**2), rel=1e-12)


def test_undeclared_kink_raises() -> None:
    with pytest.raises(ConvergenceError, match="kink"):
        gaussian_expectation(lambda z: np.abs(z - 0.3))


def test_too_fast_growth_raises() -> None:
    with pytest.raises(ConvergenceError, match="too fast"):
        gaussian_expectation(lambda z: np.exp(0.49 * z**2))


def test_infinite_integrand_raises() -> None:
    with pytest.raises(ConvergenceError, match="not finite"), np.errstate(all="ignore"):
        gaussian_expectation(lambda z: np.where(np.abs(z) > 3.0, np.nan, z))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kinks": [20.0]}, "kinks must be finite and > -16 and < 16"),
        ({"kinks": [float("nan")]}, "kinks must be finite"),
        ({"relative_tolerance": 0.0}, "relative_tolerance must be finite and > 0"),
    ],
)
def test_bad_input_names_the_argument(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gaussian_expectation(np.tanh, **arguments)


def test_a_function_that_changes_the_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="must return an array of shape"):
        gaussian_expectation(lambda z: z[:3])


@pytest.mark.parametrize(("h", "k", "rho"), [(0.3, -1.2, 0.7), (0.0, -1.0, 0.3), (0.0, 0.0, -0.5), (-2.0, -1.0, -0.9), (1.5, 0.2, 0.999999)])
def test_bivariate_normal_probabilities(h: float, k: float, rho: float) -> None:
    from scipy.stats import multivariate_normal

    reference = multivariate_normal.cdf([h, k], cov=[[1.0, rho], [rho, 1.0]], abseps=1e-13, releps=1e-13)
    assert bivariate_normal_cdf(h, k, rho) == pytest.approx(reference, abs=2e-12)
    assert bivariate_normal_cdf(h, k, rho) == pytest.approx(bivariate_normal_cdf(k, h, rho), abs=1e-15)
    # P(X <= h) splits by the sign of Y - k.
    assert bivariate_normal_cdf(h, k, rho) + bivariate_normal_cdf(h, -k, -rho) == pytest.approx(ndtr(h), abs=1e-14)


def test_bivariate_limits() -> None:
    assert bivariate_normal_cdf([np.inf, -np.inf, 1.0, 1.0], [0.3, 0.3, 2.0, -2.0], [0.5, 0.5, 1.0, -1.0]) == pytest.approx(
        [ndtr(0.3), 0.0, ndtr(1.0), 0.0], abs=1e-15
    )
    assert bivariate_normal_cdf(-1e-200, -1e-200, 0.0) == pytest.approx(0.25, abs=1e-15)
    with pytest.raises(ValueError, match="correlation must be finite and >= -1 and <= 1"):
        bivariate_normal_cdf(0.0, 0.0, 1.1)
    with pytest.raises(ValueError, match="second must not be NaN"):
        bivariate_normal_cdf(0.0, [np.nan], 0.1)


def test_normal_density() -> None:
    places = np.array([[-30.0, 0.0], [1.5, 8.0]])
    assert normal_density(places) == pytest.approx(norm.pdf(places), rel=1e-14, abs=0.0)
    assert normal_density(0) == pytest.approx(1 / np.sqrt(2 * np.pi), rel=1e-15)
