"""How the bias grows with dimension, with smoothness and with the number of test points, in spaces where it is known in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfcx, gammaln

from theorylab.backend import check_broadcast
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.validation import integers, moderate, plain, real, reals, whole_number

__all__ = [
    "brownian_small_ball",
    "distinct_points_rate",
    "fourier_slope",
    "lattice_counts",
    "torus_small_ball",
    "torus_spectrum",
]

# In more, the counts and volumes leave the range of floating point.
_MOST_DIMENSIONS = 100
# Of the squared lengths on a lattice that are counted: in 100 dimensions there are e^645 vectors up to here.
_LONGEST = 100_000


def fourier_slope(dimension: ArrayLike, frequencies: ArrayLike, points: ArrayLike, outputs: ArrayLike = 1) -> Any:
    """Return dI/d log(1/eps) for small eps in the orthonormal Fourier space |k_j| <= M on the d-torus with n interpolated points, (D - n) k/2.

    D = (2 M + 1)^d: exponential in the dimension, and each point saves exactly (k/2) log(1/eps). Derived here.

    Parameters
    ----------
    dimension, frequencies, points, outputs
        d, M, k >= 1 and n >= 0 with n < D; they broadcast.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    check_broadcast(dimension=dimension, frequencies=frequencies, points=points, outputs=outputs)
    d, m = np.asarray(integers("dimension", dimension)), np.asarray(integers("frequencies", frequencies))
    n, k = np.asarray(integers("points", points, minimum=0)), np.asarray(integers("outputs", outputs))
    with np.errstate(over="ignore"):
        total = (2.0 * m + 1.0) ** d
    if not np.all(np.isfinite(total)):
        raise ValueError(f"dimension and frequencies must leave (2 M + 1)^d within the range of floating point; got {np.max(d)} and {np.max(m)}")
    if np.any(n >= total):
        raise ValueError(f"points must be fewer than the (2 M + 1)^d = {np.min(total):g} features; got {np.max(n)}")
    return plain(0.5 * k * (total - n))


def torus_small_ball(smoothness: float, dimension: int, target_error: ArrayLike) -> Any:
    """Return the leading form of I(eps) for a zero target under a Matern prior on the torus, eigenvalues (1 + |q|^2)^(-nu - d/2).

    Formula: C (eps/V^beta)^(-1/(beta - 1)) with beta = 1 + 2 nu/d, V the volume of the unit ball, C = ((beta - 1)/2)(pi/(beta
    sin(pi/beta)))^(beta/(beta - 1)): of order eps^(-d/(2 nu)) (small-ball theory; Sytaya 1974).

    Parameters
    ----------
    smoothness
        nu, from 1e-3 to 1e3.
    dimension
        d, from 1 to 100.
    target_error
        eps > 0, any shape; of the integral over the torus of volume 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    nu, d = (
        moderate("smoothness", real("smoothness", smoothness, above=0.0), most=1e3, least=1e-3),
        whole_number("dimension", dimension, maximum=_MOST_DIMENSIONS),
    )
    eps = np.asarray(moderate("target_error", reals("target_error", target_error, above=0.0), least=1e-100))
    beta = 1.0 + 2.0 * nu / d
    log_volume = 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d + 1.0)
    log_constant = math.log(0.5 * (beta - 1.0)) + beta / (beta - 1.0) * math.log(math.pi / (beta * math.sin(math.pi / beta)))
    nats = log_constant + (beta * log_volume - np.log(eps)) / (beta - 1.0)
    if np.any(nats > 700.0):
        raise ValueError(f"target_error must be larger for this smoothness: the bias leaves the range of floating point; got {target_error!r:.80}")
    return plain(np.exp(nats))


def lattice_counts(dimension: int, largest: int) -> np.ndarray:
    """Return how many integer vectors have |q|^2 = 0, 1, ..., largest, by convolving the counts of one coordinate.

    Parameters
    ----------
    dimension
        d, from 1 to 100.
    largest
        From 0 to 10^5.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    d = whole_number("dimension", dimension, maximum=_MOST_DIMENSIONS)
    top = whole_number("largest", largest, minimum=0, maximum=_LONGEST)
    one = np.zeros(top + 1)
    squares = np.arange(math.isqrt(top) + 1) ** 2
    one[squares] = 2.0
    one[0] = 1.0
    total = one
    for _ in range(d - 1):
        added = total.copy()
        for square in squares[1:]:
            added[square:] += 2.0 * total[: top + 1 - square]
        total = added
    return total


