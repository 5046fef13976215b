"""Properties of the generalised chi-squared law, its moments and draws, older methods for its tail, and bad input."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma, gammaln, polygamma
from scipy.stats import chi2, ncx2

from tests.tools.sampling import assert_equal_in_law, assert_same_mean
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared, log_chi_squared_cdf


@st.composite
def laws(draw: Any) -> GeneralizedChiSquared:
    """Up to five terms over eight orders of magnitude, whole degrees."""
    terms = draw(st.integers(1, 5))
    weights = [10.0**e for e in draw(st.lists(st.floats(-4, 4), min_size=terms, max_size=terms))]
    degrees = draw(st.lists(st.integers(1, 60), min_size=terms, max_size=terms))
    noncentrality = draw(st.lists(st.sampled_from([0.0, 1e-3, 1.0, 50.0, 2e3]), min_size=terms, max_size=terms))
    return GeneralizedChiSquared(weights, np.array(degrees, float), noncentrality, draw(st.sampled_from([0.0, 1.0])))


shares = st.floats(-6.0, 1.0).map(lambda e: 10.0**e)


def close(found: Any, exact: Any, scale: float = 1e-10) -> None:
    """Relative in the logarithm, as promised."""
    assert found == pytest.approx(exact, rel=scale, abs=1e-300)


@settings(max_examples=60, deadline=None)
@given(law=laws(), share=shares, ratio=st.floats(1e-3, 1.0))
def test_the_logarithm_of_the_law_rises_and_is_concave(law: GeneralizedChiSquared, share: float, ratio: float) -> None:
    """P(|b + z|_w <= r) is log-concave in r (Prekopa) and increasing, so also in r^2, for whole degrees."""
    y = share * (law.mean() - law.offset) * np.array([1.0, 1.0 + 0.5 * ratio, 1.0 + ratio])
    lower, upper = law.logcdf(law.offset + y), law.logsf(law.offset + y)
    slack = 1e-9 * abs(lower).max()
    assert lower[0] <= lower[1] + slack
    assert lower[1] <= lower[2] + slack
    assert lower[1] >= 0.5 * (lower[0] + lower[2]) - slack
    assert upper[0] >= upper[2] - 1e-9 * abs(upper).max()
    np.testing.assert_allclose(np.exp(lower) + np.exp(upper), 1.0, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(law=laws(), share=shares, power=st.integers(-150, 140), shift=st.floats(-5, 5))
def test_units_and_shifts(law: GeneralizedChiSquared, share: float, power: int, shift: float) -> None:
    y, unit = share * (law.mean() - law.offset), 2.0**power
    plain = GeneralizedChiSquared(law.weights, law.degrees, law.noncentrality)
    other = GeneralizedChiSquared(unit * law.weights, law.degrees, law.noncentrality)
    close([other.logcdf(unit * y), other.logsf(unit * y)], [plain.logcdf(y), plain.logsf(y)])
    moved = GeneralizedChiSquared(law.weights, law.degrees, law.noncentrality, shift)
    x = moved.offset + y
    # Adding the offset rounds the place; the law at the rounded one is the same.
    left = x - float(moved.offset)
    if left > 0.0:
        close(moved.logcdf(x), plain.logcdf(left))
    assert moved.mean() == pytest.approx(plain.mean() + shift, rel=1e-12, abs=1e-12)
    assert moved.cumulants(4)[1:] == pytest.approx(plain.cumulants(4)[1:], rel=1e-12)
    assert other.mean_log() == pytest.approx(plain.mean_log() + np.log(unit), rel=1e-11, abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(law=laws(), share=shares, seed=st.integers(0, 10**6))
def test_order_merging_and_empty_terms(law: GeneralizedChiSquared, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = law.offset + share * (law.mean() - law.offset)
    exact = [law.logcdf(x), law.logsf(x)]
    order = rng.permutation(len(law.weights))
    turned = GeneralizedChiSquared(law.weights[order], law.degrees[order], law.noncentrality[order], law.offset)
    close([turned.logcdf(x), turned.logsf(x)], exact)
    part = rng.uniform(0.1, 0.9)
    split = GeneralizedChiSquared(
        np.repeat(law.weights, 2),
        np.outer(law.degrees, [part, 1 - part]).ravel(),
        np.outer(law.noncentrality, [1 - part, part]).ravel(),
        law.offset,
    )
    close([split.logcdf(x), split.logsf(x)], exact)
    empty = GeneralizedChiSquared(np.append(law.weights, 0.0), np.append(law.degrees, 3.0), np.append(law.noncentrality, 9.0), law.offset)
    close([empty.logcdf(x), empty.logsf(x)], exact)
    assert empty.total_degrees == law.total_degrees
    assert empty.mean_log() == pytest.approx(law.mean_log(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(empty.cumulants(3), law.cumulants(3), rtol=1e-13)


def test_ends_of_the_support() -> None:
    law = GeneralizedChiSquared([1.0, 0.5], 1.0, 0.3, 2.0)
    assert law.logcdf([-np.inf, -1.0, 2.0, np.inf]).tolist() == [-np.inf, -np.inf, -np.inf, 0.0]
    assert law.logsf([-np.inf, -1.0, 2.0, np.inf]).tolist() == [0.0, 0.0, 0.0, -np.inf]
    assert np.isfinite(law.logcdf(2.0 + 1e-12))
    fixed = GeneralizedChiSquared([0.0, 0.0], 1.0, 5.0, 0.7)
    assert fixed.cdf([0.6, 0.7, 0.8]).tolist() == [0.0, 1.0, 1.0]
    assert fixed.sf([0.6, 0.7, 0.8]).tolist() == [1.0, 0.0, 0.0]
    assert fixed.mean() == 0.7
    assert fixed.var() == 0.0
    np.testing.assert_array_equal(fixed.rvs(3, 0), [0.7, 0.7, 0.7])
    mixed = GeneralizedChiSquared([[0.0, 0.0], [1.0, 0.0]], 1.0, 0.0, [0.5, 0.0])
    assert mixed.cdf(0.5) == pytest.approx([1.0, chi2.cdf(0.5, 1)], rel=1e-12)


# Moments


def test_cumulants_by_differences_of_the_log_laplace_transform() -> None:
    law = GeneralizedChiSquared([1.0, 0.4, 0.05], [1.0, 2.5, 4.0], [2.0, 0.0, 7.0], 3.0)
    radius = 0.1
    nodes = radius * np.polynomial.chebyshev.chebpts2(15)
    fitted = np.polynomial.Chebyshev.fit(nodes, law.log_laplace(nodes), 14, domain=[-radius, radius])
    derived = [(-1) ** q * float(fitted.deriv(q)(0.0)) for q in range(1, 5)]
    claimed = law.cumulants(4)
    assert claimed[0] - 3.0 == pytest.approx(derived[0], rel=1e-10)
    assert claimed[1:] == pytest.approx(derived[1:], rel=1e-6)
    assert [law.mean(), law.var(), law.std() ** 2] == pytest.approx([claimed[0], claimed[1], claimed[1]])
    moments = ncx2.stats(2.5, 4.0, scale=0.7, moments="mvs")
    single = GeneralizedChiSquared([0.7], 2.5, 4.0).cumulants(3)
    assert [single[0], single[1], single[2] / single[1] ** 1.5] == pytest.approx([float(value) for value in moments], rel=1e-12)


@pytest.mark.parametrize("offset", [0.0, 1e3, -1e6])
def test_log_laplace_by_its_product(offset: float) -> None:
    w, h, delta = np.array([2.0, 0.3]), np.array([1.0, 4.5]), np.array([0.0, 6.0])
    law = GeneralizedChiSquared(w, h, delta, offset)
    for s in (-0.2499, -1e-9, 1e-14, 0.0, 0.7, 1e5, 1e200):
        with mp.workdps(40):
            scaled = [1 + 2 * mp.mpf(s) * mp.mpf(u) for u in w]
            exact = -mp.fsum(mp.mpf(a) / 2 * mp.log(b) + mp.mpf(c) / 2 * (b - 1) / b for a, b, c in zip(h, scaled, delta, strict=True))
        assert law.log_laplace(s) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("degrees", [0.02, 0.2, 0.25, 1.0, 3.3, 64.0, 1e5])
def test_mean_log_of_one_term(degrees: float) -> None:
    exact = np.log(2.0 * 3.0) + digamma(0.5 * degrees)
    assert GeneralizedChiSquared([3.0], degrees).mean_log() == pytest.approx(exact, rel=1e-11)
    delta = 7.0
    j = np.arange(200)
    poisson = np.exp(j * np.log(delta / 2) - delta / 2 - gammaln(j + 1))
    noncentral = np.log(6.0) + float(poisson @ digamma(j + degrees / 2))
    assert GeneralizedChiSquared([3.0], degrees, delta).mean_log() == pytest.approx(noncentral, rel=1e-11)


@pytest.mark.parametrize("weights", [[1.0, 0.5, 0.2], [1.0, 1e-7], [1.0, 0.5, 0.25, 0.1, 1e-3]])
def test_mean_log_of_a_sum_of_exponentials(weights: list[float]) -> None:
    w = np.array(weights)
    shares_of = [np.prod([u / (u - v) for v in w if v != u]) for u in w]
    exact = float(np.dot(shares_of, np.log(2 * w) - np.euler_gamma))
    assert GeneralizedChiSquared(w, 2.0, 0.0, 5.0).mean_log() == pytest.approx(exact, rel=1e-10)


def test_draws_follow_the_law() -> None:
    law = GeneralizedChiSquared([1.0, 0.3, 0.0, 0.02], [1.0, 2.5, 1.0, 9.0], [2.0, 0.0, 4.0, 5.0], 0.4)
    rng = np.random.default_rng()
    drawn = law.rvs(40_000, rng)
    assert drawn.shape == (40_000,)
    assert_same_mean(drawn, law.mean(), skewness=4.0)
    assert_same_mean((drawn - law.mean()) ** 2, law.var(), skewness=10.0)
    assert_same_mean(np.log(drawn - 0.4), law.mean_log())
    # The law of its own distribution function is uniform.
    assert_equal_in_law(law.cdf(drawn[:8000]), (np.arange(200_000) + 0.5) / 200_000)
    b = np.array([2.0, 0.0, 5.0]) ** 0.5
    z = rng.standard_normal((40_000, 1 + 9))
    direct = 0.4 + (z[:, 0] + b[0]) ** 2 + 0.3 * rng.chisquare(2.5, 40_000) + 0.02 * ((z[:, 1] + b[2]) ** 2 + (z[:, 2:] ** 2).sum(axis=1))
    assert_equal_in_law(drawn, direct)
    np.testing.assert_array_equal(law.rvs((2, 3), 5), law.rvs((2, 3), np.random.default_rng(5)))


# Older methods

MIXED = GeneralizedChiSquared([1.0, 0.5, 0.25, 0.1], [1.0, 2.0, 3.0, 1.0], [0.5, 0.0, 2.0, 1.0], 0.25)


def test_ruben_agrees_at_every_depth() -> None:
    x = 0.25 + np.array([1e-40, 1e-10, 1e-4, 0.1, 1.0, 3.0, 10.0])
    y = x - 0.25
    plain = GeneralizedChiSquared(MIXED.weights, MIXED.degrees, MIXED.noncentrality)
    y[0] = 1e-40
    np.testing.assert_allclose(plain.logcdf(y, method="ruben"), plain.logcdf(y), rtol=1e-11)
    np.testing.assert_allclose(MIXED.logcdf(x[2:], method="ruben"), MIXED.logcdf(x[2:]), rtol=1e-11)
    large = GeneralizedChiSquared([1.0, 0.7], [30.0, 5.0], [40.0, 150.0])
    np.testing.assert_allclose(large.logcdf([1.0, 50.0, 170.0], method="ruben"), large.logcdf([1.0, 50.0, 170.0]), rtol=1e-9)


def test_imhof_has_an_absolute_error_only() -> None:
    x = 0.25 + np.array([0.4, 1.0, 3.0])
    np.testing.assert_allclose(np.exp(MIXED.logcdf(x, method="imhof")), MIXED.cdf(x), atol=1e-7)
    deep = MIXED.logcdf(0.25 + 1e-5, method="imhof")
    assert deep != pytest.approx(MIXED.logcdf(0.25 + 1e-5), rel=0.05)


@pytest.mark.parametrize("y", [1e-30, 1e-3, 0.3, 2.0])
def test_the_saddle_point_approximation_is_off_by_percents(y: float) -> None:
    law = GeneralizedChiSquared(MIXED.weights, MIXED.degrees, MIXED.noncentrality)
    off = law.logcdf(y, method="saddlepoint") - law.logcdf(y)
    assert 1e-5 < abs(off) < 0.05
    many = GeneralizedChiSquared([1.0, 0.9], [500.0, 700.0])
    assert many.logcdf(800.0, method="saddlepoint") == pytest.approx(many.logcdf(800.0), abs=1e-3)


@pytest.mark.parametrize("method", ["ruben", "imhof", "saddlepoint"])
def test_older_methods_at_the_ends(method: str) -> None:
    assert MIXED.logcdf([-np.inf, 0.1, 0.25], method=method).tolist() == [-np.inf] * 3
    fixed = GeneralizedChiSquared([0.0], 1.0, 0.0, 0.5)
    assert fixed.logcdf(0.4, method=method) == -np.inf
    with_empty = GeneralizedChiSquared(np.append(MIXED.weights, 0.0), np.append(MIXED.degrees, 1.0), np.append(MIXED.noncentrality, 1.0), 0.25)
    assert with_empty.logcdf(1.0, method=method) == pytest.approx(MIXED.logcdf(1.0, method=method), rel=1e-12)
    batch = GeneralizedChiSquared(np.stack([MIXED.weights, 2 * MIXED.weights]), MIXED.degrees, MIXED.noncentrality)
    single = [GeneralizedChiSquared(c * MIXED.weights, MIXED.degrees, MIXED.noncentrality).logcdf(1.0, method=method) for c in (1.0, 2.0)]
    assert batch.logcdf(1.0, method=method) == pytest.approx(single, rel=1e-12)


@pytest.mark.parametrize("method", ["ruben", "imhof"])
def test_series_and_integral_at_infinity(method: str) -> None:
    assert MIXED.logcdf(np.inf, method=method) == 0.0


@pytest.mark.parametrize("degrees", [0.3, 1.0, 40.0, 1e3, 2e5])
def test_kummer_logarithm(degrees: float) -> None:
    places = degrees * np.array([1e-200, 1e-3, 0.5, 0.99])
    law = GeneralizedChiSquared([1.0], degrees)
    np.testing.assert_allclose(log_chi_squared_cdf(places, np.array(degrees)), law.logcdf(places), rtol=1e-9)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([-1.0],), r"weights must be finite and >= 0; got \[-1.0\]"),
        (([],), r"weights must be finite and >= 0; got \[\]"),
        (([np.nan],), "weights must be finite and >= 0"),
        (([np.inf],), "weights must be finite and >= 0"),
        (([1.0], 0.0), "degrees must be finite and > 0; got 0.0"),
        (([1.0], 1.0, -0.5), "noncentrality must be finite and >= 0; got -0.5"),
        (([1.0], 1.0, 0.0, np.inf), "offset must be finite; got inf"),
        (([1.0, 2.0], [1.0, 2.0, 3.0]), r"must broadcast; got \(2,\), \(3,\), \(\), \(\)"),
        (([1.0, 2.0], 1.0, 0.0, [1.0, 2.0]), r"must broadcast; got \(2,\), \(\), \(\), \(2,\)"),
    ],
)
def test_bad_parameters(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GeneralizedChiSquared(*arguments)


def test_bad_calls() -> None:
    for method in ("logcdf", "logsf", "cdf", "sf"):
        with pytest.raises(ValueError, match="x must not be NaN; got 1 of 2"):
            getattr(MIXED, method)([1.0, np.nan])
    with pytest.raises(ValueError, match=r"method must be one of 'contour', 'ruben', 'imhof', 'saddlepoint'; got 'davies'"):
        MIXED.logcdf(1.0, method="davies")
    with pytest.raises(ValueError, match="order must be an integer >= 1; got 0"):
        MIXED.cumulants(0)
    with pytest.raises(ValueError, match=r"s must be above -1/\(2 largest weight\) = -0.5; got -0.5"):
        MIXED.log_laplace(-0.5)
    with pytest.raises(ValueError, match="weights must have a positive entry"):
        GeneralizedChiSquared([[0.0, 0.0], [1.0, 0.0]]).mean_log()
    with pytest.raises(ValueError, match="some hundreds for Ruben's series, degrees"):
        GeneralizedChiSquared([1.0, 1e-6]).logcdf(0.5, method="ruben")
    with pytest.raises(ValueError, match="x must be below the mean"):
        MIXED.logcdf(100.0, method="saddlepoint")


def test_variance_of_the_logarithm_of_one_term() -> None:
    """The two tails together carry every moment: Var log chi^2_h = psi'(h/2), by integration over log x."""
    for h in (1.0, 6.0, 300.0):
        law, t = GeneralizedChiSquared([1.0], h), np.linspace(-80.0 / h - 12.0, 12.0, 6001)
        x = h * np.exp(t)
        lower, upper = law.cdf(x), law.sf(x)
        step = t[1] - t[0]
        first = step * (np.where(t >= 0, upper, 0.0).sum() - np.where(t < 0, lower, 0.0).sum() - 0.5 * upper[np.argmin(abs(t))])
        second = step * 2 * (np.where(t > 0, t * upper, 0.0).sum() - np.where(t < 0, t * lower, 0.0).sum())
        assert second - first**2 == pytest.approx(polygamma(1, 0.5 * h), rel=0.03)
