"""arXiv:2302.02334, "two regimes": naive Bayes needs fewer samples, logistic regression ends lower; and mixtures in which it is otherwise.

Features come in adjacent pairs of correlation rho, and only the first of a pair tells the two classes apart; delta_NB is the distance that naive
Bayes believes in, sqrt(sum of squared standardised gaps). "Scaled": the pairs among the first d/2 features have standard deviation sqrt(d), others 1.
m sample_size, in fixed equal class counts unless said; the ridge penalty of logistic regression (LR) is 1, that of the paper.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr

from theorylab.laboratory import Laboratory
from theorylab.models.gaussian_mixture import grouped_mixture
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Run

PAPER = "arXiv:2302.02334"
TWO_REGIMES = theory.pairs_design(0.4, 40, 3.0)
THREE_REGIMES = theory.pairs_design(0.3, 40, 3.0, scaled=False)
INDEPENDENT = theory.pairs_design(0.0, 40, 3.0)
STRONG = theory.pairs_design(0.8, 20, 2.0)


def paired(lab: Laboratory, design: dict, sample_size: int, **options: float) -> Run:
    """Return the run of both methods on the same training sets of so many samples, half of them of each class."""
    half = sample_size // 2
    statistics = ("naive_bayes", "logistic", "difference")
    return lab.run(simulate.sample_paired_errors, statistics=statistics, ridge=1.0, class_counts=(half, half), **design, **options)


def asymptotic_errors(design: dict) -> tuple[float, float]:
    """Return the errors of naive Bayes and of logistic regression with unlimited data."""
    mixture = grouped_mixture(**design)
    gap = mixture.class_means[0] - mixture.class_means[1]
    return float(theory.naive_bayes_asymptotic_error(gap, mixture.covariance)), float(theory.bayes_error(gap, mixture.covariance))


# TR-1 ------------------------------------------------------------------------------------------------------------------------------------

regimes = claim(
    "TR-1",
    kind="ordering",
    statement="In pairs of correlation .4 naive Bayes wins up to m = 400 and LR from 800 on; other mixtures have one regime or three.",
    tex=r"\mathbb{E}[R(\mathrm{NB}_m)-R(\mathrm{LR}_m)]<0\;(m\le400),\quad>0\;(m\ge800),\qquad "
    r"R(\mathrm{NB}_\infty)=\Phi(-\tfrac{\delta_{NB}}2),\;R(\mathrm{LR}_\infty)=\Phi\Big(-\tfrac{\delta_{NB}}{2\sqrt{1-\rho^2}}\Big)",
    source=f"{PAPER}, for the two regimes; the mixtures, the exact asymptotes and the exceptions are derived here",
)


@regimes
@pytest.mark.parametrize(
    ("sample_size", "low", "high"), [(10, -0.08, -0.02), (40, -0.11, -0.055), (200, -0.03, -0.01), (400, -0.006, -0.0005), (800, 0.003, 0.011)]
)
def test_two_regimes(lab: Laboratory, sample_size: int, low: float, high: float) -> None:
    """Error of naive Bayes minus error of LR on the same training sets: negative up to m = 400, positive at 800."""
    difference = paired(lab, TWO_REGIMES, sample_size).mean("difference")
    naive_bayes, logistic = asymptotic_errors(TWO_REGIMES)
    wrong = {"no difference": 0.0, "the difference with unlimited data": naive_bayes - logistic, "the opposite sign": -0.5 * (low + high)}
    assert difference.inside(low, high, refutes=wrong)


@regimes
def test_second_regime_lasts(lab: Laboratory) -> None:
    """LR passes below the asymptote of naive Bayes, which naive Bayes never does, and stays above its own."""
    naive_bayes, logistic = asymptotic_errors(TWO_REGIMES)
    for m in lab.at_scale((800,), (800, 1600, 3200)):
        run = paired(lab, TWO_REGIMES, m)
        assert run.mean("naive_bayes").greater_than(naive_bayes, refutes={"it reaches the error of LR": logistic})
        assert run.mean("logistic").less_than(naive_bayes, refutes={"the asymptote of naive Bayes": naive_bayes})
        assert run.mean("logistic").greater_than(logistic, refutes={"its own asymptote": logistic})
    if lab.scale == "full":
        assert paired(lab, TWO_REGIMES, 1600).mean("difference").inside(0.0105, 0.0135, refutes={"as at m = 800": 0.0073, "unlimited data": 0.016})


@regimes
@pytest.mark.parametrize(("correlation", "dimension", "distance"), [(0.4, 4, 3.0), (-0.7, 6, 1.3), (0.99, 14, 2.2)])
def test_designs_are_the_mixtures_described(lab: Laboratory, correlation: float, dimension: int, distance: float) -> None:
    """Gap delta_NB / sqrt(d/2) on the first of each pair; scaled, the first floor(d/4) pairs have standard deviation sqrt(d), and nobody else has."""
    pairs = dimension // 2
    for scaled in (True, False):
        mixture = grouped_mixture(**theory.pairs_design(correlation, dimension, distance, scaled=scaled))
        deviations = np.array([math.sqrt(dimension) if scaled and i // 2 < dimension // 4 else 1.0 for i in range(dimension)])
        gap = np.array([0.0 if i % 2 else distance / math.sqrt(pairs) for i in range(dimension)]) * deviations
        expected = np.vstack([gap, np.outer(deviations, deviations) * np.kron(np.eye(pairs), [[1.0, correlation], [correlation, 1.0]])])
        seen = np.vstack([mixture.class_means[0] - mixture.class_means[1], mixture.covariance])
        wrong = {
            "the other half": np.vstack([gap[::-1], expected[1:]]),
            "delta / sqrt(d)": np.vstack([gap / math.sqrt(2), expected[1:]]),
            "the opposite correlation": np.vstack([gap, 2 * np.diag(np.diag(expected[1:])) - expected[1:]]),
        }
        assert lab.identical(seen, expected, absolute=1e-13 * dimension, refutes=wrong, question=f"gap and covariance, scaled {scaled}")
        reached = theory.naive_bayes_distance(seen[0], mixture.covariance)
        assert lab.identical(reached, distance, relative=1e-12, refutes={"the distance of the Bayes rule": distance / math.sqrt(1 - correlation**2)})


@regimes
@pytest.mark.parametrize("design", [TWO_REGIMES, THREE_REGIMES, INDEPENDENT, STRONG], ids=["rho=.4", "rho=.3", "rho=0", "rho=.8"])
def test_asymptotes(lab: Laboratory, design: dict) -> None:
    """The two levels: naive Bayes believes in independent pairs, and within a pair the second feature cancels noise of the first."""
    rho = design["pair_correlation"]
    distance = math.sqrt(sum(gap**2 * count for gap, count in zip(design["gaps"], design["multiplicities"], strict=True)))
    expected = ndtr([-distance / 2, -distance / 2 / math.sqrt(1 - rho**2)])
    wrong = {"twice the distance": ndtr([-distance, -distance / math.sqrt(1 - rho**2)])}
    if rho:
        wrong |= {
            "no price of dependence": np.full(2, expected[1]),
            "1 - rho for 1 - rho^2": (expected[0], ndtr(-distance / 2 / math.sqrt(1 - rho))),
        }
    assert lab.identical(asymptotic_errors(design), expected, relative=1e-12, refutes=wrong)


@regimes
@pytest.mark.parametrize(("sample_size", "sign"), [(40, -1), (200, -1), (800, 1)])
def test_two_regimes_with_random_counts(lab: Laboratory, sample_size: int, sign: int) -> None:
    """The same with labels drawn like the features, as in the paper."""
    run = lab.run(simulate.sample_paired_errors, ridge=1.0, sample_size=sample_size, **TWO_REGIMES)
    assert (float(sign) * run.mean("difference")).greater_than(0.0, refutes={"no difference": 0.0})


@regimes
def test_layout_decides_about_the_first_regime(lab: Laboratory) -> None:
    """With the large standard deviation on exactly the features that tell the classes apart, LR is better at m = 10; naive Bayes only afterwards."""
    d = 40
    aligned = {**theory.pairs_design(0.4, d, 3.0, scaled=False), "standard_deviations": (math.sqrt(d),)}
    signal_first = paired(lab, aligned, 10, partner_scale=1.0 / math.sqrt(d))
    assert signal_first.mean("difference").inside(0.045, 0.085, refutes={"no difference": 0.0, "as with scaled pairs": -0.048})
    assert paired(lab, aligned, 40, partner_scale=1.0 / math.sqrt(d)).mean("difference").less_than(0.0, refutes={"LR always wins": 0.0})
    # Naive Bayes notices none of it.
    other = paired(lab, TWO_REGIMES, 10).mean("naive_bayes")
    assert (signal_first.mean("naive_bayes") / other).agrees_with(1.0, relative=0.06, refutes={"the change of LR": 0.6})


@regimes
def test_independent_features_have_no_second_regime(lab: Laboratory) -> None:
    """With rho = 0 naive Bayes is the true model: LR is worse at every m, by ever less, and both have one asymptote."""
    for m in lab.at_scale((10, 40, 200, 800), (10, 40, 100, 200, 400, 800, 1600, 3200)):
        difference = paired(lab, INDEPENDENT, m).mean("difference")
        assert difference.less_than(0.0, refutes={"a crossing before m": 0.0, "the two regimes of rho = .4 at m = 800": 0.0073})
    assert paired(lab, INDEPENDENT, 800).mean("difference").inside(-0.014, -0.006, refutes={"no difference": 0.0, "as at m = 200": -0.03})
    levels = asymptotic_errors(INDEPENDENT)
    assert lab.identical(levels[0], levels[1], relative=1e-12, refutes={"the level of rho = .4": asymptotic_errors(TWO_REGIMES)[1]})


@regimes
@pytest.mark.parametrize("sample_size", [10, 40])
def test_naive_bayes_of_the_pairs_is_the_exact_one(lab: Laboratory, sample_size: int) -> None:
    """On independent pairs the error of naive Bayes in these runs is that of the exact formula."""
    half = sample_size // 2
    # The second features carry no mean: a group of gap 0.
    gaps, pairs = (INDEPENDENT["gaps"][0], 0.0), (20, 20)
    exact = {variance: float(theory.naive_bayes_expected_error(gaps, pairs, half, half, variance=variance)) for variance in ("pooled", "known")}
    without_partners = float(theory.naive_bayes_expected_error(gaps[:1], pairs[:1], half, half, variance="pooled"))
    wrong = {"known variances": exact["known"], "the second features left out": without_partners}
    assert paired(lab, INDEPENDENT, sample_size).mean("naive_bayes").agrees_with(exact["pooled"], relative=0.03, refutes=wrong)


@regimes
def test_three_regimes(lab: Laboratory) -> None:
    """Unscaled, rho = .3: LR is better at m = 10, where ten samples are too few for forty variances; naive Bayes in between; LR at the end."""
    first = {10: (0.01, 0.04), 40: (-0.018, -0.004), 120: (-0.023, -0.009), 1600: (0.0025, 0.0065)}
    for m, (low, high) in lab.at_scale(first, {**first, 400: (-0.009, -0.003), 800: (0.0001, 0.002)}).items():
        wrong = {"no difference": 0.0, "the opposite order": -0.5 * (low + high)}
        assert paired(lab, THREE_REGIMES, m).mean("difference").inside(low, high, refutes=wrong)


@regimes
def test_strong_dependence_leaves_naive_bayes_no_regime(lab: Laboratory) -> None:
    """With rho = .8, d = 20, delta_NB = 2: LR is better at every m from 10 on, and its limit less than a third."""
    for m in lab.at_scale((10, 20, 40, 100, 400), (10, 14, 20, 40, 100, 200, 400, 800)):
        assert paired(lab, STRONG, m).mean("difference").greater_than(0.0, refutes={"naive Bayes wins first": 0.0})
    naive_bayes, logistic = asymptotic_errors(STRONG)
    assert lab.exact(logistic / naive_bayes).inside(0.28, 1 / 3, refutes={"the ratio at rho = .4": 0.761, "as good": 1.0})
