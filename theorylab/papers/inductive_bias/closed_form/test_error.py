"""The law of the test error of a Gaussian process that interpolates, and the inductive bias that a task needs."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.validation import array_of_shape, instance, moderate, plain, real, reals

__all__ = ["KlBias", "error_spectrum", "kl_inductive_bias", "radius_bound_bias", "required_inductive_bias", "small_ball_bias"]


class KlBias(NamedTuple):
    """Nats of the relaxed problem and the tilt that solves it."""

    nats: float
    tilt: float


def error_spectrum(mean: ArrayLike, covariance: ArrayLike, test_targets: ArrayLike, *, relative_cutoff: float = 1e-13) -> GeneralizedChiSquared:
    """Return the law of the mean squared test error of posterior draws.

    Formula: w_r = lambda_r/(m k), k degrees each, delta_r = sum over outputs of (u_r^T(mu - y*))^2/lambda_r, and as an offset the mean square of the
    residuals in directions without variance (eigenvalues below the cutoff).

    Parameters
    ----------
    mean, covariance
        (m, k) and (m, m), from `theorylab.numerics.gaussian_process.interpolating_posterior`.
    test_targets
        y*, (m, k).
    relative_cutoff
        Share of the largest eigenvalue below which a direction counts as fixed, in (0, 1).

    Raises
    ------
    ValueError
        If shapes do not fit or an entry is not finite.
    """
    mu = array_of_shape("mean", mean, ("m", "k"))
    m, k = mu.shape
    if mu.size == 0:
        raise ValueError(f"mean must have at least one test point and one output; got shape {mu.shape}")
    c = array_of_shape("covariance", covariance, (m, m))
    y = array_of_shape("test_targets", test_targets, (m, k))
    for name, part in (("mean", mu), ("covariance", c), ("test_targets", y)):
        moderate(name, part)
    cutoff = real("relative_cutoff", relative_cutoff, above=0.0, below=1.0)
    values, vectors = np.linalg.eigh(0.5 * (c + c.T))
    along = ((vectors.T @ (mu - y)) ** 2).sum(axis=1)
    free = values > cutoff * max(float(values[-1]), 0.0)
    offset = float(along[~free].sum()) / (m * k)
    if not free.any():
        return GeneralizedChiSquared([0.0], 1.0, 0.0, offset)
    return GeneralizedChiSquared(values[free] / (m * k), float(k), along[free] / values[free], offset)


def required_inductive_bias(distribution: GeneralizedChiSquared, target_error: ArrayLike) -> Any:
    """Return I(eps) = -log P(L <= eps) in nats; infinite at and below the offset.

    Parameters
    ----------
    distribution
        Law of the test error.
    target_error
        eps >= 0, any shape that broadcasts with the batch.

    Raises
    ------
    ValueError
        If a target error is negative or not finite.
    """
    # Plus 0 makes -0 a 0.
    instance("distribution", distribution, GeneralizedChiSquared)
    eps = moderate("target_error", reals("target_error", target_error, minimum=0.0), most=1e90, least=1e-305)
    return plain(np.maximum(0.0, -np.asarray(distribution.logcdf(eps))) + 0.0)


def _one(distribution: GeneralizedChiSquared) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    if distribution.weights.ndim != 1:
        raise ValueError(f"distribution must be a single law; got a batch of shape {distribution.weights.shape[:-1]}")
    keep = distribution.weights > 0
    return distribution.weights[keep], distribution.degrees[keep], distribution.noncentrality[keep], float(distribution.offset)


def small_ball_bias(distribution: GeneralizedChiSquared, target_error: ArrayLike, *, order: int = 1) -> Any:
    """Return the expansion of I(eps) for small target errors.

    Formula: with y = eps - offset, I0 = (H/2) log(2/y) + log Gamma(H/2 + 1) + sum of h log w/2 + sum of delta/2, which for one output and no offset
    is minus the log predictive density of y* minus the log volume of the ball of radius sqrt(m eps); at order 1 plus
    y sum of (h - delta)/w/(2 (H + 2)). Derived here from the expansion of E exp(-s L) for large s.

    Parameters
    ----------
    distribution
        A single law.
    target_error
        eps above the offset, any shape.
    order
        0 or 1.

    Raises
    ------
    ValueError
        If the law is a batch, eps is not above the offset or the order is neither 0 nor 1.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    w, h, delta, offset = _one(distribution)
    y = np.asarray(reals("target_error", target_error, above=offset)) - offset
    if not isinstance(order, int | float | np.integer | np.floating) or order not in (0, 1):
        raise ValueError(f"order must be 0 or 1; got {order!r}")
    total = float(h.sum())
    leading = 0.5 * total * np.log(2.0 / y) + math.lgamma(0.5 * total + 1.0) + 0.5 * float((h * np.log(w)).sum() + delta.sum())
    return plain(leading + order * y * float(((h - delta) / w).sum()) / (2.0 * (total + 2.0)))