def torus_spectrum(smoothness: float, dimension: int, *, largest: int = 1000, nodes: int = 60) -> GeneralizedChiSquared:
    """Return the law of the integrated square of a Matern prior draw on the torus, its tail as a continuum.

    Below |q|^2 = largest the lattice is counted, above it the density d V r^(d - 1) dr takes over at Gauss points in log r, with fractional degrees.
    As a constant offset the tail would bias the bias upwards. Derived here.

    Parameters
    ----------
    smoothness, dimension
        nu from 1e-3 to 1e3, and d from 1 to 100.
    largest
        Of |q|^2 counted, >= 1.
    nodes
        Of the tail, >= 2.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    nu, d = (
        moderate("smoothness", real("smoothness", smoothness, above=0.0), most=1e3, least=1e-3),
        whole_number("dimension", dimension, maximum=_MOST_DIMENSIONS),
    )
    top = whole_number("largest", largest, maximum=_LONGEST)
    counts = lattice_counts(d, top)
    squares = np.flatnonzero(counts)
    exponent = -nu - 0.5 * d
    volume = math.pi ** (0.5 * d) / math.gamma(0.5 * d + 1.0)
    # The radius beyond which the continuum has as many points as the lattice has left.
    radius = (counts.sum() / volume) ** (1.0 / d)
    x, weight = np.polynomial.legendre.leggauss(whole_number("nodes", nodes, minimum=2))
    # r^(d - 1) (1 + r^2)^(-nu - d/2) falls like r^(-1 - 2 nu): e^(-36) is left beyond this reach.
    reach = 18.0 / nu
    log_r = math.log(radius) + 0.5 * reach * (x + 1.0)
    if d * float(log_r[-1]) > 220.0:
        raise ValueError(f"dimension must be smaller or smoothness larger, else weights are too many to count; got {d} and {nu:g}")
    tail = d * volume * np.exp(d * log_r) * 0.5 * reach * weight
    w = np.concatenate([(1.0 + squares) ** exponent, (1.0 + np.exp(2.0 * log_r)) ** exponent])
    return GeneralizedChiSquared(w, np.concatenate([counts[squares], tail]))


def brownian_small_ball(target_error: ArrayLike) -> Any:
    """Return -log P(integral of W^2 over [0, 1] <= x) for Brownian motion.

    Formula: P = sqrt 2 sum over q of C(-1/2, q) erfc((2 q + 1/2)/sqrt(2 x)) (from (cosh sqrt(2 s))^(-1/2); Cameron and Martin 1944), near
    4 sqrt(x/pi) exp(-1/(8 x)) for small x.

    Parameters
    ----------
    target_error
        x in (0, 2], any shape.

    Raises
    ------
    ValueError
        If x is out of range.
    """
    x = np.asarray(moderate("target_error", reals("target_error", target_error, above=0.0, maximum=2.0), least=1e-100))
    q = np.arange(60.0)
    signs = np.where(q % 2 == 0, 1.0, -1.0)
    sizes = np.exp(gammaln(q + 0.5) - gammaln(q + 1.0) - gammaln(0.5))
    z = (2.0 * q + 0.5) / np.sqrt(2.0 * x[..., None])
    first = z[..., :1]
    # Relative to exp(-z_0^2), so that nothing underflows.
    total = (signs * sizes * erfcx(z) * np.exp(first**2 - z**2)).sum(axis=-1)
    return plain(first[..., 0] ** 2 - 0.5 * math.log(2.0) - np.log(total))


def distinct_points_rate(mean_square_target: ArrayLike, target_error: ArrayLike) -> Any:
    """Return nats per test output where test points are independent under the kernel: I grows like this rate times m k.

    Formula: max over s >= 0 of log(1 + 2 s)/2 + v s/(1 + 2 s) - s eps (Cramer's theorem for noncentral chi-squared terms; derived here).

    Parameters
    ----------
    mean_square_target
        v >= 0, the mean of y*^2 for a kernel of variance 1; broadcasts.
    target_error
        eps > 0; the rate is 0 at and above 1 + v.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    check_broadcast(mean_square_target=mean_square_target, target_error=target_error)
    v = np.asarray(moderate("mean_square_target", reals("mean_square_target", mean_square_target, minimum=0.0)))
    eps = np.asarray(moderate("target_error", reals("target_error", target_error, above=0.0), least=1e-100))
    # With u = 1/(1 + 2 s) the derivative vanishes where v u^2 + u = eps.
    u = np.minimum(2.0 * eps / (1.0 + np.sqrt(1.0 + 4.0 * v * eps)), 1.0)
    s = 0.5 * (1.0 / u - 1.0)
    return plain(-0.5 * np.log(u) + v * s * u - s * eps)
