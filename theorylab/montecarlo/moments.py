"""Mergeable joint central moments, to order four, of the k statistics that a question needs.

A block of replicates is reduced to C(k+4, 4) numbers: the count, the k means, and every central moment of degree two, three and four.
From them any linear combination of the statistics has its own exact sample mean, variance, skewness and kurtosis, which is all that the
intervals of `theorylab.evidence` need. Blocks are centred at their own means and pooled by the binomial shift of Chan, Golub and LeVeque
(1983) and Pebay (2008), in all coordinates at once, so that nothing large is ever subtracted from something large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np

from theorylab.validation import array_of_shape, function, mapping, real, whole_number

__all__ = ["MAXIMUM_STATISTICS", "Moments", "Summary", "block_moments", "pool_blocks", "pooled_in_chunks"]

MAXIMUM_STATISTICS = 8
# Below this the square of a variance, and with it the kurtosis, underflows.
SMALLEST_VARIANCE = 1e-150
# Rounding error of a pooled fourth moment relative to its absolute terms, with a reserve of a factor of five over what was seen.
ROUNDING = 8 * float(np.finfo(float).eps)
# Skewness and excess kurtosis need no more digits than this.
NEGLIGIBLE_NOISE = 1e-6
# A single value that differs from 0 and 1 by 1e-2 among 2**22 gives 2e-11; rounding gives 1e-15.
INDICATOR_TOLERANCE = 1e-12

# So many blocks are pooled at once; eight statistics then take 30 MB of intermediate terms.
CHUNK = 256
# Of one experiment; no budget asks for as many.
MOST_BLOCKS = 2**26

Index = tuple[int, ...]


@dataclass(frozen=True)
class Summary:
    """Sample moments of one real-valued statistic: mean, unbiased variance, skewness and excess kurtosis of ``count`` replicates."""

    count: int
    mean: float
    variance: float
    skewness: float
    excess_kurtosis: float


@lru_cache(maxsize=64)
def _indices(k: int) -> tuple[Index, ...]:
    """Return the exponents of all monomials in k variables of degree 0 to 4, in a fixed order: 1, x_0, ..., x_{k-1}, x_0^2, x_0 x_1, ..."""
    table: list[Index] = []
    for degree in range(5):
        products = combinations_with_replacement(range(k), degree)
        table += [tuple(factors.count(variable) for variable in range(k)) for factors in products]
    return tuple(table)


@lru_cache(maxsize=64)
def gram_places(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each monomial of degree 2 to 4, a row and column of the Gram matrix of (x_i, x_i x_j) that holds it."""
    features = [(i,) for i in range(k)] + list(combinations_with_replacement(range(k), 2))
    place: dict[Index, tuple[int, int]] = {}
    for row, left in enumerate(features):
        for column in range(row, len(features)):
            factors = left + features[column]
            place.setdefault(tuple(factors.count(variable) for variable in range(k)), (row, column))
    chosen = [place[index] for index in _indices(k)[1 + k :]]
    return np.array([row for row, _ in chosen]), np.array([column for _, column in chosen])


@lru_cache(maxsize=64)
def variance_places(k: int) -> np.ndarray:
    """Return where the variances of the k statistics stand among the moments of degree 2 to 4."""
    squares = [tuple(2 * (variable == place) for place in range(k)) for variable in range(k)]
    return np.array([_indices(k).index(square) for square in squares]) - 1 - k


@dataclass(frozen=True)
class _ShiftTable:
    """Terms of M_alpha = sum_beta C(alpha, beta) shift^(alpha - beta) m_beta, sorted by alpha."""

    shift: np.ndarray
    moment: np.ndarray
    coefficient: np.ndarray
    start: np.ndarray


@lru_cache(maxsize=64)
def _shift_table(k: int) -> _ShiftTable:
    exponents = np.array(_indices(k))
    degrees, first = exponents.sum(axis=1), 1 + k
    # Blocks are centred at their own means, so their first-degree moments vanish and drop out.
    below = (exponents <= exponents[first:, None, :]).all(axis=2) & (degrees != 1)
    alpha, beta = np.nonzero(below)
    # Exponents are at most 4, so base 5 gives every monomial a number of its own, and differences of numbers are numbers of differences.
    numbers = exponents @ 5 ** np.arange(k)
    order = np.argsort(numbers)
    shift = order[np.searchsorted(numbers[order], numbers[first + alpha] - numbers[beta])]
    choose = np.array([[float(comb(a, b)) for b in range(5)] for a in range(5)])
    coefficient = choose[exponents[first + alpha], exponents[beta]].prod(axis=1)
    return _ShiftTable(shift, beta, coefficient, np.searchsorted(alpha, np.arange(len(exponents) - first)))


def means_of(columns: np.ndarray) -> np.ndarray:
    """Return the row means; the rounded mean of equal values need not be that value, and a constant must show no variation at all."""
    means: np.ndarray = columns.mean(axis=1)
    constant = columns.min(axis=1) == columns.max(axis=1)
    means[constant] = columns[constant, 0]
    return means


