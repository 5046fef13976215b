"""arXiv:2310.00027, what labelled samples alone can do: the exact risk of their mean, and that no rule beats it.

d dimension, m labeled_size, s = |mu0|/sigma0 half_distance; excess is the risk less Phi(-s).
"""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx, gammaln, ndtr

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# d, m, s, and the margin of the simulated risk.
POINTS = [(10, 20, 1.0, 5e-4), (50, 100, 1.5, 3e-4), (2, 10, 1.0, 1.5e-3), (3, 1, 2.0, 3e-3), (1, 2, 0.7, 3e-3), (100_000, 300, 4.0, 2e-3)]


def printed_integral(dimension: int, inner_product: float, squared_norms: float) -> float:
    """Return 1/2 less the integral of the statement, along the real axis as it is printed."""

    def integrand(t: float) -> float:
        swing = math.sin(inner_product * math.sin(2 * t) / 2) / math.sin(t)
        return math.cos(t) ** (dimension - 1) * math.exp(-squared_norms * math.sin(t) ** 2 / 2) * swing

    end = min(math.pi / 2, 12 / math.sqrt(squared_norms + dimension))
    return 0.5 - quad(integrand, 0, end, limit=400, epsabs=1e-14, epsrel=1e-13)[0] / math.pi


def long_integral(dimension: int, inner_product: Any, squared_norms: Any) -> Any:
    """Return the same in the working precision of mpmath, in which small probabilities survive the subtraction."""

    def integrand(t: Any) -> Any:
        swing = mpmath.sin(inner_product * mpmath.sin(2 * t) / 2) / mpmath.sin(t)
        return mpmath.cos(t) ** (dimension - 1) * mpmath.exp(-squared_norms * mpmath.sin(t) ** 2 / 2) * swing

    unit = 4 / mpmath.sqrt(squared_norms + dimension)
    edges = [k * unit for k in range(9) if k * unit < mpmath.pi / 2]
    return mpmath.mpf(1) / 2 - mpmath.quad(integrand, [*edges, mpmath.pi / 2]) / mpmath.pi


def long_risk(dimension: int, labeled_size: int, half_distance: float) -> Any:
    """Return the risk of the mean rule in the working precision."""
    square = mpmath.mpf(half_distance) ** 2
    return long_integral(dimension, mpmath.sqrt(labeled_size) * square, (labeled_size + 1) * square)


# OOD-3 -----------------------------------------------------------------------------------------------------------------------------------

exact_risk = claim(
    "OOD-3",
    kind="identity",
    statement="At every d and m the mean rule's risk is the probability that a doubly noncentral F is below 1; no rule has a smaller largest risk.",
    tex=r"\mathbb{E}R=P\bigl(\chi'^2_d(L_+)<\chi'^2_d(L_-)\bigr)=\tfrac12-\tfrac1\pi\int_0^{\pi/2}\cos^{d-1}t\,e^{-(m+1)s^2\sin^2t/2}"
    r"\,\tfrac{\sin(\sqrt m s^2\sin(2t)/2)}{\sin t}\,dt,\quad L_\pm=\tfrac{(\sqrt m\pm1)^2s^2}2",
    source="derived here for the setting of arXiv:2310.00027",
)


@exact_risk
def test_three_routes_to_the_risk(lab: Laboratory) -> None:
    """The integral off the real axis, the integral as printed, the double series, and the quadrature over the angle."""
    rng = np.random.default_rng([lab.seed, 1])
    cases = [(d, m, s) for d, m, s, _ in POINTS if d < 1000]
    cases += [(int(rng.integers(1, 60)), int(rng.integers(1, 200)), float(rng.uniform(0.2, 2.5))) for _ in range(6)]
    for d, m, s in cases:
        claimed = theory.mean_classifier_risk(d, m, s)
        fewer = theory.mean_classifier_risk(d + 1, m, s)
        wide = theory.inner_product_sign_probability(d, 2 * math.sqrt(m) * s**2, 2 * (m + 1) * s**2)
        limit = theory.mean_classifier_proportional_limit(s, m / d)
        wrong = {"d + 1": fewer, "noncentralities not halved": wide, "the proportional limit": limit}
        routes = {
            "the integral as printed": printed_integral(d, math.sqrt(m) * s**2, (m + 1) * s**2),
            "the series": theory.mean_classifier_risk_series(d, m, s),
            "the law of the angle": theory.robust_mean_classifier_risk(d, m, s, 0.0),
        }
        for name, value in routes.items():
            assert lab.identical(claimed, value, absolute=1e-11, refutes=wrong, question=f"{name}, d = {d}, m = {m}, s = {s:.3g}")
    values = [theory.mean_classifier_risk(*case) for case in ((10, 20, 1.0), (50, 100, 1.5))]
    assert lab.identical(values, [0.20607494, 0.08723093], absolute=6e-9, refutes={"d - 1": [0.20183183, 0.0870]})
    # 0.173375873 to nine digits.
    assert lab.identical(theory.mean_classifier_risk(2, 10, 1.0), 0.17337587, absolute=6e-9, refutes={"the proportional limit": 0.18066})
    assert lab.identical(
        theory.mean_classifier_risk(9, 20, 1.0), 0.201832, absolute=6e-7, refutes={"d = 10": 0.206075}, question="d - 1 at (10, 20, 1)"
    )
    assert lab.identical(theory.mean_classifier_proportional_limit(1.0, 5.0), 0.18066, absolute=6e-6, refutes={"exact": 0.17338})


