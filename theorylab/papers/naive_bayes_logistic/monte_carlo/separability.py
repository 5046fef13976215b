"""Training sets that a hyperplane separates: draw one, and prove that it is separable or that it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import nnls

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fetch, fitting_block, host_only
from theorylab.numerics.logistic_regression import is_separable
from theorylab.validation import array_of_shape, flag, moderate, real, whole_number

__all__ = ["draw_two_classes", "sample_separability", "strictly_separable"]

# A residual below this is rounding; between 0 and a value as small no data set falls by chance.
_ROUNDING = 1e-9


def draw_two_classes(rng: Any, size: int, *, sample_size: int, dimension: int, half_distance: float) -> tuple[Any, Any]:
    """Draw training sets ``x = s mu + z`` with s = +-1 by a fair coin, ``mu = r (1, 0, ..., 0)`` and z standard normal.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    sample_size, dimension
        m and d, >= 1.
    half_distance
        r >= 0; at 0 the labels know nothing of the features.

    Returns
    -------
    tuple of arrays
        Features (size, m, d) and labels (size, m), 1 for s = 1 and 0 for s = -1. A class may be absent: the coins are independent.
    """
    size = check_draw(rng, size)
    mean = axis_mean(namespace_of(rng), real("half_distance", half_distance, minimum=0.0), dimension)
    features, signs = draw_symmetric_mixture(rng, size, sample_size=sample_size, mean=mean)
    return features, (signs > 0.0).astype(int)


def strictly_separable(rows: np.ndarray) -> bool:
    """Tell whether some w has ``rows @ w > 0`` in every entry, by one of two proofs.

    Gordan: either there is such a w, or numbers lambda >= 0 of sum 1 with ``rows' lambda = 0``. The nonnegative least squares problem
    ``|rows' lambda|^2 + (1 - sum lambda)^2`` finds both: lambda if its minimum is 0, and else ``w = rows' lambda``, whose products with the rows are
    all at least ``1 - sum lambda > 0``. Either is looked at here, whatever the solver says of it: that of scipy 1.14 can go round in circles, that of
    1.15 ends early with a wrong residual. It is many times faster than a linear program, which decides if the proof is left open.

    Parameters
    ----------
    rows
        (m, D): the samples of class 1 and minus the samples of class 0, with a column of ones before the sign if there is an intercept.
    """
    rows = array_of_shape("rows", rows, ("m", "D"))
    if rows.size == 0:
        raise ValueError(f"rows must have shape (m, D) with m >= 1 and D >= 1; got shape {rows.shape}")
    moderate("rows", rows)
    equations = np.vstack([rows.T, np.ones(len(rows))])
    target = np.zeros(len(equations))
    target[-1] = 1.0
    try:
        multipliers, _ = nnls(equations, target, maxiter=30 * len(rows) + 100)
    except RuntimeError:
        multipliers = np.zeros(len(rows))
    if np.min(multipliers) >= 0.0 and np.linalg.norm(equations @ multipliers - target) <= _ROUNDING:
        return False
    if np.min(rows @ (rows.T @ multipliers)) > 0.0:
        return True
    return is_separable(rows, np.ones(len(rows), dtype=int), 2, fit_intercept=False)


def _separability_block(*, sample_size: int, dimension: int, **_: object) -> int:
    m, columns = whole_number("sample_size", sample_size), whole_number("dimension", dimension) + 1
    return fitting_block(numbers=3 * m * columns, nanoseconds=2.5e4 + 1.4 * m * columns * min(m, columns))


@host_only("decides each training set by scipy.optimize")
@block_size(_separability_block)
def sample_separability(rng: Any, size: int, *, sample_size: int, dimension: int, half_distance: float, fit_intercept: bool) -> np.ndarray:
    """Sample whether a training set of two Gaussian classes is separable by a hyperplane, so that logistic regression has no finite estimate.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    sample_size, dimension
        m and d, >= 1.
    half_distance
        r >= 0: class means +-r apart from the origin, unit covariance; at 0 the labels know nothing of the features.
    fit_intercept
        Whether the hyperplane may miss the origin.

    Returns
    -------
    ndarray of shape (size,)
        1.0 if separable, else 0.0. Labels are independent fair coins; data of a single class count as separable with an intercept.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    Each training set is decided by a call of `scipy.optimize.nnls`, hence the loop over replicates (see `strictly_separable`).
    """
    fit_intercept = flag("fit_intercept", fit_intercept)
    size = check_draw(rng, size)
    m, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension)
    r = moderate("half_distance", real("half_distance", half_distance, minimum=0.0), most=1e50)
    features, labels = draw_two_classes(rng, size, sample_size=m, dimension=d, half_distance=r)
    if fit_intercept:
        xp = namespace_of(rng)
        features = xp.concatenate([features, xp.ones((size, m, 1))], axis=2)
    rows = fetch(features * (2.0 * labels - 1.0)[:, :, None])
    return np.array([strictly_separable(each) for each in rows], dtype=float)
