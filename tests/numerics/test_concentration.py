"""Tails of counts and of Wishart edges: against scipy.stats, Painleve's equation, asymptotic tails, a small simulation, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.special import airy
from scipy.stats import beta, binom, binomtest, chi2

from theorylab.numerics import concentration

# Binomial tails


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(1, 400), p=st.sampled_from([0.0, 1.0]) | st.floats(1e-6, 1 - 1e-6))
def test_binomial_tails(data: st.DataObject, n: int, p: float) -> None:
    k = data.draw(st.integers(-1, n + 3))
    mass = binom.pmf(np.arange(n + 1), n, p)
    lower, upper = concentration.binomial_lower_tail(k, n, p), concentration.binomial_upper_tail(k, n, p)
    assert lower == pytest.approx(mass[: k + 1].sum(), rel=1e-9, abs=1e-200)
    assert upper == pytest.approx(mass[k + 1 :].sum(), rel=1e-9, abs=1e-200)
    assert lower + upper == pytest.approx(1.0, abs=1e-13)
    p_value = concentration.binomial_p_value(max(k, 0), n, p)
    at_most, at_least = mass[: max(k, 0) + 1].sum(), mass[max(k, 0) :].sum()
    assert p_value == pytest.approx(min(1.0, 2 * min(at_most, at_least)), rel=1e-9, abs=1e-200)


def test_p_values_keep_their_level() -> None:
    """P(p-value <= level) <= level, exactly."""
    for n, p in ((30, 0.1), (57, 0.5), (10, 0.9)):
        counts = np.arange(n + 1)
        values, mass = concentration.binomial_p_value(counts, n, p), binom.pmf(counts, n, p)
        for level in (1e-4, 0.01, 0.05, 0.3):
            assert mass[values <= level].sum() <= level
        assert values.max() <= 1.0
    assert concentration.binomial_p_value(15, 30, 0.5) == 1.0


def test_binomial_small_cases() -> None:
    assert concentration.binomial_lower_tail(-1, 5, 0.3) == 0.0
    assert concentration.binomial_upper_tail(-1, 5, 0.3) == 1.0
    assert concentration.binomial_lower_tail(0, 5, 0.3) == pytest.approx(0.7**5, rel=1e-14)
    assert concentration.binomial_upper_tail(0, 5, 0.3) == pytest.approx(1 - 0.7**5, rel=1e-14)
    assert concentration.binomial_lower_tail(9, 5, 0.3) == 1.0
    assert concentration.binomial_upper_tail(9, 5, 0.3) == 0.0
    assert concentration.binomial_upper_tail(399, 400, 0.01) == pytest.approx(0.0, abs=1e-300)
    for function in (concentration.binomial_lower_tail, concentration.binomial_upper_tail, concentration.binomial_p_value):
        assert isinstance(function(1, 2, 0.5), float)
        assert function([1, 2], [[4], [5], [6]], 0.5).shape == (3, 2)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(1, 300), delta=st.floats(1e-9, 0.5))
def test_clopper_pearson(data: st.DataObject, n: int, delta: float) -> None:
    k = data.draw(st.integers(0, n))
    bound = concentration.binomial_upper_bound(k, n, delta)
    if k == n:
        assert bound == 1.0
    else:
        assert bound == pytest.approx(beta.isf(delta, k + 1, n - k), rel=1e-8)
        assert binom.cdf(k, n, bound) == pytest.approx(delta, rel=1e-6)


def test_clopper_pearson_by_hand() -> None:
    assert concentration.binomial_upper_bound(0, 36, 0.05) == pytest.approx(1 - 0.05 ** (1 / 36), rel=1e-12)
    # Zero of 59 decides .05 at 95 percent, zero of 58 does not.
    assert concentration.binomial_upper_bound(0, 59, 0.05) < 0.05 < concentration.binomial_upper_bound(0, 58, 0.05)
    assert concentration.binomial_upper_bound(0, 270, 1e-6) < 0.05 < concentration.binomial_upper_bound(0, 269, 1e-6)
    interval = binomtest(7, 40, alternative="less").proportion_ci(0.95, method="exact")
    assert concentration.binomial_upper_bound(7, 40, 0.05) == pytest.approx(interval.high, rel=1e-9)
    np.testing.assert_array_equal(concentration.binomial_upper_bound([3, 1], [3, 1], 0.1), [1.0, 1.0])
    assert concentration.binomial_upper_bound([0, 1], [[4], [5], [6]], 0.1).shape == (3, 2)
    assert isinstance(concentration.binomial_upper_bound(0, 1, 0.1), float)


def test_chernoff() -> None:
    assert concentration.chernoff_factor_bound(24.0) == pytest.approx(math.exp(-3) + math.exp(-8), rel=1e-14)
    for n, p in ((50, 0.3), (2000, 0.02), (400, 0.4)):
        mean = n * p
        exact = binom.cdf(math.ceil(mean / 2) - 1, n, p) + binom.sf(math.floor(2 * mean), n, p)
        assert exact <= concentration.chernoff_factor_bound(mean)
    assert concentration.chernoff_factor_bound([[1.0, 2.0]]).shape == (1, 2)
    assert isinstance(concentration.chernoff_factor_bound(1), float)


def coins(first: float, second: float) -> float:
    """Return the divergence KL of two coins."""
    total = 0.0
    for p, q in ((first, second), (1 - first, 1 - second)):
        total += p * math.log(p / q) if p > 0 else 0.0
    return total


@settings(max_examples=60, deadline=None)
@given(mean=st.floats(0.0, 0.999), size=st.integers(1, 10**6), delta=st.floats(1e-9, 0.9))
def test_mean_bound_is_where_the_divergence_is_the_budget(mean: float, size: int, delta: float) -> None:
    bound = concentration.mean_upper_bound(mean, size, delta)
    assert mean <= bound <= 1.0
    if bound - mean > 1e-6 and bound < 1 - 1e-9:
        assert size * coins(mean, bound) == pytest.approx(math.log(1 / delta), rel=1e-5)
    # Hoeffding's bound is looser.
    assert bound <= min(1.0, mean + math.sqrt(math.log(1 / delta) / (2 * size))) + 1e-15


def test_mean_bound_by_hand() -> None:
    assert concentration.mean_upper_bound(0.0, 30, 0.05) == pytest.approx(1 - 0.05 ** (1 / 30), rel=1e-11)
    assert concentration.mean_upper_bound(1.0, 30, 0.05) == 1.0
    assert concentration.mean_upper_bound(0.3, 10**14, 0.05) == pytest.approx(0.3, abs=1e-6)
    # Coins: at least the bound of Clopper and Pearson.
    for k in (0, 3, 20):
        assert concentration.mean_upper_bound(k / 40, 40, 0.01) >= concentration.binomial_upper_bound(k, 40, 0.01)
    assert np.all(np.diff(concentration.mean_upper_bound(0.2, [10, 100, 1000], 0.05)) < 0)
    assert concentration.mean_upper_bound([0.1, 0.2], [[4], [5], [6]], 0.1).shape == (3, 2)
    assert isinstance(concentration.mean_upper_bound(0, 1, 0.1), float)


# Tracy-Widom


def painleve(places: np.ndarray) -> np.ndarray:
    """Return F1 at falling places by Painleve's second equation, F1 = exp(-(1/2) int_s^inf (q + (x - s) q^2) dx), from q = Ai far out."""
    start = 9.0
    value, slope, _, _ = airy(start)
    # For q = Ai: int_s q, int_s q^2 = s Ai^2 ... by quadrature.
    first, second, moment = (
        quad(lambda x, f=f: f(x, airy(x)[0]), start, 16.0, epsabs=1e-22)[0]
        for f in (lambda x, a: a, lambda x, a: a**2, lambda x, a: (x - start) * a**2)
    )

    def change(s: float, state: np.ndarray) -> list[float]:
        q, dq, _, square, _ = state
        return [dq, s * q + 2 * q**3, -q, -(q**2), -square]

    path = solve_ivp(change, (start, places.min()), [value, slope, first, second, moment], method="DOP853", rtol=3e-14, atol=1e-22, t_eval=places)
    return np.asarray(np.exp(-0.5 * (path.y[2] + path.y[4])))


