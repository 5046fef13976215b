r"""Directions that unlabelled terms choose when a small part of the unlabelled law is replaced by a pair of far points off the mean.

The law is (1 - eps) P0 + eps (1/2) (delta_{T v} + delta_{-T v}), v a unit vector orthogonal to mu0, sigma = 1. It is within eps of P0 in total
variation, whatever T is. Angles are those between the chosen direction and mu0, in the plane of mu0 and v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.papers.unlabeled_ood_gmm.closed_form.domain_distance import mean_absolute_margin
from theorylab.papers.unlabeled_ood_gmm.closed_form.ramp import expected_unlabeled_ramp
from theorylab.validation import moderate, plain, real, reals

__all__ = [
    "contaminated_absolute_angle",
    "contaminated_leading_angle",
    "contaminated_ramp_angle",
    "contaminated_ramp_angle_bound",
    "ramp_excess",
]

_GRID = np.linspace(0.0, 0.5 * np.pi, 2001)


def ramp_excess(angle: ArrayLike, half_distance: ArrayLike, threshold: ArrayLike) -> Any:
    r"""Return how much more the unlabelled term charges a rule at this angle to the mean than the best one, without contamination.

    Formula: ``D(theta) = U(s cos theta) - U(s)`` with U of `expected_unlabeled_ramp` at sigma = 1.

    Parameters
    ----------
    angle
        theta in [0, pi/2]; broadcasts.
    half_distance, threshold
        s >= 0 and tau > 0; broadcast.

    Returns
    -------
    float or ndarray
        Increasing in theta from 0; below 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the unlabelled term of arXiv:2310.00027.
    """
    check_broadcast(angle=angle, half_distance=half_distance, threshold=threshold)
    theta = reals("angle", angle, minimum=0.0, maximum=0.5 * np.pi)
    s = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)
    return plain(np.subtract(expected_unlabeled_ramp(s * np.cos(theta), 1.0, threshold), expected_unlabeled_ramp(s, 1.0, threshold)))


def contaminated_ramp_angle_bound(half_distance: ArrayLike, threshold: ArrayLike, contamination: ArrayLike) -> Any:
    r"""Return an angle that the minimiser of the unlabelled ramp never exceeds, whatever law takes the part eps of the samples.

    Formula: the theta with ``D(theta) = eps/(1 - eps)``, see `ramp_excess`; pi/2, no promise, if D does not get so high.

    Parameters
    ----------
    half_distance, threshold
        s > 0 and tau > 0; broadcast.
    contamination
        eps in [0, 1); broadcasts.

    Returns
    -------
    float or ndarray
        In [0, pi/2], radians.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the ramp lies in [0, 1], so what the part eps adds to the objective differs by at most eps between two directions. For a law within
    eps of P0 in total variation that is not of this form the same holds with 2 eps. The term is that of arXiv:2310.00027.
    """
    check_broadcast(half_distance=half_distance, threshold=threshold, contamination=contamination)
    s, tau = moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=1e50), reals("threshold", threshold, above=0.0)
    eps = reals("contamination", contamination, minimum=0.0, below=1.0)
    s, tau, eps = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (s, tau, eps)))
    budget = eps / (1.0 - eps)
    found = log_bisection(lambda theta: ramp_excess(np.minimum(theta, 0.5 * np.pi), s, tau) > budget, np.full(s.shape, 1e-9), 0.5 * np.pi)
    return plain(np.where(budget == 0.0, 0.0, found))


def _checked(half_distance: float, contamination: float, outlier_length: float) -> tuple[float, float, float]:
    return (
        moderate("half_distance", real("half_distance", half_distance, above=0.0), most=1e50),
        real("contamination", contamination, minimum=0.0, below=1.0),
        real("outlier_length", outlier_length, minimum=0.0),
    )


def _minimiser(objective: Callable[[Any], Any]) -> float:
    """Return the angle in [0, pi/2] of the least value: the best point of a grid, refined between its neighbours."""
    values = objective(_GRID)
    best = int(np.argmin(values))
    low, high = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
    found = minimize_scalar(objective, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    return float(found.x if found.fun < values[best] else _GRID[best])


def contaminated_ramp_angle(half_distance: float, threshold: float, contamination: float, outlier_length: float) -> float:
    r"""Return the angle between mu0 and the minimiser of the unlabelled ramp.

    Formula: the minimiser over theta of ``(1 - eps) U(s cos theta) + eps max(0, 1 - T sin(theta)/tau)``.

    Parameters
    ----------
    half_distance, threshold
        s > 0 and tau > 0.
    contamination
        eps in [0, 1).
    outlier_length
        T >= 0.

    Returns
    -------
    float
        In [0, pi/2], radians; accurate to about 1e-8.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the unlabelled term of arXiv:2310.00027.
    """
    s, eps, length = _checked(half_distance, contamination, outlier_length)
    tau = real("threshold", threshold, above=0.0)

    def objective(theta: Any) -> Any:
        return (1.0 - eps) * expected_unlabeled_ramp(s * np.cos(theta), 1.0, tau) + eps * np.maximum(0.0, 1.0 - length * np.sin(theta) / tau)

    return _minimiser(objective)


def contaminated_absolute_angle(half_distance: float, contamination: float, outlier_length: float) -> float:
    r"""Return the angle between mu0 and the direction of largest E |<w, x>|, what the ramp becomes as it widens.

    Formula: the maximiser over theta of ``(1 - eps) E |N(s cos theta, 1)| + eps T sin theta``.

    Parameters
    ----------
    half_distance, contamination, outlier_length
        As in `contaminated_ramp_angle`.

    Returns
    -------
    float
        In [0, pi/2], radians.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    s, eps, length = _checked(half_distance, contamination, outlier_length)
    return _minimiser(lambda theta: -(1.0 - eps) * mean_absolute_margin(s * np.cos(theta)) - eps * length * np.sin(theta))


def contaminated_leading_angle(half_distance: float, contamination: float, outlier_length: float) -> float:
    r"""Return the angle between mu0 and the leading eigenvector of the second moments.

    Formula: 0 if ``eps T^2 <= (1 - eps) s^2``, else pi/2: the second moments are diagonal in mu0 and v.

    Parameters
    ----------
    half_distance, contamination, outlier_length
        As in `contaminated_ramp_angle`.

    Returns
    -------
    float
        0 or pi/2.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    s, eps, length = _checked(half_distance, contamination, outlier_length)
    return 0.5 * np.pi if eps * length**2 > (1.0 - eps) * s**2 else 0.0
