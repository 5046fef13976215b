"""Subsets of covariates as representations: the worst violation over all small ones, with interventions on two nodes or on all covariates."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from theorylab.backend import check_draw
from theorylab.models.structural_equations import (
    clamped_decomposition,
    intervention_family,
    sample_environments,
    second_moment_from_clamped,
)
from theorylab.montecarlo.samplers import block_size, host_only
from theorylab.papers.pac_invariance.reference_models import core_model
from theorylab.validation import instance, whole_number

__all__ = ["extended_core", "sample_subset_suprema"]


def extended_core(rng: np.random.Generator, covariates: int) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and variances of CORE with random nodes downstream, up to p covariates.

    Each new node has two parents, uniform among all earlier nodes, with coefficients of magnitude U[.3, .9] and random sign, and variance U[.4, 1.2].
    """
    instance("rng", rng, np.random.Generator)
    covariates = whole_number("covariates", covariates, minimum=5)
    model = core_model().model
    q = covariates + 1
    b, variances = np.zeros((q, q)), np.empty(q)
    b[:6, :6], variances[:6] = model.coefficients, model.noise_variances
    for node in range(6, q):
        b[node, rng.choice(node, 2, replace=False)] = rng.uniform(0.3, 0.9, 2) * rng.choice([-1.0, 1.0], 2)
        variances[node] = rng.uniform(0.4, 1.2)
    return b, variances


def _largest_share(moments: np.ndarray, train: int, pairs: np.ndarray) -> float:
    """Return the largest share of violations over single covariates and pairs of them, each with its pooled head."""
    rest = np.flatnonzero(np.arange(moments.shape[1]) != 3)
    s, c = np.ascontiguousarray(moments[:, rest[:, None], rest].transpose(1, 2, 0)), np.ascontiguousarray(moments[:, rest, 3].T)
    mean_s, mean_c = s[..., :train].mean(axis=-1), c[:, :train].mean(axis=-1)
    diagonal = s[np.arange(len(rest)), np.arange(len(rest))]
    single = 2.0 * abs(diagonal * (mean_c / np.diag(mean_s))[:, None] - c)
    i, j = pairs
    determinant = mean_s[i, i] * mean_s[j, j] - mean_s[i, j] ** 2
    first = (mean_s[j, j] * mean_c[i] - mean_s[i, j] * mean_c[j]) / determinant
    second = (mean_s[i, i] * mean_c[j] - mean_s[i, j] * mean_c[i]) / determinant
    cross = s[i, j]
    along = diagonal[i] * first[:, None] + cross * second[:, None] - c[i]
    across = cross * first[:, None] + diagonal[j] * second[:, None] - c[j]
    worst = 0.0
    for gaps in (single, 2.0 * np.sqrt(along**2 + across**2)):
        limit = np.maximum(gaps[:, :train].max(axis=1), 1e-9)
        worst = max(worst, float((gaps[:, train:] > limit[:, None]).mean(axis=1).max()))
    return worst


@host_only("draws a new graph for every replicate")
@block_size(32)
def sample_subset_suprema(rng: np.random.Generator, size: int, *, covariates: int, interventions: int, fresh: int) -> dict[str, Any]:
    """Sample the supremum of V over subsets of one and two covariates in extensions of CORE, a new graph each time.

    Each subset has its pooled least-squares head and eps is its largest gradient gap in training (1e-9 for invariant ones).

    Parameters
    ----------
    rng, size
        Generator and number of graphs.
    covariates
        p >= 5.
    interventions, fresh
        N and m, >= 1.

    Returns
    -------
    dict
        "fixed" for joint soft interventions at nodes 1 and 4, "all" for ones at all covariates, "difference" all - fixed, "larger" 1 if it is
        positive.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    size = check_draw(rng, size)
    p, n, m = whole_number("covariates", covariates, minimum=5), whole_number("interventions", interventions), whole_number("fresh", fresh)
    pairs = np.array(list(combinations(range(p), 2))).T
    found = np.zeros((2, size))
    for row in range(size):
        b, variances = extended_core(rng, p)
        for case, sites in enumerate(([1, 4], [node for node in range(p + 1) if node != 3])):
            family = intervention_family(b, variances, sites=sites, target=3)
            form = clamped_decomposition(b, variances, sites=sites)
            moments = second_moment_from_clamped(form, family, sample_environments(rng, n + m, family))
            found[case, row] = _largest_share(moments, n, pairs)
    fixed, everywhere = found
    return {"fixed": fixed, "all": everywhere, "difference": everywhere - fixed, "larger": 1.0 * (everywhere > fixed)}
