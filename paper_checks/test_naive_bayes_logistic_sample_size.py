"""arXiv:2302.02334: the sample size of naive Bayes in the paper's own simulation, from exact expected errors, and by the stopping rule of its code.

d dimension, K classes, m training points. E R(m) is the expected error of two classes for random labels with pooled variances, the paper's. The
stopping rule walks the grid m = 2 K, 2 K + step, ... with step the least integer above log d, fits naive Bayes to one fresh training set at each m
and stops at the first m whose error is below the Bayes error plus 0.01; the paper's curves are means of the m at which walks stop. Here the error
of a fit is exact for two and three classes, and that of drawn points for more.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Quantity

# NB-8 ------------------------------------------------------------------------------------------------------------------------------------

paper_simulation = claim(
    "NB-8",
    kind="ordering",
    statement="In the paper's own simulation the sample size of naive Bayes does not grow with the dimension, let alone like log d.",
    tex=r"m_{0.01}(d)=\min\{m:\mathbb E R(\mathrm{NB}_m)\le 0.01\}\ \text{does not increase in } d",
    source="arXiv:2302.02334, the simulations; derived here",
)
Groups = tuple[tuple[float, ...], tuple[int, ...]]


def groups(dimension: int) -> Groups:
    """Return gaps and multiplicities of the paper's design for two classes."""
    design = theory.paper_design(2, dimension)
    return design["gaps"], design["multiplicities"]


def error(dimension: int, sizes: list[int], variance: str = "pooled") -> np.ndarray:
    """Return E R(m) for random labels."""
    return np.asarray(theory.naive_bayes_expected_error_random_counts(*groups(dimension), sizes, variance=variance))


def sample_size(dimension: int, *, target: float = 0.01, random_counts: bool = True, variance: str = "pooled") -> int:
    """Return the least m with E R(m) <= target."""
    return theory.naive_bayes_sample_size(target, *groups(dimension), random_counts=random_counts, variance=variance)


