"""arXiv:2310.00027, many dimensions: when the unlabelled samples show their mean at all, and what no rule can exceed.

d dimension, m labeled_size, n unlabeled_size; s, s1 half distances of the labelled and the unlabelled classes, r = cos(mu0, mu1), c = d/n.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

proportional = claim(
    "OOD-11",
    kind="limit",
    statement="With n and d in a fixed ratio the leading eigenvector shows nothing below n/d = s^-4; the best rule has an overlap from one equation.",
    tex=r"\cos^2(\hat v,\mu_1)\to\frac{(1-c/s_1^4)_+}{1+c/s_1^2},\quad \frac{q}{1-q}=s^2\bigl[\tfrac md+\tfrac nd g(s^2q)\bigr],\quad "
    r"R\to\Phi(-s\sqrt q)",
    source="Baik, Ben Arous, Peche 2005; Lelarge, Miolane, arXiv:1907.03792; with a shift and its sandwich derived here",
)


# The leading eigenvector ---------------------------------------------------------------------------------------------------------------


@proportional
def test_overlap_of_the_leading_eigenvector_is_a_limit_of_random_matrices(lab: Laboratory) -> None:
    """Against the secular equation of the spiked matrix, with the Marchenko-Pastur law integrated numerically."""
    rng = np.random.default_rng([lab.seed, 1])
    cases = [(1.2, 0.5), (2.0, 2.0), (1.1, 0.3), (float(rng.uniform(1.2, 2.5)), float(rng.uniform(0.1, 0.9)))]
    for s, c in cases:
        claimed = theory.spectral_overlap(s, 1 / c)
        seen = overlap_by_the_secular_equation(s, c)
        wrong = {"1 - c/s^4": 1 - c / s**4, "1 - c/s^2 over 1 + c/s^2": (1 - c / s**2) / (1 + c / s**2), "s for s^2": (1 - c / s**2) / (1 + c / s)}
        assert lab.identical(claimed, seen, relative=1e-6, refutes=wrong, question=f"s = {s:.3g}, c = {c:.3g}")
    values = theory.spectral_overlap([1.2, 2.0], [2.0, 0.5])
    assert lab.identical(values, [0.5632875, 0.5833333], absolute=6e-8, refutes={"without the denominator": [0.7588735, 0.875]})


def overlap_by_the_secular_equation(s: float, c: float) -> float:
    """Return cos^2 for X'X/n = Z'Z/n + terms along u and |mu|: with Gram matrix G = Z Z'/d and the labels' unit vector y, exactly as n grows.

    X = Z + s y u'. Off u the data are Z, so x solves 1 = |a|^2 h(x) + ..., the standard equation ``theta m(x) = 1`` of an additive rectangular
    perturbation: D(x) = phi(x) psi(x) with phi, psi the traces of x/(x^2 - t) over both Gram spectra (Benaych-Georges & Nadakuditi 2012).
    """
    low, high = (1 - math.sqrt(c)) ** 2, (1 + math.sqrt(c)) ** 2

    def average(function: object) -> float:
        def integrand(angle: float) -> float:
            t = (low + high) / 2 + (high - low) / 2 * math.cos(angle)
            return float(function(t) * ((high - low) / 2 * math.sin(angle)) ** 2 / (2 * math.pi * c * t))  # type: ignore[operator]

        mass = max(0.0, 1 - 1 / c)
        return quad(integrand, 0, math.pi, limit=200, epsabs=1e-13)[0] + mass * float(function(0.0))  # type: ignore[operator]

    def traces(x: float) -> tuple[float, float]:
        features = average(lambda t: x / (x * x - t))
        return features, c * features + (1 - c) / x

    def equation(x: float) -> float:
        first, second = traces(x)
        return first * second - 1 / s**2

    edge = math.sqrt(high)
    top = brentq(equation, edge * (1 + 1e-9), edge + 10 * s + 10, xtol=1e-14)
    step = 1e-5
    slope = (equation(top + step) - equation(top - step)) / (2 * step)
    # cos^2 on the side of the features is -2 phi/(theta^2 D').
    first, _ = traces(top)
    return -2 * first / (s**2 * slope)


@proportional
@pytest.mark.parametrize(("s", "dimension", "unlabeled_size", "margin"), [(1.2, 1000, 2000, 0.006), (2.0, 800, 400, 0.02)])
def test_overlap_of_the_leading_eigenvector(lab: Laboratory, s: float, dimension: int, unlabeled_size: int, margin: float) -> None:
    """The exact sampler of the eigenvector of X'X, without the data."""
    c = dimension / unlabeled_size
    run = spectral_run(lab, dimension, 10, unlabeled_size, s, s, 1.0)
    wrong = {"1 - c/s^4": 1 - c / s**4, "(1 - c/s^2)/(1 + c/s^2)": max(0.0, (1 - c / s**2) / (1 + c / s**2)), "the threshold only": 1.0}
    assert run.mean("squared_cosine").agrees_with(theory.spectral_overlap(s, 1 / c), absolute=margin, refutes=wrong)


