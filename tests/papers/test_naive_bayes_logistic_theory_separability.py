"""Cover's count against exact fractions, and the separability threshold against its definition."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

from theorylab.papers.naive_bayes_logistic import closed_form as cf


def exact(m: int, columns: int) -> Fraction:
    return Fraction(sum(comb(m - 1, k) for k in range(min(columns, m))), 2 ** (m - 1))


@settings(max_examples=150, deadline=None)
@given(m=st.integers(1, 600), d=st.integers(1, 600), fit_intercept=st.booleans())
def test_count_against_fractions(m: int, d: int, fit_intercept: bool) -> None:
    value = cf.separability_probability(m, d, fit_intercept=fit_intercept)
    expected = exact(m, d + fit_intercept)
    assert abs(Fraction(value) / expected - 1) < Fraction(1, 10**12)


def test_count_at_large_sizes_and_ends() -> None:
    assert cf.separability_probability(3000, 1001, fit_intercept=False) == pytest.approx(float(exact(3000, 1001)), rel=1e-12)
    assert cf.separability_probability(10**6, 5 * 10**5, fit_intercept=False) == pytest.approx(0.5, abs=1e-12)
    assert cf.separability_probability(10**6, 10, fit_intercept=True) == 0.0
    assert cf.separability_probability([1, 5, 6], 5, fit_intercept=False).tolist() == [1.0, 1.0, 1 - 2.0**-5]
    assert cf.separability_probability([5, 6, 7], 5, fit_intercept=True).tolist() == [1.0, 1.0, 1 - 2.0**-6]
    assert isinstance(cf.separability_probability(30, 13, fit_intercept=False), float)
    assert cf.separability_probability([[30], [40]], [1, 2, 3], fit_intercept=True).shape == (2, 3)


def test_reference_values() -> None:
    assert cf.separability_probability(50, 20, fit_intercept=False) == pytest.approx(0.0762039, abs=6e-8)
    assert cf.separability_probability(30, 13, fit_intercept=False) == pytest.approx(0.2291, abs=6e-5)
    assert cf.separability_probability(30, 13, fit_intercept=True) == pytest.approx(0.3555, abs=6e-5)
    assert cf.separability_threshold([0.0, 0.5, 1.0, 2.0]) == pytest.approx([0.5, 0.4271342, 0.2702678, 0.0482557], abs=6e-8)


@settings(max_examples=60, deadline=None)
@given(r=st.floats(0.05, 4.0))
def test_threshold_against_the_minimum(r: float) -> None:
    def mean_square(a: float) -> float:
        u, v = -a * r, np.hypot(1.0, a)
        return (u * u + v * v) * ndtr(u / v) + u * v * np.exp(-0.5 * (u / v) ** 2) / np.sqrt(2 * np.pi)

    found = minimize_scalar(mean_square, bounds=(0.0, 40.0 / r), method="bounded", options={"xatol": 1e-10})
    assert cf.separability_threshold(r) == pytest.approx(found.fun, abs=1e-12)


@pytest.mark.parametrize("r", [1e-6, 1e-3, 0.1, 1.0, 5.0, 20.0])
def test_threshold_solves_its_equation_to_forty_digits(r: float) -> None:
    with mpmath.workdps(40):
        share = mpmath.mpf(r) ** 2 / (1 + mpmath.mpf(r) ** 2)
        root = mpmath.findroot(lambda x: x * mpmath.ncdf(-x) / mpmath.npdf(x) - share, (share * 0.8, mpmath.mpf(r)), solver="anderson")
        assert cf.separability_threshold(r) == pytest.approx(float(mpmath.ncdf(-root)), rel=1e-11)


def test_threshold_falls_from_one_half() -> None:
    values = cf.separability_threshold(np.linspace(0.0, 8.0, 400))
    assert values[0] == 0.5
    assert np.all(np.diff(values) < 0)
    assert isinstance(cf.separability_threshold(0), float)
    assert cf.separability_threshold(1e-200) == 0.5
    assert cf.separability_threshold(60.0) == 0.0
    # kappa* = 1/2 - r^2/pi + ... for small r.
    assert (0.5 - cf.separability_threshold(1e-3)) / 1e-6 == pytest.approx(1 / np.pi, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cf.separability_probability(0, 3, fit_intercept=False), "sample_size must be an integer >= 1; got 0"),
        (lambda: cf.separability_probability(5, 2.5, fit_intercept=False), "dimension must be an integer >= 1; got 2.5"),
        (lambda: cf.separability_threshold(-0.1), "half_distance must be finite and >= 0; got -0.1"),
        (lambda: cf.separability_threshold(float("nan")), "half_distance must be finite"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
