r"""The risk of the mean of labelled samples in the limits: many samples, and samples in proportion to the dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.validation import integers, moderate, plain, reals, whole_number

__all__ = ["mean_classifier_excess_leading", "mean_classifier_proportional_limit"]


def mean_classifier_excess_leading(
    dimension: ArrayLike, labeled_size: ArrayLike, half_distance: ArrayLike, *, radius: ArrayLike = 0.0, terms: int = 1
) -> Any:
    r"""Return the excess risk of the mean of m labelled samples for many samples.

    Formula: ``(d - 1) phi(s - eps) / (2 m s)``; the second term multiplies it by ``1 + [12 + (d + 1)(s (s - eps) - 3)] / (4 m s^2)``.

    Parameters
    ----------
    dimension, labeled_size
        d >= 1 and m >= 1, integers; they broadcast.
    half_distance
        s > 0; broadcasts.
    radius
        eps >= 0, the Euclidean length by which test samples may be moved, in standard deviations; the excess is then that over the risk
        Phi(eps - s) of the true direction under the same attack. Broadcasts.
    terms
        1 for the leading term, 2 for the correction of relative order 1/m too; good only while m s^2 is well above d.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: s cos = s (1 + r)^(-1/2) with r = V/(m (s + Z/sqrt(m))^2), V chi-square with d - 1 degrees of freedom and Z normal;
    E r = (d - 1)(1 + 3/(m s^2))/(m s^2), E r^2 = (d^2 - 1)/(m s^2)^2, put into Phi(eps - s cos). arXiv:2310.00027 compares with sqrt(d/m).
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, half_distance=half_distance, radius=radius)
    d, m = np.asarray(integers("dimension", dimension)), np.asarray(integers("labeled_size", labeled_size))
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=1e50, least=1e-50))
    eps = np.asarray(moderate("radius", reals("radius", radius, minimum=0.0), most=1e50))
    count = whole_number("terms", terms)
    if count > 2:
        raise ValueError(f"terms must be 1 or 2; got {terms}")
    leading = (d - 1.0) * normal_density(s - eps) / (2.0 * m * s)
    correction = (12.0 + (d + 1.0) * (s * (s - eps) - 3.0)) / (4.0 * m * s**2)
    return plain(leading * (1.0 + (correction if count == 2 else 0.0)))


def mean_classifier_proportional_limit(half_distance: ArrayLike, labeled_ratio: ArrayLike) -> Any:
    r"""Return the limit of the risk of the mean of labelled samples when m/d stays fixed.

    Formula: ``Phi(-s sqrt(m s^2 / (m s^2 + d)))``.

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.
    labeled_ratio
        m/d >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In (0, 1/2].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027: the cosine of w and mu0 tends to that square root.
    """
    check_broadcast(half_distance=half_distance, labeled_ratio=labeled_ratio)
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50))
    ratio = reals("labeled_ratio", labeled_ratio, minimum=0.0)
    signal = ratio * s**2
    return plain(ndtr(-s * np.sqrt(signal / (1.0 + signal))))
