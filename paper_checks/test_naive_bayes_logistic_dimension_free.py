"""arXiv:2302.02334: bounds on the excess error of naive Bayes without a union bound over the features.

d dimension, m sample_size, delta mahalanobis_distance, G(tau) the probability that the two scores are within tau d of each other. Classes are equally
likely, features Gaussian and independent; the excess that is bounded is exact.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import ndtr

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

dimension_free = claim(
    "NB-7",
    kind="bound",
    statement="Without a union bound the excess of naive Bayes needs no log d: Markov's form is free of d, Chebyshev's falls with d at fixed m.",
    tex=r"\mathbb{E}R-R_\infty\le\min_\tau\Big[G(\tau)+\frac{\sum_i\mathbb{E}|\hat\ell_i-\ell_i|}{\tau d}\Big],\qquad"
    r"\le\min_\tau\Big[G(\tau)+\frac{\sum_i\mathrm{Var}(\hat\ell_i-\ell_i)+(\sum_i\mathbb{E}(\hat\ell_i-\ell_i))^2}{(\tau d)^2}\Big]",
    source="derived here",
)


def excess(gaps: tuple[float, ...], multiplicities: tuple[int, ...], first: float, second: float, variance: str) -> float:
    """Return the exact expected error of naive Bayes minus that of its limit."""
    reached = theory.naive_bayes_expected_error(gaps, multiplicities, first, second, variance=variance)
    return reached - theory.grouped_bayes_error(gaps, multiplicities)


@dimension_free
@pytest.mark.parametrize(
    ("dimension", "distance", "value", "threshold"), [(50, 5.0, 0.16390, 5.51), (200, 10.0, 0.02215, 24.2), (800, 20.0, 0.00262, 129.0)]
)
def test_bounds_at_fixed_sample_size(lab: Laboratory, dimension: int, distance: float, value: float, threshold: float) -> None:
    """With m = 100 throughout and delta^2 = d/2 the excess and its second-moment bound fall as d grows, Markov's form says next to nothing."""
    group = (distance / np.sqrt(dimension),), (dimension,)
    bounds = theory.dimension_free_bounds(*group, 50, 50, variance="known")
    second = bounds.second_moment
    G = theory.isotropic_near_tie_probability(second.tau, dimension, distance)
    moment = 4 * dimension / 100 * 1.01 + 2 * distance**2 / 100
    wrong = {"without the gaps' part": G + 0.0404 * dimension / (second.tau * dimension) ** 2, "near ties alone": G}
    assert lab.identical(second.value, G + moment / (second.tau * dimension) ** 2, relative=1e-9, refutes=wrong)
    assert lab.identical(second.value, value, absolute=6e-6, refutes={"Markov": bounds.markov.value})
    assert lab.identical(second.tau * dimension, threshold, relative=3e-3, refutes={"not scaled by d": second.tau})
    # The least over tau, by a search of its own.
    grid = np.geomspace(1e-3, 3 * threshold, 200_001)
    least = np.min(theory.isotropic_near_tie_probability(grid / dimension, dimension, distance) + moment / grid**2)
    assert lab.identical(second.value, least, relative=1e-7, refutes={"at half that tau": G / 2 + 4 * (second.value - G)})
    truth = lab.exact(excess(*group, 50, 50, "known"), 1e-12)
    assert truth.at_most(second.value, tightness=0.0)
    assert truth.at_most(bounds.markov.value, tightness=0.0)
    assert lab.exact(bounds.markov.value).greater_than(0.75, refutes={"as good as the second moment": second.value})
    assert lab.refutes(truth.at_least(second.value / 10, tightness=0.0), "tight to a factor of 10")


@dimension_free
def test_bounds_hold_wherever_naive_bayes_is_exact(lab: Laboratory) -> None:
    """Random groups, counts equal or not, fixed or random, known or pooled variances: the exact excess never exceeds either bound."""
    rng = np.random.default_rng([lab.seed, 3])
    largest = {"second_moment": 0.0, "markov": 0.0}
    slack = []
    for _ in range(lab.at_scale(10, 150)):
        groups = int(rng.integers(1, 4))
        gaps, multiplicities = tuple(rng.uniform(0.05, 2.0, groups)), tuple(int(n) for n in np.exp(rng.uniform(0, 5.5, groups)))
        first, second = (int(n) for n in rng.integers(4, 120, 2))
        variance = str(rng.choice(["known", "pooled"]))
        distance = np.sqrt(np.dot(multiplicities, np.square(gaps)))
        if rng.random() < 0.3:
            m = int(rng.integers(10, 40))
            bounds = theory.dimension_free_bounds_random_counts(gaps, multiplicities, m, variance=variance)
            truth = theory.naive_bayes_expected_error_random_counts(gaps, multiplicities, m, variance=variance) - float(ndtr(-distance / 2))
        else:
            bounds = theory.dimension_free_bounds(gaps, multiplicities, first, second, variance=variance)
            truth = excess(gaps, multiplicities, first, second, variance)
        for name in largest:
            value = getattr(bounds, name).value
            largest[name] = max(largest[name], truth / value)
        slack.append(truth)
    for name, ratio in largest.items():
        assert lab.exact(ratio).at_most(1.0, tightness=0.0), name
    assert lab.refutes(lab.exact(max(slack)).at_most(1e-3, tightness=0.0), "the excess is negligible throughout")