def test_tracy_widom_by_painleve() -> None:
    places = np.arange(4.0, -4.6, -0.37)
    reference = painleve(places)
    np.testing.assert_allclose(concentration.tracy_widom_cdf(places), reference, atol=2e-11)
    np.testing.assert_allclose(concentration.tracy_widom_sf(places), 1 - reference, atol=2e-11)


def test_tracy_widom_moments() -> None:
    """Mean, variance, skewness and excess kurtosis as tabulated."""
    x, weights = np.polynomial.legendre.leggauss(400)
    x, weights = 12.5 * x + 2.5, 12.5 * weights
    cdf, sf = concentration.tracy_widom_cdf(x), concentration.tracy_widom_sf(x)

    def moment(k: int) -> float:
        # E (X + 10)^k = int k y^(k-1) P(X + 10 > y) over y > 0: nothing lies below -10.
        shifted = x + 10.0
        return float(np.sum(weights * k * shifted ** (k - 1) * sf))

    assert cdf[0] < 1e-20
    raw = [moment(k) for k in (1, 2, 3, 4)]
    mean = raw[0]
    variance = raw[1] - mean**2
    third = raw[2] - 3 * mean * raw[1] + 2 * mean**3
    fourth = raw[3] - 4 * mean * raw[2] + 6 * mean**2 * raw[1] - 3 * mean**4
    assert mean - 10 == pytest.approx(-1.2065335745820, abs=1e-9)
    assert variance == pytest.approx(1.607781034581, abs=1e-8)
    assert third / variance**1.5 == pytest.approx(0.29346452408, abs=1e-7)
    assert fourth / variance**2 - 3 == pytest.approx(0.1652429384, abs=1e-6)


