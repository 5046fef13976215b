"""What else a user of pac_invariance could run: inverses, general-purpose optimisers, fits subset by subset, and the packages of other authors."""

from __future__ import annotations

import importlib
import warnings
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.spatial import ConvexHull

from theorylab.models.structural_equations import Environments, InterventionFamily, environment_model

__all__ = [
    "bfgs_invariant_risk",
    "gap_by_rows",
    "hull_mass",
    "inverted_moments",
    "optional",
    "slsqp_minimax",
    "subset_p_values",
    "substituted_moments",
    "violations_one_by_one",
]


def optional(name: str) -> Any:
    """Return a package of the extra ``benchmark``, or None where it is not installed."""
    try:
        with warnings.catch_warnings():
            # What these packages say about their own optional parts.
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError:
        return None


def inverted_moments(family: InterventionFamily, environments: Environments, count: int) -> np.ndarray:
    """Return E x x^T of the first environments, inverting I - B for each."""
    found = []
    for index in range(count):
        model = environment_model(family, environments, index)
        a = np.linalg.inv(np.eye(len(model.coefficients)) - model.coefficients)
        found.append((a * model.noise_variances) @ a.T)
    return np.array(found)


def substituted_moments(family: InterventionFamily, environments: Environments, count: int) -> np.ndarray:
    """Return the same by scipy's forward substitution, for nodes in causal order."""
    found = []
    for index in range(count):
        model = environment_model(family, environments, index)
        q = len(model.coefficients)
        a = solve_triangular(np.eye(q) - model.coefficients, np.diag(np.sqrt(model.noise_variances)), lower=True, check_finite=False)
        found.append(a @ a.T)
    return np.array(found)


def violations_one_by_one(features: np.ndarray, functionals: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return how many environments violate each (Phi, w, eps), a product of matrices for each."""
    gaps = (2.0 * np.linalg.norm(features @ functional.T, axis=1) for functional in functionals)
    return np.array([np.count_nonzero(gap > limit) for gap, limit in zip(gaps, thresholds, strict=True)])


def slsqp_minimax(matrices: np.ndarray, vectors: np.ndarray) -> float:
    """Return the least largest |A_i w - b_i| by scipy's SLSQP on (w, level) with squared norms as constraints."""
    r = matrices.shape[2]
    start = np.linalg.lstsq(matrices.reshape(-1, r), vectors.ravel(), rcond=None)[0]
    level = np.max(np.linalg.norm(matrices @ start - vectors, axis=1))

    def slack(x: np.ndarray) -> np.ndarray:
        return np.asarray(x[r] - ((matrices @ x[:r] - vectors) ** 2).sum(axis=1))

    def slopes(x: np.ndarray) -> np.ndarray:
        return np.column_stack([-2.0 * np.einsum("imr,im->ir", matrices, matrices @ x[:r] - vectors), np.ones(len(matrices))])

    found = minimize(
        lambda x: x[r],
        np.append(start, level**2),
        jac=lambda x: np.eye(r + 1)[r],
        constraints={"type": "ineq", "fun": slack, "jac": slopes},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return float(np.max(np.linalg.norm(matrices @ found.x[:r] - vectors, axis=1)))


def _chow(squares: np.ndarray, rows: np.ndarray, width: int, pooled: float, one: int) -> tuple[float, float]:
    """Return p-values of equal coefficients and of equal residual variances, an environment against all others (``squares`` and ``rows`` of both)."""
    freedom = rows - width
    both = squares.sum()
    chow = stats.f.sf((pooled - both) / width / (both / freedom.sum()), width, freedom.sum())
    ratio = squares[one] / freedom[one] / (squares[1 - one] / freedom[1 - one])
    tail = min(stats.f.sf(ratio, freedom[one], freedom[1 - one]), stats.f.cdf(ratio, freedom[one], freedom[1 - one]))
    return float(chow), float(2.0 * tail)


def subset_p_values(x: np.ndarray, y: np.ndarray, groups: np.ndarray, largest: int) -> dict[tuple[int, ...], float]:
    """Return p-values of invariance for subsets of covariates: statsmodels fits of each environment, of the others and of all rows."""
    import statsmodels.api as sm

    names = np.unique(groups)
    found = {}
    for size in range(largest + 1):
        for columns in combinations(range(x.shape[1]), size):
            design = sm.add_constant(x[:, columns]) if size else np.ones((len(y), 1))
            pooled = sm.OLS(y, design).fit().ssr
            chances = []
            for name in names:
                parts = [groups == name, groups != name]
                squares = np.array([sm.OLS(y[part], design[part]).fit().ssr for part in parts])
                chances += _chow(squares, np.array([part.sum() for part in parts]), size + 1, pooled, 0)
            found[columns] = min(1.0, 2.0 * len(names) * min(chances))
    return found


def bfgs_invariant_risk(moments: np.ndarray, target: int, *, penalty: float, starts: int, seed: int) -> np.ndarray:
    """Return a minimiser of the objective of IRMv1 by scipy's BFGS, from pooled fits and random combinations of the environments' own."""
    rest = np.flatnonzero(np.arange(moments.shape[1]) != target)
    s, c = moments[:, rest[:, None], rest], moments[:, rest, target]
    mean_s, mean_c = s.mean(axis=0), c.mean(axis=0)
    own = np.linalg.solve(s, c[..., None])[..., 0]
    pooled = np.linalg.solve(mean_s, mean_c)
    rng = np.random.default_rng(seed)

    def objective(v: np.ndarray) -> tuple[float, np.ndarray]:
        residual = s @ v - c
        along = residual @ v
        value = v @ mean_s @ v - 2.0 * mean_c @ v + penalty * 4.0 * np.mean(along**2)
        slope = 2.0 * (mean_s @ v - mean_c) + penalty * 8.0 * np.mean(along[:, None] * (2.0 * s @ v - c), axis=0)
        return float(value), slope

    best, lowest = pooled, np.inf
    for start in range(starts):
        first = pooled if start == 0 else rng.dirichlet(np.ones(len(s))) @ own + 0.5 * start / starts * rng.standard_normal(len(pooled))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = minimize(objective, first, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 2000})
        if found.fun < lowest:
            best, lowest = found.x, float(found.fun)
    return best


def gap_by_rows(rng: np.random.Generator, size: int, coefficients: np.ndarray, deviations: np.ndarray, sample_size: int) -> np.ndarray:
    """Return empirical gradient gaps 2 |S w - c| of CORE's causal head (.9, -.8) on the parents 1 and 2 of node 3, a data set at a time."""
    effects = np.linalg.inv(np.eye(len(coefficients)) - coefficients) * deviations
    head = np.array([0.9, -0.8])
    found = np.empty(size)
    for index in range(size):
        x = rng.standard_normal((sample_size, len(coefficients))) @ effects.T
        z = x[:, 1:3]
        found[index] = 2.0 * np.linalg.norm(z.T @ (z @ head - x[:, 3]) / sample_size)
    return found


def hull_mass(points: np.ndarray, train: int) -> np.ndarray:
    """Return the share of points after the first ones that lie outside the hull of those, for each set, by scipy's Qhull."""
    found = np.empty(len(points))
    for index, some in enumerate(points):
        equations = ConvexHull(some[:train]).equations
        found[index] = np.mean((some[train:] @ equations[:, :2].T + equations[:, 2] > 0.0).any(axis=1))
    return found