@dimension_free
@pytest.mark.parametrize(("dimension", "distance", "sample_size", "value"), [(400, 2.0, 40, 0.22442), (2000, 2.0, 100, 0.25542)])
def test_sum_over_features_is_needed(lab: Laboratory, dimension: int, distance: float, sample_size: int, value: float) -> None:
    """G at one feature's mean error is below the exact excess: the factor d must not be forgotten."""
    gap, half = distance / np.sqrt(dimension), sample_size / 2
    truth = excess((gap,), (dimension,), half, half, "known")
    moments = theory.log_odds_difference_moments([gap], half, half, variance="known")
    forgotten = theory.isotropic_near_tie_probability(moments.mean_absolute[0] / dimension, dimension, distance)
    assert lab.identical(truth, value, absolute=6e-6, refutes={"one feature's mean error": forgotten})
    assert lab.refutes(lab.exact(truth).at_most(forgotten, tightness=0.0), "near ties within one feature's mean error are all")
    bounds = theory.dimension_free_bounds([gap], [dimension], half, half, variance="known")
    assert lab.exact(truth).at_most(min(bounds.second_moment.value, bounds.markov.value), tightness=0.0)


@dimension_free
def test_mean_error_of_a_feature(lab: Laboratory) -> None:
    """E|lhat_i - l_i| against a double integral of a folded normal, and its order m^-1/2 whatever the gap; nothing in it depends on d."""
    for gap, m in ((np.sqrt(0.5), 100), (0.2, 30), (1.5, 60)):

        def magnitude(b: float, a: float, gap: float = gap, m: int = m) -> float:
            # Errors of the two means are a and b in units of their deviation.
            e1, e2 = a * np.sqrt(2 / m), b * np.sqrt(2 / m)
            centre, spread = -gap * e2 - (e1**2 - e2**2) / 2, abs(e1 - e2)
            density = np.exp(-(a * a + b * b) / 2) / (2 * np.pi)
            if spread < 1e-12:
                return abs(centre) * density
            ratio = centre / spread
            return (spread * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + centre * (2 * ndtr(ratio) - 1)) * density

        # Split where the spread vanishes.
        below = dblquad(magnitude, -7, 7, -7, lambda a: a, epsabs=1e-8)[0]
        seen = below + dblquad(magnitude, -7, 7, lambda a: a, 7, epsabs=1e-8)[0]
        moments = theory.log_odds_difference_moments([gap], m / 2, m / 2, variance="known")
        deviation = float(np.sqrt(moments.variance[0]))
        wrong = {
            "the standard deviation": deviation,
            "as of a normal law": deviation * np.sqrt(2 / np.pi),
            "no gap": float(theory.log_odds_difference_moments([0.0], m / 2, m / 2, variance="known").mean_absolute[0]),
        }
        assert lab.identical(moments.mean_absolute[0], seen, relative=2e-6, refutes=wrong)
    sizes = [100, 1600, 25600]
    for gap, variance in ((0.0, "known"), (0.7, "known"), (0.7, "pooled"), (3.0, "pooled")):
        values = [lab.exact(float(theory.log_odds_difference_moments([gap], m / 2, m / 2, variance=variance).mean_absolute[0])) for m in sizes]
        assert lab.exponent(sizes, values).agrees_with(-0.5, absolute=0.02, refutes={"1/m": -1.0, "m^-1/4": -0.25, "m^-0.55": -0.55})


