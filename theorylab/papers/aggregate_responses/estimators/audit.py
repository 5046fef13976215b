"""A black-box audit of a private release: a lower confidence bound on its epsilon, from samples alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from theorylab.papers.aggregate_responses.estimators.private_aggregator import PrivateAggregator, checked_generator
from theorylab.validation import array_of_shape, real, whole_number

__all__ = ["PrivacyAudit", "audit_privacy"]

Mechanism = Callable[[np.ndarray, int, np.random.Generator], Any]


class PrivacyAudit(NamedTuple):
    """What an audit found.

    Attributes
    ----------
    epsilon_lower
        Lower confidence bound on epsilon at the given delta.
    claimed_epsilon, delta
        What the mechanism claims.
    refuted
        Whether the bound exceeds the claim.
    error_probability
        Largest chance that a mechanism which keeps its claim is refuted.
    counts, releases
        In how many of how many releases the event happened: under the labels where it is frequent, and where it is rare.
    """

    epsilon_lower: float
    claimed_epsilon: float
    delta: float
    refuted: bool
    error_probability: float
    counts: tuple[int, int]
    releases: int


def audit_privacy(
    mechanism: PrivateAggregator | Mechanism,
    *,
    bags: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    neighbour: ArrayLike | None = None,
    epsilon: float | None = None,
    delta: float | None = None,
    releases: int = 200_000,
    error_probability: float = 1e-9,
    random_state: int | np.random.Generator | None = None,
) -> PrivacyAudit:
    """Bound epsilon from below by counting an event that is frequent under some labels and rare under labels that differ in one entry.

    Every (epsilon, delta)-private mechanism has P(event) <= e^epsilon P'(event) + delta, so epsilon >= log((P - delta) / P'). One half of the
    releases looks for an event (a threshold on the coordinates that move); the other half, which the choice has not seen, counts it, and
    exact binomial (Clopper-Pearson) limits, each at half the error probability, turn the counts into the bound. So the bound exceeds the true
    epsilon with at most the error probability, for every mechanism; with N releases it falls short of the epsilon of the event by about
    z (sqrt((1-P)/P) + sqrt((1-P')/P')) / sqrt(N/2), z the normal quantile of half the error probability: 0.05 for N = 200,000, P = 1/2,
    P' = 1/4 and 1e-9. The two sides must be
    neighbours for the bound to mean anything: that is the caller's word.

    Parameters
    ----------
    mechanism
        A `PrivateAggregator`, or a function ``(labels, releases, rng)`` that returns independent releases, shape (releases,) or (releases, m).
    bags
        The bags that an aggregator is given; for an aggregator only.
    labels, neighbour
        Labels, shape (n,), that differ in one entry. For an aggregator they default to zeros with the first sample, a member of no fewer
        bags than any other, at T and at -T: the pair that is easiest to tell apart.
    epsilon, delta
        The claim, epsilon > 0, 0 <= delta < 1; that of the aggregator, or delta = 0, if left out.
    releases
        Number of releases under each set of labels, >= 1000.
    error_probability
        In (0, 1).
    random_state
        Seed or generator of a function's releases; an aggregator uses its own, so that what is audited is what is used.

    Returns
    -------
    PrivacyAudit

    Raises
    ------
    ValueError
        If an argument does not fit, the labels do not differ in exactly one entry, or a release is not finite.
    """
    count = whole_number("releases", releases, minimum=1000)
    alpha = real("error_probability", error_probability, above=0.0, below=1.0)
    rng = checked_generator(random_state)
    if isinstance(mechanism, PrivateAggregator):
        if bags is None:
            raise ValueError("bags must be given for a PrivateAggregator; got None")
        aggregator, given = mechanism, np.asarray(bags)
        if given.ndim not in (1, 2) or given.size == 0:
            raise ValueError(f"bags must have shape (n,) or (n, t); got shape {given.shape}")
        if labels is None and neighbour is None:
            labels = np.zeros(len(given))
            labels[0] = aggregator.clip
            neighbour = -labels
        epsilon = aggregator.epsilon if epsilon is None else epsilon
        delta = aggregator.delta if delta is None else delta
        noise = checked_generator(aggregator.random_state)

        def draw(side: np.ndarray, number: int) -> Any:
            # One stream for all calls: a seed that restarted would give both sides the same noise.
            return PrivateAggregator(**{**aggregator.get_params(), "random_state": noise}).sample_releases(side, given, number)
    elif callable(mechanism):
        function = mechanism
        if bags is not None:
            raise ValueError("bags must be left out for a function, which knows its own; got some")

        def draw(side: np.ndarray, number: int) -> Any:
            return function(side, number, rng)
    else:
        raise ValueError(f"mechanism must be a PrivateAggregator or a function (labels, releases, rng); got {type(mechanism).__name__}")
    first = array_of_shape("labels", _given("labels", labels), ("n",))
    second = array_of_shape("neighbour", _given("neighbour", neighbour), first.shape)
    if int(np.sum(first != second)) != 1:
        raise ValueError(f"neighbour must differ from labels in exactly one entry; got {int(np.sum(first != second))}")
    claimed = real("epsilon", _given("epsilon", epsilon), above=0.0)
    slack = real("delta", 0.0 if delta is None else delta, minimum=0.0, below=1.0)
    half = count // 2
    event = _search_event(_releases(draw, first, half), _releases(draw, second, half), slack, alpha)
    happened = [int(event.happens(_releases(draw, side, half)).sum()) for side in (first, second)]
    frequent, rare = happened if event.first_is_frequent else happened[::-1]
    lower = float(_bound(np.array(frequent), np.array(rare), half, slack, alpha))
    return PrivacyAudit(max(lower, 0.0), claimed, slack, lower > claimed, alpha, (frequent, rare), half)


def _given(name: str, value: Any) -> Any:
    if value is None:
        raise ValueError(f"{name} must be given for this mechanism; got None")
    return value


class _Event(NamedTuple):
    """sign * combine((release - centre) * direction) > threshold, over the coordinates that move."""

    moving: np.ndarray
    centre: np.ndarray
    direction: np.ndarray
    combine: str
    first_is_frequent: bool
    threshold: float

    def score(self, released: np.ndarray) -> np.ndarray:
        towards = (released[:, self.moving] - self.centre) * (self.direction if self.first_is_frequent else -self.direction)
        scores: np.ndarray = towards.min(axis=1) if self.combine == "all" else towards.sum(axis=1)
        return scores

    def happens(self, released: np.ndarray) -> np.ndarray:
        return self.score(released) > self.threshold


def _releases(draw: Callable[[np.ndarray, int], Any], labels: np.ndarray, number: int) -> np.ndarray:
    released = np.asarray(draw(labels.copy(), number), dtype=np.float64)
    released = released[:, None] if released.ndim == 1 else released
    if released.ndim != 2 or len(released) != number or released.shape[1] == 0:
        raise ValueError(f"mechanism must return shape ({number},) or ({number}, m) for {number} releases; got {released.shape}")
    if not np.all(np.isfinite(released)):
        raise ValueError("mechanism must return finite releases; got some that are not")
    return released


def _search_event(first: np.ndarray, second: np.ndarray, delta: float, alpha: float) -> _Event:
    """Return the event with the largest bound on the given releases, among thresholds on all, or on the sum, of the coordinates that move."""
    low, centre, high = np.quantile(np.concatenate([first, second]), [0.25, 0.5, 0.75], axis=0)
    spread = np.where(high > low, high - low, 1.0)
    # The median of each side: means may not exist.
    shift = (np.median(first, axis=0) - np.median(second, axis=0)) / spread
    moving = np.flatnonzero(np.abs(shift) > 8.0 / math.sqrt(len(first)))
    if moving.size == 0:
        moving = np.array([int(np.argmax(np.abs(shift)))])
    direction = np.where(shift < 0, -1.0, 1.0)[moving] / spread[moving]
    best, chosen = -math.inf, None
    for combine in ("all", "sum"):
        for first_is_frequent in (True, False):
            event = _Event(moving, centre[moving], direction, combine, first_is_frequent, 0.0)
            frequent, rare = np.sort(event.score(first)), np.sort(event.score(second))
            if not first_is_frequent:
                frequent, rare = rare, frequent
            thresholds = np.quantile(np.concatenate([frequent, rare]), np.linspace(0.02, 0.98, 97))
            counts = [len(side) - np.searchsorted(side, thresholds, side="right") for side in (frequent, rare)]
            bounds = _bound(counts[0], counts[1], len(first), delta, alpha)
            index = int(np.argmax(bounds))
            if chosen is None or bounds[index] > best:
                best, chosen = float(bounds[index]), event._replace(threshold=float(thresholds[index]))
    assert chosen is not None
    return chosen


def _bound(frequent: np.ndarray, rare: np.ndarray, trials: int, delta: float, alpha: float) -> np.ndarray:
    """Return the lower confidence bound log((P - delta) / P') of one event from its counts; -inf where P may be as small as delta."""
    # Clopper-Pearson: quantiles of beta laws; the upper limit from the complement, whose small tail keeps its digits.
    lowest = np.where(frequent > 0, betaincinv(np.maximum(frequent, 1), trials - frequent + 1, alpha / 2), 0.0)
    highest = np.where(rare < trials, 1.0 - betaincinv(np.maximum(trials - rare, 1), rare + 1, alpha / 2), 1.0)
    excess = lowest - delta
    with np.errstate(divide="ignore"):
        return np.where(excess > 0, np.log(np.maximum(excess, 0.0)) - np.log(highest), -np.inf)
