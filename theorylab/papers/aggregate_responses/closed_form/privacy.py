r"""Label differential privacy of clipped bag means with Laplace or Gaussian noise.

The mechanism: labels are clipped to [-T, T], averaged over bags of k, and noise is added to every average. Neighbouring data sets differ in one
label, so one clipped label moves by at most 2T and one bag mean by at most 2T/k; if the bags come from t random partitions, t means move.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfcx, ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.validation import choice, integers, moderate, plain, reals

__all__ = [
    "gaussian_mechanism_delta",
    "gaussian_standard_deviation",
    "label_sensitivity",
    "laplace_scale",
    "log_likelihood_ratio",
    "privacy_loss",
]


def label_sensitivity(clip: ArrayLike, bag_size: ArrayLike, overlap: ArrayLike = 1, norm: str = "l1") -> Any:
    r"""Return by how much one label can move the vector of clipped bag means.

    Formula: ``t 2T/k`` in the l1 norm, ``sqrt(t) 2T/k`` in the l2 norm.

    Parameters
    ----------
    clip
        T > 0; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    overlap
        t >= 1, integer: in how many bags each sample is; broadcasts.
    norm
        "l1" (what Laplace noise needs) or "l2" (what Gaussian noise needs).

    Returns
    -------
    float or ndarray
        The sensitivity; attained when a label goes from -T to T.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here (module docstring).
    """
    check_broadcast(clip=clip, bag_size=bag_size, overlap=overlap)
    bound = moderate("clip", reals("clip", clip, above=0.0))
    k, t = integers("bag_size", bag_size), integers("overlap", overlap)
    return plain((np.sqrt(t) if choice("norm", norm, ("l1", "l2")) == "l2" else t) * 2.0 * bound / k)


def laplace_scale(clip: ArrayLike, bag_size: ArrayLike, epsilon: ArrayLike, overlap: ArrayLike = 1) -> Any:
    r"""Return the scale of Laplace noise with which the clipped bag means are epsilon-label-differentially private, exactly.

    Formula: ``b = t 2T / (k epsilon)``.

    Parameters
    ----------
    clip
        T > 0; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    epsilon
        Privacy level > 0; broadcasts.
    overlap
        t >= 1, integer; broadcasts.

    Returns
    -------
    float or ndarray
        b > 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Inverse of `privacy_loss`. Half this scale, quoted for the mechanism of arXiv:2401.11081, gives 2 epsilon.
    """
    check_broadcast(clip=clip, bag_size=bag_size, epsilon=epsilon, overlap=overlap)
    return plain(label_sensitivity(clip, bag_size, overlap) / moderate("epsilon", reals("epsilon", epsilon, above=0.0), most=1e50, least=1e-50))


def privacy_loss(clip: ArrayLike, bag_size: ArrayLike, laplace_scale: ArrayLike, overlap: ArrayLike = 1) -> Any:
    r"""Return the largest absolute log likelihood ratio of two neighbouring releases with Laplace noise.

    Formula: ``epsilon = t 2T / (k b)``, attained at every release beyond all the moved means.

    Parameters
    ----------
    clip
        T > 0; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    laplace_scale
        b > 0; broadcasts.
    overlap
        t >= 1, integer; broadcasts.

    Returns
    -------
    float or ndarray
        The exact epsilon.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: ||y - mu'| - |y - mu|| <= |mu - mu'| for each mean, with equality for y outside the interval between them.
    """
    check_broadcast(clip=clip, bag_size=bag_size, overlap=overlap)
    return plain(label_sensitivity(clip, bag_size, overlap) / reals("laplace_scale", laplace_scale, above=0.0))


def log_likelihood_ratio(release: ArrayLike, bag_means: ArrayLike, neighbour_bag_means: ArrayLike, laplace_scale: ArrayLike) -> Any:
    r"""Return the log likelihood ratio of a release under two sets of bag means with Laplace noise.

    Formula: ``log p(y | mu)/p(y | mu') = sum_a (|y_a - mu'_a| - |y_a - mu_a|) / b``.

    Parameters
    ----------
    release
        y, shape (..., m): the noisy means.
    bag_means, neighbour_bag_means
        mu and mu', shape (..., m): clipped means before the noise; they broadcast against ``release``.
    laplace_scale
        b > 0.

    Returns
    -------
    float or ndarray
        One value for each release, shape (...).

    Raises
    ------
    ValueError
        If an argument is not finite, has no last axis, or the shapes do not fit.

    Notes
    -----
    The Laplace density is exp(-|y - mu|/b) / (2b).
    """
    scale = reals("laplace_scale", laplace_scale, above=0.0)
    named = {"release": release, "bag_means": bag_means, "neighbour_bag_means": neighbour_bag_means}
    vectors = {name: np.asarray(reals(name, value)) for name, value in named.items()}
    for name, vector in vectors.items():
        if vector.ndim == 0:
            raise ValueError(f"{name} must have shape (..., m); got one number")
    try:
        y, mu, neighbour = np.broadcast_arrays(*vectors.values())
    except ValueError:
        shapes = ", ".join(f"{name} {vector.shape}" for name, vector in vectors.items())
        raise ValueError(f"release, bag_means and neighbour_bag_means must broadcast to one shape (..., m); got {shapes}") from None
    return plain(np.sum(np.abs(y - neighbour) - np.abs(y - mu), axis=-1) / scale)


def gaussian_mechanism_delta(sensitivity: ArrayLike, standard_deviation: ArrayLike, epsilon: ArrayLike) -> Any:
    r"""Return the least delta for which Gaussian noise gives (epsilon, delta)-differential privacy.

    Formula: ``Phi(D/(2s) - epsilon s/D) - e^epsilon Phi(-D/(2s) - epsilon s/D)``.

    Parameters
    ----------
    sensitivity
        D > 0 in the l2 norm (`label_sensitivity`); broadcasts.
    standard_deviation
        s > 0 of the noise in each coordinate; broadcasts.
    epsilon
        Privacy level > 0; broadcasts.

    Returns
    -------
    float or ndarray
        delta in [0, 1], to a relative error of about 1e-12 while it is above 1e-300.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Balle and Wang (arXiv:1805.06530), Theorem 8. Evaluated without e^epsilon: with w = D/s, z1 = epsilon/w - w/2, z2 = epsilon/w + w/2 one has
    e^epsilon phi(z2) = phi(z1), so delta = phi(z1) [R(z1) - R(z2)] with Mills' ratio R.
    """
    check_broadcast(sensitivity=sensitivity, standard_deviation=standard_deviation, epsilon=epsilon)
    sizes = (("sensitivity", sensitivity), ("standard_deviation", standard_deviation), ("epsilon", epsilon))
    change, deviation, level = (moderate(name, reals(name, value, above=0.0), least=1e-100) for name, value in sizes)
    return plain(_gaussian_delta(change / deviation, level))


def gaussian_standard_deviation(sensitivity: ArrayLike, epsilon: ArrayLike, delta: ArrayLike) -> Any:
    r"""Return the least standard deviation of Gaussian noise that gives (epsilon, delta)-differential privacy.

    Formula: the root s of `gaussian_mechanism_delta` = delta, which falls in s.

    Parameters
    ----------
    sensitivity
        D > 0 in the l2 norm; broadcasts.
    epsilon
        Privacy level in [1e-6, 1e6]; broadcasts.
    delta
        In (0, 1), at least 1e-290; broadcasts.

    Returns
    -------
    float or ndarray
        s > 0, proportional to D, to a relative error of about 1e-12.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Balle and Wang (arXiv:1805.06530). The classical sqrt(2 ln(1.25/delta)) D/epsilon is larger and needs epsilon <= 1.
    """
    check_broadcast(sensitivity=sensitivity, epsilon=epsilon, delta=delta)
    change = reals("sensitivity", sensitivity, above=0.0)
    level = moderate("epsilon", reals("epsilon", epsilon, minimum=1e-6, maximum=1e6), most=1e50, least=1e-50)
    target = reals("delta", delta, above=0.0, below=1.0)
    if np.any(np.less(target, 1e-290)):
        raise ValueError(f"delta must be in (0, 1) and at least 1e-290; got {delta!r}")
    level, target = np.broadcast_arrays(level, target)
    # delta < 1e-300 at the upper end (z1 > 1e3) and 1 at the lower end (w = 1e6 + ...) for every level in the range.
    return plain(change * log_bisection(lambda s: _gaussian_delta(1.0 / s, level) < target, 1e-8, 1e10))


def _gaussian_delta(w: Any, level: Any) -> Any:
    """Return delta for w = D/s."""
    w, level = np.broadcast_arrays(w, level)
    first, second = level / w - 0.5 * w, level / w + 0.5 * w
    with np.errstate(over="ignore", under="ignore"):
        density = np.exp(-0.5 * first * first) / np.sqrt(2.0 * np.pi)
        tail = np.maximum(first, 0.0)
        # R' = z R - 1: where z1 and z2 almost coincide the difference is integrated instead of subtracted.
        nodes, weights = np.polynomial.legendre.leggauss(8)
        mesh = level[..., None] / w[..., None] + 0.5 * w[..., None] * nodes
        close = 0.5 * w * np.sum(weights * _mills_slope(mesh), axis=-1)
        difference = np.where(w < 0.1, close, _mills(tail) - _mills(second))
        return np.where((first < 0.0) & (w >= 0.1), ndtr(-first) - density * _mills(second), density * difference)


def _mills(z: Any) -> Any:
    """Return Mills' ratio Phi(-z)/phi(z)."""
    return np.sqrt(0.5 * np.pi) * erfcx(z / np.sqrt(2.0))


def _mills_slope(z: Any) -> Any:
    """Return 1 - z R(z), minus the slope of Mills' ratio."""
    return 1.0 - z * _mills(z)
