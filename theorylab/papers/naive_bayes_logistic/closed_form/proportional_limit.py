r"""Logistic regression without a penalty when the dimension is a fixed share of the sample size: d, m -> infinity, d/m -> kappa.

Mixture ``x = y mu + z``, y = +-1, |mu| = r, z ~ N(0, I_d); no intercept. The estimate w has a component a along mu/|mu| and a part of norm sigma
orthogonal to it; both tend to constants. With ``l(t) = log(1 + exp(-t))``, ``T ~ N(a r, a^2 + sigma^2)`` the margin of a new sample, and
``p = prox(T) = argmin_p [l(p) + (p - T)^2 / (2 gamma)]`` that of a training sample,

    gamma^2 E l'(p)^2 = kappa sigma^2,    E 1/(1 + gamma l''(p)) = 1 - kappa,    r E l'(p) + a kappa/gamma = 0,

and the error is ``Phi(-a r / sqrt(a^2 + sigma^2))``. Derived here by comparison of Gaussian processes, as such systems are for other designs.
The unknowns are found as logarithms of a/r (which stays positive at r = 0), sigma and gamma, in which the system is nearly linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.naive_bayes_logistic.closed_form.excess_coefficients import mean_fisher_weight
from theorylab.papers.naive_bayes_logistic.closed_form.separability import separability_threshold
from theorylab.validation import moderate, plain, real, reals

__all__ = ["NoFiniteSolutionError", "ProportionalLimit", "logistic_proportional_limit", "logistic_proximal_point"]

# The normal density at 9 standard deviations is 1e-18 of its peak.
_REACH = 9.0
# A step of the trapezoidal rule; its error on functions whose nearest pole is at distance pi falls like exp(-2 pi^2 / step).
_STEP = 0.25
_TOLERANCE = 1e-11
_MOST_STEPS = 60
# Where the search starts, a smaller distance is as good as this one.
_NO_DISTANCE = 1e-3
_MOST_NODES = 200_000


class NoFiniteSolutionError(ValueError):
    """The dimension ratio is at or beyond the threshold, where the training data are separable and the logistic estimate does not exist."""


@dataclass(frozen=True)
class ProportionalLimit:
    """The limit of logistic regression at a dimension ratio.

    Attributes
    ----------
    alignment
        a, the component of the estimate along the mean difference.
    orthogonal_norm
        sigma, the norm of the rest.
    proximal_parameter
        gamma.
    error
        Limit of the misclassification probability.
    residual
        Largest relative residual of the three equations, at half the step of the quadrature that they were solved with.
    """

    alignment: float
    orthogonal_norm: float
    proximal_parameter: float
    error: float
    residual: float


def logistic_proximal_point(point: ArrayLike, proximal_parameter: ArrayLike) -> Any:
    r"""Return the proximal point of the logistic loss, ``argmin_p [log(1 + exp(-p)) + (p - T)^2 / (2 gamma)]``.

    Formula: the root of ``p - gamma / (1 + exp(p)) = T``, between T and T + gamma; Newton's method, monotone from the start chosen.

    Parameters
    ----------
    point
        T; broadcasts.
    proximal_parameter
        gamma > 0; broadcasts.

    Returns
    -------
    float or ndarray
        p, with a residual within rounding of T and gamma.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the steps do not settle.
    """
    target = moderate("point", reals("point", point))
    gamma = moderate("proximal_parameter", reals("proximal_parameter", proximal_parameter, above=0.0))
    check_broadcast(point=target, proximal_parameter=gamma)
    target, gamma = np.broadcast_arrays(target, gamma)
    # Where the root is positive the equation is concave in p on its side of 0, else convex: from these starts Newton's steps are monotone.
    p = np.where(target > -0.5 * gamma, np.maximum(target, 0.0), np.minimum(target + gamma, 0.0))
    for _ in range(_MOST_STEPS):
        weight = special.expit(-p)
        excess = p - gamma * weight - target
        p = np.clip(p - excess / (1.0 + gamma * weight * (1.0 - weight)), target, target + gamma)
        if np.all(np.abs(excess) <= 1e-15 * (np.abs(p) + gamma + np.abs(target))):
            return plain(p)
    raise ConvergenceError(f"the proximal point did not settle: residual {float(np.max(np.abs(excess))):.3g}")


class _Expectations(NamedTuple):
    """-E l'(p), E l'(p)^2 and 1 - E 1/(1 + gamma l''(p)), (3,), and their derivatives in E T, log sd(T) and gamma, (3, 3)."""

    values: np.ndarray
    derivatives: np.ndarray


def _expectations(mean: float, deviation: float, gamma: float, step: float) -> _Expectations:
    """Integrate over the proximal point instead of T: ``T = p + gamma l'(p)`` is explicit, ``dT = (1 + gamma l''(p)) dp``.

    In p the integrands are smooth and end like a normal tail, so the trapezoidal rule converges exponentially.
    """
    reach = _REACH * deviation
    first, last = logistic_proximal_point([mean - reach, mean + reach], gamma)
    nodes = int(np.ceil((last - first) / min(step, step * deviation))) + 1
    if nodes > _MOST_NODES:
        raise ConvergenceError(f"the estimate is too large for the quadrature: {nodes} nodes")
    p, width = np.linspace(first, last, nodes, retstep=True)
    s = special.expit(-p)  # -l'(p)
    curvature = s * (1.0 - s)  # l''(p)
    stretch = 1.0 + gamma * curvature
    z = (p - gamma * s - mean) / deviation
    density = width * np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi) * deviation) * stretch
    shrinkage = gamma * curvature / stretch
    integrands = np.stack([s, s * s, shrinkage])
    # At fixed T, dp/dgamma = s / stretch; l'''(p) = -curvature (1 - 2 s).
    slope = curvature / stretch
    by_gamma = np.stack([-s * slope, -2.0 * s * s * slope, (slope - gamma * curvature * (1.0 - 2.0 * s) * s / stretch**2) / stretch])
    derivatives = np.stack([integrands @ (density * z) / deviation, integrands @ (density * (z * z - 1.0)), by_gamma @ density], axis=1)
    return _Expectations(integrands @ density, derivatives)


def _residuals(unknowns: np.ndarray, r: float, kappa: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithms of left over right side of the three equations, and their derivatives in the logarithms of a/r, sigma and gamma."""
    ratio, sigma, gamma = np.exp(unknowns)
    mean, along = ratio * r * r, ratio * r
    variance = along * along + sigma * sigma
    values, derivatives = _expectations(mean, float(np.sqrt(variance)), gamma, step)
    logs = np.log(values)
    residuals = np.array(
        [
            2.0 * unknowns[2] + logs[1] - np.log(kappa) - 2.0 * unknowns[1],
            logs[2] - np.log(kappa),
            unknowns[2] + logs[0] - np.log(kappa) - unknowns[0],
        ]
    )
    chain = np.array([[mean, 0.0, 0.0], [along * along / variance, sigma * sigma / variance, 0.0], [0.0, 0.0, gamma]])
    by_unknowns = derivatives / values[:, None] @ chain
    jacobian = by_unknowns[[1, 2, 0]] + np.array([[0.0, -2.0, 2.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]])
    return residuals, jacobian


