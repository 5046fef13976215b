"""arXiv:2302.02334: the Bayes error of K classes on a line, and so of the paper's own mixture.

a_k class_positions on the line, kappa precision_sum, the squared distance of two classes one unit apart. The other side is an integral over one
dimension, the errors of linear rules, or drawn points.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.models.gaussian_mixture import grouped_mixture, linear_rule_error
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

collinear = claim(
    "NB-3",
    kind="identity",
    statement="K classes with means on a line: the Bayes error, here naive Bayes's too, is a sum over neighbours, not 0 in the paper's design.",
    tex=r"R(\mathrm{Bayes})=R(\mathrm{NB}_\infty)=\frac2K\sum_{\text{neighbours}}\Phi\Big(-\frac{\mathrm{gap}\,\sqrt\kappa}2\Big),"
    r"\quad\kappa=\mathbf 1^\top\Sigma^{-1}\mathbf 1=\frac{\lfloor d/2\rfloor}d+d-\lfloor d/2\rfloor",
    source="derived here, for the simulations of arXiv:2302.02334",
)


# mu_k = a_k (1, ..., 1).
POSITIONS = (-1, 1, 2, 4, 8, 16, 32)


def precision_sum(dimension: int) -> float:
    """Return kappa of the paper's design: floor(d/2) features of variance d, the others of variance 1."""
    return dimension // 2 / dimension + dimension - dimension // 2


def bayes_error(classes: int, dimension: int) -> float:
    """Return the claimed Bayes error of the paper's design."""
    return float(theory.collinear_bayes_error(POSITIONS[:classes], precision_sum(dimension)))


def integrated_error(positions: Any, kappa: float) -> float:
    """Return 1 - (1/K) integral of the largest class density of the sufficient projection, which is N(a_k kappa, kappa)."""
    centres, spread = np.sort(np.asarray(positions, dtype=float)) * kappa, math.sqrt(kappa)
    cuts = [-np.inf, *(0.5 * (centres[1:] + centres[:-1])), np.inf]
    pieces = [quad(lambda t: norm.pdf(t, centres, spread).max(), *ends, epsabs=1e-14, epsrel=1e-12)[0] for ends in pairwise(cuts)]
    return 1.0 - sum(pieces) / len(centres)


@collinear
def test_sum_over_neighbours_is_the_integral(lab: Laboratory) -> None:
    """Random positions and precisions: one minus the integral of the largest density."""
    rng = np.random.default_rng([lab.seed, 21])
    claimed, seen, wrong = (
        [],
        [],
        {"all pairs": [], "1/K": [], "each end counted twice": [], "equal gaps": [], "no 1/2": [], "kappa, not its root": []},
    )
    for _ in range(lab.at_scale(25, 300)):
        classes = int(rng.integers(2, 8))
        positions, kappa = rng.normal(size=classes) * 2, rng.uniform(0.3, 3.0)
        steps = np.diff(np.sort(positions))
        claimed.append(theory.collinear_bayes_error(positions, kappa))
        seen.append(integrated_error(positions, kappa))
        pairs = np.abs(np.subtract.outer(positions, positions))[np.triu_indices(classes, 1)]
        wrong["all pairs"].append(2 / classes * norm.sf(pairs * math.sqrt(kappa) / 2).sum())
        wrong["1/K"].append(claimed[-1] / 2)
        wrong["each end counted twice"].append(claimed[-1] + norm.sf(steps[[0, -1]] * math.sqrt(kappa) / 2).sum() / classes)
        wrong["equal gaps"].append(2 * (classes - 1) / classes * norm.sf(steps.mean() * math.sqrt(kappa) / 2))
        wrong["no 1/2"].append(2 / classes * norm.sf(steps * math.sqrt(kappa)).sum())
        wrong["kappa, not its root"].append(2 / classes * norm.sf(steps * kappa / 2).sum())
    assert lab.identical(claimed, seen, absolute=1e-10, refutes=wrong)


