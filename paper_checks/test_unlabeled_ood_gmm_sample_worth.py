"""arXiv:2310.00027, labelled and unlabelled samples together: what one of the latter is worth, what shift it bears, and what labels are for.

d dimension, m labeled_size, n unlabeled_size, s half_distance of the labelled samples; the unlabelled ones have the mean mu1 = mu0 + beta v, v a unit
vector orthogonal to mu0, beta = shift in standard deviations, s1 = |mu1|, g(s^2) unlabeled_information. Q = 1 - Phi.
"""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import binom, norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Quantity, Run

COLUMNS = ("labeled", "unlabeled", "weighted", "unlabeled_control", "weighted_control")
NAMES = {"unlabeled": "unlabelled alone", "weighted": "both, weighted"}


def unit(s: float) -> float:
    """Return phi(s)/(2 s), the price of a squared length off the mean."""
    return float(norm.pdf(s) / (2 * s))


def squares(d: int, m: int, n: int, s: float, shift: float) -> tuple[float, float]:
    """Return A = (d - 1)/m and B = beta^2 + (d - 1)/(n g(s1^2))."""
    return (d - 1) / m, shift**2 + (d - 1) / (n * theory.unlabeled_information(math.hypot(s, shift)))


def weighted_run(lab: Laboratory, d: int, m: int, n: int, s: float, shift: float) -> Run:
    """Return the fits that the questions about one setting share; weight and scale are typed to six digits."""
    labeled, unlabeled = squares(d, m, n, s, shift)
    weight = round(unlabeled / (labeled + unlabeled), 6)
    scale = float(f"{1 / (n * theory.unlabeled_information(math.hypot(s, shift))):.6g}")
    setting = {"dimension": d, "labeled_size": m, "unlabeled_size": n, "half_distance": s, "shift": shift}
    return lab.run(simulate.sample_weighted_excess, statistics=COLUMNS, labeled_weight=weight, score_scale=scale, **setting)


def controlled(run: Run, name: str) -> Quantity:
    """Return the excess risk less its first-order term, whose mean is known at every m and n."""
    given = run.request.parameters
    d, m, n, s = (given[key] for key in ("dimension", "labeled_size", "unlabeled_size", "half_distance"))
    far = math.hypot(s, given["shift"])
    # The error of the most likely mean lies off mu1; its part in the plane of both means is seen from mu0 under the angle between them.
    spread = (d - 2 + (s / far) ** 2) * n * theory.unlabeled_information(far) * given["score_scale"] ** 2
    weight = 0.0 if name == "unlabeled" else given["labeled_weight"]
    mean = weight**2 * (d - 1) / m + (1 - weight) ** 2 * (given["shift"] ** 2 + spread)
    excess = run.mean(name) - (run.mean(f"{name}_control") - m * mean) * unit(s)
    return (excess * (1 / m)).named(f"excess of {NAMES[name]}, d = {d}, m = {m}, n = {n}, shift {given['shift']:g}")


# OOD-10 ----------------------------------------------------------------------------------------------------------------------------------

worth = claim(
    "OOD-10",
    kind="rate",
    statement="Without a shift an unlabelled sample is worth g(s^2) labelled ones; with one, a weighted mean still beats labels alone, always.",
    tex=r"\mathbb{E}R-R^*\approx\frac{(d-1)\varphi(s)}{2s(m+n\,g(s^2))},\qquad\beta>0:\ \frac{\varphi(s)}{2s}\frac{AB}{A+B},\quad A=\frac{d-1}m,\ "
    r"B=\beta^2+\frac{d-1}{n\,g(s^2+\beta^2)}",
    source="derived here",
)