@exact_risk
@pytest.mark.parametrize(("dimension", "labeled_size", "half_distance", "margin"), POINTS)
def test_risk_by_simulation(lab: Laboratory, dimension: int, labeled_size: int, half_distance: float, margin: float) -> None:
    """The angle from two scalars, the risk exact given the angle."""
    d, m, s = dimension, labeled_size, half_distance
    claimed = theory.mean_classifier_risk(d, m, s)
    wide = theory.inner_product_sign_probability(d, 2 * math.sqrt(m) * s**2, 2 * (m + 1) * s**2)
    wrong = {"noncentralities not halved": wide}
    if 1 < d < 50:
        wrong["d - 1"] = theory.mean_classifier_risk(d - 1, m, s)
        wrong["d + 1"] = theory.mean_classifier_risk(d + 1, m, s)
    if d <= 3:
        wrong["the proportional limit"] = theory.mean_classifier_proportional_limit(s, m / d)
    assert (
        lab.run(simulate.sample_mean_rule, dimension=d, labeled_size=m, half_distance=s)
        .mean("risk")
        .agrees_with(claimed, absolute=margin, refutes=wrong)
    )


@exact_risk
def test_risk_word_for_word(lab: Laboratory) -> None:
    """Raw labelled samples, their mean, raw test samples; the means along no axis, all at one distance: the risk is constant on the sphere."""
    rng = np.random.default_rng([lab.seed, 2])
    claimed = theory.mean_classifier_risk(4, 6, 0.8)
    wrong = {
        "d - 1": theory.mean_classifier_risk(3, 6, 0.8),
        "the best direction": theory.bayes_risk(0.8),
        "m - 1": theory.mean_classifier_risk(4, 5, 0.8),
    }
    for _ in range(2):
        direction = rng.standard_normal(4)
        mean = tuple((1.6 * direction / np.linalg.norm(direction)).tolist())
        run = lab.run(simulate.sample_mean_rule_raw, mean=mean, labeled_size=6, test_size=8, standard_deviation=2.0)
        assert run.mean("error").agrees_with(claimed, absolute=0.006, refutes=wrong)


