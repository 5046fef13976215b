"""The exact expected error of two-class naive Bayes: reference values, symmetries, limits, the law of the score, bad input."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from theorylab.numerics.characteristic_functions import LogarithmicGrid
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.naive_bayes_logistic.closed_form import (
    expected_error,
    naive_bayes_class_error,
    naive_bayes_expected_error,
    naive_bayes_expected_error_random_counts,
    naive_bayes_proportional_limit,
    paper_design,
)
from theorylab.papers.naive_bayes_logistic.closed_form.score_law import (
    FeatureGroups,
    KnownVariance,
    PooledVariance,
    SeparateVariances,
    score_characteristic_function,
)

PAPER = paper_design(2, 100)["gaps"], paper_design(2, 100)["multiplicities"]


@pytest.mark.parametrize(
    ("groups", "counts", "variance", "expected", "digits"),
    [
        (([0.4], [25]), (5, 5), "pooled", 0.329294455, 1e-9),
        (([0.4], [25]), (5, 5), "known", 0.306788742, 1e-9),
        (([0.4], [25]), (3, 9), "pooled", 0.3709744, 1e-7),
        (([0.55, 0.9], [14, 3]), (4, 7), "pooled", 0.227736, 1e-6),
        (([0.3], [40]), (8, 8), "pooled", 0.331397, 1e-6),
        (PAPER, (3, 3), "pooled", 0.003471076, 1e-9),
        (PAPER, (3, 3), "known", 7.6386e-9, 1e-12),
        (PAPER, (2, 2), "pooled", 0.071737, 1e-6),
        (([0.7], [12]), (6, 6), "class", 0.277346476, 1e-9),
        (([0.7], [12]), (4, 9), "class", 0.360492833, 1e-9),
    ],
)
def test_reference_values(groups: tuple[Any, Any], counts: tuple[int, int], variance: str, expected: float, digits: float) -> None:
    assert naive_bayes_expected_error(*groups, *counts, variance=variance) == pytest.approx(expected, abs=digits)


def test_reference_values_of_random_counts() -> None:
    assert naive_bayes_expected_error_random_counts(*PAPER, 4, variance="pooled") == pytest.approx(0.089242, abs=1e-6)
    assert naive_bayes_expected_error_random_counts(*PAPER, [5, 6, 7, 8], variance="pooled") == pytest.approx(
        [0.02648, 0.00797, 0.00261, 0.00094], abs=5e-6
    )


@settings(max_examples=25, deadline=None)
@given(
    gaps=st.lists(st.floats(0.0, 1.5), min_size=1, max_size=3),
    sizes=st.lists(st.integers(2, 30), min_size=3, max_size=3),
    counts=st.tuples(st.integers(2, 20), st.integers(2, 20)),
    variance=st.sampled_from(["known", "pooled"]),
)
def test_symmetries(gaps: list[float], sizes: list[int], counts: tuple[int, int], variance: str) -> None:
    multiplicities, (first, second) = sizes[: len(gaps)], counts
    value = naive_bayes_expected_error(gaps, multiplicities, first, second, variance=variance)
    assert 0.0 <= value <= 1.0
    assert naive_bayes_expected_error(gaps, multiplicities, second, first, variance=variance) == value
    assert naive_bayes_expected_error([-gap for gap in gaps], multiplicities, first, second, variance=variance) == value
    assert naive_bayes_expected_error(gaps[::-1], multiplicities[::-1], first, second, variance=variance) == pytest.approx(value, abs=1e-12)
    split = naive_bayes_expected_error([gaps[0], *gaps], [1, multiplicities[0] - 1, *multiplicities[1:]], first, second, variance=variance)
    assert split == pytest.approx(value, abs=1e-12)
    both = [naive_bayes_class_error(gaps, multiplicities, *each, variance=variance) for each in (counts, counts[::-1])]
    assert value == pytest.approx(np.mean(both), abs=1e-13)


@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
def test_classes_that_do_not_differ(variance: str) -> None:
    # What one class loses the other gains: the error is 1/2 whatever the rule.
    for counts in ((4, 4), (3, 8)):
        assert naive_bayes_expected_error([0.0], [7], *counts, variance=variance) == pytest.approx(0.5, abs=1e-9)


def test_known_variances_feel_the_distance_only() -> None:
    one = naive_bayes_expected_error([2.0, 0.0], [1, 19], 4, 9, variance="known")
    even = naive_bayes_expected_error([2.0 / np.sqrt(20)], [20], 4, 9, variance="known")
    assert one == pytest.approx(even, abs=1e-13)
    pooled = [naive_bayes_expected_error(*groups, 4, 9, variance="pooled") for groups in (([2.0, 0.0], [1, 19]), ([2.0 / np.sqrt(20)], [20]))]
    assert abs(pooled[0] - pooled[1]) > 1e-3


@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
def test_many_points_come_close_to_the_rule_of_that_prior(variance: str) -> None:
    delta = np.sqrt(6 * 0.16 + 2 * 0.81)
    for first, second in ((25_000, 25_000), (20_000, 30_000)):
        value = naive_bayes_expected_error([0.4, 0.9], [6, 2], first, second, variance=variance)
        shift = np.log(first / second) / delta
        assert 1e-6 < value - 0.5 * (ndtr(-0.5 * delta - shift) + ndtr(-0.5 * delta + shift)) < 3e-4


def test_a_million_features_follow_the_proportional_limit() -> None:
    distance, d = 3.0, 10**6
    value = naive_bayes_expected_error([distance / 1000.0], [d], d / 2, d / 2, variance="known")
    assert value == pytest.approx(naive_bayes_proportional_limit(distance, 1.0), abs=1e-6)
    assert naive_bayes_expected_error([2.0], [d], 30, 40, variance="pooled") < 1e-12
    assert naive_bayes_expected_error([1e-3], [d], 3, 4, variance="pooled") == pytest.approx(0.5, abs=1e-3)


def test_few_features_and_uneven_counts_converge() -> None:
    # A characteristic function that vanishes like exp(i c t)/t only.
    for variance in ("known", "pooled", "class"):
        value = naive_bayes_expected_error([0.5], [1], 3, 40, variance=variance)
        assert 0.4 < value < 0.5
    assert naive_bayes_class_error([0.5], [1], 1, 99, variance="known") > 0.99


@pytest.mark.parametrize(
    ("gaps", "counts"), [([13.222], (42, 46)), ([9.334], (4, 12)), ([0.793, 13.108], (23, 49)), ([12.079], (2, 5)), ([15.6], (7, 23))]
)
def test_few_features_far_apart(gaps: list[float], counts: tuple[int, int]) -> None:
    # With the prior against the class and nothing else to be afraid of: the ray of integration must not be turned far.
    with np.errstate(over="raise"):
        value = naive_bayes_class_error(gaps, [1] * len(gaps), *counts, variance="pooled")
        finer = naive_bayes_class_error(gaps, [1] * len(gaps), *counts, variance="pooled", log_prior_odds=np.log(counts[0] / counts[1]) - 1e-9)
    assert 0.0 <= value <= 0.05
    assert finer == pytest.approx(value, abs=1e-8)


def test_one_feature_with_variances_of_each_class() -> None:
    assert naive_bayes_class_error([0.5], [1], 30, 20, variance="class") == pytest.approx(0.162311845097, abs=1e-10)
    few, many = (SeparateVariances(29.0, 19.0, dimension) for dimension in (2, 3))
    assert few.logit_nodes(few.step)[0] == pytest.approx(0.25 * many.logit_nodes(many.step)[0])


def test_smallest_degrees_of_freedom() -> None:
    # One degree of freedom: the score has no mean. Two for each class in all.
    assert naive_bayes_expected_error(*PAPER, 1, 2, variance="pooled") == pytest.approx(0.2399331, abs=1e-6)
    assert naive_bayes_expected_error([0.7], [12], 2, 2, variance="class") == pytest.approx(0.4538325, abs=1e-6)


def test_the_other_class_and_other_constants() -> None:
    groups = [0.55, 0.9], [14, 3]
    value = naive_bayes_class_error(*groups, 4, 7, variance="pooled")
    stated = naive_bayes_class_error(*groups, 4, 7, variance="pooled", degrees_of_freedom=9, log_prior_odds=np.log(4 / 7))
    assert stated == pytest.approx(value, abs=1e-14)

    def balanced(**details: float) -> float:
        return float(np.mean([naive_bayes_class_error(*groups, *each, variance="pooled", **details) for each in ((4, 7), (7, 4))]))

    more, without = balanced(degrees_of_freedom=11.0), balanced(log_prior_odds=0.0)
    assert more == pytest.approx(0.225007, abs=1e-6)
    assert without == pytest.approx(0.222810, abs=1e-6)
    several = naive_bayes_class_error(*groups, 4, 7, variance="pooled", degrees_of_freedom=[[9.0], [11.0]], log_prior_odds=[-1.0, 0.0, 1.0])
    assert several.shape == (2, 3)
    assert np.all(np.diff(several, axis=1) < 0.0)
    huge = naive_bayes_class_error(*groups, 4, 7, variance="known", log_prior_odds=[-300.0, 300.0])
    assert huge == pytest.approx([1.0, 0.0], abs=1e-9)


def test_shapes() -> None:
    first, second = np.array([[3], [5]]), np.array([4, 6, 9])
    table = naive_bayes_expected_error([0.5], [9], first, second, variance="pooled")
    assert table.shape == (2, 3)
    assert table[1, 2] == naive_bayes_expected_error([0.5], [9], 5, 9, variance="pooled")
    assert isinstance(naive_bayes_expected_error([0.5], [9], 5, 9, variance="known"), float)
    assert isinstance(naive_bayes_class_error([0.5], [9], 5, 9, variance="known"), float)
    sizes = naive_bayes_expected_error_random_counts([0.5], [9], [[8, 6], [6, 5]], variance="pooled")
    assert sizes.shape == (2, 2)
    assert sizes[0, 1] == sizes[1, 0]
    assert sizes[1, 1] == naive_bayes_expected_error_random_counts([0.5], [9], 5, variance="pooled")
    assert naive_bayes_expected_error(0.5, 9, 5, 9, variance="known") == naive_bayes_expected_error([0.5], [9], 5, 9, variance="known")


def test_random_counts_of_the_smallest_samples() -> None:
    groups = [0.5], [9]
    pair = naive_bayes_expected_error(*groups, 1, 1, variance="known")
    assert naive_bayes_expected_error_random_counts(*groups, 2, variance="known") == pytest.approx(pair, abs=1e-14)
    uneven = naive_bayes_expected_error(*groups, 1, 2, variance="pooled")
    assert naive_bayes_expected_error_random_counts(*groups, 3, variance="pooled") == pytest.approx(uneven, abs=1e-14)
    four = naive_bayes_expected_error(*groups, [1, 2], [3, 2], variance="pooled") @ np.array([8, 6]) / 14
    assert naive_bayes_expected_error_random_counts(*groups, 4, variance="pooled") == pytest.approx(four, abs=1e-14)
    even = naive_bayes_expected_error(*groups, 2, 2, variance="class")
    assert naive_bayes_expected_error_random_counts(*groups, 4, variance="class") == pytest.approx(even, abs=1e-14)


# The law of the score ----------------------------------------------------------------------------------------------------------------------


def test_characteristic_function_of_a_quadratic_form() -> None:
    # One feature, against the moment formula with matrices: det(I - i C B)^(-1/2) exp((i/2) mu' B (I - i C B)^-1 mu).
    own, other, gap, t = 3.0, 7.0, 0.8, np.array([0.2, 1.5, 9.0])
    grid = LogarithmicGrid(np.arange(1), np.log(t[:1]), 1.0, 1, np.zeros(1))
    for point in t:
        covariance, mean = np.array([[1 + 1 / own, 1.0], [1.0, 1 + 1 / other]]), np.array([0.0, gap])
        form = point * np.diag([-1.0, 1.0])
        inverse = np.linalg.inv(np.eye(2) - 1j * covariance @ form)
        roots = np.linalg.eigvals(np.eye(2) - 1j * covariance @ form)
        expected = np.exp(0.5j * mean @ form @ inverse @ mean + 1j * point * 0.3) / np.prod(np.sqrt(roots))
        value = score_characteristic_function(
            grid._replace(start=np.log([point])),
            FeatureGroups(np.array([gap]), np.array([1])),
            np.array([own]),
            np.array([other]),
            np.array([0.3]),
            KnownVariance(),
        )
        assert value[0, 0] == pytest.approx(expected, abs=1e-14)


def test_characteristic_function_averages_over_the_variance() -> None:
    own, other, gap, degrees = 3.0, 4.0, 0.8, 5.0
    grid = LogarithmicGrid(np.arange(1), np.array([np.log(0.7)]), 0.1, 1, np.zeros(1))

    def known(a: float) -> complex:
        determinant = (1 + 1j * (1 + 1 / own) * a) * (1 - 1j * (1 + 1 / other) * a) - a * a
        return complex(np.exp(0.5j * gap**2 * a * (1 + 1j * (1 + 1 / own) * a) / determinant) / np.sqrt(determinant))

    def integrand(chi2: Any) -> Any:
        density = chi2 ** (degrees / 2 - 1) * mpmath.exp(-chi2 / 2) / (2 ** (degrees / 2) * mpmath.gamma(degrees / 2))
        return density * mpmath.mpmathify(known(0.7 * (own + other) / float(chi2)))

    expected = complex(mpmath.quad(integrand, [1e-9, 0.1, 0.5, 1, 2, 5, 10, 20, 60]))
    groups = FeatureGroups(np.array([gap]), np.array([1]))
    value = score_characteristic_function(grid, groups, np.array([own]), np.array([other]), np.zeros(1), PooledVariance(degrees, own + other))
    assert value[0, 0] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("degrees", [1.0, 2.0, 6.0, 50.0, 2000.0])
def test_nodes_of_the_variance_have_its_moments(degrees: float) -> None:
    law = PooledVariance(degrees, 10.0)
    largest, weights = law.nodes(law.step)
    squares = np.exp(largest - law.step * np.arange(weights.size))
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ squares == pytest.approx(degrees / 10.0, rel=1e-12)
    assert weights @ squares**2 == pytest.approx(degrees * (degrees + 2.0) / 100.0, rel=1e-12)
    if degrees > 4.0:
        assert weights @ squares**-1 == pytest.approx(10.0 / (degrees - 2.0), rel=1e-9)


@pytest.mark.parametrize(("own", "other"), [(1.0, 1.0), (1.0, 7.0), (12.0, 3.0), (300.0, 200.0)])
def test_nodes_of_the_share_of_a_class_have_its_moments(own: float, other: float) -> None:
    law = SeparateVariances(own, other, 10)
    width, log_b, log_rest, weights = law.logit_nodes(law.step)
    assert np.diff(log_b - log_rest) == pytest.approx(width)
    assert np.exp(log_b) + np.exp(log_rest) == pytest.approx(1.0)
    assert weights @ np.exp(log_b) == pytest.approx(own / (own + other), rel=1e-10)
    assert weights @ np.exp(log_b + log_rest) == pytest.approx(own * other / ((own + other) * (own + other + 2.0)), rel=1e-10)
    assert law.logit_nodes(0.5 * law.step)[0] == pytest.approx(0.5 * width)
    assert law.logit_nodes(1.0)[0] == width


def test_separate_variances_average_to_the_same_as_two_integrals() -> None:
    own, other, gap, point = 5.0, 8.0, 0.6, 0.9
    law = SeparateVariances(own - 1.0, other - 1.0, 5)
    grid = LogarithmicGrid(np.arange(1), np.array([np.log(point)]), 0.05, 1, np.zeros(1))
    groups = FeatureGroups(np.array([gap]), np.array([1]))
    value = score_characteristic_function(grid, groups, np.array([own]), np.array([other]), np.zeros(1), law)[0, 0]
    x, w = np.polynomial.legendre.leggauss(200)
    chi = 0.5 * (x + 1.0) * 9.0
    s = [chi / np.sqrt(count) for count in (own, other)]
    p = [4.5 * w * chi ** (count - 2.0) * np.exp(-0.5 * chi**2) for count in (own, other)]
    p = [each / each.sum() for each in p]
    a1, a2 = point / s[0][:, None] ** 2, point / s[1][None, :] ** 2
    determinant = (1 + 1j * (1 + 1 / own) * a1) * (1 - 1j * (1 + 1 / other) * a2) - a1 * a2
    psi = np.exp(0.5j * gap**2 * a2 * (1 + 1j * (1 + 1 / own) * a1) / determinant) / np.sqrt(determinant)
    expected = p[0] @ ((s[1][None, :] / s[0][:, None]) ** (1j * point) * psi) @ p[1]
    assert value == pytest.approx(expected, abs=1e-7)


# Bad input ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5], [9], 5, 5, "ml"), "variance must be one of 'known', 'pooled', 'class'; got 'ml'"),
        (([np.nan], [9], 5, 5, "known"), "gaps must be finite"),
        (([0.5, 0.1], [9], 5, 5, "known"), r"multiplicities must have shape \(2,\), one for each of the gaps"),
        (([0.5], [0], 5, 5, "known"), "multiplicities must be an integer >= 1"),
        (([], [], 5, 5, "known"), "gaps must hold at least one number"),
        (([0.5], [9], 0.0, 5, "known"), "count_first must be finite and > 0"),
        (([0.5], [9], 5, -1.0, "known"), "count_second must be finite and > 0"),
        (([0.5], [9], 2.5, 5, "pooled"), "count_first must be an integer >= 1"),
        (([0.5], [9], 1, 1, "pooled"), r"count_first \+ count_second must be at least 3"),
        (([0.5], [9], 5, 1, "class"), "count_second must be an integer >= 2"),
    ],
)
def test_bad_input(arguments: tuple[Any, ...], message: str) -> None:
    *values, variance = arguments
    with pytest.raises(ValueError, match=message):
        naive_bayes_expected_error(*values, variance=variance)


@pytest.mark.parametrize(("variance", "least"), [("known", 2), ("pooled", 3), ("class", 4)])
def test_too_few_points_at_random(variance: str, least: int) -> None:
    with pytest.raises(ValueError, match=f"sample_size must be an integer >= {least}; got {least - 1}"):
        naive_bayes_expected_error_random_counts([0.5], [9], least - 1, variance=variance)
    assert 0.0 < naive_bayes_expected_error_random_counts([0.5], [9], least, variance=variance) < 0.5


def test_degrees_of_freedom_are_of_the_pooled_variance() -> None:
    with pytest.raises(ValueError, match="degrees_of_freedom must be None unless variance is 'pooled'; got 3"):
        naive_bayes_class_error([0.5], [9], 4, 4, variance="class", degrees_of_freedom=3)
    with pytest.raises(ValueError, match="count_other must be an integer >= 2"):
        naive_bayes_class_error([0.5], [9], 4, 1, variance="class")
    with pytest.raises(ValueError, match="degrees_of_freedom must be finite and > 0"):
        naive_bayes_class_error([0.5], [9], 4, 4, variance="pooled", degrees_of_freedom=0)


def test_what_did_not_converge_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    exact, rng = expected_error.score_characteristic_function, np.random.default_rng(0)

    def rough(grid: LogarithmicGrid, *arguments: Any) -> np.ndarray:
        values = exact(grid, *arguments)
        # Noise of one part in 10^4 where the imaginary part is at work; the ends of the grid stay clean.
        return values + 1e-4j * values.imag * rng.standard_normal(values.shape)

    monkeypatch.setattr(expected_error, "score_characteristic_function", rough)
    with pytest.raises(ConvergenceError, match="did not converge to 1e-09"):
        naive_bayes_expected_error([0.4], [25], 3, 9, variance="pooled")
