"""Directed acyclic graphs as matrices of coefficients: order, parents, ancestors, d-separation, random graphs.

B[i, j] is the effect of node j on node i; an edge j -> i is there if B[i, j] is not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from theorylab.validation import array_of_shape, flag, instance, integers, items, real, whole_number

__all__ = ["acyclic_coefficients", "ancestral_matrix", "is_d_separated", "node_indices", "random_coefficients", "topological_order"]


def _order(edges: np.ndarray) -> np.ndarray | None:
    waiting = edges.sum(axis=1)
    order: list[int] = []
    free = [int(node) for node in np.flatnonzero(waiting == 0)][::-1]
    while free:
        node = free.pop()
        order.append(node)
        for child in np.flatnonzero(edges[:, node]):
            waiting[child] -= 1
            if waiting[child] == 0:
                free.append(int(child))
    return np.array(order) if len(order) == len(edges) else None


def acyclic_coefficients(coefficients: ArrayLike) -> np.ndarray:
    """Return the coefficients as a float64 array (q, q) if their graph has no cycle.

    Raises
    ------
    ValueError
        If they are not a finite square matrix, or an entry on the diagonal or a cycle makes a node its own cause.
    """
    array = array_of_shape("coefficients", coefficients, ("q", "q"))
    if array.shape[0] != array.shape[1] or array.shape[0] == 0:
        raise ValueError(f"coefficients must have shape (q, q) with q >= 1; got shape {array.shape}")
    loops = np.flatnonzero(np.diag(array))
    if loops.size:
        raise ValueError(f"coefficients must have a zero diagonal; got {array[loops[0], loops[0]]:g} at node {loops[0]}")
    if np.any(np.triu(array)) and _order(array != 0.0) is None:
        raise ValueError("coefficients must belong to an acyclic graph; got a cycle")
    return array


def topological_order(coefficients: ArrayLike) -> np.ndarray:
    """Return the nodes, causes before effects, shape (q,).

    Raises
    ------
    ValueError
        As in `acyclic_coefficients`.
    """
    order = _order(acyclic_coefficients(coefficients) != 0.0)
    assert order is not None
    return order


def node_indices(name: str, nodes: ArrayLike, size: int, *, empty: bool = False) -> np.ndarray:
    """Return the nodes as an array of different integers from 0 to ``size - 1``.

    Raises
    ------
    ValueError
        If a node is unknown or named twice, or there is none and ``empty`` is not set.
    """
    empty, size = flag("empty", empty), whole_number("size", size, minimum=0)
    if isinstance(nodes, list | tuple | np.ndarray | range) and len(np.shape(nodes)) and 0 in np.shape(nodes):
        if empty:
            return np.zeros(0, dtype=np.int64)
        raise ValueError(f"{name} must name at least one node; got none")
    found = np.atleast_1d(integers(name, nodes, minimum=0))
    if found.ndim != 1 or np.any(found >= size) or len(set(found.tolist())) != len(found):
        raise ValueError(f"{name} must be different nodes from 0 to {size - 1}; got {found.tolist()}")
    return found


def ancestral_matrix(coefficients: ArrayLike) -> np.ndarray:
    """Return the boolean (q, q) matrix whose entry [i, j] says that j is i or one of its ancestors.

    Raises
    ------
    ValueError
        As in `acyclic_coefficients`.
    """
    edges = acyclic_coefficients(coefficients) != 0.0
    reach = np.eye(len(edges), dtype=bool)
    for node in topological_order(coefficients):
        reach[node] |= reach[edges[node]].any(axis=0)
    return reach


def is_d_separated(coefficients: ArrayLike, first: ArrayLike, second: ArrayLike, given: ArrayLike = ()) -> bool:
    """Tell whether two sets of nodes are d-separated by a third.

    Formula: they are not connected in the moral graph of the ancestors of all three sets once the third is taken out (Lauritzen, Dawid, Larsen and
    Leimer 1990).

    Parameters
    ----------
    coefficients
        (q, q), acyclic.
    first, second, given
        Nodes; `given` may be empty. The three sets must be disjoint.

    Raises
    ------
    ValueError
        If the coefficients are not acyclic, or nodes are unknown, repeated or in two of the sets.
    """
    array = acyclic_coefficients(coefficients)
    size = len(array)
    a, b = node_indices("first", first, size), node_indices("second", second, size)
    c = node_indices("given", given, size, empty=True)
    if len(set(a) | set(b) | set(c)) != len(a) + len(b) + len(c):
        raise ValueError(f"first, second and given must be disjoint; got {a.tolist()}, {b.tolist()} and {c.tolist()}")
    kept = ancestral_matrix(array)[np.concatenate([a, b, c])].any(axis=0)
    edges = (array != 0.0) & kept[:, None] & kept[None, :]
    parents = edges.astype(int)
    links = edges | edges.T | (parents.T @ parents > 0)
    links[c] = links[:, c] = False
    component = connected_components(csr_array(links), directed=False)[1]
    return not set(component[a]) & set(component[b])


def random_coefficients(
    rng: np.random.Generator,
    nodes: int,
    *,
    in_degree: int,
    magnitude: tuple[float, float] = (0.3, 0.9),
    parents: Sequence[Sequence[int]] | None = None,
) -> Any:
    """Draw the coefficients of a random graph in which causes come before effects.

    Each node has min(`in_degree`, number of earlier nodes) parents, uniform among the earlier nodes; each coefficient has a magnitude uniform on an
    interval and a random sign.

    Parameters
    ----------
    rng
        Random generator.
    nodes
        q >= 1.
    in_degree
        Parents of a node, >= 0.
    magnitude
        Ends of the interval, 0 < low <= high.
    parents
        The parents of each node, to draw the coefficients only.

    Returns
    -------
    ndarray
        (q, q), strictly lower triangular.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    instance("rng", rng, np.random.Generator)
    size, most = whole_number("nodes", nodes), whole_number("in_degree", in_degree, minimum=0)
    low, high = (real("magnitude", end, above=0.0) for end in items("magnitude", magnitude, length=2))
    if low > high:
        raise ValueError(f"magnitude must be an interval (low, high); got {magnitude!r}")
    rows = None if parents is None else items("parents", parents, length=size)
    if rows is not None:
        rows = [node_indices("parents", row, node, empty=True) for node, row in enumerate(rows)]
    result = np.zeros((size, size))
    for node in range(size):
        chosen = rng.choice(node, min(most, node), replace=False) if rows is None else rows[node]
        result[node, chosen] = rng.uniform(low, high, len(chosen)) * rng.choice([-1.0, 1.0], len(chosen))
    return result