@exact_risk
def test_labelled_samples_from_another_domain(lab: Laboratory) -> None:
    """The same probability with another inner product: by value, from three scalars, and from raw data with both means and deviations different."""
    s1, r = math.hypot(1.0, 0.6), 1 / math.hypot(1.0, 0.6)
    setting = {"dimension": 15, "labeled_size": 40, "half_distance": 1.2, "shifted_half_distance": s1, "alignment": r}
    claimed = theory.out_of_domain_mean_risk(15, 40, 1.2, s1, r)
    wrong = {
        "no shift": theory.mean_classifier_risk(15, 40, 1.2),
        "in their own domain": theory.mean_classifier_risk(15, 40, s1),
        "angle ignored": theory.out_of_domain_mean_risk(15, 40, 1.2, s1, 1.0),
        "d - 1": theory.out_of_domain_mean_risk(14, 40, 1.2, s1, r),
    }
    assert lab.identical(claimed, 0.1808682, absolute=6e-8, refutes=wrong)
    general = theory.inner_product_sign_probability(15, math.sqrt(40) * 1.2, 40 * s1**2 + 1.44)
    assert lab.identical(claimed, general, relative=1e-11, refutes=wrong, question="the general probability")
    assert lab.identical(claimed, printed_integral(15, math.sqrt(40) * 1.2, 40 * s1**2 + 1.44), absolute=1e-12, refutes=wrong)
    assert lab.run(simulate.sample_shifted_mean_rule, **setting).mean("risk").agrees_with(claimed, absolute=5e-4, refutes=wrong)
    rng = np.random.default_rng([lab.seed, 3])
    home, away = rng.uniform(0.3, 0.7, 4), rng.uniform(0.5, 1.5, 4)
    lengths = float(np.linalg.norm(home)), float(np.linalg.norm(away))
    cosine = float(home @ away / math.prod(lengths))
    claimed = theory.out_of_domain_mean_risk(4, 3, lengths[0] / 0.5, lengths[1] / 3.0, cosine)
    wrong = {
        "equal deviations": theory.out_of_domain_mean_risk(4, 3, lengths[0] / 0.5, lengths[1] / 0.5, cosine),
        "no shift": theory.mean_classifier_risk(4, 3, lengths[0] / 0.5),
    }
    setting = {"mean": tuple(home.tolist()), "standard_deviation": 0.5, "labeled_mean": tuple(away.tolist()), "labeled_deviation": 3.0}
    run = lab.run(simulate.sample_mean_rule_raw, labeled_size=3, test_size=8, **setting)
    assert run.mean("error").agrees_with(claimed, absolute=0.012, refutes=wrong)


@exact_risk
def test_sign_probability_in_general(lab: Laboratory) -> None:
    """P(<U, V> < 0) for means of any lengths and angle: the printed integral, and in one dimension the product of two signs."""
    rng = np.random.default_rng([lab.seed, 4])
    for d in (1, 2, 7, 40):
        a, b = rng.standard_normal((2, d)) * rng.uniform(0.5, 2.0, (2, 1))
        product, norms = float(a @ b), float(a @ a + b @ b)
        claimed = theory.inner_product_sign_probability(d, product, norms)
        wrong = {"the other sign": 1 - claimed, "product halved": theory.inner_product_sign_probability(d, product / 2, norms)}
        assert lab.identical(claimed, printed_integral(d, product, norms), absolute=1e-11, refutes=wrong, question=f"d = {d}")
        if d == 1:
            signs = float(ndtr(a[0]) * ndtr(-b[0]) + ndtr(-a[0]) * ndtr(b[0]))
            assert lab.identical(claimed, signs, absolute=1e-13, refutes=wrong, question="two signs")


@exact_risk
@pytest.mark.parametrize(("dimension", "labeled_size", "half_distance"), [(10, 20, 1.0), (3, 4, 1.2), (2, 2, 0.6)])
def test_no_rule_beats_the_mean(lab: Laboratory, dimension: int, labeled_size: int, half_distance: float) -> None:
    """The Bayes rule for the uniform mean on the sphere is sign<w, x>; its own estimate of its error averages to the exact risk.

    So no rule has a smaller average risk over the sphere, and since the risk of this one is constant there, none has a smaller largest risk.
    """
    setting = {"dimension": dimension, "labeled_size": labeled_size, "half_distance": half_distance}
    run = lab.run(simulate.sample_posterior_rule, statistics=("posterior_error", "disagrees"), **setting)
    claimed = theory.mean_classifier_risk(dimension, labeled_size, half_distance)
    wrong = {
        "the mean known": theory.bayes_risk(half_distance),
        "one more sample in four": theory.mean_classifier_risk(dimension, 3 * labeled_size, half_distance),
    }
    assert run.mean("posterior_error").agrees_with(claimed, absolute=0.007, refutes=wrong)
    assert run.probability("disagrees").less_than(0.002, refutes={"they differ now and then": 0.01})


@exact_risk
def test_posterior_odds_by_hand(lab: Laboratory) -> None:
    """The likelihood ratio of the two classes of x is A(|m w + x|)/A(|m w - x|), A increasing: by averages over random means on the sphere."""
    rng = np.random.default_rng([lab.seed, 5])
    for d, m, s in ((2, 5, 1.0), (3, 2, 1.5), (6, 9, 0.7)):
        angles = rng.standard_normal((200_000, d))
        means = s * angles / np.linalg.norm(angles, axis=1, keepdims=True)
        total, point = m * s * np.eye(d)[0] + math.sqrt(m) * rng.standard_normal(d), rng.standard_normal(d)
        likelihoods = [float(np.mean(np.exp(means @ (total + y * point)))) for y in (1, -1)]
        lengths = np.array([np.linalg.norm(total + y * point) for y in (1, -1)])
        odds = np.diff(simulate.log_sphere_integral(s * lengths, d)[::-1])[0]
        assert lab.identical(odds, math.log(likelihoods[0] / likelihoods[1]), absolute=0.12, refutes={"the other sign": -odds - 0.25 * np.sign(odds)})
        assert np.sign(odds) == np.sign(total @ point)


