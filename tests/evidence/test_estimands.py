"""Estimands: against raw data, closed formulas and other libraries."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from theorylab.evidence.estimands import Combination, Exact, LogCombination, Mapped, Proportion, Ratio
from theorylab.evidence.intervals import corrected_ends, waiting_factor
from theorylab.montecarlo.moments import Moments, block_moments

Pooled = dict[Hashable, Moments]
LEVEL = 1e-3


def moments_of(**columns: np.ndarray) -> Moments:
    return Moments(tuple(columns), block_moments(np.stack(list(columns.values()))))


def mean(statistic: str, source: str = "A", weight: float = 1.0) -> Combination:
    return Combination(((source, statistic, weight),))


def cumulants_of_mean(x: np.ndarray) -> tuple[float, float, float, float]:
    """Mean, unbiased squared standard error, third and fourth cumulants of the mean of a sample, from the raw data."""
    n, variance = len(x), x.var(ddof=1)
    return x.mean(), variance / n, stats.skew(x) * variance**1.5 / n**2, stats.kurtosis(x) * variance**2 / n**3


@given(seed=st.integers(0, 2**32), weights=st.tuples(*[st.floats(-3, 3).filter(lambda w: abs(w) > 0.01)] * 3))
@settings(max_examples=30, deadline=None)
def test_cumulants_of_independent_experiments_add(seed: int, weights: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.exponential(size=50), rng.exponential(size=50)
    z = rng.gamma(2.0, size=80)
    pooled: Pooled = {"A": moments_of(x=x, y=y), "B": moments_of(z=z)}
    spread = Combination((("A", "x", weights[0]), ("B", "z", weights[2]), ("A", "y", weights[1])), 0.7).spread(pooled)
    # Within one experiment replicates are paired, so the combination is taken replicate by replicate.
    first, second = cumulants_of_mean(weights[0] * x + weights[1] * y), cumulants_of_mean(weights[2] * z)
    variance = first[1] + second[1]
    assert spread.value == pytest.approx(0.7 + first[0] + second[0], rel=1e-9, abs=1e-9)
    assert spread.standard_error == pytest.approx(math.sqrt(variance), rel=1e-9)
    assert spread.skewness == pytest.approx((first[2] + second[2]) / variance**1.5, rel=1e-7, abs=1e-9)
    assert spread.excess_kurtosis == pytest.approx((first[3] + second[3]) / variance**2, rel=1e-7, abs=1e-9)
    assert spread.degrees_of_freedom == pytest.approx(variance**2 / (first[1] ** 2 / 49 + second[1] ** 2 / 79), rel=1e-9)


def test_a_difference_of_experiments_has_welchs_degrees_of_freedom() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=40), 3 * rng.normal(size=90)
    spread = mean("x").plus(mean("y", "B", -1.0)).spread({"A": moments_of(x=x), "B": moments_of(y=y)})
    welch = stats.ttest_ind(x, y, equal_var=False)
    assert spread.degrees_of_freedom == pytest.approx(welch.df, rel=1e-9)
    assert spread.value / spread.standard_error == pytest.approx(welch.statistic, rel=1e-9)


def test_a_mean_has_the_interval_of_its_sample_moments() -> None:
    x = np.random.default_rng(2).exponential(size=400)
    interval = mean("x").interval({"A": moments_of(x=x)}, LEVEL)
    ends = corrected_ends(x.mean(), x.std(ddof=1) / 20, stats.skew(x) / 20, 399, LEVEL)
    assert (interval.low, interval.high) == pytest.approx(ends, rel=1e-9)
    factor = float(waiting_factor(stats.skew(x) / 20, stats.kurtosis(x) / 400, LEVEL))
    assert interval.factor == pytest.approx(max(factor, 1.0), rel=1e-9)


def test_a_paired_difference_stays_paired() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    y = x + 0.01 * rng.normal(size=200)
    paired = mean("x").plus(mean("y").scaled(-1.0))
    assert paired.needs() == {"A": ("x", "y")}
    assert paired.spread({"A": moments_of(x=x, y=y)}).standard_error == pytest.approx((x - y).std(ddof=1) / math.sqrt(200), rel=1e-6)
    assert mean("x").plus(mean("x").scaled(-1.0)).terms == (("A", "x", 0.0),)


def test_scaling_and_adding_act_on_terms_and_constants() -> None:
    total = Combination((("A", "x", 2.0),), 1.0).scaled(-3.0).plus(Combination((("A", "x", 1.0), ("B", "x", 4.0)), 0.5))
    assert {(source, name): weight for source, name, weight in total.terms} == {("A", "x"): -5.0, ("B", "x"): 4.0}
    assert total.constant == -2.5
    assert total.needs() == {"A": ("x",), "B": ("x",)}


def test_a_repeated_term_counts_twice() -> None:
    x = np.random.default_rng(4).normal(size=50)
    twice = Combination((("A", "x", 1.0), ("A", "x", 1.0))).spread({"A": moments_of(x=x)})
    assert twice.value == pytest.approx(2 * x.mean())
    assert twice.standard_error == pytest.approx(2 * x.std(ddof=1) / math.sqrt(50))


def test_no_variation_is_not_ready() -> None:
    assert not mean("x").interval({"A": moments_of(x=np.full(600, 2.0))}, LEVEL).ready


# Ratios ----------------------------------------------------------------------------------------------------------------------------------


def symmetric_pair(rng: np.random.Generator, top: float, bottom: float, n: int = 2000) -> Moments:
    """Correlated columns in mirrored pairs, so that no combination of them has any sample skewness."""
    noise = rng.normal(size=(2, n // 2))
    x, y = noise[0], 0.6 * noise[0] + 0.5 * noise[1]
    return moments_of(x=top + np.concatenate([x, -x]), y=bottom + np.concatenate([y, -y]))


@given(seed=st.integers(0, 2**32), top=st.floats(-3, 3), bottom=st.floats(0.3, 3), negative=st.booleans())
@settings(max_examples=30, deadline=None)
def test_without_skewness_a_ratio_has_the_ends_of_fiellers_quadratic(seed: int, top: float, bottom: float, negative: bool) -> None:
    moments = symmetric_pair(np.random.default_rng(seed), top, -bottom if negative else bottom)
    interval = Ratio(mean("x"), mean("y")).interval({"A": moments}, LEVEL)
    n = moments.count
    m, k = moments.mean("x"), moments.mean("y")
    vx, vy = (moments.combination({name: 1.0}).variance / n for name in ("x", "y"))
    vxy = (moments.combination({"x": 1.0, "y": 1.0}).variance / n - vx - vy) / 2
    t2 = stats.t.isf(LEVEL / 3, n - 1) ** 2
    # (m - theta k)^2 = t^2 (vx - 2 theta vxy + theta^2 vy)
    roots = np.sort(np.roots([k**2 - t2 * vy, -2 * (m * k - t2 * vxy), m**2 - t2 * vx]).real)
    assert interval.ready
    assert interval.estimate == pytest.approx(m / k)
    assert (interval.low, interval.high) == pytest.approx(tuple(roots), rel=1e-6, abs=1e-8)


def test_the_ends_of_a_skewed_ratio_put_the_combination_on_the_edge() -> None:
    rng = np.random.default_rng(5)
    shared = rng.gamma(2.0, size=3000)
    pooled: Pooled = {"A": moments_of(x=shared + rng.exponential(size=3000), y=shared + rng.gamma(3.0, size=3000))}
    interval = Ratio(mean("x"), mean("y")).interval(pooled, LEVEL)
    assert interval.low < interval.estimate < interval.high
    at_low, at_high = (mean("x").plus(mean("y", weight=-theta)).interval(pooled, LEVEL) for theta in (interval.low, interval.high))
    assert at_low.low == pytest.approx(0.0, abs=1e-8)
    assert at_high.high == pytest.approx(0.0, abs=1e-8)


def test_a_ratio_waits_for_its_combination_and_for_its_denominator() -> None:
    rng = np.random.default_rng(6)
    skewed: Pooled = {"A": moments_of(x=rng.exponential(size=600) ** 2, y=5 + rng.normal(size=600))}
    waiting = Ratio(mean("x"), mean("y")).interval(skewed, 1e-6)
    assert not waiting.ready
    assert math.isfinite(waiting.factor)
    vanishing: Pooled = {"A": moments_of(x=rng.normal(size=600), y=rng.normal(size=600))}
    hopeless = Ratio(mean("x"), mean("y")).interval(vanishing, LEVEL)
    assert (hopeless.low, hopeless.high) == (-math.inf, math.inf)
    assert "denominator" in hopeless.waiting


def test_a_number_over_a_mean_is_the_reciprocal_interval() -> None:
    pooled: Pooled = {"A": symmetric_pair(np.random.default_rng(7), 1.0, 2.0)}
    inner = mean("y").interval(pooled, LEVEL)
    interval = Ratio(Combination((), 3.0), mean("y")).interval(pooled, LEVEL)
    assert (interval.low, interval.high) == pytest.approx((3 / inner.high, 3 / inner.low), rel=1e-6)


# Proportions, logarithms, images, numbers ------------------------------------------------------------------------------------------------


def test_a_proportion_has_the_exact_interval_of_its_tally() -> None:
    indicator = (np.random.default_rng(8).random(1000) < 0.03).astype(float)
    interval = Proportion("A", "hit").interval({"A": moments_of(hit=indicator)}, LEVEL)
    assert (interval.low, interval.high) == pytest.approx(proportion_confint(int(indicator.sum()), 1000, LEVEL, "beta"), rel=1e-9)
    assert Proportion("A", "hit").needs() == {"A": ("hit",)}


def test_a_logarithm_is_linearised_at_the_estimates() -> None:
    rng = np.random.default_rng(9)
    x, y, z = 5 + rng.normal(size=4000), 4 + rng.exponential(size=4000), 3 + rng.normal(size=2000)
    pooled: Pooled = {"A": moments_of(x=x, y=y), "B": moments_of(z=z)}
    estimand = LogCombination(((mean("x"), 1.5), (mean("y"), -2.0), (mean("z", "B"), 0.5)), 0.3)
    interval = estimand.interval(pooled, LEVEL)
    value = 0.3 + 1.5 * math.log(x.mean()) - 2 * math.log(y.mean()) + 0.5 * math.log(z.mean())
    linear = Combination((("A", "x", 1.5 / x.mean()), ("A", "y", -2.0 / y.mean()), ("B", "z", 0.5 / z.mean()))).interval(pooled, LEVEL)
    assert interval.ready
    assert interval.estimate == pytest.approx(value, rel=1e-12)
    assert (interval.low - value, interval.high - value) == pytest.approx((linear.low - linear.estimate, linear.high - linear.estimate), rel=1e-6)
    assert estimand.needs() == {"A": ("x", "y"), "B": ("z",)}


def test_a_logarithm_waits_for_a_positive_mean() -> None:
    rng = np.random.default_rng(10)
    noise = rng.normal(size=1000)
    noise = (noise - noise.mean()) / noise.std(ddof=1) * math.sqrt(1000)  # standard error exactly one
    for value, ready in ((7.9, False), (-20.0, False), (50.0, True)):
        interval = LogCombination(((mean("x"), 1.0),)).interval({"A": moments_of(x=value + noise)}, 0.3)
        assert interval.ready is ready
        assert ready or "positive" in interval.waiting


def test_a_logarithm_waits_until_its_curvature_is_small() -> None:
    noise = np.random.default_rng(11).normal(size=4000)
    noise = (noise - noise.mean()) / noise.std(ddof=1) * math.sqrt(4000)  # standard error exactly one
    # Half-width t / value and bias 1 / (2 value^2), so the bias is a tenth of the half-width at value = 5 / t.
    level = 0.9
    edge = 5 / stats.t.isf(level / 3, 3999)
    estimand = LogCombination(((mean("x"), 1.0),))
    early, late = (estimand.interval({"A": moments_of(x=value + noise)}, level) for value in (0.97 * edge, 1.03 * edge))
    assert late.ready
    assert "curvature" in early.waiting
    assert early.factor == pytest.approx(0.97**-2, rel=1e-3)


def test_opposite_biases_cancel() -> None:
    noise = np.random.default_rng(12).normal(size=(2, 4000))
    noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, ddof=1, keepdims=True) * math.sqrt(4000)
    pooled: Pooled = {"A": moments_of(x=9 + noise[0]), "B": moments_of(x=9 + noise[1])}
    assert LogCombination(((mean("x"), 1.0), (mean("x", "B"), -1.0))).interval(pooled, 0.9).ready
    assert not LogCombination(((mean("x"), 1.0), (mean("x", "B"), 1.0))).interval(pooled, 0.9).ready


@pytest.mark.parametrize(("function", "flips"), [(math.exp, False), (lambda x: -x, True), (lambda x: -math.log(x), True)])
def test_a_monotone_function_maps_the_ends(function, flips: bool) -> None:  # type: ignore[no-untyped-def]
    pooled: Pooled = {"A": symmetric_pair(np.random.default_rng(13), 1.0, 2.0)}
    inner = mean("y").interval(pooled, LEVEL)
    mapped = Mapped(mean("y"), function, "f").interval(pooled, LEVEL)
    ends = (inner.high, inner.low) if flips else (inner.low, inner.high)
    assert (mapped.low, mapped.high) == (function(ends[0]), function(ends[1]))
    assert mapped.estimate == function(inner.estimate)
    assert Mapped(mean("y"), function, "f").needs() == {"A": ("y",)}


def test_an_unbounded_interval_is_not_mapped() -> None:
    interval = Mapped(mean("x"), math.log, "log").interval({"A": moments_of(x=np.full(600, 2.0))}, LEVEL)
    assert not interval.ready
    assert interval.low == -math.inf


def test_a_known_number_needs_nothing() -> None:
    assert Exact(2.0).needs() == {}
    interval = Exact(2.0, 0.5).interval({}, LEVEL)
    assert (interval.low, interval.high, interval.ready) == (1.5, 2.5, True)
