"""A search for an adversary, a direction along which Massart noise could hold the learner far from the best halfspace.

Tests of masses and moments, of whatever degree, ask whether the sample looks Gaussian. What matters is narrower: let w* = cos(theta) w + sin(theta) v
with v orthogonal to w, a = <w, x>, b = <v, x>, s = sign<w*, x>. If the flip rates are at most eta, then on any set of rows

    mean E[y | x] b >= mean [(1 - 2 eta) (b s)_+ - (b s)_-] =: h(v, theta),

because E[y | x] = (1 - 2 eta(x)) s. With the realised labels, mean y b misses its mean by less than q = sqrt(2 log(1/delta) mean b^2/m) with
probability 1 - delta (Hoeffding, given the rows). So w* with h(v, theta) > mean y b + q is refuted. In s only rows with a b < 0 matter; those with
|a| < tan(theta) |b| agree with b, the others with a: h increases with theta, and for each v there is one largest angle that is not refuted. What w
then loses against w* is at most the share of rows with a b < 0 and |a| < tan(theta) |b|.

All this is a theorem for each v. In the plane there are only two directions v, and the search is complete. In more dimensions candidates are found by
descent on the rows that trained w, and judged on fresh rows, so that a Gaussian sample is not rejected for what the search made of its noise; a
direction that the search does not find is not judged. Derived here.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from theorylab.numerics.concentration import mean_upper_bound
from theorylab.papers.tester_learner.estimators.learner import check_rows, checked_level, checked_width, unit_direction
from theorylab.papers.tester_learner.estimators.regions import basis_orthogonal_to
from theorylab.papers.tester_learner.estimators.report import TestResult
from theorylab.validation import array_of_shape, instance, items, moderate, real, whole_number

__all__ = ["AdversaryBound", "bound_against", "candidate_directions", "judge_candidates", "search_adversary"]

_ROUNDS = 20
_FIRST_STEP = 0.5
# How many pieces the angles that are not refuted are cut into.
_PIECES = 24
# Candidates that are judged on fresh rows: the worst ones on the rows of the search.
_JUDGED = 4


class AdversaryBound(NamedTuple):
    """What the sample allows an adversary along one direction.

    Attributes
    ----------
    tangent
        Largest tan(theta) that is not refuted; infinite if none is.
    excess_error
        Upper confidence bound on err(w) - err(w*) over all targets along the direction that are not refuted.
    """

    tangent: float
    excess_error: float


def bound_against(
    margins: np.ndarray, coordinates: np.ndarray, labels: np.ndarray, *, half_width: float, noise_rate: float, failure_probability: float
) -> AdversaryBound:
    """Return what the rows allow an adversary along v.

    At an angle the adversary may spend what is left of mean y b + q - h(v, theta) on being less noisy where w errs, which raises the excess error
    mean (1 - 2 eta(x)) 1{w errs}: cheapest where |b| is small. Outside the band it is free.

    Parameters
    ----------
    margins, coordinates, labels
        <w, x>, <v, x> and y of all rows, (n,) each.
    half_width
        The band on which the adversary must hide: |<w, x>| <= c.
    noise_rate
        eta.
    failure_probability
        delta; half of it goes to the labels in the band, half to the mean over the rows (`mean_upper_bound`).

    Returns
    -------
    AdversaryBound
        With an infinite tangent if no angle is refuted.

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape.
    """
    margins = moderate("margins", array_of_shape("margins", margins, ("n",)))
    if margins.size == 0:
        raise ValueError("margins must hold at least one row; got none")
    coordinates = moderate("coordinates", array_of_shape("coordinates", coordinates, margins.shape))
    labels = array_of_shape("labels", labels, margins.shape)
    if not np.all(np.abs(labels) == 1.0):
        raise ValueError(f"labels must be -1 or 1; got {labels[:5].tolist()}")
    half_width, noise_rate = real("half_width", half_width, above=0.0), real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    failure_probability = checked_level(failure_probability)
    distances = np.abs(margins)
    in_band = distances <= half_width
    tangent, share = _sample_excess(margins, distances, in_band, coordinates, labels, noise_rate, failure_probability / 2.0)
    return AdversaryBound(tangent, float(mean_upper_bound(share, margins.size, failure_probability / 2.0)))


def _sample_excess(
    margins: np.ndarray,
    distances: np.ndarray,
    in_band: np.ndarray,
    coordinates: np.ndarray,
    labels: np.ndarray,
    noise_rate: float,
    failure_probability: float,
) -> tuple[float, float]:
    """Return the largest tangent that is not refuted, and the largest excess error over the rows at this tangent or a smaller one."""
    a, b, y = margins[in_band], coordinates[in_band], labels[in_band]
    if a.size == 0:
        return math.inf, 1.0
    noise = math.sqrt(2.0 * math.log(1.0 / failure_probability) * float(b @ b))
    opposed = a * b < 0.0
    sizes = np.abs(b)
    # At theta = 0 every opposed row agrees with a; each joins b's side at tan(theta) = |a|/|b|.
    total, against = float(sizes.sum()), float(sizes[opposed].sum())
    value = (1.0 - 2.0 * noise_rate) * (total - against) - against - float(y @ b) - noise
    with np.errstate(over="ignore"):
        ratios, sizes = np.abs(a[opposed]) / sizes[opposed], sizes[opposed]
    order = np.argsort(ratios)
    ratios, sizes = ratios[order], sizes[order]
    climbs = value + 2.0 * (1.0 - noise_rate) * np.cumsum(sizes)
    if value > 0.0:
        return 0.0, 0.0
    if climbs.size == 0 or climbs[-1] <= 0.0:
        return math.inf, 1.0
    last = int(np.argmax(climbs > 0.0))
    outside = ~in_band & (margins * coordinates < 0.0)
    with np.errstate(over="ignore"):
        thresholds = np.sort(distances[outside] / np.abs(coordinates[outside]))
    worst = 0.0
    # On each piece of the angles the share is bounded by the rows of its upper end with the slack of its lower end.
    marks = np.unique(np.linspace(0, last, _PIECES + 1).astype(int)).tolist()
    for begin, end in pairwise(marks) if last else [(0, 0)]:
        slack = -(float(climbs[begin - 1]) if begin else value) / (2.0 * noise_rate) if noise_rate > 0.0 else 0.0
        spent = np.cumsum(np.sort(sizes[: end + 1]))
        free = int(np.searchsorted(spent, slack, side="right")) + 1
        inside = (1.0 - 2.0 * noise_rate) * (end + 1) + 2.0 * noise_rate * min(free, end + 1)
        worst = max(worst, inside + float(np.searchsorted(thresholds, ratios[end], side="right")))
    return float(ratios[last]), min(worst / margins.size, 1.0)


def candidate_directions(
    features: np.ndarray,
    labels: np.ndarray,
    direction: np.ndarray,
    *,
    half_width: float,
    noise_rate: float,
    tangent: float,
    rng: np.random.Generator,
    random_starts: int = 4,
) -> np.ndarray:
    """Return unit vectors orthogonal to w along which an adversary might hide, (d, K).

    They are where a descent on h(v, theta) - mean y b ends, and its starts. The starts are those in which known traps show: signed means in the
    band, of first and third order; the extreme second moments in the band and outside it; and a few at random. Both signs of each are tried.

    Parameters
    ----------
    features, labels, direction
        Rows that need not be fresh, (n, d), labels and w.
    half_width, noise_rate
        As in `bound_against`.
    tangent
        tan(theta) of the adversary that is looked for.
    rng
        Draws the random starts.
    random_starts
        Their number, >= 0.

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape.
    """
    features, labels = check_rows(features, labels)
    direction, rng = unit_direction("direction", direction, features.shape[1]), instance("rng", rng, np.random.Generator)
    half_width, noise_rate = real("half_width", half_width, above=0.0), real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    tangent = moderate("tangent", real("tangent", tangent, above=0.0))
    random_starts = whole_number("random_starts", random_starts, minimum=0, maximum=10**6)
    dimension = direction.size
    margins = np.asarray(features @ direction.astype(features.dtype), dtype=np.float64)
    basis = basis_orthogonal_to(direction)
    if dimension == 2:
        return np.concatenate([basis, -basis], axis=1)
    in_band = np.abs(margins) <= half_width
    z = np.asarray(features[in_band], dtype=np.float64) @ basis
    a, y = margins[in_band], labels[in_band]
    random = rng.standard_normal((dimension - 1, random_starts))
    if a.size == 0:
        starts = random
    else:
        signs = np.where(a >= 0.0, 1.0, -1.0)
        _, inner = np.linalg.eigh(z.T @ z)
        outer = [_extreme(features, margins, basis, half_width * low, half_width * high) for low, high in ((1.0, 2.0), (2.0, 6.0))]
        third = (signs * np.einsum("ij,ij->i", z, z)) @ z
        starts = np.column_stack([signs @ z, third, inner[:, 0], inner[:, -1], *outer, random])
    starts = np.concatenate([starts, -starts], axis=1)
    lengths = np.linalg.norm(starts, axis=0)
    starts = starts[:, lengths > 0.0] / lengths[lengths > 0.0]
    found = _descend(z, a, y, starts, noise_rate, tangent) if a.size else starts
    return np.asarray(basis @ np.concatenate([starts, found], axis=1))


def _extreme(features: np.ndarray, margins: np.ndarray, basis: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the direction of the largest second moment in a strip, 0 if it has no rows."""
    chosen = (np.abs(margins) > low) & (np.abs(margins) <= high)
    if not chosen.any():
        return np.zeros(basis.shape[1])
    z = np.asarray(features[chosen], dtype=np.float64) @ basis
    return np.asarray(np.linalg.eigh(z.T @ z)[1][:, -1])


