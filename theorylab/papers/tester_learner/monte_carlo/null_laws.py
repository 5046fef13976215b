"""The tests under a Gaussian sample: by drawing the sample, and by drawing only counts and Wishart matrices."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from theorylab.backend import namespace_of
from theorylab.models.wishart import wishart_matrices
from theorylab.montecarlo.samplers import block_size, fitting_block, host_only
from theorylab.papers.tester_learner.estimators.marginal_tests import judge_regions, run_tests
from theorylab.papers.tester_learner.estimators.regions import Region, RegionSummary, gaussian_mass, paper_regions
from theorylab.validation import reals, whole_number

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
    p = whole_number("dimension", dimension, minimum=2) - 1
    m = whole_number("rows", rows, minimum=p)
    xp = namespace_of(rng)
    eigenvalues = xp.linalg.eigvalsh(wishart_matrices(rng, size, degrees_of_freedom=m, dimension=p) / m)
    return {"smallest": eigenvalues[:, 0], "largest": eigenvalues[:, -1]}


def _raw_block(*, sample_size: int, dimension: int, **_: Any) -> int:
    return fitting_block(numbers=2.0 * sample_size * dimension, nanoseconds=25.0 * sample_size * dimension + 2e6)


@host_only("judges one data set after the other with estimators written for numpy")
@block_size(_raw_block)
def sample_null_report_raw(
    rng: Any, size: int, *, sample_size: int, dimension: int, ramp_width: float, failure_probability: float = 0.05
) -> dict[str, Any]:
    """Sample whether Gaussian samples pass `run_tests`, by drawing and testing them.

    Parameters
    ----------
    rng, size
        numpy's generator and number of samples.
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
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    width = float(reals("ramp_width", ramp_width, above=0.0))
    axis = np.eye(1, d)[0]
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in (*_KINDS, "tolerant", "calibrated", "without_fourth")}
    for r in range(size):
        x = rng.standard_normal((n, d))
        found["tolerant"][r] = run_tests(x, axis, ramp_width=width, mode="tolerant").accepted
        report = run_tests(x, axis, ramp_width=width, mode="calibrated", failure_probability=failure_probability)
        _note(found, r, report.results)
        found["calibrated"][r] = report.accepted
    return found


_KINDS = {
    "mass": "mass",
    "largest": "largest eigenvalue",
    "smallest": "smallest eigenvalue",
    "centre": "centre",
    "signed": "signed mean",
    "fourth": "fourth moment",
}


def _note(found: dict[str, np.ndarray], replicate: int, results: Any) -> None:
    for short, name in _KINDS.items():
        if short in found:
            found[short][replicate] = all(result.passed for result in results if result.name.startswith(name))
    found["without_fourth"][replicate] = all(result.passed for result in results if not result.name.startswith("fourth"))


@host_only("draws multinomial counts")
@block_size(lambda *, dimension, **_: fitting_block(numbers=20.0 * dimension**2, nanoseconds=5e5 + 100.0 * dimension**3))
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
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    regions = paper_regions(float(reals("ramp_width", ramp_width, above=0.0)))
    edges = sorted({max(region.low, 0.0) for region in regions} | {region.high for region in regions})
    pieces = [Region(low if low > 0.0 else -1.0, high) for low, high in itertools.pairwise(edges)]
    probabilities = [0.5 * gaussian_mass(piece) for piece in pieces for _ in (-1.0, 1.0)]
    counts = rng.multinomial(n, [*probabilities, 1.0 - sum(probabilities)], size=size)[:, :-1]
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in (*(kind for kind in _KINDS if kind != "fourth"), "without_fourth")}
    for r in range(size):
        # Two halves of a piece, one on each side of the boundary.
        parts = [
            (piece, *_half_piece(rng, int(counts[r, 2 * k + side]), d - 1), 2.0 * side - 1.0) for k, piece in enumerate(pieces) for side in (0, 1)
        ]
        summaries = [_joined(region, [part for part in parts if _within(part[0], region)], d - 1) for region in regions]
        _note(found, r, judge_regions(summaries, n, mode="calibrated", failure_probability=failure_probability).results)
    return found


Part = tuple[Region, int, np.ndarray, np.ndarray, float]


def _within(piece: Region, region: Region) -> bool:
    return piece.low >= region.low and piece.high <= region.high


def _half_piece(rng: Any, count: int, p: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Return rows as their number, the sum of z and the sum of z z^T."""
    if count == 0:
        return 0, np.zeros(p), np.zeros((p, p))
    total = math.sqrt(count) * rng.standard_normal(p)
    scatter = np.outer(total, total) / count
    if count > 1:
        scatter += wishart_matrices(rng, 1, degrees_of_freedom=count - 1, dimension=p)[0]
    return count, total, scatter


def _joined(region: Region, parts: list[Part], p: int) -> RegionSummary:
    count = sum(part[1] for part in parts)
    if count == 0:
        return RegionSummary(region, 0, np.zeros(p), 0.0, 0.0, 0.0)
    mean = np.sum([part[2] for part in parts], axis=0) / count
    signed = np.sum([part[4] * part[2] for part in parts], axis=0) / count
    scatter = np.sum([part[3] for part in parts], axis=0) / count
    # The fourth moment is not drawn: its mean stands for it.
    return RegionSummary(region, count, np.linalg.eigvalsh(scatter), float(mean @ mean), float(signed @ signed), p * (p + 2.0))
