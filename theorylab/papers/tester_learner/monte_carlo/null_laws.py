"""The tests under a Gaussian sample: by drawing the sample, and by drawing only counts and Wishart matrices."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.models.wishart import wishart_matrices
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.tester_learner.estimators.batches import (
    RegionTable,
    accepted,
    extreme_eigenvalues,
    fetched,
    joined_summaries,
    judge_many,
    summarise_many,
)
from theorylab.papers.tester_learner.estimators.learner import checked_level, checked_width
from theorylab.papers.tester_learner.estimators.regions import Region, gaussian_mass, paper_regions, summarise
from theorylab.validation import whole_number

__all__ = ["sample_extreme_eigenvalues", "sample_null_report", "sample_null_report_raw"]


@block_size(lambda *, dimension, **_: fitting_block(numbers=3.0 * dimension**2, nanoseconds=400.0 * dimension**2 + 12.0 * dimension**3))
def sample_extreme_eigenvalues(rng: Any, size: int, *, rows: int, dimension: int) -> dict[str, Any]:
    """Sample the extreme eigenvalues of the second moment of m Gaussian rows in p = `dimension` - 1 coordinates, from Bartlett factors.

    Parameters
    ----------
    rng, size
        Generator and number of matrices.
    rows
        m >= p.
    dimension
        d >= 2.

    Returns
    -------
    dict
        "smallest" and "largest", (size,), with all moments.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    p = whole_number("dimension", dimension, minimum=2) - 1
    m = whole_number("rows", rows, minimum=p)
    xp = namespace_of(rng)
    eigenvalues = xp.linalg.eigvalsh(wishart_matrices(rng, size, degrees_of_freedom=m, dimension=p) / m)
    return {"smallest": eigenvalues[:, 0], "largest": eigenvalues[:, -1]}


def _raw_block(*, sample_size: int, dimension: int, **_: Any) -> int:
    return fitting_block(numbers=2.0 * sample_size * dimension, nanoseconds=25.0 * sample_size * dimension + 2e6)


@block_size(_raw_block)
def sample_null_report_raw(
    rng: Any, size: int, *, sample_size: int, dimension: int, ramp_width: float, failure_probability: float = 0.05
) -> dict[str, Any]:
    """Sample whether Gaussian samples pass `run_tests`, by drawing and testing them.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    sample_size
        n >= 1, the tested rows.
    dimension
        d >= 2.
    ramp_width
        sigma > 0.
    failure_probability
        delta of the calibrated mode.

    Returns
    -------
    dict
        "tolerant" and "calibrated": 1 if accepted; "mass", "largest", "smallest", "centre", "signed", "fourth": 1 if the calibrated tests of this
        kind all passed; "without_fourth": 1 if all others did.
    """
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    width = checked_width(ramp_width)
    delta = checked_level(failure_probability)
    regions, xp = paper_regions(width), namespace_of(rng)
    axis = np.eye(1, d)[0]
    if isinstance(rng, np.random.Generator):
        table = joined_summaries([summarise(rng.standard_normal((n, d)), axis, regions) for _ in range(size)])
    else:
        table, _ = fetched(xp, summarise_many(xp, rng.standard_normal((size, n, d)), xp.zeros((size, d)) + xp.asarray(axis), regions))
    options: Any = {"rows": n, "dimension": d, "failure_probability": delta}
    judged = judge_many(table, regions, mode="calibrated", **options)
    verdicts = _by_kind(judged) | {"calibrated": accepted(judged), "tolerant": accepted(judge_many(table, regions, mode="tolerant", **options))}
    return {name: xp.asarray(1.0 * passed) for name, passed in verdicts.items()}


