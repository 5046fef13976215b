"""The regions around a direction that the tests look at, and what they are summarised by: counts, moments orthogonal to the direction.

All statistics are even in the direction (the signed mean changes its sign), so one pass serves both w and -w.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from theorylab.papers.tester_learner.estimators.learner import check_rows, checked_width, unit_direction
from theorylab.validation import instance, items

__all__ = ["Region", "RegionSummary", "basis_orthogonal_to", "gaussian_mass", "paper_regions", "summarise"]

# Strips reach out this many standard deviations; further out a Gaussian sample is thin.
_REACH = 3.0


class Region(NamedTuple):
    """The rows with low < |<w, x>| <= high; low = -1 for a band."""

    low: float
    high: float

    @property
    def name(self) -> str:
        """Return how messages call it."""
        return f"band |<w,x>| <= {self.high:.3g}" if self.low < 0.0 else f"strip {self.low:.3g} < |<w,x>| <= {self.high:.3g}"


def gaussian_mass(region: Region) -> float:
    """Return the probability of a region under N(0, 1): a difference of erf(high/sqrt 2)."""
    instance("region", region, Region)
    inner = math.erf(max(region.low, 0.0) / math.sqrt(2.0))
    return math.erf(region.high / math.sqrt(2.0)) - inner


def paper_regions(ramp_width: float) -> tuple[Region, ...]:
    """Return the bands of half-widths sigma/6 and sigma/2, then the strips (k sigma/2, k sigma], k = 1, 2, 4, 8, as far as k sigma <= 3."""
    ramp_width = checked_width(ramp_width)
    bands = (Region(-1.0, ramp_width / 6.0), Region(-1.0, ramp_width / 2.0))
    return bands + tuple(Region(k * ramp_width / 2.0, k * ramp_width) for k in (1, 2, 4, 8) if k * ramp_width <= _REACH)


class RegionSummary(NamedTuple):
    """What the rows of one region look like orthogonally to w; z are the d - 1 orthogonal coordinates.

    Attributes
    ----------
    region
        Which rows.
    rows
        Their number m.
    eigenvalues
        (d - 1,), ascending, of mean z z^T; all 0 without rows.
    mean, signed_mean
        |mean of z|^2 and |mean of sign(<w, x>) z|^2.
    fourth
        Mean of |z|^4.
    """

    region: Region
    rows: int
    eigenvalues: np.ndarray
    mean: float
    signed_mean: float
    fourth: float


def basis_orthogonal_to(direction: np.ndarray) -> np.ndarray:
    """Return (d, d - 1) orthonormal columns orthogonal to a vector of length 1: columns of a Householder reflection."""
    direction = unit_direction("direction", direction)
    pivot = int(np.argmax(np.abs(direction)))
    reflected = direction.copy()
    reflected[pivot] += math.copysign(1.0, direction[pivot])
    reflection = np.eye(direction.size) - np.outer(reflected, reflected) / abs(reflected[pivot])
    return np.delete(reflection, pivot, axis=1)


def summarise(features: np.ndarray, direction: np.ndarray, regions: tuple[Region, ...]) -> list[RegionSummary]:
    """Summarise every region.

    Parameters
    ----------
    features
        (n, d), float32 or float64; nothing of its size is held beside it but the rows of one region.
    direction
        (d,), of length 1.
    regions
        Which ones.

    Returns
    -------
    list of RegionSummary
        In the order of the regions. Cost O(n d + m d^2) a region, and an eigenvalue problem of size d - 1.

    Raises
    ------
    ValueError
        If an argument is not what it should be.
    """
    features, _ = check_rows(features)
    direction = unit_direction("direction", direction, features.shape[1])
    regions = tuple(items("regions", regions, Region))
    margins = features @ direction.astype(features.dtype)
    distances = np.abs(margins)
    basis = basis_orthogonal_to(direction)
    return [_summary(features, margins, distances, basis, direction, region) for region in regions]


def _summary(
    features: np.ndarray, margins: np.ndarray, distances: np.ndarray, basis: np.ndarray, direction: np.ndarray, region: Region
) -> RegionSummary:
    chosen = np.flatnonzero((distances > region.low) & (distances <= region.high))
    count = chosen.size
    if count == 0:
        return RegionSummary(region, 0, np.zeros(direction.size - 1), 0.0, 0.0, 0.0)
    rows, own = features[chosen], margins[chosen]
    gram = np.asarray(rows.T @ rows, dtype=np.float64) / count
    moments = basis.T @ gram @ basis
    signed = basis.T @ np.asarray(np.where(own >= 0.0, 1.0, -1.0).astype(rows.dtype) @ rows, dtype=np.float64) / count
    mean = basis.T @ np.mean(rows, axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->i", rows, rows) - own**2
    fourth = float(np.mean(np.square(squares, dtype=np.float64)))
    return RegionSummary(region, count, np.linalg.eigvalsh(0.5 * (moments + moments.T)), float(mean @ mean), float(signed @ signed), fourth)
