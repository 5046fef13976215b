"""Linear statistics of real Wishart eigenvalues by de Bruijn's Pfaffian, against moments known by other routes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.special import digamma

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.laguerre_ensemble import wishart_linear_statistic

sizes = st.integers(1, 40)


@settings(max_examples=25, deadline=None)
@given(n=sizes, d=sizes)
def test_power_sums_have_their_wishart_moments(n: int, d: int) -> None:
    assert wishart_linear_statistic(lambda mu: 0.0 * mu + 1.0, n, d).value == pytest.approx(min(n, d), rel=1e-12)
    assert wishart_linear_statistic(lambda mu: mu, n, d).value == pytest.approx(n * d, rel=1e-12)
    assert wishart_linear_statistic(lambda mu: mu**2, n, d).value == pytest.approx(n * d * (n + d + 1), rel=1e-12)
    cubic = n * d * (n**2 + d**2 + 3 * n * d + 3 * n + 3 * d + 4)
    assert wishart_linear_statistic(lambda mu: mu**3, n, d).value == pytest.approx(cubic, rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(100, 100), (201, 101), (20_000, 5), (5, 20_000)])
def test_large_sizes_keep_their_digits(n: int, d: int) -> None:
    result = wishart_linear_statistic(lambda mu: mu**2, n, d)
    assert result.value == pytest.approx(n * d * (n + d + 1), rel=1e-12)
    assert result.error <= 1e-11 * result.value


@pytest.mark.parametrize("d", [1, 2, 3, 4, 7])
def test_inverse_and_log_determinant(d: int) -> None:
    n = d + 9
    assert wishart_linear_statistic(lambda mu: 1.0 / mu, n, d).value == pytest.approx(d / (n - d - 1), rel=1e-11)
    log_determinant = d * np.log(2.0) + sum(digamma((n - i) / 2) for i in range(d))
    assert wishart_linear_statistic(np.log, n, d).value == pytest.approx(log_determinant, rel=1e-11)


@pytest.mark.parametrize(("n", "d"), [(2, 2), (5, 2), (2, 3)])
def test_two_eigenvalues_agree_with_a_double_integral(n: int, d: int) -> None:
    ratio, gap = 0.7, abs(n - d)

    def weight(s: float, t: float) -> float:
        return abs(s**2 - t**2) * (s * t) ** gap * np.exp(-0.5 * (s**2 + t**2))

    mass = dblquad(weight, 0, 11, 0, lambda t: t, epsabs=1e-11, epsrel=1e-11)[0]
    both = dblquad(lambda s, t: weight(s, t) * (ratio / (ratio + s**2) + ratio / (ratio + t**2)), 0, 11, 0, lambda t: t, epsabs=1e-11, epsrel=1e-11)[
        0
    ]
    assert wishart_linear_statistic(lambda mu: ratio / (ratio + mu), n, d).value == pytest.approx(both / mass, rel=1e-9)


def test_breakpoints_make_kinks_exact() -> None:
    kinked = wishart_linear_statistic(lambda mu: np.maximum(mu - 3.0, 0.0), 6, 1, breakpoints=[3.0]).value
    from scipy.stats import chi2

    expected = 6.0 * chi2(8).sf(3.0) - 3.0 * chi2(6).sf(3.0)
    assert kinked == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ConvergenceError, match="did not converge"):
        wishart_linear_statistic(lambda mu: np.maximum(mu - 3.0, 0.0), 6, 1)


def test_an_unresolved_pole_is_refused_and_a_ladder_resolves_it() -> None:
    ratio = 1e-8
    with pytest.raises(ConvergenceError):
        wishart_linear_statistic(lambda mu: ratio / (ratio + mu), 6, 6)
    ladder = ratio * 4.0 ** np.arange(18)
    fine = wishart_linear_statistic(lambda mu: ratio / (ratio + mu), 6, 6, breakpoints=ladder)
    finer = wishart_linear_statistic(lambda mu: ratio / (ratio + mu), 6, 6, breakpoints=ratio * 2.0 ** np.arange(-4, 36))
    assert fine.value == pytest.approx(finer.value, rel=1e-11)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "degrees_of_freedom must be an integer >= 1; got 0"),
        ((3, 2.5), "dimension must be an integer >= 1; got 2.5"),
        (([3, 4], 2), "degrees_of_freedom must be one integer"),
    ],
)
def test_bad_sizes_are_named(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wishart_linear_statistic(np.sqrt, *arguments)


def test_other_bad_input() -> None:
    with pytest.raises(ValueError, match="breakpoints must be finite and > 0"):
        wishart_linear_statistic(np.sqrt, 3, 2, breakpoints=[-1.0])
    with pytest.raises(ValueError, match="relative_tolerance"):
        wishart_linear_statistic(np.sqrt, 3, 2, relative_tolerance=2.0)
    with pytest.raises(ValueError, match="statistic must return an array of shape"):
        wishart_linear_statistic(lambda mu: mu[0], 3, 2)
    with pytest.raises(ConvergenceError, match="not finite"):
        wishart_linear_statistic(lambda mu: np.where(mu > 4.0, np.inf, mu), 3, 2)
