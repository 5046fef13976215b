r"""What the ramp adds to the error it stands for, at the best rule, and how that makes the prefactor of the paper's second theorem."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.papers.unlabeled_ood_gmm.closed_form.ramp import triangle_expectation
from theorylab.validation import moderate, plain, reals

__all__ = ["best_smoothing_bound", "smoothing_gap", "smoothing_gap_leading", "smoothing_prefactor"]


def smoothing_gap(half_distance: ArrayLike, slope: ArrayLike, standard_deviation: ArrayLike = 1.0) -> Any:
    r"""Return the expected robust loss of the true direction less the Bayes risk.

    Formula: ``int_0^(1/gamma) (1 - gamma t) f(t) dt``, f the density of N(s sigma, sigma^2).

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.
    slope
        gamma > 0; broadcasts.
    standard_deviation
        sigma > 0; broadcasts.

    Returns
    -------
    float or ndarray
        Positive; small values keep their digits.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the ramp and the error differ on 0 < t < 1/gamma only. For every rule R(w) - R* <= [E phi(w) - E phi(mu0)] + gap.
    """
    check_broadcast(half_distance=half_distance, slope=slope)
    s, gamma = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0)), reals("slope", slope, above=0.0)
    sigma = reals("standard_deviation", standard_deviation, above=0.0)
    return plain(triangle_expectation(np.multiply(s, sigma), sigma, np.divide(1.0, gamma)))


def smoothing_gap_leading(half_distance: ArrayLike, slope: ArrayLike, standard_deviation: ArrayLike = 1.0, *, terms: int = 1) -> Any:
    r"""Return the gap for a steep ramp.

    Formula: ``f(0)/(2 gamma)``, with ``f(0) = exp(-s^2/2)/(sigma sqrt(2 pi))``; the second term multiplies it by ``1 + s/(3 gamma sigma)``.

    Parameters
    ----------
    half_distance, slope, standard_deviation
        As in `smoothing_gap`.
    terms
        1 or 2.

    Returns
    -------
    float or ndarray
        With one term below the gap for every s > 0 with 1/gamma <= s sigma.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here (Taylor expansion of f at 0).
    """
    check_broadcast(half_distance=half_distance, slope=slope)
    s, gamma = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0)), reals("slope", slope, above=0.0)
    sigma = reals("standard_deviation", standard_deviation, above=0.0)
    if terms not in (1, 2):
        raise ValueError(f"terms must be 1 or 2; got {terms!r}")
    leading = normal_density(s) / (sigma * 2.0 * gamma)
    return plain(leading * (1.0 + (s / (3.0 * gamma * sigma) if terms == 2 else 0.0)))


def smoothing_prefactor(half_distance: ArrayLike, standard_deviation: ArrayLike = 1.0) -> Any:
    r"""Return the prefactor A of Theorem 4.2.

    Formula: ``sqrt(f(0)/2) = exp(-s^2/4) / sqrt(2 sigma sqrt(2 pi))``.

    Parameters
    ----------
    half_distance, standard_deviation
        s >= 0 and sigma > 0; broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, Theorem 4.2.
    """
    s, sigma = (
        moderate("half_distance", reals("half_distance", half_distance, minimum=0.0)),
        reals("standard_deviation", standard_deviation, above=0.0),
    )
    return plain(np.exp(-0.25 * np.square(s)) / np.sqrt(2.0 * sigma * np.sqrt(2.0 * np.pi)))


def best_smoothing_bound(half_distance: ArrayLike, robust_excess: ArrayLike, standard_deviation: ArrayLike = 1.0) -> Any:
    r"""Return the least of (leading gap) + gamma B over the slope gamma.

    Formula: ``2 A sqrt(B)`` with A of `smoothing_prefactor`.

    Parameters
    ----------
    half_distance, standard_deviation
        s >= 0 and sigma > 0; broadcast.
    robust_excess
        B >= 0, by which the robust loss exceeds its least value per unit of slope; broadcasts.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: how Theorem 4.2 of arXiv:2310.00027 follows from Theorem 4.1, to judge by its form; it keeps the leading term of the gap only.
    """
    check_broadcast(half_distance=half_distance, robust_excess=robust_excess)
    bound = reals("robust_excess", robust_excess, minimum=0.0)
    return plain(2.0 * np.multiply(smoothing_prefactor(half_distance, standard_deviation), np.sqrt(bound)))
