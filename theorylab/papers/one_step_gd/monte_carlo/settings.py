"""Random parameter settings of ordinary size, for statements that hold at all parameters: weights, covariances and raw weights of the layer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.monte_carlo.layer import checked_parameters
from theorylab.validation import instance, real, whole_number

__all__ = ["Setting", "draw_raw_weights", "draw_setting"]


class Setting(NamedTuple):
    """Weights of the layer and covariances of the prompts: v (d+1,), M (d+1, d), Sigma and Omega (d, d)."""

    value_vector: np.ndarray
    key_query_matrix: np.ndarray
    feature_covariance: np.ndarray
    task_covariance: np.ndarray


def draw_setting(rng: np.random.Generator, dimension: int, *, scale: float = 1.0, task_rank: int | None = None) -> Setting:
    """Draw weights with all blocks in use and full covariances.

    Entries of v are N(0, scale^2), entries of M N(0, (0.3 scale)^2), Sigma is a Wishart matrix of mean I plus 0.3 I, so that no draw is
    nearly singular, and Omega is another one, or a Wishart matrix of rank `task_rank`.

    Parameters
    ----------
    rng
        Generator.
    dimension
        d >= 1.
    scale
        Size of the weights, > 0.
    task_rank
        Rank of Omega, 1 to d; full if left out.

    Returns
    -------
    Setting

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    instance("rng", rng, np.random.Generator)
    d, size = whole_number("dimension", dimension), real("scale", scale, above=0.0, maximum=1e100)
    rank = d if task_rank is None else whole_number("task_rank", task_rank)
    if rank > d:
        raise ValueError(f"task_rank must be an integer from 1 to the dimension {d}; got {task_rank!r}")
    weights = size * rng.normal(size=d + 1), 0.3 * size * rng.normal(size=(d + 1, d))
    feature_root, task_root = rng.normal(size=(d, d)) / np.sqrt(d), rng.normal(size=(d, rank)) / np.sqrt(rank)
    floor = 0.3 * np.eye(d)
    return Setting(*weights, feature_root @ feature_root.T + floor, task_root @ task_root.T + (floor if task_rank is None else 0.0))


def draw_raw_weights(
    rng: np.random.Generator, value_vector: ArrayLike, key_query_matrix: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw raw weights (W_K, W_Q, W_V, h) that realise (v, M): the other freedoms of the layer are random.

    W_K is well conditioned (singular values 0.5 to 2), W_Q = W_K^-T (M, u) with a random last column u; h has length 0.7 to 1.4 and W_V is
    random up to the rank-one change that makes W_V^T h = v.

    Parameters
    ----------
    rng
        Generator.
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).

    Returns
    -------
    tuple of arrays
        W_K, W_Q, W_V, (d+1, d+1), and h, (d+1,).

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    instance("rng", rng, np.random.Generator)
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    left, right = (np.linalg.qr(rng.normal(size=(d + 1, d + 1)))[0] for _ in range(2))
    key_weights = (left * 2.0 ** rng.uniform(-1.0, 1.0, d + 1)) @ right
    query_weights = np.linalg.solve(key_weights.T, np.column_stack([matrix, rng.normal(size=d + 1)]))
    head = rng.normal(size=d + 1)
    head *= 2.0 ** rng.uniform(-0.5, 0.5) / np.linalg.norm(head)
    value_weights = rng.normal(size=(d + 1, d + 1)) / np.sqrt(d + 1)
    value_weights += np.outer(head, vector - value_weights.T @ head) / (head @ head)
    return key_weights, query_weights, value_weights, head