def kl_inductive_bias(distribution: GeneralizedChiSquared, target_error: float) -> KlBias:
    """Return J(eps), the least divergence from the posterior of a law of hypotheses with mean test error eps, and its tilt t.

    Formula: J = max over t >= 0 of -t (eps - offset) - log M(t), M(t) = E exp(-t (L - offset)), attained by reweighting with exp(-t L) (Donsker and
    Varadhan). J <= I, and I - J tends to log Gamma(a + 1) + a - a log a, a = H/2, as eps falls to the offset.

    Parameters
    ----------
    distribution
        A single law.
    target_error
        eps above the offset; 0 nats at and above the mean.

    Raises
    ------
    ValueError
        If the law is a batch or eps is not above the offset.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    w, h, delta, offset = _one(distribution)
    y = real("target_error", target_error, above=offset) - offset
    if y >= float((w * (h + delta)).sum()):
        return KlBias(0.0, 0.0)
    low, high = -700.0, math.log((0.5 * float(h.sum() + delta.sum())) / y) + 1e-9
    for _ in range(200):
        middle = 0.5 * (low + high)
        part = 1.0 / (1.0 + 2.0 * math.exp(middle) * w)
        low, high = (low, middle) if float((w * part * (h + delta * part)).sum()) <= y else (middle, high)
    tilt = math.exp(0.5 * (low + high))
    return KlBias(-tilt * y - float(distribution.log_laplace(tilt)), tilt)


def radius_bound_bias(distribution: GeneralizedChiSquared, target_error: ArrayLike, *, radius: str = "largest") -> Any:
    """Return I of a ball in whitened coordinates, -log P(chi'^2_H(sum delta) <= (eps - offset)/w) with w the largest, smallest or mean weight.

    Infinite at and below the offset. The largest weight gives an upper bound on the bias (a Lipschitz constant), the smallest a lower one; the mean
    is neither. The gap of the upper bound tends to sum of h log(w_max/w)/2 as eps falls to the offset.

    Parameters
    ----------
    distribution
        A single law.
    target_error
        eps >= 0, any shape.
    radius
        "largest", "smallest" or "mean" weight.

    Raises
    ------
    ValueError
        If the law is a batch, eps is negative or the radius is unknown.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    w, h, delta, offset = _one(distribution)
    if not w.size:
        return required_inductive_bias(distribution, target_error)
    choices = {"largest": float(w.max()), "smallest": float(w.min()), "mean": float((h * w).sum() / h.sum())}
    if not isinstance(radius, str) or radius not in choices:
        raise ValueError(f"radius must be one of {', '.join(map(repr, choices))}; got {radius!r}")
    ball = GeneralizedChiSquared([choices[radius]], float(h.sum()), float(delta.sum()), offset)
    return required_inductive_bias(ball, target_error)
