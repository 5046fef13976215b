"""arXiv:2302.02334: what is left of consistency when scores are bounded, as those of linear functions with bounded weights are.

Scores lie in [-L, L], L = W |x| + B for |w_k| <= W and |b_k| <= B. Two classes keep a transform at every L. From three classes on small 0-1 regrets
cost no logistic regret, so that a condition such as reachability, p_k <= exp(2L) p_l for all classes, is needed; t is the 0-1 regret of a prediction.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.optimize import linprog, minimize_scalar

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

bounded = claim(
    "HC-3",
    kind="identity",
    statement="Scores in [-L, L]: for K = 2 the transform is psi up to tanh(L), then linear; for K >= 3 it is 0 up to e/(2+e): no bound holds.",
    tex=r"K=2:\ \psi(t)\mathbb{1}_{t\le\tanh L}+(tL-\log\cosh L)\mathbb{1}_{t>\tanh L};\quad "
    r"K\ge3,\ e=(K-2)e^{-2L}:\ \log(2+e)-\min_{0\le c\le 2L}\left[\log(1+e^{-c}+e)+c\tfrac{1-t}{2}\right];\quad "
    r"\text{reachable: }s^*\psi(t/s^*),\ s^*=\frac{1-(K-2)t\rho/2}{1+(K-2)\rho/2},\ \rho=e^{-2L}",
    source="derived here; K = 2 is known for bounded linear hypotheses, and that arXiv:2302.02334 needs a condition for K >= 3 is recalled, not read",
)


def pair_law(t: float, class_count: int) -> np.ndarray:
    """Return ((1+t)/2, (1-t)/2, 0, ..., 0)."""
    law = np.zeros(class_count)
    law[:2] = (1 + t) / 2, (1 - t) / 2
    return law


def random_points(lab: Laboratory, key: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random t in (0.05, 0.98) and L in (0.2, 2.5)."""
    rng = np.random.default_rng([lab.seed, key])
    return rng.uniform(0.05, 0.98, number), rng.uniform(0.2, 2.5, number)


# Two classes -----------------------------------------------------------------------------------------------------------------------------


@bounded
def test_two_classes_by_convex_programs(lab: Laboratory) -> None:
    """Least log loss of tied scores minus that of all scores in the box, at t = .5, .9 for L = 1 and at random points on both branches."""
    t, length = random_points(lab, 1, 8)
    t, length = np.concatenate([[0.5, 0.9, 1.0], t]), np.concatenate([[1.0, 1.0, 1.0], length])
    # Half of the random points are put on the curved branch, half on the linear one.
    t[3:7] *= np.tanh(length[3:7])
    t[7:] = 1 - (1 - t[7:]) * (1 - np.tanh(length[7:]))
    found = np.array([simulate.least_scored_regret(pair_law(a, 2), 1, bound=b) for a, b in zip(t, length, strict=True)])
    kink = np.tanh(length)
    linear = t * length - np.log(np.cosh(length))
    wrong = {
        "psi at every t": theory.logistic_psi(t),
        "linear at every t": linear,
        "each score difference, not each score, bounded by L": theory.bounded_score_transform(t, length / 2, 2),
        "psi cut off at its value at tanh(L)": theory.logistic_psi(np.minimum(t, kink)),
        "t L": t * length,
    }
    assert lab.identical(theory.bounded_score_transform(t, length, 2), found, absolute=1e-6, refutes=wrong)
    piecewise = np.where(t <= kink, theory.logistic_psi(t), linear)
    assert lab.identical(piecewise, theory.bounded_score_transform(t, length, 2), absolute=1e-14, refutes={"psi at every t": theory.logistic_psi(t)})


