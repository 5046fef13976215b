"""arXiv:2310.00027, what a given linear rule risks between two mirrored Gaussian classes, as it is and when an attacker moves every sample."""

from __future__ import annotations

import math
from collections.abc import Callable

import cvxpy
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# The example with bounded coordinates: its mean, the deviation of the isotropic case, the covariance of the other, the radius.
MEAN, DEVIATION, RADIUS = (1.0, 0.8, 0.5, 0.3, 0.1, 0.0), 0.9, 0.25
COVARIANCE = tuple(tuple(row) for row in (np.diag([1.0, 2.0, 0.5, 1.0, 1.0, 1.0]) + 0.2).tolist())


def random_case(rng: np.random.Generator, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a mean and a covariance with s between 0.3 and 3 for which the mean is not nearly the best direction."""
    while True:
        root = rng.standard_normal((dimension, dimension + 3))
        covariance = root @ root.T / dimension
        mean = rng.standard_normal(dimension)
        s = np.sqrt(mean @ np.linalg.solve(covariance, mean))
        if mean @ mean / np.sqrt(mean @ covariance @ mean) < 0.9 * s:
            return mean * rng.uniform(0.3, 3.0) / s, covariance


def derivatives(risk: Callable[[np.ndarray], float], point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient and the eigenvalues of the Hessian at a point of length 1, by central differences."""
    step, d = 3e-4, len(point)
    moves = step * np.eye(d)
    gradient = np.array([risk(point + e) - risk(point - e) for e in moves]) / (2 * step)
    hessian = np.array([[risk(point + e + f) - risk(point + e - f) - risk(point - e + f) + risk(point - e - f) for e in moves] for f in moves])
    return gradient, np.linalg.eigvalsh(hessian / (4 * step**2))


def searches(risk: Callable[[np.ndarray], float], starts: np.ndarray) -> np.ndarray:
    """Return the smallest risks that Nelder and Mead's method finds from these directions, restarted once."""
    options = {"maxfev": 3000, "xatol": 1e-6, "fatol": 1e-10, "adaptive": True}
    first = [minimize(risk, start, method="Nelder-Mead", options=options).x for start in starts]
    return np.array([minimize(risk, point, method="Nelder-Mead", options=options).fun for point in first])


# OOD-1 -----------------------------------------------------------------------------------------------------------------------------------

risk_of_a_rule = claim(
    "OOD-1",
    kind="identity",
    statement="A linear rule errs with probability Phi(-<w, mu>/sqrt(w' Sigma w)); no rule of any kind errs less than w = Sigma^-1 mu.",
    tex=r"R(w)=\Phi\Bigl(-\tfrac{\langle w,\mu\rangle}{\sqrt{w^\top\Sigma w}}\Bigr),\ R^*=\Phi\bigl(-\sqrt{\mu^\top\Sigma^{-1}\mu}\bigr)=\Phi(-s)",
    source="textbook; derived here for arXiv:2310.00027",
)


@risk_of_a_rule
def test_risk_of_isotropic_rules(lab: Laboratory) -> None:
    """Raw test samples: the true direction, one that is off, and one of the wrong sign, the mean along no axis."""
    mean, sigma = (1.2, -0.9, 0.0), 1.5
    directions = ((4.0, -3.0, 0.0), (1.0, 0.2, 0.5), (-1.0, 0.0, 1.0))
    run = lab.run(simulate.sample_linear_errors, directions=directions, mean=mean, standard_deviation=sigma)
    claimed = theory.linear_risk(directions, mean, standard_deviation=sigma)
    for k, risk in enumerate(claimed):
        margin = -norm.ppf(risk)
        wrong = {"separation 2|mu|/sigma": ndtr(-2 * margin), "half the margin": ndtr(-margin / 2), "variance for deviation": ndtr(-margin / sigma)}
        assert run.probability(f"error[{k}]").agrees_with(risk, absolute=0.012, refutes=wrong)
    assert lab.identical(claimed[0], theory.bayes_risk(1.0), absolute=1e-12, refutes={"Phi(-2 s)": ndtr(-2.0), "Phi(-s/2)": ndtr(-0.5)})
    # On the line there are two rules; and the margins that the risk comes from, of unit deviation if none is named.
    line = [theory.linear_risk([2.0], [0.7]), theory.linear_risk([-0.1], [0.7]), theory.linear_risk([3.0], [0.7], standard_deviation=0.5)]
    assert lab.identical(line, ndtr([-0.7, 0.7, -1.4]), absolute=1e-14, refutes={"either way": [line[0]] * 3}, question="one dimension")
    margins, plain = theory.margins_of(directions, mean), theory.linear_risk(directions, mean)
    wrong = {"deviation 1.5": theory.linear_risk(directions, mean, standard_deviation=sigma)}
    assert lab.identical(ndtr(-margins.mean / margins.deviation), plain, absolute=1e-14, refutes=wrong, question="from the margins")
    values = theory.bayes_risk([1.0, 1.5])
    assert lab.identical(values, [0.1586553, 0.0668072], absolute=6e-8, refutes={"Phi(-2 s)": ndtr([-2.0, -3.0]), "Phi(-s/2)": ndtr([-0.5, -0.75])})


@risk_of_a_rule
def test_risk_with_a_covariance(lab: Laboratory) -> None:
    """Correlated coordinates: the best rule is not the mean, and the formula with Sigma holds for both."""
    best = theory.bayes_direction(MEAN, COVARIANCE)
    directions = (tuple(best.tolist()), MEAN, (1.0,) * 6)
    run = lab.run(simulate.sample_linear_errors, directions=directions, mean=MEAN, covariance=COVARIANCE)
    claimed = theory.linear_risk(directions, MEAN, covariance=COVARIANCE)
    diagonal = theory.linear_risk(directions, MEAN, covariance=np.diag(np.diag(COVARIANCE)))
    plain = theory.linear_risk(directions, MEAN)
    for k, risk in enumerate(claimed):
        wrong = {"covariance ignored": plain[k]} if k == 0 else {"correlations ignored": diagonal[k]}
        assert run.probability(f"error[{k}]").agrees_with(risk, absolute=0.01, refutes=wrong)
    s = np.sqrt(np.array(MEAN) @ np.linalg.solve(COVARIANCE, MEAN))
    assert lab.identical(claimed[0], theory.bayes_risk(s), absolute=1e-12, refutes={"|mu|": theory.bayes_risk(np.linalg.norm(MEAN))})
    # Same samples: the mean as a direction is worse, and by this much.
    means = lab.run(simulate.sample_linear_errors, directions=(MEAN, directions[0]), mean=MEAN, covariance=COVARIANCE)
    gap = float(claimed[1] - claimed[0])
    assert means.mean("difference").agrees_with(gap, absolute=0.8 * gap, refutes={"w = mu is optimal": 0.0})


@risk_of_a_rule
@pytest.mark.parametrize("dimension", [2, 3, 5])
def test_no_linear_rule_does_better(lab: Laboratory, dimension: int) -> None:
    """Searches over directions end at Sigma^-1 mu; the risk has no slope there, and bends upwards across it."""
    rng = np.random.default_rng([lab.seed, 1, dimension])
    mean, covariance = random_case(rng, dimension)

    def risk(direction: np.ndarray) -> float:
        return float(theory.linear_risk(direction, mean, covariance=covariance))

    best = theory.bayes_direction(mean, covariance)
    # In coordinates with covariance I, where the risk bends alike in all directions.
    root = np.linalg.cholesky(covariance).T
    point = root @ best
    gradient, curvatures = derivatives(lambda v: risk(np.linalg.solve(root, v)), point / np.linalg.norm(point))
    half_distance = float(np.sqrt(mean @ np.linalg.solve(covariance, mean)))
    wrong = {"w = mu": risk(mean), "w = Sigma mu": risk(covariance @ mean)}
    found = searches(risk, rng.standard_normal((3, dimension)))
    value = float(theory.bayes_risk(half_distance))
    assert lab.optimum(value, gradient=gradient, curvatures=curvatures, searches=found, flat_directions=1, tolerance=1e-5, refutes=wrong)
    assert lab.identical(risk(best), value, relative=1e-11, refutes={"w = mu": risk(mean)})


@risk_of_a_rule
def test_no_rule_of_any_kind_does_better(lab: Laboratory) -> None:
    """The least possible error is half the overlap of the two densities, whatever the rule: on the line, and in the plane with correlation."""
    for s in (0.3, 1.0, 1.5, 3.0, float(np.random.default_rng([lab.seed, 2]).uniform(0.3, 3.0))):
        overlap = 2 * quad(lambda x, s=s: 0.5 * min(norm.pdf(x - s), norm.pdf(x + s)), 0, 40, epsabs=1e-15, epsrel=1e-12)[0]
        wrong = {"Phi(-2 s)": ndtr(-2 * s), "Phi(-s/2)": ndtr(-s / 2)}
        assert lab.identical(theory.bayes_risk(s), overlap, relative=1e-9, refutes=wrong, question="half the overlap, on the line")
    mean, covariance = np.array([0.9, -0.3]), np.array([[1.0, 0.6], [0.6, 1.4]])
    axis, precision = np.linspace(-9, 9, 1201), np.linalg.inv(covariance)
    shifted = [(axis[:, None] - y * mean[0], axis[None, :] - y * mean[1]) for y in (1, -1)]
    squares = [precision[0, 0] * u**2 + 2 * precision[0, 1] * u * v + precision[1, 1] * v**2 for u, v in shifted]
    overlap = 0.5 * float(np.exp(-0.5 * np.maximum(*squares)).sum()) * (axis[1] - axis[0]) ** 2 / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
    claimed = theory.bayes_risk(np.sqrt(mean @ precision @ mean))
    wrong = {"w = mu": theory.linear_risk(mean, mean, covariance=covariance), "correlation ignored": theory.bayes_risk(np.sqrt(0.81 + 0.09 / 1.4))}
    assert lab.identical(claimed, overlap, absolute=3e-5, refutes=wrong, question="half the overlap, in the plane")


# OOD-2 -----------------------------------------------------------------------------------------------------------------------------------

risk_under_attack = claim(
    "OOD-2",
    kind="optimum",
    statement="An attack costs a linear rule the radius times the dual norm of w; best is mu itself for l2, its soft threshold for linf.",
    tex=r"\Phi\Bigl(\tfrac{\varepsilon|w|_q-\langle w,\mu\rangle}{\sqrt{w^\top\Sigma w}}\Bigr),\quad "
    r" w=\Sigma^{-1}(\mu-z^*),\ z^*=\arg\min_{|z|_p\le\varepsilon}(\mu-z)^\top\Sigma^{-1}(\mu-z)",
    source="derived here for arXiv:2310.00027; isotropic case known (Bhagoji et al. 2019, Dobriban et al. 2020)",
)


@risk_under_attack
@pytest.mark.parametrize("norm_of_moves", ["l2", "linf"])
@pytest.mark.parametrize("correlated", [False, True], ids=["isotropic", "covariance"])
def test_attacks_by_brute_force(lab: Laboratory, norm_of_moves: str, correlated: bool) -> None:
    """Every corner of the cube, or a climb in the ball, against three rules."""
    scale = {"covariance": COVARIANCE} if correlated else {"standard_deviation": DEVIATION}
    directions = (MEAN, (1.0, -0.5, 0.4, 0.0, 0.3, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    radius = RADIUS if norm_of_moves == "linf" else 0.6
    run = lab.run(simulate.sample_attacked_errors, directions=directions, mean=MEAN, radius=radius, norm=norm_of_moves, **scale)
    claimed = theory.adversarial_linear_risk(directions, MEAN, radius, norm=norm_of_moves, **scale)
    plain = theory.linear_risk(directions, MEAN, **scale)
    other = theory.adversarial_linear_risk(directions, MEAN, radius, norm="l2" if norm_of_moves == "linf" else "linf", **scale)
    for k, risk in enumerate(claimed):
        wrong = {"no attack": float(plain[k])}
        if k < 2:
            wrong["the other dual norm"] = float(other[k])
        assert run.probability(f"error[{k}]").agrees_with(risk, absolute=0.012, refutes=wrong)
    # With one coordinate the norms agree.
    assert lab.identical(claimed[2], other[2], absolute=1e-14, refutes={"no attack": plain[2]})


@risk_under_attack
def test_best_rule_against_moves_of_bounded_coordinates(lab: Laboratory) -> None:
    """Isotropic: the soft threshold, by value, by search, and against w = mu on the same samples."""
    best = theory.optimal_robust_classifier(MEAN, RADIUS, norm="linf", standard_deviation=DEVIATION)
    kept = np.maximum(np.array(MEAN) - RADIUS, 0.0)
    plain = float(theory.adversarial_linear_risk(MEAN, MEAN, RADIUS, norm="linf", standard_deviation=DEVIATION))

    def risk(direction: np.ndarray) -> float:
        return float(theory.adversarial_linear_risk(direction, MEAN, RADIUS, norm="linf", standard_deviation=DEVIATION))

    # The corners of |w|_1 stop a search over w; over w = p - q with p, q >= 0 there are none.
    def split_risk(parts: np.ndarray) -> float:
        w = parts[:6] - parts[6:]
        return float(ndtr((RADIUS * parts.sum() - w @ MEAN) / (DEVIATION * np.linalg.norm(w))))

    start = np.concatenate([MEAN, np.zeros(6)]) + np.random.default_rng([lab.seed, 3]).uniform(0.0, 0.5, 12)
    options = {"ftol": 1e-13, "maxiter": 300}
    found = float(minimize(split_risk, start, method="SLSQP", jac="3-point", bounds=[(0.0, 3.0)] * 12, options=options).fun)
    shorter = risk(np.maximum(np.array(MEAN) - 2 * RADIUS, 0.0))
    wrong = {"w = mu": plain, "twice the threshold": shorter, "no attack": theory.bayes_risk(np.linalg.norm(MEAN) / DEVIATION)}
    assert lab.identical(best.risk, found, absolute=1e-6, refutes=wrong, question="the search ends at the claimed risk")
    assert lab.identical(best.risk, theory.bayes_risk(np.linalg.norm(kept) / DEVIATION), absolute=1e-12, refutes={"w = mu": plain})
    assert lab.identical([best.risk, plain], [0.1419686, 0.1501584], absolute=6e-8, refutes={"w = mu is optimal": [plain, plain]})
    assert lab.identical(best.direction / best.direction[0], kept / kept[0], absolute=1e-12, refutes={"w = mu": MEAN})
    setting = {"mean": MEAN, "radius": RADIUS, "norm": "linf", "standard_deviation": DEVIATION}
    run = lab.run(simulate.sample_attacked_errors, directions=(MEAN, tuple(kept.tolist())), **setting)
    assert run.mean("difference").agrees_with(plain - best.risk, absolute=0.005, refutes={"w = mu is optimal": 0.0})


@risk_under_attack
def test_best_rule_against_euclidean_moves(lab: Laboratory) -> None:
    """Isotropic: still w = mu, at the distance less the radius; with a covariance Fisher's rule is not the best any more."""
    mean, sigma, radius = np.array([0.7, -0.4, 1.1]), 0.8, 0.5
    best = theory.optimal_robust_classifier(mean, radius, norm="l2", standard_deviation=sigma)
    length = float(np.linalg.norm(mean))

    def risk(direction: np.ndarray) -> float:
        return float(theory.adversarial_linear_risk(direction, mean, radius, norm="l2", standard_deviation=sigma))

    gradient, curvatures = derivatives(risk, mean / length)
    rng = np.random.default_rng([lab.seed, 4])
    wrong = {"the soft threshold": risk(np.sign(mean) * np.maximum(np.abs(mean) - radius, 0.0))}
    value = float(ndtr((radius - length) / sigma))
    found = searches(risk, rng.standard_normal((3, 3)))
    assert lab.optimum(value, gradient=gradient, curvatures=curvatures, searches=found, flat_directions=1, tolerance=1e-5, refutes=wrong)
    labels = {"no attack": ndtr(-length / sigma), "radius in deviations": ndtr(radius - length / sigma)}
    assert lab.identical(best.risk, value, absolute=1e-12, refutes=labels)
    assert lab.identical(best.direction / np.linalg.norm(best.direction), mean / length, absolute=1e-12, refutes={"the first axis": [1.0, 0.0, 0.0]})


@risk_under_attack
@pytest.mark.parametrize("norm_of_moves", ["l2", "linf"])
def test_best_rule_with_a_covariance(lab: Laboratory, norm_of_moves: str) -> None:
    """The quadratic program, by a solver that knows only its statement; Fisher's rule, best without attack, is worse."""
    cases = [(np.array(MEAN), np.array(COVARIANCE), RADIUS)]
    rng = np.random.default_rng([lab.seed, 5])
    while len(cases) < 4:
        mean, covariance = random_case(rng, int(rng.integers(2, 10)))
        radius = float(rng.uniform(0.3, 0.7) * np.linalg.norm(mean, ord=2 if norm_of_moves == "l2" else np.inf))
        fisher_move = covariance @ theory.optimal_robust_classifier(mean, radius, norm=norm_of_moves, covariance=covariance).direction
        # In the plane the two rules may be the same.
        if abs(fisher_move @ mean) < 0.99 * np.linalg.norm(fisher_move) * np.linalg.norm(mean):
            cases.append((mean, covariance, radius))
    for mean, covariance, radius in cases:
        best = theory.optimal_robust_classifier(mean, radius, norm=norm_of_moves, covariance=covariance)
        move = cvxpy.Variable(len(mean))
        root = np.linalg.cholesky(np.linalg.inv(covariance))
        ball = cvxpy.norm(move, 2 if norm_of_moves == "l2" else "inf") <= radius
        least = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(root.T @ (mean - move))), [ball]).solve(solver=cvxpy.CLARABEL)
        direction = np.linalg.solve(covariance, mean - move.value)
        fisher = np.linalg.solve(covariance, mean)
        risks = [
            float(theory.adversarial_linear_risk(w, mean, radius, norm=norm_of_moves, covariance=covariance))
            for w in (direction, fisher, best.direction)
        ]
        assert lab.identical(
            best.risk, float(ndtr(-np.sqrt(least))), absolute=1e-6, refutes={"Fisher's rule": risks[1]}, question="the program's value"
        )
        assert lab.identical(best.risk, risks[0], absolute=1e-6, refutes={"Fisher's rule": risks[1]}, question="Sigma^-1 (mu - z*) attains it")
        assert lab.identical(best.risk, risks[2], absolute=1e-12, refutes={"Fisher's rule": risks[1]}, question="the rule attains the risk")
    mean, covariance, radius = cases[0]
    if norm_of_moves == "linf":
        fisher_risk = theory.adversarial_linear_risk(np.linalg.solve(covariance, mean), mean, radius, norm="linf", covariance=covariance)
        values = [theory.optimal_robust_classifier(mean, radius, norm="linf", covariance=covariance).risk, fisher_risk]
        assert lab.identical(values, [0.2260969, 0.2528984], absolute=6e-8, refutes={"Fisher's rule is optimal": [0.2528984] * 2})


@risk_under_attack
@pytest.mark.parametrize("norm_of_moves", ["l2", "linf"])
def test_conditions_of_the_best_rule(lab: Laboratory, norm_of_moves: str) -> None:
    """The move mu - Sigma w is the longest one that w is hurt by most: so w minimises a convex function; for features nearly the same too."""
    rng = np.random.default_rng([lab.seed, 8])
    twins = np.array([[1.0, 1 - 1e-5, 0.2], [1 - 1e-5, 1.0, 0.2], [0.2, 0.2, 1.0]])
    first = np.array([1.0, -0.7, 0.2])
    cases = [(first, twins), (first, np.diag([1e-4, 1.0, 1e4])), (first[::-1], np.diag([1e-4, 1.0, 1e4])), random_case(rng, 8), random_case(rng, 12)]
    order, dual = (2, 2) if norm_of_moves == "l2" else (np.inf, 1)
    for mean, covariance in cases:
        for share in (0.02, 0.3, 0.8, 0.99):
            radius = share * float(np.linalg.norm(mean, ord=order))
            w = theory.optimal_robust_classifier(mean, radius, norm=norm_of_moves, covariance=covariance).direction
            move = mean - covariance @ w
            used = float(move @ w / (radius * np.linalg.norm(w, ord=dual)))
            assert lab.identical(used, 1.0, absolute=1e-8, refutes={"not the worst move": 0.99}, question=f"the worst move, share {share:g}")
            assert lab.exact(float(np.linalg.norm(move, ord=order)) / radius).less_than(1 + 1e-8, refutes={"longer than allowed": 1.01})


@risk_under_attack
@pytest.mark.parametrize("norm_of_moves", ["l2", "linf"])
def test_attacks_of_no_or_little_length(lab: Laboratory, norm_of_moves: str) -> None:
    """Without an attack the best rule is Fisher's; a small one costs its radius times the slope of the risk; w may have any length."""
    rng = np.random.default_rng([lab.seed, 7])
    for dimension in (2, 5):
        mean, covariance = random_case(rng, dimension)
        fisher = theory.bayes_direction(mean, covariance)
        s = math.sqrt(float(mean @ fisher))
        order = 2 if norm_of_moves == "l2" else 1
        best = theory.optimal_robust_classifier(mean, 0.0, norm=norm_of_moves, covariance=covariance)
        assert lab.identical(best.risk, float(ndtr(-s)), relative=1e-11, refutes={"w = mu": theory.linear_risk(mean, mean, covariance=covariance)})
        across = best.direction / np.linalg.norm(best.direction) - fisher / np.linalg.norm(fisher)
        assert lab.identical(
            across, np.zeros(dimension), absolute=1e-10, refutes={"w = mu": mean / np.linalg.norm(mean) - fisher / np.linalg.norm(fisher)}
        )
        radius = 1e-6
        cost = (theory.optimal_robust_classifier(mean, radius, norm=norm_of_moves, covariance=covariance).risk - best.risk) / radius
        slope = float(norm.pdf(s) * np.linalg.norm(fisher, ord=order) / s)
        wrong = {"the other norm": float(norm.pdf(s) * np.linalg.norm(fisher, ord=3 - order) / s), "no cost": 0.0}
        assert lab.identical(cost, slope, relative=1e-4, refutes=wrong, question="what a small attack costs")
        directions = rng.standard_normal(dimension) * np.array([[1e-200], [1.0], [1e200]])
        risks = theory.adversarial_linear_risk(directions, mean, 0.1, norm=norm_of_moves, covariance=covariance)
        wrong = {"the other sign": 1 - risks}
        assert lab.identical(risks, np.full(3, risks[1]), absolute=1e-13, refutes=wrong, question="the length of w does not matter")


@risk_under_attack
@pytest.mark.parametrize("norm_of_moves", ["l2", "linf"])
def test_attacks_that_reach_the_origin(lab: Laboratory, norm_of_moves: str) -> None:
    """From radius = |mu| on no direction is better than a coin; short of it the best one is."""
    rng = np.random.default_rng([lab.seed, 6])
    mean, covariance = random_case(rng, 4)
    length = float(np.linalg.norm(mean, ord=2 if norm_of_moves == "l2" else np.inf))
    directions = rng.standard_normal((2000, 4))
    for factor in (1.0, 1.3):
        risks = theory.adversarial_linear_risk(directions, mean, factor * length, norm=norm_of_moves, covariance=covariance)
        best = theory.optimal_robust_classifier(mean, factor * length, norm=norm_of_moves, covariance=covariance)
        assert lab.exact(float(risks.min())).greater_than(0.5, refutes={"a direction is better than a coin": 0.49})
        assert lab.identical(best.risk, 0.5, absolute=1e-15, refutes={"Phi of the squared minimum": theory.bayes_risk((factor - 1.0) * length + 0.1)})
        assert best.note
    near = theory.optimal_robust_classifier(mean, 0.99 * length, norm=norm_of_moves, covariance=covariance)
    assert lab.exact(near.risk).less_than(0.5, refutes={"hopeless already": 0.5})
