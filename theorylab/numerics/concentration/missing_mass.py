"""What N draws from a finite set have not seen: moments of the missing mass, and the chance that everything was seen."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import probabilities as valid
from theorylab.validation import whole_number

__all__ = ["MissingMass", "all_seen_probability", "missing_mass_moments"]

# The recursion takes k steps for each of up to 50 k draws.
_MOST_KINDS = 4096


class MissingMass(NamedTuple):
    """Mean and variance of the probability of all that was not drawn."""

    mean: float
    variance: float


def missing_mass_moments(probabilities: ArrayLike, draws: int) -> MissingMass:
    """Return the mean and the variance of the missing mass of N independent draws.

    Formula: E V = sum_j p_j (1 - p_j)^N, E V^2 = sum over i != j of p_i p_j (1 - p_i - p_j)^N + sum_j p_j^2 (1 - p_j)^N.

    Parameters
    ----------
    probabilities
        (k,), >= 0, with sum 1.
    draws
        N >= 1.

    Raises
    ------
    ValueError
        If the probabilities are negative or do not sum to 1, or N is not a positive integer.
    """
    p, n = valid("probabilities", probabilities), whole_number("draws", draws)
    mean = float(p @ (1.0 - p) ** n)
    pairs = np.outer(p, p) * np.maximum(1.0 - p[:, None] - p[None, :], 0.0) ** n
    np.fill_diagonal(pairs, p**2 * (1.0 - p) ** n)
    return MissingMass(mean, float(pairs.sum()) - mean**2)


def all_seen_probability(kinds: int, draws: int) -> float:
    """Return the probability that N uniform draws from k kinds see every kind.

    Formula: sum_j (-1)^j C(k, j) (1 - j/k)^N, computed by the recursion of the number of kinds seen, where nothing cancels.

    Parameters
    ----------
    kinds, draws
        k from 1 to 4096, and N >= 1.

    Raises
    ------
    ValueError
        If a number is not a positive integer.
    """
    k, n = whole_number("kinds", kinds, maximum=_MOST_KINDS), whole_number("draws", draws)
    # With more draws the chance of missing one kind of the k is below exp(-40), no part of the last digit.
    n = min(n, math.ceil(k * (math.log(k) + 40.0)))
    if n < k:
        return 0.0
    seen = np.zeros(k + 1)
    seen[0] = 1.0
    share = np.arange(k + 1) / k
    for _ in range(n):
        seen = seen * share + np.concatenate([[0.0], seen[:-1] * (1.0 - share[:-1])])
    return float(seen[k])
