"""What learners make of N environments of CORE: IRMv1 and pooled least squares; and representations that only training environments like."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import least_squares

from theorylab.backend import check_draw, namespace_of
from theorylab.models.structural_equations import random_coefficients
from theorylab.montecarlo.samplers import block_size, host_only
from theorylab.numerics.convex import minimax_norms
from theorylab.papers.pac_invariance.invariant_risk import minimise_invariant_risk
from theorylab.papers.pac_invariance.monte_carlo.environments import FAMILIES, draw_moments, named_family
from theorylab.validation import choice, real, whole_number

__all__ = ["sample_invariant_risk", "sample_range_violation", "sample_spurious_root"]


@host_only("minimises by scipy.optimize")
@block_size(4)
def sample_invariant_risk(rng: np.random.Generator, size: int, *, interventions: int, family: str = "core", fresh: int = 400) -> dict[str, Any]:
    """Sample population IRMv1 and pooled least squares on N environments and look at m fresh ones.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    interventions, fresh
        N and m, >= 1.
    family
        A name from `FAMILIES` with CORE.

    Returns
    -------
    dict
        "gap": the largest gap 2 |v^T (M v - m)| of IRMv1 (its prediction as one feature); "risk" its mean risk; "objective" in training;
        "pooled_risk"; "pooled_gap"; "pooled_worst" its largest risk; "distance" of the pooled coefficients from the unmixing predictor.
    """
    size = check_draw(rng, size)
    n, m = whole_number("interventions", interventions), whole_number("fresh", fresh)
    target = named_family(choice("family", family, FAMILIES)).target
    rest = [node for node in range(6) if node != target]
    names = ("gap", "risk", "objective", "pooled_risk", "pooled_gap", "pooled_worst", "distance")
    found = {name: np.zeros(size) for name in names}
    risk = 1.0 / (1.0 / 0.6 + 0.49 / 0.7)
    unmixing = risk * np.array([0.0, 0.9 / 0.6, -0.8 / 0.6, 0.6, -1.0])
    for row in range(size):
        train, test = draw_moments(rng, n, family), draw_moments(rng, m, family)
        s, c, yy = test[:, rest][:, :, rest], test[:, rest, target], test[:, target, target]
        train_s, train_c = train[:, rest][:, :, rest], train[:, rest, target]
        learned = minimise_invariant_risk(train_s, train_c, penalty=1e5, starts=16, random_state=int(rng.integers(2**31)))
        pooled = np.linalg.solve(train_s.mean(axis=0), train_c.mean(axis=0))
        for name, v in (("", learned), ("pooled_", pooled)):
            found[f"{name}gap"][row] = np.max(2.0 * abs((s @ v - c) @ v))
            risks = yy - 2.0 * c @ v + (s @ v) @ v
            found[f"{name}risk"][row] = risks.mean()
        found["pooled_worst"][row] = risks.max()
        found["objective"][row] = np.mean(train[:, target, target] - 2.0 * train_c @ learned + (train_s @ learned) @ learned)
        found["distance"][row] = np.linalg.norm(pooled - unmixing)
    return found


def _random_family(rng: np.random.Generator, nodes: int) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Draw a graph whose target, in the middle, is connected with the rest, and a site after it with one parent."""
    while True:
        b = random_coefficients(rng, nodes, in_degree=2)
        target, site = nodes // 2, int(rng.integers(nodes // 2 + 1, nodes))
        if np.any(b[target]) and np.any(b[site, target] != 0.0):
            b[site] = 0.0
            b[site, target] = rng.uniform(0.3, 0.9)
            return b, rng.uniform(0.4, 1.2, nodes), target, site