@bounded
def test_linear_scores_fill_the_box(lab: Laboratory) -> None:
    """Scores w_k'x + b_k with |w_k| <= W, |b_k| <= B at a point x are exactly those in [-L, L], L = W |x| + B; at x = 0 only B is left."""
    rng = np.random.default_rng([lab.seed, 2])
    cases = [(np.zeros(2), 0.9, 2), (np.array([0.3, -0.4]), 0.9, 2), (rng.uniform(-0.5, 0.5, 3), 0.4, 3), (np.zeros(3), 0.3, 4)]
    found, claimed, without_points, without_biases = [], [], [], []
    for x, t, classes in cases:
        found.append(simulate.least_linear_regret(x, pair_law(t, classes), 1, weight_norm=0.8, largest_intercept=0.5))
        length = 0.8 * float(np.linalg.norm(x)) + 0.5
        claimed.append(theory.bounded_score_transform(t, length, classes))
        without_points.append(theory.bounded_score_transform(t, 0.8 + 0.5, classes))
        without_biases.append(theory.bounded_score_transform(t, max(length - 0.5, 1e-3), classes))
    wrong = {"L = W + B": np.array(without_points), "L = W |x|": np.array(without_biases)}
    assert lab.identical(claimed, found, absolute=1e-6, refutes=wrong, question="bounded linear scores at a point")


# Three and more classes ------------------------------------------------------------------------------------------------------------------


def box_by_search(t: float, length: float, class_count: int) -> float:
    """Return the regret by minimising the loss over the score difference c, the others at the lowest score, as the derivation has it."""
    e = (class_count - 2) * np.exp(-2 * length)
    found = minimize_scalar(
        lambda c: np.log(1 + np.exp(-c) + e) + c * (1 - t) / 2, bounds=(0.0, 2 * length), method="bounded", options={"xatol": 1e-10}
    )
    ends = [np.log(2 + e), np.log(1 + np.exp(-2 * length) + e) + length * (1 - t)]
    return float(np.log(2 + e) - min(found.fun, *ends))


@bounded
@pytest.mark.parametrize("class_count", [3, 4, 7])
def test_box_by_convex_programs(lab: Laboratory, class_count: int) -> None:
    """The same for K >= 3: the plateau, the curved branch and the linear one."""
    t, length = random_points(lab, 10 + class_count, 5)
    t, length = np.concatenate([[0.05, 0.2, 0.5, 0.97], t]), np.concatenate([[1.0, 1.0, 1.0, 1.0], length])
    claimed = theory.bounded_score_transform(t, length, class_count)
    found = np.array([simulate.least_scored_regret(pair_law(a, class_count), 1, bound=b) for a, b in zip(t, length, strict=True)])
    searched = np.array([box_by_search(a, b, class_count) for a, b in zip(t, length, strict=True)])
    wrong = {
        "psi(t) for all K": theory.logistic_psi(t),
        "the transform of two classes": theory.bounded_score_transform(t, length, 2),
        "exp(-L) for exp(-2L)": theory.bounded_score_transform(t, length / 2, class_count),
        "K-1 for K-2": theory.bounded_score_transform(t, length, class_count + 1),
    }
    assert lab.identical(claimed, found, absolute=1e-6, refutes=wrong, question="programs in bounded scores")
    assert lab.identical(claimed, searched, absolute=1e-9, refutes=wrong, question="search over the score difference")
    psi = theory.logistic_psi
    e, lowest = (class_count - 2) * np.exp(-2 * length), np.exp(-2 * length)
    t0 = e / (2 + e)
    bregman = psi(t) - psi(t0) - np.arctanh(t0) * (t - t0)
    curved = (t > t0) & (t < (1 + e - lowest) / (1 + e + lowest))
    wrong = {"psi(t) - psi(t0)": (psi(t) - psi(t0))[curved], "psi(t - t0)": psi(np.maximum(t - t0, 0.0))[curved]}
    assert lab.identical(claimed[curved], bregman[curved], absolute=1e-13, refutes=wrong, question="psi above its tangent at t0")


@bounded
@pytest.mark.parametrize(("class_count", "bound"), [(3, 1.0), (3, 0.5), (5, 1.5), (10, 1.0)])
def test_zero_plateau(lab: Laboratory, class_count: int, bound: float) -> None:
    """Up to t0 = e/(2+e) a wrong prediction costs nothing: regret 0 by a convex program at .5 t0 and .95 t0, and a positive one beyond t0."""
    t0 = theory.largest_uncharged_difference(bound, class_count)
    e = (class_count - 2) * np.exp(-2 * bound)
    inside = np.array([0.5, 0.95]) * t0
    free = np.array([simulate.least_scored_regret(pair_law(each, class_count), 1, bound=bound) for each in inside])
    wrong = {"psi(t)": theory.logistic_psi(inside), "a quarter of t^2": inside**2 / 4}
    assert lab.identical(theory.bounded_score_transform(inside, bound, class_count), free, absolute=1e-6, refutes=wrong, question="free of charge")
    # The curvature at t0 is 1/(1 - t0^2), so the root of the regret is a line that starts there: two points of it give its start.
    beyond = t0 + np.array([0.02, 0.04]) * (1 - t0)
    root = np.sqrt([simulate.least_scored_regret(pair_law(each, class_count), 1, bound=bound) for each in beyond])
    start = float(beyond[0] - root[0] * (beyond[1] - beyond[0]) / (root[1] - root[0]))
    wrong = {"e/(1+e)": e / (1 + e), "e/2": e / 2, "exp(-L) for exp(-2L)": theory.largest_uncharged_difference(bound / 2, class_count), "0": 0.0}
    assert lab.identical(t0, start, absolute=1e-3 * (1 - t0), refutes=wrong, question="where the regret starts")


