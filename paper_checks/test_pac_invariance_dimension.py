"""arXiv:2205.15196, no dependence on the ambient dimension: the moments of a family span a space of few dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_triangular

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import (
    Environments,
    InterventionFamily,
    environment_model,
    intervention_family,
    random_coefficients,
    sample_environments,
    structural_second_moment,
)
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance.reference_models import core_model
from theorylab.pytest_plugin import claim

dimension = claim(
    "INV-4",
    kind="identity",
    statement="The moments of interventions on k sites of in-degree at most d span at most 1 + (d + 1) k(k + 1)/2 dimensions, whatever p.",
    tex=r"D=1+\sum_{i\in K}m_i+\#\{i\le j\in K:\ \text{common ancestor}\}\le1+(d+1)\tfrac{k(k+1)}2",
    source="mechanism of the abstract of arXiv:2205.15196; formula derived here",
)


def _moments(family: InterventionFamily, environments: Environments, count: int) -> np.ndarray:
    """Return moments by the whole models, without the clamped form from which the formula was derived."""
    return np.array([structural_second_moment(*environment_model(family, environments, index)) for index in range(count)])


def _rank(rng: np.random.Generator, b: np.ndarray, variances: np.ndarray, sites: list[int], kind: str, joint: bool, expected: int) -> int:
    family = intervention_family(b, variances, sites=sites, kind=kind, joint=joint)
    count = 4 * expected + 20
    return theory.moment_span_dimension(_moments(family, sample_environments(rng, count, family), count))


@dimension
def test_random_graphs(lab: Laboratory) -> None:
    """Ranks of stacked moments of joint soft families; two wrong counts."""
    rng = np.random.default_rng([lab.seed, 4])
    claimed, found, per_site = [], [], []
    for _ in range(lab.at_scale(50, 300)):
        nodes, k = int(rng.integers(8, 25)), int(rng.integers(1, 4))
        b, variances = random_coefficients(rng, nodes, in_degree=int(rng.integers(1, 4))), rng.uniform(0.4, 1.2, nodes)
        sites = [int(node) for node in rng.choice(nodes, k, replace=False)]
        claimed.append(theory.moment_family_dimension(b, sites))
        found.append(_rank(rng, b, variances, sites, "soft", True, claimed[-1]))
        in_degrees = (b[sites] != 0).sum(axis=1)
        per_site.append(1 + int(sum((d + 1) * (d + 2) // 2 for d in in_degrees)))
    without_pairs = [c - 1 if c > 1 else c for c in claimed]
    assert lab.identical(claimed, found, absolute=0.5, refutes={"monomials per site": per_site, "a pair less": without_pairs})


def _attaining(k: int, d: int) -> tuple[np.ndarray, list[int]]:
    """Return a graph where site j has d parents that are no sites, one of them a child of the site before."""
    edges: list[tuple[int, int]] = []
    nodes, sites = 0, []
    for j in range(k):
        parents = []
        for slot in range(d):
            if slot == 0 and j:
                edges.append((nodes, sites[-1]))
            parents.append(nodes)
            nodes += 1
        edges += [(nodes, parent) for parent in parents]
        sites.append(nodes)
        nodes += 1
    b = np.zeros((nodes, nodes))
    for child, parent in edges:
        b[child, parent] = 0.7
    return b, sites


@dimension
def test_the_largest_dimension_is_attained(lab: Laboratory) -> None:
    """3, 4, 10, 19, 25, 31 for (k, d) = (1, 1), (1, 2), (2, 2), (3, 2), (3, 3), (4, 2), by graphs that have it."""
    rng = np.random.default_rng([lab.seed, 5])
    cases = [(1, 1), (1, 2), (2, 2), (3, 2), (3, 3), (4, 2)]
    k, d = np.array(cases).T
    claimed = theory.largest_family_dimension(k, d)
    per_site = 1 + k * (d + 1) * (d + 2) // 2
    wrong = {"monomials per site": per_site, "no site pairs": 1 + d * k * (k + 1) // 2}
    assert lab.identical(claimed, [3, 4, 10, 19, 25, 31], absolute=0.5, refutes=wrong, question="printed")
    found, formula = [], []
    for sites_count, in_degree in cases:
        b, sites = _attaining(sites_count, in_degree)
        formula.append(theory.moment_family_dimension(b, sites))
        found.append(_rank(rng, b, rng.uniform(0.4, 1.2, len(b)), sites, "soft", True, formula[-1]))
    assert lab.identical(claimed, found, absolute=0.5, refutes={"one less": np.array(claimed) - 1}, question="rank")
    assert lab.identical(claimed, formula, absolute=0.5, refutes={"one less": np.array(claimed) - 1}, question="formula")


@dimension
@pytest.mark.parametrize("nodes", [12, 48])
def test_other_kinds_of_interventions(lab: Laboratory, nodes: int) -> None:
    """Hard, scale and shift, joint and atomic, at sites 4, 7, 9 of in-degree 2: 4, 4, 7, 10, 6, 4, 4, whatever the graph's size."""
    rng = np.random.default_rng([lab.seed, nodes])
    b, variances = random_coefficients(rng, nodes, in_degree=2), rng.uniform(0.4, 1.2, nodes)
    kinds = [("hard", True), ("scale", True), ("shift", True), ("soft", False), ("hard", False), ("scale", False), ("shift", False)]
    claimed = [theory.moment_family_dimension(b, [4, 7, 9], kind, joint=joint) for kind, joint in kinds]
    assert lab.identical(claimed, [4, 4, 7, 10, 6, 4, 4], absolute=0.5, refutes={"one dimension a site": [3] * 7}, question="printed")
    found = [_rank(rng, b, variances, [4, 7, 9], kind, joint, expected) for (kind, joint), expected in zip(kinds, claimed, strict=True)]
    assert lab.identical(claimed, found, absolute=0.5, refutes={"that of joint soft": [theory.moment_family_dimension(b, [4, 7, 9])] * 7})
    # Node 0 has no parents: set by hand, it adds one dimension, and one more for what does not change.
    roots = [theory.moment_family_dimension(b, [0, 7, 9], "hard", joint=joint) for joint in (True, False)]
    found = [_rank(rng, b, variances, [0, 7, 9], "hard", joint, expected) for joint, expected in zip((True, False), roots, strict=True)]
    assert lab.identical(roots, found, absolute=0.5, refutes={"only what changes": [3, 5]}, question="a root among the sites")