def test_tracy_widom_upper_tail() -> None:
    """The trace of the kernel, int_s Ai/2, is all that counts far out."""
    for place in (5.0, 7.9, 8.1, 10.0):
        leading = 0.5 * quad(lambda x: airy(x)[0], place, place + 12, epsabs=0, epsrel=1e-11)[0]
        relative = 1e-8 if leading > 1e-7 else 1e-5
        assert concentration.tracy_widom_sf(place) == pytest.approx(leading, rel=relative + leading, abs=2e-15)
    assert 0.0 <= concentration.tracy_widom_sf(38.0) < 1e-15
    assert concentration.tracy_widom_sf(1e6) < 1e-15
    assert concentration.tracy_widom_cdf(1e6) == pytest.approx(1.0, abs=1e-15)


def test_tracy_widom_lower_tail() -> None:
    """The expansion with the constant of Baik, Buckingham and DiFranco (2008)."""
    log_glaisher = 1 / 12 - (-0.1654211437)
    constant = -11 / 48 * math.log(2) + 0.5 * (1 / 12 - log_glaisher)
    for place in (-5.6, -6.0, -7.0, -8.0, -9.0):
        depth = -place
        leading = constant - depth**3 / 24 - depth**1.5 / (3 * math.sqrt(2)) - math.log(depth) / 16 - depth**-1.5 / (24 * math.sqrt(2))
        assert math.log(concentration.tracy_widom_cdf(place)) == pytest.approx(leading, abs=0.1 / depth**3)
    assert math.log(concentration.tracy_widom_cdf(-10.0)) == pytest.approx(-49.5066, abs=0.01)
    # Deeper doubles resolve no more than that it is small.
    assert 0.0 < concentration.tracy_widom_cdf(-11.0) < 1e-24
    assert concentration.tracy_widom_sf(-10.0) == pytest.approx(1.0, abs=1e-15)
    assert concentration.tracy_widom_cdf(-1e6) == pytest.approx(concentration.tracy_widom_cdf(-11.0), rel=1e-12)