def spectral_run(lab: Laboratory, d: int, m: int, n: int, s: float, s1: float, r: float):  # type: ignore[no-untyped-def]
    """Return the run of the spectral rule at these sizes."""
    setting = {"half_distance": s, "shifted_half_distance": s1, "alignment": r}
    return lab.run(simulate.sample_spectral_rule, dimension=d, labeled_size=m, unlabeled_size=n, **setting)


@proportional
def test_below_the_threshold_the_eigenvector_shows_nothing(lab: Laboratory) -> None:
    """At s = 0.8 and c = 1/2, s^4 < c < s^2: the threshold is s^4 = c, and what is left of cos^2 is of order 1/d."""
    s, c = 0.8, 0.5
    assert theory.spectral_overlap(s, 1 / c) == 0.0
    visible = (1 - c / s**2) / (1 + c / s**2)
    run = spectral_run(lab, 1000, 10, 2000, s, s, 1.0)
    assert run.mean("squared_cosine").less_than(0.06, refutes={"threshold s^2 > c": visible})
    # It begins at s^4 = c, continuously.
    edge = c**0.25
    above = theory.spectral_overlap(edge * (1 + np.array([1e-6, 1e-3])), 1 / c)
    slope = 4 / (1 + math.sqrt(c))
    assert lab.identical(above, slope * np.array([1e-6, 1e-3]), relative=0.01, refutes={"a jump": [0.1, 0.1]})


@proportional
@pytest.mark.parametrize(("s", "s1", "r", "m"), [(1.2, 1.2, 1.0, 2), (1.0, 1.3, 0.8, 3)])
def test_risk_after_the_vote(lab: Laboratory, s: float, s1: float, r: float, m: int) -> None:
    """The labels choose a side and are wrong with probability Phi(-sqrt(m) s a)."""
    run = spectral_run(lab, 300, m, 600, s, s1, r)
    cosine = math.sqrt(theory.spectral_overlap(s1, 2.0)) * r
    claimed = theory.spectral_risk(s, 2.0, m, shifted_half_distance=s1, alignment=r)
    wrong = {
        "the labels are never wrong": norm.cdf(-s * cosine),
        "one label": theory.spectral_risk(s, 2.0, 1, shifted_half_distance=s1, alignment=r),
        "no labels": 0.5,
    }
    if r < 1:
        wrong["no shift"] = theory.spectral_risk(s, 2.0, m, shifted_half_distance=s1)
    assert run.mean("risk").agrees_with(claimed, absolute=0.018, refutes=wrong)


# The best rule -------------------------------------------------------------------------------------------------------------------------


def worth(a: float) -> float:
    """Return E tanh(a + sqrt(a) Z)^2 by the trapezoid rule, on a grid that is fine beside the bend of tanh."""
    z = np.linspace(-12, 12, 4801)
    return float(np.trapezoid(np.tanh(a + math.sqrt(a) * z) ** 2 * norm.pdf(z), z))


@proportional
def test_equation_of_the_best_overlap(lab: Laboratory) -> None:
    """By iteration from 1 downwards with the integral done numerically; and its values."""
    rng = np.random.default_rng([lab.seed, 2])
    for s, labels, unlabeled in [(1.2, 0.2, 1.0), (1.0, 0.05, 5.0), (float(rng.uniform(0.5, 2)), *(float(x) for x in rng.uniform(0.1, 3, 2)))]:

        def step(q: float, s: float = s, labels: float = labels, unlabeled: float = unlabeled) -> float:
            signal = s**2 * (labels + unlabeled * worth(s**2 * q))
            return signal / (1 + signal)

        q = 1.0
        for _ in range(60):
            q = step(q)
        signal = s**2 * (labels + unlabeled * worth(s**2))
        wrong = {
            "g(s^2) for g(s^2 q)": signal / (1 + signal),
            "labels only": s**2 * labels / (1 + s**2 * labels),
            "all labelled": s**2 * (labels + unlabeled) / (1 + s**2 * (labels + unlabeled)),
        }
        assert lab.identical(theory.semisupervised_overlap(s, labels, unlabeled), q, relative=1e-7, refutes=wrong)
    q = theory.semisupervised_overlap(1.2, 0.2, 1.0)
    found = [math.sqrt(q), float(ndtr(-1.2 * math.sqrt(q))), math.sqrt(theory.semisupervised_overlap(1.2, 0.2, 0.0))]
    assert lab.identical(found, [0.691714, 0.203253, 0.47287], absolute=4e-6, refutes={"labels only": [0.47287] * 3})


