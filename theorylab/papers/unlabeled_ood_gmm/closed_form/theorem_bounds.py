r"""The two theorems of arXiv:2310.00027 as they are displayed, with the constant that they leave open as an argument, and their corollaries."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.unlabeled_ood_gmm.closed_form.smoothing import smoothing_prefactor
from theorylab.validation import integers, moderate, plain, reals

__all__ = [
    "TheoremBound",
    "corollary_dimension_free_sizes",
    "corollary_error_sizes",
    "corollary_shift",
    "corollary_unlabeled_size",
    "sufficient_unlabeled_size",
    "theorem_nonrobust_bound",
    "theorem_robust_bound",
]


class TheoremBound(NamedTuple):
    """A bound and its two parts, floats or arrays.

    Attributes
    ----------
    value
        The bound, ``constant * (direction + labels)``.
    direction
        The part that unlabelled samples lower.
    labels
        sqrt(2 log(1/delta)/m), which they do not.
    """

    value: Any
    direction: Any
    labels: Any


def _sizes(dimension: ArrayLike, labeled_size: ArrayLike, unlabeled_size: ArrayLike, failure_probability: ArrayLike) -> tuple[Any, Any, Any, Any]:
    d, m = 1.0 * np.asarray(integers("dimension", dimension)), 1.0 * np.asarray(integers("labeled_size", labeled_size))
    n = 1.0 * np.asarray(integers("unlabeled_size", unlabeled_size, minimum=0))
    log_inverse = -np.log(reals("failure_probability", failure_probability, above=0.0, below=1.0))
    check_broadcast(dimension=d, labeled_size=m, unlabeled_size=n, failure_probability=np.asarray(log_inverse))
    return d, m, n, log_inverse


def _assembled(direction: Any, labels: Any, constant: ArrayLike) -> TheoremBound:
    factor = reals("constant", constant, above=0.0)
    direction, labels = np.broadcast_arrays(direction, labels)
    return TheoremBound(plain(factor * (direction + labels)), plain(direction), plain(labels))


def theorem_robust_bound(
    dimension: ArrayLike,
    labeled_size: ArrayLike,
    unlabeled_size: ArrayLike,
    *,
    slope: ArrayLike,
    mean_norm: ArrayLike = 1.0,
    standard_deviation: ArrayLike = 1.0,
    wasserstein_shift: ArrayLike = 0.0,
    failure_probability: ArrayLike = 0.05,
    constant: ArrayLike = 1.0,
) -> TheoremBound:
    r"""Return Theorem 4.1's bound on the expected robust loss of the trained rule above the smallest one.

    Formula: ``C (gamma sqrt((2d/m) [alpha (|mu0|^2 + sigma0^2) + sqrt(2d/(2n+m)) + sqrt(2 log(1/delta)/(2n+m))]) + sqrt(2 log(1/delta)/m))``.

    Parameters
    ----------
    dimension, labeled_size
        d >= 1, m >= 1; broadcast, as all arguments do.
    unlabeled_size
        n >= 0.
    slope
        gamma >= 0 of the robust loss.
    mean_norm, standard_deviation
        |mu0| >= 0 and sigma0 > 0. The display is not invariant under a change of units; read it with sigma0 = 1.
    wasserstein_shift
        alpha >= 0, the Wasserstein distance of the two feature laws.
    failure_probability
        delta in (0, 1).
    constant
        C > 0, which the paper leaves open.

    Returns
    -------
    TheoremBound

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, Theorem 4.1.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, unlabeled_size=unlabeled_size, slope=slope)
    d, m, n, log_inverse = _sizes(dimension, labeled_size, unlabeled_size, failure_probability)
    energy = np.square(moderate("mean_norm", reals("mean_norm", mean_norm, minimum=0.0), most=1e50))
    energy = energy + np.square(moderate("standard_deviation", reals("standard_deviation", standard_deviation, above=0.0), most=1e50))
    shift = reals("wasserstein_shift", wasserstein_shift, minimum=0.0)
    inside = shift * energy + np.sqrt(2.0 * d / (2.0 * n + m)) + np.sqrt(2.0 * log_inverse / (2.0 * n + m))
    direction = reals("slope", slope, minimum=0.0) * np.sqrt(2.0 * d / m * inside)
    return _assembled(direction, np.sqrt(2.0 * log_inverse / m), constant)


