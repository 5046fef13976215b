"""arXiv:2302.02334, many samples: m times the excess error of naive Bayes and of logistic regression, and the guarantee for the latter.

d dimension, m sample_size, delta mahalanobis_distance, K class_count; R* the error of the best rule, which both reach here. Class counts are random
(independent labels) or fixed at m/2 each, two different experiments. A0 = E p(1 - p), p the probability of a class given the features.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, ndtr
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import above
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Quantity, Run

COUNTS = pytest.mark.parametrize("random_counts", [True, False], ids=["random", "fixed"])
# d, delta, m, and the margin of m times the excess error.
SETTINGS = pytest.mark.parametrize(("dimension", "distance", "sample_size", "margin"), [(5, 1.0, 400, 0.13), (10, 2.0, 400, 0.22)])
# The ratio of excess error to sqrt(2 excess log loss), and the size of the weights, that are never exceeded.
RATIO, RADIUS = 0.25, 2.0
STATISTICS = ("excess", "loss_excess", "score_square", "parallel_score_square", above("consistency_ratio", RATIO), above("weight_norm", RADIUS))


def logistic_run(lab: Laboratory, dimension: int, distance: float, sample_size: int, random_counts: bool) -> Run:
    """Return the fits that all questions about one setting share."""
    setting = {"dimension": dimension, "mahalanobis_distance": distance, "sample_size": sample_size, "random_counts": random_counts}
    return lab.run(simulate.sample_logistic_excess, statistics=STATISTICS, **setting)


def score_means(dimension: int, distance: float, random_counts: bool) -> tuple[float, float]:
    """Return the means of the two score statistics, at every m: d A0 (less 4 A0^2 for fixed counts), and A2."""
    weight = theory.mean_fisher_weight(distance)
    return dimension * weight - (0.0 if random_counts else 4 * weight**2), theory.parallel_fisher_weight(distance)


def controlled_excess(run: Run, dimension: int, distance: float, random_counts: bool) -> Quantity:
    """Return m times the excess error less a multiple of a score statistic that has mean 0: the same mean, a smaller spread, no skewness."""
    factor = norm.pdf(distance / 2) / (4 * distance * theory.mean_fisher_weight(distance) ** 2)
    mean, _ = score_means(dimension, distance, random_counts)
    return (run.mean("excess") - factor * (run.mean("score_square") - mean)).named("m (E R - R*), with a control variate")


def controlled_loss(run: Run, dimension: int, distance: float, random_counts: bool) -> Quantity:
    """Return m times the excess log loss, with both score statistics as control variates."""
    mean, parallel = score_means(dimension, distance, random_counts)
    across = (run.mean("score_square") - mean) / theory.mean_fisher_weight(distance)
    along = (run.mean("parallel_score_square") - parallel) / theory.parallel_fisher_weight(distance)
    return (run.mean("loss_excess") - 0.5 * (across + along)).named("m times the excess log loss, with control variates")


def unit(distance: float) -> float:
    """Return (delta/4) phi(delta/2)."""
    return float(distance / 4 * norm.pdf(distance / 2))


# NB-10 -----------------------------------------------------------------------------------------------------------------------------------

coefficients = claim(
    "NB-10",
    kind="limit",
    statement="Naive Bayes and logistic regression both have an excess error of order d/m, with constants in the ratio 1 : 1/(4 A0) for large d.",
    tex=r"m(\mathbb{E}R-R^*)\to\tfrac{\delta}{4}\varphi(\tfrac\delta2)\,c,\quad "
    r"c_{NB}=\tfrac{4(d-1)}{\delta^2}+1\,[+2(1-\textstyle\sum\delta_i^4/\delta^4)],\quad c_{LR}=\tfrac{d}{A_0\delta^2}-\tfrac4{\delta^2},"
    r"\quad\text{random counts: }+\tfrac4{\delta^2}",
    source="derived here; the comparison of the two goes back to Efron (1975)",
)


SHOWN = (("known", False), ("pooled", False), ("known", True))


def naive_bayes_excess(gaps: list[float], multiplicities: list[int], sample_size: int, variance: str, random_counts: bool) -> float:
    """Return m times the exact excess error of naive Bayes."""
    distance = float(np.sqrt(np.dot(multiplicities, np.square(gaps))))
    if random_counts:
        error = theory.naive_bayes_expected_error_random_counts(gaps, multiplicities, sample_size, variance=variance)
    else:
        error = theory.naive_bayes_expected_error(gaps, multiplicities, sample_size // 2, sample_size // 2, variance=variance)
    return sample_size * (error - float(ndtr(-distance / 2)))


@coefficients
@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
def test_naive_bayes_coefficient_is_the_limit(lab: Laboratory, variance: str) -> None:
    """Exact errors with fixed counts approach the coefficient at order 1/m; every part of it is needed."""
    rng = np.random.default_rng([lab.seed, len(variance)])
    designs = [
        ([2 / math.sqrt(10)], [10]),
        ([1.0, 0.3], [2, 6]),
        ([1.7], [1]),
        (list(rng.uniform(0.3, 1.3, 2)), [int(n) for n in rng.integers(1, 6, 2)]),
    ]
    for gaps, multiplicities in designs:
        sizes = np.array(lab.at_scale((400, 1600, 6400), (400, 1600, 6400, 25600)))
        exact = np.array([naive_bayes_excess(gaps, multiplicities, int(m), variance, False) for m in sizes])
        claimed = theory.naive_bayes_excess_coefficient(gaps, multiplicities, variance=variance, random_counts=False)
        # Twice extrapolated: what is left is of order 1/m^3.
        once = (4 * exact[1:] - exact[:-1]) / 3
        limit = float((16 * once[-1] - once[-2]) / 15)
        square, d = float(np.dot(multiplicities, np.square(gaps))), sum(multiplicities)
        scale = unit(math.sqrt(square))
        fourth = float(np.dot(multiplicities, np.power(gaps, 4))) / square**2
        wrong = {
            "d for d - 1": claimed + scale * 4 / square,
            "without the + 1": claimed - scale,
            "random counts": claimed + scale * 4 / square,
            "(d + 1)/m": unit(math.sqrt(square)) * 4 * (d + 1) / square + 1.0,
        }
        if variance == "pooled" and d > 1:
            wrong |= {"as if known": claimed - 2 * scale * (1 - fourth), "without sum delta_i^4": claimed + 2 * scale * fourth}
        if variance == "class":
            wrong["pooled"] = theory.naive_bayes_excess_coefficient(gaps, multiplicities, variance="pooled", random_counts=False)
            wrong["unit variance on the boundary"] = claimed + scale * 2 / square * float(np.dot(multiplicities, 2 - _quartic(gaps, square)))
        assert lab.identical(claimed, limit, relative=1e-4, refutes=wrong, question=f"{variance} variances, gaps {gaps}")
        if gaps == [1.0, 0.3] and variance != "class":
            # Elsewhere the term of order 1/m may nearly vanish.
            assert lab.limit(sizes, exact - claimed, order=1.0, within=0.1, refutes={"m^-1/2": 0.5, "m^-2": 2.0})


def _quartic(gaps: list[float], square: float) -> np.ndarray:
    """Return E[((X - a)^2 - 1)^2] for X of the variance that a feature keeps on the boundary, by quadrature."""
    parts = []
    for gap in gaps:
        deviation = math.sqrt(max(1 - gap**2 / square, 0.0))
        parts.append(quad(lambda z, s=deviation, a=gap / 2: ((s * z - a) ** 2 - 1) ** 2 * norm.pdf(z), -12, 12)[0])
    return np.array(parts)


@coefficients
def test_naive_bayes_with_random_counts(lab: Laboratory) -> None:
    """The estimated prior odds cost 4/delta^2 more, whatever the variances."""
    gaps, multiplicities, square = [2 / math.sqrt(10)], [10], 4.0
    for variance in ("known", "pooled"):
        claimed = theory.naive_bayes_excess_coefficient(gaps, multiplicities, variance=variance, random_counts=True)
        fixed = theory.naive_bayes_excess_coefficient(gaps, multiplicities, variance=variance, random_counts=False)
        exact = [naive_bayes_excess(gaps, multiplicities, m, variance, True) for m in (400, 1600)]
        wrong = {"no prior term": fixed, "twice": 2 * claimed - fixed, "2/delta^2": (claimed + fixed) / 2}
        assert lab.identical(claimed, (4 * exact[1] - exact[0]) / 3, relative=2e-4, refutes=wrong, question=f"{variance} variances")
        assert lab.identical(claimed - fixed, 4 / square * unit(2.0), relative=1e-12, refutes={"no cost": 0.0})
    values = [theory.naive_bayes_excess_coefficient(gaps, multiplicities, variance=v, random_counts=r) for v, r in SHOWN]
    assert lab.identical(values, [1.209854, 1.427627, 1.330839], absolute=6e-7, refutes={"one for all": [1.209854] * 3})


@coefficients
def test_fisher_weights(lab: Laboratory) -> None:
    """A0 and A2 against the definition, an expectation of p(1 - p) under the mixture; A0 = 1/4 is the value without any separation."""
    distances = [0.3, 1.0, 2.0, 3.0, 6.0, float(np.random.default_rng([lab.seed, 4]).uniform(0.5, 5.0))]

    def moment(distance: float, power: int) -> float:
        def integrand(z: float) -> float:
            mixture = (norm.pdf(z - distance / 2) + norm.pdf(z + distance / 2)) / 2
            return float(z**power * expit(distance * z) * expit(-distance * z) * mixture)

        return quad(integrand, -12 - distance, 12 + distance, points=[0.0], limit=200, epsabs=1e-15, epsrel=1e-11)[0]

    for distance in distances:
        seen = [moment(distance, 0), moment(distance, 2)]
        claimed = [theory.mean_fisher_weight(distance), theory.parallel_fisher_weight(distance)]
        gaussian = quad(lambda z, s=distance: norm.pdf(z) * expit(s * z) * expit(-s * z), -12, 12, points=[0.0])[0]
        wrong = {"1/4": [0.25, 0.25], "one class at the origin": [gaussian, seen[1]], "exchanged": seen[::-1]}
        assert lab.identical(claimed, seen, relative=1e-9, refutes=wrong)
    assert lab.identical(theory.mean_fisher_weight([1, 2, 3]), [0.198986, 0.112400, 0.0493106], absolute=6e-7, refutes={"1/4": [0.25] * 3})
    assert lab.identical(
        theory.large_dimension_excess_ratio([1, 2, 3]), [1.25637, 2.22420, 5.06990], absolute=6e-6, refutes={"equal efficiency": [1.0] * 3}
    )


@coefficients
@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
@pytest.mark.parametrize("gaps", [(0.7, 0.7, 0.7), (1.5, 0.2, -0.4, 0.0), (0.6,)])
def test_naive_bayes_coefficient_is_a_moment_on_the_boundary(lab: Laboratory, gaps: tuple[float, ...], variance: str) -> None:
    """phi(delta/2)/(4 delta) times m E[h^2 | log-odds 0], h the error of the log-odds, by quadrature over every feature on the boundary."""
    square = float(np.dot(gaps, gaps))
    known = class_part = pooled = 0.0
    for gap, quartic in zip(gaps, _quartic(list(gaps), square), strict=True):
        second = 1.0 - gap**2 / square
        known += 4.0 * second + gap**2
        pooled += 2.0 * gap**2 * second
        # Both classes alike: the feature is symmetric about the middle of the means.
        class_part += 2.0 * quartic
    whole = {"known": known, "pooled": known + pooled, "class": known + class_part}
    factor = norm.pdf(math.sqrt(square) / 2) / (4.0 * math.sqrt(square))
    for random_counts in (False, True):
        claimed = theory.naive_bayes_excess_coefficient(gaps, [1] * len(gaps), variance=variance, random_counts=random_counts)
        seen = factor * (whole[variance] + 4.0 * random_counts)
        wrong = {"the other counts": factor * (whole[variance] + 4.0 * (not random_counts)), "without phi(delta/2)": seen * 3}
        assert lab.identical(claimed, seen, relative=1e-9, refutes=wrong, question=f"{variance}, random counts {random_counts}")


@coefficients
@COUNTS
def test_ratio_for_many_features(lab: Laboratory, random_counts: bool) -> None:
    """Logistic regression over naive Bayes: the ratio approaches 1/(4 A0) at order 1/d, for fixed and for random counts alike, and exceeds 1."""
    for distance in (1.0, 2.0, 3.0):
        dimensions = np.array([50, 200, 800, 3200])
        naive = np.array(
            [
                theory.naive_bayes_excess_coefficient([distance / math.sqrt(d)], [int(d)], variance="known", random_counts=random_counts)
                for d in dimensions
            ]
        )
        ratio = theory.logistic_excess_coefficient(dimensions, distance, random_counts=random_counts) / naive
        claimed = theory.large_dimension_excess_ratio(distance)
        assert lab.limit(dimensions, ratio - claimed, order=1.0, within=0.1, refutes={"d^-1/2": 0.5, "d^-2": 2.0})
        wrong = {"equal": 1.0, "1/(2 A0)": 2 * claimed, "4 A0": 1 / claimed, "Efron's ratio for the intercept alone": claimed**2}
        assert lab.exact(float((4 * ratio[-1] - ratio[-2]) / 3)).agrees_with(claimed, relative=1e-3, refutes=wrong)
        assert lab.exact(float(ratio.min())).greater_than(1.0, refutes={"logistic regression is as good": 1.0})


@coefficients
@COUNTS
@pytest.mark.parametrize(("dimension", "distance", "sample_size"), [(5, 1.0, 20), (3, 2.0, 200), (1, 1.5, 40)])
def test_mean_of_the_score_at_every_sample_size(lab: Laboratory, dimension: int, distance: float, sample_size: int, random_counts: bool) -> None:
    """The control variate by itself, without any fit: the squared score has the mean that the limits are made of, at m = 20 as at any m."""
    setting = {"dimension": dimension, "mahalanobis_distance": distance, "sample_size": sample_size, "random_counts": random_counts}
    run = lab.run(simulate.sample_score_squares, statistics=("score_square", "parallel_score_square"), **setting)
    mean, parallel = score_means(dimension, distance, random_counts)
    other, _ = score_means(dimension, distance, not random_counts)
    wrong = {"the other counts": other, "A0 = 1/4": dimension / 4, "no intercept": mean - theory.mean_fisher_weight(distance)}
    assert run.mean("score_square").agrees_with(mean, absolute=0.4 * abs(other - mean), refutes=wrong)
    assert run.mean("parallel_score_square").agrees_with(parallel, relative=0.15, refutes={"A0": theory.mean_fisher_weight(distance)})
    # And the limits are these means, each in its unit.
    claimed = theory.logistic_excess_coefficient(dimension, distance, random_counts=random_counts)
    scaled = norm.pdf(distance / 2) / (4 * distance * theory.mean_fisher_weight(distance) ** 2) * mean
    wrong = {"the other counts": theory.logistic_excess_coefficient(dimension, distance, random_counts=not random_counts)}
    assert lab.identical(claimed, scaled, relative=1e-12, refutes=wrong, question="the coefficient is the mean of the control variate")
    loss = 0.5 * (mean / theory.mean_fisher_weight(distance) + 1.0)
    claimed = theory.logistic_loss_excess_coefficient(dimension, 2, distance, random_counts=random_counts)
    assert lab.identical(claimed, loss, relative=1e-12, refutes={"d/2": dimension / 2}, question="and that of the log loss")


@coefficients
@COUNTS
@SETTINGS
def test_logistic_coefficient(lab: Laboratory, dimension: int, distance: float, sample_size: int, margin: float, random_counts: bool) -> None:
    """Fits to raw training sets, the error exact given the fit."""
    run = logistic_run(lab, dimension, distance, sample_size, random_counts)
    claimed = theory.logistic_excess_coefficient(dimension, distance, random_counts=random_counts)
    group = [distance / math.sqrt(dimension)], [dimension]
    wrong = {
        "that of naive Bayes": theory.naive_bayes_excess_coefficient(*group, variance="known", random_counts=random_counts),
        "A0 = 1/4": unit(distance) * (4 * dimension - (0 if random_counts else 4)) / distance**2,
        "d + 1 parameters": claimed + unit(distance) / (theory.mean_fisher_weight(distance) * distance**2),
    }
    if dimension == 5:
        wrong["the other counts"] = theory.logistic_excess_coefficient(dimension, distance, random_counts=not random_counts)
    assert controlled_excess(run, dimension, distance, random_counts).agrees_with(claimed, absolute=margin, refutes=wrong)


@coefficients
@pytest.mark.parametrize(("dimension", "distance", "margin"), [(5, 1.0, 0.33), (10, 2.0, 0.7)])
def test_logistic_coefficient_without_a_control_variate(lab: Laboratory, dimension: int, distance: float, margin: float) -> None:
    """The plain mean on the same fits, at a wider margin: nothing but the errors of the fits enters."""
    claimed = theory.logistic_excess_coefficient(dimension, distance, random_counts=True)
    group = [distance / math.sqrt(dimension)], [dimension]
    wrong = {
        "that of naive Bayes": theory.naive_bayes_excess_coefficient(*group, variance="known", random_counts=True),
        "half": claimed / 2,
        "twice": 2 * claimed,
    }
    assert logistic_run(lab, dimension, distance, 400, True).mean("excess").agrees_with(claimed, absolute=margin, refutes=wrong)


@coefficients
@COUNTS
def test_log_loss_coefficient_of_two_classes(lab: Laboratory, random_counts: bool) -> None:
    """The excess log loss at m = 400 and 1600, extrapolated: half the number of parameters, less 2 A0 for fixed counts."""
    d, distance = 5, 1.0
    few, many = (controlled_loss(logistic_run(lab, d, distance, m, random_counts), d, distance, random_counts) for m in (400, 1600))
    claimed = theory.logistic_loss_excess_coefficient(d, 2, distance, random_counts=random_counts)
    wrong = {
        "the other counts": theory.logistic_loss_excess_coefficient(d, 2, distance, random_counts=not random_counts),
        "d/2": claimed - 0.5,
        "d + 1": claimed + (d + 1) / 2,
    }
    extrapolated = ((4 * many - few) / 3).named("m times the excess log loss, extrapolated in 1/m")
    assert extrapolated.agrees_with(claimed, absolute=0.2, refutes=wrong)
    assert few.greater_than(claimed, refutes={"approached from below": claimed - 0.1})


@coefficients
def test_log_loss_coefficient_of_several_classes(lab: Laboratory) -> None:
    """Multinomial fits with random counts: half the (K - 1)(d + 1) free parameters."""
    three, four = ((-1.0, 0.0, 1.0), 1, 200, 0.3), ((-1.0, 0.0, 1.0, 2.0), 2, 1600, 0.15)
    for positions, dimension, sample_size, margin in lab.at_scale((three,), (three, four)):
        gaps, multiplicities = ((1.0, 0.0), (1, dimension - 1)) if dimension > 1 else ((1.0,), (1,))
        setting = {"gaps": gaps, "multiplicities": multiplicities, "class_positions": positions, "sample_size": sample_size}
        classes = len(positions)
        claimed = theory.logistic_loss_excess_coefficient(dimension, classes, random_counts=True)
        wrong = {
            "K(d + 1)/2": classes * (dimension + 1) / 2,
            "two classes": (dimension + 1) / 2,
            "without intercepts": (classes - 1) * dimension / 2,
            "not halved": 2 * claimed,
        }
        assert lab.run(simulate.sample_multinomial_loss_excess, **setting).mean("loss_excess").agrees_with(claimed, relative=margin, refutes=wrong)


# LR-1 ------------------------------------------------------------------------------------------------------------------------------------

guarantee = claim(
    "LR-1",
    kind="bound",
    statement="Uniform convergence bounds the excess log loss by 4K(W R + B)/sqrt(m) and the excess error by m^(-1/4): true, and far from tight.",
    tex=r"\mathbb{E}[R_{\log}-R^*_{\log}]\le\frac{4K(WR+B)}{\sqrt m},\qquad\mathbb{E}[R-R^*]\le\sqrt{8K(WR+B)}\,m^{-1/4},\qquad R^2=\mathbb{E}|x|^2",
    source="derived here (vector contraction, then the consistency of the log loss); arXiv:2302.02334 (the order)",
)


@guarantee
@SETTINGS
def test_bound_and_truth(lab: Laboratory, dimension: int, distance: float, sample_size: int, margin: float) -> None:
    """The fits lie inside the class for which the bound is stated, and both excesses lie far below their bounds."""
    run = logistic_run(lab, dimension, distance, sample_size, True)
    moment = dimension + distance**2 / 4
    loss_bound = theory.uniform_convergence_bound(2, RADIUS, 0.5, moment, sample_size)
    # Unconstrained maximum likelihood is the constrained one when it lies inside.
    assert run.probability(above("weight_norm", RADIUS)).less_than(0.005, refutes={"one in a hundred outside": 0.01})
    loss = controlled_loss(run, dimension, distance, True) / sample_size
    assert loss.at_most(loss_bound, tightness=0.0)
    assert lab.refutes(loss.at_least(loss_bound / 20, tightness=0.0), "tight to a factor of 20")
    error = controlled_excess(run, dimension, distance, True) / sample_size
    error_bound = theory.excess_error_bound(2, RADIUS, 0.5, moment, sample_size)
    assert error.at_most(error_bound, tightness=0.0)
    assert lab.refutes(error.at_least(error_bound / 20, tightness=0.0), "the 0-1 bound is tight to a factor of 20")
    assert lab.exact(error_bound).greater_than(1.0, refutes={"it says something at this m": 0.5})
    value = theory.uniform_convergence_bound(2, 1.0, 0.1, 11.0, 400)
    assert lab.identical(value, 1.36665, absolute=6e-6, refutes={"without the intercept": value - 0.04, "2K": value / 2})


@guarantee
def test_log_loss_bounds_the_error_fit_by_fit(lab: Laboratory) -> None:
    """The excess error stays below sqrt(2 excess log loss) in every fit, with a ratio that is small, and smaller the more samples there are."""
    for dimension, distance, m in ((5, 1.0, 400), (10, 2.0, 400), (5, 1.0, 1600)):
        run = logistic_run(lab, dimension, distance, m, True)
        assert run.probability(above("consistency_ratio", RATIO)).less_than(0.01, refutes={"attained once in fifty fits": 0.02})
    # The ratio goes like m^-1 over m^-1/2.
    small, large = (
        lab.run(simulate.sample_logistic_excess, dimension=2, mahalanobis_distance=1.0, sample_size=m, random_counts=True).mean("consistency_ratio")
        for m in (100, 400)
    )
    slope = lab.exponent((100, 400), (small, large))
    assert slope.agrees_with(-0.5, absolute=0.12, refutes={"the ratio stays": 0.0, "m^-1": -1.0, "m^-1/4": -0.25})


@guarantee
@COUNTS
def test_rates_in_the_sample_size(lab: Laboratory, random_counts: bool) -> None:
    """Exponents over m = 400, 1600 (and 6400): both excesses fall like 1/m, where the bounds fall like m^-1/2 and m^-1/4."""
    d, distance, sizes = 5, 1.0, lab.at_scale((400, 1600), (400, 1600, 6400))
    runs = [logistic_run(lab, d, distance, m, random_counts) for m in sizes]
    bounds = [lab.exact(theory.uniform_convergence_bound(2, RADIUS, 0.5, d + 0.25, m)) for m in sizes]
    errors = [lab.exact(theory.excess_error_bound(2, RADIUS, 0.5, d + 0.25, m)) for m in sizes]
    assert lab.exponent(sizes, bounds).agrees_with(-0.5, absolute=1e-9, refutes={"1/m": -1.0})
    assert lab.exponent(sizes, errors).agrees_with(-0.25, absolute=1e-9, refutes={"1/m": -1.0})
    wrong = {"m^-1/2, the rate of the bound, is tight": -0.5, "m^-2": -2.0, "m^-3/2": -1.5}
    losses = [controlled_loss(run, d, distance, random_counts) / m for run, m in zip(runs, sizes, strict=True)]
    assert lab.exponent(sizes, losses).agrees_with(-1.0, absolute=0.15, refutes=wrong)
    wrong = {"m^-1/4, the rate of the bound, is tight": -0.25, "m^-1/2": -0.5, "m^-3/2": -1.5}
    excesses = [controlled_excess(run, d, distance, random_counts) / m for run, m in zip(runs, sizes, strict=True)]
    assert lab.exponent(sizes, excesses).agrees_with(-1.0, absolute=0.15, refutes=wrong)


@guarantee
@pytest.mark.parametrize(("class_count", "dimension", "distance"), [(2, 10, 2.0), (3, 40, 3.0)])
def test_rademacher_average(lab: Laboratory, class_count: int, dimension: int, distance: float) -> None:
    """The first step of the bound is nearly tight, at any m: K W sqrt(E|x|^2 / m); the looseness comes with the second, contraction."""
    m = 50
    run = lab.run(simulate.sample_rademacher_average, class_count=class_count, dimension=dimension, mahalanobis_distance=distance, sample_size=m)
    moment = dimension + distance**2 / 4
    bound = theory.rademacher_bound(class_count, 1.0, 0.0, moment, m) * math.sqrt(m)
    wrong = {"one score": bound / class_count, "sqrt(K)": bound / math.sqrt(class_count), "R^2 = d": class_count * math.sqrt(dimension) * 0.9}
    assert run.mean("weights").at_most(bound, tightness=0.95, refutes=wrong)
    part = theory.rademacher_bound(class_count, 1.0, 1.0, moment, m) * math.sqrt(m) - bound
    # E|N(0, 1)| of every score, to order 1/m.
    assert run.mean("intercepts").agrees_with(class_count * math.sqrt(2 / math.pi), relative=0.05, refutes={"the bound is attained": part})
    whole = [theory.uniform_convergence_bound(class_count, 0.7, 0.2, moment, m), theory.excess_error_bound(class_count, 0.7, 0.2, moment, m) ** 2]
    first = theory.rademacher_bound(class_count, 0.7, 0.2, moment, m)
    small = theory.rademacher_bound(class_count, 0.7, 0.2, 0.3, 5)
    wrong = {"R^2 for R": class_count * (0.7 * 0.3 + 0.2) / math.sqrt(5), "no intercept": class_count * 0.7 * math.sqrt(0.3 / 5)}
    assert lab.identical(small, class_count * (0.7 * math.sqrt(0.3) + 0.2) / math.sqrt(5), relative=1e-13, refutes=wrong, question="the formula")
    assert lab.identical(whole, [4 * first, 8 * first], relative=1e-12, refutes={"symmetrisation alone": [2 * first, 4 * first]})


@guarantee
def test_lipschitz_constant_of_the_log_loss(lab: Laboratory) -> None:
    """Random pairs of score vectors, K = 2, 3, 10: the log loss changes by at most sqrt(2) times their distance, and nearly as much."""
    rng = np.random.default_rng([lab.seed, 6])
    for classes in (2, 3, 10):
        scores = rng.normal(size=(20_000, classes)) * np.exp(rng.uniform(-3, 3, (20_000, 1)))
        # From a wrong answer that is certain, away from the true class and towards the other: the steepest place.
        scores[:1000, 0], scores[:1000, 1] = -20.0, 20.0
        step = rng.normal(size=scores.shape) * 0.01
        step[:1000] = 0.0
        step[:1000, 0], step[:1000, 1] = -0.01, 0.01
        loss = [np.logaddexp.reduce(s, axis=1) - s[:, 0] for s in (scores, scores + step)]
        ratio = np.abs(loss[1] - loss[0]) / np.linalg.norm(step, axis=1)
        wrong = {"1": 1.0, "2": 2.0, "sqrt(K)": math.sqrt(classes) if classes > 2 else 1.0, "sqrt(1 - 1/K)": math.sqrt(1 - 1 / classes)}
        assert lab.exact(float(ratio.max()), 1e-9).at_most(math.sqrt(2) + 1e-8, tightness=0.99, refutes=wrong)


@guarantee
def test_sample_size_that_the_bound_asks_for(lab: Laboratory) -> None:
    """The inverse of the bound: linear in d, and orders of magnitude above what is needed, which is linear in d as well."""
    rng = np.random.default_rng([lab.seed, 7])
    for _ in range(5):
        classes, d = int(rng.integers(2, 8)), int(rng.integers(2, 200))
        radius, intercept, eps = rng.uniform(0.5, 3), rng.uniform(0, 2), rng.uniform(0.05, 0.6)
        m = theory.excess_error_sample_size(classes, radius, intercept, float(d), eps)
        explicit = 64 * classes**2 * (radius * math.sqrt(d) + intercept) ** 2 / eps**4
        wrong = {"8K for (8K)^2": m / (8 * classes), "eps^2": m * eps**2, "R^2 for R": 64 * classes**2 * (radius * d + intercept) ** 2 / eps**4}
        assert lab.identical(m, explicit, relative=1e-12, refutes=wrong)
        at = theory.excess_error_bound(classes, radius, intercept, float(d), math.ceil(m))
        assert lab.exact(at).at_most(eps, tightness=0.9, refutes={"twice eps": 2 * eps})
    dimensions = [10**3, 10**4, 10**5]
    # Two classes 2 apart and an excess error of 0.01: what the bound asks for, and what the limit of m times the excess says is enough.
    asked = [theory.excess_error_sample_size(2, 1.0, 0.0, d + 1.0, 0.01) for d in dimensions]
    needed = [theory.logistic_excess_coefficient(d, 2.0, random_counts=True) / 0.01 for d in dimensions]
    for sizes in (asked, needed):
        assert lab.exponent(dimensions, [lab.exact(float(m)) for m in sizes]).agrees_with(1.0, absolute=0.01, refutes={"sqrt(d)": 0.5, "d^2": 2.0})
    assert lab.exact(asked[-1] / needed[-1]).greater_than(1e6, refutes={"a constant factor": 100.0})
