"""Second moments of linear structural equation models, and rows of data drawn from them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from theorylab.backend import check_draw, namespace_of
from theorylab.models.structural_equations.graphs import acyclic_coefficients, topological_order
from theorylab.validation import array_of_shape, reals

__all__ = ["StructuralModel", "sample_structural_equations", "structural_model", "structural_second_moment", "total_effects"]

# Rows drawn at once on a processor.
_CHUNK = 4096
# Second moments of larger numbers would leave the range of floating point.
LARGEST = 1e30


class StructuralModel(NamedTuple):
    """x = B x + e with independent e: coefficients B (q, q), noise variances (q,) and noise means (q,)."""

    coefficients: np.ndarray
    noise_variances: np.ndarray
    noise_means: np.ndarray


def structural_model(coefficients: ArrayLike, noise_variances: ArrayLike, noise_means: ArrayLike | None = None) -> StructuralModel:
    """Check the three parts of a model and return them as arrays.

    Parameters
    ----------
    coefficients
        B, (q, q), acyclic: B[i, j] is the effect of node j on node i.
    noise_variances
        (q,), > 0.
    noise_means
        (q,); zero when left out.

    Raises
    ------
    ValueError
        If the graph has a cycle, a shape does not fit or a variance is not positive.
    """
    b = acyclic_coefficients(coefficients)
    variances = array_of_shape("noise_variances", noise_variances, (len(b),))
    reals("noise_variances", variances, above=0.0)
    means = np.zeros(len(b)) if noise_means is None else array_of_shape("noise_means", noise_means, (len(b),))
    for name, part in (("coefficients", b), ("noise_variances", variances), ("noise_means", means)):
        if np.max(np.abs(part)) > LARGEST:
            raise ValueError(f"{name} must be at most {LARGEST:g} in magnitude; got {np.max(np.abs(part)):g}")
    return StructuralModel(b, variances, means)


def total_effects(coefficients: ArrayLike) -> np.ndarray:
    """Return A = (I - B)^-1, (q, q): entry [i, j] is the change of node i for a unit of noise at node j.

    Raises
    ------
    ValueError
        As in `acyclic_coefficients`.
    """
    b = acyclic_coefficients(coefficients)
    # Forward substitution in causal order is exact on the zeros of a triangular matrix, and shorter than elimination.
    order = topological_order(b)
    a = np.empty_like(b)
    a[np.ix_(order, order)] = solve_triangular(np.eye(len(b)) - b[np.ix_(order, order)], np.eye(len(b)), lower=True, unit_diagonal=True)
    return a


def structural_second_moment(coefficients: ArrayLike, noise_variances: ArrayLike, noise_means: ArrayLike | None = None) -> np.ndarray:
    """Return the uncentred second moment M = E x x^T, (q, q).

    Formula: M = A (diag(noise variances) + m m^T) A^T with A = (I - B)^-1 and m the noise means.

    Parameters
    ----------
    coefficients, noise_variances, noise_means
        As in `structural_model`.

    Raises
    ------
    ValueError
        As in `structural_model`.
    """
    model = structural_model(coefficients, noise_variances, noise_means)
    a = total_effects(model.coefficients)
    mean = a @ model.noise_means
    return (a * model.noise_variances) @ a.T + np.outer(mean, mean)


def sample_structural_equations(
    rng: Any, size: int, *, coefficients: ArrayLike, noise_variances: ArrayLike, noise_means: ArrayLike | None = None
) -> Any:
    """Draw rows x = B x + e with Gaussian noise, equation by equation, (size, q).

    Parameters
    ----------
    rng, size
        Random generator (numpy's or a device's) and number of rows.
    coefficients, noise_variances, noise_means
        As in `structural_model`.

    Raises
    ------
    ValueError
        As in `structural_model`.
    """
    size = check_draw(rng, size, minimum=0)
    xp = namespace_of(rng)
    b, variances, means = structural_model(coefficients, noise_variances, noise_means)
    scale, shift = xp.sqrt(xp.asarray(variances)), xp.asarray(means)
    order = [(node, np.flatnonzero(b[node])) for node in topological_order(b)]
    values = xp.empty((len(b), size))
    # A processor keeps a chunk of rows in its cache; a device takes all at once.
    chunk = _CHUNK if xp is np else max(size, 1)
    for begin in range(0, size, chunk):
        end = min(begin + chunk, size)
        # One node after the other in memory: equations run down whole columns.
        part = xp.ascontiguousarray((scale * rng.standard_normal((end - begin, len(b))) + shift).T)
        for node, parents in order:
            for parent in parents:
                part[node] += b[node, parent] * part[parent]
        values[:, begin:end] = part
    return values.T
