r"""The risk of a linear rule between two Gaussian classes that mirror each other at the origin, and the best of all rules."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.validation import array_of_shape, covariance, moderate, plain, real, reals

__all__ = ["Margins", "bayes_direction", "bayes_risk", "linear_risk", "margins_of"]


class Margins(NamedTuple):
    """What the risk of sign<w, x> depends on.

    Attributes
    ----------
    direction
        w, of shape (..., d).
    mean, deviation
        <w, mu> and sqrt(w' Sigma w), of shape (...): the margin y <w, x> is normal with these.
    """

    direction: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def scale_of(dimension: int, standard_deviation: float, covariance_matrix: ArrayLike | None) -> np.ndarray:
    """Return the covariance (d, d) of both classes, checked; either argument may be used, not both."""
    sigma = real("standard_deviation", standard_deviation, above=0.0)
    if covariance_matrix is None:
        return sigma**2 * np.eye(dimension)
    if sigma != 1.0:
        raise ValueError(f"standard_deviation must be 1 where a covariance is given; got {standard_deviation!r}")
    return covariance("covariance", covariance_matrix, dimension=dimension)


def margins_of(direction: ArrayLike, mean: ArrayLike, *, standard_deviation: float = 1.0, covariance: ArrayLike | None = None) -> Margins:
    """Return the mean and the standard deviation of the margins of rules; arguments and errors as in `linear_risk`."""
    mu = array_of_shape("mean", mean, ("d",))
    if mu.size == 0:
        raise ValueError("mean must have shape (d,) with d >= 1; got an empty array")
    w = np.asarray(direction)
    if w.dtype.kind not in "iuf" or w.ndim == 0 or w.shape[-1] != mu.size:
        raise ValueError(f"direction must be real numbers of shape (..., {mu.size}), one for each entry of mean; got shape {w.shape}")
    w = w.astype(np.float64)
    largest = np.max(np.abs(w), axis=-1, keepdims=True)
    if not np.all(np.isfinite(w)) or np.any(largest == 0.0):
        raise ValueError("direction must be finite and not 0: the direction is undefined")
    # A rule has no length: squares of long or short directions would not fit.
    w = w / largest
    if covariance is None:
        spread = real("standard_deviation", standard_deviation, above=0.0) * np.sqrt(np.sum(w**2, axis=-1))
    else:
        spread = np.sqrt(np.einsum("...i,ij,...j->...", w, scale_of(mu.size, standard_deviation, covariance), w))
    return Margins(w, w @ mu, spread)


def linear_risk(direction: ArrayLike, mean: ArrayLike, *, standard_deviation: float = 1.0, covariance: ArrayLike | None = None) -> Any:
    r"""Return the probability that sign<w, x> misclassifies x = y mu + z, z normal.

    Formula: ``Phi(-<w, mu> / sqrt(w' Sigma w))``; ``Phi(-<w, mu> / (sigma |w|))`` for Sigma = sigma^2 I.

    Parameters
    ----------
    direction
        w, of shape (..., d), finite and not 0; its length does not matter.
    mean
        mu, of shape (d,): the mean of the class y = 1; that of y = -1 is -mu.
    standard_deviation
        sigma > 0 of isotropic classes.
    covariance
        Instead: Sigma, (d, d), symmetric positive definite.

    Returns
    -------
    float or ndarray
        Of shape (...), in [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range, or a direction is 0 or not finite (then it is undefined).

    Notes
    -----
    arXiv:2310.00027 (isotropic case); textbook.
    """
    rule = margins_of(direction, mean, standard_deviation=standard_deviation, covariance=covariance)
    return plain(ndtr(-rule.mean / rule.deviation))


def bayes_risk(half_distance: ArrayLike) -> Any:
    r"""Return the smallest risk of all rules.

    Formula: ``Phi(-s)``, s = sqrt(mu' Sigma^-1 mu) = |mu|/sigma in the isotropic case.

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In (0, 1/2].

    Raises
    ------
    ValueError
        If an entry is negative or not finite.

    Notes
    -----
    Textbook: the likelihood ratio is a function of <Sigma^-1 mu, x>.
    """
    return plain(ndtr(np.negative(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50))))


def bayes_direction(mean: ArrayLike, covariance: ArrayLike) -> np.ndarray:
    r"""Return the direction of the best rule.

    Formula: ``Sigma^-1 mu``.

    Parameters
    ----------
    mean
        mu, of shape (d,), not 0.
    covariance
        Sigma, (d, d), symmetric positive definite.

    Returns
    -------
    ndarray
        Of shape (d,).

    Raises
    ------
    ValueError
        If an argument is out of range, or mu = 0: then the direction is undefined.

    Notes
    -----
    Textbook (Fisher).
    """
    mu = array_of_shape("mean", mean, ("d",))
    if not np.any(mu):
        raise ValueError("mean must not be 0: the direction is undefined")
    return np.linalg.solve(scale_of(mu.size, 1.0, covariance), mu)