@exact_risk
def test_rules_that_learn_more_than_the_mean(lab: Laboratory) -> None:
    """On the same samples least squares (linear discriminant analysis) and logistic regression cost more."""
    run = lab.run(
        simulate.sample_paired_rules,
        statistics=("mean", "least_squares_cost", "logistic_cost"),
        dimension=10,
        labeled_size=60,
        half_distance=1.0,
        ridge=1e-3,
    )
    wrong = {"as good as the mean": 0.0}
    claimed = theory.mean_classifier_risk(10, 60, 1.0)
    assert lab.identical(claimed, 0.17603, absolute=6e-6, refutes={"the mean known": theory.bayes_risk(1.0)})
    assert run.mean("mean").agrees_with(claimed, absolute=0.004, refutes={"the mean known": theory.bayes_risk(1.0)})
    assert run.mean("least_squares_cost").agrees_with(0.0195, absolute=0.006, refutes=wrong)
    assert run.mean("logistic_cost").agrees_with(0.0288, absolute=0.008, refutes=wrong)
    assert (run.mean("logistic_cost") - run.mean("least_squares_cost")).greater_than(
        0.0, refutes={"logistic regression is the better of the two": -0.005}
    )


@exact_risk
@pytest.mark.parametrize(
    ("d", "m", "s", "digits"), [(2, 10, 1.0, 25), (2, 3, 5.0, 30), (7, 1000, 8.0, 40), (3, 10, 15.0, 75), (1000, 100, 4.0, 30), (6, 1, 3.0, 25)]
)
def test_small_risks_in_long_arithmetic(lab: Laboratory, d: int, m: int, s: float, digits: int) -> None:
    """To twelve digits down to 1e-51, where the printed integral in double precision has none."""
    with mpmath.workdps(digits):
        exact = float(long_risk(d, m, s))
    wrong = {"d + 1": theory.mean_classifier_risk(d + 1, m, s), "m + 1": theory.mean_classifier_risk(d, m + 1, s), "Bayes": float(ndtr(-s))}
    assert lab.identical(theory.mean_classifier_risk(d, m, s), exact, relative=1e-12, refutes=wrong)


@exact_risk
@pytest.mark.parametrize(
    ("d", "m", "s", "digits"),
    [
        (2, 10**6, 1.0, 30),
        (20, 10**5, 0.1, 25),
        (50, 150, 1.0, 25),
        (3, 400, 8.0, 45),
        (2, 10**4, 0.02, 25),
        (9, 700, 0.6, 25),
        (5, 3, 0.7, 25),
        (2, 317, 18.9, 110),
        (2, 8 * 10**6, 0.01, 30),
        (3, 40, 6.0, 40),
    ],
)
def test_excess_in_long_arithmetic(lab: Laboratory, d: int, m: int, s: float, digits: int) -> None:
    """The risk less Phi(-s), though both may share all their digits: by each of the ways in which it is computed."""
    with mpmath.workdps(digits):
        exact = float(long_risk(d, m, s) - mpmath.ncdf(-mpmath.mpf(s)))
    wrong = {"d + 1": theory.mean_classifier_excess(d + 1, m, s), "the leading term": theory.mean_classifier_excess_leading(d, m, s)}
    assert lab.identical(theory.mean_classifier_excess(d, m, s), exact, relative=2e-11, refutes=wrong)


@exact_risk
def test_excess_at_both_ends(lab: Laboratory) -> None:
    """Few labels far apart, where the excess is nearly the risk; and so many that a difference of risks has no digit left."""
    for d, m, s in ((2, 2, 30.0), (2, 5, 30.0), (3, 4, 12.0)):
        risk = theory.mean_classifier_risk(d, m, s)
        wrong = {"the difference to one more": risk - theory.mean_classifier_risk(d, m + 1, s) / 2, "d + 1": theory.mean_classifier_risk(d + 1, m, s)}
        assert lab.identical(theory.mean_classifier_excess(d, m, s), risk - ndtr(-s), relative=1e-12, refutes=wrong)
    for d, m, s in ((2, 10**14, 1.0), (1000, 10**15, 0.5), (5, 10**12, 6.0), (30, 10**13, 0.3)):
        series = theory.mean_classifier_excess_leading(d, m, s, terms=2)
        assert lab.identical(theory.mean_classifier_excess(d, m, s), series, relative=1e-9, refutes={"d": series * d / (d - 1)})


