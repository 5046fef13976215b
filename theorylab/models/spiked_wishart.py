"""The first eigenvector of X'X for samples with a common mean, in O(min(n, d)) time and memory: no data matrix is drawn.

X has n rows mu + z (a sign before a row changes nothing), so X'X = v v' + W with v = sqrt(n) mu + u, u ~ N(0, I_d), and W ~ Wishart_d(n - 1, I),
independent. In an orthonormal basis that begins with v, Householder reflections from both sides turn W into B'B with B upper bidiagonal,
independent chi variables of n - 1, n - 2, ... degrees of freedom on its diagonal and of d - 1, d - 2, ... above it, and leave the first basis vector
alone. So X'X is a tridiagonal matrix with |v|^2 added to its first entry; and given v, what of its first eigenvector is orthogonal to v has a uniform
direction there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import array_module, check_draw, checked_array, namespace_of
from theorylab.device.rows import can_run
from theorylab.models._tridiagonal import checked_tridiagonal
from theorylab.models.wishart import largest_eigenvalue
from theorylab.validation import moderate, real, whole_number

__all__ = ["SpikedTridiagonal", "draw_spiked_cosine", "first_weight", "first_weight_plain", "spiked_tridiagonal", "uniform_coordinate"]


class SpikedTridiagonal(NamedTuple):
    """X'X in a basis that begins with v, batch first.

    Attributes
    ----------
    diagonal, squared_off_diagonal
        Of the tridiagonal matrix, (size, k) and (size, k - 1), k = min(n, d).
    cosine
        Of the angle between v and the mean, (size,), in [-1, 1].
    """

    diagonal: Any
    squared_off_diagonal: Any
    cosine: Any


def _chi_squared(rng: Any, degrees: Any, size: int) -> Any:
    """Draw (size, k) chi-squared variables of these degrees of freedom."""
    if len(degrees) == 0:
        return namespace_of(rng).zeros((size, 0))
    if isinstance(rng, np.random.Generator):
        from theorylab.models.wishart_kernels import chi_squared_rows

        return chi_squared_rows(rng, degrees, size)
    return rng.chisquare(degrees, (size, len(degrees)))


def spiked_tridiagonal(rng: Any, size: int, *, sample_size: int, dimension: int, mean_length: float) -> SpikedTridiagonal:
    """Draw tridiagonal matrices with the nonzero eigenvalues of X'X, X of n rows mu + z in dimension d.

    Parameters
    ----------
    rng, size
        Generator and number of matrices.
    sample_size, dimension
        n >= 1 and d >= 2.
    mean_length
        |mu| >= 0, in units of the standard deviation.

    Returns
    -------
    SpikedTridiagonal

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    length = moderate("mean_length", real("mean_length", mean_length, minimum=0.0), most=1e40)
    xp = namespace_of(rng)
    rows, columns = min(n - 1, d), min(n, d)
    diagonal = _chi_squared(rng, xp.arange(n - 1, n - 1 - rows, -1, dtype=float), size)
    above = _chi_squared(rng, xp.arange(d - 1, d - columns, -1, dtype=float), size)
    along = n**0.5 * length + rng.standard_normal((size,))
    square = along**2 + rng.chisquare(d - 1.0, (size,))
    entries = xp.zeros((size, columns))
    entries[:, :rows] = diagonal
    entries[:, 1:] += above
    entries[:, 0] += square
    return SpikedTridiagonal(entries, diagonal[:, : columns - 1] * above, along / xp.sqrt(square))


def first_weight(diagonal: Any, squared_off_diagonal: Any) -> Any:
    """Return the square of the first entry of the first eigenvector, of length 1, of each symmetric tridiagonal matrix.

    Parameters
    ----------
    diagonal, squared_off_diagonal
        (size, k), and (size, k - 1), all > 0: then all entries of that vector have one sign.

    Returns
    -------
    array (size,)
        In (0, 1]. The eigenvector comes from a factorisation from both ends that meets where the residual is least, so small weights are good too.
    """
    diagonal, squared_off_diagonal = checked_tridiagonal(diagonal, squared_off_diagonal, positive=True)
    largest = largest_eigenvalue(diagonal, squared_off_diagonal)
    if isinstance(diagonal, np.ndarray):
        from theorylab.models.spiked_wishart_kernels import first_weight_rows

        return first_weight_rows(diagonal, squared_off_diagonal, largest)
    if can_run(diagonal):
        from theorylab.models.tridiagonal_device import first_weights

        return first_weights(array_module(diagonal), diagonal, squared_off_diagonal, largest)
    return first_weight_plain(diagonal, squared_off_diagonal, largest)


def first_weight_plain(diagonal: Any, squared_off_diagonal: Any, largest: Any) -> Any:
    """Return what `first_weight` returns given the largest eigenvalues (size,), by powers of two of the matrix at work (any array module).

    Inverse iteration with the pivots of (largest + tiny) I - T, two solves from a vector of ones: slow and obvious.
    """
    diagonal, squared_off_diagonal = checked_tridiagonal(diagonal, squared_off_diagonal, positive=True)
    largest = checked_array("largest", largest, diagonal.shape[:1])
    k = diagonal.shape[1]
    off = squared_off_diagonal**0.5
    shift = largest * (1.0 + 1e-13)
    pivots = [shift - diagonal[:, 0]]
    for i in range(1, k):
        pivots.append(shift - diagonal[:, i] - squared_off_diagonal[:, i - 1] / pivots[-1])
    vector = [1.0 + 0.0 * diagonal[:, 0] for _ in range(k)]
    for _ in range(3):
        for i in range(1, k):
            vector[i] = vector[i] + off[:, i - 1] / pivots[i - 1] * vector[i - 1]
        vector[-1] = vector[-1] / pivots[-1]
        for i in range(k - 2, -1, -1):
            vector[i] = (vector[i] + off[:, i] * vector[i + 1]) / pivots[i]
        norm = sum(entry**2 for entry in vector) ** 0.5
        vector = [entry / norm for entry in vector]
    return vector[0] ** 2


def uniform_coordinate(rng: Any, size: int, dimension: int) -> Any:
    """Draw the first coordinate (size,) of uniform points on the unit sphere of R^d; in one dimension -1 or 1."""
    size, dimension = check_draw(rng, size), whole_number("dimension", dimension)
    xp = namespace_of(rng)
    first = rng.standard_normal((size,))
    rest = rng.chisquare(dimension - 1.0, (size,)) if dimension > 1 else 0.0 * first
    return first / xp.sqrt(first**2 + rest)


def draw_spiked_cosine(rng: Any, size: int, *, sample_size: int, dimension: int, mean_length: float) -> Any:
    """Draw the cosine of the angle between the first eigenvector of X'X and the mean.

    Parameters
    ----------
    rng, size, sample_size, dimension, mean_length
        As in `spiked_tridiagonal`, with |mu| > 0.

    Returns
    -------
    array (size,)
        In [-1, 1], with the sign for which the eigenvector has a positive product with v: nearly always that of the mean.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    moderate("mean_length", real("mean_length", mean_length, above=0.0), most=1e40)
    xp = namespace_of(rng)
    matrix = spiked_tridiagonal(rng, size, sample_size=sample_size, dimension=dimension, mean_length=mean_length)
    weight = first_weight(matrix.diagonal, matrix.squared_off_diagonal)
    across = uniform_coordinate(rng, size, dimension - 1)
    sine = xp.sqrt(xp.maximum(1.0 - matrix.cosine**2, 0.0))
    return xp.sqrt(weight) * matrix.cosine + xp.sqrt(xp.maximum(1.0 - weight, 0.0)) * sine * across
