"""The parameters that all samplers of arXiv:2401.11081 share, checked once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import array_of_shape, instance, moderate, real, whole_number

__all__ = [
    "SMALLEST_WEIGHT",
    "BagDesign",
    "checked_centre",
    "checked_design",
    "checked_variances",
    "checked_weights",
    "refuse_weight_zero",
]

# Between 0 and this a weight is neither: the penalty is lost in rounding, and the limit weight -> 0+ is another estimator than weight 0.
SMALLEST_WEIGHT = 1e-9


class BagDesign(NamedTuple):
    """n samples of d features in m = n / k bags of k samples."""

    sample_size: int
    dimension: int
    bag_size: int
    bags: int


def checked_design(sample_size: int, dimension: int, bag_size: int, *, samples_above_dimension: int | None = None) -> BagDesign:
    """Return the counts as integers.

    Parameters
    ----------
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k.
    samples_above_dimension
        The least n - d, if there is one.

    Raises
    ------
    ValueError
        If a count is not an integer >= 1, if k does not divide n, or if n - d is too small.
    """
    n, d, k = whole_number("sample_size", sample_size), whole_number("dimension", dimension), whole_number("bag_size", bag_size)
    if n % k:
        raise ValueError(f"sample_size must be a multiple of the bag_size {k}; got {n}")
    if samples_above_dimension is not None and n < d + samples_above_dimension:
        raise ValueError(f"sample_size must be an integer >= {d + samples_above_dimension} for dimension {d}; got {n}")
    return BagDesign(n, d, k, n // k)


def checked_weights(weights: ArrayLike, *, largest_weight: float = 1.0, name: str = "weights") -> np.ndarray:
    """Return the weights as an array (L,): each 0, or from `SMALLEST_WEIGHT` to `largest_weight`; messages call them `name`.

    Raises
    ------
    ValueError
        If there is none, or one is out of range.
    """
    top = real("largest_weight", largest_weight, minimum=1.0)
    rho = array_of_shape(name, weights, ("L",))
    if rho.size == 0:
        raise ValueError(f"{name} must hold at least one number; got ()")
    if not np.all((rho == 0.0) | ((rho >= SMALLEST_WEIGHT) & (rho <= top))):
        raise ValueError(f"{name} must each be 0 or from {SMALLEST_WEIGHT:g} to largest_weight = {top:g}; got {tuple(rho.tolist())}")
    return rho


def checked_variances(squared_signal_norm: float, noise_variance: float) -> tuple[float, float]:
    """Return r2 = |theta0|^2 >= 0 and sigma^2 >= 0 as floats."""
    signal = moderate("squared_signal_norm", real("squared_signal_norm", squared_signal_norm, minimum=0.0))
    return signal, moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0))


def checked_centre(centre: ArrayLike, points: int) -> float | np.ndarray:
    """Return `centre` as one number, or as an array with one entry for each of the `points` weights."""
    if np.ndim(np.asarray(centre, dtype=object)) == 0:
        return real("centre", centre)
    return array_of_shape("centre", centre, (points,))


def refuse_weight_zero(weights: np.ndarray, design: BagDesign) -> None:
    """Refuse weight 0 unless there are more bags than features.

    Raises
    ------
    ValueError
        With fewer bags than features weight 0 means the solution of smallest norm, which no spectrum of the scatters knows; with as many, the
        variance given a spectrum has no mean.
    """
    instance("design", design, BagDesign)
    if np.any(weights == 0.0) and design.bags <= design.dimension:
        raise ValueError(
            f"weights must be > 0 for {design.bags} bags and dimension {design.dimension} (weight 0 needs more bags than features here; "
            f"see sample_conditional_risk); got {tuple(weights.tolist())}"
        )