@collinear
@pytest.mark.parametrize("dimension", [10, 11, 40])
def test_paper_design_by_other_routes(lab: Laboratory, dimension: int) -> None:
    """Two classes by the general covariance, three by the linear rule that naive Bayes fits, any number by naive Bayes's own distance."""
    whole = precision_sum(dimension)
    mixture = grouped_mixture(**theory.paper_design(3, dimension))
    half = {"(1 + d) / 2": (1 + dimension) / 2} if dimension % 2 else {}
    wrong = {"d": dimension, "all variances d": 1.0, "d / 2": dimension / 2, **half}
    assert lab.identical(whole, np.sum(mixture.standard_deviations**-2.0), relative=1e-13, refutes=wrong, question="kappa")
    means = np.outer(POSITIONS[:3], np.ones(dimension))
    assert lab.identical(means, mixture.class_means, absolute=1e-13, refutes={"a in equal steps": means - (means > 1)}, question="class means")

    variances = np.repeat([dimension, 1.0], [dimension // 2, dimension - dimension // 2])
    gap, sigma = np.full(dimension, 2.0), np.diag(variances)
    two = theory.collinear_bayes_error((-1.0, 1.0), whole)
    wrong = {"kappa = d": theory.collinear_bayes_error((-1.0, 1.0), dimension), "one unit apart": theory.collinear_bayes_error((0.0, 1.0), whole)}
    routes = [theory.bayes_error(gap, sigma), theory.naive_bayes_asymptotic_error(gap, sigma)]
    assert lab.identical([two] * 2, routes, relative=1e-10, refutes={label: [value] * 2 for label, value in wrong.items()})

    weights = mixture.class_means / mixture.standard_deviations**2
    intercepts = -0.5 * (weights * mixture.class_means).sum(axis=1)
    three = float(linear_rule_error(weights[None], intercepts[None], mixture)[0])
    narrow = 2 / 3 * norm.sf(math.sqrt(whole) / 2)
    wrong = {"the nearest neighbours alone": narrow, "two classes": two, "the official code's 0": 0.0}
    assert lab.identical(theory.collinear_bayes_error(POSITIONS[:3], whole), three, absolute=1e-12, refutes=wrong)
    distance = theory.naive_bayes_distance(np.ones(dimension), sigma)
    assert lab.identical(distance**2, whole, relative=1e-12, refutes={"distance": distance})


PRINTED = [(2, 10, 0.00950824), (3, 40, 0.00786318), (5, 100, 7.6124e-5), (7, 40, 0.00337079)]


@collinear
def test_printed_values(lab: Laboratory) -> None:
    """The paper's design at four sizes, and its order of magnitude at the sizes of the paper's simulations."""
    claimed, printed = np.array([bayes_error(k, d) for k, d, _ in PRINTED]), np.array([value for _, _, value in PRINTED])
    wrong = {"kappa = d": [theory.collinear_bayes_error(POSITIONS[:k], d) for k, d, _ in PRINTED] / printed, "half": np.full(4, 0.5)}
    assert lab.identical(claimed / printed, np.ones(4), absolute=1e-5, refutes=wrong)
    large = [bayes_error(classes, dimension) for classes in (3, 5, 7) for dimension in (100, 200, 400, 1000)]
    assert lab.exact(max(large)).inside(1.2e-4, 1.3e-4, refutes={"0": 0.0})
    assert lab.exact(min(large)).less_than(1e-27)
    assert lab.refutes(lab.exact(max(large)).at_most(1e-6, tightness=0.0), "the Bayes error is 0 to six digits from d = 100 on")


@collinear
@pytest.mark.parametrize(("classes", "dimension"), [(2, 10), (3, 40), (5, 20), (7, 40)])
def test_drawn_points_of_the_paper_design(lab: Laboratory, classes: int, dimension: int) -> None:
    """Points of every class, projected: the mean error and, for three classes, that of each; the official code stores 0 for (3, 40)."""
    kappa, claimed = precision_sum(dimension), bayes_error(classes, dimension)
    run = lab.run(simulate.sample_collinear_classes, **theory.paper_design(classes, dimension))
    wrong = {"0": 0.0, "half": claimed / 2, "kappa = d": theory.collinear_bayes_error(POSITIONS[:classes], dimension)}
    assert run.mean("error").agrees_with(claimed, relative=0.1, refutes=wrong)
    if (classes, dimension) == (3, 40):
        assert lab.refutes(run.mean("error").agrees_with(0.0, absolute=0.005), "the Bayes error at K = 3, d = 40 is 0")
        inner = norm.sf(math.sqrt(kappa) / 2)
        for label, (share, other) in {1: (inner + norm.sf(math.sqrt(kappa)), inner / 2), 2: (inner, 2 * inner)}.items():
            assert run.probability(f"wrong[{label}]").agrees_with(share, relative=0.1, refutes={"0": 0.0, "sides miscounted": other})
    if (classes, dimension) == (5, 20):
        inner, outer = norm.sf(math.sqrt(kappa) / 2), norm.sf(math.sqrt(kappa))
        # Classes 1 and 2 are neighbours one unit apart, class 2 has another one two units away, class 4 has none nearer than four.
        assert (run.mean("wrong[1]") - run.mean("wrong[0]")).agrees_with(inner, relative=0.1, refutes={"alike": 0.0})
        assert run.probability("wrong[2]").agrees_with(inner + outer, relative=0.05, refutes={"both sides alike": 2 * inner})


@collinear
@pytest.mark.parametrize("dimension", [6, 15])
def test_raw_points_of_the_paper_design(lab: Laboratory, dimension: int) -> None:
    """All d features of points of three classes, classified by the densities: naive Bayes is the Bayes rule."""
    means = tuple((float(a),) * dimension for a in POSITIONS[:3])
    variances = [dimension if i < dimension // 2 else 1.0 for i in range(dimension)]
    sigma = tuple(tuple(variances[i] if i == j else 0.0 for j in range(dimension)) for i in range(dimension))
    run = lab.run(simulate.sample_correlated_classes, statistics=("naive_bayes", "bayes"), class_means=means, covariance=sigma)
    claimed = bayes_error(3, dimension)
    wrong = {"kappa = d": theory.collinear_bayes_error(POSITIONS[:3], dimension), "2/K -> 1/K": claimed / 2}
    for rule in ("naive_bayes", "bayes"):
        assert run.probability(rule).agrees_with(claimed, relative=0.08, refutes=wrong)


@collinear
@pytest.mark.parametrize(("classes", "dimension"), [(2, 2), (3, 6), (4, 7), (5, 9), (7, 12)])
def test_designs_are_the_mixtures_of_the_simulations(lab: Laboratory, classes: int, dimension: int) -> None:
    """Means a_k (1, ..., 1), half of the variances d; as the code rescales it, less 2^(K-3) and divided by it, the Bayes error stays the same."""
    unit = 2.0 ** (classes - 3) if classes > 2 else 1.0
    means = np.outer(POSITIONS[:classes], np.ones(dimension))
    deviations = np.array([math.sqrt(dimension) if i < dimension // 2 else 1.0 for i in range(dimension)])
    errors = []
    for rescaled in (False, True):
        design = theory.paper_design(classes, dimension, rescaled=rescaled)
        mixture = grouped_mixture(**design)
        moved = rescaled and classes > 2
        expected = np.vstack([(means - unit) / unit, deviations / unit] if moved else [means, deviations])
        wrong = {"not shifted": np.vstack([means / unit, expected[-1]]), "shifted twice": np.vstack([means - 2 * unit, deviations])} if moved else {}
        wrong |= {"features in the other order": np.vstack([expected[:-1], expected[-1, ::-1]]), "standard deviation d": expected * deviations}
        seen = np.vstack([mixture.class_means, mixture.standard_deviations])
        assert lab.identical(seen, expected, absolute=1e-12, refutes=wrong, question=f"means and deviations, rescaled {rescaled}")
        errors.append(theory.grouped_bayes_error(**design))
    wrong = {"kappa = d": theory.collinear_bayes_error(POSITIONS[:classes], dimension)}
    assert lab.identical(errors, [bayes_error(classes, dimension)] * 2, relative=1e-12, refutes=wrong, question="Bayes errors of both")


@collinear
def test_isotropic_control_and_one_feature(lab: Laboratory) -> None:
    """Means -1 and 1 at variance 4 in d features: the error Phi(-sqrt(d)/2); in one dimension that of two normal densities, by integration."""
    for dimension in (1, 2, 9):
        mixture = grouped_mixture(**theory.isotropic_design(dimension))
        seen = np.vstack([mixture.class_means, mixture.standard_deviations])
        expected = np.outer([-1.0, 1.0, 2.0], np.ones(dimension))
        wrong = {"variance 1": expected * [[1.0], [1.0], [0.5]], "classes exchanged": expected * [[-1.0], [-1.0], [1.0]]}
        assert lab.identical(seen, expected, absolute=1e-14, refutes=wrong, question="means and deviations")
        error = theory.grouped_bayes_error(**theory.isotropic_design(dimension))
        wrong = {"variance 1": norm.sf(math.sqrt(dimension)), "one unit apart": norm.sf(math.sqrt(dimension) / 4)}
        assert lab.identical(error, integrated_error((-1.0, 1.0), dimension / 4), absolute=1e-12, refutes=wrong)
    # Four groups in general position, whatever their units.
    gaps, counts = np.array([0.3, -0.8, 0.05, 1.1]), np.array([3, 1, 4, 2])
    positions, kappa = (0.7, -0.4, 2.5), float(counts @ gaps**2)
    error = theory.grouped_bayes_error(gaps, counts, class_positions=positions, standard_deviations=(3.0, 0.1, 1.0, 7.0))
    wrong = {"one feature of each": integrated_error(positions, gaps @ gaps), "a sum of gaps": integrated_error(positions, abs(counts @ gaps))}
    assert lab.identical(error, integrated_error(positions, kappa), absolute=1e-11, refutes=wrong, question="groups of like features")
    two = theory.grouped_bayes_error(gaps, counts)
    assert lab.identical(two, norm.sf(math.sqrt(kappa) / 2), relative=1e-12, refutes={"one class at 0": norm.sf(math.sqrt(kappa) / 4)})
