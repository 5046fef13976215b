"""Expectations over a standard normal variable by quadrature, with an error estimate; bivariate normal probabilities.

Composite Gauss-Legendre panels rather than Gauss-Hermite: links such as relu or sign have kinks, on which Gauss-Hermite converges like
1/nodes, while panels that end at the kinks converge exponentially. No library offers the panels, the tail check and the refusal to return an
unconverged value together on vectorised integrands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import owens_t

from theorylab.backend import check_broadcast, special_functions
from theorylab.validation import array_of_shape, plain, real, reals
from theorylab.validation import function as check_function

__all__ = ["ConvergenceError", "QuadratureResult", "bivariate_normal_cdf", "gaussian_expectation", "normal_density"]

# The normal density at 16 is 1e-56: integrands that grow like exp(5 |z|) or slower lose nothing beyond it, and others are caught below.
_REACH = 16.0
_NODES = 20
_ROOT = np.sqrt(2.0 * np.pi)
_LARGEST_REFINEMENT = 64


def normal_density(place: ArrayLike) -> Any:
    """Return the standard normal density, 0 at infinity; `scipy.stats` takes a hundred times as long for one number."""
    if not isinstance(place, float) or place != place:
        place = reals("place", place, finite=False)
    # Beyond 40 it is 0 in double precision.
    return np.exp(-0.5 * np.square(np.clip(place, -40.0, 40.0))) / _ROOT


class ConvergenceError(ArithmeticError):
    """A quadrature, a series or an iteration did not reach the accuracy that was asked for."""


class QuadratureResult(NamedTuple):
    """A computed value and an estimate of its absolute error.

    Attributes
    ----------
    value
        The best value.
    error
        The difference from the same quantity at a coarser resolution, so usually a large overestimate.
    """

    value: float
    error: float


def gaussian_expectation(
    function: Callable[[np.ndarray], np.ndarray], *, kinks: Sequence[float] = (), relative_tolerance: float = 1e-12
) -> QuadratureResult:
    r"""Return E g(Z) for Z ~ N(0, 1).

    Formula: ``integral of g(z) exp(-z^2/2) / sqrt(2 pi) dz``, by 20-point Gauss-Legendre panels of width at most one on [-16, 16] that end at
    the kinks; panels are halved until two resolutions agree.

    Parameters
    ----------
    function
        g, vectorised: takes an array of shape (k,), returns finite values of shape (k,). It must be smooth between the kinks.
    kinks
        Points inside (-16, 16) at which g or a derivative jumps.
    relative_tolerance
        Largest accepted error, relative to E |g(Z)| (not to E g(Z), which may vanish by symmetry).

    Returns
    -------
    QuadratureResult
        Value and error estimate.

    Raises
    ------
    ValueError
        If a kink or the tolerance is out of range.
    ConvergenceError
        If g is not finite, grows too fast for the normal tail, or two resolutions never agree (usually an undeclared kink).
    """
    check_function("function", function)
    tolerance = real("relative_tolerance", relative_tolerance, above=0.0, below=1.0)
    listed = array_of_shape("kinks", kinks, ("kinks",))
    breaks = np.sort(reals("kinks", listed, above=-_REACH, below=_REACH)) if listed.size else listed
    edges = np.unique(np.concatenate([np.arange(-_REACH, _REACH + 1.0), breaks]))
    previous, _, _ = _panel_sum(function, edges)
    refinement = 2
    while refinement <= _LARGEST_REFINEMENT:
        edges = np.sort(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))
        value, scale, tail = _panel_sum(function, edges)
        error = abs(value - previous)
        if tail > tolerance * scale:
            raise ConvergenceError(f"the integrand grows too fast: |g(z)| times the normal density is {tail:.3g} at |z| = {_REACH:g}")
        # Below the normal range of doubles nothing has relative accuracy left.
        if error <= tolerance * scale + np.finfo(np.float64).tiny:
            return QuadratureResult(value, error)
        previous, refinement = value, 2 * refinement
    raise ConvergenceError(
        f"E g(Z) did not converge to {tolerance:g}: the last two resolutions differ by {error:.3g}; "
        "every point where g jumps or bends must be declared as a kink"
    )


def _panel_sum(function: Callable[[np.ndarray], np.ndarray], edges: np.ndarray) -> tuple[float, float, float]:
    """Return E g, E |g| and the integrand's size at the two ends, on one mesh."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = 0.5 * np.diff(edges)[:, None]
    points = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel()
    values = np.asarray(function(points), dtype=np.float64)
    if values.shape != points.shape:
        raise ValueError(f"function must return an array of shape {points.shape}; got shape {values.shape}")
    if not np.all(np.isfinite(values)):
        raise ConvergenceError(f"g(z) is not finite at z = {points[~np.isfinite(values)][0]:.6g}")
    density = np.exp(-0.5 * points**2) / np.sqrt(2.0 * np.pi)
    terms = (half * weights).ravel() * density * values
    tail = max(density[0] * abs(values[0]), density[-1] * abs(values[-1]))
    return float(np.sum(terms)), float(np.sum(np.abs(terms))), float(tail)