@proportional
def test_without_labels_the_best_rule_has_the_spectral_threshold(lab: Laboratory) -> None:
    """Nothing up to (n/d) s^4 = 1, and above it more than the eigenvector."""
    for s in (0.7, 1.0, 1.6):
        ratios = np.array([0.5, 0.99, 1.05, 1.5, 4.0]) / s**4
        best, spectral = theory.semisupervised_overlap(s, 0.0, ratios), theory.spectral_overlap(s, ratios)
        assert lab.identical(best[:2], [0.0, 0.0], absolute=1e-12, refutes={"overlap": [0.1, 0.1]})
        assert lab.exact(float(np.min(best[2:]))).greater_than(0.001, refutes={"none": 0.0})
        assert lab.exact(float(np.min(best[2:] - spectral[2:]))).greater_than(0.0, refutes={"spectral is better": -0.01})


@proportional
def test_overlap_with_a_shift(lab: Laboratory) -> None:
    """The two-by-two posterior covariance inverted numerically, at the fixed point; its limits; the printed values."""
    cases = [(1.0, math.sqrt(1.25), 0.894427, 0.3, 1.5), (1.5, 1.8, 0.8, 0.5, 0.5)]
    for s, s1, r, labels, unlabeled in cases:
        covariance, q1 = np.array([[1.0, r], [r, 1.0]]), 1.0
        for _ in range(80):
            precision = np.diag([labels * s**2, unlabeled * s1**2 * worth(s1**2 * q1)])
            overlap = 1 - np.diag(np.linalg.inv(np.linalg.inv(covariance) + precision))
            q1 = overlap[1]
        found = theory.shifted_semisupervised_overlap(s, s1, r, labels, unlabeled)
        pooled = theory.semisupervised_overlap(s, labels + unlabeled, 0.0)
        same = theory.semisupervised_overlap(s, labels, unlabeled)
        wrong = {"shift ignored": [same, same], "all labelled": [pooled, pooled], "means exchanged": overlap[::-1]}
        assert lab.identical([found.home, found.shifted], overlap, relative=1e-7, refutes=wrong)
    roots = [
        math.sqrt(theory.shifted_semisupervised_overlap(*cases[0]).home),
        *(math.sqrt(q) for q in theory.shifted_semisupervised_overlap(*cases[1])),
    ]
    assert lab.identical(roots, [0.673726, 0.791797, 0.799779], absolute=6e-7, refutes={"squared": np.square(roots)})
    for s, r, labels in [(1.0, 0.6, 0.3), (2.0, 0.95, 0.1), (0.5, -0.4, 2.0)]:
        known = theory.known_shift_overlap(s, r, labels)
        many = theory.shifted_semisupervised_overlap(s, 1.3, r, labels, 1e9).home
        assert lab.identical(known, many, relative=1e-7, refutes={"r^2": r**2, "labels only": labels * s**2 / (1 + labels * s**2)})
    assert lab.identical(
        theory.shifted_semisupervised_overlap(1.1, 1.1, 1.0, 0.4, 2.0).home,
        theory.semisupervised_overlap(1.1, 0.4, 2.0),
        relative=1e-12,
        refutes={"labels only": theory.semisupervised_overlap(1.1, 0.4, 0.0)},
    )


