"""Parameters in sup norm: reference values, high precision, brute-force sums over class counts, limits, shapes, messages."""

from __future__ import annotations

from itertools import product
from math import comb, factorial
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from theorylab.papers.naive_bayes_logistic import closed_form as cf


def test_reference_values() -> None:
    assert cf.sup_norm_sample_size([100, 1000], 0.1, 0.05) == pytest.approx([1206.8529, 1639.9751], abs=1e-3)
    assert cf.sup_norm_sample_size_slope([10, 10**3, 10**6, 10**9], 0.1, 0.05) == pytest.approx([180.30, 189.54, 193.85, 195.65], abs=6e-3)
    assert cf.sup_norm_probability(200, 800, 0.1) == pytest.approx(0.391511, abs=1e-6)
    assert cf.sup_norm_variance_probability(200, 400, 0.25) == pytest.approx(0.897725, abs=1e-6)
    assert cf.sup_norm_sample_size_bound(100, 0.1, 0.05) == pytest.approx(200 * np.log(4000))


@settings(max_examples=60, deadline=None)
@given(log_d=st.floats(0.0, 12.0), eps=st.floats(0.01, 2.0), log_p=st.floats(-12.0, -0.05))
def test_sample_size_inverts_the_probability_and_respects_its_bound(log_d: float, eps: float, log_p: float) -> None:
    d, p = round(10**log_d), 10**log_p
    m = cf.sup_norm_sample_size(d, eps, p)
    # The probability is near 1, so the probability of failure is what is recovered.
    tail = norm.sf(eps * np.sqrt(m))
    assert -np.expm1(d * np.log1p(-2 * tail)) == pytest.approx(p, rel=1e-8)
    assert cf.sup_norm_probability(d, m, eps) == pytest.approx(1 - p, rel=1e-8)
    assert m <= cf.sup_norm_sample_size_bound(d, eps, p)
    assert 0.0 < cf.sup_norm_sample_size_slope(d, eps, p) < 2 / eps**2


@pytest.mark.parametrize(("d", "m", "eps"), [(10**9, 4000.0, 0.1), (10**15, 1.0, 9.0), (3, 0.5, 0.01)])
def test_probability_in_forty_digits(d: int, m: float, eps: float) -> None:
    with mpmath.workdps(40):
        expected = (1 - mpmath.erfc(mpmath.mpf(eps) * mpmath.sqrt(mpmath.mpf(m) / 2))) ** d
    assert cf.sup_norm_probability(d, m, eps) == pytest.approx(float(expected), rel=1e-11)


@settings(max_examples=40, deadline=None)
@given(log_d=st.floats(0.0, 10.0), eps=st.floats(0.02, 0.98), log_p=st.floats(-6.0, -0.05))
def test_variance_degrees_invert_the_probability(log_d: float, eps: float, log_p: float) -> None:
    d, p = round(10**log_d), 10**log_p
    nu = cf.sup_norm_variance_degrees_of_freedom(d, eps, p)
    tail = chi2.sf((1 + eps) * nu, nu) + chi2.cdf((1 - eps) * nu, nu)
    assert -np.expm1(d * np.log1p(-tail)) == pytest.approx(p, rel=1e-7)
    assert cf.sup_norm_variance_probability(d, nu, eps) == pytest.approx(1 - p, rel=1e-8)


def test_variances_with_a_tolerance_above_one_have_no_lower_end() -> None:
    assert cf.sup_norm_variance_probability(3, 5, 1.4) == pytest.approx(chi2.cdf(12.0, 5) ** 3)


def test_slope_is_the_derivative() -> None:
    d, step = 10**7, 10**4
    m = cf.sup_norm_sample_size([d - step, d + step], 0.3, 0.2)
    assert cf.sup_norm_sample_size_slope(d, 0.3, 0.2) == pytest.approx((m[1] - m[0]) / np.log((d + step) / (d - step)), rel=1e-6)


