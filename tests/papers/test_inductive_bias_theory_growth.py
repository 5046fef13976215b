"""Growth with dimension, smoothness and test points, and version spaces, by routes of their own: enumeration, quadrature, many digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory

# Growth


@pytest.mark.parametrize(("d", "frequencies", "points", "outputs"), [(2, 2, 10, 1), (1, 3, 0, 2), (3, 1, 5, 1)])
def test_fourier_slope_by_the_space_itself(d: int, frequencies: int, points: int, outputs: int) -> None:
    """Orthonormal features: the population error is the squared distance of coefficients, n of them fixed by the data."""
    rng = np.random.default_rng(1)
    grid = np.stack(np.meshgrid(*[np.arange(-frequencies, frequencies + 1)] * d, indexing="ij"), axis=-1).reshape(-1, d)
    angles = 2 * np.pi * rng.random((points, d)) @ grid.T
    # A real orthonormal basis: sqrt 2 cos or sqrt 2 sin by the first sign of the frequency.
    sign = np.array([next((np.sign(q) for q in row if q), 0) for row in grid])
    features = np.where(sign > 0, np.sqrt(2) * np.cos(angles), np.where(sign < 0, np.sqrt(2) * np.sin(angles), 1.0))
    truth = 0.1 * rng.standard_normal((len(grid), outputs))
    known = features.T @ np.linalg.pinv(features @ features.T) @ features
    law = theory.error_spectrum(known @ truth, np.eye(len(grid)) - known, truth, relative_cutoff=1e-9)
    assert float(law.offset) == pytest.approx(0.0, abs=1e-12)
    eps = np.array([1e-5, 1e-6]) * law.mean()
    first, second = theory.required_inductive_bias(law, float(law.offset) + eps)
    assert theory.fourier_slope(d, frequencies, points, outputs) == pytest.approx((second - first) / math.log(10.0), rel=1e-4)
    assert theory.fourier_slope([2, 3], 2, 10) == pytest.approx([7.5, 57.5])


def test_torus_printed() -> None:
    shares = np.array([0.2, 0.1, 0.05, 0.03])
    printed = {
        1: (3.153348, 1000, [6.626, 14.636, 30.545, 51.630]),
        2: (6.333724, 1000, [60.366, 262.77, 1080.12, 3021.75]),
        3: (9.998506, 400, [710.71, 6150.4, 50243, 233705]),
    }
    for d, (trace, largest, nats) in printed.items():
        law = theory.torus_spectrum(0.5, d, largest=largest)
        assert law.mean() == pytest.approx(trace, rel=3e-6)
        found = theory.required_inductive_bias(law, shares * trace)
        assert found == pytest.approx(nats, rel=3e-4)
        ratio = found[-1] / theory.torus_small_ball(0.5, d, 0.03 * trace)
        assert ratio == pytest.approx({1: 0.990, 2: 0.995, 3: 0.997}[d], abs=1e-3)
    assert theory.torus_spectrum(0.5, 1).mean() == pytest.approx(math.pi / math.tanh(math.pi), rel=3e-6)


@pytest.mark.parametrize(("nu", "d"), [(0.5, 1), (1.5, 2), (0.7, 3)])
def test_torus_small_ball_by_its_saddle_point(nu: float, d: int) -> None:
    """Max over s of -s eps - log M(s) with w_j = (j/V)^-beta: log M is -(V/2) (2 s)^(1/beta) times the integral of log(1 + x^-beta)."""
    beta, volume, eps = 1 + 2 * nu / d, math.pi ** (d / 2) / math.gamma(d / 2 + 1), 0.01
    integral = quad(lambda x: math.log1p(x**-beta), 0, 1)[0] + quad(lambda x: math.log1p(x**beta) / x**2, 0, 1)[0]
    best = minimize_scalar(lambda v: math.exp(v) * eps - 0.5 * volume * (2 * math.exp(v)) ** (1 / beta) * integral, bracket=(0, 20))
    assert theory.torus_small_ball(nu, d, eps) == pytest.approx(-best.fun, rel=1e-6)
    assert np.diff(np.log(theory.torus_small_ball(nu, d, [1e-3, 1e-5]))) / math.log(100) == pytest.approx(d / (2 * nu))


@pytest.mark.parametrize("n", [0, 1, 2, 12, 35, 64])
def test_lattice_counts_of_four_squares(n: int) -> None:
    """Jacobi: eight times the sum of the divisors that 4 does not divide."""
    exact = 8 * sum(k for k in range(1, n + 1) if n % k == 0 and k % 4) if n else 1
    assert theory.lattice_counts(4, 64)[n] == exact


@pytest.mark.parametrize("x", [1e-5, 1e-3, 0.01, 0.1, 1.0, 2.0])
def test_brownian_small_ball_to_many_digits(x: float) -> None:
    with mp.workdps(40):
        total = mp.fsum(mp.binomial(mp.mpf(-1) / 2, q) * mp.erfc((2 * q + mp.mpf(1) / 2) / mp.sqrt(2 * mp.mpf(x))) for q in range(60))
        exact = float(-mp.log(mp.sqrt(2) * total))
    assert theory.brownian_small_ball(x) == pytest.approx(exact, rel=1e-11)
    if x <= 0.01:
        leading = 1 / (8 * x) - math.log(4 * math.sqrt(x / math.pi))
        assert abs(exact - leading) < 5 * x
    assert theory.brownian_small_ball(0.01) == pytest.approx(14.025277623, abs=1e-9)


@pytest.mark.parametrize("v", [0.0, 0.4, 30.0])
def test_rate_of_distinct_points_by_its_maximum_and_by_many_points(v: float) -> None:
    for eps in (1e-3, 0.2, 0.9):
        best = minimize_scalar(
            lambda t, eps=eps: math.exp(t) * eps - 0.5 * math.log1p(2 * math.exp(t)) - v * math.exp(t) / (1 + 2 * math.exp(t)),
            bounds=(-8, 12),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert theory.distinct_points_rate(v, eps) == pytest.approx(-best.fun, rel=1e-8)
        m = 100_000
        nats = theory.required_inductive_bias(GeneralizedChiSquared([1 / m], float(m), m * v), eps)
        assert 0.0 < nats - m * theory.distinct_points_rate(v, eps) < 3 * math.log(m)
    assert theory.distinct_points_rate(v, [1 + v, 2 + v]) == pytest.approx([0.0, 0.0], abs=1e-12)


# Version spaces


def circle_mean(n: int, of: Callable[[float, float], float], breakpoint_at: float | None = None) -> float:
    """The mean of a function of (A, B), whose density is n (n - 1) (1 - a - b)^(n - 2)."""
    cuts = [0.0, 1.0] if breakpoint_at is None else [0.0, breakpoint_at, 1.0]
    total = 0.0
    for low, high in pairwise(cuts):
        for left, right in pairwise(cuts):
            total += dblquad(
                lambda b, a: n * (n - 1) * (1 - a - b) ** (n - 2) * of(a, b) if a + b < 1 else 0.0,
                low,
                high,
                lambda a, left=left: min(left, 1 - a),
                lambda a, right=right: min(right, 1 - a),
                epsabs=1e-10,
                epsrel=1e-9,
            )[0]
    return total


@pytest.mark.parametrize("n", [2, 5, 20])
def test_circle_by_quadrature(n: int) -> None:
    found = theory.circle_version_space(n)
    assert found.nats == pytest.approx(circle_mean(n, lambda a, b: -math.log(0.5 * (a + b)) if a + b > 0 else 0.0), rel=1e-5)
    assert found.gibbs_risk == pytest.approx(circle_mean(n, lambda a, b: 0.5 * (a * a + b * b) / (a + b) if a + b > 0 else 0.0), rel=1e-6)
    assert found.gain == pytest.approx(theory.circle_version_space(n + 1).nats - found.nats, rel=1e-10)
    printed = {2: 2.7434, 5: 1.99689, 20: 0.86404}[n]
    bias = circle_mean(n, lambda a, b: float(theory.circle_required_bias(a, b, 0.02)), 0.02)
    assert bias == pytest.approx(printed, abs=2e-4)


def test_chain_rule_of_nats() -> None:
    """Nats from data and nats of bias together are at least log(1/eps), with equality while eps is below both arcs."""
    rng = np.random.default_rng(2)
    a, b = rng.random(200), rng.random(200)
    total = theory.circle_required_bias(a, b, 0.1) - np.log(0.5 * (a + b))
    assert np.all(total >= -math.log(0.1) - 1e-12)
    both = np.minimum(a, b) >= 0.1
    np.testing.assert_allclose(total[both], -math.log(0.1), rtol=1e-12)
    assert np.all(total[~both] > -math.log(0.1))


@pytest.mark.parametrize("d", [2, 3, 10, 100, 1000, 3000])
def test_caps_to_many_digits(d: int) -> None:
    with mp.workdps(30):
        for eps in (1e-6, 0.1, 0.3, 0.49, 0.4999999):
            sine = mp.sin(mp.pi * mp.mpf(eps))
            exact = float(mp.log(mp.betainc(mp.mpf(d - 1) / 2, 0.5, 0, sine**2, regularized=True) / 2))
            assert theory.sphere_cap_log_probability(eps, d) == pytest.approx(exact, rel=1e-11)
        # Deep, where sin^2 is not small: an absolute error, so that the factor of order one counts.
        for eps, many in ((0.38, 10_000), (0.3, 4000), (0.2, 3000)):
            sine = mp.sin(mp.pi * mp.mpf(eps))
            exact = float(mp.log(mp.betainc(mp.mpf(many - 1) / 2, 0.5, 0, sine**2, regularized=True) / 2))
            assert exact < -670.0
            assert theory.sphere_cap_log_probability(eps, many) == pytest.approx(exact, abs=1e-10)


def test_caps_in_many_dimensions() -> None:
    """sin^(d - 1)/(sqrt(2 pi d) cos) for large d, at any depth and on both sides of where the direct formula ends."""
    for eps in (0.05, 0.3, 0.45):
        d = np.array([10**5, 10**7])
        leading = (d - 1) * math.log(math.sin(math.pi * eps)) - 0.5 * np.log(2 * math.pi * d) - math.log(math.cos(math.pi * eps))
        # The first correction is of order 1/(d cos^2).
        assert abs(theory.sphere_cap_log_probability(eps, d) - leading) == pytest.approx(0.0, abs=1e-3)
    d = np.arange(1100, 1200)
    steps = np.diff(theory.sphere_cap_log_probability(math.asin(0.55) / math.pi, d))
    assert np.ptp(steps) < 1e-4
    assert theory.sphere_cap_log_probability(0.1, [10, 100]) == pytest.approx([-12.573737, -119.431426], abs=6e-7)
    assert theory.sphere_cap_log_probability(0.2, 3) == pytest.approx(math.log(0.5 * (1 - math.cos(0.2 * math.pi))), rel=1e-12)


def test_occam_and_certified_bias() -> None:
    assert theory.certified_bias_without_hits(10_000, 0.05) == pytest.approx(8.113, abs=6e-4)
    for s in (3, 100, 10_000):
        p = math.exp(-theory.certified_bias_without_hits(s, 0.05))
        # A larger chance of a hit would have shown with more than 95 %, and the bound is near the exact one.
        assert binom.pmf(0, s, min(p, 1.0)) <= 0.05
        exact = -math.expm1(math.log(0.05) / s)
        assert 1.0 <= p / exact < 1.0 + 3.1 / s
    rising = theory.occam_bound([0.0, 1.0, 2.0], [10, 10, 20], 0.2)
    np.testing.assert_allclose(rising, [-math.log(0.2) / 10, (1 - math.log(0.2)) / 10, (2 - math.log(0.2)) / 20])