@worth
def test_formulas_without_a_shift_are_one(lab: Laboratory) -> None:
    """Weighting by inverse variances and counting samples at their worth agree, and their leading term is that of m + n g labels."""
    rng = np.random.default_rng([lab.seed, 20])
    cases = [(20, 200, 2000, 1.0), (20, 400, 4000, 1.0), (2, 50, 10, 0.4)]
    cases += [(int(rng.integers(2, 60)), int(rng.integers(10, 900)), int(rng.integers(1, 9000)), float(rng.uniform(0.3, 2.5))) for _ in range(3)]
    for d, m, n, s in cases:
        g = float(theory.unlabeled_information(s))
        claimed = theory.semisupervised_excess(d, m, n, s)
        seen = unit(s) * (d - 1) / (m + n * g)
        pca = s**2 / (1 + s**2)
        wrong = {"n as good as labels": unit(s) * (d - 1) / (m + n), "PCA": unit(s) * (d - 1) / (m + n * pca), "d": seen * d / (d - 1)}
        question = f"(d, m, n, s) = ({d}, {m}, {n}, {s:.3g})"
        assert lab.identical([claimed, theory.weighted_excess(d, m, n, s, 0.0)], [seen, seen], relative=1e-12, refutes=wrong, question=question)
        labels = theory.semisupervised_excess(d, round(1e7 * m) + round(1e7 * n * g), 0, s)
        seen = float(theory.mean_classifier_excess(d, round(1e7 * m) + round(1e7 * n * g), s))
        assert lab.identical(labels, seen, relative=1e-4, refutes={"d": labels * d / (d - 1)}, question="the exact risk of many labels")


@worth
def test_predictions_as_printed(lab: Laboratory) -> None:
    """The leading terms at (d, m, n) = (20, 200, 2000) and (20, 400, 4000), s = 1."""
    setting = (20, np.array([200, 200, 200, 400, 400]), np.array([2000, 2000, 2000, 4000, 4000]), 1.0, np.array([0.0, 0.2, 0.5, 0.0, 0.2]))
    claimed = [theory.weighted_excess(*setting, labeled_weight=a) for a in (1.0, 0.0)] + [theory.weighted_excess(*setting)]
    printed = [
        [0.011494, 0.011494, 0.011494, 0.005747, 0.005747],
        [0.0020882, 0.006881, 0.03209, 0.001044, 0.005860],
        [0.0017672, 0.004304, 0.008463, 0.000884, 0.002902],
    ]
    wrong = {"d for d - 1": np.array(claimed) * 20 / 19, "bias linear in the shift": np.array(claimed) + unit(1.0) * setting[-1] / 10}
    # The largest entry is printed to four digits only.
    assert lab.identical(claimed, printed, absolute=5.1e-6, refutes=wrong, question="leading terms")
    weight = theory.optimal_labeled_weight(20, 200, 2000, 1.0, 0.5)
    a, b = squares(20, 200, 2000, 1.0, 0.5)
    wrong = {"the other's weight": a / (a + b), "half": 0.5, "by deviations": math.sqrt(b) / (math.sqrt(a) + math.sqrt(b))}
    assert lab.identical(weight, b / (a + b), relative=1e-12, refutes=wrong, question="weight of the labelled mean")


@worth
def test_the_weight_is_the_best_one_and_never_loses(lab: Laboratory) -> None:
    """For every shift the weighted excess is below that of labels alone and of unlabelled samples alone, and no other weight is below it."""
    rng = np.random.default_rng([lab.seed, 21])
    for _ in range(4):
        d, m, n = int(rng.integers(2, 100)), int(rng.integers(5, 500)), int(rng.integers(5, 5000))
        s, shift = float(rng.uniform(0.3, 2.5)), float(rng.uniform(0.0, 3.0))
        best = theory.weighted_excess(d, m, n, s, shift)
        weights = np.linspace(0.0, 1.0, 2001)
        others = theory.weighted_excess(d, m, n, s, shift, labeled_weight=weights)
        assert lab.identical(float(np.min(others)), best, relative=1e-3, refutes={"half and half": float(others[1000]) * 1.01 + 1e-3 * best})
        gain = min(float(others[-1]), float(others[0])) / best - 1
        assert lab.exact(gain).greater_than(0.0, refutes={"no gain beyond some shift": 0.0})