def _site_moments(rng: np.random.Generator, count: int, b: np.ndarray, variances: np.ndarray, site: int) -> np.ndarray:
    parent = int(np.flatnonzero(b[site])[0])
    moments = []
    for _ in range(count):
        c, v = b.copy(), variances.copy()
        c[site, parent], v[site] = rng.standard_normal(), rng.uniform(0.3, 2.0)
        inverse = np.linalg.inv(np.eye(len(b)) - c)
        moments.append((inverse * v) @ inverse.T)
    return np.array(moments)


@host_only("finds roots by scipy.optimize")
@block_size(1)
def sample_spurious_root(rng: np.random.Generator, size: int, *, interventions: int, nodes: int = 9, starts: int = 40) -> dict[str, Any]:
    """Sample how badly a one-dimensional representation that is exactly invariant on N environments can fail on 200 fresh ones.

    A random graph with one site of in-degree 1, so that D = 3. The equations phi^T (M phi - m) = 0, one for each environment, are solved from random
    starts; the root that violates most counts (phi = 0 does not count).

    Parameters
    ----------
    rng, size
        Generator and number of graphs.
    interventions
        N >= 1.
    nodes
        q >= 4.
    starts
        Starts of the search, >= 1.

    Returns
    -------
    dict
        "violation": the largest gap on fresh environments, over all roots found; "roots", their number.
    """
    size = check_draw(rng, size)
    n, q = whole_number("interventions", interventions, maximum=10**6), whole_number("nodes", nodes, minimum=4)
    starts = whole_number("starts", starts, maximum=100_000)
    violation, roots = np.zeros(size), np.zeros(size)
    for row in range(size):
        b, variances, target, site = _random_family(rng, q)
        rest = np.flatnonzero(np.arange(q) != target)
        whole = _site_moments(rng, n + 200, b, variances, site)
        s, c = whole[:, rest[:, None], rest], whole[:, rest, target]
        for _ in range(starts):
            start = rng.standard_normal(q - 1)
            solved = least_squares(
                lambda v, s=s, c=c: (s[:n] @ v - c[:n]) @ v,
                start,
                lambda v, s=s, c=c: 2.0 * s[:n] @ v - c[:n],
                method="trf" if n < q - 1 else "lm",
                xtol=1e-15,
                ftol=1e-15,
                gtol=1e-15,
            )
            phi = solved.x
            if 2.0 * np.sqrt(2.0 * solved.cost) < 1e-12 and np.linalg.norm(phi) > 0.05:
                roots[row] += 1
                violation[row] = max(violation[row], float(np.max(2.0 * abs((s[n:] @ phi - c[n:]) @ phi))))
    return {"violation": violation, "roots": roots}


@block_size(512)
def sample_range_violation(rng: Any, size: int, *, interventions: int, fresh: int, density_ratio: float) -> dict[str, Any]:
    """Sample violations of the minimax head of one noisy sensor, trained on N environments, under the training law and under another one.

    Y = L + e is predicted from L + noise of variance 1/2; an environment is E L^2 ~ U[.5, 2], under the other law uniform on the top 1/rho of it.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    interventions, fresh
        N and m, >= 1; m fresh environments for each law.
    density_ratio
        rho >= 1.

    Returns
    -------
    dict
        "training" and "other": shares of violations.
    """
    size = check_draw(rng, size)
    n, m = whole_number("interventions", interventions), whole_number("fresh", fresh)
    rho = real("density_ratio", density_ratio, minimum=1.0)
    low = namespace_of(rng).asarray(np.concatenate([np.full(n + m, 0.5), np.full(m, 2.0 - 1.5 / rho)]))
    second = low + (2.0 - low) * rng.random((size, n + 2 * m))
    a, b = 2.0 * (second + 0.5)[..., None, None], 2.0 * second[..., None]
    found = minimax_norms(a[:, :n], b[:, :n])
    gaps = abs(a[:, n:, 0, 0] * found.points - b[:, n:, 0]) > found.values[:, None] * (1.0 + 1e-9)
    return {"training": gaps[:, :m].mean(axis=1), "other": gaps[:, m:].mean(axis=1)}
