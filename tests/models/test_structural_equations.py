"""Graphs and moments of structural equations: cycles, d-separation against a search over paths, moments against inversion and rows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.backend import generator
from theorylab.models import structural_equations as equations


def random_graph(rng: np.random.Generator, nodes: int, share: float = 0.4) -> np.ndarray:
    """Coefficients of a random graph whose order is not that of the indices."""
    b = np.tril(rng.uniform(0.3, 1.5, (nodes, nodes)) * (rng.random((nodes, nodes)) < share), -1) * rng.choice([-1.0, 1.0], (nodes, nodes))
    order = rng.permutation(nodes)
    return b[np.ix_(order, order)]


def descendants(b: np.ndarray, node: int) -> set[int]:
    found, waiting = {node}, [node]
    while waiting:
        here = waiting.pop()
        for child in np.flatnonzero(b[:, here]):
            if int(child) not in found:
                found.add(int(child))
                waiting.append(int(child))
    return found


def has_open_path(b: np.ndarray, first: int, second: int, given_nodes: set[int]) -> bool:
    """Follow every simple path and apply the definition to each inner node of it."""
    edge = b != 0.0

    def is_open(path: list[int]) -> bool:
        for left, middle, right in zip(path, path[1:], path[2:], strict=False):
            if edge[middle, left] and edge[middle, right]:
                if not descendants(b, middle) & given_nodes:
                    return False
            elif middle in given_nodes:
                return False
        return True

    def search(path: list[int]) -> bool:
        if path[-1] == second:
            return is_open(path)
        nexts = [node for node in range(len(b)) if node not in path and (edge[node, path[-1]] or edge[path[-1], node])]
        return any(search([*path, node]) for node in nexts)

    return search([first])


# Graphs


def test_d_separation_is_that_of_all_paths() -> None:
    rng = np.random.default_rng(1)
    answers = []
    for _ in range(25):
        b = random_graph(rng, 6, share=0.35)
        for _ in range(12):
            sizes = (int(rng.integers(1, 3)), int(rng.integers(1, 3)), int(rng.integers(0, 3)))
            chosen = rng.permutation(6)
            a, c, z = chosen[: sizes[0]], chosen[sizes[0] : sizes[0] + sizes[1]], chosen[sizes[0] + sizes[1] : sum(sizes)]
            exact = not any(has_open_path(b, int(i), int(j), {int(k) for k in z}) for i in a for j in c)
            assert equations.is_d_separated(b, a, c, z) == exact
            assert equations.is_d_separated(b, c, a, z) == exact
            answers.append(exact)
    assert 0.15 < np.mean(answers) < 0.85


def test_d_separation_by_hand() -> None:
    # 0 -> 1 <- 2, 1 -> 3: a collider and its descendant open the path.
    b = np.zeros((4, 4))
    b[1, 0] = b[1, 2] = b[3, 1] = 1.0
    assert equations.is_d_separated(b, 0, 2)
    assert not equations.is_d_separated(b, 0, 2, 1)
    assert not equations.is_d_separated(b, 0, 2, [3])
    assert equations.is_d_separated(b, [0, 2], 3, [1])
    # A chain of causes, and a common cause.
    for edges in (((1, 0), (2, 1)), ((0, 1), (2, 1))):
        b = np.zeros((3, 3))
        for child, parent in edges:
            b[child, parent] = -1e-9
        assert not equations.is_d_separated(b, 0, 2)
        assert equations.is_d_separated(b, 0, 2, 1)


def test_d_separation_is_zero_partial_correlation() -> None:
    rng = np.random.default_rng(2)
    for _ in range(8):
        b = random_graph(rng, 5)
        m = equations.structural_second_moment(b, rng.uniform(0.5, 1.5, 5))
        for i, j in combinations(range(5), 2):
            others = [node for node in range(5) if node not in (i, j)]
            for size in range(4):
                for z in combinations(others, size):
                    where = [i, j, *z]
                    precision = np.linalg.inv(m[np.ix_(where, where)])
                    partial = abs(precision[0, 1]) / np.sqrt(precision[0, 0] * precision[1, 1])
                    assert equations.is_d_separated(b, i, j, z) == (partial < 1e-10)


def test_order_and_ancestors() -> None:
    rng = np.random.default_rng(3)
    for nodes in (1, 2, 7, 30):
        b = random_graph(rng, nodes)
        order = equations.topological_order(b)
        assert sorted(order.tolist()) == list(range(nodes))
        place = np.argsort(order)
        for child, parent in zip(*np.nonzero(b), strict=True):
            assert place[parent] < place[child]
        powers = np.linalg.matrix_power(np.eye(nodes, dtype=int) + (b != 0.0), nodes) if nodes < 8 else None
        ancestors = equations.ancestral_matrix(b)
        assert ancestors.dtype == bool
        for node in range(nodes):
            assert set(np.flatnonzero(ancestors[:, node]).tolist()) == descendants(b, node)
        if powers is not None:
            assert np.array_equal(ancestors, powers > 0)


def test_cycles_are_found_wherever_they_are() -> None:
    rng = np.random.default_rng(4)
    for nodes in permutations(range(4), 3):
        b = np.zeros((4, 4))
        for child, parent in zip(nodes, (*nodes[1:], nodes[0]), strict=True):
            b[child, parent] = 0.5
        with pytest.raises(ValueError, match=r"^coefficients must belong to an acyclic graph; got a cycle$"):
            equations.acyclic_coefficients(b)
        b[nodes[0], nodes[1]] = 0.0
        assert np.array_equal(equations.acyclic_coefficients(b), b)
    b = random_graph(rng, 30)
    child, parent = (int(ends[0]) for ends in np.nonzero(b))
    b[parent, child] = 1e-12
    with pytest.raises(ValueError, match="got a cycle"):
        equations.topological_order(b)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 14), st.integers(0, 5), st.integers(0, 2**31))
def test_random_graphs(nodes: int, in_degree: int, seed: int) -> None:
    b = equations.random_coefficients(np.random.default_rng(seed), nodes, in_degree=in_degree, magnitude=(0.2, 0.7))
    assert np.array_equal(b, np.tril(b, -1))
    assert (b != 0.0).sum(axis=1).tolist() == [min(in_degree, node) for node in range(nodes)]
    sizes = np.abs(b[b != 0.0])
    assert np.all((sizes >= 0.2) & (sizes <= 0.7))


def test_law_of_random_graphs() -> None:
    rng = np.random.default_rng(5)
    graphs = np.array([equations.random_coefficients(rng, 5, in_degree=2, magnitude=(0.2, 0.6)) for _ in range(4000)])
    assert_same_mean(1.0 * (graphs[:, 4, 1] != 0.0), 0.5)
    values = graphs[:, 3:, :][graphs[:, 3:, :] != 0.0]
    assert_same_mean(1.0 * (values > 0.0), 0.5)
    assert_same_mean(np.abs(values), 0.4)
    assert_same_mean(1.0 * (np.abs(values) < 0.3), 0.25)
    fixed = equations.random_coefficients(rng, 4, in_degree=0, parents=[[], [0], [], [0, 2]])
    assert np.argwhere(fixed).tolist() == [[1, 0], [3, 0], [3, 2]]
    same = equations.random_coefficients(rng, 3, in_degree=1, magnitude=(0.5, 0.5))
    assert set(np.abs(same[same != 0.0])) == {0.5}


# Moments


@pytest.mark.parametrize("nodes", [1, 2, 5, 30])
def test_moments_are_those_of_the_inverse(nodes: int) -> None:
    rng = np.random.default_rng(6)
    for _ in range(5):
        b, variances, means = random_graph(rng, nodes, share=min(0.4, 4.0 / nodes)), rng.uniform(0.2, 2.0, nodes), rng.standard_normal(nodes)
        inverse = np.linalg.inv(np.eye(nodes) - b)
        effects = equations.total_effects(b)
        np.testing.assert_allclose(effects, inverse, rtol=1e-11, atol=1e-12 * np.abs(inverse).max())
        assert np.all(effects[~equations.ancestral_matrix(b)] == 0.0)
        centred = inverse @ np.diag(variances) @ inverse.T
        whole = inverse @ (np.diag(variances) + np.outer(means, means)) @ inverse.T
        np.testing.assert_allclose(equations.structural_second_moment(b, variances), centred, rtol=1e-11, atol=1e-12 * np.abs(centred).max())
        np.testing.assert_allclose(equations.structural_second_moment(b, variances, means), whole, rtol=1e-11, atol=1e-12 * np.abs(whole).max())


def test_change_of_one_row_has_no_denominator() -> None:
    rng = np.random.default_rng(7)
    b = equations.random_coefficients(rng, 12, in_degree=3)
    a = equations.total_effects(b)
    delta = np.zeros(12)
    delta[:6] = rng.standard_normal(6)
    changed = b.copy()
    changed[6] += delta
    np.testing.assert_allclose(equations.total_effects(changed), a + np.outer(a[:, 6], delta @ a), atol=1e-13)


@pytest.mark.parametrize("device", [False, True])
def test_rows_have_the_moments(device: bool) -> None:
    rng: Any = DeviceGenerator(8) if device else np.random.default_rng(8)
    b = random_graph(np.random.default_rng(9), 5)
    variances, means = np.array([0.4, 1.0, 1.5, 0.7, 2.0]), np.array([1.0, 0.0, -0.5, 2.0, 0.3])
    x = equations.sample_structural_equations(rng, 100_000, coefficients=b, noise_variances=variances, noise_means=means)
    assert x.shape == (100_000, 5)
    exact = equations.structural_second_moment(b, variances, means)
    centre = equations.total_effects(b) @ means
    for i in range(5):
        assert_same_mean(x[:, i], centre[i])
        for j in range(i + 1):
            assert_same_mean(x[:, i] * x[:, j], exact[i, j], skewness=10.0)
    # The residuals of the equations are the noise: independent of each other.
    noise = x - x @ b.T
    for i in range(5):
        assert_same_mean(noise[:, i], means[i])
        assert_same_mean((noise[:, i] - means[i]) ** 2, variances[i])
        assert_equal_in_law(noise[:, i], np.random.default_rng([8, i]).normal(means[i], np.sqrt(variances[i]), 20_000))
    plain = equations.sample_structural_equations(np.random.default_rng(10), 3000, coefficients=np.zeros((1, 1)), noise_variances=[4.0])
    assert_same_mean(plain[:, 0], 0.0)
    assert_same_mean(plain[:, 0] ** 2, 4.0)


def test_rows_in_chunks_are_rows_at_once() -> None:
    b = random_graph(np.random.default_rng(12), 4)
    x = equations.sample_structural_equations(np.random.default_rng(13), 9001, coefficients=b, noise_variances=[1.0, 4.0, 0.25, 9.0])
    noise = np.random.default_rng(13).standard_normal((9001, 4)) * [1.0, 2.0, 0.5, 3.0]
    np.testing.assert_allclose(x, noise @ equations.total_effects(b).T, atol=1e-13 * np.abs(x).max())
    assert equations.sample_structural_equations(np.random.default_rng(13), 0, coefficients=b, noise_variances=np.ones(4)).shape == (0, 4)


@pytest.mark.gpu
def test_rows_on_a_gpu() -> None:
    cupy_or_skip()
    b = random_graph(np.random.default_rng(11), 5)
    x = equations.sample_structural_equations(generator("cupy", 1, 0), 100_000, coefficients=b, noise_variances=np.ones(5)).get()
    exact = equations.structural_second_moment(b, np.ones(5))
    for i in range(5):
        assert_same_mean(x[:, i] * x[:, 2], exact[i, 2], skewness=10.0)


CHAIN = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: equations.acyclic_coefficients(np.zeros((2, 3))), r"coefficients must have shape \(q, q\) with q >= 1; got shape \(2, 3\)"),
        (lambda: equations.acyclic_coefficients(np.zeros((0, 0))), r"coefficients must have shape \(q, q\) with q >= 1; got shape \(0, 0\)"),
        (lambda: equations.acyclic_coefficients(np.zeros(4)), r"coefficients must have shape \(q, q\); got shape \(4,\)"),
        (lambda: equations.acyclic_coefficients(np.diag([0.0, 0.5])), "coefficients must have a zero diagonal; got 0.5 at node 1"),
        (lambda: equations.acyclic_coefficients(np.diag([0.25, 0.5])), "coefficients must have a zero diagonal; got 0.25 at node 0"),
        (lambda: equations.acyclic_coefficients(CHAIN + CHAIN.T), "coefficients must belong to an acyclic graph; got a cycle"),
        (lambda: equations.acyclic_coefficients(CHAIN * np.nan), "coefficients must be finite; got 9 entries that are NaN or infinite"),
        (lambda: equations.structural_model(CHAIN, [1.0, 0.0, 1.0]), "noise_variances must be finite and > 0; got"),
        (lambda: equations.structural_model(CHAIN, [1.0, -1.0, 1.0]), "noise_variances must be finite and > 0; got"),
        (lambda: equations.structural_model(CHAIN, [1.0, np.nan, 1.0]), "noise_variances must be finite; got 1 entries"),
        (lambda: equations.structural_model(CHAIN, [1.0, 1.0]), r"noise_variances must have shape \(3,\); got shape \(2,\)"),
        (lambda: equations.structural_model(CHAIN, np.ones(3), [0.0]), r"noise_means must have shape \(3,\); got shape \(1,\)"),
        (lambda: equations.node_indices("sites", [], 3), "sites must name at least one node; got none"),
        (lambda: equations.node_indices("sites", [0, 0], 3), r"sites must be different nodes from 0 to 2; got \[0, 0\]"),
        (lambda: equations.node_indices("sites", [1, 3], 3), r"sites must be different nodes from 0 to 2; got \[1, 3\]"),
        (lambda: equations.node_indices("sites", [[0, 1]], 3), r"sites must be different nodes from 0 to 2; got \[\[0, 1\]\]"),
        (lambda: equations.node_indices("sites", [-1], 3), r"sites must be an integer >= 0; got \[-1\]"),
        (lambda: equations.node_indices("sites", [0.5], 3), r"sites must be an integer >= 0; got \[0.5\]"),
        (lambda: equations.is_d_separated(CHAIN, 0, [0, 2]), r"first, second and given must be disjoint; got \[0\], \[0, 2\] and \[\]"),
        (lambda: equations.is_d_separated(CHAIN, 0, 2, 2), r"first, second and given must be disjoint; got \[0\], \[2\] and \[2\]"),
        (lambda: equations.is_d_separated(CHAIN, [], 2), "first must name at least one node; got none"),
        (lambda: equations.is_d_separated(CHAIN, 0, 3), r"second must be different nodes from 0 to 2; got \[3\]"),
        (lambda: equations.random_coefficients(np.random.default_rng(0), 0, in_degree=1), "nodes must be an integer >= 1; got 0"),
        (lambda: equations.random_coefficients(np.random.default_rng(0), 2, in_degree=-1), "in_degree must be an integer >= 0; got -1"),
        (lambda: equations.random_coefficients(np.random.default_rng(0), 2, in_degree=1, magnitude=(0.0, 1.0)), "magnitude must be finite and > 0"),
        (
            lambda: equations.random_coefficients(np.random.default_rng(0), 2, in_degree=1, magnitude=(0.9, 0.3)),
            r"magnitude must be an interval \(low, high\); got \(0.9, 0.3\)",
        ),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_nodes_come_back_as_they_are() -> None:
    assert equations.node_indices("sites", [2, 0], 3).tolist() == [2, 0]
    assert equations.node_indices("sites", 1, 3).tolist() == [1]
    assert equations.node_indices("sites", (), 3, empty=True).shape == (0,)
