"""Near ties, errors of the log-odds and the bounds made of them: reference values, other quadratures, properties, messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, chi2, norm

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.naive_bayes_logistic import closed_form as cf
from theorylab.papers.naive_bayes_logistic.closed_form import log_odds_errors

EYE = np.eye(2)


def random_classes(seed: int, classes: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(d, d))
    return 2.0 * rng.normal(size=(classes, d)), root @ root.T + 0.5 * np.eye(d)


# Near ties -------------------------------------------------------------------------------------------------------------------------------


def test_reference_values_of_near_ties() -> None:
    assert cf.isotropic_near_tie_probability([0.02, 0.1], 100, np.sqrt([9.0, 50.0])) == pytest.approx([0.1871982, 0.0169471], abs=6e-8)
    assert cf.near_tie_probability(0.02, np.full(100, 0.3), np.eye(100)) == pytest.approx(0.1871982, abs=6e-8)
    assert cf.near_tie_chernoff_bound(0.1, np.full(100, np.sqrt(0.5)), np.eye(100)) == pytest.approx(0.0527, abs=5e-5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), d=st.integers(1, 8), scale=st.floats(0.05, 20.0))
def test_near_ties_do_not_notice_units_and_meet_their_bounds(seed: int, d: int, scale: float) -> None:
    means, sigma = random_classes(seed, 2, d)
    units = np.random.default_rng(seed).uniform(0.1, 10.0, d)
    gap = means[0] - means[1]
    lead = float(gap / np.diag(sigma) @ gap) / 2 / d
    tau = np.linspace(0.0, 2.0, 9) * lead
    G = cf.near_tie_probability(tau, gap, sigma)
    assert G[0] == 0.0
    assert np.all(np.diff(G) > 0) or G[-1] > 1 - 1e-9
    np.testing.assert_allclose(cf.near_tie_probability(tau, units * gap, sigma * np.outer(units, units)), G, rtol=1e-9, atol=1e-15)
    assert np.all(G[:4] <= cf.near_tie_chernoff_bound(tau[:4], gap, sigma))
    union = cf.near_tie_union_bound(tau, means, sigma)
    assert np.all(union >= G - 1e-14)
    assert np.all(union[:4] <= cf.near_tie_chebyshev_bound(tau[:4], means, sigma) + 1e-14)


def test_correlated_features_by_hand() -> None:
    """Delta = (1, 0), correlation 0.8: w = Delta, M = 1/2, V = 1 whatever the correlation; with Delta = (1, 1), V = 2 + 1.6."""
    sigma = np.array([[1.0, 0.8], [0.8, 1.0]])
    assert cf.near_tie_probability(0.1, [1.0, 0.0], sigma) == pytest.approx(norm.cdf(-0.3) - norm.cdf(-0.7))
    deviation = np.sqrt(3.6)
    assert cf.near_tie_probability(0.1, [1.0, 1.0], sigma) == pytest.approx(norm.cdf(-0.8 / deviation) - norm.cdf(-1.2 / deviation))
    assert cf.near_tie_chernoff_bound(0.1, [1.0, 1.0], sigma) == pytest.approx(0.5 * np.exp(-0.64 / 7.2))


def test_moments_of_score_gaps_by_definition() -> None:
    """Over the exact law of x: E score = -(1/2) sum ((mu_ci - mu_ki)^2 + Sigma_ii)/D_ii."""
    means, sigma = random_classes(3, 4, 5)
    D = np.diag(sigma)
    beta, alpha = cf.score_gap_mean(means, sigma), cf.score_gap_variance(means, sigma)
    assert beta.shape == (4, 4, 4)
    assert alpha.shape == (4, 4)
    for c in range(4):
        scores = [-0.5 * np.sum(((means[c] - means[k]) ** 2 + D) / D) for k in range(4)]
        for k1 in range(4):
            for k2 in range(4):
                assert beta[k1, k2, c] == pytest.approx((scores[k1] - scores[k2]) / 5, abs=1e-12)
                slope = (means[k1] - means[k2]) / D
                assert alpha[k1, k2] == pytest.approx(slope @ sigma @ slope / 5)
    np.testing.assert_allclose(beta, -beta.swapaxes(0, 1), atol=1e-14)
    np.testing.assert_allclose(alpha, alpha.T)


def test_equally_spaced_classes_have_a_zero_and_powers_of_two_none() -> None:
    equal = cf.score_gap_mean(np.array([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]]), EYE)
    assert equal[0, 2, 1] == 0.0
    assert equal[1, 0, 1] == pytest.approx(0.5)
    for classes in (3, 5, 7):
        positions = np.array([-1.0] + [2.0**k for k in range(classes - 1)])
        beta = cf.score_gap_mean(np.outer(positions, np.ones(2)), EYE)
        others = [abs(beta[i, j, k]) for i in range(classes) for j in range(i) for k in range(classes)]
        assert min(others) >= 0.25


@pytest.mark.parametrize("positions", [(-0.5, 0.5), (0.3, -1.0, 2.0), (-1.0, 1.0, 2.0, 4.0), (0.0, 0.1, 3.0)])
@pytest.mark.parametrize("tau", [0.0, 0.01, 0.2, 1.0, 20.0])
def test_near_ties_on_a_line_by_integration(positions: tuple[float, ...], tau: float) -> None:
    """The gap between the two largest scores on a fine grid of the projection, weighted by the mixture."""
    kappa, d = 3.7, 4
    t = np.linspace(-8.0, 10.0, 400_001)
    scores = np.sort([-0.5 * kappa * (t - a) ** 2 for a in positions], axis=0)
    near = scores[-1] - scores[-2] <= tau * d
    density = np.mean([norm.pdf(t, a, 1 / np.sqrt(kappa)) for a in positions], axis=0)
    expected = np.sum(density[near]) * (t[1] - t[0])
    assert cf.near_tie_probability_on_a_line(tau, positions, kappa, d) == pytest.approx(expected, abs=6e-5)
    if len(positions) == 2:
        assert cf.near_tie_probability_on_a_line(tau, positions, kappa, d) == pytest.approx(
            cf.isotropic_near_tie_probability(tau, d, np.sqrt(kappa)), abs=1e-14
        )


def test_chebyshev_bound_of_two_classes_by_hand() -> None:
    """Delta = 2 in one feature: beta = 2, alpha = 4, both classes alike: 4 / (2 - tau)^2."""
    assert cf.near_tie_chebyshev_bound([0.0, 1.0], [[1.0], [-1.0]], [[1.0]]) == pytest.approx([1.0, 4.0])
    assert cf.near_tie_union_bound(3.0, [[1.0], [-1.0]], [[1.0]]) == pytest.approx(norm.cdf(0.5))
    # Classes at -1, 0, 1: four ordered pairs with beta = 1/2, alpha = 1, two with beta = 2, alpha = 4, over three classes.
    line = np.array([[-1.0], [0.0], [1.0]])
    assert cf.near_tie_chebyshev_bound([0.0, 0.25], line, [[1.0]]) == pytest.approx([(4 * 4 + 2) / 3, (4 * 16 + 2 * 4 / 1.75**2) / 3])
    assert cf.near_tie_union_bound(0.0, line, [[1.0]]) == pytest.approx((4 * norm.cdf(-0.5) + 2 * norm.cdf(-1.0)) / 3)


# Errors of the log-odds ------------------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(gap=st.floats(0.0, 4.0), m1=st.floats(3.5, 300.0), m2=st.floats(3.5, 300.0))
def test_moments_with_known_variances_by_gauss_hermite(gap: float, m1: float, m2: float) -> None:
    """The error is a polynomial of degree 2 in three normal variates, so three nodes a variable give its square exactly."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    z, e1, e2 = np.meshgrid(nodes, nodes / np.sqrt(m1), nodes / np.sqrt(m2), indexing="ij")
    weight = np.einsum("i,j,k->ijk", *[weights / weights.sum()] * 3)
    x = z + gap / 2
    error = (x - (e1 + e2) / 2) * (gap + e1 - e2) - gap * x
    moments = cf.log_odds_difference_moments([gap], m1, m2, variance="known")
    mean = np.sum(weight * error)
    assert moments.mean[0] == pytest.approx(mean, abs=1e-12)
    assert moments.variance[0] == pytest.approx(np.sum(weight * (error - mean) ** 2), rel=1e-9)
    assert moments.mean_absolute[0] <= np.sqrt(moments.variance[0] + mean**2)


