r"""The logistic loss at one point x: what a wrong prediction must cost, exactly, for every conditional law of K classes.

The scores of a point are unrestricted here, so its softmax q is any law with positive entries, and the surrogate regret is KL(p || q).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.naive_bayes_logistic.closed_form._divergence import entropy_summand
from theorylab.validation import integers, plain, reals

__all__ = ["conditional_regret_infimum", "conditional_regret_minimiser", "conditional_zero_one_regret"]


def _checked(probabilities: ArrayLike, predicted: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return p (..., K) and j (...) of one leading shape."""
    p = np.asarray(reals("probabilities", probabilities, minimum=0.0))
    if p.ndim == 0 or p.shape[-1] < 2:
        raise ValueError(f"probabilities must have shape (..., K) with K >= 2 classes; got shape {p.shape}")
    off = float(np.max(np.abs(p.sum(axis=-1) - 1.0)))
    if off > 1e-12:
        raise ValueError(f"probabilities must sum to 1 along the last axis; got sums off by up to {off:.3g}")
    j = np.asarray(integers("predicted", predicted, minimum=0))
    if np.any(j >= p.shape[-1]):
        raise ValueError(f"predicted must be a class below {p.shape[-1]}; got {int(j.max())}")
    shape = np.broadcast_shapes(p.shape[:-1], j.shape)
    return np.broadcast_to(p, (*shape, p.shape[-1])), np.broadcast_to(j, shape)


def _pooled_level(p: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Return the level c (..., 1) of the pool: p_j and the largest others, as long as they exceed the mean of the pool.

    The mean rises while larger classes join and never again after, so the level is the largest of the running means.
    """
    own = np.take_along_axis(p, j[..., None], axis=-1)
    others = np.where(np.arange(p.shape[-1]) == j[..., None], -np.inf, p)
    descending = -np.sort(-others, axis=-1)[..., :-1]
    sums = own + np.concatenate([np.zeros_like(own), np.cumsum(descending, axis=-1)], axis=-1)
    level: np.ndarray = np.max(sums / np.arange(1.0, p.shape[-1] + 1.0), axis=-1, keepdims=True)
    return level


def _minimiser(p: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the level c (..., 1) and the law q (..., K)."""
    level = _pooled_level(p, j)
    return level, np.where((p > level) | (np.arange(p.shape[-1]) == j[..., None]), level, p)


def conditional_zero_one_regret(probabilities: ArrayLike, predicted: ArrayLike) -> Any:
    """Return the 0-1 regret of a prediction at one point, ``max p - p_j``.

    Parameters
    ----------
    probabilities
        Conditional law of the class, (..., K), on the simplex.
    predicted
        The predicted class j, (...), an integer below K; broadcasts against the leading axes.

    Returns
    -------
    float or ndarray of shape (...)

    Raises
    ------
    ValueError
        If ``probabilities`` is not on the simplex or ``predicted`` not a class.
    """
    p, j = _checked(probabilities, predicted)
    return plain(p.max(axis=-1) - np.take_along_axis(p, j[..., None], axis=-1)[..., 0])


def conditional_regret_minimiser(probabilities: ArrayLike, predicted: ArrayLike) -> np.ndarray:
    r"""Return the law q that is closest to p in relative entropy KL(p || q) among those whose largest entry is that of the predicted class.

    Formula: pool j with the largest other classes while they exceed the mean of the pool; q is that mean on the pool and p elsewhere.

    Parameters
    ----------
    probabilities, predicted
        As in `conditional_zero_one_regret`.

    Returns
    -------
    ndarray of shape (..., K)
        q; entries may be 0 where p is, then the scores only approach it.

    Raises
    ------
    ValueError
        As `conditional_zero_one_regret`.

    Notes
    -----
    Derived here from the Karush-Kuhn-Tucker conditions.
    """
    p, j = _checked(probabilities, predicted)
    return _minimiser(p, j)[1]


def conditional_regret_infimum(probabilities: ArrayLike, predicted: ArrayLike) -> Any:
    r"""Return the infimum of the logistic regret at one point over all scores that predict a given class.

    Formula: ``inf { KL(p || q): q_j = max q } = sum_{l in pool} p_l log(p_l / c)``, c the mean of the pool of `conditional_regret_minimiser`.
    It is at least ``s psi(t/s) >= psi(t)``, ``t = max p - p_j``, ``s = max p + p_j``; the first with equality where the pool has two classes.

    Parameters
    ----------
    probabilities, predicted
        As in `conditional_zero_one_regret`.

    Returns
    -------
    float or ndarray of shape (...)
        The regret in nats; 0 where the predicted class is a most probable one.

    Raises
    ------
    ValueError
        As `conditional_zero_one_regret`.

    Notes
    -----
    Derived here. Summed over terms that are all positive: relative error near 1e-16/t, as p is rounded, and never below 0.
    """
    p, j = _checked(probabilities, predicted)
    level, q = _minimiser(p, j)
    return plain(np.sum(level * entropy_summand(np.where(q == level, p, level) / level - 1.0), axis=-1))