@bounded
@pytest.mark.parametrize("class_count", [2, 3, 5, 10])
def test_transform_is_the_least_over_all_laws(lab: Laboratory, class_count: int) -> None:
    """Random laws, predictions and bounds: none has a smaller bounded regret than the transform of its t; the law with two classes attains it."""
    laws, predicted = lab.draw(simulate.draw_conditional_laws, lab.at_scale(5000, 200000), class_count=class_count, concentration=0.2)
    length = np.random.default_rng([lab.seed, 20, class_count]).uniform(0.3, 2.5, len(laws))
    regret, t = theory.bounded_conditional_regret(laws, predicted, length), theory.conditional_zero_one_regret(laws, predicted)
    claimed = theory.bounded_score_transform(t, length, class_count)
    assert lab.exact(float(np.min(regret - claimed))).greater_than(-1e-13, refutes={"one law is below": -1e-4})
    beyond = t > theory.largest_uncharged_difference(length, class_count) + 0.05
    assert lab.exact(float(np.min(regret[beyond] / claimed[beyond]))).at_least(1 - 1e-9, tightness=0.9, refutes={"twice the transform": 2.0})
    pairs = np.stack([pair_law(each, class_count) for each in t[:500]])
    attained = theory.bounded_conditional_regret(pairs, 1, length[:500])
    assert lab.identical(claimed[:500], attained, absolute=1e-13, refutes={"psi(t)": theory.logistic_psi(t[:500])}, question="two classes attain it")
    if class_count > 2:
        lab.refutes(lab.exact(float(np.min(regret - theory.logistic_psi(t)))).greater_than(-1e-12), "psi bounds scores in a box for every K")
        lab.refutes(lab.exact(float(np.min(regret[t > 0.01]))).greater_than(0.0), "a consistency bound of some form holds for K >= 3")


@bounded
@pytest.mark.parametrize("class_count", [2, 3, 5])
def test_bounded_regret_by_convex_programs(lab: Laboratory, class_count: int) -> None:
    """The exact regret of scores in a box for any law and prediction, which the random search stands on."""
    rng = np.random.default_rng([lab.seed, 30, class_count])
    laws, length = rng.dirichlet(np.full(class_count, 0.6), 10), rng.uniform(0.2, 2.0, 10)
    # One law that scores in [-0.3, 0.3] are far from.
    laws[0], length[0] = pair_law(0.98, class_count), 0.3
    predicted = laws.argsort(axis=1)[np.arange(10), np.minimum(np.arange(10) % class_count, class_count - 2)]
    found = [simulate.least_scored_regret(law, j, bound=b) for law, j, b in zip(laws, predicted, length, strict=True)]
    t = theory.conditional_zero_one_regret(laws, predicted)
    wrong = {"without the bound": theory.conditional_regret_infimum(laws, predicted)}
    wrong |= (
        {"the least over all laws": theory.bounded_score_transform(t, length, class_count)} if class_count > 2 else {"psi(t)": theory.logistic_psi(t)}
    )
    assert lab.identical(theory.bounded_conditional_regret(laws, predicted, length), found, absolute=1e-6, refutes=wrong)


# Reachability ----------------------------------------------------------------------------------------------------------------------------


