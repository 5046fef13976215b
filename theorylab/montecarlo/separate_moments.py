"""Moments to order four of many statistics, each by itself.

A curve (one value per weight, per size, per quantile) has more points than joint moments can hold, and nobody asks for a combination of two of
them. Each point then keeps its own five numbers, count, mean and three central moments, and all of them come from one pass over the replicates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from theorylab.montecarlo.moments import Moments, Summary, check_range, checked_columns, checked_vectors, pool_blocks
from theorylab.validation import mapping

__all__ = ["MAXIMUM_SEPARATE", "SeparateMoments", "pool_separate_blocks", "separate_block_moments"]

# Keeps the row of a block in the ledger below 20 kB.
MAXIMUM_SEPARATE = 512
# Count, mean and the central moments of degree 2, 3 and 4: the moment vector of one statistic.
LENGTH = 5


def separate_block_moments(columns: np.ndarray) -> np.ndarray:
    """Reduce a block to the moment vectors of its statistics, one after the other.

    Parameters
    ----------
    columns
        Array of shape (k, size), the statistics of ``size`` replicates.

    Returns
    -------
    ndarray of shape (5 k,)
    """
    values = checked_columns(columns)
    k, size = values.shape
    if not 1 <= k <= MAXIMUM_SEPARATE:
        raise ValueError(f"columns: a record holds 1 to {MAXIMUM_SEPARATE} separate statistics; got {k}")
    # Here, because most of what is imported with this module draws nothing.
    from theorylab.montecarlo.moments_kernels import row_means, separate_central_moments

    means = row_means(values)
    second, third, fourth = separate_central_moments(values, means)
    check_range(second, fourth)
    return np.stack([np.full(k, float(size)), means, second, third, fourth], axis=1).ravel()


def pool_separate_blocks(vectors: np.ndarray) -> np.ndarray:
    """Merge the moment vectors of B blocks (array of shape (B, 5 k)) into one, each statistic by itself."""
    vectors = checked_vectors(vectors, "5 k")
    if vectors.shape[1] % LENGTH:
        raise ValueError(f"vectors must have shape (blocks, 5 k); got shape {vectors.shape}")
    return np.concatenate([pool_blocks(vectors[:, start : start + LENGTH], 1) for start in range(0, vectors.shape[1], LENGTH)])


@dataclass(frozen=True)
class SeparateMoments:
    """Moments of named statistics, none of them jointly with another; what `Moments` answers, for one statistic at a time.

    Attributes
    ----------
    statistics
        Names of the k statistics.
    vectors
        Block vectors of shape (B, 5 k); a statistic is pooled when it is asked for.
    """

    statistics: tuple[str, ...]
    vectors: np.ndarray

    @property
    def count(self) -> int:
        """Number of replicates."""
        return round(float(self.vectors[:, 0].sum()))

    def only(self, statistic: str) -> Moments:
        """Return the pooled moments of one statistic."""
        if not isinstance(statistic, str) or statistic not in self.statistics:
            raise ValueError(f"statistic must be one of {', '.join(map(repr, self.statistics))}; got {statistic!r}")
        start = LENGTH * self.statistics.index(statistic)
        return Moments((statistic,), pool_blocks(self.vectors[:, start : start + LENGTH], 1))

    def mean(self, statistic: str) -> float:
        """Return the sample mean of one statistic."""
        return self.only(statistic).mean(statistic)

    def tally(self, statistic: str) -> int:
        """Return the exact number of replicates in which an indicator is one; see `Moments.tally`."""
        return self.only(statistic).tally(statistic)

    def combination(self, weights: Mapping[str, float]) -> Summary:
        """Return mean, variance, skewness and excess kurtosis of a multiple of one statistic.

        Raises
        ------
        ValueError
            If two statistics are combined: their joint moments were not kept.
        """
        if len(mapping("weights", weights)) != 1:
            names = ", ".join(map(repr, weights))
            raise ValueError(f"{names} were recorded separately, so they cannot be combined: record them without separate=True")
        (statistic,) = weights
        return self.only(statistic).combination(weights)
