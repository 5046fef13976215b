"""Dimensions of families against numerical ranks, spanning weights, complexity of violation events."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from theorylab.models.structural_equations import (
    KINDS,
    clamped_decomposition,
    intervention_family,
    random_coefficients,
    sample_environments,
    second_moment_from_clamped,
)
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance.reference_models import core_model, star_model


def family_moments(rng: np.random.Generator, count: int, model: tuple[np.ndarray, ...], sites: Any, **options: Any) -> np.ndarray:
    family = intervention_family(*model, sites=sites, **options)
    form = clamped_decomposition(*model, sites=sites)
    return np.asarray(second_moment_from_clamped(form, family, sample_environments(rng, count, family)))


def plain_rank(moments: np.ndarray) -> int:
    """Rank of the flattened matrices, nodes and environments scaled to size one."""
    scale = np.sqrt(np.einsum("tii->i", moments) / len(moments))
    rows = (moments / np.outer(scale, scale)).reshape(len(moments), -1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return int(np.linalg.matrix_rank(rows, tol=1e-10 * np.linalg.norm(rows, 2)))


def sparse_graph(rng: np.random.Generator, nodes: int, in_degree: int) -> np.ndarray:
    """Several roots, an order of its own."""
    b = random_coefficients(rng, nodes, in_degree=in_degree) * (rng.random((nodes, nodes)) < 0.7)
    order = rng.permutation(nodes)
    return np.asarray(b[np.ix_(order, order)])


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_dimension_is_the_rank(kind: str, joint: bool) -> None:
    rng = np.random.default_rng([1, KINDS.index(kind), joint])
    dimensions = []
    for _ in range(25):
        nodes = int(rng.integers(2, 12))
        b = sparse_graph(rng, nodes, int(rng.integers(1, 4)))
        sites = rng.choice(nodes, int(rng.integers(1, min(5, nodes) + 1)), replace=False)
        dimension = theory.moment_family_dimension(b, sites, kind, joint=joint)
        moments = family_moments(rng, 3 * dimension + 30, (b, rng.uniform(0.4, 1.2, nodes)), sites, kind=kind, joint=joint)
        assert plain_rank(moments) == dimension
        assert theory.moment_span_dimension(moments) == dimension
        dimensions.append(dimension)
    assert len(set(dimensions)) > 3


@pytest.mark.parametrize(("nodes", "sites"), [(12, [4, 7, 9]), (48, [4, 7, 9])])
def test_printed_dimensions(nodes: int, sites: list[int]) -> None:
    b = random_coefficients(np.random.default_rng(2), nodes, in_degree=2)
    expected = {
        ("hard", True): 4,
        ("scale", True): 4,
        ("soft", False): 10,
        ("hard", False): 6,
        ("shift", True): 7,
        ("scale", False): 4,
        ("shift", False): 4,
    }
    for (kind, joint), dimension in expected.items():
        assert theory.moment_family_dimension(b, sites, kind, joint=joint) == dimension


def test_dimensions_by_hand() -> None:
    core = core_model()
    assert theory.moment_family_dimension(core.model.coefficients, [1, 4]) == 7
    # Sites 0 and 2 without a common ancestor, then with one, then one above the other.
    b = np.zeros((5, 5))
    b[0, 1] = b[2, 3] = 1.0
    assert theory.moment_family_dimension(b, [0, 2]) == 1 + (1 + 1) + 2
    b[3, 1] = 1.0
    assert theory.moment_family_dimension(b, [0, 2]) == 1 + (1 + 1) + 3
    b[2, 0] = 1.0
    assert theory.moment_family_dimension(b, [0, 2]) == 1 + (1 + 2) + 3
    assert theory.moment_family_dimension(b, [0, 2], "hard", joint=False) == 4
    # A root costs one dimension of its own and the moments before interventions.
    assert theory.moment_family_dimension(b, [1, 0], "hard", joint=False) == 2 + 1 + 1
    assert theory.moment_family_dimension(star_model(3).model.coefficients, [2, 3, 4], joint=False) == 7


def chain_of_sites(k: int, d: int, more: int) -> tuple[np.ndarray, list[int]]:
    """Each site has d parents of its own, which have a root in common, and the site before it is above one of them."""
    size = 1 + k * (d + 1) + more
    b, sites, node = np.zeros((size, size)), [], 1
    for index in range(k):
        own = list(range(node, node + d))
        for parent in own:
            b[parent, 0] = 0.7
        if index:
            b[own[0], sites[-1]] = -0.8
        site = node + d
        b[site, own] = 0.6
        sites.append(site)
        node += d + 1
    return b, sites


@pytest.mark.parametrize(("k", "d", "largest"), [(1, 1, 3), (1, 2, 4), (2, 2, 10), (3, 2, 19), (3, 3, 25), (4, 2, 31)])
def test_largest_dimension_is_attained(k: int, d: int, largest: int) -> None:
    assert theory.largest_family_dimension(k, d) == largest
    for more in (0, 20):
        b, sites = chain_of_sites(k, d, more)
        assert theory.moment_family_dimension(b, sites) == largest
    rng = np.random.default_rng([3, k, d])
    moments = family_moments(rng, 4 * largest, (b, rng.uniform(0.5, 1.5, len(b))), sites)
    assert theory.moment_span_dimension(moments) == largest


def test_no_graph_has_a_larger_dimension() -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        b = sparse_graph(rng, 14, 3)
        sites = rng.choice(14, 3, replace=False)
        degree = int((b[sites] != 0.0).sum(axis=1).max())
        assert theory.moment_family_dimension(b, sites) <= theory.largest_family_dimension(3, degree)
    assert theory.largest_family_dimension([1, 2], [[0], [3]]).tolist() == [[2, 4], [5, 13]]
    assert isinstance(theory.largest_family_dimension(1, 1), int)
    assert theory.largest_family_dimension(2, 0) == 4


def test_the_cap_is_the_number_of_entries() -> None:
    b = np.array([[0.0, 0.0], [0.8, 0.0]])
    assert theory.moment_family_dimension(b, [1], joint=True) == 3
    b = random_coefficients(np.random.default_rng(5), 3, in_degree=2)
    assert theory.moment_family_dimension(b, [0, 1, 2], "shift") == 6


# Transfer


def test_span_of_known_dimension() -> None:
    rng = np.random.default_rng(6)
    basis = rng.standard_normal((4, 6, 6))
    basis = basis @ np.swapaxes(basis, 1, 2)
    mixed = np.einsum("td,dij->tij", rng.uniform(0.1, 1.0, (30, 4)), basis)
    assert theory.moment_span_dimension(mixed) == 4
    assert theory.moment_span_dimension(mixed[:3]) == 3
    assert theory.moment_span_dimension(mixed[:1]) == 1
    # Neither units of nodes nor sizes of environments hide a dimension.
    units, sizes = np.array([1e-6, 1.0, 1e6, 1e-3, 1e3, 10.0]), 10.0 ** np.linspace(-40.0, 40.0, 30)
    assert theory.moment_span_dimension(mixed * np.outer(units, units) * sizes[:, None, None]) == 4
    noisy = mixed + 1e-7 * np.einsum("t,i,j->tij", rng.random(30), np.ones(6), np.ones(6))
    assert theory.moment_span_dimension(noisy) == 5
    assert theory.moment_span_dimension(noisy, tolerance=1e-5) == 4


def test_spanning_weights_and_transfer() -> None:
    rng = np.random.default_rng(7)
    core = core_model()
    train, fresh = (family_moments(rng, count, core.model, [1, 4]) for count in (7, 12))
    found = theory.spanning_weights(train, fresh, dimension=7)
    assert found.weights.shape == (12, 7)
    assert found.residual.shape == (12,)
    assert np.all(found.residual < 1e-8)
    np.testing.assert_allclose(np.einsum("ft,tij->fij", found.weights, train), fresh, atol=1e-7 * np.abs(fresh).max())
    for _ in range(40):
        phi, w = rng.standard_normal((3, 5)), rng.standard_normal(3)
        limit = np.abs(found.weights).sum(axis=1) * theory.invariance_gap(train, 3, phi, w).max()
        assert np.all(theory.invariance_gap(fresh, 3, phi, w) <= limit * (1 + 1e-9))
    single = theory.spanning_weights(train, fresh[0])
    assert single.weights == pytest.approx(found.weights[0], rel=1e-9)
    assert single.residual.shape == ()
    # A constant is in the span, so the weights of environments with equal rest sum to 1.
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0, atol=1e-7)


def test_spanning_weights_on_a_training_environment_and_outside_the_span() -> None:
    rng = np.random.default_rng(8)
    core = core_model()
    train = family_moments(rng, 5, core.model, [1, 4])
    found = theory.spanning_weights(train, train[2])
    assert found.weights == pytest.approx(np.eye(5)[2], abs=1e-8)
    outside = theory.spanning_weights(train, family_moments(rng, 4, core.model, [1, 4]))
    assert np.all(outside.residual > 1e-4)
    # Weights of least norm in units of the environments: copies share.
    copies = theory.spanning_weights(np.concatenate([train, train]), train[1])
    assert copies.weights == pytest.approx(0.5 * (np.eye(10)[1] + np.eye(10)[6]), abs=1e-8)
    # A direction that training lacks is left over whole.
    missed = theory.spanning_weights(np.diag([1.0, 4.0, 9.0])[None], np.eye(3)[[1, 0, 2]] - np.diag([0.0, 0.0, 1.0]))
    assert missed.weights == pytest.approx([0.0], abs=1e-12)
    assert missed.residual == pytest.approx(1.0, rel=1e-12)


def test_too_few_environments_are_refused() -> None:
    rng = np.random.default_rng(9)
    train = family_moments(rng, 6, core_model().model, [1, 4])
    for given, rank in ((train, 6), (train[:4], 4), (np.concatenate([train[:2]] * 4), 2)):
        message = rf"^second_moments must span the 7 dimensions of the family; got rank {rank} from {len(given)} environments$"
        with pytest.raises(theory.NotSpanningError, match=message):
            theory.spanning_weights(given, train[0], dimension=7)
    assert issubclass(theory.NotSpanningError, ValueError)
    assert theory.spanning_weights(train, train[0], dimension=6).residual < 1e-10


# Complexity


def test_complexity_printed_values() -> None:
    for (k, d), (dimension, gradient) in {(1, 1): (3, 6), (2, 2): (10, 55), (3, 3): (25, 325), (4, 3): (41, 861)}.items():
        assert theory.largest_family_dimension(k, d) == dimension
        assert theory.vc_dimension_bound("gradient", family_dimension=dimension) == gradient
        assert theory.vc_dimension_bound("risk", family_dimension=dimension) == dimension
    ambient = theory.vc_dimension_bound("gradient", covariates=10, representation_rank=2, any_threshold=False)
    assert ambient == pytest.approx(271.5, abs=0.05)
    assert ambient == pytest.approx(2 * 2 * 11 * math.log2(72), rel=1e-14)
    single = theory.vc_dimension_bound("gradient", covariates=10, representation_rank=1, any_threshold=False)
    assert single == pytest.approx(20 * math.log2(48), rel=1e-14)
    free = theory.vc_dimension_bound("gradient", covariates=10, representation_rank=2)
    assert free == pytest.approx(2 * 23 * math.log2(72), rel=1e-14)
    assert theory.vc_dimension_bound("gradient", covariates=10, representation_rank=10, any_threshold=False) == pytest.approx(220 * math.log2(72))


def test_the_smaller_complexity_counts() -> None:
    assert theory.vc_dimension_bound("gradient", family_dimension=10, covariates=10, representation_rank=2) == 55.0
    ambient = theory.vc_dimension_bound("gradient", covariates=10, representation_rank=2)
    assert theory.vc_dimension_bound("gradient", family_dimension=41, covariates=10, representation_rank=2) == ambient
    assert theory.vc_dimension_bound("risk", family_dimension=500, covariates=3, representation_rank=2) == 500.0
    assert theory.EVENTS == ("gradient", "risk")