@pytest.mark.parametrize(("gap", "m1", "m2"), [(0.0, 10, 10), (0.8, 10, 10), (0.8, 4, 9), (2.0, 30, 6)])
def test_pooled_moments_average_over_the_variance(gap: float, m1: int, m2: int) -> None:
    """Given s^2 the error is L/s^2 - l; the moments of L and l by Gauss-Hermite, those of 1/s^2 by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    z, e1, e2 = np.meshgrid(nodes, nodes / np.sqrt(m1), nodes / np.sqrt(m2), indexing="ij")
    weight = np.einsum("i,j,k->ijk", *[weights / weights.sum()] * 3)
    x, m = z + gap / 2, m1 + m2
    fitted, limit = (x - (e1 + e2) / 2) * (gap + e1 - e2), gap * x
    inverse = [quad(lambda v, k=k: (m / v) ** k * chi2.pdf(v, m - 2), 0, np.inf)[0] for k in (1, 2)]
    mean = np.sum(weight * (inverse[0] * fitted - limit))
    second = np.sum(weight * (inverse[1] * fitted**2 - 2 * inverse[0] * fitted * limit + limit**2))
    moments = cf.log_odds_difference_moments([gap], m1, m2, variance="pooled")
    assert moments.mean[0] == pytest.approx(mean, abs=1e-8)
    assert moments.variance[0] == pytest.approx(second - mean**2, rel=1e-6)


def test_reference_value_of_the_mean_error() -> None:
    moments = cf.log_odds_difference_moments([0.7071], 50, 50, variance="known")
    # Equal counts: the sum over features is centred, and the variance has its simple form.
    assert moments.mean[0] == 0.0
    assert moments.variance[0] == pytest.approx(0.04 * 1.01 + 0.02 * 0.7071**2)
    assert moments.mean_absolute[0] == pytest.approx(0.153507, abs=1e-6)


@pytest.mark.parametrize("variance", ["known", "pooled"])
def test_mean_magnitude_and_tail_are_of_one_law(variance: str) -> None:
    """E|X| is the integral of the tail; one feature, both classes of the test point."""
    gap, m1, m2 = 0.8, 14, 9
    prior = abs(np.log(m1 / m2))
    each = [cf.log_odds_difference_moments([gap], *pair, variance=variance).mean_absolute[0] for pair in ((m1, m2), (m2, m1))]
    # Below the prior term the tail is 1, so the comparison starts there; beyond it the tail falls like an exponential.
    nodes, weights = np.polynomial.legendre.leggauss(24)
    taus = prior + 5.0 * (nodes + 1.0)
    tails = cf.log_odds_error_probability(taus, [gap], [1], m1, m2, variance=variance)
    assert cf.log_odds_error_probability(0.99 * prior, [gap], [1], m1, m2, variance=variance) == 1.0
    beyond = 5.0 * weights @ tails
    rng = np.random.default_rng()
    u, z = rng.normal(size=(2, 400_000)), rng.normal(size=400_000)
    s2 = 1.0 if variance == "known" else rng.chisquare(m1 + m2 - 2, 400_000) / (m1 + m2)
    seen = []
    for one, other in ((m1, m2), (m2, m1)):
        e1, e2, x = u[0] / np.sqrt(one), u[1] / np.sqrt(other), z + gap / 2
        seen.append(np.abs((x - (e1 + e2) / 2) * (gap + e1 - e2) / s2 - gap * x))
    below = np.mean([np.minimum(values, prior).mean() for values in seen])
    # Standard errors are near 0.2 %.
    assert beyond + below == pytest.approx(np.mean(each), rel=0.015)
    assert np.mean([values.mean() for values in seen]) == pytest.approx(np.mean(each), rel=0.015)


def test_tails_of_many_features_multiply() -> None:
    one = cf.log_odds_error_probability([0.3, 0.5], [0.4], [1], 30, 30, variance="known")
    many = cf.log_odds_error_probability([0.3, 0.5], [0.4], [12], 30, 30, variance="known")
    assert many == pytest.approx(1 - (1 - one) ** 12, rel=1e-9)
    split = cf.log_odds_error_probability([0.3, 0.5], [0.4, 0.4], [5, 7], 30, 30, variance="known")
    assert split == pytest.approx(many, rel=1e-9)
    # Far out the tail is 0 to all digits, and that is not an error.
    assert cf.log_odds_error_probability(50.0, [0.4], [10], 1e5, 1e5, variance="known") == pytest.approx(0.0, abs=1e-30)


def test_quadrature_over_the_variance_knows_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_odds_errors, "_VARIANCE_NODES", 0.4)
    with pytest.raises(ConvergenceError, match="variance estimate is off by"):
        cf.log_odds_difference_moments([0.5], 6, 6, variance="pooled")


# Bounds ----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("d", "delta", "value", "threshold"), [(50, 5.0, 0.16390, 5.51), (200, 10.0, 0.02215, 24.2), (800, 20.0, 0.00262, 129.0)])
def test_reference_values_of_the_bounds(d: int, delta: float, value: float, threshold: float) -> None:
    bounds = cf.dimension_free_bounds([delta / np.sqrt(d)], [d], 50, 50, variance="known")
    assert bounds.second_moment.value == pytest.approx(value, abs=6e-6)
    assert bounds.second_moment.tau * d == pytest.approx(threshold, rel=3e-3)
    assert bounds.markov.value > 0.78


@pytest.mark.parametrize(("variance", "m1", "m2"), [("known", 400.0, 400.0), ("known", 300.0, 100.0), ("pooled", 150.0, 250.0)])
def test_bounds_are_minima_over_thresholds(variance: str, m1: float, m2: float) -> None:
    gaps, counts = np.array([1.2, 0.5]), np.array([20, 30])
    d, delta = 50, float(np.sqrt(counts @ gaps**2))
    thresholds = np.geomspace(0.1, 60.0, 20_001)
    G = cf.isotropic_near_tie_probability(thresholds / d, d, delta)
    prior, both = np.log(m1 / m2), [cf.log_odds_difference_moments(gaps, *pair, variance=variance) for pair in ((m1, m2), (m2, m1))]
    second = np.mean([counts @ each.variance + (counts @ each.mean + sign * prior) ** 2 for each, sign in zip(both, (1, -1), strict=True)])
    magnitude = abs(prior) + np.mean([counts @ each.mean_absolute for each in both])
    bounds = cf.dimension_free_bounds(gaps, counts, m1, m2, variance=variance)
    assert bounds.second_moment.value == pytest.approx(np.min(G + second / thresholds**2), rel=1e-6)
    assert bounds.markov.value == pytest.approx(min(np.min(G + magnitude / thresholds), 1.0), rel=1e-6)
    for bound, rest in ((bounds.second_moment, lambda t: second / t**2), (bounds.markov, lambda t: magnitude / t)):
        if bound.value < 1.0:
            t = bound.tau * d
            assert bound.value == pytest.approx(cf.isotropic_near_tie_probability(bound.tau, d, delta) + rest(t), rel=1e-9)


@pytest.mark.parametrize(("gap", "m"), [(0.9, 12), (2.0, 150), (2.0, 151)])
def test_bounds_with_random_counts_average_the_moments(gap: float, m: int) -> None:
    gaps, counts = [gap], [40]
    first = np.arange(1, m)
    weights = binom.pmf(first, m, 0.5)
    weights /= weights.sum()
    second = magnitude = 0.0
    for m1, weight in zip(first, weights, strict=True):
        one, other = (cf.log_odds_difference_moments(gaps, *pair, variance="known") for pair in ((m1, m - m1), (m - m1, m1)))
        prior = np.log(m1 / (m - m1))
        second += weight * np.mean([40 * each.variance[0] + (40 * each.mean[0] + sign * prior) ** 2 for each, sign in ((one, 1), (other, -1))])
        magnitude += weight * (abs(prior) + 20 * (one.mean_absolute[0] + other.mean_absolute[0]))
    thresholds = np.geomspace(0.1, 200.0, 40_001)
    G = cf.isotropic_near_tie_probability(thresholds / 40, 40, gap * np.sqrt(40))
    bounds = cf.dimension_free_bounds_random_counts(gaps, counts, m, variance="known")
    assert bounds.second_moment.value == pytest.approx(np.min(G + second / thresholds**2), rel=1e-6)
    assert bounds.markov.value == pytest.approx(min(np.min(G + magnitude / thresholds), 1.0), rel=1e-6)
    assert (bounds.markov.value < 0.5) == (m > 100)


def test_union_bound_counts_the_prior_term_as_a_feature() -> None:
    group = [2.0], [6]
    even, odd = (cf.near_tie_excess_bound(*group, m1, 800 - m1, variance="known") for m1 in (400, 380))
    for bound, terms, m1 in ((even, 6, 400), (odd, 7, 380)):
        t = bound.tau * 6
        rest = cf.log_odds_error_probability(t / terms, *group, m1, 800 - m1, variance="known")
        assert bound.value == pytest.approx(cf.isotropic_near_tie_probability(bound.tau, 6, np.sqrt(24.0)) + rest, rel=1e-9)
        grid = np.geomspace(0.5 * t, 2.0 * t, 41)
        values = cf.isotropic_near_tie_probability(grid / 6, 6, np.sqrt(24.0))
        values = values + cf.log_odds_error_probability(grid / terms, *group, m1, 800 - m1, variance="known")
        assert bound.value <= values.min() + 1e-9
    assert odd.value > even.value


def test_a_bound_that_says_nothing_is_one() -> None:
    bound = cf.near_tie_excess_bound([0.01], [5], 4, 4, variance="known")
    assert bound.value == pytest.approx(1.0)
    bounds = cf.dimension_free_bounds([0.01], [500], 2, 2, variance="known")
    assert bounds.markov == bounds.second_moment == (1.0, np.inf)


KNOWN: dict[str, Any] = {"variance": "known"}
BAD: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (cf.near_tie_probability, (-0.1, [1.0, 0.0], EYE), {}, "tau must be finite and >= 0"),
    (cf.near_tie_probability, (0.1, [0.0, 0.0], EYE), {}, "mean_gap must not be 0"),
    (cf.near_tie_probability, (0.1, [1.0], EYE), {}, "covariance must have shape"),
    (cf.near_tie_probability, (0.1, [1.0, 0.0], -EYE), {}, "covariance must be positive definite"),
    (cf.isotropic_near_tie_probability, (0.1, 0, 1.0), {}, "dimension"),
    (cf.isotropic_near_tie_probability, (0.1, 2, 0.0), {}, "mahalanobis_distance must be"),
    (cf.near_tie_chernoff_bound, (0.25, [1.0, 0.0], EYE), {}, "tau must be finite and >= 0 and < 0.25"),
    (cf.score_gap_mean, ([[1.0, 2.0]], EYE), {}, r"class_means must have shape \(K, d\) with K >= 2"),
    (cf.score_gap_variance, ([1.0, 2.0], EYE), {}, "class_means must have shape"),
    (cf.near_tie_chebyshev_bound, (0.0, [[1.0, 2.0], [1.0, 2.0]], EYE), {}, "equal means for classes 0 and 1"),
    (cf.near_tie_chebyshev_bound, (2.0, [[1.0, 0.0], [-1.0, 0.0]], EYE), {}, "tau must be finite and >= 0 and < 1"),
    (cf.near_tie_union_bound, (-1.0, [[1.0, 0.0], [-1.0, 0.0]], EYE), {}, "tau must be"),
    (cf.near_tie_probability_on_a_line, (0.1, [1.0, 1.0], 2.0, 3), {}, "class_positions must hold at least 2 different numbers"),
    (cf.near_tie_probability_on_a_line, (0.1, [1.0, 2.0], 0.0, 3), {}, "precision_sum"),
    (cf.near_tie_probability_on_a_line, (0.1, [1.0, 2.0], 1.0, 0), {}, "dimension"),
    (cf.log_odds_difference_moments, ([], 5, 5), KNOWN, "gaps must hold at least one number"),
    (cf.log_odds_difference_moments, ([1.0], 0, 5), KNOWN, "count_first must be finite and > 0"),
    (cf.log_odds_difference_moments, ([1.0], 5, 5), {"variance": "class"}, "variance must be one of 'known', 'pooled'"),
    (cf.log_odds_difference_moments, ([1.0], 3, 3), {"variance": "pooled"}, r"count_first \+ count_second must exceed 6 with pooled variances"),
    (cf.log_odds_error_probability, (0.0, [1.0], [2], 5, 5), KNOWN, "tau must be finite and > 0"),
    (cf.log_odds_error_probability, (0.1, [1.0, 2.0], [2], 5, 5), KNOWN, "multiplicities must have shape"),
    (cf.log_odds_error_probability, (0.1, [1.0], [0], 5, 5), KNOWN, "multiplicities must be an integer >= 1"),
    (cf.dimension_free_bounds, ([0.0], [3], 5, 5), KNOWN, "gaps must not all be 0"),
    (cf.dimension_free_bounds, ([1.0], [3], 5, -1), KNOWN, "count_second"),
    (cf.dimension_free_bounds_random_counts, ([1.0], [3], 6), {"variance": "pooled"}, "must exceed 6"),
    (cf.dimension_free_bounds_random_counts, ([1.0], [3], 1), KNOWN, "sample_size must be an integer >= 2"),
    (cf.near_tie_excess_bound, ([np.nan], [3], 5, 5), KNOWN, "gaps must be finite"),
]


@pytest.mark.parametrize(("function", "arguments", "named", "message"), BAD)
def test_bad_input(function: Any, arguments: tuple[Any, ...], named: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments, **named)
