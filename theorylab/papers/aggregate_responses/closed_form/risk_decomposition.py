"""The common shape of every answer about an estimator: squared bias, variance, and their sum."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["RiskDecomposition"]


class RiskDecomposition(NamedTuple):
    """Squared bias and variance conditional on the features, averaged over the features, and their sum.

    Attributes
    ----------
    bias_squared
        E ||E[theta | X] - theta0||^2: float, or array of the broadcast shape.
    variance
        E ||theta - E[theta | X]||^2.
    risk
        E ||theta - theta0||^2, the excess prediction error on a fresh sample.
    reason
        In words, why an entry is infinite; empty when all are finite.
    """

    bias_squared: Any
    variance: Any
    risk: Any
    reason: str = ""
