"""Tests of the sample around a direction: tolerant (constants, as in the paper) or calibrated (goodness of fit at a stated level)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, gammainc, gammaincc

from theorylab.numerics.concentration import (
    binomial_lower_tail,
    binomial_p_value,
    binomial_upper_tail,
    tracy_widom_sf,
    wishart_largest_edge,
    wishart_smallest_edge,
)
from theorylab.papers.tester_learner.estimators.learner import check_rows, checked_level, checked_width, unit_vector
from theorylab.papers.tester_learner.estimators.regions import RegionSummary, gaussian_mass, paper_regions, summarise
from theorylab.papers.tester_learner.estimators.report import TestReport, TestResult
from theorylab.validation import choice, items, moderate, real, reals, whole_number

__all__ = [
    "LIMITS",
    "MARGINAL_MODES",
    "TESTS_OF_A_REGION",
    "band_rows_needed",
    "fourth_moment_tails",
    "judge_regions",
    "run_tests",
    "standardised_fourth_moment",
]

MARGINAL_MODES = ("tolerant", "calibrated")
# Limits of the tolerant mode for masses and second moments, in units of their Gaussian values, and for the mean of |z|^4.
LIMITS = (0.5, 2.0)
# Of the calibrated mode.
TESTS_OF_A_REGION = 6


def band_rows_needed(dimension: int) -> int:
    """Return the fewest rows of a band that are looked at: max(50, d)."""
    return max(50, whole_number("dimension", dimension))


def run_tests(
    features: ArrayLike,
    direction: ArrayLike,
    *,
    ramp_width: float,
    mode: str = "tolerant",
    failure_probability: float = 0.05,
    limits: tuple[float, float] = LIMITS,
) -> TestReport:
    """Test the sample around a direction; no test reads a label.

    Tested are the bands |<w, x>| <= sigma/6 and sigma/2 and strips further out. With m rows in a region and z their p = d - 1 orthogonal coordinates:

    * mass: the count, against Binomial(n, its Gaussian probability);
    * spread: the eigenvalues of C = mean z z^T; under a Gaussian m C is Wishart_p(m, I), its edges follow the Tracy-Widom law;
    * size: the mean of |z|^4, which is p (p + 2) under a Gaussian;
    * centre: m |mean z|^2 is chi-squared with p degrees of freedom;
    * only calibrated, signed mean: m |mean sign(<w, x>) z|^2 is chi-squared with p degrees of freedom.

    Parameters
    ----------
    features
        (n, d), rows that were not used to find the direction.
    direction
        (d,), not 0; it is normalised. w and -w give the same report.
    ramp_width
        sigma > 0.
    mode
        "tolerant": masses and eigenvalues within `limits` of the Gaussian's, mean |z|^4 at most `limits[1]` times, |mean z|^2 at most `limits[0]`.
        What it promises is a statement for small widths up to constants: at a fixed width it can be fooled. "calibrated": every deviation from the
        Gaussian that is visible at the level `failure_probability` rejects, by Bonferroni over all tests.
    failure_probability
        delta in (0, 1): under a Gaussian sample the calibrated mode rejects with at most this probability (exact for masses and signed means, up to
        the accuracy of the Tracy-Widom law and of a gamma law for the other two, which together reject less).
    limits
        (low, high), 0 < low < 1 < high, of the tolerant mode.

    Returns
    -------
    TestReport
        Every test with its statistic, limits, p-value and a sentence. A region with fewer than max(50, d) rows fails, with that reason.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    x, _ = check_rows(features)
    width = checked_width(ramp_width)
    summaries = summarise(x, unit_vector("direction", direction, x.shape[1]), paper_regions(width))
    return judge_regions(summaries, x.shape[0], mode=mode, failure_probability=failure_probability, limits=limits)


