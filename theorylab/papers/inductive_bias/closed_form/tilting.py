"""Reweighting towards small errors: the relative variance of a tilted estimate of the tail, exactly and in the limit."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.integrate import quad

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form.test_error import kl_inductive_bias
from theorylab.validation import instance, moderate, real

__all__ = ["tilted_law", "tilting_relative_variance", "tilting_relative_variance_limit"]


@lru_cache(maxsize=1)
def _rule() -> tuple[np.ndarray, np.ndarray]:
    """Return 400 Gauss-Legendre nodes: finding them takes longer than all the rest."""
    return np.polynomial.legendre.leggauss(400)


def tilted_law(distribution: GeneralizedChiSquared, tilt: float) -> GeneralizedChiSquared:
    """Return the law of L under the hypotheses reweighted by exp(-t L): w v, the same degrees, delta v with v = 1/(1 + 2 t w).

    Parameters
    ----------
    distribution
        A law, or a batch.
    tilt
        t > -1/(2 w_max).

    Raises
    ------
    ValueError
        If the tilt is out of range.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    t = real("tilt", tilt)
    scaled = 1.0 + 2.0 * t * distribution.weights
    if np.any(scaled <= 0.0):
        raise ValueError(f"tilt must be above -1/(2 largest weight) = {-0.5 / float(distribution.weights.max()):g}; got {t:g}")
    degrees = np.where(distribution.weights > 0.0, distribution.degrees, 1.0)
    return GeneralizedChiSquared(distribution.weights / scaled, degrees, distribution.noncentrality / scaled, distribution.offset)


def tilting_relative_variance(distribution: GeneralizedChiSquared, target_error: float, *, tilt: float | None = None) -> float:
    """Return the relative variance of one weighted draw M(t) exp(t (L - offset)) 1{L <= eps} with L from the law tilted by t.

    Formula: M(t) Q/P^2 - 1 with Q = E exp(t (L - offset)) 1{L <= eps} = M(-t) P(L' <= eps), L' tilted by -t: exists as a law only for
    t < 1/(2 w_max), so Q is computed by its own integral, integral over y of exp(t y) dP: exp(t y) P(y) - t times the integral of exp(t u) P(u) du.

    Parameters
    ----------
    distribution
        A single law.
    target_error
        eps above the offset and below the mean.
    tilt
        t > 0; that of `kl_inductive_bias` when left out.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    offset = float(distribution.offset)
    y = moderate("target_error", real("target_error", target_error, above=offset)) - offset
    t = kl_inductive_bias(distribution, target_error).tilt if tilt is None else real("tilt", tilt, above=0.0)
    log_p = float(distribution.logcdf(offset + y))
    nodes, weights = _rule()
    # Relative to exp(t y) P(y); the integrand falls fast from y downwards.
    u = 0.5 * y * (nodes + 1.0)
    inner = np.exp(t * (u - y) + np.asarray(distribution.logcdf(offset + u)) - log_p)
    q = 1.0 - t * 0.5 * y * float(weights @ inner)
    exponent = float(distribution.log_laplace(t)) + t * y - log_p
    if exponent > 700.0:
        raise ValueError(f"tilt must suit the target_error: with tilt {t:g} the relative variance leaves the range of floating point")
    return math.exp(exponent) * q - 1.0


def tilting_relative_variance_limit(degrees: float) -> float:
    """Return its limit, a^2 Gamma(a) B/a^a - 1 with a = H/2 and B = integral over (0, 1) of u^(a - 1) e^(a u): near sqrt(pi H)/2 - 1.

    Parameters
    ----------
    degrees
        H, from 1e-3 to 1e6.

    Raises
    ------
    ValueError
        If H is out of range.
    """
    a = 0.5 * moderate("degrees", real("degrees", degrees, above=0.0), most=1e6, least=1e-3)
    # With u = v^(1/a), so that nothing is singular at 0, and relative to e^a.
    integral = quad(lambda v: math.exp(a * (v ** (1.0 / a) - 1.0)), 0.0, 1.0, limit=400, epsabs=0.0, epsrel=1e-12)[0] / a
    return math.exp(2.0 * math.log(a) + math.lgamma(a) - a * math.log(a) + a) * integral - 1.0