def _descend(z: np.ndarray, a: np.ndarray, y: np.ndarray, starts: np.ndarray, noise_rate: float, tangent: float) -> np.ndarray:
    """Lower (h(v, theta) - mean y b)/rms b by normalised subgradient steps from every column at once; return the best point of each path."""
    v, best, least = starts.copy(), starts.copy(), np.full(starts.shape[1], np.inf)
    observed = y @ z / a.size
    reach = np.abs(a)[:, None]
    for step in range(_ROUNDS + 1):
        b = z @ v
        opposed = (a[:, None] * b < 0.0) & (reach >= tangent * np.abs(b))
        coefficients = np.where(opposed, -1.0, 1.0 - 2.0 * noise_rate) * np.sign(b)
        gradient = z.T @ coefficients / a.size - observed[:, None]
        values = np.einsum("ij,ij->j", gradient, v)
        scale = np.sqrt(np.mean(b * b, axis=0)) + 1e-100
        better = values / scale < least
        best[:, better], least[better] = v[:, better], (values / scale)[better]
        # The gradient of values/scale along the sphere.
        slope = gradient - (values / scale**2) * (z.T @ b / a.size)
        slope -= np.einsum("ij,ij->j", slope, v) * v
        v = v - _FIRST_STEP / math.sqrt(step + 1.0) * slope / (np.linalg.norm(slope, axis=0) + 1e-100)
        v /= np.linalg.norm(v, axis=0)
    return best