@dimension_free
@pytest.mark.parametrize(
    ("gaps", "multiplicities", "counts", "variance"),
    [
        ((0.8,), (12,), (25, 25), "known"),
        ((0.8, 0.3), (5, 9), (12, 60), "known"),
        ((0.8,), (12,), (25, 25), "pooled"),
        ((1.6, 0.4), (4, 6), (20, 50), "pooled"),
    ],
)
def test_moments_of_the_errors(
    lab: Laboratory, gaps: tuple[float, ...], multiplicities: tuple[int, ...], counts: tuple[int, int], variance: str
) -> None:
    """Drawn training sets and test points against the moments that the bounds are made of, with the prior term among them."""
    run = lab.run(
        simulate.sample_log_odds_errors,
        statistics=("absolute_error", "squared_total_error", "total_error"),
        gaps=gaps,
        multiplicities=multiplicities,
        class_counts=counts,
        variance=variance,
    )
    n, d, prior = np.array(multiplicities), sum(multiplicities), np.log(counts[0] / counts[1])
    both = [theory.log_odds_difference_moments(gaps, *pair, variance=variance) for pair in (counts, counts[::-1])]
    other = [
        theory.log_odds_difference_moments(gaps, *pair, variance="pooled" if variance == "known" else "known") for pair in (counts, counts[::-1])
    ]
    means = [n @ each.mean + sign * prior for each, sign in zip(both, (1, -1), strict=True)]
    second = np.mean([n @ each.variance + mean**2 for each, mean in zip(both, means, strict=True)])
    wrong = {
        "the other variances": np.mean([n @ each.variance + (n @ each.mean + sign * prior) ** 2 for each, sign in zip(other, (1, -1), strict=True)]),
        "one feature": second / d,
        "errors of features that agree": np.mean([(n @ np.sqrt(each.variance)) ** 2 for each in both]),
    }
    if prior:
        wrong["without the prior term"] = np.mean([n @ each.variance + (n @ each.mean) ** 2 for each in both])
        wrong["without the means"] = np.mean([n @ each.variance for each in both]) + prior**2
    # In some of the settings a near miss is none.
    wrong = {label: number for label, number in wrong.items() if abs(number / second - 1) > 0.09}
    assert run.mean("squared_total_error").agrees_with(second, relative=0.07, refutes=wrong)
    magnitude = (np.mean([n @ each.mean_absolute for each in both]) + abs(prior)) / d
    wrong = {"the other variances": (np.mean([n @ each.mean_absolute for each in other]) + abs(prior)) / d, "root mean square": np.sqrt(second / d)}
    if prior:
        wrong["without the prior term"] = magnitude - abs(prior) / d
    wrong = {label: number for label, number in wrong.items() if abs(number / magnitude - 1) > 0.03}
    assert run.mean("absolute_error").agrees_with(magnitude, relative=0.02, refutes=wrong | {"twice": 2 * magnitude})
    scale = np.sqrt(second)
    assert run.mean("total_error").agrees_with(np.mean(means), absolute=0.05 * scale, refutes={"a deviation more": np.mean(means) + 0.2 * scale})


@dimension_free
def test_no_log_d_is_needed(lab: Laboratory) -> None:
    """Gap 1 in every feature: the m that each bound asks for to guarantee 0.05, and the m that is needed, as d grows 256-fold."""
    dimensions = (50, 200, 800, 3200, 12800)

    def least(kind: str, d: int, most: int) -> int:
        low, high = 1, most
        while high - low > 1:
            middle = (low + high) // 2
            bounds = theory.dimension_free_bounds([1.0], [d], middle / 2, middle / 2, variance="known")
            low, high = (low, middle) if getattr(bounds, kind).value <= 0.05 else (middle, high)
        return high

    second, markov = ([least(kind, d, 100_000) for d in dimensions] for kind in ("second_moment", "markov"))
    assert lab.exact(float(np.max(np.diff(second)))).at_most(0.0, tightness=0.0)
    assert lab.exact(float(np.max(np.diff(markov)))).at_most(0.0, tightness=0.0)
    grows = np.log(dimensions[-1]) / np.log(dimensions[0])
    assert lab.exact(second[-1] / second[0]).less_than(0.2, refutes={"log d": grows, "constant": 1.0})
    assert lab.exact(markov[-1] / markov[0]).less_than(0.2, refutes={"log d": grows, "constant": 1.0})
    # At fixed m the second-moment bound falls like 1/d, Markov's to E|lhat_i - l_i| / g.
    large = [10**4, 10**5, 10**6, 10**7]
    bounds = [theory.dimension_free_bounds([np.sqrt(0.5)], [d], 50, 50, variance="known") for d in large]
    slope = lab.exponent(large[1:], [lab.exact(each.second_moment.value) for each in bounds[1:]])
    assert slope.agrees_with(-1.0, absolute=0.06, refutes={"free of d": 0.0, "d^-1/2": -0.5, "d^-2": -2.0})
    limit = float(theory.log_odds_difference_moments([np.sqrt(0.5)], 50, 50, variance="known").mean_absolute[0]) / 0.25
    assert lab.exact(bounds[-1].markov.value).agrees_with(limit, relative=0.01, refutes={"falls with d": 0.0, "2g": limit / 2, "1 (vacuous)": 1.0})


@dimension_free
def test_log_d_lower_bound_is_contradicted(lab: Laboratory) -> None:
    """Exact errors at six samples, random counts, in the paper's own two-class design: they fall as d grows, where log d samples would not do."""
    dimensions = (50, 100, 200, 400)
    errors = []
    for d in dimensions:
        design = theory.paper_design(2, d)
        errors.append(theory.naive_bayes_expected_error_random_counts(design["gaps"], design["multiplicities"], 6, variance="pooled"))
    assert lab.identical(errors, [0.01822, 0.00797, 0.00327, 0.00134], absolute=6e-6, refutes={"no change with d": [0.01822] * 4})
    assert lab.exact(float(np.max(np.diff(errors)))).less_than(0.0, refutes={"a log d lower bound": 0.001})