@exact_risk
def test_one_dimension_has_two_directions(lab: Laboratory) -> None:
    """The rule is the sign of the mean, wrong with probability Phi(-sqrt(m) s): risks down to 1e-137, the excess, and the risk under attack."""
    for m, s in ((1, 0.3), (4, 0.7), (9, 1.0), (30, 0.2), (1, 7.0), (400, 1.0), (1, 20.0), (1, 25.0)):
        wrong = ndtr(-math.sqrt(m) * s)
        found = np.array(
            [theory.mean_classifier_risk(1, m, s), theory.mean_classifier_excess(1, m, s), theory.robust_mean_classifier_risk(1, m, s, 0.4)]
        )
        exact = [ndtr(-s) * (1 - wrong) + ndtr(s) * wrong, wrong * math.erf(s / math.sqrt(2)), ndtr(0.4 - s) * (1 - wrong) + ndtr(0.4 + s) * wrong]
        refuted = {"the excess twice": np.array([1.0, 2.0, 1.0])}
        assert lab.identical(found / exact, np.ones(3), absolute=1e-12, refutes=refuted, question=f"m = {m}, s = {s:g}")
    for cosine in (1.0, -1.0):
        side = ndtr(math.sqrt(5) * 0.6 * cosine)
        exact = ndtr(-0.7) * side + ndtr(0.7) * (1 - side)
        claimed = theory.out_of_domain_mean_risk(1, 5, 0.7, 0.6, cosine)
        assert lab.identical(claimed, exact, relative=1e-12, refutes={"the other side": 1 - exact}, question="another domain on the line")


@exact_risk
@pytest.mark.parametrize(
    ("d", "product", "norms"),
    [(1, 3.0, 7.0), (5, 12.5, 40.0), (300, 90.0, 200.0), (40, 60.0, 121.0), (3, 0.4, 30.0), (2, 8.0, 16.0), (4, 0.2, 0.5), (2, 3.0, 11.0)],
)
def test_sign_probability_in_long_arithmetic(lab: Laboratory, d: int, product: float, norms: float) -> None:
    """And of the opposite mean, of which all but this is right; in another domain the product is that of both lengths and the cosine."""
    with mpmath.workdps(40):
        exact = float(long_integral(d, mpmath.mpf(product), mpmath.mpf(norms)))
    found = [theory.inner_product_sign_probability(d, sign * product, norms) for sign in (1, -1)]
    wrong = {"longer means": theory.inner_product_sign_probability(d, product, norms + 1)}
    assert lab.identical(found[0], exact, relative=1e-12, refutes=wrong)
    assert lab.identical(found[1], 1 - exact, absolute=1e-14, refutes={"the same": exact}, question="the opposite mean")
    half = [theory.inner_product_sign_probability(d, 0.0, norms), theory.mean_classifier_risk(d, 7, 0.0)]
    assert lab.identical(half, [0.5, 0.5], absolute=1e-13, refutes={"not even": [0.5, exact]}, question="orthogonal means, and no distance")
    if d > 1 and norms > 2.1 * product:
        # k = 6 samples at s1, and s, such that 6 s1^2 + s^2 is the sum and the cosine is what is left.
        s1, s = math.sqrt(0.4 * norms / 6), math.sqrt(0.6 * norms)
        cosine = product / (math.sqrt(6) * s1 * s)
        for sign, value in ((1, exact), (-1, 1 - exact)):
            claimed = theory.out_of_domain_mean_risk(d, 6, s, s1, sign * cosine)
            refuted = {"s for s1": theory.out_of_domain_mean_risk(d, 6, s1, s, sign * cosine)}
            assert lab.identical(claimed, value, relative=1e-11, refutes=refuted, question=f"another domain, cosine {sign * cosine:.3g}")


# The law of the angle --------------------------------------------------------------------------------------------------------------------


