"""Wishart matrices S = X^T X, X of shape (n, d) with rows N(0, Sigma), and their spectra without ever forming X.

Three exact representations, each cheaper than the one before:

* Bartlett (`bartlett_factors`, `wishart_matrices`): S = L L^T with L lower trapezoidal, chi variables on its diagonal and normals below it.
  Gram-Schmidt on the rows of X^T gives it for every shape; for n < d the factor has only n columns.
* Bidiagonal (`laguerre_bidiagonal`), Sigma = I: Householder reflections from both sides keep the law of a Gaussian matrix, so the
  min(n, d) squared singular values of X are those of a bidiagonal B with independent chi entries (Silverstein 1985; Dumitriu & Edelman 2002).
* Tridiagonal (`laguerre_tridiagonal`): T = B B^T has the nonzero eigenvalues of S. Traces of T, T^2 and (T + shift I)^-1 cost O(min(n, d)).

Here n is `degrees_of_freedom` (rows of X) and d is `dimension`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import array_module, check_draw, namespace_of
from theorylab.device.rows import can_run
from theorylab.models._tridiagonal import checked_bidiagonal, checked_tridiagonal
from theorylab.validation import covariance, instance, real, whole_number

__all__ = [
    "LaguerreBidiagonal",
    "bartlett_factors",
    "laguerre_bidiagonal",
    "laguerre_tridiagonal",
    "largest_eigenvalue",
    "resolvent_trace",
    "tridiagonal_entries",
    "wishart_matrices",
    "wishart_traces",
]


class LaguerreBidiagonal(NamedTuple):
    """Squared entries of the lower bidiagonal B, batch first: B_ii^2 in `diagonal` (size, k), B_{i+1,i}^2 in `below` (size, k - 1)."""

    diagonal: Any
    below: Any


def bartlett_factors(rng: Any, size: int, *, degrees_of_freedom: int, dimension: int) -> Any:
    """Draw L with L L^T ~ Wishart_d(n, I), lower trapezoidal of shape (d, min(n, d)).

    L_jj^2 ~ chi-squared(n - j) for j = 0..min(n, d) - 1, L_ij ~ N(0, 1) for i > j, all independent.

    Parameters
    ----------
    rng
        Random generator, numpy's or a device's.
    size
        Number of factors.
    degrees_of_freedom
        n >= 1; smaller than d is allowed (a singular Wishart matrix).
    dimension
        d >= 1.

    Returns
    -------
    array of shape (size, d, min(n, d))

    Raises
    ------
    ValueError
        If a count is not an integer >= 1.
    """
    size = check_draw(rng, size)
    n, d = whole_number("degrees_of_freedom", degrees_of_freedom), whole_number("dimension", dimension)
    xp, k = namespace_of(rng), min(n, d)
    factors = xp.zeros((size, d, k))
    diagonal = xp.arange(k)
    factors[:, diagonal, diagonal] = xp.sqrt(rng.chisquare(xp.arange(n, n - k, -1, dtype=float), (size, k)))
    rows, columns = np.tril_indices(d, -1, k)
    if rows.size:
        factors[:, xp.asarray(rows), xp.asarray(columns)] = rng.standard_normal((size, rows.size))
    return factors


def wishart_matrices(
    rng: Any, size: int, *, degrees_of_freedom: int, dimension: int | None = None, feature_covariance: ArrayLike | None = None
) -> Any:
    """Draw S ~ Wishart_d(n, Sigma) from Bartlett factors.

    Parameters
    ----------
    rng, size, degrees_of_freedom
        As in `bartlett_factors`.
    dimension
        d >= 1; may be left out when `feature_covariance` is given.
    feature_covariance
        Sigma, (d, d) positive definite; the identity when left out.

    Returns
    -------
    array of shape (size, d, d)

    Raises
    ------
    ValueError
        If both `dimension` and `feature_covariance` are missing, or one of them is out of range.
    """
    size = check_draw(rng, size)
    if feature_covariance is None:
        if dimension is None:
            raise ValueError("dimension must be given when feature_covariance is not; got None")
        factors = bartlett_factors(rng, size, degrees_of_freedom=degrees_of_freedom, dimension=dimension)
    else:
        sigma = covariance("feature_covariance", feature_covariance, dimension=dimension)
        factors = bartlett_factors(rng, size, degrees_of_freedom=degrees_of_freedom, dimension=sigma.shape[0])
        factors = namespace_of(rng).asarray(np.linalg.cholesky(sigma)) @ factors
    return factors @ factors.swapaxes(1, 2)


def laguerre_bidiagonal(rng: Any, size: int, *, degrees_of_freedom: int, dimension: int) -> LaguerreBidiagonal:
    """Draw the squared entries of a lower bidiagonal B whose squared singular values are the nonzero eigenvalues of S ~ Wishart_d(n, I).

    With k = min(n, d), m = max(n, d), rows i counted from 0: B_ii^2 ~ chi-squared(m - i), B_{i+1,i}^2 ~ chi-squared(k - 1 - i), independent.

    Parameters
    ----------
    rng, size, degrees_of_freedom, dimension
        As in `bartlett_factors`.

    Returns
    -------
    LaguerreBidiagonal
        Arrays of shape (size, k) and (size, k - 1).
    """
    size = check_draw(rng, size)
    n, d = whole_number("degrees_of_freedom", degrees_of_freedom), whole_number("dimension", dimension)
    xp, k, m = namespace_of(rng), min(n, d), max(n, d)
    diagonal_degrees, degrees_below = xp.arange(m, m - k, -1, dtype=float), xp.arange(k - 1, 0, -1, dtype=float)
    if isinstance(rng, np.random.Generator):
        from theorylab.models.wishart_kernels import chi_squared_rows

        return LaguerreBidiagonal(chi_squared_rows(rng, diagonal_degrees, size), chi_squared_rows(rng, degrees_below, size))
    below = rng.chisquare(degrees_below, (size, k - 1)) if k > 1 else xp.zeros((size, 0))
    return LaguerreBidiagonal(rng.chisquare(diagonal_degrees, (size, k)), below)


def tridiagonal_entries(bidiagonal: LaguerreBidiagonal) -> tuple[Any, Any]:
    """Return the diagonal (size, k) and the squared off-diagonal (size, k - 1) of T = B B^T."""
    instance("bidiagonal", bidiagonal, LaguerreBidiagonal)
    squares, below = checked_bidiagonal(*bidiagonal)
    diagonal = squares.copy()
    diagonal[:, 1:] += below
    return diagonal, squares[:, :-1] * below


def laguerre_tridiagonal(rng: Any, size: int, *, degrees_of_freedom: int, dimension: int) -> tuple[Any, Any]:
    """Draw a tridiagonal T with the nonzero eigenvalues of S ~ Wishart_d(n, I): its diagonal (size, k) and squared off-diagonal (size, k - 1)."""
    size = check_draw(rng, size)
    return tridiagonal_entries(laguerre_bidiagonal(rng, size, degrees_of_freedom=degrees_of_freedom, dimension=dimension))


def wishart_traces(rng: Any, size: int, *, degrees_of_freedom: int, dimension: int) -> tuple[Any, Any]:
    """Draw (tr S, tr S^2) jointly for S ~ Wishart_d(n, I), in O(min(n, d)) per replicate.

    tr T = sum of the diagonal, tr T^2 = sum of its squares plus twice the sum of the squared off-diagonal.

    Parameters
    ----------
    rng, size, degrees_of_freedom, dimension
        As in `bartlett_factors`.

    Returns
    -------
    tuple of two arrays of shape (size,)
    """
    size = check_draw(rng, size)
    diagonal, squared_off_diagonal = laguerre_tridiagonal(rng, size, degrees_of_freedom=degrees_of_freedom, dimension=dimension)
    xp = namespace_of(rng)
    return diagonal.sum(axis=1), xp.einsum("bi,bi->b", diagonal, diagonal) + 2.0 * squared_off_diagonal.sum(axis=1)


def resolvent_trace(bidiagonal: LaguerreBidiagonal, shift: float) -> Any:
    """Return tr (B B^T + shift I)^-1 for each replicate, to full relative accuracy, in O(k).

    The forward pivots of T + shift I are f_i = B_ii^2 + s_i, the backward pivots b_i = shift + r_i + B_{i,i-1}^2, with
    s_0 = shift, s_{i+1} = shift + B_{i+1,i}^2 s_i / f_i and r_{k-1} = B_{k-1,k-1}^2, r_i = B_ii^2 (shift + r_{i+1}) / b_{i+1};
    (T + shift I)^-1_ii = 1 / (f_i + b_i - (T + shift I)_ii) = 1 / (s_i + r_i). Derived here by putting T = B B^T into the pivot
    recursions; every term is positive, so nothing cancels however small the shift is.

    Parameters
    ----------
    bidiagonal
        Squared entries from `laguerre_bidiagonal`.
    shift
        A number > 0.

    Returns
    -------
    array of shape (size,)

    Raises
    ------
    ValueError
        If `shift` is not positive.
    """
    instance("bidiagonal", bidiagonal, LaguerreBidiagonal)
    shift = real("shift", shift, above=0.0)
    checked_bidiagonal(*bidiagonal)
    if isinstance(bidiagonal.diagonal, np.ndarray):
        from theorylab.models.wishart_kernels import resolvent_trace_rows

        return resolvent_trace_rows(bidiagonal.diagonal, bidiagonal.below, shift)
    if can_run(bidiagonal.diagonal):
        from theorylab.models.tridiagonal_device import resolvent_traces

        return resolvent_traces(array_module(bidiagonal.diagonal), bidiagonal.diagonal, bidiagonal.below, shift)
    return resolvent_trace_plain(bidiagonal, shift)


def resolvent_trace_plain(bidiagonal: LaguerreBidiagonal, shift: float) -> Any:
    """Return what `resolvent_trace` returns, by array operations over the replicates (any array module)."""
    diagonal, below = bidiagonal
    k = diagonal.shape[1]
    backward = [diagonal[:, k - 1]]
    for i in range(k - 2, -1, -1):
        pivot = shift + backward[-1]
        backward.append(diagonal[:, i] * pivot / (pivot + below[:, i]))
    backward.reverse()
    forward = shift + 0.0 * diagonal[:, 0]
    total = 1.0 / (forward + backward[0])
    for i in range(1, k):
        forward = shift + below[:, i - 1] * forward / (diagonal[:, i - 1] + forward)
        total = total + 1.0 / (forward + backward[i])
    return total


def largest_eigenvalue(diagonal: Any, squared_off_diagonal: Any) -> Any:
    """Return the largest eigenvalue of each symmetric tridiagonal matrix, by Laguerre's iteration from above.

    Started at or above the largest zero of a polynomial with real zeros only, Laguerre's iteration falls monotonically and cubically to
    it. The characteristic polynomial and its two logarithmic derivatives come from the pivots of x I - T, O(k) an iteration. Relative
    accuracy about k times the machine precision, for matrices of any sign.

    Parameters
    ----------
    diagonal
        (size, k).
    squared_off_diagonal
        (size, k - 1), all >= 0.

    Returns
    -------
    array of shape (size,)
    """
    diagonal, squared_off_diagonal = checked_tridiagonal(diagonal, squared_off_diagonal)
    if isinstance(diagonal, np.ndarray):
        from theorylab.models.wishart_kernels import largest_eigenvalue_rows

        return largest_eigenvalue_rows(diagonal, squared_off_diagonal)
    if can_run(diagonal):
        from theorylab.models.tridiagonal_device import largest_eigenvalues

        return largest_eigenvalues(array_module(diagonal), diagonal, squared_off_diagonal)
    return largest_eigenvalue_plain(diagonal, squared_off_diagonal)


def largest_eigenvalue_plain(diagonal: Any, squared_off_diagonal: Any) -> Any:
    """Return what `largest_eigenvalue` returns, by 60 bisections on the sign of the pivots (any array module): slow and obvious.

    Sylvester's law of inertia: x lies above every eigenvalue iff all pivots of x I - T are positive.
    """
    k = diagonal.shape[1]
    off_diagonal = squared_off_diagonal**0.5
    radius = 0.0 * diagonal
    radius[:, :-1] += off_diagonal
    radius[:, 1:] += off_diagonal
    low, high = diagonal.max(axis=1), (diagonal + radius).max(axis=1)
    for _ in range(60):
        middle = 0.5 * (low + high)
        pivot = middle - diagonal[:, 0]
        above = pivot > 0.0
        for i in range(1, k):
            # Once a pivot is not positive the answer is known; 1 stands in for it to keep the division defined.
            pivot = middle - diagonal[:, i] - squared_off_diagonal[:, i - 1] / (above * pivot + ~above)
            above = above & (pivot > 0.0)
        low, high = above * low + ~above * middle, above * middle + ~above * high
    return 0.5 * (low + high)
