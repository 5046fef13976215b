"""Causes seen through noisy sensors: no exact invariance any more, a gap that falls like one over their number."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.validation import integers, moderate, numbers, plain, reals

__all__ = ["NoisyMinimax", "latent_representation", "noisy_observation_minimax_gap"]


class NoisyMinimax(NamedTuple):
    """The smallest largest gap and the head that has it."""

    gap: Any
    head: Any


def noisy_observation_minimax_gap(
    cause_effect: ArrayLike, sensor_variance: ArrayLike, sensors: ArrayLike, low: ArrayLike, high: ArrayLike
) -> NoisyMinimax:
    """Return min over w of max over environments of G for one cause seen through p averaged sensors.

    Y = b L + e, X_j = L + N(0, tau^2) for j = 1..p, prediction w mean(X); E L^2 anywhere in [l, u]. Formula (derived here): with t = tau^2/p,
    gap 2 b t (u - l)/(l + u + 2 t), of order 1/p, at w = b (l + u)/(l + u + 2 t), where both ends have the same gap.

    Parameters
    ----------
    cause_effect
        b; its sign does not matter for the gap. All arguments broadcast.
    sensor_variance
        tau^2 >= 0.
    sensors
        p, integers >= 1.
    low, high
        0 < l <= u.

    Raises
    ------
    ValueError
        If a number is out of range or l > u.
    """
    check_broadcast(cause_effect=cause_effect, sensor_variance=sensor_variance, sensors=sensors, low=low, high=high)
    b, tau2 = np.asarray(reals("cause_effect", cause_effect)), np.asarray(reals("sensor_variance", sensor_variance, minimum=0.0))
    t = tau2 / np.asarray(integers("sensors", sensors))
    lower, upper = np.asarray(reals("low", low, above=0.0)), np.asarray(reals("high", high, above=0.0))
    if np.any(lower > upper):
        raise ValueError(f"low must be at most high; got {low!r} and {high!r}")
    both = lower + upper + 2.0 * t
    return NoisyMinimax(plain(2.0 * abs(b) * t * (upper - lower) / both), plain(b * (lower + upper) / both))


def latent_representation(representation: ArrayLike, mixing: ArrayLike) -> np.ndarray:
    """Return the representation Phi T^+ of X = T L that has the gaps of Phi on L, in every environment.

    Parameters
    ----------
    representation
        Phi, (r, l), on the latent covariates.
    mixing
        T, (p, l), of full column rank.

    Raises
    ------
    ValueError
        If the shapes do not fit or T has dependent columns: the latent covariates could not be recovered.
    """
    phi, t = (
        moderate("representation", numbers("representation", representation), most=1e60),
        moderate("mixing", numbers("mixing", mixing), most=1e60),
    )
    if phi.ndim != 2 or t.ndim != 2 or phi.shape[1] != t.shape[1]:
        raise ValueError(f"representation and mixing must have shapes (r, l) and (p, l); got {phi.shape} and {t.shape}")
    rank = int(np.linalg.matrix_rank(t))
    if rank < t.shape[1]:
        raise ValueError(f"mixing must have full column rank {t.shape[1]}; got rank {rank}")
    return np.asarray(phi @ np.linalg.pinv(t))