def angle_average(function: Any, dimension: int, signal: float) -> float:
    """Return E function(cos) in the plane or in space, whose radial integral is elementary: h = nu cos, K(h) = Phi(h) exp(h^2/2) sqrt(2 pi)."""
    nodes, weights = np.polynomial.legendre.leggauss(600)
    angle = 0.5 * math.pi * (1 + nodes)
    h = signal * np.cos(angle)
    tail, bulk = math.exp(-0.5 * signal**2), np.exp(-0.5 * (signal * np.sin(angle)) ** 2) * math.sqrt(2 * math.pi)
    # Below 0 the bulk of K is nearly cancelled, so it is taken from the scaled function.
    scaled = np.where(h < 0, tail * math.sqrt(math.pi / 2) * erfcx(np.maximum(-h, 0) / math.sqrt(2)), bulk * ndtr(h))
    density = (tail + h * scaled) / math.pi if dimension == 2 else np.sin(angle) * (h * tail + (1 + h**2) * scaled) / math.sqrt(2 * math.pi)
    return float(0.5 * math.pi * np.sum(weights * density * function(np.cos(angle))))


@exact_risk
@pytest.mark.parametrize("dimension", [2, 3])
def test_law_of_the_angle_in_the_plane_and_in_space(lab: Laboratory, dimension: int) -> None:
    """Risks under attack for attacks on both sides of s, and rare ones; the printed density integrated over the radius by hand."""
    assert lab.identical(angle_average(np.ones_like, dimension, 0.7), 1.0, absolute=1e-12, refutes={"half a turn": 0.5})
    for m, s, radius in ((3, 0.6, 0.3), (8, 1.3, 0.9), (2, 0.5, 1.4), (40, 2.1, 0.2), (3, 6.0, 0.5), (5, 8.0, 3.0), (400, 0.9, 0.0)):
        exact = angle_average(lambda cosine, s=s, radius=radius: ndtr(radius - s * cosine), dimension, math.sqrt(m) * s)
        claimed = theory.robust_mean_classifier_risk(dimension, m, s, radius)
        wrong = {"one dimension more": theory.robust_mean_classifier_risk(dimension + 1, m, s, radius), "no angle": float(ndtr(radius - s))}
        assert lab.identical(claimed, exact, relative=1e-10, refutes=wrong, question=f"d = {dimension}, m = {m}, s = {s:g}, radius {radius:g}")


@exact_risk
@pytest.mark.parametrize("dimension", [2, 3, 6, 50, 100_000])
def test_moments_of_the_cosine(lab: Laboratory, dimension: int) -> None:
    """Given J, Poisson of mean nu^2/2, cos^2 is beta of mean (1 + 2J)/(d + 2J); E cos is the derivative of E|w| in nu."""
    d = dimension
    for nu in (0.0, 0.4, 1.7, 12.0, 90.0):
        count = np.arange(max(0.0, nu**2 / 2 - 12 * nu), nu**2 / 2 + 12 * nu + 60)
        poisson = np.exp(count * math.log(nu**2 / 2) - nu**2 / 2 - gammaln(count + 1)) if nu else (count == 0).astype(float)
        square = float(poisson @ ((1 + 2 * count) / (d + 2 * count)))
        first = nu / math.sqrt(2) * float(poisson @ np.exp(gammaln((d + 1) / 2 + count) - gammaln(d / 2 + 1 + count)))
        found = [theory.alignment_expectation(np.square, d, nu), theory.alignment_expectation(lambda c: c, d, nu)]
        wrong = {"d - 1 for d": [square * d / (d - 1), first * 1.01], "the limit nu/sqrt(nu^2 + d)": [nu**2 / (nu**2 + d), first * 0.99]}
        relative = 1e-9 if d > 1000 else 1e-11
        assert lab.identical(
            found[0], square, relative=relative, refutes={label: value[0] for label, value in wrong.items()}, question=f"nu = {nu:g}"
        )
        assert lab.identical(found[1], first, absolute=relative * max(first, 0.01), refutes={"cosine squared": square}, question=f"nu = {nu:g}")


@exact_risk
def test_angle_far_out(lab: Laboratory) -> None:
    """Errors of strong rules come from angles that almost never happen; and logarithms of size d lose digits, which the total takes back."""
    for d, m, s in ((3, 10, 15.0), (2, 1, 22.0), (3, 2, 25.0), (17, 30, 6.0), (10**6, 10**6, 1.0), (10**8, 10**7, 1.0)):
        wrong = {"m + 1": theory.mean_classifier_risk(d, m + 1 + m // 100, s)}
        claimed = theory.robust_mean_classifier_risk(d, m, s, 0.0)
        assert lab.identical(claimed, theory.mean_classifier_risk(d, m, s), relative=1e-10 if s > 1 else 3e-12, refutes=wrong)
