r"""What remains of the transform when scores are bounded, as those of linear functions with bounded weights and biases are.

Every score lies in [-L, L]: L = W |x| + B for |w_k| <= W, |b_k| <= B, so at worst (x = 0) L = B. Two classes keep a transform at every
L > 0. From three on, tied scores of the two best classes cannot push the others to probability 0, and for small regrets they cost nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.papers.naive_bayes_logistic.closed_form._divergence import entropy_summand
from theorylab.papers.naive_bayes_logistic.closed_form.conditional_regret import conditional_regret_minimiser
from theorylab.papers.naive_bayes_logistic.closed_form.consistency_transforms import sharp_multiclass_transform
from theorylab.validation import integers, moderate, plain, reals

__all__ = [
    "bounded_conditional_regret",
    "bounded_score_transform",
    "largest_reachable_difference",
    "largest_uncharged_difference",
    "reachable_transform",
]


class _Box(NamedTuple):
    """t, L and the weight e = (K-2) exp(-2L) of the other classes at the lowest scores, broadcast."""

    t: np.ndarray
    bound: np.ndarray
    others: np.ndarray


def _box(bound: ArrayLike, class_count: ArrayLike, difference: ArrayLike = 0.0) -> _Box:
    t = reals("difference", difference, minimum=0.0, maximum=1.0)
    length, classes = moderate("bound", reals("bound", bound, above=0.0), most=700, least=1e-100), integers("class_count", class_count, minimum=2)
    return _Box(*np.broadcast_arrays(t, length, (classes - 2.0) * np.exp(-2.0 * np.asarray(length))))


def largest_uncharged_difference(bound: ArrayLike, class_count: ArrayLike) -> Any:
    r"""Return the largest 0-1 regret that bounded scores can have at no logistic regret at all.

    Formula: ``t0 = e / (2 + e)``, ``e = (K-2) exp(-2L)``; 0 for two classes.

    Parameters
    ----------
    bound
        L > 0, the scores lie in [-L, L]; broadcasts.
    class_count
        K >= 2; broadcasts.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: see `bounded_score_transform`.
    """
    check_broadcast(bound=bound, class_count=class_count)
    others = _box(bound, class_count).others
    return plain(others / (2.0 + others))


def bounded_score_transform(difference: ArrayLike, bound: ArrayLike, class_count: ArrayLike) -> Any:
    r"""Return the least logistic regret of scores in [-L, L] at a 0-1 regret t, over all conditional laws of K classes.

    Formula: the law ``((1+t)/2, (1-t)/2, 0, ..., 0)`` has it when its second class is predicted: with ``e = (K-2) exp(-2L)``, the cost
    ``log(2+e)`` of tied scores minus ``min_{0<=c<=2L} [log(1 + exp(-c) + e) + c (1-t)/2]``, that is

    - 0 for ``t <= t0 = e/(2+e)``;
    - ``((1+t)/2) log((1+t)/(1+t0)) + ((1-t)/2) log((1-t)/(1-t0))``, a relative entropy of coins (psi(t) for K = 2), up to
      ``t1 = (1+e-r)/(1+e+r)``, ``r = exp(-2L)`` (tanh(L) for K = 2);
    - ``log(2+e) - log(1+e+r) - L (1-t)`` beyond (``t L - log cosh L`` for K = 2).

    It is convex in t. For K >= 3 it vanishes at positive t, so no consistency bound holds without a condition such as reachability.

    Parameters
    ----------
    difference
        t in [0, 1]; broadcasts.
    bound
        L > 0; broadcasts.
    class_count
        K >= 2; broadcasts.

    Returns
    -------
    float or ndarray
        The regret in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. The case K = 2 is known for bounded linear hypotheses, as is that arXiv:2302.02334 needs a condition for more classes.
    """
    check_broadcast(difference=difference, bound=bound, class_count=class_count)
    t, length, others = _box(bound, class_count, difference)
    lowest = np.exp(-2.0 * length)
    uncharged = others / (2.0 + others)
    inner = np.clip(t, uncharged, 1.0)
    above = 0.5 * (1.0 + uncharged) * entropy_summand((inner - uncharged) / (1.0 + uncharged))
    # 1 - t0 = 2/(2+e); at t = 1 rounding must not lead below -1.
    below = entropy_summand(np.maximum(-(inner - uncharged) * (0.5 * (2.0 + others)), -1.0)) / (2.0 + others)
    capped = (1.0 - t) * (1.0 + others) < lowest * (1.0 + t)
    # (2+e)/(1+e+r) - 1 = (1-r)/(1+e+r), and 1-r = -expm1(-2L).
    linear = np.log1p(-np.expm1(-2.0 * length) / (1.0 + others + lowest)) - length * (1.0 - t)
    return plain(np.where(capped, linear, above + below))


def largest_reachable_difference(bound: ArrayLike, class_count: ArrayLike) -> Any:
    r"""Return the largest 0-1 regret under reachability, where no class is more than exp(2L) times as probable as another.

    Formula: ``(1 - rho) / (1 + (K-1) rho)``, ``rho = exp(-2L)``; tanh(L) for two classes.

    Parameters
    ----------
    bound, class_count
        As in `largest_uncharged_difference`.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: one class as probable as allowed, all others equal.
    """
    check_broadcast(bound=bound, class_count=class_count)
    _, length, others = _box(bound, class_count)
    lowest = np.exp(-2.0 * length)
    return plain(-np.expm1(-2.0 * length) / (1.0 + lowest + others))


def reachable_transform(difference: ArrayLike, bound: ArrayLike, class_count: ArrayLike) -> Any:
    r"""Return the sharp transform of scores in [-L, L] under reachability, ``p_k <= exp(2L) p_l`` for all classes k and l.

    Formula: ``s* psi(t/s*)`` with ``s* = (1 - (K-2) t rho/2) / (1 + (K-2) rho/2)``, ``rho = exp(-2L)``: the heaviest that two classes can be
    together, the others at the least probability allowed, rho (s*+t)/2. It exceeds psi(t) for K >= 3.

    Parameters
    ----------
    difference
        t from 0 to `largest_reachable_difference`; broadcasts.
    bound, class_count
        As in `largest_uncharged_difference`; broadcast.

    Returns
    -------
    float or ndarray
        The least regret in nats over all reachable laws of 0-1 regret t.

    Raises
    ------
    ValueError
        If an argument is out of range, or no reachable law has the regret ``difference``.

    Notes
    -----
    Derived here: ``s psi(t/s)`` falls in s, and s* is the largest s that leaves the other classes reachable.
    """
    check_broadcast(difference=difference, bound=bound, class_count=class_count)
    t, _, others = _box(bound, class_count, difference)
    largest = np.asarray(largest_reachable_difference(bound, class_count))
    if np.any(t > largest * (1.0 + 1e-15)):
        raise ValueError(
            f"difference must be <= {float(np.min(largest)):.6g}, the largest reachable one at this bound and class_count; got {difference!r}"
        )
    mass = (1.0 - 0.5 * others * t) / (1.0 + 0.5 * others)
    return plain(np.asarray(sharp_multiclass_transform(t, mass)))


def _least_loss(laws: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Return the least log loss of scores in [-L, L] under laws (..., K); L is (...).

    By the Karush-Kuhn-Tucker conditions the best scores are ``log(p_k Z)`` clipped to [-L, L], with Z the sum of their exponentials.
    """
    lowest, highest = np.exp(-length)[..., None], np.exp(length)[..., None]

    def exponentials(total: np.ndarray) -> np.ndarray:
        clipped: np.ndarray = np.clip(laws * total[..., None], lowest, highest)
        return clipped

    classes = laws.shape[-1]
    total = log_bisection(lambda total: exponentials(total).sum(axis=-1) <= total, 0.5 * classes * lowest[..., 0], 2.0 * classes * highest[..., 0])
    best = exponentials(total)
    loss: np.ndarray = np.log(best.sum(axis=-1)) - np.sum(laws * np.log(best), axis=-1)
    return loss


