r"""Fisher's rule with a scatter matrix of many dimensions: of the labelled samples, or of independent unlabelled ones.

Both limits are free of the covariance: only D^2 = mu' Sigma^-1 mu, d/m and d/n enter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.validation import moderate, plain, reals

__all__ = ["labeled_lda_risk", "total_scatter_lda_risk"]


def labeled_lda_risk(half_distance: ArrayLike, labeled_ratio: ArrayLike) -> Any:
    r"""Return the limiting risk of linear discriminant analysis on m labelled samples.

    Formula: ``Phi(-D^2 sqrt(1 - d/m) / sqrt(D^2 + d/m))``, whether the scatter is pooled within the classes or taken around the origin.

    Parameters
    ----------
    half_distance
        D = sqrt(mu' Sigma^-1 mu) >= 0, half the Mahalanobis distance of the classes; broadcasts.
    labeled_ratio
        m/d > 1 (with fewer samples the scatter matrix is singular), or infinity; broadcasts.

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
    Derived here (the classical limit for means known up to sampling, through the origin).
    """
    check_broadcast(half_distance=half_distance, labeled_ratio=labeled_ratio)
    distance, few = (
        np.square(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)),
        _inverse("labeled_ratio", labeled_ratio),
    )
    return plain(ndtr(-_fraction(distance * np.sqrt(1.0 - few), np.sqrt(distance + few))))


def total_scatter_lda_risk(half_distance: ArrayLike, labeled_ratio: ArrayLike, unlabeled_ratio: ArrayLike) -> Any:
    r"""Return the limiting risk of w = S^-1 mean with S the second moments of n unlabelled samples and the mean of m labelled ones.

    Formula: ``Phi(-sqrt(k/(1 - k)))`` with R = D^2/(1 + D^2) and ``k = R^2 (1 - d/n) / (R + d/m)``.

    Parameters
    ----------
    half_distance
        D = sqrt(mu' Sigma^-1 mu) >= 0; broadcasts.
    labeled_ratio
        m/d > 0, or infinity; broadcasts.
    unlabeled_ratio
        n/d > 1, or infinity for a scatter that is known; broadcasts.

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
    Derived here for the anisotropic setting of arXiv:2310.00027. In coordinates with E x x' = I the class mean has the squared length R and each
    sample the noise I - mean mean'; a Wishart inverse that is independent of the mean keeps the fraction 1 - d/n of the squared cosine.
    """
    check_broadcast(half_distance=half_distance, labeled_ratio=labeled_ratio, unlabeled_ratio=unlabeled_ratio)
    distance = np.square(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50))
    few, fewer = _inverse("labeled_ratio", labeled_ratio, above=0.0), _inverse("unlabeled_ratio", unlabeled_ratio)
    between = distance / (1.0 + distance)
    # k/(1 - k), without the difference of numbers that are almost equal.
    odds = _fraction(np.square(between) * (1.0 - fewer), between / (1.0 + distance) + few + np.square(between) * fewer)
    return plain(ndtr(-np.sqrt(odds)))


def _inverse(name: str, ratio: ArrayLike, above: float = 1.0) -> np.ndarray:
    values = np.asarray(ratio)
    if values.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be > {above:g}; got {ratio!r}")
    infinite = np.isposinf(values)
    reals(name, np.where(infinite, above + 1.0, values) if infinite.any() else ratio, above=above)
    return 1.0 / values.astype(np.float64)


def _fraction(top: Any, bottom: Any) -> np.ndarray:
    """Return top / bottom, and 0 where both are 0."""
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64))
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0.0)
