"""Spectra of the matrix-variate Beta law: eigenvalues of U = S^{-1/2} A S^{-1/2}, S = A + B, for independent Wishart matrices A and B.

A ~ Wishart_d(m, I) and B ~ Wishart_d(p, I); then S ~ Wishart_d(m + p, I) is independent of U, and U has the law of O U O^T for every
orthogonal O, so its eigenvalues are all that is left to draw. None of the matrices is ever formed.

Here m is `first_degrees_of_freedom`, p is `second_degrees_of_freedom` and d is `dimension`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import array_module, check_draw, namespace_of
from theorylab.device.rows import can_run
from theorylab.models._tridiagonal import checked_bidiagonal, checked_tridiagonal
from theorylab.validation import instance, whole_number

__all__ = [
    "JacobiBidiagonal",
    "jacobi_bidiagonal",
    "jacobi_eigenvalues",
    "jacobi_tridiagonal",
    "tridiagonal_eigenvalues",
    "tridiagonal_eigenvalues_plain",
    "tridiagonal_entries",
]


class JacobiBidiagonal(NamedTuple):
    """Squared entries of the upper bidiagonal B, batch first: B_ii^2 in `diagonal` (size, N), B_{i,i+1}^2 in `above` (size, N - 1)."""

    diagonal: Any
    above: Any


def _beta_pairs(rng: Any, size: int, first: np.ndarray, second: np.ndarray) -> tuple[Any, Any]:
    """Draw c^2 ~ Beta(first / 2, second / 2), one column per entry, and 1 - c^2 without cancellation."""
    if isinstance(rng, np.random.Generator):
        from theorylab.models.wishart_kernels import chi_squared_rows

        left, right = chi_squared_rows(rng, first, size), chi_squared_rows(rng, second, size)
    else:
        xp, shape = namespace_of(rng), (size, first.size)
        left, right = rng.chisquare(xp.asarray(first), shape), rng.chisquare(xp.asarray(second), shape)
    total = left + right
    return left / total, right / total


def jacobi_bidiagonal(rng: Any, size: int, *, first_degrees_of_freedom: int, second_degrees_of_freedom: int, dimension: int) -> JacobiBidiagonal:
    """Draw the squared entries of an upper bidiagonal B whose squared singular values are the eigenvalues of U not forced to be 0 or 1.

    The bidiagonal model of Edelman and Sutton (2008) of a corner of a random orthogonal matrix. N = min(d, m, p, m + p - d) eigenvalues are
    free; with a = |m - d| and b = |p - d|,

        c_i^2 ~ Beta((a + i) / 2, (b + i) / 2), i = 1..N;    c'_i^2 ~ Beta(i / 2, (a + b + 1 + i) / 2), i = 1..N - 1,

    all independent, s^2 = 1 - c^2. B has the diagonal c_N, c_{N-1} s'_{N-1}, ..., c_1 s'_1 and the superdiagonal -s_N c'_{N-1}, ..., -s_2 c'_1.

    Parameters
    ----------
    rng
        Random generator, numpy's or a device's.
    size
        Number of spectra.
    first_degrees_of_freedom, second_degrees_of_freedom
        m >= 0 and p >= 0 with m + p >= d.
    dimension
        d >= 1.

    Returns
    -------
    JacobiBidiagonal
        Arrays of shape (size, N) and (size, N - 1); both (size, 0) if N = 0.

    Raises
    ------
    ValueError
        If a count is not an integer in range, or m + p < d.
    """
    size = check_draw(rng, size)
    m, p, d = _checked(first_degrees_of_freedom, second_degrees_of_freedom, dimension)
    xp, free = namespace_of(rng), min(d, m, p, m + p - d)
    if free == 0:
        return JacobiBidiagonal(xp.zeros((size, 0)), xp.zeros((size, 0)))
    a, b = abs(m - d), abs(p - d)
    i = np.arange(free, 0, -1, dtype=float)
    diagonal, sines = _beta_pairs(rng, size, a + i, b + i)
    if free == 1:
        return JacobiBidiagonal(diagonal, xp.zeros((size, 0)))
    inner = i[1:]
    inner_cosines, inner_sines = _beta_pairs(rng, size, inner, a + b + 1.0 + inner)
    diagonal[:, 1:] *= inner_sines
    inner_cosines *= sines[:, :-1]
    return JacobiBidiagonal(diagonal, inner_cosines)


def jacobi_tridiagonal(rng: Any, size: int, *, first_degrees_of_freedom: int, second_degrees_of_freedom: int, dimension: int) -> tuple[Any, Any]:
    """Draw the tridiagonal T = B^T B of `jacobi_bidiagonal`: its diagonal (size, N) and squared off-diagonal (size, N - 1).

    Parameters
    ----------
    rng, size, first_degrees_of_freedom, second_degrees_of_freedom, dimension
        As in `jacobi_bidiagonal`.

    Raises
    ------
    ValueError
        If a count is not an integer in range, or m + p < d.
    """
    size = check_draw(rng, size)
    bidiagonal = jacobi_bidiagonal(
        rng, size, first_degrees_of_freedom=first_degrees_of_freedom, second_degrees_of_freedom=second_degrees_of_freedom, dimension=dimension
    )
    return tridiagonal_entries(bidiagonal)


def tridiagonal_entries(bidiagonal: JacobiBidiagonal) -> tuple[Any, Any]:
    """Return the diagonal (size, N) and the squared off-diagonal (size, N - 1) of T = B^T B."""
    instance("bidiagonal", bidiagonal, JacobiBidiagonal)
    diagonal, above = checked_bidiagonal(*bidiagonal)
    entries = diagonal.copy()
    entries[:, 1:] += above
    return entries, diagonal[:, :-1] * above


def jacobi_eigenvalues(rng: Any, size: int, *, first_degrees_of_freedom: int, second_degrees_of_freedom: int, dimension: int) -> Any:
    """Draw the d eigenvalues of U = S^{-1/2} A S^{-1/2}, for every shape with m + p >= d.

    (d - m)_+ of them are exactly 0, (d - p)_+ exactly 1, the others those of `jacobi_tridiagonal`. O(d) random numbers, O(d^2) operations.

    Parameters
    ----------
    rng, size, first_degrees_of_freedom, second_degrees_of_freedom, dimension
        As in `jacobi_tridiagonal`.

    Returns
    -------
    array of shape (size, d)
        In [0, 1], ascending; absolute error near 1e-15.

    Raises
    ------
    ValueError
        If a count is not an integer in range, or m + p < d.
    """
    size = check_draw(rng, size)
    m, p, d = _checked(first_degrees_of_freedom, second_degrees_of_freedom, dimension)
    xp, zeros, ones = namespace_of(rng), max(d - m, 0), max(d - p, 0)
    eigenvalues = xp.zeros((size, d))
    eigenvalues[:, d - ones :] = 1.0
    if zeros + ones < d:
        diagonal, squared_off_diagonal = jacobi_tridiagonal(rng, size, first_degrees_of_freedom=m, second_degrees_of_freedom=p, dimension=d)
        # Rounding may carry an eigenvalue over the end of its range.
        eigenvalues[:, zeros : d - ones] = xp.clip(tridiagonal_eigenvalues(diagonal, squared_off_diagonal), 0.0, 1.0)
    return eigenvalues


def tridiagonal_eigenvalues(diagonal: Any, squared_off_diagonal: Any) -> Any:
    """Return the eigenvalues of each symmetric tridiagonal matrix, ascending.

    Parameters
    ----------
    diagonal
        (size, k), k >= 1.
    squared_off_diagonal
        (size, k - 1), all >= 0.

    Returns
    -------
    array of shape (size, k)
        Absolute error about 1e-15 times the norm of the matrix.
    """
    diagonal, squared_off_diagonal = checked_tridiagonal(diagonal, squared_off_diagonal, largest=1e300)
    if isinstance(diagonal, np.ndarray):
        from theorylab.models.tridiagonal_kernels import tridiagonal_eigenvalue_rows

        return tridiagonal_eigenvalue_rows(diagonal, squared_off_diagonal)
    xp = array_module(diagonal)
    if can_run(diagonal):
        from theorylab.models import tridiagonal_device

        return tridiagonal_device.tridiagonal_eigenvalues(xp, diagonal, squared_off_diagonal)
    return tridiagonal_eigenvalues_plain(diagonal, squared_off_diagonal, namespace=xp)


def tridiagonal_eigenvalues_plain(diagonal: Any, squared_off_diagonal: Any, *, namespace: Any = np) -> Any:
    """Return what `tridiagonal_eigenvalues` returns, by LAPACK's dense solver on the full matrices (any array module)."""
    diagonal, squared_off_diagonal = checked_tridiagonal(diagonal, squared_off_diagonal, largest=1e300)
    size, k = diagonal.shape
    dense = namespace.zeros((size, k * k))
    dense[:, :: k + 1] = diagonal
    # `eigvalsh` reads the lower triangle only.
    dense[:, k :: k + 1] = namespace.sqrt(squared_off_diagonal)
    return namespace.linalg.eigvalsh(dense.reshape(size, k, k))


def _checked(first_degrees_of_freedom: int, second_degrees_of_freedom: int, dimension: int) -> tuple[int, int, int]:
    m = whole_number("first_degrees_of_freedom", first_degrees_of_freedom, minimum=0)
    p = whole_number("second_degrees_of_freedom", second_degrees_of_freedom, minimum=0)
    d = whole_number("dimension", dimension)
    if m + p < d:
        raise ValueError(f"dimension must be an integer from 1 to first_degrees_of_freedom + second_degrees_of_freedom = {m + p}; got {d}")
    return m, p, d