def judge_candidates(
    candidates: np.ndarray,
    features: np.ndarray,
    labels: np.ndarray,
    direction: np.ndarray,
    *,
    half_width: float,
    noise_rate: float,
    failure_probability: float,
) -> AdversaryBound:
    """Return the bound against the worst of the candidates (d, K) on fresh rows; by Bonferroni all hold together with probability 1 - delta.

    An infinite tangent says that no angle is refuted; candidates have length 1, and the other arguments are those of `bound_against`.
    """
    features, labels = check_rows(features, labels)
    direction = unit_direction("direction", direction, features.shape[1])
    candidates = array_of_shape("candidates", candidates, (direction.size, "K"))
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(candidates, axis=0)
    if candidates.shape[1] == 0 or not np.all(np.abs(lengths - 1.0) <= 1e-6):
        raise ValueError(f"candidates must be one or more columns of length 1; got lengths {lengths[:5].tolist()}")
    failure_probability = checked_level(failure_probability)
    margins = np.asarray(features @ direction.astype(features.dtype), dtype=np.float64)
    coordinates = np.asarray(features @ candidates.astype(features.dtype), dtype=np.float64)
    level = failure_probability / candidates.shape[1]
    bounds = [
        bound_against(margins, column, labels, half_width=half_width, noise_rate=noise_rate, failure_probability=level) for column in coordinates.T
    ]
    return max(bounds, key=lambda bound: bound.excess_error)