def judge_regions(
    summaries: Sequence[RegionSummary], rows: int, *, mode: str, failure_probability: float, limits: tuple[float, float] = LIMITS
) -> TestReport:
    """Judge region by region.

    Parameters
    ----------
    summaries
        Of one region at least, by `summarise`.
    rows
        n >= 1, all rows, so at least those of every region.
    mode, failure_probability, limits
        As in `run_tests`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    summaries, rows = items("summaries", summaries, RegionSummary, minimum=1), whole_number("rows", rows)
    if any(summary.rows > rows for summary in summaries):
        raise ValueError(f"rows must be at least those of every region, {max(summary.rows for summary in summaries)}; got {rows}")
    mode, failure_probability = choice("mode", mode, MARGINAL_MODES), checked_level(failure_probability)
    low, high = (real("limits", limit, above=0.0) for limit in items("limits", limits, length=2))
    if not low < 1.0 < high:
        raise ValueError(f"limits must be two numbers with 0 < low < 1 < high; got {limits}")
    limits = low, high
    level = failure_probability / (TESTS_OF_A_REGION * len(summaries))
    results: list[TestResult] = []
    for summary in summaries:
        results += _tolerant(summary, rows, limits) if mode == "tolerant" else _calibrated(summary, rows, level)
    return TestReport(all(result.passed for result in results), tuple(results), mode)


def _too_few(summary: RegionSummary) -> TestResult | None:
    needed = band_rows_needed(summary.eigenvalues.size + 1)
    if summary.rows >= needed:
        return None
    name = summary.region.name
    sentence = f"too few points in {name}: {summary.rows} of at least {needed}"
    return TestResult(f"rows in {name}", float(summary.rows), float(needed), math.inf, math.nan, False, sentence)


def _mass(summary: RegionSummary, rows: int) -> tuple[float, str]:
    probability = gaussian_mass(summary.region)
    share = f"{summary.rows / rows:.4f} of the rows, a Gaussian has {probability:.4f}"
    return probability, f"mass of {summary.region.name}: {share}"


def _tolerant(summary: RegionSummary, rows: int, limits: tuple[float, float]) -> list[TestResult]:
    low, high = limits
    probability, said = _mass(summary, rows)
    ratio = summary.rows / (rows * probability)
    # The chance that a Gaussian sample fails this test on the same side.
    lower = binomial_lower_tail(max(math.ceil(low * rows * probability) - 1, -1), rows, probability)
    tail = lower if ratio < 1.0 else binomial_upper_tail(min(math.floor(high * rows * probability), rows), rows, probability)
    results = [TestResult(f"mass, {summary.region.name}", ratio, low, high, float(tail), low <= ratio <= high, f"{said} (ratio {ratio:.3g})")]
    few = _too_few(summary)
    if few is not None:
        return [*results, few]
    p, name = summary.eigenvalues.size, summary.region.name
    smallest, largest = float(summary.eigenvalues[0]), float(summary.eigenvalues[-1])
    fourth = summary.fourth / (p * (p + 2.0))
    return [
        *results,
        TestResult(
            f"smallest eigenvalue, {name}", smallest, low, math.inf, math.nan, smallest >= low, f"least second moment in {name}: {smallest:.3g}"
        ),
        TestResult(f"largest eigenvalue, {name}", largest, 0.0, high, math.nan, largest <= high, f"largest second moment in {name}: {largest:.3g}"),
        TestResult(f"fourth moment, {name}", fourth, 0.0, high, math.nan, fourth <= high, f"mean |z|^4 in {name}: {fourth:.3g} times a Gaussian's"),
        TestResult(
            f"centre, {name}",
            summary.mean,
            0.0,
            low,
            math.nan,
            summary.mean <= low,
            f"length of the mean of z in {name}: {math.sqrt(summary.mean):.3g}",
        ),
    ]


def fourth_moment_tails(fourth: ArrayLike, count: ArrayLike, dimension: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (mean |z|^4 - p(p+2))/sd and the lower and upper tail probabilities of a gamma law with the same three moments, for arrays.

    With s = |z|^2 chi-squared with p degrees, E s^k = p (p + 2) ... (p + 2k - 2) gives mean, variance and third cumulant of s^2; a mean of m of them
    is skewed by a sqrt(m)-th part, and the gamma law of that skewness is close to it where the normal law is not.
    """
    fourth = np.asarray(moderate("fourth", reals("fourth", fourth)))
    count = np.asarray(moderate("count", reals("count", count, above=0.0), most=1e18, least=1e-18))
    raw = np.cumprod(moderate("dimension", float(whole_number("dimension", dimension)), most=1e9) + 2.0 * np.arange(6))
    mean, square, cube = raw[1], raw[3], raw[5]
    variance = square - mean**2
    skewness = (cube - 3.0 * mean * square + 2.0 * mean**3) / variance**1.5 / np.sqrt(count)
    place = (fourth - mean) / np.sqrt(variance / count)
    shape = 4.0 / skewness**2
    at = np.maximum(shape + place * np.sqrt(shape), 0.0)
    return place, gammainc(shape, at), gammaincc(shape, at)


def standardised_fourth_moment(fourth: float, count: int, dimension: int) -> tuple[float, float, float]:
    """Return what `fourth_moment_tails` returns, as numbers, for one sample."""
    fourth, count = real("fourth", fourth), whole_number("count", count)
    place, low, high = fourth_moment_tails(fourth, count, dimension)
    return float(place), float(low), float(high)


def _calibrated(summary: RegionSummary, rows: int, level: float) -> list[TestResult]:
    probability, said = _mass(summary, rows)
    chance = float(binomial_p_value(summary.rows, rows, probability))
    results = [_result(f"mass, {summary.region.name}", summary.rows / (rows * probability), chance, level, said)]
    few = _too_few(summary)
    if few is not None:
        return [*results, few]
    m, p, name = summary.rows, summary.eigenvalues.size, summary.region.name
    chance = float(chdtrc(p, m * summary.mean))
    said = f"length of the mean of z in {name}: {math.sqrt(summary.mean):.4g}"
    results.append(_result(f"centre, {name}", m * summary.mean, chance, level, said))
    largest, smallest = float(summary.eigenvalues[-1]), float(summary.eigenvalues[0])
    upper = wishart_largest_edge(m, p)
    chance = float(tracy_widom_sf((largest - upper.centre) / upper.scale))
    results.append(_result(f"largest eigenvalue, {name}", largest, chance, level, f"largest second moment in {name}: {largest:.4g}"))
    chance = 0.0
    if smallest > 0.0 and m > p:
        lower = wishart_smallest_edge(m, p)
        chance = float(tracy_widom_sf(-(math.log(smallest) - lower.centre) / lower.scale))
    results.append(_result(f"smallest eigenvalue, {name}", smallest, chance, level, f"least second moment in {name}: {smallest:.4g}"))
    statistic = m * summary.signed_mean
    chance = float(chdtrc(p, statistic))
    size = math.sqrt(summary.signed_mean)
    results.append(_result(f"signed mean, {name}", statistic, chance, level, f"length of the mean of sign(<w,x>) z in {name}: {size:.4g}"))
    place, low, high = standardised_fourth_moment(summary.fourth, m, p)
    chance = min(1.0, 2.0 * min(low, high))
    said = f"mean |z|^4 in {name}: {place:.3g} standard deviations from a Gaussian's"
    return [*results, _result(f"fourth moment, {name}", place, chance, level, said)]


def _result(name: str, statistic: float, chance: float, level: float, said: str) -> TestResult:
    passed = chance >= level
    return TestResult(name, statistic, math.nan, math.nan, chance, passed, f"{said} (p = {chance:.3g}, level {level:.2g})")