@worth
def test_weighted_excess_at_any_weight(lab: Laboratory) -> None:
    """V = a^2 A + (1 - a)^2 B written out, at the best weight and at others, in both forms; without unlabelled samples, or endless ones, or d = 1."""
    cases = [(20, 60, 500, 0.7, 0.3), (5, 900, 30, 1.6, 0.9), (2, 4, 7, 0.4, 2.0), (300, 40, 9000, 2.5, 0.05), (9, 15, 1, 0.6, 0.2)]
    for d, m, n, s, shift in cases:
        a, b = squares(d, m, n, s, shift)
        for weight in (None, 0.0, 0.3, 0.85, 1.0):
            used = b / (a + b) if weight is None else weight
            square = used**2 * a + (1 - used) ** 2 * b
            with mpmath.workdps(30):
                turned = mpmath.mpf(s) / mpmath.sqrt(1 + mpmath.mpf(square) / mpmath.mpf(s) ** 2)
                angle = float(mpmath.ncdf(-turned) - mpmath.ncdf(-mpmath.mpf(s)))
            found = [theory.weighted_excess(d, m, n, s, shift, labeled_weight=weight, form=form) for form in ("leading", "angle")]
            wrong = {"the forms exchanged": [found[1] / found[0], found[0] / found[1]], "V for both": [1.0, unit(s) * a * b / (a + b) / angle * 1.01]}
            question = f"(d, m, n, s, shift) = {(d, m, n, s, shift)}, weight {weight}"
            assert lab.identical(np.array(found) / [unit(s) * square, angle], np.ones(2), absolute=1e-11, refutes=wrong, question=question)
        assert lab.identical(theory.optimal_labeled_weight(d, m, n, s, shift), b / (a + b), relative=1e-12, refutes={"the other": a / (a + b)})
    alone = [theory.weighted_excess(20, 60, 0, 0.7, 0.3, labeled_weight=weight) for weight in (None, 1.0)]
    alone += [
        theory.weighted_excess(1, 5, 5, 0.7, 0.0),
        theory.optimal_labeled_weight(20, 60, 0, 0.7, 0.3) - 1,
        theory.optimal_labeled_weight(1, 5, 5, 0.7, 0.0) - 1,
    ]
    labels = unit(0.7) * 19 / 60
    assert lab.identical(
        alone, [labels, labels, 0.0, 0.0, 0.0], absolute=1e-13, refutes={"with others": [labels / 2] * 2 + [0.0] * 3}, question="ends"
    )
    line = theory.optimal_labeled_weight(1, 5, 5, 0.7, 0.3)
    assert lab.identical(line, 1.0, absolute=1e-15, refutes={"the square of the shift": 0.09}, question="d = 1, where labels have no error")
    shared = theory.optimal_labeled_weight(2, 4, 10**18, 1.0, 0.5)
    assert lab.identical(shared, 0.5, absolute=1e-12, refutes={"labels only": 1.0, "unlabelled only": 0.0}, question="equal squares")
    endless = theory.weighted_excess(20, 100, 10**16, 0.7, 0.3, labeled_weight=0.0, form="angle")
    wrong = {"labels": labels, "the leading term": unit(0.7) * 0.09}
    assert lab.identical(endless, theory.unlabeled_direction_excess(0.7, 0.3), relative=1e-10, refutes=wrong, question="endless samples")


@worth
@pytest.mark.parametrize(("shift", "margin"), [(0.0, 0.055), (0.2, 0.05), (0.5, 0.06)])
def test_weighted_fits(lab: Laboratory, shift: float, margin: float) -> None:
    """Likelihood on raw unlabelled samples in 20 dimensions, weighted with the labelled mean; small-angle terms are one to twelve percent large."""
    quick = [(200, 2000, margin)] + [(400, 4000, 0.045)] * (shift == 0.2)
    for m, n, within in lab.at_scale(quick, [(200, 2000, 0.03), (400, 4000, 0.025), (20_000, 200_000, 0.03)]):
        compare_weighted_fits(lab, m, n, shift, within)


