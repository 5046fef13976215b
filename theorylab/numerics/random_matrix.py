r"""Spectra of large sample covariances: the Marchenko-Pastur law, the Tracy-Widom edge and the eigenvector of a spike.

Convention: S = X^T X with X of n independent rows N(0, I_d); ``features_per_sample`` is gamma = d/n, and the Marchenko-Pastur law is the limit of
the d eigenvalues lambda of S/n, zeros included.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.validation import choice, integers, moderate, plain, reals

__all__ = [
    "TRACY_WIDOM_MEAN",
    "largest_eigenvalue_location",
    "largest_eigenvalue_mean",
    "marchenko_pastur_atom",
    "marchenko_pastur_density",
    "marchenko_pastur_ridge_mean",
    "marchenko_pastur_stieltjes",
    "marchenko_pastur_support",
    "spiked_overlap",
]

# Mean of the Tracy-Widom law for beta = 1; the tests recompute it from F_1(s) = det(1 - Ai((x + y)/2)/2) on L2(s, infinity).
TRACY_WIDOM_MEAN = -1.2065335745820


def marchenko_pastur_support(features_per_sample: ArrayLike) -> tuple[Any, Any]:
    """Return the ends (1 - sqrt(gamma))^2 and (1 + sqrt(gamma))^2 of the continuous part of the Marchenko-Pastur law.

    Parameters
    ----------
    features_per_sample
        gamma = d/n > 0; broadcasts.

    Returns
    -------
    tuple
        Lower and upper end.

    Raises
    ------
    ValueError
        If gamma is not positive.
    """
    root = np.sqrt(moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30))
    return (1.0 - root) ** 2, (1.0 + root) ** 2


def marchenko_pastur_atom(features_per_sample: ArrayLike) -> Any:
    """Return the mass (1 - 1/gamma)_+ of the Marchenko-Pastur law at zero.

    Parameters
    ----------
    features_per_sample
        gamma = d/n > 0; broadcasts.

    Returns
    -------
    float or ndarray
        The limit of (d - n)_+ / d.

    Raises
    ------
    ValueError
        If gamma is not positive.
    """
    gamma = moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30)
    return np.maximum(1.0 - 1.0 / gamma, 0.0)


def marchenko_pastur_density(eigenvalue: ArrayLike, features_per_sample: ArrayLike) -> Any:
    r"""Return the density of the continuous part of the Marchenko-Pastur law.

    Formula: ``sqrt((upper - x)(x - lower)) / (2 pi gamma x)`` inside the support, 0 outside; its mass is min(1, 1/gamma).

    Parameters
    ----------
    eigenvalue
        x >= 0; broadcasts.
    features_per_sample
        gamma = d/n > 0; broadcasts.

    Returns
    -------
    float or ndarray
        Density; infinite at x = 0 when gamma = 1 (the density has an integrable pole there).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(eigenvalue=eigenvalue, features_per_sample=features_per_sample)
    x = reals("eigenvalue", eigenvalue, minimum=0.0)
    gamma = moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30)
    lower, upper = marchenko_pastur_support(gamma)
    inside = np.maximum((upper - x) * (x - lower), 0.0)
    pole = (x == 0.0) & (lower == 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(inside > 0.0, np.sqrt(inside) / (2.0 * np.pi * gamma * x), np.where(pole, np.inf, 0.0))
    return plain(density)


def marchenko_pastur_ridge_mean(ridge: ArrayLike, features_per_sample: ArrayLike) -> Any:
    r"""Return the mean of z / (z + lambda) over the Marchenko-Pastur law, its atom at zero included.

    Formula: ``[-(1 - gamma + z) + sqrt((1 - gamma + z)^2 + 4 gamma z)] / (2 gamma)``, the positive root of
    ``gamma r^2 + (1 - gamma + z) r - z = 0``; at z = 0 it is the atom's mass (1 - 1/gamma)_+.

    Parameters
    ----------
    ridge
        z >= 0, the penalty in units of n; broadcasts.
    features_per_sample
        gamma = d/n > 0; broadcasts.

    Returns
    -------
    float or ndarray
        A number in [0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(ridge=ridge, features_per_sample=features_per_sample)
    z = moderate("ridge", reals("ridge", ridge, minimum=0.0))
    gamma = moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30)
    linear = 1.0 - gamma + z
    root = np.sqrt(linear**2 + 4.0 * gamma * z)
    # The root is written so that nothing cancels: numerator form for linear < 0, conjugate form for linear > 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(linear < 0.0, (root - linear) / (2.0 * gamma), np.where(z == 0.0, 0.0, 2.0 * z / (linear + root)))
    return plain(mean)


def marchenko_pastur_stieltjes(ridge: ArrayLike, features_per_sample: ArrayLike) -> Any:
    """Return m(-z), the mean of 1 / (z + lambda) over the Marchenko-Pastur law, atom included.

    Formula: `marchenko_pastur_ridge_mean` divided by z.

    Parameters
    ----------
    ridge
        z > 0; broadcasts.
    features_per_sample
        gamma = d/n > 0; broadcasts.

    Returns
    -------
    float or ndarray
        The Stieltjes transform at the negative argument -z.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(ridge=ridge, features_per_sample=features_per_sample)
    z = reals("ridge", ridge, above=0.0)
    return marchenko_pastur_ridge_mean(z, features_per_sample) / z


def largest_eigenvalue_location(degrees_of_freedom: ArrayLike, dimension: ArrayLike, *, centring: str = "ma") -> tuple[Any, Any]:
    r"""Return the centre mu and scale s for which (lambda_max(S) - mu) / s tends to the Tracy-Widom law of beta = 1.

    Formula: with p = n - u and q = d - v, ``mu = (sqrt(p) + sqrt(q))^2`` and ``s = (sqrt(p) + sqrt(q)) (1/sqrt(p) + 1/sqrt(q))^{1/3}``.
    "johnstone" takes (u, v) = (1, 0) (Johnstone 2001, stated for n >= d; error of order d^-1/3); "ma" takes (1/2, 1/2), symmetric in n and d (Ma
    2012; error of order d^-2/3).

    Parameters
    ----------
    degrees_of_freedom
        n >= 2; broadcasts.
    dimension
        d >= 1; broadcasts.
    centring
        "ma" or "johnstone".

    Returns
    -------
    tuple
        mu and s.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(degrees_of_freedom=degrees_of_freedom, dimension=dimension)
    n = integers("degrees_of_freedom", degrees_of_freedom, minimum=2)
    d = integers("dimension", dimension)
    shift_n, shift_d = (0.5, 0.5) if choice("centring", centring, ("ma", "johnstone")) == "ma" else (1.0, 0.0)
    root_n, root_d = np.sqrt(n - shift_n), np.sqrt(d - shift_d)
    return (root_n + root_d) ** 2, (root_n + root_d) * np.cbrt(1.0 / root_n + 1.0 / root_d)


def largest_eigenvalue_mean(degrees_of_freedom: ArrayLike, dimension: ArrayLike, *, centring: str = "ma") -> Any:
    """Return the large-size approximation mu + s E[TW_1] of E lambda_max(S), S ~ Wishart_d(n, I).

    Parameters
    ----------
    degrees_of_freedom
        n >= 2; broadcasts.
    dimension
        d >= 1; broadcasts.
    centring
        As in `largest_eigenvalue_location`.

    Returns
    -------
    float or ndarray
        Within 0.2% of the mean for min(n, d) >= 50.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(degrees_of_freedom=degrees_of_freedom, dimension=dimension)
    centre, scale = largest_eigenvalue_location(degrees_of_freedom, dimension, centring=centring)
    return centre + TRACY_WIDOM_MEAN * scale


def spiked_overlap(spike: ArrayLike, features_per_sample: ArrayLike) -> Any:
    r"""Return the limit of the squared cosine between the first eigenvectors of a sample covariance and of the covariance I + spike u u^T.

    Formula: ``(1 - gamma / spike^2) / (1 + gamma / spike)`` above the threshold spike^2 > gamma, and 0 below it.

    Parameters
    ----------
    spike
        What the variance along u exceeds 1 by, >= 0; broadcasts.
    features_per_sample
        gamma = d/n > 0; broadcasts.

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
    Baik, Ben Arous & Peche (2005) for the threshold, Benaych-Georges & Nadakuditi (2012) for the overlap. The rows need not be normal along u.
    """
    check_broadcast(spike=spike, features_per_sample=features_per_sample)
    theta, gamma = (
        moderate("spike", reals("spike", spike, minimum=0.0)),
        moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30),
    )
    theta, gamma = np.broadcast_arrays(np.asarray(theta), np.asarray(gamma))
    seen = theta**2 > gamma
    safe = np.where(seen, theta, 1.0)
    return plain(np.where(seen, (1.0 - gamma / safe**2) / (1.0 + gamma / safe), 0.0))
