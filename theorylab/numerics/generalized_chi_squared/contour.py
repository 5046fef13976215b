"""Tails of weighted sums of noncentral chi-squared variables by a contour through the saddle point, in logarithms throughout.

With M(s) = E exp(-s Q), P(Q <= y) = (1/(2 pi i)) integral of exp(s y) M(s)/s ds along any path to the right of 0, and P(Q > y) is minus the same
integral to the left of 0 and right of -1/(2 w_max). The path goes through the minimum s0 of phi(s) = log M(s) + s y - log|s| on the real axis and
bends to the left, s(u) = s0 + i u + c u^2/sqrt(1 + (c u/0.5)^2) with c = -|phi'''/(6 phi'')|: the direction of steepest descent to third order, never
flatter than 1 : 2, so that it meets no branch point and near-Gaussian laws do not oscillate on it. There the trapezoid rule converges exponentially
in v with u = sinh(v)/sqrt(phi''). All is relative to phi(s0), so probabilities far below the smallest double keep the digits of their logarithm.
Derived here.

Written for arrays of numpy or cupy: B spectra with R terms each.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import array_module, checked_array
from theorylab.device.rows import can_run
from theorylab.validation import instance, moderate

__all__ = ["Spectra", "log_laplace", "log_lower_tail", "log_tails", "log_upper_tail", "mean_of_spectra"]

_HALVINGS = 64
# The step of v: equal steps of u near the saddle, growing like u where only the far decay is left. The integrand is analytic in a strip of half-width
# 0.45 or so, and exp(-2 pi 0.45/step) is the error.
_STEP = 0.08
_SLOPE = 0.5
# Complex numbers held at once.
_CHUNK = 2**20
_FAR = 1e14
# Squares of larger numbers would leave the range of floating point.
_LARGEST = 1e100


class Spectra(NamedTuple):
    """Weights > 0, degrees > 0 and noncentralities >= 0 of B sums, each (B, R); a term of weight 0 is no term."""

    weights: Any
    degrees: Any
    noncentrality: Any

    def rows(self, chosen: Any) -> Spectra:
        """Return the spectra of some rows."""
        return Spectra(self.weights[chosen], self.degrees[chosen], self.noncentrality[chosen])


def _checked(spectra: Spectra, *, positive: bool = True) -> Spectra:
    """Return spectra whose three parts are arrays (B, R) of numbers in their range; on a device only their shapes are looked at."""
    weights, degrees, noncentrality = instance("spectra", spectra, Spectra)
    weights = checked_array("weights of spectra", weights, ("B", "R"), minimum=0.0, maximum=_LARGEST)
    degrees = checked_array("degrees of spectra", degrees, weights.shape, minimum=0.0, maximum=_LARGEST)
    noncentrality = checked_array("noncentrality of spectra", noncentrality, weights.shape, minimum=0.0, maximum=_LARGEST)
    if positive and array_module(weights) is np and not np.all((weights > 0.0).any(axis=1)):
        raise ValueError("spectra must have a positive weight in every row; got a row without one")
    return Spectra(weights, degrees, noncentrality)


def _checked_places(spectra: Spectra, y: Any, *, tail: str) -> Any:
    y = checked_array("y", y, spectra.weights.shape[:1], minimum=-_LARGEST, maximum=_LARGEST)
    if tail == "lower" and array_module(y) is np:
        moderate("y", y, least=1.0 / _LARGEST)
    if array_module(y) is np and not np.all(y > (_mean(spectra) if tail == "upper" else 0.0)):
        raise ValueError(f"y must be above {'the mean' if tail == 'upper' else '0'}, row by row; got a least y of {y.min():g}")
    return y


def mean_of_spectra(spectra: Spectra) -> Any:
    """Return the means, (B,)."""
    return _mean(_checked(spectra, positive=False))


def _mean(spectra: Spectra) -> Any:
    return (spectra.weights * (spectra.degrees + spectra.noncentrality)).sum(axis=1)


def log_laplace(spectra: Spectra, s: Any) -> Any:
    """Return log M(s), (B, K), for real or complex s, (B, K), whose real part is above -1/(2 w_max).

    Raises
    ------
    ValueError
        If a number is out of range or the shapes do not fit.
    """
    spectra = _checked(spectra, positive=False)
    if array_module(s) is np:
        s = np.asarray(s) if isinstance(s, np.ndarray) and s.dtype.kind == "c" else checked_array("s", s, ("B", "K"))
        if s.ndim != 2 or len(s) != len(spectra.weights) or not np.all(np.isfinite(s)):
            raise ValueError(f"s must be finite and have shape ({len(spectra.weights)}, K); got shape {s.shape}")
        if np.any(1.0 + 2.0 * s.real * spectra.weights.max(axis=1)[:, None] <= 0.0):
            raise ValueError("s must be above -1/(2 largest weight), row by row; got one that is not")
    return _log_laplace(spectra, s)


def _log_laplace(spectra: Spectra, s: Any) -> Any:
    """Return what `log_laplace` does, some terms at a time if an array of size B K R would be large."""
    xp = array_module(s)
    if s.dtype.kind == "c" and can_run(s):
        from theorylab.numerics.generalized_chi_squared.contour_device import log_laplace_device

        return log_laplace_device(xp, *spectra, s)
    total = xp.zeros_like(s)
    together = max(1, _CHUNK // 4 // max(s.size, 1))
    for first in range(0, spectra.weights.shape[1], together):
        weights, degrees, noncentrality = (part[:, None, first : first + together] for part in spectra)
        scaled = 2.0 * s[:, :, None] * weights
        total -= 0.5 * (degrees * _log1p(xp, scaled) + noncentrality * scaled / (1.0 + scaled)).sum(axis=2)
    return total


def _log1p(xp: Any, z: Any) -> Any:
    """Return log(1 + z), whose imaginary part is the angle and whose real part keeps its digits near z = 0."""
    if z.dtype.kind != "c":
        return xp.log1p(z)
    x, y = z.real, z.imag
    # Near 0 without cancellation; far out without a square, and near the branch point at -1 without adding to 1.
    near = (xp.abs(x) + xp.abs(y) < 1e3) & (x > -0.5)
    u, v = xp.where(near, x, 0.0), xp.where(near, y, 0.0)
    modulus = xp.where(near, 0.5 * xp.log1p(u * (2.0 + u) + v * v), xp.log(xp.hypot(1.0 + x, y)))
    return modulus + 1j * xp.arctan2(y, 1.0 + x)


def _derivatives(spectra: Spectra, y: Any, s: Any) -> tuple[Any, Any, Any]:
    """Return the first three derivatives of phi at real s, (B,)."""
    w, h, delta = spectra
    part = w / (1.0 + 2.0 * s[:, None] * w)
    noncentral = delta / (1.0 + 2.0 * s[:, None] * w)
    first = y - (part * (h + noncentral)).sum(axis=1) - 1.0 / s
    second = (2.0 * part**2 * (h + 2.0 * noncentral)).sum(axis=1) + 1.0 / s**2
    third = -(8.0 * part**3 * (h + 3.0 * noncentral)).sum(axis=1) - 2.0 / s**3
    return first, second, third


def _lower_saddle(spectra: Spectra, y: Any) -> Any:
    """Return the minimum of phi on s > 0: between 1/y (phi' is below 0 there) and (H/2 + sum of noncentralities/2 + 1)/y."""
    xp = array_module(y)
    low = xp.log(1.0 / y) - 1e-9
    # phi' >= y - (sum h/2 + sum delta/2 + 1)/s.
    high = xp.log((0.5 * (spectra.degrees * (spectra.weights > 0)).sum(axis=1) + 0.5 * spectra.noncentrality.sum(axis=1) + 1.0) / y) + 1e-9
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        right = _derivatives(spectra, y, xp.exp(middle))[0] > 0.0
        high, low = xp.where(right, middle, high), xp.where(right, low, middle)
    return xp.exp(0.5 * (low + high))


def _upper_saddle(spectra: Spectra, y: Any) -> Any:
    """Return the minimum of phi on -1/(2 w_max) < s < 0, sought on a scale that is logarithmic at both ends."""
    xp = array_module(y)
    edge = 0.5 / spectra.weights.max(axis=1)
    # e^-34 above the branch point the sum of its own term is 1e15 of its weight: no place lies beyond.
    low, high = xp.full_like(y, -34.0), xp.full_like(y, 80.0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        # s = -edge/(1 + e^middle): near the branch point for middle -> -inf, near 0 for middle -> inf.
        right = _derivatives(spectra, y, -edge / (1.0 + xp.exp(middle)))[0] > 0.0
        high, low = xp.where(right, middle, high), xp.where(right, low, middle)
    return -edge / (1.0 + xp.exp(0.5 * (low + high)))


def _along_the_contour(spectra: Spectra, y: Any, saddle: Any) -> Any:
    xp = array_module(y)
    _, second, third = _derivatives(spectra, y, saddle)
    # No longer than the way to the pole or the branch point, which few degrees of freedom bring nearer than the curvature tells.
    room = xp.minimum(xp.abs(saddle), saddle + 0.5 / spectra.weights.max(axis=1))
    unit = xp.minimum(1.0 / xp.sqrt(second), room)
    bend = -xp.abs(third / (6.0 * second))
    sign = xp.where(saddle > 0.0, 1.0, -1.0)[:, None]
    top = _log_laplace(spectra, saddle[:, None])[:, 0] + saddle * y - xp.log(xp.abs(saddle))
    # Far out the integrand falls at least like exp(-0.4 u y), whatever M does.
    reach = float(xp.max(xp.arcsinh(xp.maximum(60.0 / (unit * xp.sqrt(second)), 130.0 / (unit * y)))))
    nodes = int(reach / _STEP) + 2
    total = xp.zeros_like(y)
    per_chunk = max(1, _CHUNK // len(y))
    for begin in range(0, nodes, per_chunk):
        v = _STEP * xp.arange(begin, min(begin + per_chunk, nodes))
        u = unit[:, None] * xp.sinh(v)
        ratio = 1.0 + (bend[:, None] * u / _SLOPE) ** 2
        s = saddle[:, None] + bend[:, None] * u**2 / xp.sqrt(ratio) + 1j * u
        # ds/(i dv).
        slope = (1.0 - 1j * bend[:, None] * u * (1.0 + ratio) / ratio**1.5) * unit[:, None] * xp.cosh(v)
        phi = _log_laplace(spectra, s) + s * y[:, None] - xp.log(sign * s) - top[:, None]
        values = (xp.exp(phi) * slope).real
        if begin == 0:
            values[:, 0] *= 0.5
        total += values.sum(axis=1)
    return top + xp.log(total * _STEP / np.pi)


def log_lower_tail(spectra: Spectra, y: Any) -> Any:
    """Return log P(Q <= y), (B,), for y > 0 that is not far above the mean."""
    spectra = _checked(spectra)
    return _lower(spectra, _checked_places(spectra, y, tail="lower"))


def _lower(spectra: Spectra, y: Any) -> Any:
    return _along_the_contour(spectra, y, _lower_saddle(spectra, y))


def log_upper_tail(spectra: Spectra, y: Any) -> Any:
    """Return log P(Q > y), (B,), for y above the mean."""
    spectra = _checked(spectra)
    return _upper(spectra, _checked_places(spectra, y, tail="upper"))


def _upper(spectra: Spectra, y: Any) -> Any:
    xp = array_module(y)
    largest = spectra.weights.max(axis=1)
    near = _mean(spectra) + largest
    # So far out that the saddle cannot be told from the branch point, log P is that of the terms of the largest weight to a relative 1e-12.
    far = y > _FAR * near
    root = xp.sqrt(xp.where(spectra.weights == largest[:, None], spectra.noncentrality, 0.0).sum(axis=1))
    beyond = -0.5 * (xp.sqrt(y / largest) - root) ** 2
    inside = xp.where(far, 4.0 * near, y)
    return xp.where(far, beyond, _along_the_contour(spectra, inside, _upper_saddle(spectra, inside)))


def log_tails(spectra: Spectra, y: Any) -> tuple[Any, Any]:
    """Return (log P(Q <= y), log P(Q > y)), each (B,): the smaller one by the contour on its side, the other from it; -inf where it is 0."""
    spectra = _checked(spectra)
    y = checked_array("y", y, spectra.weights.shape[:1], minimum=-_LARGEST, maximum=_LARGEST)
    xp = array_module(y)
    y = y.astype(xp.float64)
    lower, upper = xp.full_like(y, -xp.inf), xp.zeros_like(y)
    # The lower contour keeps all digits up to one standard deviation above the mean; the upper one loses some next to the mean.
    above = y > _mean(spectra) + xp.sqrt((2.0 * spectra.weights**2 * (spectra.degrees + 2.0 * spectra.noncentrality)).sum(axis=1))
    for chosen, is_above in ((xp.flatnonzero(above), True), (xp.flatnonzero(~above & (y > 0.0)), False)):
        if len(chosen) == 0:
            continue
        part = spectra.rows(chosen)
        # In units of y, so that no square of s overflows.
        part = part._replace(weights=part.weights / y[chosen][:, None])
        near = xp.minimum((_upper if is_above else _lower)(part, xp.ones(len(chosen))), 0.0)
        far = xp.log1p(-xp.exp(near))
        lower[chosen], upper[chosen] = (far, near) if is_above else (near, far)
    return lower, upper
