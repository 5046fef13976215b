"""Bayes risk against linear attention: the Pfaffian, the scalar case, limits and symmetries."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2

from theorylab.papers.one_step_gd import closed_form as cf

lengths = st.integers(1, 30)
noise_ratios = st.floats(1e-3, 50.0)


@settings(max_examples=25, deadline=None)
@given(n=lengths, d=lengths, ratio=noise_ratios, prior=st.floats(0.1, 10.0))
def test_swap_symmetry_bounds_and_units(n: int, d: int, ratio: float, prior: float) -> None:
    bayes = cf.bayes_excess_exact(n, d, ratio, prior)
    assert bayes == pytest.approx(prior * cf.bayes_excess_exact(n, d, ratio), rel=1e-12)
    assert bayes - cf.bayes_excess_exact(d, n, ratio, prior) == pytest.approx(prior * (d - n), abs=1e-9 * prior * (n + d))
    gap = cf.bayes_gap_exact(n, d, ratio, prior)
    assert gap == pytest.approx(cf.bayes_gap_exact(d, n, ratio, prior), abs=1e-10 * prior * (n + d))
    assert gap == pytest.approx(cf.icl_excess(n, d, ratio * prior, prior) - bayes, abs=1e-12 * prior * d)
    assert gap >= -1e-12 * prior * d
    assert cf.bayes_excess_jensen_floor(n, d, ratio, prior) <= bayes * (1 + 1e-12) <= prior * d * (1 + 1e-9)


@pytest.mark.parametrize("ratio", [1e-12, 1e-8, 1e-4, 1e-2, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_dimension_one_against_the_integral_and_the_pfaffian(n: int, ratio: float) -> None:
    z, order = mpmath.mpf(ratio) / 2, mpmath.mpf(n) / 2
    exact = float(z**order * mpmath.hyperu(order, order, z))
    assert cf.bayes_excess_dimension_one(n, ratio, 1.7) == pytest.approx(1.7 * exact, rel=1e-12)
    assert cf.bayes_excess_exact(n, 1, ratio, 1.7) == pytest.approx(1.7 * exact, rel=1e-9)


@pytest.mark.parametrize(("n", "ratio"), [(11, 0.3), (40, 1.9), (41, 2.1), (400, 30.0), (9, 1e-3)])
def test_dimension_one_is_an_average_over_chi_squared(n: int, ratio: float) -> None:
    average = quad(lambda t: ratio / (ratio + t) * chi2(n).pdf(t), 0, n, epsabs=0, epsrel=1e-11)[0]
    average += quad(lambda t: ratio / (ratio + t) * chi2(n).pdf(t), n, 20 * n + 200, epsabs=0, epsrel=1e-11, points=[2 * n])[0]
    assert cf.bayes_excess_dimension_one(n, ratio) == pytest.approx(average, rel=1e-8)


def test_dimension_one_is_continuous_where_the_method_changes() -> None:
    values = cf.bayes_excess_dimension_one(np.array([1, 2, 7, 50])[:, None], 2.0 * (1.0 + np.array([-1e-13, 1e-13])))
    assert values[:, 0] == pytest.approx(values[:, 1], rel=1e-11)


def test_two_dimensions_by_direct_integration() -> None:
    """For d = 2, n = 3 the ordered eigenvalues x > y have a density proportional to (x - y) exp(-(x + y)/2); here y and x - y are the variables."""
    nodes, weights = np.polynomial.laguerre.laggauss(120)
    small, gap = 1.0 * nodes[:, None], 2.0 * nodes[None, :]
    mass = weights[:, None] * weights[None, :] * gap
    ratio = 20.0
    value = np.sum(mass * (ratio / (ratio + small) + ratio / (ratio + small + gap))) / np.sum(mass)
    assert cf.bayes_excess_exact(3, 2, ratio) == pytest.approx(value, rel=1e-8)


def test_reference_values() -> None:
    assert cf.bayes_excess_exact(10, 5, 1.0) == pytest.approx(0.8142940987, abs=1e-10)
    assert cf.bayes_excess_exact(5, 10, 1.0) == pytest.approx(5.8142940987, abs=1e-10)
    assert cf.bayes_gap_exact(10, 5, 1.0) == pytest.approx(1.2445294307, abs=1e-10)
    assert cf.bayes_excess_jensen_floor(10, 5, 1.0) == pytest.approx(5 / 11)
    assert cf.bayes_excess_dimension_one([3, 8], [0.5, 2.0]) == pytest.approx([0.22717932, 0.23394211], abs=5e-9)
    ratios = cf.icl_excess([200, 2000, 20000], 5, 1.0) / cf.bayes_excess_exact([200, 2000, 20000], 5, 1.0)
    assert ratios == pytest.approx([6.595250, 6.958157, 6.995802], abs=1e-6)
    assert cf.bayes_excess_marchenko_pastur([1.0, 2.0], [0.1, 1.0]) == pytest.approx([0.270156, 0.780776], abs=1e-6)
    assert cf.icl_excess_limit(1.0, 0.1) == pytest.approx(0.523810, abs=1e-6)
    assert cf.bayes_excess_exact(50, 50, 5.0, 1 / 50) == pytest.approx(0.273606, abs=1e-6)


@pytest.mark.parametrize(("d", "ratio"), [(5, 1.0), (1, 0.3), (3, 4.0)])
def test_inefficiency_limit_is_approached_at_order_one_over_n(d: int, ratio: float) -> None:
    n = np.array([2000, 20_000])
    distance = cf.inefficiency_limit(d, ratio) - cf.icl_excess(n, d, ratio) / cf.bayes_excess_exact(n, d, ratio)
    assert distance[0] / distance[1] == pytest.approx(10.0, rel=0.05)
    assert abs(distance[1]) < 0.002 * cf.inefficiency_limit(d, ratio)


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("noise_to_signal", [0.2, 1.0])
def test_proportional_limits_are_approached_at_order_one_over_d(gamma: float, noise_to_signal: float) -> None:
    d = np.array([40, 80])
    n = np.round(d / gamma).astype(int)
    finite = cf.bayes_excess_exact(n, d, noise_to_signal * d, 1.0 / d)
    distance = finite - cf.bayes_excess_marchenko_pastur(gamma, noise_to_signal)
    assert distance[0] / distance[1] == pytest.approx(2.0, rel=0.1)
    icl = cf.icl_excess(10**7, 10**7 * gamma, noise_to_signal, 1.0 / (10**7 * gamma))
    assert icl == pytest.approx(cf.icl_excess_limit(gamma, noise_to_signal), rel=1e-6)


def test_noiseless_gap_peaks_at_one_half() -> None:
    gamma = np.array([0.3, 0.9, 1.0, 1.1, 3.0])
    gap = cf.icl_excess_limit(gamma, 0.0) - cf.bayes_excess_marchenko_pastur(gamma, 0.0)
    assert gap[2] == pytest.approx(0.5, abs=1e-15)
    assert np.all(gap[[0, 1, 3, 4]] < 0.5)
    assert cf.bayes_excess_marchenko_pastur(4.0, 0.0) == 0.75
    # Few features: ridge shrinks by s gamma / (1 + s gamma) in the limit.
    assert cf.bayes_excess_marchenko_pastur(1e-6, 3.0) == pytest.approx(3e-6, rel=1e-5)
    assert cf.icl_excess_limit(1e-6, 3.0) == pytest.approx(4e-6, rel=1e-5)
    assert np.array_equal(cf.bayes_excess_exact([3, 5, 7], 5, 0.0, 2.0), [4.0, 0.0, 0.0])
    assert cf.bayes_excess_dimension_one(4, 0.0) == 0.0


def test_small_noise_continues_the_noiseless_case() -> None:
    assert cf.bayes_excess_exact(6, 6, 1e-10) == pytest.approx(0.0, abs=1e-4)
    slopes = cf.bayes_excess_exact(9, 5, np.array([1e-9, 1e-10])) / np.array([1e-9, 1e-10])
    assert slopes == pytest.approx(5 / 3, rel=1e-6)


def test_broadcasting() -> None:
    grid = cf.bayes_excess_exact(np.array([[3], [6]]), np.array([2, 4, 7]), 0.5, 2.0)
    assert grid.shape == (2, 3)
    assert grid[1, 2] == cf.bayes_excess_exact(6, 7, 0.5, 2.0)
    assert isinstance(cf.bayes_excess_exact(6, 7, 0.5), float)
    assert cf.bayes_excess_exact(6, 7, 0.5, np.array([1.0, 2.0])).shape == (2,)
    assert cf.bayes_excess_marchenko_pastur(np.array([[1.0], [2.0]]), np.array([0.0, 1.0, 2.0])).shape == (2, 3)