@pytest.mark.parametrize(("classes", "m", "eps"), [(2, 7, 0.4), (2, 11, 0.1), (3, 7, 0.35), (4, 6, 0.9)])
def test_joint_probability_by_brute_force(classes: int, m: int, eps: float) -> None:
    """Every vector of labels counts once; multinomial weights by factorials."""
    d, total, present = 3, 0.0, 0.0
    variance = (chi2.cdf((1 + eps) * m, m - classes) - chi2.cdf((1 - eps) * m, m - classes)) ** d
    for counts in product(range(1, m), repeat=classes):
        if sum(counts) != m:
            continue
        weight = factorial(m) / np.prod([factorial(n) for n in counts]) / classes**m
        present += weight
        if max(abs(n / m - 1 / classes) for n in counts) <= eps:
            total += weight * np.prod([(2 * norm.cdf(eps * np.sqrt(n)) - 1) ** d for n in counts])
    assert present == pytest.approx(sum((-1) ** k * comb(classes, k) * (1 - k / classes) ** m for k in range(classes)))
    assert cf.sup_norm_joint_probability(classes, d, m, eps) == pytest.approx(total * variance / present, rel=1e-10)


def test_joint_probability_over_dimensions() -> None:
    several = cf.sup_norm_joint_probability(2, [1, 10, 100], 200, 0.3)
    assert several.shape == (3,)
    assert np.all(np.diff(several) < 0)
    assert several[1] == pytest.approx(cf.sup_norm_joint_probability(2, 10, 200, 0.3), rel=1e-13)
    # A tolerance that no vector of counts meets exactly: three counts of 4 in 10.
    assert cf.sup_norm_joint_probability(3, 2, 10, 0.01) == 0.0
    assert cf.sup_norm_joint_probability(2, 1, 10**5, 0.1) == pytest.approx(1.0, abs=1e-9)


def test_shapes() -> None:
    assert cf.sup_norm_probability([[1], [2]], [5, 6, 7], 0.5).shape == (2, 3)
    assert cf.sup_norm_variance_probability([[1], [2]], [5, 6, 7], 0.5).shape == (2, 3)
    for function in (cf.sup_norm_sample_size, cf.sup_norm_sample_size_slope, cf.sup_norm_sample_size_bound, cf.sup_norm_variance_degrees_of_freedom):
        assert function([[1], [2]], 0.5, [0.1, 0.2]).shape == (2, 2)
        assert isinstance(function(2, 0.5, 0.1), float)
        # More features, a tighter tolerance, less risk: more samples.
        assert function(3, 0.5, 0.1) > function(2, 0.5, 0.1) - 1e-12 or function is cf.sup_norm_sample_size_slope
        assert function(2, 0.4, 0.1) > function(2, 0.5, 0.1)


BAD: list[tuple[Any, tuple[Any, ...], str]] = [
    (cf.sup_norm_probability, (0, 5, 0.1), "dimension must be an integer >= 1"),
    (cf.sup_norm_probability, (2, 0.0, 0.1), "sample_size must be"),
    (cf.sup_norm_probability, (2, 5, 0.0), "tolerance must be finite and > 0"),
    (cf.sup_norm_sample_size, (2.5, 0.1, 0.1), "dimension"),
    (cf.sup_norm_sample_size, (2, -0.1, 0.1), "tolerance"),
    (cf.sup_norm_sample_size, (2, 0.1, 0.0), "failure_probability must be finite and > 0 and < 1"),
    (cf.sup_norm_sample_size, (2, 0.1, 1.0), "failure_probability"),
    (cf.sup_norm_sample_size_slope, (2, 0.1, np.nan), "failure_probability"),
    (cf.sup_norm_sample_size_bound, (2, np.inf, 0.1), "tolerance"),
    (cf.sup_norm_variance_probability, (2, 0, 0.1), "degrees_of_freedom"),
    (cf.sup_norm_variance_degrees_of_freedom, (2, 1.0, 0.1), "tolerance must be finite and > 0 and < 1"),
    (cf.sup_norm_joint_probability, (1, 2, 10, 0.1), "class_count must be an integer >= 2"),
    (cf.sup_norm_joint_probability, (3, 2, 3, 0.1), "sample_size must exceed class_count = 3; got 3"),
    (cf.sup_norm_joint_probability, (2, 2, 10, 0.0), "tolerance"),
    (cf.sup_norm_joint_probability, (6, 2, 4000, 0.3), "sample_size must leave at most 2000000 vectors of class counts"),
]


@pytest.mark.parametrize(("function", "arguments", "message"), BAD)
def test_bad_input(function: Any, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments)
