"""arXiv:2302.14853, completeness: how often the tests reject a Gaussian sample, from exact null laws and from drawn samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import above, below
from theorylab.numerics.concentration import tracy_widom_quantile, wishart_largest_edge, wishart_smallest_edge
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.papers.tester_learner.estimators import rows_for_tolerant_tests
from theorylab.pytest_plugin import claim

mass = claim(
    "TL-7",
    kind="probability",
    statement="A Gaussian sample passes: counts are binomial, second moments Wishart, and the tests reject with at most the stated probability.",
    tex=r"P[K<\tfrac{np}2]+P[K>2np]\le e^{-np/8}+e^{-np/3}\le2e^{-np/12},\quad (1\pm\sqrt{p/m})^2\in[\tfrac12,2]\iff m>11.66p",
    source="derived here for arXiv:2302.14853; edges: Johnstone 2001, Ma 2012 (arXiv:0909.3301)",
)


@mass
def test_false_rejection_by_mass(lab: Laboratory) -> None:
    """Exact binomial tails against sums of the mass function; both bounds above them; printed values."""
    rows = [200, 400, 800, 1600]
    exact = theory.band_mass_false_rejection(rows, 0.1)
    assert lab.identical(exact, [8.43e-3, 4.79e-4, 2.01e-6, 4.64e-11], relative=2e-3, refutes={"upper tail only": np.array(exact) * 0.3})
    bounds = theory.band_mass_bounds(rows, 0.1)
    assert lab.identical(bounds.loose, [0.530, 0.141, 9.88e-3, 4.88e-5], relative=5e-3, refutes={"the other": bounds.chernoff})
    assert lab.identical(bounds.chernoff, [0.141, 0.0187, 3.47e-4, 1.206e-7], relative=5e-3, refutes={"the other": bounds.loose})
    rng = np.random.default_rng([lab.seed, 10])
    for _ in range(6):
        n, c = int(rng.integers(50, 3000)), float(rng.uniform(0.05, 1.5))
        p = math.erf(c / math.sqrt(2))
        k = np.arange(n + 1)
        summed = binom.pmf(k, n, p)[(k < n * p / 2) | (k > 2 * n * p)].sum()
        assert lab.identical(theory.band_mass_false_rejection(n, c), summed, absolute=1e-12, refutes={"certain": 1.0})
        found = theory.band_mass_bounds(n, c)
        assert lab.exact(float(theory.band_mass_false_rejection(n, c))).less_than(found.chernoff + 1e-300, refutes={"certain": 10.0})
        assert found.chernoff <= found.loose
        one_side = theory.band_mass_false_rejection(n, c, lower=0.0, upper=1.1)
        above_only = binom.pmf(k, n, p)[k > 1.1 * n * p].sum()
        assert lab.identical(one_side, above_only, absolute=1e-12, refutes={"an end that rejects always": 1.0 + above_only})


@mass
def test_edges_of_the_second_moments(lab: Laboratory) -> None:
    """11.66 and 5.83 rows a coordinate; at and below that number the edge crosses the limit."""
    lower, upper = theory.rows_for_second_moments(101)
    assert lab.identical([lower, upper], [1165.7, 582.8], absolute=0.05, refutes={"exchanged": [582.8, 1165.7]})
    edges = [theory.edge_of_second_moments(m, 101) for m in (1160, 1172)]
    assert lab.identical([edges[0][0] < 0.5, edges[1][0] > 0.5], [1, 1], absolute=0.1, refutes={"not there": [0, 0]})
    run = lab.run(simulate.sample_extreme_eigenvalues, rows=200, dimension=10)
    assert run.mean("largest").agrees_with(1.3764, absolute=0.012, refutes={"the edge": float(theory.edge_of_second_moments(200, 10)[1])})
    assert run.mean("smallest").less_than(1.0, refutes={"1": 1.0})
    # The edges are limits from outside: by about m^(-2/3), less than a tenth here.
    low, high = theory.edge_of_second_moments(200, 10)
    assert run.mean("largest").inside(high - 0.12, high, refutes={"the other edge": low})
    assert run.mean("smallest").inside(low, low + 0.12, refutes={"the other edge": high})


@mass
@pytest.mark.parametrize(("dimension", "rows"), [(10, 200), (20, 400), (5, 120)])
def test_levels_of_the_extreme_eigenvalues(lab: Laboratory, dimension: int, rows: int) -> None:
    """Rejection rates at a nominal 5 and 1 percent, without drawing a row; a threshold for one direction rejects nearly always."""
    p = dimension - 1
    top, bottom = wishart_largest_edge(rows, p), wishart_smallest_edge(rows, p)
    quantiles = {level: tracy_widom_quantile(level, upper=True) for level in (0.05, 0.01)}
    upper = {level: above("largest", float(top.centre + top.scale * q)) for level, q in quantiles.items()}
    lower = {level: below("smallest", float(np.exp(bottom.centre - bottom.scale * q))) for level, q in quantiles.items()}
    # One direction, one chi-squared law of m degrees: 1.645 deviations of sqrt(2/m).
    single = above("largest", 1 + 1.645 * math.sqrt(2 / rows))
    run = lab.run(simulate.sample_extreme_eigenvalues, rows=rows, dimension=dimension, statistics=(*upper.values(), *lower.values(), single))
    for names in (upper, lower):
        assert run.probability(names[0.05]).inside(0.03, 0.065, refutes={"never": 0.0, "twice the level": 0.1})
        assert run.probability(names[0.01]).inside(0.003, 0.017, refutes={"never": 0.0, "twice the level": 0.02})
    assert run.probability(single).greater_than(0.5, refutes={"calibrated": 0.05})


@mass
def test_reports_without_rows_equal_reports_of_rows(lab: Laboratory) -> None:
    """Masses, second moments and signed means drawn from their laws pass as often as those of drawn samples, at a loose level."""
    setting = {"sample_size": 1500, "dimension": 4, "ramp_width": 0.8, "failure_probability": 0.6}
    fast = lab.run(simulate.sample_null_report, **setting)
    raw = lab.run(simulate.sample_null_report_raw, **setting)
    difference = fast.mean("without_fourth") - raw.mean("without_fourth")
    assert difference.agrees_with(0.0, absolute=0.15, refutes={"without signed means": 0.16, "twice the level": -0.3})
    assert raw.probability("without_fourth").inside(0.5, 0.75, refutes={"never rejects": 1.0, "the level without the fourth moments, twice": 0.04})


@mass
@pytest.mark.parametrize(("dimension", "rows", "width"), [(5, 20_000, 0.3), (20, 40_000, 0.3)])
def test_calibrated_level(lab: Laboratory, dimension: int, rows: int, width: float) -> None:
    """All tests but those of fourth moments, at delta = .05 (their share 5/6 of it): rejections stay below it at any dimension and sample size."""
    run = lab.run(simulate.sample_null_report, sample_size=rows, dimension=dimension, ramp_width=width, statistics=("without_fourth",))
    # At quick scale a rate of .035 is told from twice the level, at full scale from the level.
    least = lab.at_scale(0.9, 0.95)
    assert run.probability("without_fourth").greater_than(least, refutes={"rejects more": least})


@mass
@pytest.mark.parametrize(("dimension", "rows", "width"), [(50, 100_000, 0.3), (100, 10**6, 0.2), (200, 10**6, 0.2)])
def test_calibrated_level_in_many_dimensions(lab: Laboratory, dimension: int, rows: int, width: float) -> None:
    """The same with a few large spectra: 8 rejections of 24 would happen once in 1e5 at the stated level."""
    run = lab.run(simulate.sample_null_report, sample_size=rows, dimension=dimension, ramp_width=width)
    accepted = run.few(lab.at_scale(24, 1000), "without_fourth")
    assert lab.exact(float(accepted.mean())).greater_than(lab.at_scale(0.68, 0.92), refutes={"rejects a third": 0.66})


@mass
def test_calibrated_level_with_fourth_moments(lab: Laboratory) -> None:
    """Drawn rows: every kind of test within its share, and all together."""
    kinds = ("mass", "largest", "smallest", "centre", "signed", "fourth")
    run = lab.run(simulate.sample_null_report_raw, sample_size=4000, dimension=5, ramp_width=0.5, statistics=(*kinds, "calibrated", "tolerant"))
    assert run.probability("calibrated").greater_than(0.88, refutes={"rejects 1 of 8": 0.88})
    assert run.probability("tolerant").greater_than(0.98, refutes={"rejects 1 of 50": 0.98})
    for kind in kinds:
        # A share of a sixth of .05.
        assert run.probability(kind).greater_than(0.95, refutes={"six times its share": 0.95})


@mass
def test_rows_that_the_tolerant_tests_need(lab: Laboratory) -> None:
    """The default widths leave so many rows in the smallest band that the smallest eigenvalue fails with the stated probability."""
    for dimension in (5, 20):
        rows = rows_for_tolerant_tests(dimension, 0.005)
        run = lab.run(simulate.sample_extreme_eigenvalues, rows=rows, dimension=dimension, statistics=(below("smallest", 0.5), above("largest", 2.0)))
        assert run.probability(below("smallest", 0.5)).less_than(0.01, refutes={"twice the probability": 0.01})
        assert run.probability(above("largest", 2.0)).less_than(0.01, refutes={"twice the probability": 0.01})
        # Edges alone would call 11.66 p rows enough, with every other sample rejected.
        few = math.ceil(float(theory.rows_for_second_moments(dimension)[0]))
        wrong = lab.run(simulate.sample_extreme_eigenvalues, rows=few, dimension=dimension, statistics=(below("smallest", 0.5),))
        assert wrong.probability(below("smallest", 0.5)).greater_than(0.05, refutes={"rarely": 0.005})