def test_tracy_widom_is_smooth_where_its_route_changes() -> None:
    for border, tail, accuracy in ((-5.5, concentration.tracy_widom_cdf, 1e-7), (8.0, concentration.tracy_widom_sf, 1e-6)):
        step = 1e-3
        logs = np.log(tail(border + step * np.arange(-3, 5)))
        assert np.all(np.abs(np.diff(logs, 3)) < accuracy)
    places = np.array([[-12.0, -5.5, -5.4999], [0.0, 8.0, 9.0]])
    for function in (concentration.tracy_widom_cdf, concentration.tracy_widom_sf):
        values = function(places)
        assert values.shape == (2, 3)
        assert values[1, 2] == pytest.approx(function(9.0), rel=1e-15)
        assert values[0, 0] == pytest.approx(function(-12.0), rel=1e-15)
        assert isinstance(function(0), float)
    assert np.all(np.diff(concentration.tracy_widom_cdf(np.linspace(-10, 7, 200))) > 0)


def test_tracy_widom_quantiles() -> None:
    for probability, place in ((0.90, 0.4501), (0.95, 0.9793), (0.99, 2.0234)):
        assert concentration.tracy_widom_quantile(probability) == pytest.approx(place, abs=1e-4)
    for probability in (1e-12, 1e-7, 0.01, 0.3, 0.99, 1 - 1e-9):
        assert concentration.tracy_widom_cdf(concentration.tracy_widom_quantile(probability)) == pytest.approx(probability, rel=1e-6)
    for probability in (1e-12, 1e-7, 0.01, 0.3, 0.99, 1 - 1e-9):
        assert concentration.tracy_widom_sf(concentration.tracy_widom_quantile(probability, upper=True)) == pytest.approx(probability, rel=1e-3)
    assert concentration.tracy_widom_quantile(0.2) == pytest.approx(concentration.tracy_widom_quantile(0.8, upper=True), abs=1e-8)


# Wishart edges


def test_wishart_edges_by_their_formulas() -> None:
    for m, p in ((200, 9), (37.5, 12), (5000, 400)):
        a, b = m - 0.5, p - 0.5
        centre, scale = concentration.wishart_largest_edge(m, p)
        assert centre == pytest.approx((a + b + 2 * math.sqrt(a * b)) / m, rel=1e-13)
        assert scale == pytest.approx(math.sqrt(centre / m) * (a**-0.5 + b**-0.5) ** (1 / 3), rel=1e-13)
        centre, scale = concentration.wishart_smallest_edge(m, p)
        gap = math.sqrt(a) - math.sqrt(b)
        assert scale == pytest.approx((b**-0.5 - a**-0.5) ** (1 / 3) / gap, rel=1e-13)
        assert centre == pytest.approx(math.log(gap**2 / m) + scale**3 / 8, rel=1e-12)
    assert concentration.wishart_largest_edge([20, 30], [[2], [3], [4]]).centre.shape == (3, 2)
    assert concentration.wishart_smallest_edge([20, 30], [[2], [3], [4]]).scale.shape == (3, 2)
    # m and p change places with the rows and the columns.
    one, other = concentration.wishart_largest_edge(50, 8), concentration.wishart_largest_edge(8, 50)
    assert 50 * one.centre == pytest.approx(8 * other.centre, rel=1e-14)
    assert 50 * one.scale == pytest.approx(8 * other.scale, rel=1e-14)
    assert np.isfinite(concentration.wishart_largest_edge(1, 1)).all()
    assert np.isfinite(concentration.wishart_smallest_edge(1.01, 1)).all()


def test_edges_of_drawn_spectra() -> None:
    """Means and spreads of 2000 standardised eigenvalues, (m, p) = (200, 9)."""
    rng = np.random.default_rng(7)
    m, p, size = 200, 9, 2000
    root = np.tril(rng.standard_normal((size, p, p)), -1)
    root[:, np.arange(p), np.arange(p)] = np.sqrt(rng.chisquare(m - np.arange(p), (size, p)))
    values = np.linalg.eigvalsh(root @ root.transpose(0, 2, 1) / m)
    top, bottom = concentration.wishart_largest_edge(m, p), concentration.wishart_smallest_edge(m, p)
    for standard in ((values[:, -1] - top.centre) / top.scale, -(np.log(values[:, 0]) - bottom.centre) / bottom.scale):
        assert standard.mean() == pytest.approx(-1.2065, abs=0.25)
        assert standard.std() == pytest.approx(1.268, abs=0.15)