@paper_simulation
@pytest.mark.parametrize(
    ("dimension", "printed"),
    [
        (50, (0.04276, 0.01822, 0.00829, 0.00399)),
        (100, (0.02648, 0.00797, 0.00261, 0.00094)),
        (200, (0.01624, 0.00327, 0.00071, 0.00017)),
        (400, (0.01005, 0.00134, 0.00018, 0.00003)),
        (1000, (0.00554, 0.00045)),
        (4000, (0.00246, 0.00010)),
    ],
)
def test_errors_of_the_smallest_samples(lab: Laboratory, dimension: int, printed: tuple[float, ...]) -> None:
    """E R(m) from m = 5 on, to five decimals; not those of equal counts, of known variances or of twice the dimension."""
    sizes = list(range(5, 5 + len(printed)))
    equal = [theory.naive_bayes_expected_error(*groups(dimension), m // 2, m - m // 2, variance="pooled") for m in sizes]
    wrong = {"equal counts": equal, "variances known": error(dimension, sizes, "known"), "twice the dimension": error(2 * dimension, sizes)}
    assert lab.identical(error(dimension, sizes), printed, absolute=6e-6, refutes=wrong, question=f"d = {dimension}, m = 5, 6, ...")


@paper_simulation
@pytest.mark.parametrize(("dimension", "sample_size"), [(50, 6), (100, 6), (100, 7)])
def test_errors_by_quadrature_in_the_variance(lab: Laboratory, dimension: int, sample_size: int) -> None:
    """The same numbers by the other quadrature, over all counts from 1 + (m - 1) to (m - 1) + 1."""
    m, total, weight = sample_size, 0.0, 0
    for first in range(1, m):
        one = simulate.inverted_class_error(*groups(dimension), first, m - first, variance="pooled", degrees_of_freedom=(m - 2,), panels=80)
        total, weight = total + math.comb(m, first) * one, weight + math.comb(m, first)
    exact = error(dimension, [m - 1, m, m + 1])
    wrong = {"one point fewer": exact[0], "one point more": exact[2], "variances known": error(dimension, [m], "known")[0]}
    assert lab.identical(exact[1], total / weight, absolute=1e-10, refutes=wrong, question=f"d = {dimension}, m = {m}")


@paper_simulation
@pytest.mark.parametrize(("dimension", "sample_size", "margin"), [(20, 7, 0.03), (50, 5, 0.03), (50, 6, 0.08)])
def test_errors_of_fitted_rules(lab: Laboratory, dimension: int, sample_size: int, margin: float) -> None:
    """Fitted rules with random labels: their mean error is E R(m), not that of one point more or fewer."""
    gaps, multiplicities = groups(dimension)
    run = lab.run(simulate.sample_naive_bayes_error, gaps=gaps, multiplicities=multiplicities, variance="pooled", sample_size=sample_size)
    exact = error(dimension, [sample_size - 1, sample_size, sample_size + 1])
    wrong = {"one point fewer": exact[0], "one point more": exact[2], "variances known": error(dimension, [sample_size], "known")[0]}
    assert run.mean("error").agrees_with(exact[1], relative=margin, refutes=wrong)


@paper_simulation
def test_the_sample_size_falls(lab: Laboratory) -> None:
    """m_.01 = 11, 7, 6, 6, 6, 5, 5 from d = 20 to 4000, and 5 for good: the error of any fixed m >= 4 falls with d. With equal counts 10, then 6."""
    dimensions = np.array(lab.at_scale((20, 50, 100, 200, 400, 1000, 4000), (20, 50, 100, 200, 400, 1000, 4000, 10**4, 10**5, 10**6)))
    found = np.array([sample_size(int(d)) for d in dimensions])
    expected = np.array([11, 7, 6, 6, 6, 5, 5, 5, 5, 5][: len(dimensions)])
    grown = np.ceil(11 * np.log(dimensions) / np.log(20))
    equal = np.array([sample_size(int(d), random_counts=False) for d in dimensions])
    wrong = {"c log d": grown, "c log d from above": np.ceil(5 * np.log(dimensions) / np.log(20)), "equal counts": equal, "constant": 0 * found + 6}
    assert lab.identical(found, expected, absolute=0.5, refutes=wrong, question="m_.01")
    assert lab.identical(equal, np.where(dimensions > 20, 6, 10), absolute=0.5, refutes={"c log d": grown, "random labels": found})
    assert lab.exact(float(np.diff(found).max())).at_most(0.0, tightness=0.0, refutes={"c log d": float(np.diff(grown).max())})
    slope = float(np.polyfit(np.log(dimensions), found, 1)[0])
    assert lab.exact(slope).less_than(0.0, refutes={"c log d": 11 / np.log(20), "half of that": 5.5 / np.log(20)})
    errors = np.array([error(int(d), [4, 5, 6, 8]) for d in dimensions])
    assert lab.exact(float((errors[1:] / errors[:-1]).max())).less_than(0.95, refutes={"no dependence on d": 1.0})


@paper_simulation
@pytest.mark.parametrize("key", range(4))
def test_other_targets_and_designs(lab: Laboratory, key: int) -> None:
    """Random targets between .002 and .2; the paper's design, and one random gap that every feature keeps. The sample size never rises with d."""
    rng = np.random.default_rng([lab.seed, key])
    target, dimensions = float(np.exp(rng.uniform(np.log(0.002), np.log(0.2)))), [40, 80, 160, 320, 640]
    # From where the best classifier has a third of the target at the smallest dimension.
    gap = float(rng.uniform(1.0, 3.0) * -2.0 * ndtri(target / 3.0) / math.sqrt(dimensions[0]))
    in_paper = [sample_size(d, target=target) for d in dimensions]
    same_gap = [theory.naive_bayes_sample_size(target, [gap], [d], random_counts=True, variance="pooled") for d in dimensions]
    for sizes in (in_paper, same_gap):
        rise = max(after - before for before, after in pairwise(sizes))
        assert lab.exact(float(rise)).at_most(0.0, tightness=0.0, refutes={"one more per doubling": 1.0})


@paper_simulation
def test_the_target_may_count_from_the_bayes_error(lab: Laboratory) -> None:
    """E R(m) <= .01 and E R(m) <= Bayes + .01 ask for the same m from d = 20 on; not at d = 10, where Bayes is .0095."""
    dimensions = (20, 50, 100, 200, 400, 1000, 4000)
    plain = [sample_size(d) for d in dimensions]
    above = [sample_size(d, target=0.01 + theory.collinear_bayes_error((-1.0, 1.0), (1 + d) / 2)) for d in dimensions]
    doubled = [sample_size(d, target=0.02) for d in dimensions]
    assert lab.identical(plain, above, absolute=0.5, refutes={"twice the target": doubled}, question="the two targets")
    bayes = theory.collinear_bayes_error((-1.0, 1.0), 5.5)
    counted = sample_size(10, target=0.015)
    assert lab.exact(float(sample_size(10, target=bayes + 0.015))).less_than(counted, refutes={"the same at d = 10": float(counted)})


@paper_simulation
def test_the_grid_draws_a_logarithm(lab: Laboratory) -> None:
    """The grid m = 4, 4 + ceil(ln d), ... first reaches the target at 4 + ceil(ln d) = 9, 10, 10, 11: a log curve made by its step."""
    dimensions = (100, 200, 400, 1000)
    reached = []
    for d in dimensions:
        grid = np.arange(4, 24, math.ceil(math.log(d)))
        reached.append(int(grid[np.argmax(error(d, grid.tolist()) <= 0.01)]))
    steps = [4 + math.ceil(math.log(d)) for d in dimensions]
    finest = [sample_size(d) for d in dimensions]
    wrong = {"the finest grid": finest, "the first grid point": [4] * 4, "two steps": [2 * each - 4 for each in steps]}
    assert lab.identical(reached, [9, 10, 10, 11], absolute=0.5, refutes=wrong, question="first grid point that is large enough")
    assert lab.identical(reached, steps, absolute=0.5, refutes={"the finest grid": finest}, question="it is one step from the start")
    at_four = np.array([error(d, [4])[0] for d in (20, 100, 1000, 4000)])
    assert lab.exact(float(at_four.min())).greater_than(0.04, refutes={"the start is large enough": 0.01})
    # On a grid that starts elsewhere, or with another step, the curve is another one.
    shifted = []
    for d in dimensions:
        grid = np.arange(3, 24, 3)
        shifted.append(int(grid[np.argmax(error(d, grid.tolist()) <= 0.01)]))
    assert lab.identical(shifted, [6, 6, 6, 6], absolute=0.5, refutes={"the paper's grid": reached}, question="grid 3, 6, 9, ...")


@paper_simulation
def test_the_variance_estimate_is_the_whole_cost(lab: Laboratory) -> None:
    """Known variances at d = 100: 7.6e-9 instead of 3.5e-3 with 3 + 3 points, and two points are enough at every d >= 50."""
    known, pooled = (theory.naive_bayes_expected_error(*groups(100), 3, 3, variance=each) for each in ("known", "pooled"))
    assert lab.exact(math.log10(pooled / known)).inside(5.6, 5.7, refutes={"variances known or not, the same": 0.0})
    sizes = [sample_size(d, variance="known") for d in (50, 100, 400, 1000)]
    estimated = [sample_size(d) for d in (50, 100, 400, 1000)]
    assert lab.identical(sizes, [2, 2, 2, 2], absolute=0.5, refutes={"as with estimated variances": estimated}, question="m_.01, known variances")
    classes = sample_size(50, variance="class", random_counts=False)
    assert lab.exact(float(classes)).greater_than(
        1.9 * sample_size(50, random_counts=False), refutes={"variances of each class cost nothing": float(sample_size(50, random_counts=False))}
    )


@paper_simulation
def test_more_points_may_hurt(lab: Laboratory) -> None:
    """Known variances, random labels: from 1 + 1 points to 1 + 2 or 2 + 1 the error nearly doubles, so the least m is found only by trying every m.

    The class with fewer points looks farther away, by (d/2) |1/m1 - 1/m2| in the score; the prior has little part in it.
    """
    errors = error(50, [2, 3, 4, 8], "known")
    assert lab.exact(float(errors[1] / errors[0])).inside(1.9, 2.0, refutes={"more points never hurt": 1.0, "twice as good with half as many": 0.5})
    assert lab.exact(float(errors[3] / errors[0])).less_than(0.5, refutes={"for good": 1.0})
    target = float(1.2 * errors[0])
    assert lab.exact(float(sample_size(50, target=target, variance="known"))).agrees_with(
        2.0, absolute=0.5, refutes={"the last m that fails, plus 1": 6.0}
    )
    ignored = [theory.naive_bayes_class_error(*groups(50), *counts, variance="known", log_prior_odds=0.0) for counts in ((1, 2), (2, 1))]
    assert lab.exact(float(np.mean(ignored) / errors[0])).inside(
        1.7, 1.75, refutes={"the prior does it": 1.0, "the prior has no part": float(errors[1] / errors[0])}
    )
    mended = [theory.naive_bayes_class_error(*groups(50), 1, 2, variance="known", log_prior_odds=12.5), 0.0]
    mended[1] = theory.naive_bayes_class_error(*groups(50), 2, 1, variance="known", log_prior_odds=-12.5)
    assert lab.exact(float(np.mean(mended) / errors[0])).less_than(0.5, refutes={"the shift does no harm": float(errors[1] / errors[0])})


# The search itself ------------------------------------------------------------------------------------------------------------------------


@paper_simulation
@pytest.mark.parametrize(
    ("variance", "random_counts", "gap", "dimension", "share"),
    [
        ("known", True, 0.3, 40, 0.3),
        ("known", False, 0.3, 40, 0.3),
        ("known", False, 0.1, 150, 0.72),
        ("pooled", True, 0.6, 25, 0.5),
        ("pooled", False, 0.25, 30, 0.45),
        ("class", False, 0.7, 12, 0.4),
    ],
)
def test_least_size_by_trying_every_size(lab: Laboratory, variance: str, random_counts: bool, gap: float, dimension: int, share: float) -> None:
    """Fixed or random counts, every kind of variance, below and beyond 64 points: the first m whose exact error is at most the target."""
    smallest = {"known": 2, "pooled": 3, "class": 4}[variance]
    most = 60 if random_counts else (150 if variance != "class" else 30)
    sizes = np.arange(smallest, most)
    if random_counts:
        errors = theory.naive_bayes_expected_error_random_counts([gap], [dimension], sizes, variance=variance)
    else:
        sizes = sizes[sizes % 2 == 0]
        errors = theory.naive_bayes_expected_error([gap], [dimension], sizes // 2, sizes // 2, variance=variance)
    best = float(ndtr(-0.5 * gap * math.sqrt(dimension)))
    details = {"random_counts": random_counts, "variance": variance}
    for part in (share, 0.75 * share):
        goal = best + part * (0.5 - best)
        found = theory.naive_bayes_sample_size(goal, [gap], [dimension], **details)
        first = int(sizes[np.argmax(errors <= goal)])
        assert lab.identical(
            found, first, absolute=0.5, refutes={"one later": first + 1.0, "one earlier": first - 1.0}, question=f"target {goal:.4f}"
        )
        at_most = theory.naive_bayes_sample_size(goal, [gap], [dimension], **details, largest_sample_size=max(first, 4))
        assert lab.identical(at_most, first, absolute=0.5, refutes={"gives up one early": first - 1.0}, question="no larger size is looked at")
    easy = theory.naive_bayes_sample_size(0.5, [gap], [dimension], **details)
    fewest = smallest + (smallest % 2 if not random_counts else 0)
    assert lab.identical(easy, fewest, absolute=0.5, refutes={"one point more": fewest + 1.0}, question="anything will do")


@paper_simulation
@pytest.mark.parametrize("random_counts", [True, False])
def test_least_size_at_every_end_of_the_search(lab: Laboratory, random_counts: bool) -> None:
    """Known variances, gap .2 in 50 features: targets halfway between neighbouring errors, for answers from 8 to 260."""
    sizes = np.array([8, 64, 65] if random_counts else [8, 10, 24, 26, 56, 58, 62, 64, 66, 120, 122, 124, 126, 244, 246, 260])
    groups = [0.2], [50]
    stride = 1 if random_counts else 2
    if random_counts:
        errors = [theory.naive_bayes_expected_error_random_counts(*groups, sizes - shift, variance="known") for shift in (1, 0)]
    else:
        errors = [theory.naive_bayes_expected_error(*groups, (sizes - shift) // 2, (sizes - shift) // 2, variance="known") for shift in (2, 0)]
    found = [
        theory.naive_bayes_sample_size(float(goal), *groups, random_counts=random_counts, variance="known", largest_sample_size=int(m) + (int(m) % 7))
        for goal, m in zip(0.5 * (errors[0] + errors[1]), sizes, strict=True)
    ]
    assert lab.identical(found, sizes, absolute=0.5, refutes={"the next size": sizes + stride, "the size before": sizes - stride})


@paper_simulation
def test_real_size_is_where_the_error_is_the_target(lab: Laboratory) -> None:
    """Random designs and targets, from two points to ten million: the exact error at the real size returned; where two points suffice, two."""
    rng, found, goals = np.random.default_rng([lab.seed, 31]), [], []
    for part in (0.97, 0.8, 0.5, 0.2, 0.03, 1e-3, 1e-6):
        gap, dimension = float(rng.uniform(0.05, 0.8)), int(rng.integers(1, 60))
        best = float(ndtr(-0.5 * gap * math.sqrt(dimension)))
        goal = best + part * (0.4999 - best)
        m = theory.naive_bayes_real_sample_size(goal, [gap, 0.0], [dimension, 3])
        reached = float(theory.naive_bayes_expected_error([gap, 0.0], [dimension, 3], m / 2, m / 2, variance="known"))
        found.append((reached if m > 2.0 else goal) / goal)
        goals.append(float(theory.naive_bayes_expected_error([gap, 0.0], [dimension, 3], 0.55 * m, 0.55 * m, variance="known")) / goal)
        assert m > 2.0 or reached <= goal
    assert lab.identical(found, np.ones(7), absolute=1e-11, refutes={"a tenth more points": goals})
    two = [theory.naive_bayes_real_sample_size(0.5, [0.3], [9]), theory.naive_bayes_real_sample_size(0.1, [2.0], [50])]
    assert lab.identical(two, [2.0, 2.0], absolute=1e-15, refutes={"one point in all": [1.0, 1.0]}, question="two points are the fewest")
    kinds = [(variance, random) for variance in ("known", "pooled", "class") for random in (True, False)]
    fewest = [theory.naive_bayes_sample_size(0.5, [1.0], [9], random_counts=random, variance=variance) for variance, random in kinds]
    assert lab.identical(fewest, [2, 2, 3, 4, 4, 4], absolute=0.5, refutes={"one point of either class": [2] * 6}, question="the smallest fits")


# The stopping rule of the paper's code -----------------------------------------------------------------------------------------------------


def target(classes: int, dimension: int) -> float:
    """Return the error to reach: the Bayes error plus 0.01."""
    return theory.grouped_bayes_error(**theory.paper_design(classes, dimension)) + 0.01


def official_step(dimension: int) -> int:
    """Return the step of the grid in the paper's code."""
    return math.ceil(math.log(dimension))


def stopping_size(lab: Laboratory, classes: int, dimension: int, *, step: int | None = None, averaged_fits: int = 1) -> Quantity:
    """Return the mean training size at which walks stop."""
    run = lab.run(
        simulate.sample_stopping_size,
        target_error=target(classes, dimension),
        step=official_step(dimension) if step is None else step,
        averaged_fits=averaged_fits,
        test_points=500,
        **theory.paper_design(classes, dimension),
    )
    return run.mean("stopping_size")


@paper_simulation
@pytest.mark.parametrize(("small", "large", "fall"), [(100, 400, 3.0), (100, 1000, 4.0), (200, 1000, 1.0)])
def test_three_classes_need_fewer_samples_in_higher_dimension(lab: Laboratory, small: int, large: int, fall: float) -> None:
    """The official rule, three classes: the mean stopping size falls, by 6 of 18 from d = 100 to 1000, where log d grows by half."""
    few, many = stopping_size(lab, 3, small), stopping_size(lab, 3, large)
    # What growth like log d would make of the smaller dimension's 14 to 18.
    grown = -14.0 * (math.log(large) / math.log(small) - 1.0)
    assert (few - many).greater_than(
        fall, refutes={"no dependence on d": 0.0, "like log d": grown, "the step of the grid": official_step(small) - official_step(large)}
    )


@paper_simulation
@pytest.mark.parametrize("classes", [5, 7])
def test_more_classes(lab: Laboratory, classes: int) -> None:
    """The same with five and seven classes."""
    ladder = lab.at_scale((100, 1000) if classes == 5 else (100, 400), (100, 200, 400, 1000))
    ends = stopping_size(lab, classes, ladder[0]) - stopping_size(lab, classes, ladder[-1])
    assert ends.greater_than(1.5, refutes={"no dependence on d": 0.0, "the step of the grid": official_step(ladder[0]) - official_step(ladder[-1])})
    assert (stopping_size(lab, classes, 100) - stopping_size(lab, classes - 2, 100)).greater_than(1.0, refutes={"no dependence on K": 0.0})


@paper_simulation
def test_two_classes_stop_at_eight_whatever_the_dimension(lab: Laboratory) -> None:
    """The official rule with two classes hides both what is true, a falling sample size, and what its grid makes of it, 9, 10, 10, 11."""
    sizes = {dimension: stopping_size(lab, 2, dimension) for dimension in (100, 400, 1000)}
    for dimension, mean in sizes.items():
        first = 4 + official_step(dimension)
        wrong = {"the first grid point that is large enough": first, "the exact sample size": 6 if dimension < 1000 else 5, "the first grid point": 4}
        assert mean.inside(7.0, 8.6, refutes=wrong)
    assert (sizes[1000] - sizes[100]).inside(-1.2, 0.4, refutes={"the step of the grid": 2.0, "like log d": 3.5})


@paper_simulation
def test_a_grid_of_every_size(lab: Laboratory) -> None:
    """With step 1 the sizes fall for two classes as well: nothing but the step of the grid grows with log d."""
    sizes = [stopping_size(lab, 2, dimension, step=1) for dimension in (20, 50, 200, 1000)]
    for before, after in pairwise(sizes):
        assert (before - after).greater_than(0.1, refutes={"flat": 0.0})
    assert lab.refutes((sizes[-1] - sizes[0]).greater_than(0.0), "the sample size grows")
    # Two classes at the official step stop at 7.5 and at step 1 at 4.5: three samples of eight are made by the grid.
    made = stopping_size(lab, 2, 1000) - sizes[-1]
    assert made.greater_than(2.0, refutes={"the grid does not matter": 0.0})


@paper_simulation
def test_one_lucky_fit_is_enough(lab: Laboratory) -> None:
    """Three classes, d = 100: where walks stop on average, at 18, the expected error is nearly twice the target; five fits at each m stop later."""
    single, five = stopping_size(lab, 3, 100), stopping_size(lab, 3, 100, averaged_fits=5)
    assert single.agrees_with(18.2, absolute=1.2, refutes={"as five fits": 21.6, "the exact sample size": 22.5})
    assert (five - single).greater_than(2.0, refutes={"the same rule": 0.0})
    finer = stopping_size(lab, 3, 100, step=1)
    assert (single - finer).greater_than(3.0, refutes={"the grid does not matter": 0.0})
    error = lab.run(simulate.sample_naive_bayes_error, variance="pooled", sample_size=18, **theory.paper_design(3, 100)).mean("error")
    assert error.greater_than(1.5 * target(3, 100), refutes={"the target": target(3, 100)})
    if lab.scale == "full":
        for samples, low, high in ((21, 0.0105, 0.014), (24, 0.006, 0.0095)):
            late = lab.run(simulate.sample_naive_bayes_error, variance="pooled", sample_size=samples, **theory.paper_design(3, 100)).mean("error")
            assert late.inside(low, high, refutes={"the target": target(3, 100)})
