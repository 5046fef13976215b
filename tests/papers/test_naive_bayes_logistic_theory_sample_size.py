"""Sample sizes of two-class naive Bayes, the phase diagram of their growth, and the refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.naive_bayes_logistic.closed_form import (
    naive_bayes_constant_sample_size,
    naive_bayes_expected_error,
    naive_bayes_expected_error_random_counts,
    naive_bayes_linear_sample_rate,
    naive_bayes_normal_sample_size,
    naive_bayes_proportional_limit,
    naive_bayes_real_sample_size,
    naive_bayes_sample_size,
    naive_bayes_sample_size_exponent,
    paper_design,
    sample_size,
)


@pytest.mark.parametrize(("dimension", "random", "fixed"), [(20, 11, 10), (50, 7, 6), (100, 6, 6), (1000, 5, 6), (4000, 5, 6)])
def test_paper_design(dimension: int, random: int, fixed: int) -> None:
    groups = paper_design(2, dimension)["gaps"], paper_design(2, dimension)["multiplicities"]
    assert naive_bayes_sample_size(0.01, *groups, random_counts=True, variance="pooled") == random
    assert naive_bayes_sample_size(0.01, *groups, random_counts=False, variance="pooled") == fixed


@settings(max_examples=12, deadline=None)
@given(gap=st.floats(0.25, 1.0), dimension=st.integers(10, 60), share=st.floats(0.3, 0.9), known=st.booleans(), random=st.booleans())
def test_it_is_the_least(gap: float, dimension: int, share: float, known: bool, random: bool) -> None:
    best, variance = float(ndtr(-0.5 * gap * np.sqrt(dimension))), "known" if known else "pooled"
    target = best + share * (0.45 - best)
    m = naive_bayes_sample_size(target, [gap], [dimension], random_counts=random, variance=variance)
    least, stride = 2 if known else 3 + (not random), 1 if random else 2
    assert m >= least
    sizes = np.arange(least, m + 1, stride)
    assert sizes[-1] == m
    if random:
        errors = naive_bayes_expected_error_random_counts([gap], [dimension], sizes, variance=variance)
    else:
        errors = naive_bayes_expected_error([gap], [dimension], sizes // 2, sizes // 2, variance=variance)
    assert errors[-1] <= target
    assert np.all(errors[:-1] > target)


@pytest.mark.parametrize("random_counts", [True, False])
def test_beyond_sixty_four_points(random_counts: bool) -> None:
    groups, target = ([0.1], [200]), 0.33
    m = naive_bayes_sample_size(target, *groups, random_counts=random_counts, variance="known")
    if random_counts:
        errors = naive_bayes_expected_error_random_counts(*groups, [m - 1, m], variance="known")
    else:
        assert m % 2 == 0
        errors = naive_bayes_expected_error(*groups, [m // 2 - 1, m // 2], [m // 2 - 1, m // 2], variance="known")
    assert errors[1] <= target < errors[0]
    assert abs(m - naive_bayes_real_sample_size(target, *groups)) < (10 if random_counts else 2)


@pytest.mark.parametrize("answer", [8, 10, 56, 58, 120, 122, 124, 244, 246])
def test_the_ends_of_the_blocks_of_the_search(answer: int) -> None:
    # Up to 8, 24, 56 and 120 in blocks, then 122, 244, ... and halving; m even.
    groups, halves = ([0.2], [50]), [answer // 2 - 1, answer // 2]
    target = float(np.mean(naive_bayes_expected_error(*groups, halves, halves, variance="known")))
    assert naive_bayes_sample_size(target, *groups, random_counts=False, variance="known") == answer


@pytest.mark.parametrize(("variance", "random_counts", "least"), [("known", True, 2), ("pooled", True, 3), ("pooled", False, 4), ("class", True, 4)])
def test_an_easy_target_takes_the_smallest_fit(variance: str, random_counts: bool, least: int) -> None:
    assert naive_bayes_sample_size(0.5, [1.0], [9], random_counts=random_counts, variance=variance) == least


def test_the_largest_sample_size() -> None:
    groups = [0.3], [60]
    m = naive_bayes_sample_size(0.17, *groups, random_counts=False, variance="pooled")
    assert m > 72
    details: dict[str, Any] = {"random_counts": False, "variance": "pooled"}
    assert naive_bayes_sample_size(0.17, *groups, **details, largest_sample_size=m) == m
    for largest in (m - 1, 70, 64, 20):
        with pytest.raises(ValueError, match=f"target must be reached with at most largest_sample_size = {largest} training points; got 0.17"):
            naive_bayes_sample_size(0.17, *groups, **details, largest_sample_size=largest)


@pytest.mark.parametrize("target", [1e-4, 0.0668072, float(ndtr(-1.5))])
def test_no_sample_reaches_the_best_classifier(target: float) -> None:
    message = "target must be above 0.0668072.*, the error of the best classifier, which no sample size reaches"
    with pytest.raises(ValueError, match=message):
        naive_bayes_sample_size(target, [1.0], [9], random_counts=True, variance="known")
    with pytest.raises(ValueError, match=message):
        naive_bayes_real_sample_size(target, [1.0], [9])


def test_bad_input() -> None:
    details: dict[str, Any] = {"random_counts": True, "variance": "known"}
    with pytest.raises(ValueError, match=r"target must be finite and > 0 and <= 0\.5; got 0\.7"):
        naive_bayes_sample_size(0.7, [1.0], [9], **details)
    with pytest.raises(ValueError, match="variance must be one of"):
        naive_bayes_sample_size(0.3, [1.0], [9], random_counts=True, variance="ml")
    with pytest.raises(ValueError, match="largest_sample_size must be an integer >= 4; got 2"):
        naive_bayes_sample_size(0.3, [1.0], [9], **details, largest_sample_size=2)


# Real sizes --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alpha", "strength", "dimension", "expected", "digits"),
    [(0.0, 16.0, 100, 55.4309, 1e-4), (0.0, 16.0, 10**5, 52255.8, 0.05), (0.5, 2.0, 10**3, 14.33, 5e-3), (0.5, 2.0, 10**6, 11.81, 5e-3)],
)
def test_real_sizes(alpha: float, strength: float, dimension: int, expected: float, digits: float) -> None:
    m = naive_bayes_real_sample_size(0.05, [np.sqrt(strength * dimension ** (alpha - 1.0))], [dimension])
    assert m == pytest.approx(expected, abs=digits)
    approximate = naive_bayes_normal_sample_size(0.05, np.sqrt(strength * dimension**alpha), dimension)
    assert m == pytest.approx(approximate, rel=0.04)


@settings(max_examples=15, deadline=None)
@given(gap=st.floats(0.05, 2.0), dimension=st.integers(1, 300), share=st.floats(0.05, 0.95))
def test_the_error_at_the_real_size_is_the_target(gap: float, dimension: int, share: float) -> None:
    best = float(ndtr(-0.5 * gap * np.sqrt(dimension)))
    target = best + share * (0.4999 - best)
    m = naive_bayes_real_sample_size(target, [gap], [dimension])
    there = naive_bayes_expected_error([gap], [dimension], m / 2, m / 2, variance="known")
    assert m >= 2.0
    assert there <= target + 1e-12
    assert m == 2.0 or there == pytest.approx(target, abs=1e-12)


def test_one_half_and_two_points() -> None:
    assert naive_bayes_real_sample_size(0.5, [0.3], [9]) == 2.0
    assert naive_bayes_real_sample_size(0.1, [2.0], [50]) == 2.0


def test_a_size_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_size, "_LARGEST_REAL_SIZE", 100.0)
    with pytest.raises(ConvergenceError, match=r"no sample size up to 100 reaches the error 0\.3"):
        naive_bayes_real_sample_size(0.3, [0.1], [200])


# The phase diagram -------------------------------------------------------------------------------------------------------------------------


def test_limits_at_one_in_twenty() -> None:
    assert naive_bayes_linear_sample_rate(0.05, 16.0) == pytest.approx(0.522525, abs=1e-6)
    assert naive_bayes_constant_sample_size(0.05, 2.0) == pytest.approx(11.7437, abs=1e-4)
    assert naive_bayes_proportional_limit(2.0, 1.0) == pytest.approx(0.2397501, abs=1e-7)
    assert naive_bayes_sample_size_exponent([0.0, 0.25, 0.5, 0.75, 1.0]) == pytest.approx([1.0, 0.5, 0.0, 0.0, 0.0])
    assert isinstance(naive_bayes_sample_size_exponent(0.3), float)


@settings(max_examples=50, deadline=None)
@given(target=st.floats(0.001, 0.45), delta=st.floats(0.05, 20.0), log_d=st.floats(0.0, 9.0))
def test_the_normal_size_solves_its_equation(target: float, delta: float, log_d: float) -> None:
    d = round(10**log_d)
    m, z = naive_bayes_normal_sample_size(target, delta, d), -ndtri(target)
    if target <= ndtr(-0.5 * delta):
        assert m == np.inf
        return
    spread = delta**2 * (1 + 2 / m) + 4 * d / m * (1 + 1 / m)
    assert 0.5 * delta**2 / np.sqrt(spread) == pytest.approx(z, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(target=st.floats(0.001, 0.45), strength=st.floats(0.1, 50.0))
def test_the_limits_solve_their_equations(target: float, strength: float) -> None:
    z2 = ndtri(target) ** 2
    m = naive_bayes_constant_sample_size(target, strength)
    assert strength**2 * m**2 == pytest.approx(16 * z2 * (m + 1), rel=1e-9)
    rate = naive_bayes_linear_sample_rate(target, strength)
    if target <= ndtr(-0.5 * np.sqrt(strength)):
        assert rate == np.inf
    else:
        assert naive_bayes_proportional_limit(np.sqrt(strength), 1 / rate) == pytest.approx(target, rel=1e-7)
    large = 10.0**14
    assert naive_bayes_normal_sample_size(target, np.sqrt(strength * large**0.5), large) == pytest.approx(m, rel=1e-4)
    if np.isfinite(rate) and rate < 1e6:
        assert naive_bayes_normal_sample_size(target, np.sqrt(strength), large) / large == pytest.approx(rate, rel=1e-4)


def test_ends_and_shapes_of_the_phase_diagram() -> None:
    assert naive_bayes_proportional_limit(2.0, 0.0) == pytest.approx(ndtr(-1.0))
    assert naive_bayes_proportional_limit(0.0, [0.0, 3.0]).tolist() == [0.5, 0.5]
    assert naive_bayes_proportional_limit([[1.0], [2.0]], [0.5, 1.0, 2.0]).shape == (2, 3)
    assert naive_bayes_linear_sample_rate([0.1, 0.2], [[9.0], [1.0]]).tolist()[1] == [np.inf, np.inf]
    assert naive_bayes_constant_sample_size([0.1, 0.2], [[1.0], [2.0]]).shape == (2, 2)
    assert naive_bayes_normal_sample_size([0.1, 0.2], 3.0, [[10], [20]]).shape == (2, 2)
    assert isinstance(naive_bayes_normal_sample_size(0.1, 3.0, 10), float)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (naive_bayes_proportional_limit, (-1.0, 1.0), "mahalanobis_distance must be finite and >= 0"),
        (naive_bayes_proportional_limit, (1.0, -1.0), "dimension_ratio must be finite and >= 0"),
        (naive_bayes_normal_sample_size, (0.5, 1.0, 10), "target must be finite and > 0 and < 0.5"),
        (naive_bayes_normal_sample_size, (0.1, 0.0, 10), "mahalanobis_distance must be finite and > 0"),
        (naive_bayes_normal_sample_size, (0.1, 1.0, 0), "dimension must be an integer >= 1"),
        (naive_bayes_sample_size_exponent, (1.5,), "signal_exponent must be finite and >= 0 and <= 1"),
        (naive_bayes_linear_sample_rate, (0.1, 0.0), "squared_distance must be finite and > 0"),
        (naive_bayes_linear_sample_rate, (0.6, 1.0), "target must be finite"),
        (naive_bayes_constant_sample_size, (0.1, -1.0), "signal_strength must be finite and > 0"),
        (naive_bayes_constant_sample_size, (0.0, 1.0), "target must be finite"),
    ],
)
def test_bad_input_of_the_phase_diagram(function: Any, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments)
