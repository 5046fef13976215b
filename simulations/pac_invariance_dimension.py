"""The sweep of arXiv:2205.15196 over the number of nodes: how many dimensions the moments of a family span."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import (
    clamped_decomposition,
    intervention_family,
    random_coefficients,
    sample_environments,
    second_moment_from_clamped,
)
from theorylab.papers.pac_invariance.closed_form import largest_family_dimension, moment_span_dimension
from theorylab.rows import Rows, spread

__all__ = ["dimension"]

SIZES = ((1, 1), (2, 1), (3, 2), (4, 2))
KINDS = (("soft", True), ("soft", False), ("shift", True), ("hard", True), ("hard", False))


def dimension(lab: Laboratory) -> Rows:
    """Measure the rank of stacked moments over the number of nodes, for a few sites and for all covariates; and over the sites, by kind."""
    rows: Rows = []
    graphs = lab.at_scale(3, 20)
    for sites, in_degree in SIZES:
        for nodes in lab.at_scale((16, 32, 64, 128), (16, 32, 64, 128, 256, 512)):
            setting = {"nodes": nodes, "sites": sites, "in_degree": in_degree}
            ranks = lab.run(sample_span_dimension, **setting).few(graphs)
            rows.append(spread(ranks, panel="nodes", **setting))
    for nodes in lab.at_scale((4, 6, 8, 12, 16), (4, 6, 8, 12, 16, 20)):
        rows.append(spread(lab.run(sample_full_dimension, nodes=nodes).few(graphs), panel="everywhere", nodes=nodes))
    for kind, joint in KINDS:
        for sites in (1, 2, 3, 4, 5):
            setting = {"nodes": 24, "sites": sites, "in_degree": 2, "kind": kind, "joint": joint}
            rows.append(spread(lab.run(sample_span_dimension, **setting).few(graphs), panel="kinds", **setting))
    return rows


def sample_span_dimension(
    rng: np.random.Generator, size: int, *, nodes: int, sites: int, in_degree: int, kind: str = "soft", joint: bool = True
) -> np.ndarray:
    """Sample the rank of the moments of a family on a random graph with k sites of in-degree d, one after the other, in its middle.

    Each site has a parent that is a child of the site before it, so that the largest dimension is attained. Half of the other nodes are before all of
    these, half after, with two random parents each.
    """
    environments = 3 * largest_family_dimension(sites, in_degree)
    before = (nodes - sites * (in_degree + 1)) // 2
    found = np.zeros(size)
    for row in range(size):
        parents = [list(rng.choice(node, min(2, node), replace=False)) for node in range(nodes)]
        where = [before + (in_degree + 1) * (index + 1) - 1 for index in range(sites)]
        for index, site in enumerate(where):
            own = list(range(site - in_degree, site))
            parents[site] = own
            # Only the first has another site above it: the parents of a site are not sites, and do not see each other.
            for node in own:
                parents[node] = list(rng.choice(before, min(2, before), replace=False))
            if index:
                parents[own[0]] = [where[index - 1], *parents[own[0]][:1]]
        found[row] = _rank(rng, random_coefficients(rng, nodes, in_degree=in_degree, parents=parents), where, environments, kind, joint)
    return found


def sample_full_dimension(rng: np.random.Generator, size: int, *, nodes: int) -> np.ndarray:
    """Sample the rank with interventions on all nodes but the target, which is the cause of all, so that every dimension is there."""
    environments = 3 * nodes * (nodes + 1) // 2
    sites = list(range(1, nodes))
    return np.array([_rank(rng, random_coefficients(rng, nodes, in_degree=2), sites, environments, "soft", True) for _ in range(size)], dtype=float)


def _rank(rng: np.random.Generator, coefficients: np.ndarray, sites: list[int], environments: int, kind: str, joint: bool) -> int:
    variances = rng.uniform(0.4, 1.2, len(coefficients))
    family = intervention_family(coefficients, variances, sites=sites, kind=kind, joint=joint)
    form = clamped_decomposition(coefficients, variances, sites=sites)
    return moment_span_dimension(second_moment_from_clamped(form, family, sample_environments(rng, environments, family)))