def theorem_nonrobust_bound(
    dimension: ArrayLike,
    labeled_size: ArrayLike,
    unlabeled_size: ArrayLike,
    *,
    mean_norm: ArrayLike,
    standard_deviation: ArrayLike = 1.0,
    shifted_mean_norm: ArrayLike | None = None,
    shifted_standard_deviation: ArrayLike | None = None,
    wasserstein_shift: ArrayLike = 0.0,
    failure_probability: ArrayLike = 0.05,
    constant: ArrayLike = 1.0,
) -> TheoremBound:
    r"""Return Theorem 4.2's bound on the risk of the trained rule above the Bayes risk.

    Formula: ``C (A [(|mu1|^2 + sigma1^2) 2 d alpha/m + (4d/m) sqrt((2d + 2 log(1/delta))/(2n + m))]^(1/4) + sqrt(2 log(1/delta)/m))`` with
    ``A = exp(-|mu0|^2/(4 sigma0^2)) / sqrt(2 sigma0 sqrt(2 pi))``.

    Parameters
    ----------
    dimension, labeled_size, unlabeled_size, wasserstein_shift, failure_probability, constant
        As in `theorem_robust_bound`.
    mean_norm, standard_deviation
        |mu0| >= 0 and sigma0 > 0.
    shifted_mean_norm, shifted_standard_deviation
        |mu1| >= 0 and sigma1 > 0; those of the labelled samples if left out.

    Returns
    -------
    TheoremBound

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, Theorem 4.2. No constant makes it true for all separations |mu0|/sigma0, and it changes with the unit of length.
    """
    check_broadcast(
        dimension=dimension,
        labeled_size=labeled_size,
        unlabeled_size=unlabeled_size,
        mean_norm=mean_norm,
        standard_deviation=standard_deviation,
        shifted_mean_norm=shifted_mean_norm,
        shifted_standard_deviation=shifted_standard_deviation,
        wasserstein_shift=wasserstein_shift,
    )
    d, m, n, log_inverse = _sizes(dimension, labeled_size, unlabeled_size, failure_probability)
    norm = moderate("mean_norm", reals("mean_norm", mean_norm, minimum=0.0), most=1e50)
    sigma = moderate("standard_deviation", reals("standard_deviation", standard_deviation, above=0.0), most=1e50, least=1e-50)
    away, spread = norm, sigma
    if shifted_mean_norm is not None:
        away = moderate("shifted_mean_norm", reals("shifted_mean_norm", shifted_mean_norm, minimum=0.0), most=1e50)
    if shifted_standard_deviation is not None:
        spread = reals("shifted_standard_deviation", shifted_standard_deviation, above=0.0)
        spread = moderate("shifted_standard_deviation", spread, most=1e50, least=1e-50)
    shift = moderate("wasserstein_shift", reals("wasserstein_shift", wasserstein_shift, minimum=0.0), most=1e50)
    prefactor = smoothing_prefactor(np.divide(norm, sigma), sigma)
    inside = (np.square(away) + np.square(spread)) * 2.0 * d * shift / m
    inside = inside + 4.0 * d / m * np.sqrt((2.0 * d + 2.0 * log_inverse) / (2.0 * n + m))
    return _assembled(prefactor * inside**0.25, np.sqrt(2.0 * log_inverse / m), constant)


def corollary_unlabeled_size(dimension: ArrayLike, labeled_size: ArrayLike) -> Any:
    r"""Return how many unlabelled samples of the same domain the paper asks for to beat its benchmark sqrt(d/m).

    Formula: ``m^2/d``: from there on (d/m)^(1/4) (d/n)^(1/8) <= (d/m)^(1/2).

    Parameters
    ----------
    dimension, labeled_size
        d >= 1, m >= 1; broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, the corollary of Theorem 4.2. The benchmark is not what labelled samples do: their excess risk is of order d/m.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size)
    d, m = 1.0 * np.asarray(integers("dimension", dimension)), 1.0 * np.asarray(integers("labeled_size", labeled_size))
    return plain(m**2 / d)


def corollary_shift(dimension: ArrayLike, labeled_size: ArrayLike) -> Any:
    r"""Return the largest Wasserstein shift for which, up to constants, the paper promises to beat its benchmark sqrt(d/m).

    Formula: ``d/m``: up to there (alpha d/m)^(1/4) <= (d/m)^(1/2).

    Parameters
    ----------
    dimension, labeled_size
        d >= 1, m >= 1; broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, the corollary of Theorem 4.2.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size)
    d, m = 1.0 * np.asarray(integers("dimension", dimension)), 1.0 * np.asarray(integers("labeled_size", labeled_size))
    return plain(d / m)


def corollary_dimension_free_sizes(dimension: ArrayLike) -> tuple[Any, Any]:
    r"""Return shift and unlabelled sample size from which on, up to constants, the paper's labelled sample size no longer depends on d.

    Formula: ``alpha = 1/d``, ``n = d^3``; an error of eps then asks for m of the order of eps^-4.

    Parameters
    ----------
    dimension
        d >= 1; broadcasts.

    Returns
    -------
    tuple
        alpha and n.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, a corollary of Theorem 4.2.
    """
    d = 1.0 * np.asarray(integers("dimension", dimension))
    return plain(1.0 / d), plain(d**3)


def sufficient_unlabeled_size(dimension: ArrayLike, half_distance: ArrayLike) -> Any:
    r"""Return how many unlabelled samples the direction of the mean takes, as a regime for rules that learn it from these alone.

    Formula: ``10 d max(1, s^-4)``. Below d/s^4 the leading eigenvector is a direction by chance; ten times as many leave it a small angle.

    Parameters
    ----------
    dimension
        d >= 1; broadcasts.
    half_distance
        s > 0; broadcasts.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here, from the threshold of `spectral_overlap`. From here on these rules keep to Theorem 4.2 of arXiv:2310.00027 with constant 1 as long
    as s <= 2.
    """
    d = 1.0 * np.asarray(integers("dimension", dimension))
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=1e50, least=1e-50))
    check_broadcast(dimension=d, half_distance=s)
    return plain(10.0 * d * np.maximum(1.0, s**-4.0))


def corollary_error_sizes(dimension: ArrayLike, error: ArrayLike) -> tuple[Any, Any]:
    r"""Return the sizes of both samples that the paper gives, up to constants, for an excess risk of eps without a shift.

    Formula: ``m = d/eps``, ``n = d/eps^6``.

    Parameters
    ----------
    dimension
        d >= 1; broadcasts.
    error
        eps in (0, 1); broadcasts.

    Returns
    -------
    tuple
        m and n.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, a corollary of Theorem 4.2. It needs d >= 1/eps: sqrt(2 log(1/delta)/m) is above eps otherwise. In truth d/eps labelled samples
    reach eps alone, with an excess risk near phi(s) eps/(2 s).
    """
    check_broadcast(dimension=dimension, error=error)
    d, eps = 1.0 * np.asarray(integers("dimension", dimension)), moderate("error", reals("error", error, above=0.0, below=1.0), least=1e-40)
    return plain(d / eps), plain(d / np.asarray(eps) ** 6)