def _by_kind(judged: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return which samples pass all calibrated tests of a kind, and all but those of fourth moments."""
    kinds = {name.partition(" ")[0]: passed.all(axis=1) for name, passed in judged.items() if name != "rows"}
    return kinds | {"without_fourth": accepted({name: passed for name, passed in judged.items() if name != "fourth moment"})}


@block_size(lambda *, dimension, **_: fitting_block(numbers=20.0 * dimension**2, nanoseconds=1e4 + 300.0 * dimension**2 + 3.0 * dimension**3))
def sample_null_report(
    rng: Any, size: int, *, sample_size: int, dimension: int, ramp_width: float, failure_probability: float = 0.05
) -> dict[str, Any]:
    """Sample what `sample_null_report_raw` samples, but for the fourth moments, without drawing a single row.

    Counts of disjoint pieces, one on each side of the boundary, are multinomial. Given m rows of a piece, their mean s is N(0, I/m), and their second
    moments sum to m s s^T plus an independent Wishart matrix of m - 1 degrees of freedom. Nested bands are sums of pieces. The time does not depend
    on `sample_size`.

    Parameters
    ----------
    rng, size, sample_size, dimension, ramp_width, failure_probability
        As in `sample_null_report_raw`.

    Returns
    -------
    dict
        "mass", "largest", "smallest", "centre", "signed" and "without_fourth".
    """
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    regions = paper_regions(checked_width(ramp_width))
    delta = checked_level(failure_probability)
    edges = sorted({max(region.low, 0.0) for region in regions} | {region.high for region in regions})
    pieces = [Region(low if low > 0.0 else -1.0, high) for low, high in itertools.pairwise(edges)]
    probabilities = [0.5 * gaussian_mass(piece) for piece in pieces for _ in (-1.0, 1.0)]
    counts, xp = rng.multinomial(n, [*probabilities, 1.0 - sum(probabilities)], size), namespace_of(rng)
    sums: dict[Region, list[Any]] = {}
    for k, piece in enumerate(pieces):
        # Two halves of a piece, one on each side of the boundary.
        for side, sign in enumerate((-1.0, 1.0)):
            rows = 1.0 * counts[:, 2 * k + side]
            total, scatter = _half_piece(rng, rows, d - 1)
            for region in regions:
                if piece.low >= region.low and piece.high <= region.high:
                    parts = (rows, total, sign * total, scatter)
                    sums[region] = [old + new for old, new in zip(sums[region], parts, strict=True)] if region in sums else list(parts)
    table, _ = fetched(xp, _joined(xp, [sums[region] for region in regions]))
    judged = judge_many(table, regions, rows=n, dimension=d, mode="calibrated", failure_probability=delta)
    return {name: xp.asarray(1.0 * passed) for name, passed in _by_kind(judged).items() if name != "fourth"}


def _half_piece(rng: Any, rows: Any, p: int) -> tuple[Any, Any]:
    """Return sums of z (R, p) and of z z^T (R, p, p) over these numbers of rows (R,)."""
    xp, size = namespace_of(rng), len(rows)
    total = xp.sqrt(rows)[:, None] * rng.standard_normal((size, p))
    scatter = total[:, :, None] * total[:, None, :] / xp.maximum(rows, 1.0)[:, None, None]
    # Bartlett's factor of a Wishart matrix with m - 1 degrees of freedom; below p of them its last columns are 0.
    free = rows[:, None] - 1.0 - xp.arange(p)
    factor = xp.zeros((size, p, p))
    diagonal = xp.arange(p)
    factor[:, diagonal, diagonal] = xp.where(free > 0.0, xp.sqrt(rng.chisquare(xp.maximum(free, 1.0), (size, p))), 0.0)
    below, columns = np.tril_indices(p, -1)
    if below.size:
        columns = xp.asarray(columns)
        factor[:, xp.asarray(below), columns] = rng.standard_normal((size, below.size)) * (free[:, columns] > 0.0)
    return total, scatter + factor @ factor.swapaxes(1, 2)


def _joined(xp: Any, sums: list[list[Any]]) -> RegionTable:
    """Return the statistics of regions from their numbers of rows, sums of z, signed sums of z and sums of z z^T."""
    rows = xp.stack([part[0] for part in sums], axis=1)
    count = xp.maximum(rows, 1.0)
    mean, signed = (((xp.stack([part[which] for part in sums], axis=1) / count[:, :, None]) ** 2).sum(axis=2) for which in (1, 2))
    smallest, largest = extreme_eigenvalues(xp, xp.stack([part[3] for part in sums], axis=1) / count[:, :, None, None])
    p = sums[0][1].shape[1]
    # The fourth moment is not drawn: its mean stands for it.
    return RegionTable(rows, smallest, largest, mean, signed, xp.zeros_like(rows) + p * (p + 2.0))