def check_range(squares: np.ndarray, products: np.ndarray) -> None:
    """Raise ``ValueError`` where fourth moments overflow, or where they would underflow because a variance is tiny but not 0."""
    if not np.all(np.isfinite(products)) or np.any((squares > 0.0) & (squares < SMALLEST_VARIANCE)):
        problem = "fourth powers of the values leave the range of floating point"
        raise ValueError(f"columns are out of range: {problem}: return values of order one (scale them by a known factor)")


def checked_columns(columns: np.ndarray) -> np.ndarray:
    """Return the statistics of a block as a real array (k, size); whether they are finite is seen from their moments, at no cost."""
    if not isinstance(columns, np.ndarray) or columns.ndim != 2 or columns.dtype.kind not in "biuf":
        columns = array_of_shape("columns", columns, ("statistics", "size"))
    if columns.shape[1] == 0:
        raise ValueError(f"columns must have shape (statistics, size) with size >= 1; got shape {columns.shape}")
    return np.ascontiguousarray(columns, dtype=np.float64)


def block_moments(columns: np.ndarray) -> np.ndarray:
    """Reduce a block to its moment vector.

    Parameters
    ----------
    columns
        Array of shape (k, size), 1 <= k <= 8, the statistics of ``size`` replicates.

    Returns
    -------
    ndarray of shape (C(k+4, 4),)
        Count, means, then the central moments (averages, not sums) of degree 2, 3 and 4.
    """
    values = checked_columns(columns)
    k, size = values.shape
    if not 1 <= k <= MAXIMUM_STATISTICS:
        raise ValueError(f"columns: a record holds 1 to {MAXIMUM_STATISTICS} statistics; got {k}")
    # Here, because most of what is imported with this module draws nothing.
    from theorylab.montecarlo.moments_kernels import central_moments, row_means, separate_central_moments

    means = row_means(values)
    # An overflow is reported below, in words.
    higher = separate_central_moments(values, means)[:, 0] if k == 1 else central_moments(values, means, *gram_places(k))
    check_range(higher[variance_places(k)], higher)
    return np.concatenate([[float(size)], means, higher])


def block_moments_plain(columns: np.ndarray) -> np.ndarray:
    """Return what `block_moments` returns, from one Gram matrix of (x_i, x_i x_j): its reference."""
    k, size = columns.shape
    means = means_of(columns)
    centred = columns - means[:, None]
    left, right = np.triu_indices(k)
    features = np.concatenate([centred, centred[left] * centred[right]])
    gram = features @ features.T / size
    return np.concatenate([[float(size)], means, gram[gram_places(k)]])


def checked_vectors(vectors: np.ndarray, length: int | str) -> np.ndarray:
    """Return the moment vectors of one or more blocks as a finite array (B, length); the count comes first in each."""
    found = array_of_shape("vectors", vectors, ("blocks", length))
    if found.size == 0 or np.any(found[:, 0] < 1.0):
        raise ValueError("vectors must be those of one or more blocks, each of one or more replicates")
    return found


def pool_blocks(vectors: np.ndarray, k: int) -> np.ndarray:
    """Merge the moment vectors of B blocks (array of shape (B, C(k+4, 4))) into one, a pure function of the array."""
    k = whole_number("k", k, maximum=MAXIMUM_STATISTICS)
    vectors = checked_vectors(vectors, comb(k + 4, 4))
    counts = vectors[:, 0]
    weights = counts / counts.sum()
    means = vectors[:, 1 : 1 + k]
    pooled_means = (weights[:, None] * means).sum(axis=0)
    # As in `block_moments`: constants must pool to themselves.
    equal = (means == means[0]).all(axis=0)
    pooled_means[equal] = means[0, equal]
    shifts = means - pooled_means
    # Monomials of the shifts, degree by degree.
    exponents = np.array(_indices(k))
    powers = np.ones((len(vectors), len(exponents)))
    for variable in range(k):
        ladder = shifts[:, variable, None] ** np.arange(5)
        powers *= ladder[:, exponents[:, variable]]
    table = _shift_table(k)
    own = vectors.copy()
    own[:, 0] = 1.0  # the moment of degree 0; the count has been used above
    terms = powers[:, table.shift] * own[:, table.moment]
    terms *= weights[:, None]
    higher = np.add.reduceat(table.coefficient * terms.sum(axis=0), table.start)
    return np.concatenate([[counts.sum()], pooled_means, higher])


