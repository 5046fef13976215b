"""Intervals of one look: against other libraries, and properties that any sound interval has."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from theorylab.evidence.intervals import (
    binomial_interval,
    corrected_ends,
    exact_interval,
    look_level,
    look_replicates,
    mean_interval,
    waiting_factor,
)

LEVELS = st.floats(1e-9, 0.2)


def test_levels_of_all_looks_sum_to_alpha() -> None:
    spent = [look_level(1e-6, look) for look in range(10_000)]
    assert spent[0] == pytest.approx(5e-7, rel=1e-12)
    # The sum telescopes to alpha (1 - 1 / (K + 1)).
    assert math.fsum(spent) == pytest.approx(1e-6 * (1 - 1 / 10_001), rel=1e-12)
    assert all(later < earlier for earlier, later in itertools.pairwise(spent))


@pytest.mark.parametrize(("block", "first"), [(1, 512), (512, 512), (4096, 4096)])
def test_looks_double_from_the_first(block: int, first: int) -> None:
    assert [look_replicates(block, look) for look in range(4)] == [first, 2 * first, 4 * first, 8 * first]


@given(count=st.integers(1, 5000), data=st.data(), level=LEVELS)
@settings(max_examples=60, deadline=None)
def test_binomial_interval_is_that_of_statsmodels(count: int, data: st.DataObject, level: float) -> None:
    successes = data.draw(st.integers(0, count))
    interval = binomial_interval(successes, count, level)
    low, high = proportion_confint(successes, count, alpha=level, method="beta")
    assert interval.low == pytest.approx(0.0 if successes == 0 else low, rel=1e-6, abs=1e-12)
    assert interval.high == pytest.approx(1.0 if successes == count else high, rel=1e-6)
    assert interval.estimate == successes / count
    assert interval.ready


@pytest.mark.parametrize(("successes", "count"), [(0, 20), (20, 20), (3, 20), (1, 1), (0, 1)])
def test_binomial_ends_have_the_tails_of_half_the_level(successes: int, count: int) -> None:
    level = 1e-4
    interval = binomial_interval(successes, count, level)
    if successes > 0:
        assert stats.binom.sf(successes - 1, count, interval.low) == pytest.approx(level / 2, rel=1e-9)
    if successes < count:
        assert stats.binom.cdf(successes, count, interval.high) == pytest.approx(level / 2, rel=1e-9)


@given(mean=st.floats(-5, 5), error=st.floats(1e-3, 10), degrees=st.floats(2, 1e6), level=LEVELS)
@settings(max_examples=60, deadline=None)
def test_without_skewness_it_is_the_t_interval_of_two_thirds_of_the_level(mean: float, error: float, degrees: float, level: float) -> None:
    assert corrected_ends(mean, error, 0.0, degrees, level) == pytest.approx(
        stats.t.interval(1 - 2 * level / 3, degrees, loc=mean, scale=error), rel=1e-4, abs=1e-4 * error
    )


def test_skewness_moves_both_ends_by_johnsons_term() -> None:
    level, skewness = 0.03, 0.2
    t = stats.t.isf(0.01, 30)
    low, high = corrected_ends(1.0, 0.5, skewness, 30, level)
    assert low == pytest.approx(1.0 + 0.5 * (-t + skewness * (2 * t**2 + 1) / 6), rel=1e-12)
    assert high == pytest.approx(1.0 + 0.5 * (t + skewness * (2 * t**2 + 1) / 6), rel=1e-12)


@given(skewness=st.floats(-0.3, 0.3), level=LEVELS, scale=st.floats(0.1, 10), shift=st.floats(-3, 3))
@settings(max_examples=40, deadline=None)
def test_the_interval_moves_with_the_unit_and_the_sign(skewness: float, level: float, scale: float, shift: float) -> None:
    low, high = corrected_ends(0.3, 0.7, skewness, 99, level)
    moved = corrected_ends(shift + scale * 0.3, scale * 0.7, skewness, 99, level)
    mirrored = corrected_ends(-0.3, 0.7, -skewness, 99, level)
    assert moved == pytest.approx((shift + scale * low, shift + scale * high), rel=1e-9, abs=1e-9)
    assert mirrored == pytest.approx((-high, -low), rel=1e-9, abs=1e-9)


@given(level=LEVELS, part=st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_a_smaller_level_gives_a_wider_interval_that_waits_longer(level: float, part: float) -> None:
    wide, narrow = (corrected_ends(0.0, 1.0, 0.01, 500, each) for each in (part * level, level))
    assert wide[0] < narrow[0] < 0 < narrow[1] < wide[1]
    assert waiting_factor(0.1, 0.0, part * level) > waiting_factor(0.1, 0.0, level)
    assert waiting_factor(0.0, 0.1, part * level) > waiting_factor(0.0, 0.1, level)


@pytest.mark.parametrize(("skewness", "kurtosis"), [(2.0, 0.0), (-2.0, 0.0), (0.0, 3.0), (0.0, -1.2), (2.0, 6.0), (0.5, 30.0)])
def test_waiting_ends_at_the_stated_sample_size(skewness: float, kurtosis: float) -> None:
    level = look_level(1e-6, 0)
    z = stats.norm.isf(level / 3)
    assert z == pytest.approx(5.10, abs=0.01)
    n = max((abs(skewness) * z**3 / 4) ** 2, abs(kurtosis) * z**4 / (4 * math.log(1.5)))
    for count, ready in ((1.001 * n, True), (0.999 * n, False)):
        assert (waiting_factor(skewness / math.sqrt(count), kurtosis / count, level) <= 1.0) is np.bool_(ready)


def test_the_factor_is_by_how_much_the_sample_must_grow() -> None:
    level, n = 1e-6, 1000
    factor = float(waiting_factor(2 / math.sqrt(n), 6 / n, level))
    assert factor > 1
    assert waiting_factor(2 / math.sqrt(factor * n), 6 / (factor * n), level) == pytest.approx(1.0)


def test_arrays_broadcast_to_the_same_numbers() -> None:
    skewness, kurtosis, level = np.array([0.0, 0.05, -0.1]), np.array([0.01, 0.0, 0.002]), 1e-3
    low, high = corrected_ends(np.zeros(3), np.ones(3), skewness, 50, level)
    factor = waiting_factor(skewness, kurtosis, level)
    for place in range(3):
        assert (low[place], high[place]) == corrected_ends(0.0, 1.0, skewness[place], 50, level)
        assert factor[place] == waiting_factor(skewness[place], kurtosis[place], level)


def test_a_mean_is_ready_or_says_why_not() -> None:
    ready = mean_interval(2.0, 0.1, 0.0, 0.0, 999, 1e-3)
    assert ready.ready
    assert ready.factor == 1.0
    assert (ready.low + ready.high) / 2 == pytest.approx(2.0)
    assert ready.half_width == pytest.approx(0.1 * stats.t.isf(1e-3 / 3, 999), rel=1e-9)
    waiting = mean_interval(2.0, 0.1, 0.5, 0.0, 999, 1e-3)
    assert not waiting.ready
    assert waiting.factor == pytest.approx(float(waiting_factor(0.5, 0.0, 1e-3)))
    assert "times the replicates" in waiting.waiting


@pytest.mark.parametrize(("factor", "ready"), [(0.99, True), (1.01, False)])
def test_a_mean_is_ready_as_soon_as_nothing_asks_for_more(factor: float, ready: bool) -> None:
    skewness = 0.1 * math.sqrt(factor / float(waiting_factor(0.1, 0.0, 1e-3)))
    assert mean_interval(2.0, 0.1, skewness, 0.0, 999, 1e-3).ready is ready


def test_a_sample_without_variation_is_never_ready() -> None:
    interval = mean_interval(2.0, 0.0, 0.0, 0.0, math.inf, 0.05)
    assert (interval.low, interval.high, interval.factor) == (-math.inf, math.inf, math.inf)
    assert "no variation" in interval.waiting


def test_an_exact_number_has_the_interval_of_its_error() -> None:
    interval = exact_interval(2.0, 0.25)
    assert (interval.low, interval.estimate, interval.high, interval.ready) == (1.75, 2.0, 2.25, True)