def compare_weighted_fits(lab: Laboratory, m: int, n: int, shift: float, margin: float) -> None:
    """Ask one setting: the unlabelled samples alone, both weighted, and labels alone."""
    d, s = 20, 1.0
    run = weighted_run(lab, d, m, n, s, shift)
    a, b = squares(d, m, n, s, shift)
    far = math.hypot(s, shift)
    pca = shift**2 + (d - 1) * (1 + far**2) / (n * far**2)
    for name, square, weight in (("unlabeled", b, 0.0), ("weighted", a * b / (a + b), None)):
        leading = unit(s) * square
        claimed = theory.weighted_excess(d, m, n, s, shift, labeled_weight=weight, form="angle")
        wrong = {"as good as labels": unit(s) * (d - 1) / (m + n if weight is None else n)}
        if shift == 0.0:
            wrong["PCA, s^2/(1 + s^2)"] = unit(s) * (pca if weight == 0.0 else a * pca / (a + pca))
        else:
            wrong["no shift"] = unit(s) * (b - shift**2)
            wrong["linear in the shift"] = leading + unit(s) * shift * (1 if weight == 0.0 else a**2 / (a + b) ** 2)
        if shift == 0.5 and weight == 0.0:
            wrong["small angles"] = leading
        if abs(square / a - 1) > 0.1:
            wrong["labels alone"] = float(theory.mean_classifier_excess(d, m, s))
        # Under a shift the unlabelled samples' excess hardly varies, so it needs no control variate.
        plain = shift > 0.0 and name == "unlabeled"
        seen = (run.mean(name) * (1 / m)).named(f"excess of {NAMES[name]}") if plain else controlled(run, name)
        assert seen.agrees_with(claimed, relative=2 * margin if plain and shift < 0.5 else margin, refutes=wrong)
        if shift < 0.5 and name == "weighted":
            assert seen.agrees_with(leading, relative=margin, refutes={"twice": 2 * leading})
    if shift == 0.2 and m == 200:
        lead = (run.mean("labeled") - run.mean("weighted")).named("m times (excess of labels alone - of both)")
        assert lead.greater_than(0.0, refutes={"unlabelled samples do not help": 0.0})


@worth
def test_labels_alone_at_these_sizes(lab: Laboratory) -> None:
    """The labelled mean against its exact risk, a few percent below the leading term."""
    for m in (200, 400):
        exact, leading = float(theory.mean_classifier_excess(20, m, 1.0)), unit(1.0) * 19 / m
        run = lab.run(simulate.sample_mean_rule, dimension=20, labeled_size=m, half_distance=1.0)
        wrong = {"the leading term": leading, "half": exact / 2, "with d": leading * 20 / 19}
        assert run.mean("excess").agrees_with(exact, relative=0.6 * (leading / exact - 1), refutes=wrong)


@worth
def test_joint_likelihood(lab: Laboratory) -> None:
    """The most likely mean of m labelled and n unlabelled samples, without weights to choose, does as well."""
    d, m, n, s = 20, 200, 2000, 1.0
    g = float(theory.unlabeled_information(s))
    scale = float(f"{1 / (m + n * g):.6g}")
    setting = {"dimension": d, "labeled_size": m, "unlabeled_size": n, "half_distance": s, "score_scale": scale}
    run = lab.run(simulate.sample_joint_excess, statistics=("joint", "joint_control"), **setting)
    mean = m * (d - 1) * (m + n * g) * scale**2
    excess = ((run.mean("joint") - (run.mean("joint_control") - mean) * unit(s)) * (1 / m)).named("excess of the joint likelihood")
    wrong = {"labels alone": unit(s) * (d - 1) / m, "n as good as labels": unit(s) * (d - 1) / (m + n), "PCA": unit(s) * (d - 1) / (m + n / 2)}
    assert excess.agrees_with(theory.semisupervised_excess(d, m, n, s), relative=0.05, refutes=wrong)


# OOD-10b ---------------------------------------------------------------------------------------------------------------------------------

