"""Argument checks and the shape of answers that the limits of this package share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import integers, moderate, plain, real, reals


def ratio_above_one(samples_per_feature: ArrayLike) -> Any:
    """Return psi = n/d if it exceeds 1; below, another formula holds, which the message names."""
    try:
        return moderate("samples_per_feature", reals("samples_per_feature", samples_per_feature, above=1.0), most=1e50, least=1e-50)
    except ValueError as error:
        raise ValueError(
            f"{error}; with fewer samples than features use overparametrised_risk_limit (exactly: overparametrised_risk_exact)"
        ) from None


def more_samples_than_features(samples_per_feature: ArrayLike, bag_size: ArrayLike, *, smallest_bag_size: int = 1) -> tuple[Any, Any]:
    """Return psi > 1 and k >= ``smallest_bag_size`` as floats (k^3 psi^2 in int64 would overflow silently)."""
    return ratio_above_one(samples_per_feature), 1.0 * integers("bag_size", bag_size, minimum=smallest_bag_size)


def more_bags_than_features(samples_per_feature: ArrayLike, bag_size: ArrayLike, *, smallest_bag_size: int = 1) -> tuple[Any, Any]:
    """Return psi and k as floats if psi > k, so that the bag-level loss has one minimiser."""
    psi, k = more_samples_than_features(samples_per_feature, bag_size, smallest_bag_size=smallest_bag_size)
    if np.any(psi <= k):
        raise ValueError(
            f"samples_per_feature must be > bag_size (more bags than features); got samples_per_feature {samples_per_feature!r} with "
            f"bag_size {bag_size!r}"
        )
    return psi, k


def scales(squared_signal_norm: ArrayLike, noise_variance: ArrayLike) -> tuple[Any, Any]:
    """Return r2 >= 0 and sigma^2 >= 0."""
    return moderate("squared_signal_norm", reals("squared_signal_norm", squared_signal_norm, minimum=0.0)), moderate(
        "noise_variance", reals("noise_variance", noise_variance, minimum=0.0)
    )


def weight_in_range(weight: ArrayLike, largest_weight: float = 1.0) -> Any:
    """Return rho in [0, ``largest_weight``]; weights above 1 need the explicit bound."""
    return moderate("weight", reals("weight", weight, minimum=0.0, maximum=real("largest_weight", largest_weight, above=0.0)), least=1e-100)


def decomposition(bias_squared: Any, variance: Any, reason: str = "") -> RiskDecomposition:
    """Return the two parts at their common shape and their sum."""
    bias_squared, variance = np.broadcast_arrays(bias_squared, variance)
    return RiskDecomposition(plain(bias_squared.copy()), plain(variance.copy()), plain(bias_squared + variance), reason)
