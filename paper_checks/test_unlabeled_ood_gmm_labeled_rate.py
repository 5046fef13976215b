"""arXiv:2310.00027, how fast the excess risk of the mean of labelled samples falls, under attack too, and its proportional limit.

d dimension, m labeled_size, s = |mu0|/sigma0 half_distance; excess is the risk less Phi(-s).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Run


def rule_run(lab: Laboratory, dimension: int, labeled_size: int, half_distance: float, radius: float = 0.0) -> Run:
    """Return the mean rules that all questions about one setting share."""
    setting = {"dimension": dimension, "labeled_size": labeled_size, "half_distance": half_distance, "radius": radius}
    return lab.run(simulate.sample_mean_rule, statistics=("risk", "excess"), **setting)


# OOD-4 -----------------------------------------------------------------------------------------------------------------------------------

rate = claim(
    "OOD-4",
    kind="rate",
    statement="The mean rule's excess risk is of order d/m, (d - 1) phi(s)/(2 m s), not (d/m)^(1/2); for m/d fixed its risk has a limit.",
    tex=r"\mathbb{E}R-R^*=\tfrac{(d-1)\varphi(s)}{2ms}\Bigl(1+\tfrac{12+(d+1)(s^2-3)}{4ms^2}+O(m^{-2})\Bigr),"
    r"\quad R\to\Phi\Bigl(-s\sqrt{\tfrac{ms^2}{ms^2+d}}\Bigr)",
    source="derived here; arXiv:2310.00027 compares with the agnostic rate (d/m)^(1/2)",
)


@rate
def test_leading_term_and_its_correction(lab: Laboratory) -> None:
    """The excess over the leading term, at growing m: the rest is of order 1/m with the stated coefficient, then of order 1/m^2."""
    for d in (2, 20):
        for s in (1.0, 2.0):
            for m, tolerance in ((100, 0.08), (400, 0.02), (1600, 0.005)):
                claimed = theory.mean_classifier_excess_leading(d, m, s)
                # At s = 1 the correction is (d + 1)/(2 m).
                slack = max(tolerance, 0.6 * (d + 1) / m if s == 1.0 else 0.0)
                wrong = {"d for d - 1": claimed * d / (d - 1) if d == 2 else 1.5 * claimed, "without the 2": 2 * claimed}
                assert lab.identical(
                    claimed, theory.mean_classifier_excess(d, m, s), relative=slack, refutes=wrong, question=f"d = {d}, m = {m}, s = {s}"
                )
    rng = np.random.default_rng([lab.seed, 6])
    cases = [(2, 1.0), (20, 1.0), (200, 0.5), (int(rng.integers(20, 100)), float(rng.uniform(0.4, 0.9)))]
    for d, s in cases:
        sizes = (d / s**2 * np.array([40, 160, 640, 2560])).astype(int)
        exact = theory.mean_classifier_excess(d, sizes, s)
        first = theory.mean_classifier_excess_leading(d, sizes, s)
        second = theory.mean_classifier_excess_leading(d, sizes, s, terms=2)
        assert lab.limit(sizes, exact / first - 1, order=1.0, within=0.05, refutes={"m^-1/2": 0.5, "m^-2": 2.0})
        assert lab.limit(sizes, exact / second - 1, order=2.0, within=0.1, refutes={"m^-1": 1.0, "m^-3": 3.0})
    many = [
        (theory.mean_classifier_excess_leading(d, 10**9, s, terms=2) / theory.mean_classifier_excess_leading(d, 10**9, s) - 1)
        for d, s in ((10**6, 1.0), (10**6, 2.0))
    ]
    large = [(s**2 - 3) * 10**6 / (4 * 10**9 * s**2) for s in (1.0, 2.0)]
    assert lab.identical(
        many, large, relative=1e-4, refutes={"s^2 - 1": [0.0, 3 / 16 * 1e-3], "without the 4": [4 * x for x in large]}, question="for large d"
    )


@rate
def test_values_of_the_excess(lab: Laboratory) -> None:
    """The exact excess and its leading term as printed, and the relative difference of the two."""
    exact = theory.mean_classifier_excess(20, [200, 2000], 1.0)
    leading = theory.mean_classifier_excess_leading(20, [200, 2000], 1.0)
    assert lab.identical(exact, [0.01107179, 0.00114506], absolute=6e-9, refutes={"leading": leading})
    assert lab.identical(leading, [0.01149361, 0.00114936], absolute=6e-9, refutes={"exact": exact})
    cases = [(200, 1600, 0.5), (200, 1600, 1.0), (200, 1600, 2.0), (2, 400, 0.5), (2, 400, 1.0), (2, 400, 2.0)]
    corrections = np.array([theory.mean_classifier_excess(*case) / theory.mean_classifier_excess_leading(*case) - 1 for case in cases])
    second = [theory.mean_classifier_excess_leading(*case, terms=2) / theory.mean_classifier_excess_leading(*case) - 1 for case in cases]
    printed = [-0.2475, -0.0575, 0.00797, 0.0096, 0.0038, 0.0024]
    assert lab.identical(corrections, printed, absolute=6e-5, refutes={"no correction": 0.0, "the second term is all": second})


@rate
def test_slope_of_the_excess(lab: Laboratory) -> None:
    """Over m from 200 to 20000 the excess falls like 1/m: neither the agnostic rate m^-1/2 nor the m^-2/3 of the error minimiser."""
    sizes = np.array([200, 2000, 20000])
    excess = theory.mean_classifier_excess(20, sizes, 1.0)
    local = np.diff(np.log(excess)) / math.log(10)
    wrong = {"-1/2": [-0.5, -0.5], "-2/3": [-2 / 3, -2 / 3]}
    assert lab.identical(local, [-0.98539, -0.99853], absolute=6e-6, refutes=wrong, question="local slopes")
    assert lab.identical(local, [-1.0, -1.0], absolute=0.02, refutes=wrong, question="slopes near -1")
    for d, s in ((2, 1.0), (20, 0.5), (1000, 2.0)):
        ladder = lab.at_scale(np.array([1e4, 1e5, 1e6]), np.array([1e4, 1e6, 1e8, 1e10])) * d
        assert lab.limit(ladder, theory.mean_classifier_excess(d, ladder, s), order=1.0, within=0.01, refutes={"m^-1/2": 0.5, "m^-2/3": 2 / 3})
    points = [rule_run(lab, 20, m, 1.0).mean("excess") for m in (200, 2000, 20000)]
    assert lab.exponent(sizes.tolist(), points).agrees_with(-1.0, absolute=0.03, refutes={"-1/2": -0.5, "-2/3": -2 / 3})


@rate
@pytest.mark.parametrize(("dimension", "labeled_size", "half_distance", "margin"), [(2, 400, 1.0, 0.03), (5, 1000, 0.6, 0.03), (20, 2000, 1.5, 0.01)])
def test_leading_term_by_simulation(lab: Laboratory, dimension: int, labeled_size: int, half_distance: float, margin: float) -> None:
    """The excess of simulated rules: the factor is d - 1."""
    claimed = theory.mean_classifier_excess_leading(dimension, labeled_size, half_distance)
    wrong = {
        "d": claimed * dimension / (dimension - 1),
        "without the 2": 2 * claimed,
        "phi(s)/2m": claimed * half_distance if half_distance != 1 else 0.5 * claimed,
    }
    assert rule_run(lab, dimension, labeled_size, half_distance).mean("excess").agrees_with(claimed, relative=margin, refutes=wrong)


@rate
def test_risk_under_attack(lab: Laboratory) -> None:
    """The mean rule under a Euclidean attack: the exact risk, its leading term, and simulated rules."""
    d, m, s, radius = 20, 200, 1.5, 0.5
    exact = theory.robust_mean_classifier_risk(d, m, s, radius)
    truth = float(ndtr(radius - s))
    leading = truth + theory.mean_classifier_excess_leading(d, m, s, radius=radius)
    unattacked = truth + theory.mean_classifier_excess_leading(d, m, s)
    wrong = {"no attack": theory.mean_classifier_risk(d, m, s), "the true direction": truth}
    assert lab.identical(exact, 0.1662335, absolute=6e-8, refutes=wrong | {"leading": leading})
    assert lab.identical(leading, 0.1663177, absolute=6e-8, refutes={"phi(s)": unattacked, "exact": exact})
    assert rule_run(lab, d, m, s, radius).mean("risk").agrees_with(exact, absolute=5e-5, refutes=wrong | {"leading": leading, "phi(s)": unattacked})
    raw = lab.run(simulate.sample_mean_rule_raw, mean=(0.9, 1.2), labeled_size=3, test_size=8, radius=0.4)
    wrong = {
        "no attack": theory.mean_classifier_risk(2, 3, 1.5),
        "the true direction": float(ndtr(-1.1)),
        "twice": theory.robust_mean_classifier_risk(2, 3, 1.5, 0.8),
    }
    assert raw.mean("error").agrees_with(theory.robust_mean_classifier_risk(2, 3, 1.5, 0.4), absolute=0.01, refutes=wrong)
    for d, s, radius in ((2, 1.0, 0.3), (20, 1.5, 0.5), (7, 2.0, 1.2)):
        sizes = np.array([400, 1600, 6400, 25600])
        excess = theory.robust_mean_classifier_risk(d, sizes, s, radius) - ndtr(radius - s)
        first = theory.mean_classifier_excess_leading(d, sizes, s, radius=radius)
        second = theory.mean_classifier_excess_leading(d, sizes, s, radius=radius, terms=2)
        assert lab.limit(sizes, excess / first - 1, order=1.0, within=0.1, refutes={"m^-1/2": 0.5, "no limit": 0.0})
        once = sizes[:3] * (excess / second - 1)[:3]
        assert lab.limit(
            sizes[:3], once, order=1.0, within=0.15, refutes={"the coefficient is off": 0.0}, question="m times the rest after two terms"
        )
        assert lab.identical(excess[-1], first[-1], relative=5e-3, refutes={"phi(s)": first[-1] * norm.pdf(s) / norm.pdf(s - radius)})


@rate
def test_proportional_limit(lab: Laboratory) -> None:
    """With m/d fixed the risk tends to its limit at order 1/d."""
    exact = [theory.mean_classifier_risk(200, m, 1.0) for m in (10, 40)]
    limit = theory.mean_classifier_proportional_limit(1.0, [0.05, 0.2])
    assert lab.identical(exact, [0.4139025, 0.3418616], absolute=6e-8, refutes={"limit": limit})
    assert lab.identical(limit, [0.4136297, 0.3415457], absolute=6e-8, refutes={"exact": exact})
    rng = np.random.default_rng([lab.seed, 7])
    for ratio, s in ((0.05, 1.0), (1.0, 1.5), (3.0, 0.6), (float(rng.uniform(0.2, 3.0)), float(rng.uniform(1.3, 2.0)))):
        dimensions = np.array(lab.at_scale((400, 1600, 6400, 25600), (400, 6400, 102400, 1638400)))
        sizes = np.round(ratio * dimensions).astype(int)
        claimed = theory.mean_classifier_proportional_limit(s, sizes / dimensions)
        distance = theory.mean_classifier_risk(dimensions, sizes, s) - claimed
        wrong = {"sqrt(m/(m + d))": ndtr(-s * np.sqrt(ratio / (1 + ratio))), "cosine squared": ndtr(-s * ratio * s**2 / (1 + ratio * s**2))}
        assert lab.limit(dimensions, distance, order=1.0, within=0.1, refutes={"d^-1/2": 0.5, "d^-2": 2.0})
        off = {label: float(value) for label, value in wrong.items() if s != 1.0 or label == "cosine squared"}
        assert lab.identical(float(claimed[-1]), theory.mean_classifier_risk(int(dimensions[-1]), int(sizes[-1]), s), absolute=1e-4, refutes=off)
    run = rule_run(lab, 20_000, 10_000, 1.2)
    claimed = theory.mean_classifier_proportional_limit(1.2, 0.5)
    wrong = {"sqrt(m/(m + d))": float(ndtr(-1.2 * math.sqrt(1 / 3))), "the best direction": float(ndtr(-1.2))}
    assert run.mean("risk").agrees_with(claimed, absolute=1e-3, refutes=wrong)
