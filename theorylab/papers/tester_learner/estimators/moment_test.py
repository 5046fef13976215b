"""The conditional moment test of degree k: all moments of degree k in a band, orthogonally to the direction, against a Gaussian's.

With H_j the normalised Hermite polynomials of one variable and h_alpha(z) = product of H_alpha_i(z_i), the h_alpha of degree at most k/2 are
orthonormal under a Gaussian, and the products of two of them span all polynomials of degree k. So the matrix of means of h_alpha h_beta is compared
with the identity: entry by entry as in the paper (every moment up to a constant tau), and by its spectral norm, which says that the mean of the
square of every polynomial of degree k/2 is right up to a factor 1 +- tau and does not depend on the choice of coordinates. There are N = C(p + k/2,
k/2) polynomials in p = d - 1 coordinates: m N^2 operations and, for noise below tau, about (log N) 3^k/tau^2 rows, so d^k for degree k. Degree 2
log(1/tau)/tau^2 is what the paper needs to fool halfspaces up to tau: quasi-polynomial.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.tester_learner.estimators.learner import check_rows, unit_vector
from theorylab.papers.tester_learner.estimators.regions import basis_orthogonal_to
from theorylab.validation import real, whole_number

__all__ = ["MomentDeviation", "conditional_moment_deviation", "moment_count", "polynomial_count"]

_LARGEST_MATRIX = 6000
_CHUNK = 2048
_LARGEST_DEGREE = 1000


class MomentDeviation(NamedTuple):
    """How far the moments in a band are from a Gaussian's.

    Attributes
    ----------
    degree
        k.
    rows
        Rows in the band.
    polynomials
        N, the number of polynomials of degree k/2.
    moments
        How many moments of degree at most k there are, C(p + k, k).
    largest
        Largest deviation of an entry.
    spectral
        Largest deviation of an eigenvalue.
    """

    degree: int
    rows: int
    polynomials: int
    moments: int
    largest: float
    spectral: float


def polynomial_count(dimension: int, degree: int) -> int:
    """Return C(p + k, k), p = d - 1: how many monomials of degree at most k there are in the coordinates orthogonal to a direction, k <= 1000."""
    k = whole_number("degree", degree, minimum=0, maximum=_LARGEST_DEGREE)
    return math.comb(whole_number("dimension", dimension, minimum=2) - 1 + k, k)


def moment_count(dimension: int, degree: int) -> int:
    """Return how many moments the test of an even degree k compares: C(d - 1 + k, k) - 1, all but the mass."""
    return polynomial_count(dimension, degree) - 1


def conditional_moment_deviation(features: ArrayLike, direction: ArrayLike, *, half_width: float, degree: int) -> MomentDeviation:
    """Return how far the moments of the rows in a band are from a Gaussian's.

    Parameters
    ----------
    features
        (n, d), d >= 2.
    direction
        (d,), not 0; it is normalised.
    half_width
        c > 0 of the band |<w, x>| <= c.
    degree
        k, an even number >= 2 with at most 6000 polynomials of degree k/2.

    Returns
    -------
    MomentDeviation
        Infinite deviations if the band is empty.

    Raises
    ------
    ValueError
        If an argument is out of range, or there are too many polynomials.
    """
    x, _ = check_rows(features)
    dimension = x.shape[1]
    w = unit_vector("direction", direction, dimension)
    c = real("half_width", half_width, above=0.0)
    k = whole_number("degree", degree, minimum=2, maximum=_LARGEST_DEGREE)
    if k % 2:
        raise ValueError(f"degree must be an even number >= 2; got {k}")
    count = polynomial_count(dimension, k // 2)
    if count > _LARGEST_MATRIX:
        raise ValueError(
            f"degree must leave at most {_LARGEST_MATRIX} polynomials of half the degree; got {count} for degree {k} in {dimension} dimensions"
        )
    margins = x @ w.astype(x.dtype)
    z = np.asarray(x[np.abs(margins) <= c], dtype=np.float64) @ basis_orthogonal_to(w)
    m = z.shape[0]
    if m == 0:
        return MomentDeviation(k, 0, count, moment_count(dimension, k), math.inf, math.inf)
    matrix = np.zeros((count, count))
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, m, _CHUNK):
            values = _polynomials(z[begin : begin + _CHUNK], k // 2)
            matrix += values.T @ values
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"features must be small enough for moments of degree {k} in double precision; got up to {np.max(np.abs(x)):.3g}")
    matrix = matrix / m - np.eye(count)
    spectral = float(np.max(np.abs(np.linalg.eigvalsh(matrix))))
    return MomentDeviation(k, m, count, moment_count(dimension, k), float(np.max(np.abs(matrix))), spectral)


def _polynomials(z: np.ndarray, degree: int) -> np.ndarray:
    """Return all h_alpha of degree at most `degree` at the rows, (m, N)."""
    powers = [np.ones_like(z), z]
    for j in range(1, degree):
        # H_{j+1} sqrt(j + 1) = x H_j - sqrt(j) H_{j-1}, normalised.
        powers.append((z * powers[j] - math.sqrt(j) * powers[j - 1]) / math.sqrt(j + 1.0))
    columns = [np.ones(z.shape[0])]
    for total in range(1, degree + 1):
        for chosen in itertools.combinations_with_replacement(range(z.shape[1]), total):
            column = np.ones(z.shape[0])
            for coordinate, group in itertools.groupby(chosen):
                column = column * powers[len(list(group))][:, coordinate]
            columns.append(column)
    return np.column_stack(columns)