tolerance = claim(
    "OOD-10b",
    kind="limit",
    statement="Unlabelled samples alone beat labels alone up to a shift of sqrt(d/m), far above d/m; labels fix the sign exponentially fast.",
    tex=r"\beta^*\to\sigma_0\sqrt{d/m},\qquad P(\text{wrong sign})=Q(\sqrt m\,s\cos\angle),\qquad "
    r"\mathbb{E}R-R^*=(1-2Q(s))\,Q(\sqrt m\,s)\ \text{ if the direction is known}",
    source="derived here; the exponential value of labels is that of Castelli and Cover (1995)",
)


@tolerance
def test_break_even_is_the_root_of_the_exact_risk(lab: Laboratory) -> None:
    """At it both rules have one risk, by the exact risk of m labels and a root search that knows no formula."""
    rng = np.random.default_rng([lab.seed, 22])
    cases = [(200, 800, 1.0), (200, 3200, 1.0), (50, 5000, 1.0), (500, 500, 1.0)]
    cases += [(int(rng.integers(2, 300)), int(rng.integers(50, 5000)), float(rng.uniform(0.5, 2.0))) for _ in range(3)]
    for d, m, s in cases:
        risk = float(theory.mean_classifier_risk(d, m, s))
        seen = brentq(lambda beta, s=s, risk=risk: float(ndtr(-s / math.hypot(1, beta / s))) - risk, 0.0, 50.0, xtol=1e-13)  # type: ignore[misc]
        claimed = theory.break_even_shift(d, m, s)
        wrong = {"d/m": d / m if d != m else 2.0, "in units of s": claimed * (s if s != 1 else 2), "leading term": claimed * math.sqrt(1.0 + 1.5e-4)}
        assert lab.identical(claimed, seen, relative=1e-6, refutes=wrong, question=f"(d, m, s) = ({d}, {m}, {s:.3g})")
    values = theory.break_even_shift([200, 200, 50, 500], [800, 3200, 5000, 500], 1.0)
    printed = [0.499274, 0.249449, 0.099015, 1.000126]
    assert lab.identical(values, printed, absolute=6e-7, refutes={"d/m": [0.25, 0.0625, 0.01, 1.0], "sqrt(d/m)": [0.5, 0.25, 0.1, 1.0]})


@tolerance
@pytest.mark.parametrize("s", [0.05, 0.6, 1.0, 3.0, 8.0])
def test_excess_of_the_unlabelled_direction_in_long_arithmetic(lab: Laboratory, s: float) -> None:
    """The risk at the angle of tangent beta/s less the least one, for shifts from 1e-6 to 5."""
    for shift in (1e-6, 0.01, 0.4, 1.0, 5.0):
        with mpmath.workdps(50):
            cosine = mpmath.mpf(s) / mpmath.sqrt(mpmath.mpf(s) ** 2 + mpmath.mpf(shift) ** 2)
            exact = float(mpmath.ncdf(-s * cosine) - mpmath.ncdf(-mpmath.mpf(s)))
        wrong = {"twice the shift": theory.unlabeled_direction_excess(s, 2 * shift), "half of it": exact / 2}
        assert lab.identical(theory.unlabeled_direction_excess(s, shift), exact, relative=1e-11, refutes=wrong, question=f"shift {shift:g}")


@tolerance
def test_break_even_to_all_digits(lab: Laboratory) -> None:
    """Both excess risks are one at it, with many labels and with one; for a fixed d it tends to sqrt((d - 1)/m)."""
    for d, m, s in ((2, 1, 0.3), (2, 10, 1.0), (3, 5, 4.0), (20, 3000, 0.6), (400, 30, 2.2), (7, 10**9, 1.3)):
        shift = theory.break_even_shift(d, m, s)
        gained, lost = theory.unlabeled_direction_excess(s, shift), theory.mean_classifier_excess(d, m, s)
        wrong = {
            "a shift one percent larger": theory.unlabeled_direction_excess(s, 1.01 * shift),
            "with d + 1": theory.mean_classifier_excess(d + 1, m, s),
        }
        assert lab.identical(gained, lost, relative=1e-10, refutes=wrong, question=f"(d, m, s) = ({d}, {m}, {s:g})")
    sizes = np.array([10**6, 10**9, 10**12])
    scaled = theory.break_even_shift(20, sizes, 1.0) / np.sqrt(19 / sizes)
    assert lab.identical(scaled, np.ones(3), absolute=2e-5, refutes={"d for d - 1": np.full(3, math.sqrt(20 / 19))}, question="many labels")


