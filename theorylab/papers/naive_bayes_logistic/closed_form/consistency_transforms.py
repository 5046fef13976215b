r"""From surrogate excess to 0-1 excess: the transform psi of the logistic loss (all measurable scores).

R is the 0-1 risk, R_log the logistic (softmax cross-entropy) risk in nats, a star the infimum over all measurable scores. Then
``psi(R - R*) <= R_log - R*_log`` for every number of classes, hence ``R - R* <= psi^-1(R_log - R*_log) <= sqrt(2 (R_log - R*_log))``.
Derived here by pooling (see `conditional_regret_infimum`); as a bound it is the transform of the comp-sum losses that arXiv:2302.02334 builds on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.naive_bayes_logistic.closed_form._divergence import entropy_summand
from theorylab.validation import plain, reals

__all__ = ["logistic_psi", "logistic_psi_inverse", "sharp_multiclass_transform"]

_LOG_2 = float(np.log(2.0))
_STEPS = 20


def logistic_psi(difference: ArrayLike) -> Any:
    r"""Return the transform psi of the logistic loss.

    Formula: ``psi(t) = ((1+t)/2) log(1+t) + ((1-t)/2) log(1-t)``, convex, between ``t^2/2`` and ``t^2 log 2``.

    Parameters
    ----------
    difference
        t in [0, 1]: 0-1 regret, the largest conditional probability minus that of the predicted class.

    Returns
    -------
    float or ndarray
        psi(t), from 0 to log 2, of relative error below 1e-15.

    Raises
    ------
    ValueError
        If ``difference`` is not in [0, 1].

    Notes
    -----
    Derived here: the relative entropy of (1+t)/2 to a fair coin, which is the conditional excess of tied scores over the best ones.
    """
    t = reals("difference", difference, minimum=0.0, maximum=1.0)
    return plain(_psi(np.asarray(t)))


def _psi(t: np.ndarray) -> np.ndarray:
    value: np.ndarray = 0.5 * (entropy_summand(t) + entropy_summand(-t))
    return value


def logistic_psi_inverse(surrogate_regret: ArrayLike) -> Any:
    r"""Return the largest 0-1 regret that a surrogate regret allows, ``psi^-1``.

    Formula: the root t of ``psi(t) = r``; 1 from log 2 on, where the bound is void. By Newton's method on the convex psi, whose derivative is
    atanh, from ``t0^2 = 1 - (1 - r/log 2)^(2 log 2) >= t^2``.

    Parameters
    ----------
    surrogate_regret
        r >= 0, in nats.

    Returns
    -------
    float or ndarray
        t in [0, 1], of relative error below 1e-15 (psi(t) = r is well conditioned: dt/t <= (1/2) dr/r); like sqrt(2 r) near 0.

    Raises
    ------
    ValueError
        If ``surrogate_regret`` is negative or not finite.
    ConvergenceError
        If Newton's method does not settle.

    Notes
    -----
    Derived here. The starting point is the bound of the binary entropy, in bits, by ``(4 p q)^(1/log 4)``.
    """
    regret = np.asarray(reals("surrogate_regret", surrogate_regret, minimum=0.0))
    inside = (regret > 0.0) & (regret < _LOG_2)
    r = np.where(inside, regret, 0.1)
    below_one = np.nextafter(1.0, 0.0)
    t = np.minimum(np.sqrt(-np.expm1(2.0 * _LOG_2 * np.log1p(-r / _LOG_2))), below_one)
    for _ in range(_STEPS):
        # From above Newton's steps on a convex function never pass the root, but by rounding.
        step = (_psi(t) - r) / np.arctanh(t)
        t = np.minimum(t - step, below_one)
        if np.all(np.abs(step) <= 4e-16 * t):
            break
    else:
        raise ConvergenceError(f"the inverse of psi did not settle at surrogate_regret {float(r[np.argmax(np.abs(step) / t)] if r.ndim else r):.17g}")
    return plain(np.where(inside, t, np.where(regret > 0.0, 1.0, 0.0)))


def sharp_multiclass_transform(difference: ArrayLike, top_two_mass: ArrayLike) -> Any:
    r"""Return the least conditional surrogate regret at a 0-1 regret, given what the best and the predicted class weigh together.

    Formula: ``s psi(t/s) >= psi(t)``: with ``t = p_i - p_j`` and ``s = p_i + p_j``, i the best and j the predicted class. It falls from
    ``t log 2`` at s = t to ``psi(t)`` at s = 1, and it gives ``t <= sqrt(2 s regret)``.

    Parameters
    ----------
    difference
        t in [0, s]; broadcasts.
    top_two_mass
        s in (0, 1]; broadcasts.

    Returns
    -------
    float or ndarray
        The transform; the regret is no smaller, and equal where no third class has more than s/2.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: pooling the two classes leaves ``q_i = q_j = s/2`` and the others as they are.
    """
    check_broadcast(difference=difference, top_two_mass=top_two_mass)
    # p_i + p_j and p_i - p_j are rounded each: they may exceed 1 and each other by that much.
    mass = np.minimum(reals("top_two_mass", top_two_mass, above=0.0, maximum=1.0 + 1e-12), 1.0)
    t, s = np.broadcast_arrays(reals("difference", difference, minimum=0.0, maximum=1.0), mass)
    if np.any(t > s * (1.0 + 1e-15)):
        raise ValueError(f"difference must be <= top_two_mass; got {difference!r} with top_two_mass {top_two_mass!r}")
    return plain(s * _psi(np.minimum(t / s, 1.0)))
