"""Argument checks and assembly that the exact closed forms share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import integers, moderate, real, reals, whole_number


def broadcast_sizes(sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return n, d, k and m = n/k, checked and broadcast; floats, since products such as d n^2 would leave the range of int64 silently."""
    n = moderate("sample_size", integers("sample_size", sample_size), most=1e12)
    n, d, k = np.broadcast_arrays(n, moderate("dimension", integers("dimension", dimension), most=1e12), integers("bag_size", bag_size))
    if np.any(n % k):
        at = np.argmax((n % k).ravel() != 0)
        raise ValueError(f"sample_size must be a multiple of bag_size; got {n.flat[at]} with bag_size {k.flat[at]}")
    return 1.0 * n, 1.0 * d, 1.0 * k, 1.0 * (n // k)


def single_sizes(sample_size: Any, dimension: Any, bag_size: Any) -> tuple[int, int, int, int]:
    """Return n, d, k and m = n/k as plain integers, checked; arrays are refused."""
    sizes = [whole_number(name, value) for name, value in (("sample_size", sample_size), ("dimension", dimension), ("bag_size", bag_size))]
    n, d, k, m = broadcast_sizes(*sizes)
    return int(n), int(d), int(k), int(m)


def signal_and_noise(squared_signal_norm: ArrayLike, noise_variance: ArrayLike) -> tuple[Any, Any]:
    """Return r2 >= 0 and sigma^2 >= 0, checked."""
    signal = moderate("squared_signal_norm", reals("squared_signal_norm", squared_signal_norm, minimum=0.0))
    return signal, moderate("noise_variance", reals("noise_variance", noise_variance, minimum=0.0))


def checked_weight(weight: ArrayLike, largest_weight: float) -> Any:
    """Return rho, checked to lie in [0, largest_weight]."""
    return moderate("weight", reals("weight", weight, minimum=0.0, maximum=real("largest_weight", largest_weight, above=0.0)), least=1e-100)


def ratio_or_infinity(numerator: ArrayLike, denominator: ArrayLike) -> np.ndarray:
    """Return numerator / denominator where the denominator is positive; elsewhere 0 if the numerator is 0, else inf."""
    top, bottom = np.broadcast_arrays(np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64))
    positive = bottom > 0.0
    quotient = np.divide(top, bottom, out=np.zeros(top.shape), where=positive)
    return np.where(positive, quotient, np.where(top == 0.0, 0.0, np.inf))


def decomposition(bias_per_signal: ArrayLike, variance_per_noise: ArrayLike, r2: ArrayLike, noise: ArrayLike, reason: str) -> RiskDecomposition:
    """Return r2 * bias, sigma^2 * variance and their sum; no signal has no bias and no noise has no variance, even where the mean is infinite."""
    bias, variance = _scaled(r2, bias_per_signal), _scaled(noise, variance_per_noise)
    bias, variance = np.broadcast_arrays(bias, variance)
    infinite = not np.all(np.isfinite(bias) & np.isfinite(variance))
    parts: list[Any] = [part.item() if part.ndim == 0 else part.copy() for part in (bias, variance, bias + variance)]
    return RiskDecomposition(parts[0], parts[1], parts[2], reason if infinite else "")


def _scaled(scale: ArrayLike, unit: ArrayLike) -> np.ndarray:
    factor, value = np.broadcast_arrays(np.asarray(scale, dtype=np.float64), np.asarray(unit, dtype=np.float64))
    return np.multiply(factor, value, out=np.zeros(factor.shape), where=factor != 0.0)