def bounded_conditional_regret(probabilities: ArrayLike, predicted: ArrayLike, bound: ArrayLike) -> Any:
    r"""Return the least logistic regret at one point of scores in [-L, L] that predict a given class.

    Formula: ``B(q) - B(p)``, with B(p) the least log loss of scores in [-L, L] under p and q the pooled law of `conditional_regret_minimiser`.

    Parameters
    ----------
    probabilities
        Conditional law p of the class, (..., K), on the simplex.
    predicted
        The predicted class, (...), an integer below K; broadcasts against the leading axes.
    bound
        L > 0; broadcasts against the leading axes.

    Returns
    -------
    float or ndarray of shape (...)
        The regret in nats, to an absolute error of about 1e-15 (1 + L); at least `bounded_score_transform` of the 0-1 regret.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: tied classes share one score, and a bound does not change which classes are tied.
    """
    check_broadcast(predicted=predicted, bound=bound)
    q = conditional_regret_minimiser(probabilities, predicted)
    length = np.asarray(moderate("bound", reals("bound", bound, above=0.0), most=700, least=1e-100))
    shape = np.broadcast_shapes(q.shape[:-1], length.shape)
    length = np.broadcast_to(length, shape)
    p, q = (np.broadcast_to(np.asarray(law, dtype=float), (*shape, q.shape[-1])) for law in (probabilities, q))
    return plain(np.maximum(_least_loss(q, length) - _least_loss(p, length), 0.0))