def _worst_candidates(
    candidates: np.ndarray, features: np.ndarray, labels: np.ndarray, direction: np.ndarray, half_width: float, noise_rate: float, level: float
) -> np.ndarray:
    """Return the candidates that leave the most room on the rows of the search: by rows that could disagree, near the boundary alone."""
    margins = np.asarray(features @ direction.astype(features.dtype), dtype=np.float64)
    near = np.abs(margins) <= 3.0 * half_width
    a, y = margins[near], labels[near]
    b = np.asarray(features[near] @ candidates.astype(features.dtype), dtype=np.float64)
    in_band = np.abs(a) <= half_width
    opposed = a[:, None] * b < 0.0
    sizes = np.abs(b)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratios = np.where(opposed, np.abs(a)[:, None] / sizes, np.inf)
    inner, against = sizes[in_band], np.where(opposed[in_band], sizes[in_band], 0.0)
    noise = np.sqrt(-2.0 * math.log(level) * np.sum(inner**2, axis=0))
    value = (1.0 - 2.0 * noise_rate) * inner.sum(axis=0) - 2.0 * (1.0 - noise_rate) * against.sum(axis=0) - y[in_band] @ b[in_band] - noise
    order = np.argsort(ratios[in_band], axis=0)
    climbs = value + 2.0 * (1.0 - noise_rate) * np.cumsum(np.take_along_axis(against, order, axis=0), axis=0)
    # An infinite ratio ends the rows that can change sides.
    reached = np.concatenate([climbs > 0.0, np.ones((1, climbs.shape[1]), dtype=bool)])
    sorted_ratios = np.concatenate([np.take_along_axis(ratios[in_band], order, axis=0), np.full((1, climbs.shape[1]), np.inf)])
    tangents = np.where(value > 0.0, 0.0, np.take_along_axis(sorted_ratios, np.argmax(reached, axis=0)[None, :], axis=0)[0])
    room = np.where(np.isinf(tangents), near.size, np.count_nonzero(ratios <= tangents, axis=0))
    return candidates[:, np.argsort(-room, kind="stable")[:_JUDGED]]


def search_adversary(
    search_rows: tuple[np.ndarray, np.ndarray],
    fresh_rows: tuple[np.ndarray, np.ndarray],
    direction: np.ndarray,
    *,
    ramp_width: float,
    noise_rate: float,
    excess_error: float,
    failure_probability: float,
    rng: np.random.Generator,
) -> TestResult:
    """Search on one half of the sample, judge on the other, and say whether an adversary that costs more than `excess_error` remains possible.

    Parameters
    ----------
    search_rows, fresh_rows
        (features, labels) of both halves.
    direction
        w, of length 1, found without the fresh rows.
    ramp_width, noise_rate
        sigma and eta of the learner.
    excess_error
        eps in (0, 1).
    failure_probability
        delta.
    rng
        Draws random starts.

    Returns
    -------
    TestResult
        The statistic is the largest excess error that the candidates leave possible; it has no p-value (NaN).

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape.
    """
    search_rows = check_rows(*items("search_rows", search_rows, length=2), names=("the first of search_rows", "the second of search_rows"))
    fresh_rows = check_rows(*items("fresh_rows", fresh_rows, length=2), names=("the first of fresh_rows", "the second of fresh_rows"))
    if search_rows[0].shape[1] != fresh_rows[0].shape[1]:
        raise ValueError(f"fresh_rows must have the {search_rows[0].shape[1]} coordinates of search_rows; got {fresh_rows[0].shape[1]}")
    ramp_width, failure_probability = checked_width(ramp_width), checked_level(failure_probability)
    excess_error = moderate("excess_error", real("excess_error", excess_error, above=0.0, below=1.0), least=1e-50)
    options: Any = {"half_width": ramp_width / 2.0, "noise_rate": noise_rate}
    tangent = math.tan(min(math.pi * excess_error, 1.5))
    candidates = candidate_directions(*search_rows, direction, **options, tangent=tangent, rng=rng)
    if candidates.shape[1] > _JUDGED:
        level = failure_probability / (2.0 * _JUDGED)
        candidates = _worst_candidates(candidates, *search_rows, direction, ramp_width / 2.0, noise_rate, level)
    worst = judge_candidates(candidates, *fresh_rows, direction, **options, failure_probability=failure_probability)
    sentence = (
        f"Massart noise along the worst direction found could hide an angle of {math.atan(worst.tangent):.3g} "
        f"and an excess error of {worst.excess_error:.3g} (allowed: {excess_error:.3g})"
    )
    return TestResult("adversary search", worst.excess_error, 0.0, excess_error, math.nan, worst.excess_error <= excess_error, sentence)
