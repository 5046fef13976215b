r"""What the unlabelled term chooses in the plane when the classes are not round: not the best rule, however many samples there are.

The term E max(0, 1 - |t|/tau) of a direction w, |w| = 1, sees its margin t ~ +-N(M, sigma_w^2), M = <w, mu>, sigma_w^2 = w' Sigma w: it likes a
large spread as well as a large mean. With the transport cost |Sigma^{-1/2}(z - x)| in place of |z - x| a margin is counted in units of sigma_w, and
the term falls with M/sigma_w alone, so w = Sigma^{-1} mu, the best rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

from theorylab.numerics.roots import log_bisection
from theorylab.papers.unlabeled_ood_gmm.closed_form.domain_distance import mean_absolute_margin
from theorylab.papers.unlabeled_ood_gmm.closed_form.ramp import expected_unlabeled_ramp
from theorylab.validation import array_of_shape, choice, covariance, moderate, plain, real, reals

__all__ = ["PlaneChoice", "anisotropy_threshold", "unlabeled_plane_choice"]

_ANGLES = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 4097)


class PlaneChoice(NamedTuple):
    """The direction in the plane that an unlabelled term chooses.

    Attributes
    ----------
    angle
        From the first axis, in [-pi/2, pi/2].
    risk
        Error of the rule, with the better of its two signs.
    """

    angle: float
    risk: float


def _charge(mean: Any, deviation: Any, threshold: float) -> Any:
    """Return the unlabelled term up to a positive factor and a constant; a threshold of 0 stands for the density at 0, an infinite one for -E|t|."""
    if threshold == 0.0:
        return np.exp(-0.5 * np.square(mean / deviation)) / deviation
    if np.isinf(threshold):
        return np.negative(mean_absolute_margin(mean, deviation))
    return expected_unlabeled_ramp(mean, deviation, threshold)


def _one_threshold(threshold: float) -> float:
    if isinstance(threshold, float | np.floating) and np.isposinf(threshold):
        return np.inf
    return real("threshold", threshold, minimum=0.0)


def anisotropy_threshold(half_distance: ArrayLike, threshold: float = np.inf) -> Any:
    r"""Return the standard deviation across the mean beyond which the unlabelled term prefers the direction across, whose risk is 1/2.

    Formula: for mu = s e1 and Sigma = diag(1, x^2) the x at which e1 and e2 are charged alike: ``(s (2 Phi(s) - 1) + 2 phi(s)) / (2 phi(0))`` for an
    infinite tau (a slope gamma' -> 0) and ``exp(s^2/2)`` for tau -> 0 (low density); a root in between.

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.
    threshold
        One tau in [0, infinity].

    Returns
    -------
    float or ndarray
        At least 1; relative error about 1e-13 over the smaller of 1 and s^2.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the unlabelled term of arXiv:2310.00027.
    """
    s, tau = np.asarray(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=37)), _one_threshold(threshold)
    if tau == 0.0:
        return plain(np.exp(0.5 * np.square(s)))
    if np.isinf(tau):
        return plain(mean_absolute_margin(s) / np.sqrt(2.0 / np.pi))
    along = _charge(s, 1.0, tau)
    # The charge of e2 falls with x; the root lies below that of tau -> 0.
    return plain(log_bisection(lambda x: _charge(0.0, x, tau) < along, 1.0, np.exp(0.5 * np.square(s)) * (1.0 + 1e-9)))


def unlabeled_plane_choice(mean: ArrayLike, covariance_matrix: ArrayLike, threshold: float, *, cost: str = "euclidean") -> PlaneChoice:
    r"""Return the direction in the plane that minimises the unlabelled term of the mixture +-N(mu, Sigma), and its risk Phi(-|M|/sigma_w).

    Parameters
    ----------
    mean
        mu, (2,), not 0.
    covariance_matrix
        Sigma, (2, 2), positive definite.
    threshold
        tau in [0, infinity]: 0 minimises the density of the margin at 0, infinity maximises its mean absolute value.
    cost
        "euclidean" for |z - x|, "mahalanobis" for |Sigma^{-1/2} (z - x)|.

    Returns
    -------
    PlaneChoice
        By a search over 4096 angles and refinement of the best; the angle is accurate to about 1e-8. Of two equally good directions, either.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the unlabelled term of arXiv:2310.00027.
    """
    mu = moderate("mean", array_of_shape("mean", mean, (2,)), most=1e50, least=1e-50)
    sigma = covariance("covariance_matrix", covariance_matrix, dimension=2)
    if not np.any(mu):
        raise ValueError(f"mean must not be 0: no direction is better than another; got {mean!r}")
    tau, unit = _one_threshold(threshold), choice("cost", cost, ("euclidean", "mahalanobis"))

    def margin(angle: Any) -> tuple[Any, Any]:
        w = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return w @ mu, np.sqrt(np.einsum("...i,ij,...j->...", w, sigma, w))

    def charged(angle: Any) -> Any:
        centre, deviation = margin(angle)
        return _charge(centre, deviation, tau) if unit == "euclidean" else _charge(centre / deviation, np.ones_like(deviation), tau)

    angle = _minimum(charged)
    centre, deviation = margin(angle)
    return PlaneChoice(angle, float(ndtr(-abs(centre) / deviation)))


def _minimum(objective: Callable[[Any], Any]) -> float:
    """Return the angle in [-pi/2, pi/2] at which a function of period pi is least."""
    best = float(_ANGLES[np.argmin(objective(_ANGLES))])
    step = float(_ANGLES[1] - _ANGLES[0])
    found = minimize_scalar(lambda angle: float(objective(angle)), bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-12})
    angle = float(found.x) if found.fun < float(objective(best)) else best
    return float((angle + 0.5 * np.pi) % np.pi - 0.5 * np.pi) if abs(angle) > 0.5 * np.pi else angle
