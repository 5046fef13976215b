r"""The leading eigenvector of the unlabelled samples, turned to its right side by the labelled ones, when n and d grow together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.random_matrix import spiked_overlap
from theorylab.validation import integers, moderate, plain, reals

__all__ = ["sign_error", "spectral_overlap", "spectral_risk"]


def spectral_overlap(half_distance: ArrayLike, unlabeled_ratio: ArrayLike) -> Any:
    r"""Return the limit of cos^2 between the leading eigenvector of the second moments of unlabelled samples and their mean.

    Formula: ``(1 - c/s^4) / (1 + c/s^2)`` with c = d/n if s^4 > c, else 0.

    Parameters
    ----------
    half_distance
        s >= 0 of the unlabelled samples (s1 if they are shifted); broadcasts.
    unlabeled_ratio
        n/d > 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The samples have the covariance I + mu mu', a spike of s^2; see `theorylab.numerics.random_matrix.spiked_overlap`. Setting of arXiv:2310.00027.
    """
    check_broadcast(half_distance=half_distance, unlabeled_ratio=unlabeled_ratio)
    s, ratio = (
        moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50),
        moderate("unlabeled_ratio", reals("unlabeled_ratio", unlabeled_ratio, above=0.0), most=1e30, least=1e-30),
    )
    return spiked_overlap(np.square(s), 1.0 / np.asarray(ratio))


def sign_error(labeled_size: ArrayLike, half_distance: ArrayLike, alignment: ArrayLike = 1.0) -> Any:
    r"""Return the probability that m labelled samples turn a direction to its wrong side.

    Formula: ``Phi(-sqrt(m) s cos)``: the sign of <w, sum y_i x_i> is that of a normal variable of mean m s cos and variance m.

    Parameters
    ----------
    labeled_size
        m >= 0, integers; with m = 0 nothing tells the sides apart, and the probability is 1/2. Broadcasts.
    half_distance
        s >= 0; broadcasts.
    alignment
        cos of the angle between the direction and mu0, in [-1, 1]; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. Exponential in m, as Castelli & Cover (1995) found for the value of labels when the mixture is known.
    """
    check_broadcast(labeled_size=labeled_size, half_distance=half_distance, alignment=alignment)
    m = integers("labeled_size", labeled_size, minimum=0)
    s = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)
    cosine = reals("alignment", alignment, minimum=-1.0, maximum=1.0)
    return plain(ndtr(-np.sqrt(m) * s * cosine))


def spectral_risk(
    half_distance: ArrayLike,
    unlabeled_ratio: ArrayLike,
    labeled_size: ArrayLike,
    *,
    shifted_half_distance: ArrayLike | None = None,
    alignment: ArrayLike = 1.0,
) -> Any:
    r"""Return the limiting risk of the leading eigenvector of n unlabelled samples after the vote of m labelled ones on its side.

    Formula: ``Phi(-s a)(1 - p) + Phi(s a) p`` with a the cosine to mu0, the root of `spectral_overlap` times cos(mu0, mu1), and p = `sign_error`.

    Parameters
    ----------
    half_distance
        s = |mu0|/sigma0 >= 0; broadcasts.
    unlabeled_ratio
        n/d > 0; broadcasts.
    labeled_size
        m >= 0; broadcasts.
    shifted_half_distance
        s1 >= 0 of the unlabelled samples; s if left out.
    alignment
        cos(mu0, mu1) in [-1, 1]; broadcasts.

    Returns
    -------
    float or ndarray
        In (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027: n and d grow in a fixed ratio, m is fixed.
    """
    check_broadcast(
        half_distance=half_distance,
        unlabeled_ratio=unlabeled_ratio,
        labeled_size=labeled_size,
        shifted_half_distance=shifted_half_distance,
        alignment=alignment,
    )
    s = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)
    away = (
        s
        if shifted_half_distance is None
        else moderate("shifted_half_distance", reals("shifted_half_distance", shifted_half_distance, minimum=0.0), most=1e50)
    )
    cosine = np.sqrt(spectral_overlap(away, unlabeled_ratio)) * reals("alignment", alignment, minimum=-1.0, maximum=1.0)
    wrong = sign_error(labeled_size, s, cosine)
    return plain(ndtr(-s * cosine) * (1.0 - wrong) + ndtr(s * cosine) * wrong)
