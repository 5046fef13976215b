"""arXiv:2302.02334: the errors that naive Bayes and logistic regression are left with when data are unlimited, and how far apart they can be.

mu_k class means, Delta mean_gap = mu_0 - mu_1, Sigma covariance, D = diag(Sigma), C = D^(-1/2) Sigma D^(-1/2) the correlations with extreme
eigenvalues l_1 <= l_d. Classes are equally likely. Logistic regression converges to the Bayes rule here,
since the log-odds are linear. The other side of each identity is geometry after whitening, an integral over one dimension, or drawn points.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

PAPER = "arXiv:2302.02334"
Matrix = tuple[tuple[float, ...], ...]

# Variances from 1 to 16, correlations from -.2 to .6; the errors of all rules in question differ.
UNEQUAL: Matrix = ((1.0, 1.2, 0.9, -0.8), (1.2, 4.0, 1.2, 1.6), (0.9, 1.2, 9.0, 6.0), (-0.8, 1.6, 6.0, 16.0))
UNEQUAL_GAP = (2.0, 0.0, 1.0, -1.0)


def equicorrelated(correlation: float, dimension: int) -> Matrix:
    """Return the covariance of features of variance 1 of which every two have the same correlation."""
    return tuple(tuple(1.0 if i == j else correlation for j in range(dimension)) for i in range(dimension))


def in_pairs(correlation: float, pairs: int) -> np.ndarray:
    """Return the covariance of features of variance 1 that are correlated in adjacent pairs."""
    return np.kron(np.eye(pairs), [[1.0, correlation], [correlation, 1.0]])


def on_first_members(distance: float, pairs: int) -> np.ndarray:
    """Return a difference of means on the first feature of every pair, at the given distance for naive Bayes."""
    return np.tile([distance / math.sqrt(pairs), 0.0], pairs)


def random_covariances(rng: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    """Return covariances (count, d, d) of very different variances."""
    factors = rng.normal(size=(count, dimension, 2 * dimension)) * np.exp(rng.normal(size=(count, dimension, 1)))
    return factors @ factors.swapaxes(1, 2)


def projected_error(direction: np.ndarray, gap: np.ndarray, covariance: np.ndarray) -> float:
    """Return the error of the rule that cuts midway along a direction: the distance of a whitened class mean from the cutting plane."""
    root = np.linalg.cholesky(covariance)
    normal, mean = root.T @ direction, solve_triangular(root, gap / 2, lower=True)
    return float(norm.sf(abs(normal @ mean) / np.linalg.norm(normal)))


# NB-1 ------------------------------------------------------------------------------------------------------------------------------------

asymptotic_errors = claim(
    "NB-1",
    kind="identity",
    statement="With unlimited data naive Bayes errs with Phi(-w'Delta / (2 sqrt(w'Sigma w))), w = D^-1 Delta, never less than logistic regression.",
    tex=r"R(\mathrm{NB}_\infty)=\Phi\!\Big(-\tfrac{w^\top\Delta}{2\sqrt{w^\top\Sigma w}}\Big),\ w=D^{-1}\Delta,\quad "
    r"R(\mathrm{LR}_\infty)=\Phi\big(-\tfrac12\sqrt{\Delta^\top\Sigma^{-1}\Delta}\big)\le R(\mathrm{NB}_\infty)",
    source=f"{PAPER}, the setting, and Ng and Jordan (2001) for the order; the formula and the case of equality derived here",
)


@asymptotic_errors
def test_errors_are_distances_from_planes(lab: Laboratory) -> None:
    """Random covariances in up to 50 dimensions: the claimed errors are those of the whitened geometry."""
    rng = np.random.default_rng([lab.seed, 1])
    claimed, seen, wrong = [], [], {"w = D^(-1/2) Delta": [], "w = Delta": [], "exchanged": [], "independent features": [], "no factor 1/2": []}
    for _ in range(lab.at_scale(100, 2000)):
        d = int(rng.integers(2, 51))
        sigma = random_covariances(rng, 1, d)[0]
        deviations = np.sqrt(np.diag(sigma))
        gap = rng.normal(size=d) * deviations
        gap *= rng.uniform(0.5, 4.0) / theory.bayes_distance(gap, sigma)
        naive, bayes = theory.naive_bayes_asymptotic_error(gap, sigma), theory.bayes_error(gap, sigma)
        claimed.append([naive, bayes])
        best = projected_error(np.linalg.solve(sigma, gap), gap, sigma)
        seen.append([projected_error(gap / deviations**2, gap, sigma), best])
        wrong["w = D^(-1/2) Delta"].append([projected_error(gap / deviations, gap, sigma), best])
        wrong["w = Delta"].append([projected_error(gap, gap, sigma), best])
        wrong["exchanged"].append([bayes, naive])
        wrong["independent features"].append([norm.sf(np.linalg.norm(gap / deviations) / 2), best])
        wrong["no factor 1/2"].append(norm.cdf(2 * norm.ppf([naive, bayes])))
    assert lab.identical(claimed, seen, absolute=1e-10, refutes=wrong)


@asymptotic_errors
def test_naive_bayes_is_never_better(lab: Laboratory) -> None:
    """R(LR) <= R(NB) for all covariances and differences of means; and below, by how much depends on both."""
    rng = np.random.default_rng([lab.seed, 2])
    for d in (2, 5, 20):
        count = lab.at_scale(1000, 30_000)
        sigma = random_covariances(rng, count, d)
        gap = rng.normal(size=(count, d)) * np.sqrt(np.diagonal(sigma, axis1=1, axis2=2))
        gap *= 3 / theory.bayes_distance(gap, sigma)[:, None]
        price = theory.naive_bayes_asymptotic_error(gap, sigma) - theory.bayes_error(gap, sigma)
        assert lab.exact(float(price.min())).at_least(-1e-13, tightness=0.0)
        assert lab.refutes(lab.exact(float(price.min())).less_than(-1e-13), f"naive Bayes wins somewhere, d = {d}")
        assert lab.refutes(lab.exact(float(price.max())).at_most(0.05, tightness=0.0), f"never by more than 0.05, d = {d}")


@asymptotic_errors
def test_equality_if_and_only_if_directions_are_parallel(lab: Laboratory) -> None:
    """D^-1 Delta || Sigma^-1 Delta if D^(-1/2) Delta is an eigenvector of the correlations: every one gives equality, mixtures of two do not."""
    rng = np.random.default_rng([lab.seed, 3])
    equal, bayes, mixed, of_covariance, cosines = ([] for _ in range(5))
    for _ in range(20):
        sigma = random_covariances(rng, 1, 6)[0]
        scales = np.sqrt(np.diag(sigma))
        _, vectors = np.linalg.eigh(sigma / np.outer(scales, scales))
        for column in range(6):
            gap = 2 * scales * vectors[:, column]
            directions = gap / scales**2, np.linalg.solve(sigma, gap)
            cosines.append(directions[0] @ directions[1] / math.prod(np.linalg.norm(each) for each in directions))
            equal.append(theory.naive_bayes_asymptotic_error(gap, sigma))
            bayes.append(theory.bayes_error(gap, sigma))
            other = 2 * scales * (vectors[:, column] + 0.5 * vectors[:, (column + 1) % 6])
            mixed.append(theory.naive_bayes_asymptotic_error(other, sigma) - theory.bayes_error(other, sigma))
            unscaled = np.linalg.eigh(sigma)[1][:, column] * scales.mean()
            of_covariance.append(theory.naive_bayes_asymptotic_error(unscaled, sigma) - theory.bayes_error(unscaled, sigma))
    assert lab.exact(min(cosines)).at_least(1 - 1e-9, tightness=0.0)
    shifted = np.array(bayes) + np.array(mixed)
    assert lab.identical(equal, bayes, absolute=1e-11, refutes={"mixtures too": shifted, "eigenvectors of Sigma": np.array(bayes) + of_covariance})
    assert lab.exact(float(min(mixed))).greater_than(0.0)
    assert lab.refutes(lab.exact(float(max(of_covariance))).less_than(1e-6), "equality for the eigenvectors of Sigma")


@asymptotic_errors
@pytest.mark.parametrize(("correlation", "dimension", "gap"), [(0.5, 10, 0.6), (0.9, 4, 1.5), (-0.2, 4, 0.4)])
def test_dependence_that_costs_nothing(lab: Laboratory, correlation: float, dimension: int, gap: float) -> None:
    """Equicorrelated features with equal gaps: naive Bayes is Bayes, although no two features are independent; with one gap it is not."""
    sigma, even = equicorrelated(correlation, dimension), np.full(dimension, gap)
    common = norm.sf(gap / 2 * math.sqrt(dimension / (1 + (dimension - 1) * correlation)))
    wrong = {
        "independent features": norm.sf(gap * math.sqrt(dimension) / 2),
        "d - 1 -> d": norm.sf(gap / 2 * math.sqrt(1 / (1 / dimension + correlation))),
    }
    claimed = [theory.naive_bayes_asymptotic_error(even, sigma), theory.bayes_error(even, sigma)]
    assert lab.identical(claimed, [common] * 2, absolute=1e-13, refutes={label: [value] * 2 for label, value in wrong.items()})
    assert lab.refutes(lab.exact(claimed[0] - claimed[1], 1e-13).greater_than(1e-9), "dependence always hurts naive Bayes")
    single = np.zeros(dimension)
    single[0] = 1.5
    # All other features only help to cancel what they share with the first.
    left = 1 - correlation**2 * (dimension - 1) / (1 + (dimension - 2) * correlation)
    seen = [norm.sf(0.75), norm.sf(0.75 / math.sqrt(left))]
    claimed = [theory.naive_bayes_asymptotic_error(single, sigma), theory.bayes_error(single, sigma)]
    assert lab.identical(
        claimed, seen, absolute=1e-13, refutes={"dependence never hurts": [seen[1]] * 2, "features without a gap are useless": [seen[0]] * 2}
    )


@asymptotic_errors
@pytest.mark.parametrize(("correlation", "bayes"), [(0.4, 0.0508535), (0.3, 0.0579257), (-0.4, 0.0508535)])
def test_pairs(lab: Laboratory, correlation: float, bayes: float) -> None:
    """Pairs of features, the second of which has no gap: naive Bayes errs with Phi(-3/2) whatever the correlation."""
    gap, sigma = on_first_members(3.0, 20), in_pairs(correlation, 20)
    claimed = [theory.naive_bayes_asymptotic_error(gap, sigma), theory.bayes_error(gap, sigma)]
    seen = [norm.sf(1.5), norm.sf(1.5 / math.sqrt(1 - correlation**2))]
    wrong = {
        "naive Bayes profits": [seen[1]] * 2,
        "no correlation": [seen[0]] * 2,
        "1 - |rho|": [seen[0], norm.sf(1.5 / math.sqrt(1 - abs(correlation)))],
    }
    assert lab.identical(claimed, seen, absolute=1e-13, refutes=wrong)
    assert lab.identical(claimed, [0.0668072, bayes], absolute=5e-8, refutes=wrong, question="printed values")


DRAWN: dict[str, tuple[Any, Any]] = {
    "variances from 1 to 16": (UNEQUAL_GAP, UNEQUAL),
    "one gap, equal correlations": ((1.5, 0.0, 0.0, 0.0, 0.0, 0.0), equicorrelated(0.5, 6)),
    "negative correlations": ((0.9, 0.3, 0.6), equicorrelated(-0.3, 3)),
}


@asymptotic_errors
@pytest.mark.parametrize("case", DRAWN)
def test_drawn_points(lab: Laboratory, case: str) -> None:
    """Both rules by their densities on drawn points."""
    gap, sigma = DRAWN[case]
    run = lab.run(simulate.sample_correlated_classes, statistics=("naive_bayes", "bayes"), class_means=(gap, (0.0,) * len(gap)), covariance=sigma)
    naive, bayes = theory.naive_bayes_asymptotic_error(gap, sigma), theory.bayes_error(gap, sigma)
    deviations = np.sqrt(np.diag(sigma))
    wrong = {"independent features": norm.sf(np.linalg.norm(gap / deviations) / 2), "the Bayes error": bayes}
    if case in ("variances from 1 to 16",):
        wrong["w = D^(-1/2) Delta"] = projected_error(gap / deviations, np.array(gap), np.array(sigma))
        wrong["w = Delta"] = projected_error(np.array(gap), np.array(gap), np.array(sigma))
    wrong = {label: value for label, value in wrong.items() if abs(value - naive) > 0.06 * naive}
    assert wrong
    assert run.probability("naive_bayes").agrees_with(naive, relative=0.04, refutes=wrong)
    assert run.probability("bayes").agrees_with(
        bayes, relative=0.04, refutes={"naive Bayes's error": naive, "no factor 1/2": norm.cdf(2 * norm.ppf(bayes))}
    )
    assert (run.mean("naive_bayes") - run.mean("bayes")).agrees_with(
        naive - bayes, relative=0.25, refutes={"a tie": 0.0, "twice as much": 2 * (naive - bayes)}
    )


@asymptotic_errors
@pytest.mark.parametrize("label", [0, 1])
def test_both_classes_err_alike(lab: Laboratory, label: int) -> None:
    """The same error given either label: the threshold is midway, not where a class of larger spread along the wrong direction would have it."""
    run = lab.run(simulate.sample_correlated_classes, class_means=(UNEQUAL_GAP, (0.0,) * 4), covariance=UNEQUAL, label=label)
    naive, bayes = theory.naive_bayes_asymptotic_error(UNEQUAL_GAP, UNEQUAL), theory.bayes_error(UNEQUAL_GAP, UNEQUAL)
    # A threshold at a third of the way from the class would be met as often as that.
    nearer = {"threshold at a third": norm.cdf(norm.ppf(naive) * (2 / 3 if label else 4 / 3))}
    assert run.probability("naive_bayes").agrees_with(naive, relative=0.05, refutes={"the Bayes error": bayes, **nearer})
    assert run.probability("bayes").agrees_with(bayes, relative=0.05, refutes={"naive Bayes's error": naive})


@asymptotic_errors
def test_a_fit_to_many_samples(lab: Laboratory) -> None:
    """The fitted classifier on correlated pairs gets there, and stays above what the Bayes rule attains."""
    design = theory.pairs_design(0.8, 8, 2.0)
    run = lab.run(simulate.sample_naive_bayes_error_raw, variance="pooled", sample_size=1000, test_points=200, **design)
    sigma, gap = in_pairs(0.8, 4), on_first_members(2.0, 4)
    naive, bayes = theory.naive_bayes_asymptotic_error(gap, sigma), theory.bayes_error(gap, sigma)
    assert run.mean("error").agrees_with(naive, relative=0.03, refutes={"the Bayes error": bayes, "Phi(-delta)": norm.sf(2.0), "1/2": 0.5})


@asymptotic_errors
def test_more_classes_on_a_line(lab: Laboratory) -> None:
    """K = 4 classes at a_k v, any covariance: naive Bayes errs like the Bayes rule of classes a smaller distance apart."""
    positions, direction = (0.0, 1.0, 3.0, 4.5), (1.2, -0.5, 0.7, 0.0)
    means = tuple(tuple(a * v for v in direction) for a in positions)
    run = lab.run(simulate.sample_correlated_classes, statistics=("naive_bayes", "bayes"), class_means=means, covariance=UNEQUAL)
    naive = theory.collinear_bayes_error(positions, theory.naive_bayes_distance(direction, UNEQUAL) ** 2)
    bayes = theory.collinear_bayes_error(positions, theory.bayes_distance(direction, UNEQUAL) ** 2)
    independent = theory.collinear_bayes_error(positions, float(np.sum(np.square(direction) / np.diag(UNEQUAL))))
    assert run.probability("naive_bayes").agrees_with(naive, relative=0.04, refutes={"the Bayes error": bayes, "independent features": independent})
    assert run.probability("bayes").agrees_with(bayes, relative=0.04, refutes={"naive Bayes's error": naive, "independent features": independent})


# NB-2 ------------------------------------------------------------------------------------------------------------------------------------

worst_case = claim(
    "NB-2",
    kind="optimum",
    statement="Naive Bayes keeps at least 2 sqrt(l_1 l_d) / (l_1 + l_d) of the distance of the classes, and for one direction of the means no more.",
    tex=r"\frac{\delta_{\mathrm{NB}}}{\delta_{\mathrm{Bayes}}}\ge\frac{2\sqrt{\lambda_1\lambda_d}}{\lambda_1+\lambda_d},"
    r"\quad\text{equality iff }D^{-1/2}\Delta=c\,(u_1\pm u_d)",
    source="Kantorovich's inequality; Bickel and Levina (2004); not in arXiv:2302.02334",
)


def log_ratio(y: np.ndarray, correlation: np.ndarray) -> float:
    """Return the logarithm of the ratio of distances in terms of y = D^(-1/2) Delta."""
    return float(np.log(y @ y) - 0.5 * np.log(y @ correlation @ y) - 0.5 * np.log(y @ np.linalg.solve(correlation, y)))


def extreme_formula(matrix: np.ndarray) -> float:
    """Return 2 sqrt(l_1 l_d) / (l_1 + l_d) for the eigenvalues of whatever matrix."""
    eigenvalues = np.linalg.eigvalsh(matrix)
    return float(2 * np.sqrt(eigenvalues[0] * eigenvalues[-1]) / (eigenvalues[0] + eigenvalues[-1]))


@worst_case
@pytest.mark.parametrize(("dimension", "side"), [(2, "sum"), (4, "difference"), (7, "sum")])
def test_the_worst_direction_is_a_minimum(lab: Laboratory, dimension: int, side: str) -> None:
    """Zero gradient, positive curvature but for the scale of Delta, and searches over all directions that end there."""
    rng = np.random.default_rng([lab.seed, 11, dimension])
    sigma = random_covariances(rng, 1, dimension)[0]
    scales = np.sqrt(np.diag(sigma))
    correlation = sigma / np.outer(scales, scales)
    inverse, (eigenvalues, vectors) = np.linalg.inv(correlation), np.linalg.eigh(correlation)
    y = theory.kantorovich_direction(sigma, side) / scales
    y /= np.linalg.norm(y)
    # Gradient and Hessian of the logarithm of y'y / sqrt(y'Cy y'C^-1 y) at |y| = 1.
    first, second = correlation @ y, inverse @ y
    a, b = y @ first, y @ second
    gradient = 2 * y - first / a - second / b
    hessian = (
        2 * np.eye(dimension)
        - 4 * np.outer(y, y)
        + sum(2 * np.outer(v, v) / c**2 - matrix / c for v, c, matrix in ((first, a, correlation), (second, b, inverse)))
    )
    starts = rng.normal(size=(6, dimension))
    searches = [minimize(log_ratio, start, args=(correlation,), tol=1e-12).fun for start in starts]
    near = {
        "the eigenvectors of Sigma": np.linalg.eigh(sigma)[1][:, [0, -1]].sum(axis=1) / scales,
        "weights 1 and 2": vectors[:, 0] + 2 * vectors[:, -1],
        "the least eigenvector alone": vectors[:, 0],
    }
    if dimension > 2:
        near["the next eigenvector"] = vectors[:, 1] + vectors[:, -1]
    values = {label: log_ratio(point, correlation) for label, point in near.items()}
    assert lab.optimum(
        math.log(theory.kantorovich_ratio(sigma)),
        gradient=gradient,
        curvatures=np.linalg.eigvalsh(hessian),
        searches=searches,
        flat_directions=1,
        refutes=values,
    )
    assert lab.identical(
        theory.kantorovich_ratio(sigma),
        theory.distance_ratio(theory.kantorovich_direction(sigma, side), sigma),
        absolute=1e-10,
        refutes={
            "sqrt(l_1 / l_d)": math.sqrt(eigenvalues[0] / eigenvalues[-1]),
            "2 l_1 / (l_1 + l_d)": 2 * eigenvalues[0] / (eigenvalues[0] + eigenvalues[-1]),
            "without the 2": math.sqrt(eigenvalues[0] * eigenvalues[-1]) / (eigenvalues[0] + eigenvalues[-1]),
            "eigenvalues of Sigma": extreme_formula(sigma),
        },
        question="the worst ratio is attained",
    )


@worst_case
def test_no_direction_is_worse(lab: Laboratory) -> None:
    """Random covariances and differences of means, most of them sparse: none falls below the bound, and sqrt(l_1 / l_d) is far below all."""
    rng = np.random.default_rng([lab.seed, 12])
    for d in (2, 3, 8):
        count = lab.at_scale(4000, 40_000)
        sigma = random_covariances(rng, count // 20, d).repeat(20, axis=0)
        gap = rng.normal(size=(count, d)) * (rng.random(size=(count, d)) < 0.5) * np.sqrt(np.diagonal(sigma, axis1=1, axis2=2))
        gap[np.all(gap == 0, axis=1), 0] = 1.0
        bound, ratio = theory.kantorovich_ratio(sigma), theory.distance_ratio(gap, sigma)
        assert lab.exact(float((ratio - bound).min())).at_least(-1e-9, tightness=0.0)
        assert lab.refutes(lab.exact(float((ratio / bound).min())).at_least(1.5 if d == 8 else 1.2, tightness=0.0), f"a larger bound, d = {d}")
        eigenvalues = np.linalg.eigvalsh(sigma / np.sqrt(np.einsum("ri,rj->rij", *[np.diagonal(sigma, axis1=1, axis2=2)] * 2)))
        condition = np.sqrt(eigenvalues[:, 0] / eigenvalues[:, -1])
        assert lab.refutes(lab.exact(float((ratio - condition).min())).at_most(0.0, tightness=0.0), f"sqrt(l_1 / l_d) is reached, d = {d}")


@worst_case
def test_worst_directions_of_stacked_covariances(lab: Laboratory) -> None:
    """Stacks (3, 1, d, d) at once, both sides of the direction, units from 0.1 to 10: each attains its own ratio, which is that of one by one."""
    rng = np.random.default_rng([lab.seed, 14])
    for d in (2, 5):
        units = 10.0 ** rng.uniform(-1, 1, (3, 1, d))
        sigma = random_covariances(rng, 3, d)[:, None] * units[..., :, None] * units[..., None, :]
        sigma = 0.5 * (sigma + sigma.swapaxes(-1, -2))
        ratio = theory.kantorovich_ratio(sigma)
        correlations = sigma / np.sqrt(np.einsum("...i,...j->...ij", *[np.diagonal(sigma, axis1=-2, axis2=-1)] * 2))
        single = np.array([[extreme_formula(each)] for each in correlations[:, 0]])
        assert lab.identical(ratio, single, absolute=1e-9, refutes={"eigenvalues of Sigma": [[extreme_formula(each)] for each in sigma[:, 0]]})
        for side in ("sum", "difference"):
            attained = theory.distance_ratio(theory.kantorovich_direction(sigma, side), sigma)
            gap = rng.normal(size=(4, d)) * units
            wrong = {"any direction": theory.distance_ratio(gap[:, :1], sigma)}
            assert lab.identical(attained, ratio, absolute=1e-9, refutes=wrong, question=f"attained by the {side}")


@worst_case
@pytest.mark.parametrize("correlation", [0.8, -0.8, 0.4])
def test_pairs_are_the_worst_case(lab: Laboratory, correlation: float) -> None:
    """The gap on the first of each pair: the ratio is sqrt(1 - rho^2), the least possible."""
    gap, sigma = on_first_members(2.0, 20), in_pairs(correlation, 20)
    least = math.sqrt(1 - correlation**2)
    wrong = {
        "sqrt(l_1 / l_d)": math.sqrt((1 - abs(correlation)) / (1 + abs(correlation))),
        "1 - |rho|": 1 - abs(correlation),
        "1 - rho^2": 1 - correlation**2,
    }
    claimed = [theory.distance_ratio(gap, sigma), theory.kantorovich_ratio(sigma)]
    assert lab.identical(claimed, [least] * 2, absolute=1e-12, refutes={label: [value] * 2 for label, value in wrong.items()})
    errors = [theory.naive_bayes_asymptotic_error(gap, sigma), theory.bayes_error(gap, sigma)]
    of_condition = [norm.sf(1.0), norm.sf(1.0 / wrong["sqrt(l_1 / l_d)"])]
    assert lab.identical(errors, [norm.sf(1.0), norm.sf(1.0 / least)], absolute=1e-12, refutes={"sqrt(l_1 / l_d)": of_condition})
    if abs(correlation) == 0.8:
        assert lab.identical(errors, [0.158655, 0.047790], absolute=5e-7, refutes={"sqrt(l_1 / l_d)": of_condition}, question="printed values")
    # In the other half of the directions nothing is lost.
    both = np.ones(40)
    assert lab.identical(1.0, theory.distance_ratio(both, sigma), absolute=1e-12, refutes={"the bound is an equality for all": least})


@worst_case
def test_eigenvalues_of_the_covariance_are_the_wrong_ones(lab: Laboratory) -> None:
    """Uncorrelated features of variances 1 and 100 lose nothing, though Sigma's eigenvalues say .198; and elsewhere these say too much."""
    rng = np.random.default_rng([lab.seed, 13])
    sigma, gap = np.diag([1.0, 100.0]), rng.normal(size=(500, 2))
    assert lab.identical(1.0, theory.kantorovich_ratio(sigma), absolute=1e-14, refutes={"eigenvalues of Sigma": extreme_formula(sigma)})
    assert lab.refutes(lab.exact(float(theory.distance_ratio(gap, sigma).min())).at_most(0.2, tightness=0.0), ".198 is reached")
    # Scaling features can lower the condition number of Sigma below that of the correlations: then the formula with Sigma is no bound.
    scales = np.array([1.0, 1.6, 1.6])
    correlation = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.9], [0.0, 0.9, 1.0]])
    correlation[0, 1:] = correlation[1:, 0] = 0.6
    sigma = correlation * np.outer(scales, scales)
    worst = theory.distance_ratio(theory.kantorovich_direction(sigma), sigma)
    assert lab.identical(theory.kantorovich_ratio(sigma), worst, absolute=1e-12, refutes={"eigenvalues of Sigma": extreme_formula(sigma)})


