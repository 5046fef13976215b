"""arXiv:2310.00027, the unlabelled term by itself: what it estimates, and how efficiently.

s half_distance of the unlabelled samples, mu1 their mean, tau = 1/gamma' threshold, d dimension, n sample_size. t ~ N(s, 1) is a margin at the truth,
h the slope of what is summed over the samples: tanh(s t) for the likelihood, sign(t) for the sum of |t|, t for the first eigenvector.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import binom, norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Quantity, Run

STATISTICS = ("likelihood", "absolute", "leading", "likelihood_score", "absolute_score", "leading_score", "from_truth_nearer", "labeled")
NAMES = {"likelihood": "n s^2 E sin^2/(d - 1), EM", "absolute": "the same, sum of |t|", "leading": "the same, eigenvector"}


def mean_of(function: Callable[[float], float], s: float, kinks: tuple[float, ...] = ()) -> float:
    """Return E function(t) for t ~ N(s, 1), by quadrature between the kinks."""
    ends = sorted({s - 12.0, s + 12.0, *(kink for kink in kinks if abs(kink - s) < 12.0)})
    return math.fsum(quad(lambda t: function(t) * norm.pdf(t - s), *pair, epsabs=1e-14, epsrel=1e-12, limit=200)[0] for pair in pairwise(ends))


def efficiency(function: Callable[[float], float], s: float, kinks: tuple[float, ...] = ()) -> float:
    """Return (E h)^2 / E h^2."""
    return mean_of(function, s, kinks) ** 2 / mean_of(lambda t: function(t) ** 2, s, kinks)


def direction_run(lab: Laboratory, half_distance: float, dimension: int = 10, sample_size: int = 500) -> Run:
    """Return the estimates that the questions about one half distance share; small samples in ten dimensions are close to the limit."""
    setting = {"dimension": dimension, "sample_size": sample_size, "half_distance": half_distance}
    return lab.run(simulate.sample_direction_errors, statistics=STATISTICS, **setting)


def controlled(run: Run, name: str, s: float) -> Quantity:
    """Return n s^2 E sin^2/(d - 1) less its first-order term, whose mean is known at every n."""
    g = theory.unlabeled_information(s)
    slope, square = {"likelihood": (g, g), "absolute": (2 * ndtr(s) - 1, 1.0), "leading": (s, 1 + s**2)}[name]
    return (run.mean(name) - (run.mean(name + "_score") - square) * float(1 / slope**2)).named(NAMES[name])


# OOD-9 -----------------------------------------------------------------------------------------------------------------------------------

efficiencies = claim(
    "OOD-9",
    kind="optimum",
    statement="Round classes: for every slope the unlabelled term finds mu1, never mu0; sharper is worse, labels are better, EM is best of all.",
    tex=r"\frac{n s_1^2}{d-1}\mathbb{E}\sin^2\angle(\hat w,\mu_1)\to\frac1e,\quad e_{\mathrm{ramp}}=\frac{(P(0<t<\tau)-P(-\tau<t<0))^2}{P(|t|<\tau)}"
    r"\uparrow(2\Phi(s)-1)^2,\quad e_{\mathrm{PCA}}=\frac{s^2}{1+s^2},\quad e\le g(s^2)",
    source="derived here",
)


@efficiencies
def test_the_term_falls_with_the_margin_for_every_slope(lab: Laboratory) -> None:
    """Its slope in M is -(P(0 < t < tau) - P(-tau < t < 0))/tau < 0, so the best direction has the largest |<w, mu1>|."""
    rng = np.random.default_rng([lab.seed, 9])
    for deviation in (1.0, 0.6, float(rng.uniform(0.4, 2.5))):
        for tau in (0.05, 1.0, 8.0, float(rng.uniform(0.1, 4.0))):
            margins = np.linspace(0.05, 3.0, 25)
            step = 1e-4
            above, below = (theory.expected_unlabeled_ramp(margins + move, deviation, tau) for move in (step, -step))
            near, far = margins / deviation, tau / deviation
            slope = -(ndtr(far - near) - ndtr(-near) - (ndtr(-near) - ndtr(-far - near))) / tau
            wrong = {"only one side": -(ndtr(far - near) - ndtr(-near)) / tau, "rising": -slope}
            question = f"slope in M at sigma {deviation:.3g}, tau {tau:.3g}"
            assert lab.identical(slope, (above - below) / (2 * step), absolute=1e-6 * (1 + 1 / tau), refutes=wrong, question=question)
            assert lab.exact(float(np.max(slope))).less_than(0.0, refutes={"flat": 0.0})


@efficiencies
@pytest.mark.parametrize("threshold", [0.3, 1.0, 3.0])
def test_the_shifted_mean_is_charged_least(lab: Laboratory, threshold: float) -> None:
    """Raw samples of d = 6: mu1 is charged less than mu0 at 37 degrees of it, mu0 less than a direction across."""
    setting = {"dimension": 6, "mean_length": 1.5, "standard_deviation": 1.2, "threshold": threshold, "alignments": (1.0, 0.8, 0.0)}
    run = lab.run(simulate.sample_unlabeled_ramp, statistics=("ramp[0]", "ramp[1]", "ramp[2]"), **setting)
    charges = theory.expected_unlabeled_ramp([1.5, 1.2, 0.0], 1.2, threshold)
    assert (run.mean("ramp[1]") - run.mean("ramp[0]")).greater_than(0.0, refutes={"mu0 is as good": 0.0})
    wrong = {"no less than across": 0.0, "charged like mu1": float(charges[2] - charges[0])}
    assert (run.mean("ramp[2]") - run.mean("ramp[1]")).agrees_with(float(charges[2] - charges[1]), relative=0.2, refutes=wrong)


@efficiencies
def test_value_of_the_term(lab: Laboratory) -> None:
    """At M = .7, sigma = 1.3, tau = 2, in closed form and by raw samples."""
    run = lab.run(simulate.sample_unlabeled_ramp, dimension=3, mean_length=0.7, standard_deviation=1.3, threshold=2.0, alignments=(1.0,))
    claimed = theory.expected_unlabeled_ramp(0.7, 1.3, 2.0)
    assert lab.identical(claimed, 0.4665902, absolute=6e-8, refutes={"without the mean": float(theory.expected_unlabeled_ramp(0.0, 1.3, 2.0))})
    wrong = {"the labelled loss": float(theory.expected_ramp_loss(0.7, 1.3, 0.5)), "P(|t| < tau)": float(ndtr(1.0) - ndtr(-2.7 / 1.3))}
    assert run.mean("ramp[0]").agrees_with(claimed, absolute=0.008, refutes=wrong | {"without the mean": 0.4962})


@efficiencies
def test_efficiencies_are_those_of_the_score(lab: Laboratory) -> None:
    """(E h)^2/E h^2 by quadrature, for the ramp, the eigenvector and the likelihood."""
    rng = np.random.default_rng([lab.seed, 10])
    for s in (0.5, 1.0, 2.0, float(rng.uniform(0.2, 3.0))):
        for tau in (0.3, 1.0, 3.0, float(rng.uniform(0.2, 5.0))):
            seen = efficiency(lambda t, tau=tau: np.sign(t) * (abs(t) < tau), s, (-tau, 0.0, tau))  # type: ignore[misc]
            inside = ndtr(tau - s) - ndtr(-tau - s)
            wrong = {"not squared": math.sqrt(seen * inside), "no P below": seen * inside, "tau infinite": float(theory.ramp_efficiency(s, np.inf))}
            claimed = theory.ramp_efficiency(s, tau)
            assert lab.identical(claimed, seen, relative=1e-10, refutes=wrong, question=f"ramp, s = {s:.3g}, tau = {tau:.3g}")
        seen = [efficiency(np.sign, s, (0.0,)), efficiency(lambda t: t, s), efficiency(lambda t, s=s: math.tanh(s * t), s)]  # type: ignore[misc]
        claims = [theory.ramp_efficiency(s, np.inf), theory.pca_efficiency(s), theory.unlabeled_information(s)]
        wrong = {"exchanged": [claims[1], claims[0], claims[2]], "EM as good as labels": [*claims[:2], 1.0], "s^2": [claims[0], s**2, claims[2]]}
        assert lab.identical(claims, seen, relative=1e-10, refutes=wrong, question=f"sum of |t|, eigenvector, likelihood, s = {s:.3g}")
    places = [0.5, 1.0, 1.5, 2.0]
    table = [theory.ramp_efficiency(places, np.inf), theory.ramp_efficiency(places, 1.0), theory.pca_efficiency(places)]
    table.append(theory.unlabeled_information(places))
    known = [[0.14663, 0.46606, 0.75062, 0.91107], [0.03192, 0.08843, 0.10852, 0.08335], [0.2, 0.5, 0.69231, 0.8], [0.20405, 0.5504, 0.80276, 0.9314]]
    wrong = {"all worth a label": np.ones((4, 4)), "tau = 1 like infinity": [table[0], table[0], *table[2:]]}
    assert lab.identical(table, known, absolute=5e-6, refutes=wrong, question="table of efficiencies")


@efficiencies
@pytest.mark.parametrize("s", [1e-6, 0.1, 0.8, 4.0, 12.0, 30.0])
def test_efficiency_of_the_ramp_in_long_arithmetic(lab: Laboratory, s: float) -> None:
    """For ramps as narrow as 1e-4 and as wide as 40, where both sides of the law cancel or nothing of it is left."""
    for tau in (1e-4, 0.3, 0.9, 5.0, 40.0):
        with mpmath.workdps(40):
            near, width = mpmath.mpf(s), mpmath.mpf(tau)
            right, left = mpmath.ncdf(width - near) - mpmath.ncdf(-near), mpmath.ncdf(-near) - mpmath.ncdf(-width - near)
            exact, sided = float((right - left) ** 2 / (right + left)), float(right)
        claimed = theory.ramp_efficiency(s, tau)
        wrong = {"squared P": exact**2 / 2, "one side": sided if sided / exact > 1.01 else exact / 2}
        assert lab.identical(claimed, exact, relative=3e-13, refutes=wrong, question=f"s = {s:g}, tau = {tau:g}")
    # Far from 0 nothing of the law has the wrong sign, and e = P(t < tau).
    far, places = 300.0 + s, np.array([-2.0, -0.5, 0.3, 1.5])
    strong = theory.ramp_efficiency(far, far + places)
    assert lab.identical(strong / ndtr(places), np.ones(4), absolute=1e-10, refutes={"squared": ndtr(places)}, question="a strong mean")
    endless = theory.ramp_efficiency(s, s + 20.0)
    assert lab.identical(
        endless, theory.ramp_efficiency(s, np.inf), relative=1e-12, refutes={"half of it": 0.5 * endless}, question="an endless ramp"
    )


@efficiencies
def test_values_of_the_terms_in_long_arithmetic(lab: Laboratory) -> None:
    """Both expectations of the ramp, narrow and wide, weak and strong, by quadrature in 30 digits; relative to tau where it is narrow."""
    for mean, deviation, tau in ((0.7, 1.3, 2.0), (0.8, 1.3, 1e-5), (-0.4, 0.6, 0.5), (3.0, 0.5, 0.7), (1.1, 0.4, 9.0), (0.2, 2.0, 1.9)):
        with mpmath.workdps(30):
            ends = [mpmath.mpf(tau) * k / 8 for k in range(9)]
            parts = [mpmath.quad(lambda t, mu=mu, q=deviation, width=tau: (1 - t / width) * mpmath.npdf(t, mu, q), ends) for mu in (mean, -mean)]
            unlabeled, labeled = float(parts[0] + parts[1]), float(parts[0] + mpmath.ncdf(-mpmath.mpf(mean) / deviation))
        margin = 1e-12 * unlabeled if tau < deviation else 3e-15
        wrong = {"of the other label": float(parts[1]), "P(|t| < tau), nearly": 2 * unlabeled}
        assert lab.identical(theory.expected_unlabeled_ramp(mean, deviation, tau), unlabeled, absolute=margin, refutes=wrong)
        wrong = {"the unlabelled term": unlabeled, "the error": float(ndtr(-mean / deviation))}
        assert lab.identical(theory.expected_ramp_loss(mean, deviation, 1 / tau), labeled, absolute=3e-15, refutes=wrong)


@efficiencies
def test_nothing_beats_the_likelihood(lab: Laboratory) -> None:
    """Cauchy and Schwarz: any odd h is at most as efficient as tanh(s t); attained there, and missed already by tanh(2 s t)."""
    rng = np.random.default_rng([lab.seed, 11])
    for s in (0.5, 1.0, 2.0):
        best = theory.unlabeled_information(s)
        bends, weights = rng.uniform(0.2, 3.0, 3), rng.normal(size=(3, 3))
        tried = [
            efficiency(lambda t, b=b, w=w: float(w[0] * math.tanh(b * t) + w[1] * t / (1 + t**2) + w[2] * math.sin(b * t)), s)  # type: ignore[misc]
            for b, w in zip(bends, weights, strict=True)
        ]
        assert lab.exact(max(tried)).less_than(best, refutes={"better than the likelihood": float(best)})
        near = efficiency(lambda t, s=s: math.tanh(1.02 * s * t), s)  # type: ignore[misc]
        far = efficiency(lambda t, s=s: math.tanh(2 * s * t), s)  # type: ignore[misc]
        assert lab.identical(near, best, relative=1e-4, refutes={"tanh(2 s t)": far}, question=f"attained, s = {s:g}")


@efficiencies
def test_the_sharper_the_ramp_the_less_it_learns(lab: Laboratory) -> None:
    """The efficiency grows with tau everywhere, like s^2 phi(s) tau^3/2 at first, up to that of the sum of |t|."""
    rng = np.random.default_rng([lab.seed, 12])
    for s in (0.1, 1.0, 4.0, float(rng.uniform(0.05, 6.0))):
        widths = np.geomspace(1e-3, s + 6.0, 400)
        grown = theory.ramp_efficiency(s, widths)
        assert lab.exact(float(np.min(np.diff(grown) / grown[1:]))).greater_than(0.0, refutes={"a sharper ramp is as good": 0.0})
        # Its slope by the law of t, as D'/P' = tanh(s tau).
        tau, step = float(rng.uniform(0.3, 2.0)), 1e-4
        slope = (math.log(theory.ramp_efficiency(s, tau + step)) - math.log(theory.ramp_efficiency(s, tau - step))) / (2 * step)
        inside = ndtr(tau - s) - ndtr(-tau - s)
        balance = ndtr(tau - s) - ndtr(-s) - (ndtr(-s) - ndtr(-tau - s))
        density = norm.pdf(tau - s) + norm.pdf(tau + s)
        claimed = float(density / inside * (2 * math.tanh(s * tau) * inside / balance - 1))
        wrong = {"tanh once": claimed - float(density / balance * math.tanh(s * tau)), "falling": -claimed}
        assert lab.identical(claimed, slope, relative=1e-5, refutes=wrong, question=f"slope of log e in tau, s = {s:.3g}, tau = {tau:.3g}")
        fine = np.array([4e-2, 2e-2, 1e-2]) / max(s, 1.0)
        leading = s**2 * norm.pdf(s) / 2
        ratio = theory.ramp_efficiency(s, fine) / (leading * fine**3)
        assert lab.limit(1 / fine, 1 - ratio, order=2.0, within=0.15, refutes={"order 1": 1.0, "order 3": 3.0}, question="e ~ s^2 phi(s) tau^3/2")


@efficiencies
def test_where_the_eigenvector_and_the_sum_cross(lab: Laboratory) -> None:
    """Neither always wins: equal at s = 1.18704, the eigenvector better below and worse above, and only there."""
    crossing = theory.ramp_meets_pca()
    seen = brentq(lambda s: efficiency(np.sign, s, (0.0,)) - s**2 / (1 + s**2), 0.8, 1.6, xtol=1e-13)
    wrong = {"s = 1": 1.0, "where g = 2/3": brentq(lambda s: theory.unlabeled_information(s) - 2 / 3, 0.5, 2.0)}
    assert lab.identical(crossing, seen, relative=1e-9, refutes=wrong)
    assert lab.identical(crossing, 1.187040, absolute=6e-7, refutes=wrong, question="as printed")
    below, above = np.linspace(0.02, crossing - 1e-3, 200), np.linspace(crossing + 1e-3, 8.0, 200)

    lead = [float(np.min(sign * (theory.pca_efficiency(s) - theory.ramp_efficiency(s, np.inf)))) for s, sign in ((below, 1), (above, -1))]
    assert lab.exact(min(lead)).greater_than(0.0, refutes={"the eigenvector always wins": -lead[1]})


@efficiencies
@pytest.mark.parametrize(
    ("half_distance", "margins"),
    [
        (1.0, {"likelihood": 0.06, "leading": 0.07, "absolute": 0.15}),
        (1.2, {"likelihood": 0.05, "leading": 0.06, "absolute": 0.12}),
        (2.0, {"likelihood": 0.02, "leading": 0.03, "absolute": 0.04}),
    ],
)
def test_angles_of_fits(lab: Laboratory, half_distance: float, margins: dict[str, float]) -> None:
    """Fits to raw samples, less the first-order term whose mean is known; n = 500 and d = 10, at full scale also n = 4000 and d = 5."""
    s = half_distance
    limits = {
        "likelihood": float(1 / theory.unlabeled_information(s)),
        "absolute": float(1 / theory.ramp_efficiency(s, np.inf)),
        "leading": float(1 / theory.pca_efficiency(s)),
    }
    for run, factor in lab.at_scale([(direction_run(lab, s), 1.0)], [(direction_run(lab, s), 0.7), (direction_run(lab, s, 5, 4000), 0.3)]):
        for name, margin in margins.items():
            value = limits[name]
            wrong = {"half of it": value / 2, "its square": value**2, "s^2 left out": value / s**2 if s != 1 else 2 * value, "labels": 1.0}
            if name == "likelihood":
                wrong["the eigenvector's"] = limits["leading"]
            assert controlled(run, name, s).agrees_with(value, relative=factor * margin, refutes=wrong)
        wrong = {"like the eigenvector": limits["leading"], "d/(d - 1)": 10 / 9 * 1.03}
        assert run.mean("labeled").agrees_with(1.0, relative=0.1, refutes=wrong)
        exact = float(theory.unlabeled_information(s))
        assert run.mean("likelihood_score").named("squared score / n").agrees_with(exact, relative=0.08, refutes={"s^2/(1 + s^2)": s**2 / (1 + s**2)})


@efficiencies
def test_order_of_eigenvector_and_sum_is_reversed(lab: Laboratory) -> None:
    """Paired on the same samples: at s = 0.7 the eigenvector is better, at s = 2 the sum of |t|; the likelihood beats both."""
    weak, strong = direction_run(lab, 0.7, sample_size=1000), direction_run(lab, 2.0)
    lead = controlled(weak, "absolute", 0.7) - controlled(weak, "leading", 0.7)
    assert lead.named("sum of |t| less eigenvector, s = 0.7").greater_than(0.0, refutes={"the sum always wins": 0.0})
    lead = controlled(strong, "leading", 2.0) - controlled(strong, "absolute", 2.0)
    gap = float(1 / theory.pca_efficiency(2.0) - 1 / theory.ramp_efficiency(2.0, np.inf))
    assert lead.named("eigenvector less sum of |t|, s = 2").agrees_with(gap, relative=0.2, refutes={"the eigenvector always wins": 0.0})
    lead = controlled(strong, "absolute", 2.0) - controlled(strong, "likelihood", 2.0)
    gap = float(1 / theory.ramp_efficiency(2.0, np.inf) - 1 / theory.unlabeled_information(2.0))
    assert lead.named("sum of |t| less EM, s = 2").inside(0.1 * gap, 2 * gap, refutes={"as good as EM": 0.0})


@efficiencies
def test_a_search_that_starts_at_the_truth_stays_too_close_to_it(lab: Laboratory) -> None:
    """The usual ascent of sum |t| stops at the first of many local maxima: from the truth it mostly ends nearer to it than the largest maximum."""
    nearer = direction_run(lab, 1.0).mean("from_truth_nearer").named("P(nearer from the truth) - P(farther)")
    assert nearer.greater_than(0.25, refutes={"one start is enough": 0.0})


def plane_angle(lab: Laboratory, s: float, tau: float, n: int) -> Quantity:
    """Return sqrt(n) s E|sin| of the exact minimiser in the plane, less its first-order term: a normal sum over the K samples within tau."""
    run = lab.run(simulate.sample_plane_ramp, statistics=("scaled_sine", "score"), sample_size=n, mean=(s, 0.0), threshold=tau)
    inside = ndtr(tau - s) - ndtr(-tau - s)
    counts = np.arange(n + 1)
    mean = math.sqrt(2 / math.pi / n) * float(np.sum(binom.pmf(counts, n, inside) * np.sqrt(counts)))
    slope = ndtr(tau - s) - ndtr(-s) - (ndtr(-s) - ndtr(-tau - s))
    return (run.mean("scaled_sine") - (run.mean("score") - mean) * float(1 / slope)).named(f"sqrt(n) s E|sin|, s = {s:g}, tau = {tau:g}")


@efficiencies
def test_exact_minimiser_in_the_plane(lab: Laboratory) -> None:
    """The global minimiser of the ramp, by sorting all angles at which it bends: sqrt(n) s E|sin| -> sqrt(2/(pi e)) for d = 2."""
    quick = [(1.0, math.inf, 500, 0.11), (2.0, 3.0, 500, 0.07), (1.5, 1.0, 1000, 0.18)]
    full = [(0.5, math.inf, 16_000, 0.02), (1.5, 3.0, 4000, 0.02), (1.5, 1.0, 16_000, 0.04), (1.5, 0.3, 1_000_000, 0.1)]
    for s, tau, n, margin in lab.at_scale(quick, full):
        value = math.sqrt(2 / math.pi / theory.ramp_efficiency(s, tau))
        wrong = {"labels": math.sqrt(2 / math.pi), "half e": value * math.sqrt(2), "1/sqrt(e)": value * math.sqrt(math.pi / 2)}
        if tau <= 2.0:
            wrong["a sharper ramp is as good"] = math.sqrt(2 / math.pi / theory.ramp_efficiency(s, np.inf))
            wrong["without P"] = value * math.sqrt(1 / (ndtr(tau - s) - ndtr(-tau - s)))
        assert plane_angle(lab, s, tau, n).agrees_with(value, relative=margin, refutes=wrong)
