"""arXiv:2310.00027, why no constant makes its Theorem 4.2 true for all separations, and why its display must be read with sigma0 = 1.

d dimension, m labeled_size, n unlabeled_size, s = |mu0|/sigma0, delta = 0.05 unless it is named.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim


def prefactor(s: float) -> float:
    """Return A at sigma0 = 1."""
    return math.exp(-(s**2) / 4) / math.sqrt(2 * math.sqrt(2 * math.pi))


def best_excess(d: int, m: int, n: int, s: float) -> float:
    """Return the limiting excess risk of the best rule of m labelled and n unlabelled samples."""
    return float(norm.cdf(-s * math.sqrt(theory.semisupervised_overlap(s, m / d, n / d))) - norm.cdf(-s))


# No universal constant ----------------------------------------------------------------------------------------------------------------------

refuted = claim(
    "OOD-8b",
    kind="bound",
    statement="No universal constant makes Theorem 4.2 true: along d = s^4 m, n = m the least excess stays near 0.1 while the display tends to 0.",
    tex=r"d=s^4m,\ n=m:\quad \inf_{\hat w}\bigl(R-R^*\bigr)\ge\mathbb E R(\bar w_{m+n})-R^*\approx\Phi\bigl(-s\sqrt{\tfrac2{2+s^2}}\bigr)-\Phi(-s),"
    r"\quad A[\cdot]^{1/4}+\sqrt{\cdot}\to0",
    source="derived here against arXiv:2310.00027, Theorem 4.2",
)


@refuted
def test_no_universal_constant(lab: Laboratory) -> None:
    """Even if all n unlabelled samples had labels the excess would exceed the display, by a factor that grows without end."""
    cases = {(5, 10**5): (0.02070, 0.0868, 0.10360, 0.16340), (8, 10**6): (0.00245, 0.0819, 0.09817, 0.16053)}
    for (s, m), (shown, below, best, labeled) in cases.items():
        d = s**4 * m
        display = theory.theorem_nonrobust_bound(d, m, m, mean_norm=float(s)).value
        assert lab.identical(display, shown, absolute=6e-6, refutes={"without A": display / prefactor(s)})
        lower = theory.mean_classifier_risk(d, 2 * m, float(s)) - norm.cdf(-s)
        limit = norm.cdf(-s * math.sqrt(2 / (2 + s**2))) - norm.cdf(-s)
        assert lab.identical(lower, limit, absolute=1e-5, refutes={"zero": 0.0})
        assert lab.identical(lower, below, absolute=6e-5, refutes={"the display": display})
        seen = [best_excess(d, m, m, float(s)), theory.mean_classifier_risk(d, m, float(s)) - norm.cdf(-s)]
        assert lab.identical(seen, [best, labeled], absolute=6e-6, refutes={"the display": [display, display]})
        assert lab.exact(lower / display).greater_than(4.0, refutes={"the theorem with constant 1": 1.0, "with constant 3": 3.0})
        # The theorem may fail with probability delta, and the excess is then at most 1: its expectation is at most C times the display plus delta.
        display = theory.theorem_nonrobust_bound(d, m, m, mean_norm=float(s), failure_probability=0.01).value
        assert lab.exact((lower - 0.01) / display).greater_than(3.0 if s == 5 else 20.0, refutes={"the theorem with constant 1": 1.0})
    assert lab.identical(0.09817 / 0.00245, 40.0, relative=0.01, refutes={"10": 10.0})
    separations = np.array([5, 8, 12, 16])
    sizes = np.array([10**5, 10**6, 10**7, 10**8])
    ratio = [
        (theory.mean_classifier_risk(int(s) ** 4 * int(m), 2 * int(m), float(s)) - norm.cdf(-s))
        / theory.theorem_nonrobust_bound(int(s) ** 4 * int(m), int(m), int(m), mean_norm=float(s)).value
        for s, m in zip(separations, sizes, strict=True)
    ]
    assert lab.exact(float(np.min(np.diff(np.log(ratio))))).greater_than(1.0, refutes={"the ratio is bounded": 0.0})
    assert lab.exact(float(ratio[-1])).greater_than(300.0, refutes={"constant 100": 100.0})


@refuted
def test_the_same_argument_does_not_touch_moderate_separations(lab: Laboratory) -> None:
    """The least excess over the display at worst over d/(m s^2), m and n: below 1/4 up to s = 2, above 10 at s = 5, where labels alone suffice."""
    worst = {}
    for s in (0.5, 1.0, 2.0, 3.0, 5.0):
        grid = np.meshgrid((10**3, 10**5, 10**7), (0.01, 0.1, 0.5, 1.0, 2.0, 4.0, 9.0, 16.0, 25.0), (0, 1, 10))
        m = grid[0].astype(int)
        d, n = np.maximum(grid[1] * m * s**2, 2).astype(int), (grid[2] * m).astype(int)
        lower = theory.mean_classifier_risk(d, m + n, s) - norm.cdf(-s)
        worst[s] = float(np.max(lower / theory.theorem_nonrobust_bound(d, m, n, mean_norm=s).value))
    assert lab.exact(max(worst[s] for s in (0.5, 1.0, 2.0))).inside(0.2, 0.26, refutes={"refuted": 1.0, "far from it": 0.01})
    assert lab.exact(worst[3.0]).inside(0.4, 0.6, refutes={"refuted": 1.0})
    assert lab.exact(worst[5.0]).greater_than(10.0, refutes={"it holds": 1.0})


@refuted
def test_the_lower_bound_is_seen_in_simulation(lab: Laboratory) -> None:
    """The mean of 2m labelled samples at s = 5, d = 625 m: the best that could be done if every sample had its label."""
    s, m = 5.0, 1000
    d = 625 * m
    run = lab.run(simulate.sample_mean_rule, dimension=d, labeled_size=2 * m, half_distance=s)
    exact = theory.mean_classifier_risk(d, 2 * m, s) - float(norm.cdf(-s))
    assert run.mean("excess").agrees_with(exact, relative=0.02, refutes={"with m labels": theory.mean_classifier_risk(d, m, s) - float(norm.cdf(-s))})
    assert run.mean("excess").greater_than(prefactor(s) * 4, refutes={"what the first term allows": prefactor(s)})


# Units -----------------------------------------------------------------------------------------------------------------------------------

scale = claim(
    "OOD-8c",
    kind="bound",
    statement="The display of Theorem 4.2 changes with the unit of length while the excess risk does not, so it must be read with sigma0 = 1.",
    tex=r"x\to cx:\quad R-R^*\ \text{stays},\quad A[\cdot]^{1/4}\to c^{-1/2}A[\cdot]^{1/4}\ (\alpha=0)",
    source="derived here against arXiv:2310.00027, Theorem 4.2",
)


@scale
def test_the_display_is_not_invariant_under_a_change_of_units(lab: Laboratory) -> None:
    """At d = 2e5, m = n = 1e5, s = 1 in three units: the same problem, three bounds, the last two below what is possible."""
    d, m = 200_000, 100_000
    found = [theory.theorem_nonrobust_bound(d, m, m, mean_norm=c, standard_deviation=c) for c in (1.0, 100.0, 1e4)]
    assert lab.identical([bound.value for bound in found], [0.614, 0.0684, 0.0138], absolute=5e-4, refutes={"invariant": [0.614] * 3})
    ratio = [found[0].direction / bound.direction for bound in found]
    assert lab.identical(ratio, [1.0, 10.0, 100.0], relative=1e-12, refutes={"c^-1/4": [1.0, 100**0.25, 1e4**0.25], "invariant": [1.0] * 3})
    best = best_excess(d, m, m, 1.0)
    assert lab.identical(best, 0.10683, absolute=6e-6, refutes={"labels only": theory.mean_classifier_excess(d, m, 1.0)})
    assert lab.exact(best / found[1].value).greater_than(1.5, refutes={"the bound holds": 1.0})
    # The distance alpha is a length as well: with a shift the first term follows c^(1/4) instead.
    shifted = [
        theory.theorem_nonrobust_bound(10, 10**6, 10**18, mean_norm=c, standard_deviation=c, wasserstein_shift=c).direction for c in (1.0, 100.0)
    ]
    assert lab.identical(shifted[1] / shifted[0], 100**0.25, relative=1e-3, refutes={"invariant": 1.0, "c^-1/2": 0.1})


@scale
def test_nor_is_the_display_of_theorem_4_1(lab: Laboratory) -> None:
    """The slope is one over a length: the loss stays, and the first term falls like 1/c without a shift and grows like c^(1/2) with one."""
    losses = [theory.expected_ramp_loss(1.3 * c, c, 0.8 / c) for c in (1.0, 100.0)]
    assert lab.identical(losses[1], losses[0], relative=1e-12, refutes={"changes": theory.expected_ramp_loss(1.3, 1.0, 0.008)})
    for alpha, power in ((0.0, -1.0), (1.0, 0.5)):
        first = [
            theory.theorem_robust_bound(
                10, 10**6, 10**18, slope=0.8 / c, mean_norm=1.3 * c, standard_deviation=c, wasserstein_shift=alpha * c
            ).direction
            for c in (1.0, 100.0)
        ]
        assert lab.identical(first[1] / first[0], 100**power, relative=1e-3, refutes={"invariant": 1.0, "the other": 100 ** (-0.5 - power)})


@scale
def test_the_excess_is_invariant(lab: Laboratory) -> None:
    """Raw data in two units, the mean rule: one risk."""
    exact = theory.mean_classifier_risk(4, 6, 1.0)
    for unit in (1.0, 100.0):
        run = lab.run(simulate.sample_mean_rule_raw, mean=(unit, 0.0, 0.0, 0.0), labeled_size=6, test_size=20, standard_deviation=unit)
        wrong = {"Bayes": float(norm.cdf(-1)), "s = unit": float(norm.cdf(-unit)) if unit > 1 else 0.5}
        assert run.mean("error").agrees_with(exact, absolute=0.012, refutes=wrong)