@worst_case
@pytest.mark.parametrize("label", [0, 1])
def test_worst_direction_on_drawn_points(lab: Laboratory, label: int) -> None:
    """The worst direction of a covariance of unequal variances, at distance 3 for the Bayes rule: both errors, given either label."""
    sigma = np.array(UNEQUAL)
    direction = theory.kantorovich_direction(sigma)
    # To four digits, since it keys the stream; so near the minimum the ratio does not notice.
    gap = np.round(direction * 3.0 / theory.bayes_distance(direction, sigma), 4)
    run = lab.run(
        simulate.sample_correlated_classes,
        statistics=("naive_bayes", "bayes"),
        class_means=(tuple((gap * np.sign(gap[0])).tolist()), (0.0,) * 4),
        covariance=UNEQUAL,
        label=label,
    )
    ratio, of_sigma = theory.kantorovich_ratio(sigma), extreme_formula(sigma)
    assert run.probability("bayes").agrees_with(norm.sf(1.5), relative=0.05, refutes={"naive Bayes's error": norm.sf(1.5 * ratio)})
    wrong = {"eigenvalues of Sigma": norm.sf(1.5 * of_sigma), "the Bayes error": norm.sf(1.5), "the ratio squared": norm.sf(1.5 * ratio**2)}
    assert run.probability("naive_bayes").agrees_with(norm.sf(1.5 * ratio), relative=0.05, refutes=wrong)