def _solve(r: float, kappa: float) -> np.ndarray:
    """Return the logarithms of a/r, sigma and gamma by damped Newton steps from the limit kappa -> 0: 2, sqrt(kappa/A0), kappa/A0."""
    curvature = mean_fisher_weight(max(2.0 * r, _NO_DISTANCE))
    unknowns = np.log([2.0, np.sqrt(kappa / curvature), kappa / curvature])
    residuals, jacobian = _residuals(unknowns, r, kappa, _STEP)
    for _ in range(_MOST_STEPS):
        size = float(np.max(np.abs(residuals)))
        if size < 1e-13:
            break
        step = np.linalg.solve(jacobian, -residuals)
        step *= min(1.0, 1.5 / float(np.max(np.abs(step))))
        for _ in range(20):
            trial = _residuals(unknowns + step, r, kappa, _STEP)
            if np.max(np.abs(trial[0])) < size:
                break
            step *= 0.5
        else:
            # Rounding is reached; whether that is good enough is for the caller to see.
            break
        unknowns, (residuals, jacobian) = unknowns + step, trial
    return unknowns


def logistic_proportional_limit(half_distance: float, dimension_ratio: float) -> ProportionalLimit:
    r"""Return where logistic regression without penalty and intercept tends as d, m -> infinity with d/m -> kappa.

    Formula: the system of the module's docstring; ``error = Phi(-a r / sqrt(a^2 + sigma^2))``. For kappa -> 0 it is Bayes' error Phi(-r) plus
    ``phi(r) kappa / (8 r A0)``, ``A0 = E l''`` at the true log-odds; for kappa -> kappa* it tends to kappa* itself.

    Parameters
    ----------
    half_distance
        r >= 0 for class means +-mu, |mu| = r, and unit covariance.
    dimension_ratio
        kappa in (0, kappa*(r)), see `separability_threshold`.

    Returns
    -------
    ProportionalLimit

    Raises
    ------
    ValueError
        If an argument is out of range.
    NoFiniteSolutionError
        If ``dimension_ratio`` is not below the threshold: the data are separable. It is a ValueError.
    ConvergenceError
        If the equations are not solved to 1e-11, which happens only next to the threshold (beyond 0.999 of it).

    Notes
    -----
    Derived here.
    """
    r = moderate("half_distance", real("half_distance", half_distance, minimum=0.0), most=1e06)
    kappa = real("dimension_ratio", dimension_ratio, above=0.0)
    threshold = float(separability_threshold(r))
    if kappa >= threshold:
        raise NoFiniteSolutionError(
            f"dimension_ratio must be below {threshold:.8g}, the separability threshold at half_distance {r:g}: beyond it the training data are "
            f"separable and the logistic estimate is not finite; got {dimension_ratio!r}"
        )
    unknowns = _solve(r, kappa)
    residual = float(np.max(np.abs(_residuals(unknowns, r, kappa, 0.5 * _STEP)[0])))
    if not residual < _TOLERANCE:
        raise ConvergenceError(f"the equations at half_distance {r:g} and dimension_ratio {kappa:g} are solved to {residual:.3g} only")
    ratio, sigma, gamma = (float(value) for value in np.exp(unknowns))
    along = ratio * r
    error = float(special.ndtr(-along * r / np.hypot(along, sigma)))
    return ProportionalLimit(along, sigma, gamma, error, residual)