@bounded
def test_reachable_transform_by_joint_programs(lab: Laboratory) -> None:
    """One convex program over the law and its softmax, both with ratios up to exp(2L): at (K, L, t) = (5, .5, .2), (3, 1, .2) and random points."""
    rng = np.random.default_rng([lab.seed, 40])
    classes, length = np.concatenate([[5, 3], rng.integers(3, 8, 8)]), np.concatenate([[0.5, 1.0], rng.uniform(0.4, 1.5, 8)])
    largest = theory.largest_reachable_difference(length, classes)
    t = np.concatenate([[0.2, 0.2], rng.uniform(0.3, 0.95, 8) * largest[2:]])
    found = np.array([simulate.least_regret(a, int(k), bound=b) for a, k, b in zip(t, classes, length, strict=True)])
    rho, others = np.exp(-2 * length), classes - 2

    def with_mass(mass: np.ndarray) -> Any:
        return mass * theory.logistic_psi(np.minimum(t / mass, 1.0))

    wrong = {
        "psi(t)": theory.logistic_psi(t),
        "the transform without reachability": theory.bounded_score_transform(t, length, classes),
        "exp(-L) for exp(-2L)": with_mass((1 - others * t * rho**0.5 / 2) / (1 + others * rho**0.5 / 2)),
        "K-1 for K-2": with_mass((1 - (others + 1) * t * rho / 2) / (1 + (others + 1) * rho / 2)),
        "without t in the mass": with_mass(1 / (1 + others * rho / 2)),
        "without the denominator": with_mass(1 - others * t * rho / 2),
        "the other sign of t": with_mass((1 + others * t * rho / 2) / (1 + others * rho / 2)),
    }
    claimed = theory.reachable_transform(t, length, classes)
    assert lab.identical(claimed, found, absolute=1e-6, refutes=wrong)
    assert lab.exact(float(np.min(claimed / theory.logistic_psi(t)))).greater_than(1.0, refutes={"no more than psi for K >= 3": 1.0})
    two = theory.reachable_transform(0.3, 0.5, 2)
    assert lab.identical(two, theory.logistic_psi(0.3), relative=1e-14, refutes={"more than psi for K = 2": 1.01 * theory.logistic_psi(0.3)})


@bounded
@pytest.mark.parametrize("class_count", [2, 3, 6])
def test_largest_reachable_difference_by_linear_program(lab: Laboratory, class_count: int) -> None:
    """The largest p_0 - p_1 among laws whose ratios are at most exp(2L)."""
    for length in np.random.default_rng([lab.seed, 50, class_count]).uniform(0.2, 1.8, 3):
        ratio = np.exp(2 * length)
        rows = [np.eye(class_count)[k] - ratio * np.eye(class_count)[j] for k in range(class_count) for j in range(class_count) if j != k]
        rows += [np.eye(class_count)[k] - np.eye(class_count)[0] for k in range(1, class_count)]
        objective = np.eye(class_count)[1] - np.eye(class_count)[0]
        found = linprog(objective, A_ub=np.array(rows), b_ub=np.zeros(len(rows)), A_eq=np.ones((1, class_count)), b_eq=[1.0])
        wrong = {"(1-rho)/(1+K rho)": (1 - 1 / ratio) / (1 + class_count / ratio), "tanh(L/2)": np.tanh(length / 2), "1": 1.0}
        wrong |= {"tanh(L) for every K": np.tanh(length)} if class_count > 2 else {}
        assert lab.identical(theory.largest_reachable_difference(length, class_count), -found.fun, absolute=1e-9, refutes=wrong)


@bounded
@pytest.mark.parametrize("class_count", [3, 5, 10])
def test_reachability_restores_consistency(lab: Laboratory, class_count: int) -> None:
    """Random reachable laws: the bound on the scores changes nothing, and no regret is below s* psi(t/s*), hence none below psi(t)."""
    laws, predicted = lab.draw(simulate.draw_conditional_laws, lab.at_scale(5000, 200000), class_count=class_count, concentration=0.5)
    length = np.random.default_rng([lab.seed, 60, class_count]).uniform(0.3, 2.0, len(laws))
    # Raising small probabilities to the least one allowed keeps all ratios within exp(2L).
    laws = np.maximum(laws, np.exp(-2 * length)[:, None] * laws.max(axis=1, keepdims=True))
    laws /= laws.sum(axis=1, keepdims=True)
    regret, free = theory.bounded_conditional_regret(laws, predicted, length), theory.conditional_regret_infimum(laws, predicted)
    t = theory.conditional_zero_one_regret(laws, predicted)
    boxed = theory.bounded_score_transform(t, length, class_count)
    assert lab.identical(free, regret, absolute=1e-13, refutes={"as without reachability": boxed}, question="the bound is not felt")
    clear = t > 0.02
    t, length, free = t[clear], length[clear], free[clear]
    ratio = free / theory.reachable_transform(np.minimum(t, theory.largest_reachable_difference(length, class_count)), length, class_count)
    assert lab.exact(float(np.min(ratio))).at_least(1 - 1e-10, tightness=0.5, refutes={"twice as much": 2.0})
    assert lab.exact(float(np.min(free / theory.logistic_psi(t)))).greater_than(1.0, refutes={"psi is attained by a reachable law": 1.0})


