"""Scenario laws, Vapnik-Chervonenkis bounds and missing mass: plain sums, enumeration, monotonicity, printed values, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.tools.sampling import assert_same_mean
from theorylab.numerics import concentration

# Scenario programs


def plain_tail(d: int, n: int, eta: float) -> float:
    return math.fsum(math.comb(n, i) * eta**i * (1 - eta) ** (n - i) for i in range(d))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(0, 60), st.floats(0.01, 0.9))
def test_tail_is_its_sum_and_that_of_the_law(d: int, more: int, eta: float) -> None:
    n = d + more
    found = concentration.scenario_violation_tail(d, n, eta)
    assert found == pytest.approx(plain_tail(d, n, eta), rel=1e-9, abs=1e-300)
    assert found == pytest.approx(concentration.scenario_violation_law(d, n).sf(eta), rel=1e-8, abs=1e-280)


def test_tail_broadcasts_and_promises_nothing_without_constraints_enough() -> None:
    found = concentration.scenario_violation_tail([[1], [2], [5]], [3, 5, 10], 0.3)
    assert found.shape == (3, 3)
    for row, d in enumerate((1, 2, 5)):
        for column, n in enumerate((3, 5, 10)):
            assert found[row, column] == pytest.approx(plain_tail(d, n, 0.3) if n >= d else 1.0, rel=1e-12)
    assert concentration.scenario_violation_tail(5, 4, 1e-9) == 1.0
    assert concentration.scenario_violation_tail(5, 5, 0.999) < 1.0
    assert isinstance(concentration.scenario_violation_tail(1, 2, 0.5), float)


def test_law_of_the_largest_of_numbers() -> None:
    law = concentration.scenario_violation_law(1, 9)
    assert law.mean() == pytest.approx(0.1, rel=1e-14)
    assert law.sf(0.2) == pytest.approx(0.8**9, rel=1e-12)
    for d, n in ((2, 10), (4, 4), (3, 40)):
        assert concentration.scenario_violation_law(d, n).mean() == pytest.approx(d / (n + 1), rel=1e-13)
    # The second largest of 12 uniform numbers.
    drawn = 1.0 - np.sort(np.random.default_rng(1).random((20_000, 12)), axis=1)[:, -2]
    assert stats.kstest(drawn, concentration.scenario_violation_law(2, 12).cdf).pvalue > 1e-9
    assert stats.kstest(drawn, concentration.scenario_violation_law(2, 13).cdf).pvalue < 1e-9


def test_law_of_counts_is_the_mixture() -> None:
    for d, n, m in ((1, 5, 4), (2, 10, 7), (3, 3, 6)):
        law = concentration.scenario_count_law(d, n, m)
        for count in range(m + 1):
            exact = math.comb(m, count) * math.exp(
                math.lgamma(count + d) + math.lgamma(m - count + n - d + 1) - math.lgamma(m + n + 1) + math.lgamma(n + 1)
                - math.lgamma(d) - math.lgamma(n - d + 1)
            )  # fmt: skip
            assert law.pmf(count) == pytest.approx(exact, rel=1e-10)
        assert law.mean() == pytest.approx(m * d / (n + 1), rel=1e-12)
        assert law.pmf(m + 1) == 0.0


def test_bound_is_the_level_of_the_tail() -> None:
    for d, n, delta in ((1, 29, 0.05), (3, 40, 1e-6), (4, 4, 0.3), (2, 500, 0.9)):
        eta = concentration.scenario_violation_bound(d, n, delta)
        assert plain_tail(d, n, eta) == pytest.approx(delta, rel=1e-7)
    assert concentration.scenario_violation_bound(5, 4, 0.05) == 1.0
    assert concentration.scenario_violation_bound(1, 10, 0.05) == pytest.approx(1 - 0.05**0.1, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.floats(0.02, 0.6), st.floats(1e-9, 0.8))
def test_scenarios_needed_is_the_smallest(d: int, eta: float, delta: float) -> None:
    n = concentration.scenarios_needed(d, eta, delta)
    assert n >= d
    assert plain_tail(d, n, eta) <= delta * (1 + 1e-9)
    assert n == d or plain_tail(d, n - 1, eta) > delta * (1 - 1e-9)


def test_scenarios_needed_printed_values() -> None:
    assert [concentration.scenarios_needed(d, 0.1, 0.05) for d in (1, 2, 3, 4)] == [29, 46, 61, 76]
    assert concentration.scenarios_needed(1, 0.1, 0.05) == math.ceil(math.log(0.05) / math.log(0.9))
    # The smallest program that says anything: (1 - eta)^1 <= delta.
    assert concentration.scenarios_needed(1, 0.99, 0.5) == 1


# Vapnik-Chervonenkis bounds


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 70), st.integers(1, 60))
def test_pattern_bound_is_its_sum(v: int, n: int) -> None:
    exact = math.log(sum(math.comb(n, i) for i in range(v + 1)))
    assert concentration.log_pattern_bound(v, n) == pytest.approx(exact, rel=1e-12, abs=1e-12)
    assert concentration.log_pattern_bound(v + 0.9, n) == concentration.log_pattern_bound(v, n)


def test_pattern_bound_is_reached_by_intervals() -> None:
    """Closed intervals on the line have VC dimension 2, and half-lines 1."""
    for n in range(1, 9):
        intervals = {tuple(low <= point <= high for point in range(n)) for low in range(n + 1) for high in range(-1, n)}
        assert math.exp(concentration.log_pattern_bound(2, n)) == pytest.approx(len(intervals), rel=1e-12)
        half_lines = {tuple(point < end for point in range(n)) for end in range(n + 1)}
        assert math.exp(concentration.log_pattern_bound(1, n)) == pytest.approx(len(half_lines), rel=1e-12)
    assert round(math.exp(concentration.log_pattern_bound(6, 10))) == 848
    assert [round(math.exp(concentration.log_pattern_bound(v, 10))) for v in (1, 2)] == [11, 56]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 12), st.integers(1, 2000), st.floats(0.01, 0.95))
def test_failure_bound_is_its_formula(v: int, n: int, eta: float) -> None:
    found = concentration.consistent_failure_bound(v, n, eta)
    if n * eta < 8:
        assert found == 1.0
    else:
        with mpmath.workdps(30):
            exact = 2 * sum(mpmath.binomial(2 * n, i) for i in range(v + 1)) * mpmath.mpf(2) ** (-mpmath.mpf(eta) * n / 2)
        assert found == pytest.approx(float(min(1, exact)), rel=1e-9, abs=1e-290)


def test_points_needed_printed_values() -> None:
    expected = {3: 680, 10: 2075, 25: 5089, 41: 8312, 6: 1275, 55: 11135, 325: 65640, 861: 173884}
    for v, n in expected.items():
        assert concentration.consistent_points_needed(v, 0.1, 0.05) == n
    # The smallest number with which the argument applies, where that is enough.
    assert concentration.consistent_points_needed(0, 0.1, 0.2) == 80
    assert concentration.consistent_failure_bound(0, 80, 0.1) == pytest.approx(0.125, rel=1e-12)
    assert concentration.consistent_failure_bound(0, 79, 0.1) == 1.0


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.floats(0.05, 0.5), st.floats(1e-6, 0.5))
def test_points_needed_stay_enough(v: int, eta: float, delta: float) -> None:
    n = concentration.consistent_points_needed(v, eta, delta)
    assert concentration.consistent_failure_bound(v, n - 1, eta) > delta
    later = [concentration.consistent_failure_bound(v, n + more, eta) for more in (0, 1, 2, 5, 20, 100, 1000, 10**5)]
    assert later[0] <= delta
    assert np.all(np.diff(later) <= 0.0)


def test_violation_bound_is_the_level_of_the_failure_bound() -> None:
    for v, n, delta in ((6, 320, 0.05), (3, 2000, 0.3), (1, 90, 1e-3)):
        eta = concentration.consistent_violation_bound(v, n, delta)
        assert concentration.consistent_failure_bound(v, n, eta * (1 + 1e-9)) == pytest.approx(delta, rel=1e-4)
    assert concentration.consistent_violation_bound(6, 20, 0.05) == 1.0
    assert concentration.consistent_violation_bound(6, 80, 0.05) == pytest.approx(0.992, abs=5e-4)
    assert concentration.consistent_violation_bound(6, 320, 0.05) == pytest.approx(0.323, abs=5e-4)
    # Below 8/N the argument does not apply.
    assert concentration.consistent_violation_bound(0, 100, 0.5) == pytest.approx(0.08, rel=1e-14)
    assert concentration.consistent_violation_bound(0, 7, 0.5) == 1.0


def test_polynomial_classes() -> None:
    assert concentration.polynomial_class_vc_bound(22, 6) == pytest.approx(271.5, abs=0.05)
    assert concentration.polynomial_class_vc_bound(10, 4) == pytest.approx(111.7, abs=0.05)
    assert concentration.polynomial_class_vc_bound(1, 1) == pytest.approx(2 * math.log(12) / math.log(2), rel=1e-14)


# Missing mass


def enumerated_mass(p: list[float], n: int) -> tuple[float, float, float]:
    mean = square = all_seen = 0.0
    for draws in product(range(len(p)), repeat=n):
        chance = math.prod(p[j] for j in draws)
        mass = sum(p[j] for j in range(len(p)) if j not in draws)
        mean, square = mean + chance * mass, square + chance * mass**2
        all_seen += chance * (len(set(draws)) == len(p))
    return mean, square - mean**2, all_seen


@pytest.mark.parametrize("p", [[0.2, 0.5, 0.3], [0.6, 0.4], [1.0], [0.5, 0.5, 0.0], [0.1, 0.2, 0.3, 0.4]])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_missing_mass_by_enumeration(p: list[float], n: int) -> None:
    mean, variance, _ = enumerated_mass(p, n)
    found = concentration.missing_mass_moments(p, n)
    assert found.mean == pytest.approx(mean, rel=1e-12, abs=1e-15)
    assert found.variance == pytest.approx(variance, rel=1e-10, abs=1e-15)


def test_missing_mass_printed_values() -> None:
    found = concentration.missing_mass_moments(np.full(6, 1 / 6), 10)
    assert found.mean == pytest.approx(0.161506, abs=6e-7)
    assert found.variance == pytest.approx(0.015285, abs=6e-7)
    found = concentration.missing_mass_moments([0.4, 0.2, 0.2, 0.1, 0.05, 0.05], 15)
    assert found.mean == pytest.approx(0.081180, abs=6e-7)
    assert found.variance == pytest.approx(0.004951, abs=6e-7)
    light = 1 / 101
    assert concentration.missing_mass_moments([1 - 5 * light, *[light] * 5], 100).mean == pytest.approx(0.018303, abs=6e-7)


def test_missing_mass_of_draws() -> None:
    p = np.array([0.05, 0.15, 0.2, 0.6])
    counts = np.random.default_rng(2).multinomial(8, p, 40_000)
    mass = (counts == 0) @ p
    found = concentration.missing_mass_moments(p, 8)
    assert_same_mean(mass, found.mean)
    assert_same_mean((mass - found.mean) ** 2, found.variance, skewness=8.0)


@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 4), (2, 1), (2, 3), (3, 3), (3, 7), (4, 5)])
def test_all_seen_by_enumeration(k: int, n: int) -> None:
    assert concentration.all_seen_probability(k, n) == pytest.approx(enumerated_mass([1 / k] * k, n)[2], rel=1e-12, abs=1e-15)


def test_all_seen_printed_values_and_signed_sum() -> None:
    assert concentration.all_seen_probability(4, 10) == pytest.approx(0.78060, abs=6e-6)
    assert concentration.all_seen_probability(6, 20) == pytest.approx(0.84799, abs=6e-6)
    for k, n in ((10, 30), (40, 45), (60, 200)):
        with mpmath.workdps(80):
            exact = sum((-1) ** j * mpmath.binomial(k, j) * (1 - mpmath.mpf(j) / k) ** n for j in range(k + 1))
        assert concentration.all_seen_probability(k, n) == pytest.approx(float(exact), rel=1e-12)
    assert concentration.all_seen_probability(5, 4) == 0.0


ETA = "violation_probability must be finite and > 0 and < 1; got"
DELTA = "failure_probability must be finite and > 0 and < 1; got"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: concentration.scenario_violation_law(0, 5), "decision_variables must be an integer >= 1; got 0"),
        (lambda: concentration.scenario_violation_law(5, 4), "scenarios must be at least decision_variables; got 4 for 5"),
        (lambda: concentration.scenario_count_law(5, 4, 3), "scenarios must be at least decision_variables; got 4 for 5"),
        (lambda: concentration.scenario_count_law(2, 4, 0), "fresh must be an integer >= 1; got 0"),
        (lambda: concentration.scenario_violation_tail(0, 4, 0.1), "decision_variables must be an integer >= 1; got 0"),
        (lambda: concentration.scenario_violation_tail(1, 0, 0.1), "scenarios must be an integer >= 1; got 0"),
        (lambda: concentration.scenario_violation_tail(1, 4, 0.0), ETA),
        (lambda: concentration.scenario_violation_tail(1, 4, 1.0), ETA),
        (lambda: concentration.scenario_violation_bound(1, 4, 0.0), DELTA),
        (lambda: concentration.scenario_violation_bound(1, 4, 1.0), DELTA),
        (lambda: concentration.scenario_violation_bound(1, [4], 0.5), r"scenarios must be one integer >= 1; got \[4\]"),
        (lambda: concentration.scenarios_needed(1, 0.0, 0.1), ETA),
        (lambda: concentration.scenarios_needed(1, 0.1, 1.0), DELTA),
        (lambda: concentration.scenarios_needed(0, 0.1, 0.1), "decision_variables must be an integer >= 1; got 0"),
        (lambda: concentration.log_pattern_bound(-1, 4), "vc_dimension must be finite and >= 0; got -1"),
        (lambda: concentration.log_pattern_bound(1, 0), "points must be an integer >= 1; got 0"),
        (lambda: concentration.consistent_failure_bound(1, 0, 0.1), "points must be an integer >= 1; got 0"),
        (lambda: concentration.consistent_failure_bound(1, 5, 1.0), ETA),
        (lambda: concentration.consistent_points_needed(1, 0.0, 0.1), ETA),
        (lambda: concentration.consistent_points_needed(1, 0.1, 0.0), DELTA),
        (lambda: concentration.consistent_violation_bound(1, 5, 1.0), DELTA),
        (lambda: concentration.polynomial_class_vc_bound(0.5, 2), "parameters must be finite and >= 1; got"),
        (lambda: concentration.polynomial_class_vc_bound(1, 0.5), "degree must be finite and >= 1; got"),
        (lambda: concentration.missing_mass_moments([0.5, 0.6], 3), r"probabilities must be >= 0 and sum to 1; got \[0.5, 0.6\]"),
        (lambda: concentration.missing_mass_moments([1.5, -0.5], 3), r"probabilities must be >= 0 and sum to 1; got \[1.5, -0.5\]"),
        (lambda: concentration.missing_mass_moments([0.5, 0.5 + 2e-9], 3), "probabilities must be >= 0 and sum to 1; got"),
        (lambda: concentration.missing_mass_moments(np.zeros(0), 3), r"probabilities must be >= 0 and sum to 1; got \[\]"),
        (lambda: concentration.missing_mass_moments([1.0], 0), "draws must be an integer >= 1; got 0"),
        (lambda: concentration.all_seen_probability(0, 3), "kinds must be an integer >= 1; got 0"),
        (lambda: concentration.all_seen_probability(3, 0), "draws must be an integer >= 1; got 0"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
