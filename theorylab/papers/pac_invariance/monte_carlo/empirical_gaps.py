"""Gradient gaps from n rows of CORE: raw rows, the Wishart matrix of features and target, and the product law at the parents."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.models.structural_equations import node_indices
from theorylab.models.wishart import wishart_matrices
from theorylab.montecarlo.samplers import block_size, fitting_block, host_only
from theorylab.papers.pac_invariance.monte_carlo.environments import core_rows
from theorylab.papers.pac_invariance.reference_models import core_model
from theorylab.validation import choice, moderate, numbers, real, whole_number

__all__ = ["ROUTES", "sample_empirical_gap", "sample_gap_perturbation", "sample_largest_parent_gap"]

ROUTES = ("rows", "wishart", "product")


def _parent_gaps(rng: Any, shape: tuple[int, ...], n: int) -> Any:
    """Draw gaps of (0.9, -0.8) on the parents, nodes 1 and 2, independent with variances 1.29 and .9: (2/n) |residuals| |S^(1/2) g|."""
    xp = namespace_of(rng)
    g = rng.standard_normal((*shape, 2))
    return 2.0 / n * xp.sqrt(0.6 * rng.chisquare(n, shape) * (1.29 * g[..., 0] ** 2 + 0.9 * g[..., 1] ** 2))


def _block(**parameters: Any) -> int:
    n = parameters["sample_size"]
    return fitting_block(numbers=8.0 * n, nanoseconds=120.0 * n) if parameters["route"] == "rows" else fitting_block(numbers=60.0, nanoseconds=300.0)


@block_size(_block)
def sample_empirical_gap(
    rng: Any, size: int, *, sample_size: int, nodes: tuple[int, ...] = (1, 2), head: tuple[float, ...] = (0.9, -0.8), route: str = "wishart"
) -> dict[str, Any]:
    """Sample the empirical gradient gap 2 |S w - c| of a fixed head, S and c means over n rows.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    sample_size
        n >= 1.
    nodes, head
        The covariates and their weights; the parents and the causal ones by default.
    route
        "rows": rows drawn from the equations; "wishart": the scatter of covariates and target from Bartlett's factor; "product": its exact law at the
        parents, for the default head only.

    Returns
    -------
    dict
        "gap" and "square".

    Raises
    ------
    ValueError
        If n or the route is out of range.
    """
    size = check_draw(rng, size)
    n, how = whole_number("sample_size", sample_size), choice("route", route, ROUTES)
    xp, where = namespace_of(rng), node_indices("nodes", nodes, 6)
    if np.ndim(head) != 1 or np.size(head) != where.size or 3 in where:
        raise ValueError(f"head must have as many numbers as there are nodes, none of them the target 3; got {head!r:.80} on {nodes!r:.80}")
    w = xp.asarray(moderate("head", numbers("head", head), most=1e60))
    if how == "product":
        if tuple(nodes) != (1, 2) or tuple(head) != (0.9, -0.8):
            raise ValueError(f"route must not be 'product' for another head than (0.9, -0.8) on (1, 2); got {head} on {nodes}")
        gap = _parent_gaps(rng, (size,), n)
    elif how == "rows":
        x = core_rows(rng, (size, n))
        z = x[..., where]
        half = (z * (z @ w - x[..., 3])[..., None]).mean(axis=1)
        gap = 2.0 * xp.sqrt((half**2).sum(axis=1))
    else:
        b, variances, _ = core_model().model
        inverse = np.linalg.inv(np.eye(6) - b)
        whole = (inverse * variances) @ inverse.T
        chosen = np.append(where, 3)
        scatter = wishart_matrices(rng, size, degrees_of_freedom=n, feature_covariance=whole[np.ix_(chosen, chosen)]) / n
        half = (scatter[:, :-1, :-1] * w).sum(axis=2) - scatter[:, :-1, -1]
        gap = 2.0 * xp.sqrt((half**2).sum(axis=1))
    return {"gap": gap, "square": gap**2}


@block_size(4096)
def sample_largest_parent_gap(rng: Any, size: int, *, sample_size: int, interventions: int, threshold: float) -> Any:
    """Sample 1 if the largest empirical gap of the parents over N environments exceeds eps, else 0, from the product law.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    sample_size, interventions
        n and N, >= 1.
    threshold
        eps.
    """
    size = check_draw(rng, size)
    gaps = _parent_gaps(rng, (size, whole_number("interventions", interventions)), whole_number("sample_size", sample_size))
    threshold = real("threshold", threshold)
    return 1.0 * (gaps.max(axis=1) > threshold)


@host_only("takes one representation after the other")
@block_size(64)
def sample_gap_perturbation(rng: np.random.Generator, size: int, *, sample_size: int, features: int) -> dict[str, Any]:
    """Sample a random representation and head of CORE, and how its gap changes from n rows to infinitely many.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    sample_size, features
        n and r, >= 1.

    Returns
    -------
    dict
        "ratio": the change over 2 |Phi| |M_hat - M| sqrt(1 + |Phi^T w|^2).
    """
    size = check_draw(rng, size)
    n, r = whole_number("sample_size", sample_size), whole_number("features", features)
    b, variances, _ = core_model().model
    inverse = np.linalg.inv(np.eye(6) - b)
    exact = (inverse * variances) @ inverse.T
    x = core_rows(rng, (size, n))
    found = np.einsum("tni,tnj->tij", x, x) / n
    rest = [0, 1, 2, 4, 5]
    ratio = np.empty(size)
    for row in range(size):
        phi, w = rng.standard_normal((r, 5)), rng.standard_normal(r)
        v = phi.T @ w
        gaps = [2.0 * np.linalg.norm(phi @ (m[np.ix_(rest, rest)] @ v - m[rest, 3])) for m in (found[row], exact)]
        bound = 2.0 * np.linalg.norm(phi, 2) * np.linalg.norm(found[row] - exact, 2) * np.sqrt(1.0 + v @ v)
        ratio[row] = abs(gaps[0] - gaps[1]) / bound
    return {"ratio": ratio}