@proportional
@pytest.mark.parametrize(
    ("s", "s1", "r", "labels", "unlabeled"),
    [(0.6, 0.8, 0.7, 0.4, 6.0), (1.7, 0.5, -0.3, 1.6, 2.0), (0.9, 2.2, -0.95, 0.05, 0.3), (2.5, 1.1, 0.2, 0.7, 40.0), (0.8, 1.4, 0.0, 0.5, 3.0)],
)
def test_overlaps_solve_their_equations(lab: Laboratory, s: float, s1: float, r: float, labels: float, unlabeled: float) -> None:
    """To eleven digits, with the covariance of the posterior inverted numerically; only the size of the angle between the domains counts."""
    found = np.array(theory.shifted_semisupervised_overlap(s, s1, r, labels, unlabeled))

    def once(q1: float, size: float = 1.0) -> np.ndarray:
        precision = np.diag([labels * s**2, unlabeled * s1**2 * worth(s1**2 * q1 * size)])
        return 1 - np.diag(np.linalg.inv(np.linalg.inv(np.array([[1.0, r], [r, 1.0]])) + precision))

    wrong = {"g(s1^2) for g(s1^2 q1)": once(1.0), "s1 for s1^2": once(float(found[1]), 1 / s1), "exchanged": once(float(found[1]))[::-1]}
    assert lab.identical(found, once(float(found[1])), absolute=1e-11, refutes=wrong)
    turned = theory.shifted_semisupervised_overlap(s, s1, -r, labels, unlabeled)
    assert lab.identical(turned, found, absolute=1e-12, refutes={"exchanged": found[::-1]}, question="the opposite mean")
    known, a = theory.known_shift_overlap(s, r, labels), labels * s**2
    exact = 1 - np.linalg.inv(np.linalg.inv(np.array([[1.0, r], [r, 1.0]])) + np.diag([a, 1e13]))[0, 0]
    assert lab.identical(known, exact, absolute=1e-9, refutes={"labels only": a / (1 + a) if r else 1 / (1 + a)}, question="mu1 known")


@proportional
def test_ends_of_the_rules_in_many_dimensions(lab: Laboratory) -> None:
    """Weak means, votes of no labels, means that point away, and what no overlap leaves."""
    for s, ratio, m, away, r in ((0.6, 20.0, 3, 0.9, 0.7), (1.4, 3.0, 0, 0.8, 0.9), (0.5, 2.0, 4, 2.5, -0.6)):
        cosine = math.sqrt(max(0.0, 1 - 1 / ratio / away**4) / (1 + 1 / ratio / away**2)) * r
        wrong_side = float(ndtr(-math.sqrt(m) * s * cosine))
        exact = float(ndtr(-s * cosine) * (1 - wrong_side) + ndtr(s * cosine) * wrong_side)
        claimed = theory.spectral_risk(s, ratio, m, shifted_half_distance=away, alignment=r)
        near = theory.spectral_risk(s, ratio, m + 1, shifted_half_distance=away, alignment=r)
        assert lab.identical(
            claimed, exact, relative=1e-12, refutes={"one label more": near}, question=f"s = {s:g}, s1 = {away:g}, r = {r:g}, m = {m}"
        )
        error = theory.sign_error(m, s, r)
        assert lab.identical(error, float(ndtr(-math.sqrt(m) * s * r)), relative=1e-12, refutes={"one label more": theory.sign_error(m + 1, s, r)})
    same = theory.spectral_risk(1.3, 4.0, 5), theory.spectral_risk(1.3, 4.0, 5, shifted_half_distance=1.3, alignment=1.0)
    assert lab.identical(*same, relative=1e-14, refutes={"turned": theory.spectral_risk(1.3, 4.0, 5, alignment=0.9)}, question="one domain")
    known = [theory.known_shift_overlap(0.7, 1.0, 0.4), theory.known_shift_overlap(0.7, -1.0, 0.4), theory.known_shift_overlap(0.7, 0.0, 0.4)]
    alone = 0.4 * 0.49 / (1 + 0.4 * 0.49)
    assert lab.identical(known, [1.0, 1.0, alone], absolute=1e-13, refutes={"labels only": [alone] * 3}, question="the mean itself, or one across")


@proportional
def test_sandwich_of_the_best_risk(lab: Laboratory) -> None:
    """Unlabelled samples are worth something, and less than labels: exact risks of m + n and of m labels on both sides, also at a finite size."""
    rng = np.random.default_rng([lab.seed, 3])
    d = 2000
    for s, labels, unlabeled in [(1.0, 0.1, 1.0), (2.0, 0.02, 0.5), (0.6, 1.0, 4.0), (float(rng.uniform(0.5, 2)), *rng.uniform(0.1, 2, 2).round(1))]:
        m, n = round(labels * d), round(unlabeled * d)
        risk = float(ndtr(-s * math.sqrt(theory.semisupervised_overlap(s, m / d, n / d))))
        below, above = theory.mean_classifier_risk(d, m + n, s), theory.mean_classifier_risk(d, m, s)
        assert lab.exact(risk).inside(below, above, refutes={"unlabelled samples are labels": below - 1e-6, "worth nothing": above + 1e-6})
