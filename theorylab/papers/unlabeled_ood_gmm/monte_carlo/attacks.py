"""Linear rules on raw test samples, as they are or moved by an attacker who does not know the answer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import array_of_shape, choice, covariance, moderate, real, whole_number

__all__ = ["sample_attacked_errors", "sample_linear_errors"]

_LARGEST_CORNERS = 12


def _points(rng: Any, size: int, mean: Any, standard_deviation: float, matrix: Sequence[Sequence[float]] | None) -> tuple[Any, Any]:
    """Draw one test sample and its label for each replicate: (size, d) and (size,)."""
    xp = namespace_of(rng)
    sigma = moderate("standard_deviation", real("standard_deviation", standard_deviation, above=0.0), most=1e50)
    labels = 2.0 * rng.integers(0, 2, (size,)) - 1.0
    noise = sigma * rng.standard_normal((size, len(mean)))
    if matrix is not None:
        noise = noise @ xp.linalg.cholesky(xp.asarray(covariance("covariance", matrix, dimension=len(mean)))).T
    return labels[:, None] * mean + noise, labels


def _rules(directions: Sequence[Sequence[float]], dimension: int) -> Any:
    rules = array_of_shape("directions", directions, ("rules", dimension))
    if len(rules) == 0 or not rules.any(axis=1).all():
        raise ValueError("directions must hold at least one, none of them 0: the direction is undefined")
    return rules


def _columns(wrong: Any) -> dict[str, Any]:
    return {"error": wrong, "difference": wrong[:, 0] - wrong[:, -1]}


def _linear_block(*, directions: Sequence[Sequence[float]], mean: Sequence[float], **_: object) -> int:
    return fitting_block(numbers=3 * len(mean) + 2 * len(directions), nanoseconds=25.0 * len(mean))


@block_size(_linear_block)
def sample_linear_errors(
    rng: Any,
    size: int,
    *,
    directions: Sequence[Sequence[float]],
    mean: Sequence[float],
    standard_deviation: float = 1.0,
    covariance: Sequence[Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Sample whether linear rules misclassify one test sample, the same for all rules.

    Parameters
    ----------
    rng, size
        Generator and number of test samples.
    directions
        w of each rule sign<w, x>, (L, d), none of them 0.
    mean
        mu, (d,): x = y mu + z.
    standard_deviation, covariance
        Of z: sigma > 0, times the root of the covariance (d, d) if there is one.

    Returns
    -------
    dict
        "error" (size, L), 0.0 or 1.0; "difference" (size,), the first rule's less the last one's.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    mu = array_of_shape("mean", mean, ("d",))
    rules = xp.asarray(_rules(directions, len(mu)))
    points, labels = _points(rng, size, xp.asarray(mu), standard_deviation, covariance)
    return _columns((labels[:, None] * (points @ rules.T) <= 0.0).astype(float))


def _attack_block(*, directions: Sequence[Sequence[float]], mean: Sequence[float], norm: str, **_: object) -> int:
    moves = 0 if norm == "linf" else 3 * len(mean) * len(directions)
    return fitting_block(numbers=3 * len(mean) + 2 * len(directions) + 2 * moves, nanoseconds=25.0 * len(mean) + 6.0 * moves)


@block_size(_attack_block)
def sample_attacked_errors(
    rng: Any,
    size: int,
    *,
    directions: Sequence[Sequence[float]],
    mean: Sequence[float],
    radius: float,
    norm: str,
    standard_deviation: float = 1.0,
    covariance: Sequence[Sequence[float]] | None = None,
    steps: int = 12,
) -> dict[str, Any]:
    """Sample whether an attacker who may move the test sample makes linear rules misclassify it.

    Against "linf" moves every corner of the cube is tried: one of them moves a linear score most. "l2" moves climb from a random one:
    a long step along the gradient of the score, back into the ball, again.

    Parameters
    ----------
    rng, size, directions, mean, standard_deviation, covariance
        As in `sample_linear_errors`; at most 12 dimensions with "linf".
    radius
        Length of the moves, >= 0.
    norm
        "l2" or "linf".
    steps
        Steps of the climb, >= 1; each divides the distance from the worst move by about ten.

    Returns
    -------
    dict
        "error" (size, L), 0.0 or 1.0; "difference" (size,), the first rule's less the last one's.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    mu = array_of_shape("mean", mean, ("d",))
    rules = xp.asarray(_rules(directions, len(mu)))
    reach, climbs = moderate("radius", real("radius", radius, minimum=0.0), most=1e50), whole_number("steps", steps)
    if choice("norm", norm, ("l2", "linf")) == "linf" and len(mu) > _LARGEST_CORNERS:
        raise ValueError(f"mean must have at most {_LARGEST_CORNERS} entries with 'linf' moves: all corners are tried; got {len(mu)}")
    points, labels = _points(rng, size, xp.asarray(mu), standard_deviation, covariance)
    if norm == "linf":
        corners = reach * xp.asarray(list(itertools.product((-1.0, 1.0), repeat=len(mu))))
        # Which corner moves a linear score most depends on the label alone, so each is tried once for all samples.
        moves = rules @ corners.T
        worst = xp.where(labels > 0.0, moves.min(axis=1)[:, None], moves.max(axis=1)[:, None])
        return _columns((labels * (rules @ points.T + worst) <= 0.0).astype(float).T)
    wrong = xp.empty((size, len(rules)))
    for column, rule in enumerate(rules):
        gradient = 10.0 * reach * rule / xp.sqrt((rule**2).sum())
        move = reach * rng.standard_normal((size, len(mu)))
        for _ in range(climbs):
            move = move - labels[:, None] * gradient
            length = xp.sqrt((move**2).sum(axis=1, keepdims=True))
            move = move * xp.where(length > reach, reach / xp.where(length > 0.0, length, 1.0), 1.0)
        wrong[:, column] = labels * ((points + move) @ rule) <= 0.0
    return _columns(wrong)