@tolerance
def test_break_even_in_many_dimensions(lab: Laboratory) -> None:
    """For m/d fixed beta* tends to sqrt(d/m) at order 1/d, whatever s is."""
    rng = np.random.default_rng([lab.seed, 23])
    for ratio, s in ((4, 1.0), (16, 0.7), (1, 2.0), (int(rng.integers(2, 9)), float(rng.uniform(0.6, 1.8)))):
        dimensions = np.array([400, 1600, 6400, 25_600])
        shifts = theory.break_even_shift(dimensions, ratio * dimensions, s)
        limit, case = theory.proportional_break_even_shift(ratio), f"m/d = {ratio}, s = {s:.3g}"
        assert lab.limit(dimensions, shifts - limit, order=1.0, within=0.1, refutes={"d^-1/2": 0.5, "d^-2": 2.0}, question=case)
        extrapolated = float((4 * shifts[-1] - shifts[-2]) / 3)
        wrong = (
            {"half": 0.5 / math.sqrt(ratio)} | ({"d/m": 1 / ratio} if ratio > 1 else {}) | ({"in units of s": s / math.sqrt(ratio)} if s != 1 else {})
        )
        assert lab.identical(limit, extrapolated, relative=1e-6, refutes=wrong, question=f"limit, {case}")
    # And for d fixed, m -> infinity, beta* falls like m^-1/2, not 1/m.
    sizes = np.array([10_000, 100_000, 1_000_000])
    assert lab.limit(sizes, theory.break_even_shift(20, sizes, 1.0), order=0.5, within=0.01, refutes={"1/m": 1.0, "m^-1/4": 0.25})


@tolerance
@pytest.mark.parametrize(("factor", "better"), [(0.7, True), (1.3, False)])
def test_who_is_better_alone(lab: Laboratory, factor: float, better: bool) -> None:
    """The exact direction of the unlabelled mean against 800 labels in 200 dimensions, around the break-even."""
    shift = factor * float(theory.break_even_shift(200, 800, 1.0))
    excess = theory.unlabeled_direction_excess(1.0, shift)
    run = lab.run(simulate.sample_mean_rule, dimension=200, labeled_size=800, half_distance=1.0)
    lead = (run.mean("excess") - excess).named(f"labels alone less unlabelled alone, shift {shift:.3g}")
    if better:
        assert lead.greater_than(0.0, refutes={"equal": 0.0, "shift beyond d/m harms": -0.001})
    else:
        assert lead.less_than(0.0, refutes={"equal": 0.0, "unlabelled samples always win": 0.001})


@tolerance
def test_the_sufficient_condition_is_far_from_necessary(lab: Laboratory) -> None:
    """At 0.9 of the break-even unlabelled samples still win, while the Wasserstein distance of the laws exceeds d/m by any factor.

    A projection is 1-Lipschitz, and so is |x|: the distance is at least the difference of E|<u, x>| for u half way between mu0 and the shift.
    """
    m = np.array([1e4, 1e6, 1e8])
    d, s = 20, 1.0
    shift = 0.9 * theory.break_even_shift(d, m, s)
    distance = theory.mixture_wasserstein1(s / math.sqrt(2), (s + shift) / math.sqrt(2))
    assert lab.limit(m, distance / (d / m), order=-0.5, within=0.02, refutes={"in proportion to d/m": 0.0, "like m": -1.0})
    gain = theory.mean_classifier_excess(d, m.astype(int), s) / theory.unlabeled_direction_excess(s, shift)
    assert lab.exact(float(np.min(gain))).greater_than(1.0, refutes={"worse than labels": 1.0})
    assert lab.exact(float(np.min(distance / (d / m)))).greater_than(5.0, refutes={"within d/m": 1.0})