def test_one_column_is_a_chi_square() -> None:
    """The approximation for p = 1 is rough, but near."""
    centre, scale = concentration.wishart_largest_edge(500, 1)
    place = centre + scale * concentration.tracy_widom_quantile(0.95)
    assert chi2.sf(500 * place, 500) == pytest.approx(0.05, abs=0.03)


PROBABILITY = "probability must be finite and >= 0 and <= 1; got"
FAILURE = "failure_probability must be finite and > 0 and < 1; got"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: concentration.binomial_lower_tail(-2, 5, 0.5), "count must be an integer >= -1; got -2"),
        (lambda: concentration.binomial_upper_tail(0, 0, 0.5), "trials must be an integer >= 1; got"),
        (lambda: concentration.binomial_upper_tail(0, 5, 1.1), PROBABILITY),
        (lambda: concentration.binomial_lower_tail(0, 5, -0.1), PROBABILITY),
        (lambda: concentration.binomial_p_value(0, 5, np.nan), PROBABILITY),
        (lambda: concentration.binomial_upper_bound(-1, 5, 0.1), "count must be an integer >= 0; got"),
        (lambda: concentration.binomial_upper_bound(6, 5, 0.1), "count must be at most trials; got 6 of 5"),
        (lambda: concentration.binomial_upper_bound([1, 6], [4, 5], 0.1), "count must be at most trials; got 6 of 4"),
        (lambda: concentration.binomial_upper_bound(0, 0, 0.1), "trials must be an integer >= 1; got"),
        (lambda: concentration.binomial_upper_bound(0, 5, 0.0), FAILURE),
        (lambda: concentration.binomial_upper_bound(0, 5, 1.0), FAILURE),
        (lambda: concentration.chernoff_factor_bound(0.0), "mean must be finite and > 0; got"),
        (lambda: concentration.mean_upper_bound(-0.1, 5, 0.1), "sample_mean must be finite and >= 0 and <= 1; got"),
        (lambda: concentration.mean_upper_bound(1.1, 5, 0.1), "sample_mean must be finite and >= 0 and <= 1; got"),
        (lambda: concentration.mean_upper_bound(0.1, 0.5, 0.1), "sample_size must be finite and >= 1; got"),
        (lambda: concentration.mean_upper_bound(0.1, 5, 0.0), FAILURE),
        (lambda: concentration.mean_upper_bound(0.1, 5, 1.0), FAILURE),
        (lambda: concentration.tracy_widom_cdf(np.inf), "place must be finite; got"),
        (lambda: concentration.tracy_widom_sf("x"), "place must be finite; got"),
        (lambda: concentration.tracy_widom_quantile(9e-13), "probability must be finite and >= 1e-12 and <= 1; got"),
        (lambda: concentration.tracy_widom_quantile(1.0), "probability must be finite and >= 1e-12 and <= 1; got"),
        (lambda: concentration.wishart_largest_edge(0.5, 1), "degrees_of_freedom must be finite and >= 1; got"),
        (lambda: concentration.wishart_largest_edge(5, 0.9), "dimension must be finite and >= 1; got"),
        (lambda: concentration.wishart_smallest_edge(5, 5), "degrees_of_freedom must exceed dimension; got 5 for 5"),
        (lambda: concentration.wishart_smallest_edge([9, 4], [3, 6]), "degrees_of_freedom must exceed dimension; got 4 for 6"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_binomial_tails_beyond_32_bits() -> None:
    p = 1e-9
    assert concentration.binomial_lower_tail(0, 2**33, p) == pytest.approx(math.exp(2**33 * math.log1p(-p)), rel=1e-12)
    assert concentration.binomial_upper_tail(0, 2**33, p) == pytest.approx(-math.expm1(2**33 * math.log1p(-p)), rel=1e-12)
    assert concentration.binomial_lower_tail([-1, 3], 3, 0.4).tolist() == [0.0, 1.0]
    assert concentration.binomial_upper_tail([-1, 3], 3, 0.4).tolist() == [1.0, 0.0]