@dimension
def test_core(lab: Laboratory) -> None:
    """CORE with sites 1 and 4: seven."""
    rng = np.random.default_rng([lab.seed, 6])
    core = core_model()
    found = _rank(rng, core.model.coefficients, core.model.noise_variances, [1, 4], "soft", True, 7)
    assert lab.identical(theory.moment_family_dimension(core.model.coefficients, [1, 4]), 7, absolute=0.5, refutes={"q": 6, "q (q + 1)/2": 21})
    assert lab.identical(found, 7, absolute=0.5, refutes={"q": 6, "q (q + 1)/2": 21}, question="rank")


@dimension
def test_no_ambient_dimension(lab: Laboratory) -> None:
    """The same sites in ever larger graphs: ranks of u^T M v for random u and v, by triangular solves with the whole graph."""
    rng = np.random.default_rng([lab.seed, 7])
    sizes = lab.at_scale((12, 48, 200, 800), (12, 48, 200, 800, 2000))
    core, sites = random_coefficients(rng, 12, in_degree=2), [4, 7, 9]
    expected = theory.moment_family_dimension(core, sites)
    found, formula = [], []
    for nodes in sizes:
        b = random_coefficients(rng, nodes, in_degree=2)
        b[:12, :12] = core
        formula.append(theory.moment_family_dimension(b, sites))
        variances = rng.uniform(0.4, 1.2, nodes)
        family = intervention_family(b, variances, sites=sites)
        count = 3 * expected + 4
        environments = sample_environments(rng, count, family)
        left, right = rng.standard_normal((2, nodes, count))
        rows = []
        for index in range(count):
            whole = np.eye(nodes) - environment_model(family, environments, index).coefficients
            omega = variances.copy()
            omega[sites] = environments.site_variances[index]
            # u^T A Omega A^T v with A^T u from a transposed solve; no clamped form and no inverse.
            u, v = (solve_triangular(whole, part, lower=True, trans="T", unit_diagonal=True) for part in (left, right))
            rows.append((u * omega[:, None] * v).sum(axis=0))
        values = np.linalg.svd(np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True), compute_uv=False)
        found.append(int(np.sum(values > 1e-9 * values[0])))
    wrong = {"one more each time": expected + np.arange(len(sizes)), "the number of nodes": np.minimum(sizes, 3 * expected + 4)}
    assert lab.identical([expected] * len(sizes), found, absolute=0.5, refutes=wrong, question="rank")
    assert lab.identical([expected] * len(sizes), formula, absolute=0.5, refutes=wrong, question="formula")