@tolerance
@pytest.mark.parametrize(("labeled_size", "half_distance", "alignment"), [(5, 1.0, 1.0), (10, 0.6, 0.8), (7, 1.2, -0.3)])
def test_votes_on_the_sign(lab: Laboratory, labeled_size: int, half_distance: float, alignment: float) -> None:
    """The sum of the margins decides best; a majority of right classifications is a weaker vote."""
    m, s, r = labeled_size, half_distance, alignment
    setting = {"dimension": 3, "labeled_size": m, "half_distance": s, "alignment": r}
    run = lab.run(simulate.sample_sign_votes, statistics=("mean_vote", "majority_vote"), **setting)
    claimed = float(theory.sign_error(m, s, r))
    single = float(ndtr(-s * r))
    # An even number of votes may be tied.
    tie = 0.5 * binom.pmf(m / 2, m, single) if m % 2 == 0 else 0.0
    majority = float(binom.sf(m // 2, m, single) + tie)
    margin = 0.35 * abs(majority - claimed) + 0.0002
    wrong = {"majority": majority, "one label": single, "m for sqrt(m)": float(ndtr(-m * s * r)) if abs(r) < 1 else 2 * claimed}
    if abs(r) < 1:
        wrong["whatever the angle"] = float(ndtr(-math.sqrt(m) * s))
    assert run.probability("mean_vote").agrees_with(claimed, absolute=margin, refutes=wrong)
    wrong = {"the sum of the margins": claimed, "one label": single}
    assert run.probability("majority_vote").agrees_with(majority, absolute=2.5 * margin, refutes=wrong)


@tolerance
def test_labels_of_a_known_direction(lab: Laboratory) -> None:
    """The excess is Q(sqrt(m) s) times the risk between both signs, so its logarithm falls like -m s^2/2; and not like m^-1/2 or 1/m."""
    assert lab.identical(theory.sign_error(5, 1.0), 0.0126737, absolute=6e-8, refutes={"Q(5)": float(ndtr(-5.0)), "Q(1)": float(ndtr(-1.0))})
    rng = np.random.default_rng([lab.seed, 24])
    for m, s in ((5, 1.0), (20, 0.5), (int(rng.integers(1, 40)), float(rng.uniform(0.2, 1.5)))):
        wrong_side, right_side = float(ndtr(s)), float(ndtr(-s))
        error = float(norm.sf(math.sqrt(m) * s))
        seen = error * (wrong_side - right_side)
        claimed = theory.known_direction_excess(m, s)
        wrong = {"without 1 - 2 Q(s)": error, "Q(m s)": (wrong_side - right_side) * float(norm.sf(m * s)) if m > 1 else error}
        assert lab.identical(claimed, seen, relative=1e-10, refutes=wrong, question=f"m = {m}, s = {s:.3g}")
        sizes = np.array([200, 400, 800])
        rates = -np.log(theory.known_direction_excess(sizes, 0.3)) / sizes
        limit = 0.3**2 / 2
        assert lab.limit(sizes, rates - limit, order=0.85, within=0.1, refutes={"a power of m": 0.0}, question="log of the excess over m")
        alone = theory.mean_classifier_excess(1, m, s)
        assert lab.identical(claimed, alone, relative=1e-12, refutes={"in the plane": theory.mean_classifier_excess(2, m, s)}, question="on the line")
    run = lab.run(simulate.sample_sign_votes, dimension=2, labeled_size=5, half_distance=1.0, alignment=1.0)
    rate = run.probability("mean_vote") * float(ndtr(1.0) - ndtr(-1.0))
    printed = theory.known_direction_excess(5, 1.0)
    wrong = {"1/sqrt(m)": 1 / math.sqrt(5), "labels alone in two dimensions": float(theory.mean_classifier_excess(2, 5, 1.0))}
    assert rate.named("excess with a known direction").agrees_with(printed, relative=0.15, refutes=wrong)
