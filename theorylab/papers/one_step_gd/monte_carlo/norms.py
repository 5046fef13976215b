"""Squared lengths of batches of vectors, in the identity or in the covariance of the covariates."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from theorylab.backend import namespace_of
from theorylab.validation import covariance

__all__ = ["metric_of", "squared_norm"]


def squared_norm(vectors: Any, metric: Any | None = None) -> Any:
    """Return |u|^2, or u^T metric u, for each row u."""
    return (vectors * (vectors if metric is None else vectors @ metric)).sum(axis=1)


def metric_of(rng: Any, feature_covariance: ArrayLike | None, dimension: int) -> Any | None:
    """Return Sigma on the generator's device; None stands for the identity."""
    if feature_covariance is None:
        return None
    return namespace_of(rng).asarray(covariance("feature_covariance", feature_covariance, dimension=dimension))