def bivariate_normal_cdf(first: Any, second: Any, correlation: Any, *, namespace: Any = np) -> Any:
    r"""Return P(X <= h, Y <= k) for standard normal X and Y of correlation rho.

    Formula (Owen 1956): ``(Phi(h) + Phi(k)) / 2 - T(h, (k/h - rho)/s) - T(k, (h/k - rho)/s) - c`` with ``s = sqrt(1 - rho^2)`` and c = 0 if h and k
    have one sign (0 counts as positive), else 1/2. scipy's multivariate normal takes one point at a time.

    Parameters
    ----------
    first, second
        h and k, finite or infinite; they broadcast.
    correlation
        rho in [-1, 1].
    namespace
        The array module of the arguments. On a device, which has no function T, it is integrated, and no argument is checked.

    Returns
    -------
    float or array
        The absolute error is about 1e-15.

    Raises
    ------
    ValueError
        If a limit is NaN or a correlation is out of range.
    """
    if namespace is not np:
        return _bivariate_normal_cdf(first, second, correlation, namespace)
    rho = np.asarray(reals("correlation", correlation, minimum=-1.0, maximum=1.0))
    h, k = (np.asarray(reals(name, limit, finite=False)) for name, limit in (("first", first), ("second", second)))
    check_broadcast(first=h, second=k, correlation=rho)
    h, k, rho = np.broadcast_arrays(h, k, rho)
    return plain(_bivariate_normal_cdf(h, k, rho, np))


def _bivariate_normal_cdf(h: Any, k: Any, rho: Any, xp: Any) -> Any:
    term, ndtr = _owen_term if xp is np else _integrated_owen_term, special_functions(xp).ndtr
    # Beyond 40 a limit is as good as infinite, and quotients stay finite.
    h, k = xp.clip(h, -40.0, 40.0), xp.clip(k, -40.0, 40.0)
    s = xp.sqrt((1.0 - rho) * (1.0 + rho))
    degenerate = s == 0.0
    root = xp.where(degenerate, 1.0, s)
    apart = (h < 0.0) != (k < 0.0)
    probability = 0.5 * (ndtr(h) + ndtr(k)) - term(h, k, rho, root, xp) - term(k, h, rho, root, xp) - 0.5 * apart
    limit = xp.where(rho > 0.0, ndtr(xp.minimum(h, k)), xp.maximum(ndtr(h) + ndtr(k) - 1.0, 0.0))
    return xp.where(degenerate, limit, xp.clip(probability, 0.0, 1.0))


def _owen_term(h: np.ndarray, k: np.ndarray, rho: np.ndarray, s: np.ndarray, _: Any) -> np.ndarray:
    """Return T(h, (k - rho h) / (h s)); at h = 0 the quotient is infinite with the sign of k, and T(0, a) = arctan(a) / (2 pi)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (k - rho * h) / (h * s)
    # Both 0: the two terms together give arccos(rho) / (2 pi), of which each has half.
    slope = np.where(h == 0.0, np.where(k == 0.0, (1.0 - rho) / s, np.copysign(np.inf, k)), slope)
    return np.asarray(owens_t(h, slope))


@lru_cache(maxsize=1)
def _unit_nodes() -> tuple[tuple[float, float], ...]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return tuple(zip((0.5 + 0.5 * nodes).tolist(), (0.5 * weights).tolist(), strict=True))


def _integrated_owen_term(h: Any, k: Any, rho: Any, s: Any, xp: Any) -> Any:
    """Return what `_owen_term` returns, T(h, a) being an integral of exp(-h^2 (1 + x^2)/2)/(1 + x^2) over x < a, in any array module.

    With q = a h: for |q| > |h| it is (Phi(|h|) Phi(-|q|) + Phi(|q|) Phi(-|h|))/2 - T(|q|, |h/q|), so that no integral is longer than 1.
    """
    cdf = special_functions(xp).ndtr
    q = (k - rho * h) / s
    short, far = xp.minimum(xp.abs(h), xp.abs(q)), xp.maximum(xp.abs(h), xp.abs(q))
    end = short / xp.where(far > 0.0, far, 1.0)
    total = xp.zeros_like(q)
    for node, weight in _unit_nodes():
        square = 1.0 + (node * end) ** 2
        total += weight * xp.exp(-0.5 * far**2 * square) / square
    total = total * end / (2.0 * np.pi)
    turned = 0.5 * (cdf(xp.abs(h)) * cdf(-xp.abs(q)) + cdf(xp.abs(q)) * cdf(-xp.abs(h))) - total
    value = xp.where((h < 0.0) != (q < 0.0), -1.0, 1.0) * xp.where(xp.abs(q) > xp.abs(h), turned, total)
    return xp.where(far > 0.0, value, xp.arctan((1.0 - rho) / s) / (2.0 * np.pi))
