"""The mean of labelled samples: references in long arithmetic, small probabilities, symmetries, limits, the law of the angle, bad input."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.unlabeled_ood_gmm.closed_form import (
    alignment_expectation,
    inner_product_sign_probability,
    mean_classifier,
    mean_classifier_excess,
    mean_classifier_excess_leading,
    mean_classifier_proportional_limit,
    mean_classifier_risk,
    mean_classifier_risk_series,
    out_of_domain_mean_risk,
    robust_mean_classifier_risk,
)


def long_risk(d: int, m: int, s: float, digits: int) -> Any:
    """Return the integral along the real axis in long arithmetic."""
    with mpmath.workdps(digits):
        product, norms = mpmath.sqrt(m) * mpmath.mpf(s) ** 2, (m + 1) * mpmath.mpf(s) ** 2

        def integrand(t: Any) -> Any:
            swing = mpmath.sin(product * mpmath.sin(2 * t) / 2) / mpmath.sin(t)
            return mpmath.cos(t) ** (d - 1) * mpmath.exp(-norms * mpmath.sin(t) ** 2 / 2) * swing

        unit = mpmath.mpf(4) / mpmath.sqrt(norms + d)
        edges = [min(k * unit, mpmath.pi / 2) for k in range(9)]
        pieces = [edge for k, edge in enumerate(edges) if k == 0 or edge > edges[k - 1]]
        if pieces[-1] < mpmath.pi / 2:
            pieces.append(mpmath.pi / 2)
        return mpmath.mpf(1) / 2 - mpmath.quad(integrand, pieces) / mpmath.pi


@pytest.mark.parametrize(("d", "m", "s", "digits"), [(2, 10, 1.0, 25), (2, 3, 5.0, 30), (7, 1000, 8.0, 40), (3, 10, 15.0, 75), (1000, 100, 4.0, 30)])
def test_long_arithmetic(d: int, m: int, s: float, digits: int) -> None:
    """The relative error is small down to 1e-51."""
    assert mean_classifier_risk(d, m, s) == pytest.approx(float(long_risk(d, m, s, digits)), rel=3e-13, abs=0.0)


@pytest.mark.parametrize(
    ("d", "m", "s", "digits"), [(2, 10**6, 1.0, 30), (20, 10**5, 0.1, 25), (50, 150, 1.0, 25), (3, 400, 8.0, 45), (2, 10**4, 0.02, 25)]
)
def test_excess_in_long_arithmetic(d: int, m: int, s: float, digits: int) -> None:
    with mpmath.workdps(digits):
        reference = float(long_risk(d, m, s, digits) - mpmath.ncdf(-mpmath.mpf(s)))
    assert mean_classifier_excess(d, m, s) == pytest.approx(reference, rel=1e-11, abs=0.0)


def test_excess_at_sizes_where_a_difference_has_no_digits() -> None:
    for d, m, s in ((2, 10**14, 1.0), (1000, 10**15, 0.5), (5, 10**12, 6.0)):
        assert mean_classifier_excess(d, m, s) == pytest.approx(mean_classifier_excess_leading(d, m, s, terms=2), rel=1e-9, abs=0.0)


def test_excess_is_continuous_where_its_route_changes() -> None:
    s = np.array([0.6, 1.0, 2.0])
    borders = np.ceil(144 / s**2).astype(int)
    for d in (2, 20):
        np.testing.assert_allclose(mean_classifier_excess(d, borders, s), mean_classifier_risk(d, borders, s) - ndtr(-s), rtol=1e-11)
        small = np.array([25, 50, 100])
        np.testing.assert_allclose(mean_classifier_excess(d, small, 1.0), mean_classifier_risk(d, small, 1.0) - ndtr(-1.0), rtol=1e-11)
    sizes = np.array([10**4, 10**4 - 1])
    np.testing.assert_allclose(mean_classifier_excess(10**4, sizes, 1.0), mean_classifier_risk(10**4, sizes, 1.0) - ndtr(-1.0), rtol=1e-12)


def test_one_dimension() -> None:
    """The rule is the sign of the mean: right with probability Phi(sqrt(m) s)."""
    m, s = np.array([1, 4, 9, 30, 1, 1, 1]), np.array([0.3, 0.7, 1.0, 0.2, 7.0, 20.0, 25.0])
    wrong = ndtr(-np.sqrt(m) * s)
    # Down to 1e-137.
    np.testing.assert_allclose(mean_classifier_risk(1, m, s), ndtr(-s) * (1 - wrong) + ndtr(s) * wrong, rtol=1e-13)
    np.testing.assert_allclose(mean_classifier_excess(1, m, s), wrong * (1 - 2 * ndtr(-s)), rtol=1e-13)
    m, s, wrong = m[:4], s[:4], wrong[:4]
    np.testing.assert_allclose(robust_mean_classifier_risk(1, m, s, 0.4), ndtr(0.4 - s) * (1 - wrong) + ndtr(0.4 + s) * wrong, rtol=1e-13)


def test_limits() -> None:
    assert mean_classifier_risk(10, 20, 0.0) == pytest.approx(0.5, abs=1e-14)
    assert mean_classifier_risk(10, 10**13, 1.2) == pytest.approx(ndtr(-1.2), rel=1e-11, abs=0.0)
    assert mean_classifier_risk(10**8, 10**8, 1.5) == pytest.approx(mean_classifier_proportional_limit(1.5, 1.0), rel=1e-7, abs=0.0)
    assert mean_classifier_risk(10**8, 1, 1.0) == pytest.approx(0.5, abs=1e-4)
    assert mean_classifier_proportional_limit(1.3, 0.0) == 0.5
    assert mean_classifier_proportional_limit(1.3, 1e12) == pytest.approx(ndtr(-1.3), rel=1e-10, abs=0.0)
    assert mean_classifier_excess_leading(1, 10, 1.0) == 0.0


def test_monotone_and_vectorised() -> None:
    dimensions, sizes, distances = np.array([1, 2, 5, 30])[:, None, None], np.array([1, 3, 50])[:, None], np.array([0.2, 1.0, 3.0])
    risk = mean_classifier_risk(dimensions, sizes, distances)
    assert risk.shape == mean_classifier_excess(dimensions, sizes, distances).shape == (4, 3, 3)
    assert np.all(np.diff(risk, axis=0) > 0)
    assert np.all(np.diff(risk, axis=1) < 0)
    assert np.all(np.diff(risk, axis=2) < 0)
    assert risk[2, 1, 0] == pytest.approx(mean_classifier_risk(5, 3, 0.2), rel=1e-14, abs=0.0)
    assert isinstance(mean_classifier_risk(5, 3, 0.2), float)
    assert isinstance(robust_mean_classifier_risk(5, 3, 0.2, 0.1), float)
    assert robust_mean_classifier_risk([2, 3], 4, 1.0, [[0.1], [0.2]]).shape == (2, 2)


@settings(max_examples=40, deadline=None)
@given(d=st.integers(1, 10**6), product=st.floats(-300, 300), extra=st.floats(0, 300))
def test_symmetries_of_the_sign_probability(d: int, product: float, extra: float) -> None:
    """Opposite means have the complementary probability, and orthogonal ones a half."""
    norms = 2 * abs(product) + extra
    value = inner_product_sign_probability(d, product, norms)
    assert 0.0 < value <= 1.0
    assert value + inner_product_sign_probability(d, -product, norms) == pytest.approx(1.0, abs=1e-14)
    assert (value < 0.5) == (product > 0.0) or value == pytest.approx(0.5, abs=1e-10)
    assert inner_product_sign_probability(d, 0.0, norms) == pytest.approx(0.5, abs=1e-14)


@settings(max_examples=25, deadline=None)
@given(d=st.integers(1, 10**9), m=st.integers(1, 10**15), s=st.floats(1e-4, 30.0), shifted=st.floats(0.0, 30.0), cosine=st.floats(-1.0, 1.0))
def test_quadratures_converge_everywhere(d: int, m: int, s: float, shifted: float, cosine: float) -> None:
    risk, excess = mean_classifier_risk(d, m, s), mean_classifier_excess(d, m, s)
    assert ndtr(-s) * (1 - 1e-9) <= risk <= 0.5
    assert excess > 0 or excess == pytest.approx(0.0, abs=1e-13 * risk)
    assert excess == pytest.approx(risk - ndtr(-s), abs=1e-12 * risk)
    assert 0.0 <= out_of_domain_mean_risk(d, m, s, shifted, cosine if d > 1 else np.copysign(1.0, cosine)) <= 1.0


@settings(max_examples=20, deadline=None)
@given(d=st.integers(1, 300), m=st.integers(1, 300), s=st.floats(0.0, 3.0))
def test_series_and_angle(d: int, m: int, s: float) -> None:
    risk = mean_classifier_risk(d, m, s)
    assert mean_classifier_risk_series(d, m, s) == pytest.approx(risk, abs=1e-12)
    assert robust_mean_classifier_risk(d, m, s, 0.0) == pytest.approx(risk, rel=1e-11, abs=0.0)


def test_angle_far_in_its_tail() -> None:
    """Errors of strong rules come from angles that almost never happen, and these are integrated too."""
    for case in ((3, 10, 15.0), (2, 1, 22.0), (3, 2, 25.0)):
        assert robust_mean_classifier_risk(*case, 0.0) == pytest.approx(mean_classifier_risk(*case), rel=1e-10, abs=0.0)


def test_angle_in_very_many_dimensions() -> None:
    """Logarithms of size d lose digits of the density, alike everywhere: its total takes them back."""
    for case in ((10**6, 10**6, 1.0), (10**8, 10**7, 1.0)):
        assert robust_mean_classifier_risk(*case, 0.0) == pytest.approx(mean_classifier_risk(*case), rel=3e-12, abs=0.0)


def test_excess_of_few_samples_that_are_far_apart() -> None:
    """Here the excess is nearly the whole risk, and m s^2 is large with m small."""
    for case in ((2, 2, 30.0), (2, 5, 30.0), (3, 4, 12.0)):
        assert mean_classifier_excess(*case) == pytest.approx(mean_classifier_risk(*case) - ndtr(-case[2]), rel=1e-12, abs=0.0)


def test_out_of_domain() -> None:
    """A perfect alignment and equal distances are no shift; an opposite mean errs as often as the true one is right; symmetric in the two vectors."""
    assert out_of_domain_mean_risk(7, 12, 0.9, 0.9, 1.0) == pytest.approx(mean_classifier_risk(7, 12, 0.9), rel=1e-13, abs=0.0)
    assert out_of_domain_mean_risk(7, 12, 0.9, 1.4, -0.3) == pytest.approx(1 - out_of_domain_mean_risk(7, 12, 0.9, 1.4, 0.3), rel=1e-13, abs=0.0)
    assert out_of_domain_mean_risk(7, 9, 1.2, 0.5, 0.4) == pytest.approx(out_of_domain_mean_risk(7, 1, 1.5, 1.2, 0.4), rel=1e-13, abs=0.0)
    assert out_of_domain_mean_risk(7, 12, 0.9, 0.0, 0.3) == pytest.approx(0.5, abs=1e-14)
    general = inner_product_sign_probability(7, np.sqrt(12) * 1.4 * 0.9 * 0.3, 12 * 1.4**2 + 0.81)
    assert out_of_domain_mean_risk(7, 12, 0.9, 1.4, 0.3) == pytest.approx(general, rel=1e-12, abs=0.0)


def test_law_of_the_angle() -> None:
    """Moments that are known: w1/|w| has mean square (1 + nu^2 ...)/d at nu = 0, and E |cos| of a uniform direction in three dimensions is 1/2."""
    for d in (2, 3, 50, 10**5):
        assert alignment_expectation(lambda c: c**2, d, 0.0) == pytest.approx(1 / d, rel=1e-9, abs=0.0)
        assert alignment_expectation(lambda c: c, d, 0.0) == pytest.approx(0.0, abs=1e-12)
    assert alignment_expectation(lambda c: np.ones_like(c), 7, 3.0) == pytest.approx(1.0, rel=1e-14, abs=0.0)
    # In three dimensions E cos(angle) to a vector of law N(nu e, I) is the derivative of E |w| in nu: a Maxwell-type mean.
    nu = 0.8
    mean_length = [mpmath.sqrt(mpmath.pi / 2) * mpmath.laguerre(0.5, 0.5, -(mpmath.mpf(x) ** 2) / 2) for x in (nu - 1e-5, nu + 1e-5)]
    assert alignment_expectation(lambda c: c, 3, nu) == pytest.approx(float((mean_length[1] - mean_length[0]) / 2e-5), rel=1e-8, abs=0.0)


def test_robust_risk_where_the_attack_wins() -> None:
    """Beyond s the risk exceeds 1/2 and tends to 1; with weak rules it falls below the attacked truth."""
    risks = robust_mean_classifier_risk(10, 50, 1.0, [0.0, 0.5, 1.0, 2.0, 9.0])
    assert np.all(np.diff(risks) > 0)
    assert risks[-1] == pytest.approx(1.0, abs=1e-12)
    assert robust_mean_classifier_risk(5, 1000, 8.0, 0.5) == pytest.approx(ndtr(-7.5), rel=0.05, abs=0.0)


def test_leading_terms() -> None:
    assert mean_classifier_excess_leading(3, 50, 2.0) == pytest.approx(2 * np.exp(-2) / np.sqrt(2 * np.pi) / 200, rel=1e-14, abs=0.0)
    assert mean_classifier_excess_leading(3, 50, 2.0, radius=0.5) == pytest.approx(2 * np.exp(-1.125) / np.sqrt(2 * np.pi) / 200, rel=1e-14, abs=0.0)
    ratio = mean_classifier_excess_leading(3, 50, 2.0, radius=0.5, terms=2) / mean_classifier_excess_leading(3, 50, 2.0, radius=0.5)
    assert ratio == pytest.approx(1 + (12 + 4 * (3.0 - 3.0)) / 800, rel=1e-14, abs=0.0)


def test_refusals_of_unconverged_quadratures(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tuple(np.polynomial.legendre.leggauss(count) for count in (4, 6))
    monkeypatch.setattr(mean_classifier, "_RULES", rules)
    with pytest.raises(ConvergenceError, match="sign probability did not converge"):
        mean_classifier_risk(10, 20, 1.0)
    monkeypatch.setattr(mean_classifier, "_sign_probability", lambda d, product, apart: np.zeros(np.broadcast_shapes(np.shape(d), np.shape(product))))
    for s in (1.0, 8.0):
        with pytest.raises(ConvergenceError, match="excess risk did not converge"):
            mean_classifier_excess(10, 2000, s)
    with pytest.raises(ConvergenceError, match="over the angle did not converge"):
        alignment_expectation(lambda c: (c > 0.3).astype(float), 5, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_classifier_risk(0, 10, 1.0), "dimension must be an integer >= 1"),
        (lambda: mean_classifier_risk(2.5, 10, 1.0), "dimension must be an integer"),
        (lambda: mean_classifier_risk(2, 0, 1.0), "labeled_size must be an integer >= 1"),
        (lambda: mean_classifier_risk(2, 10, -1.0), "half_distance must be finite and >= 0"),
        (lambda: mean_classifier_risk(2, 10, np.nan), "half_distance must be finite"),
        (lambda: mean_classifier_excess(2, 10, 0.0), "half_distance must be finite and > 0"),
        (lambda: mean_classifier_excess_leading(2, 10, 0.0), "half_distance must be finite and > 0"),
        (lambda: mean_classifier_excess_leading(2, 10, 1.0, terms=3), "terms must be 1 or 2"),
        (lambda: mean_classifier_excess_leading(2, 10, 1.0, terms=0), "terms must be an integer >= 1"),
        (lambda: mean_classifier_excess_leading(2, 10, 1.0, radius=-1.0), "radius must be finite and >= 0"),
        (lambda: mean_classifier_risk_series(2, 10**6, 1.0), "series of at most 4000000 terms"),
        (lambda: mean_classifier_risk_series([2], 10, 1.0), "dimension must be one integer"),
        (lambda: mean_classifier_proportional_limit(1.0, -0.1), "labeled_ratio must be finite and >= 0"),
        (lambda: robust_mean_classifier_risk(2, 10, 1.0, -0.1), "radius must be finite and >= 0"),
        (lambda: robust_mean_classifier_risk(2, 0, 1.0, 0.1), "labeled_size must be an integer"),
        (lambda: out_of_domain_mean_risk(2, 10, 1.0, 1.0, 1.1), "alignment must be finite and >= -1 and <= 1"),
        (lambda: out_of_domain_mean_risk(1, 10, 1.0, 1.0, 0.5), "alignment must be -1 or 1 in one dimension"),
        (lambda: out_of_domain_mean_risk(2, 10, 1.0, -1.0, 0.5), "shifted_half_distance must be finite and >= 0"),
        (lambda: inner_product_sign_probability(2, 1.0, 1.9), "squared_norms must be >= 2"),
        (lambda: inner_product_sign_probability(2, np.inf, 1.9), "inner_product must be finite"),
        (lambda: alignment_expectation(np.abs, 2, -1.0), "signal must be finite and >= 0"),
        (lambda: alignment_expectation(np.abs, 2, 1.0, steepness=-1.0), "steepness must be finite and >= 0"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
