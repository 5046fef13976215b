"""Argument checks that several closed forms of this paper share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.validation import covariance, integers, moderate, numbers, real, reals, whole_number


def isotropic_problem(
    context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0
) -> tuple[Any, Any, Any, Any, Any]:
    """Return n, d, sigma^2, tau^2 and lambda = sigma^2 / tau^2, checked; each broadcasts against the others.

    Lengths come back as floats: products such as n^2 d would leave the range of int64 silently.
    """
    n = 1.0 * integers("context_length", context_length)
    d = 1.0 * integers("dimension", dimension)
    noise = moderate("noise_variance", reals("noise_variance", noise_variance, minimum=0.0))
    prior = moderate("prior_variance", reals("prior_variance", prior_variance, above=0.0), least=1e-100)
    shaped = {"context_length": n, "dimension": d, "noise_variance": noise, "prior_variance": prior}
    check_broadcast(**{name: np.asarray(value) for name, value in shaped.items()})
    return n, d, noise, prior, noise / prior


def general_problem(
    context_length: Any, feature_covariance: ArrayLike, task_covariance: ArrayLike, noise_variance: Any
) -> tuple[int, np.ndarray, np.ndarray, float]:
    """Return n, Sigma, Omega and sigma^2, checked: Sigma positive definite, Omega positive semidefinite of the same size."""
    n = whole_number("context_length", context_length)
    sigma = covariance("feature_covariance", feature_covariance)
    omega = covariance("task_covariance", task_covariance, dimension=sigma.shape[0], definite=False)
    return n, sigma, omega, moderate("noise_variance", scalar("noise_variance", noise_variance, minimum=0.0))


def scalar(name: str, value: Any, **bounds: float) -> float:
    """Return ``value`` as one float inside the bounds of `theorylab.validation.reals`."""
    if isinstance(value, list | tuple) or np.ndim(value) != 0:
        raise ValueError(f"{name} must be one number; got {value!r:.80}")
    return real(name, value, **bounds)


def stack_of_shape(name: str, value: ArrayLike, shape: tuple[int, ...], wording: str) -> np.ndarray:
    """Return ``value`` as finite float64 array whose LAST axes are ``shape``; leading axes are a batch."""
    array = numbers(name, value)
    if array.dtype.kind not in "iuf" or array.ndim < len(shape) or array.shape[array.ndim - len(shape) :] != shape:
        raise ValueError(f"{name} must have shape (..., {', '.join(map(str, shape))}), that is {wording}; got shape {array.shape} of {array.dtype}")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; got {int(np.sum(~np.isfinite(array)))} entries that are NaN or infinite")
    return np.asarray(moderate(name, array, most=1e60))


def nonzero(name: str, value: Any) -> float:
    """Return ``value`` as one finite float other than 0."""
    number = scalar(name, value)
    if number == 0.0:
        raise ValueError(f"{name} must be a finite number other than 0; got {value!r}")
    return number