def pooled_in_chunks(read: Callable[[int, int], np.ndarray], blocks: int, pool: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return block vectors that pool to what all blocks pool to, holding not more than a chunk of them at once.

    Parameters
    ----------
    read
        Returns the vectors of blocks ``first`` to ``last - 1``.
    blocks
        How many blocks there are; up to 256 they are returned as they are.
    pool
        Merges vectors (B, m) into one.
    """
    function("read", read)
    function("pool", pool)
    blocks = whole_number("blocks", blocks, maximum=MOST_BLOCKS)
    if blocks <= CHUNK:
        return read(0, blocks)
    return np.stack([pool(read(first, min(first + CHUNK, blocks))) for first in range(0, blocks, CHUNK)])


@lru_cache(maxsize=64)
def _expansion_table(k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return exponents, multinomial coefficients and starts by degree of the expansion of (sum_j c_j x_j)^q, q = 2, 3, 4."""
    indices = _indices(k)[1 + k :]
    coefficients = [factorial(sum(alpha)) / prod(factorial(a) for a in alpha) for alpha in indices]
    degrees = [sum(alpha) for alpha in indices]
    return np.array(indices), np.array(coefficients), np.array([degrees.index(degree) for degree in (2, 3, 4)])


@dataclass(frozen=True)
class Moments:
    """Pooled joint moments of named statistics.

    Attributes
    ----------
    statistics
        Names of the k statistics.
    vector
        Moment vector of length C(k+4, 4), as made by `pool_blocks`.
    """

    statistics: tuple[str, ...]
    vector: np.ndarray

    @property
    def count(self) -> int:
        """Number of replicates."""
        return round(float(self.vector[0]))

    def _place(self, statistic: str) -> int:
        if not isinstance(statistic, str) or statistic not in self.statistics:
            raise ValueError(f"statistic must be one of {', '.join(map(repr, self.statistics))}; got {statistic!r}")
        return self.statistics.index(statistic)

    def mean(self, statistic: str) -> float:
        """Return the sample mean of one statistic."""
        return float(self.vector[1 + self._place(statistic)])

    def tally(self, statistic: str) -> int:
        """Return the exact number of replicates in which an indicator is one.

        The mean of an indicator is a ratio of integers below 2**53, so rounding it times the count recovers the integer.

        Raises
        ------
        ValueError
            If the statistic is not an indicator: some value is neither 0 nor 1.
        """
        k, place = len(self.statistics), self._place(statistic)
        second, third, fourth = (float(self.vector[_indices(k).index(_power(k, place, degree))]) for degree in (2, 3, 4))
        mean = self.mean(statistic)
        # E[x^2 (1 - x)^2] vanishes just when every x is 0 or 1. With x = mean + y it is E[(a + b y - y^2)^2].
        a, b = mean * (1.0 - mean), 1.0 - 2.0 * mean
        off = a * a + (b * b - 2.0 * a) * second - 2.0 * b * third + fourth
        if not abs(off) < INDICATOR_TOLERANCE:
            raise ValueError(f"statistic {statistic!r} must be an indicator, with values 0 and 1 only, to have a probability")
        return round(mean * self.count)

    def combination(self, weights: Mapping[str, float]) -> Summary:
        """Return mean, variance, skewness and excess kurtosis of ``sum_j weights[j] * statistic_j``."""
        c = np.zeros(len(self.statistics))
        for name, weight in mapping("weights", weights).items():
            c[self._place(name)] = real("weights", weight)
        # Scaling by the largest weight keeps c^4 away from underflow.
        scale = float(np.max(np.abs(c))) or 1.0
        exponents, coefficients, starts = _expansion_table(len(c))
        terms = coefficients * np.prod((c / scale) ** exponents, axis=1) * self.vector[1 + len(c) :]
        second, third, fourth = np.add.reduceat(terms, starts).tolist()
        second = max(second, 0.0)
        # Where large moments cancel to small ones, rounding is all that is left; what it may be is added to skewness and kurtosis, so that a
        # verdict waits instead of trusting it.
        size = float(np.abs(terms[starts[2] :]).sum())
        third_noise, fourth_noise = ROUNDING * size**0.75, ROUNDING * size
        mean = float(np.dot(c, self.vector[1 : 1 + len(c)]))
        if second == 0.0:
            return Summary(self.count, mean, 0.0, 0.0, 0.0)
        return Summary(
            count=self.count,
            mean=mean,
            variance=second * scale**2 * self.count / (self.count - 1),
            skewness=_farther(third / second**1.5, third_noise / second**1.5),
            excess_kurtosis=_farther(fourth / second**2 - 3.0, fourth_noise / second**2),
        )


def _farther(value: float, noise: float) -> float:
    """Move ``value`` away from 0 by ``noise``, unless the noise is as small as it is without any cancellation."""
    return value if noise < NEGLIGIBLE_NOISE else value + math.copysign(noise, value)


def _power(k: int, variable: int, degree: int) -> Index:
    return tuple(degree if place == variable else 0 for place in range(k))


def pooled_moments(statistics: Sequence[str], vectors: np.ndarray) -> Moments:
    """Pool block vectors of shape (B, C(k+4, 4)) into the `Moments` of the named statistics."""
    return Moments(tuple(statistics), pool_blocks(vectors, len(statistics)))