# In many digits --------------------------------------------------------------------------------------------------------------------------


@bounded
def test_all_transforms_in_forty_digits(lab: Laboratory) -> None:
    """Random t, L and K, the kinks and both ends of every branch: the definitions with the best score difference written out."""
    rng = np.random.default_rng([lab.seed, 70])
    classes, length = rng.integers(2, 12, 60), np.exp(rng.uniform(np.log(0.05), np.log(8.0), 60))
    t = rng.uniform(0.0, 1.0, 60)
    e, rho = (classes - 2) * np.exp(-2 * length), np.exp(-2 * length)
    t[:12] = (1 + e[:12] - rho[:12]) / (1 + e[:12] + rho[:12]) * (1 + rng.uniform(-1e-3, 1e-3, 12))
    t[12:20], t[20:24], t[24:27] = e[12:20] / (2 + e[12:20]) * (1 + rng.uniform(-0.1, 0.1, 8)), 1.0, 0.0
    t = np.minimum(t, 1.0)
    reachable = rng.uniform(0, 1, 60) * (1 - rho) / (1 + (classes - 1) * rho)
    seen: dict[str, list[float]] = {"transform": [], "uncharged": [], "largest": [], "reachable": []}
    with mpmath.workdps(40):
        for a, b, k, other in zip(t.tolist(), length.tolist(), classes.tolist(), reachable.tolist(), strict=True):
            u, bound, r = mpmath.mpf(a), mpmath.mpf(b), mpmath.exp(-2 * mpmath.mpf(b))
            rest = (k - 2) * r
            best = mpmath.log((1 + u) / ((1 - u) * (1 + rest))) if a < 1 else mpmath.inf
            c = min(max(best, mpmath.mpf(0)), 2 * bound)
            seen["transform"].append(float(mpmath.log(2 + rest) - mpmath.log(1 + mpmath.exp(-c) + rest) - c * (1 - u) / 2))
            seen["uncharged"].append(float(rest / (2 + rest)))
            seen["largest"].append(float((1 - r) / (1 + (k - 1) * r)))
            mass = (1 - rest * mpmath.mpf(other) / 2) / (1 + rest / 2)
            v = mpmath.mpf(other) / mass
            seen["reachable"].append(float(mass * ((1 + v) * mpmath.log(1 + v) + (1 - v) * mpmath.log(1 - v)) / 2))
    claimed = theory.bounded_score_transform(t, length, classes)
    wrong = {"psi": theory.logistic_psi(t), "one class more": theory.bounded_score_transform(t, length, classes + 1)}
    assert lab.identical(claimed, seen["transform"], absolute=1e-14, refutes=wrong, question="the transform")
    uncharged = theory.largest_uncharged_difference(length, classes)
    assert lab.identical(uncharged, seen["uncharged"], absolute=1e-15, refutes={"e/(1+e)": e / (1 + e)}, question="what is free")
    largest = theory.largest_reachable_difference(length, classes)
    assert lab.identical(largest, seen["largest"], absolute=1e-15, refutes={"tanh L": np.tanh(length)}, question="what is reachable")
    claimed = theory.reachable_transform(reachable, length, classes)
    assert lab.identical(claimed, seen["reachable"], absolute=1e-14, refutes={"psi": theory.logistic_psi(reachable)}, question="under reachability")
    edge = theory.reachable_transform(largest, length, classes)
    beyond = theory.sharp_multiclass_transform(largest, (1 - 0.5 * e * largest) / (1 + 0.5 * e))
    assert lab.identical(edge, beyond, absolute=1e-15, refutes={"psi": theory.logistic_psi(largest)}, question="at the largest reachable difference")
