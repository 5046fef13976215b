"""Directions of the mean of a symmetric mixture, estimated from unlabelled samples: batches of data sets at once, in any array module.

Samples are kept coordinates first, (R, d, n). Each of these estimators sees x and -x alike, so each finds the mean up to its sign.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from theorylab.backend import checked_array
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.validation import items, real, whole_number

__all__ = ["absolute_direction", "leading_direction", "mixture_mean", "settled"]

_NEWTON_STEPS, _EM_STEPS = 24, 20_000
_SIGN_STEPS = 400
# Of iterations that are taken word for word.
_RAW_STEPS = 2000
# Steps of Newton's method that share one Hessian: a step costs two products with the samples, a Hessian d of them.
_SHARED = 6
_TOLERANCE = 1e-10
_LARGEST = 1e50


def _checked_features(features: Any) -> Any:
    features = checked_array("features", features, ("R", "d", "n"), minimum=-_LARGEST, maximum=_LARGEST)
    if 0 in features.shape[:2]:
        raise ValueError(f"features must have shape (R, d, n) with d >= 1; got shape {features.shape}")
    return features


def _checked_direction(name: str, value: Any, features: Any) -> Any:
    value = checked_array(name, value, minimum=-_LARGEST, maximum=_LARGEST)
    if value.shape not in (features.shape[:2], features.shape[1:2]):
        raise ValueError(f"{name} must have shape {features.shape[:2]} or {features.shape[1:2]}; got shape {value.shape}")
    return value


def _log_cosh_sum(namespace: Any, margins: Any) -> Any:
    """Return sum_j log cosh t_j for margins (R, 1, n)."""
    size = abs(margins)
    return (size + namespace.log1p(namespace.exp(-2.0 * size))).sum(axis=(1, 2)) - margins.shape[2] * math.log(2.0)


def _newton(features: Any, start: Any, labeled_sum: Any, total: int, tolerance: float, namespace: Any) -> tuple[Any, Any]:
    """Return means (R, d) and which of them did not come to rest."""
    xp, mean = namespace, start
    identity, hessian = xp.eye(features.shape[1]), None
    # One that has come to rest stays there, whatever the others do.
    moving = xp.ones(len(mean), dtype=bool)
    for iteration in range(_NEWTON_STEPS):
        responses = xp.tanh(mean[:, None, :] @ features)
        slope = (features @ responses.swapaxes(1, 2))[:, :, 0] - total * mean + labeled_sum
        if iteration % _SHARED == 0:
            hessian = total * identity - (features * (1.0 - responses**2)) @ features.swapaxes(1, 2)
        step = xp.linalg.solve(hessian, slope[:, :, None])[:, :, 0]
        mean = xp.where(moving[:, None], mean + step, mean)
        moving = moving & (abs(step).max(axis=1) >= tolerance)
        if not bool(moving.any()):
            break
    return mean, moving


def _expectation_maximisation(features: Any, start: Any, labeled_sum: Any, total: int, tolerance: float, namespace: Any) -> Any:
    """Return means (R, d) by EM, which always climbs, but slowly where the samples say little."""
    xp, mean, moving = namespace, start, namespace.ones(len(start), dtype=bool)
    for _ in range(_EM_STEPS):
        after = ((features @ xp.tanh(mean[:, None, :] @ features).swapaxes(1, 2))[:, :, 0] + labeled_sum) / total
        step = abs(after - mean).max(axis=1)
        mean = xp.where(moving[:, None], after, mean)
        moving = moving & ~(step < tolerance)
        if not bool(moving.any()):
            return mean
    raise ConvergenceError(f"EM did not end in {_EM_STEPS} steps: the last one was {float(step.max()):.3g} long")


def mixture_mean(
    features: Any, start: Any, *, labeled_sum: Any = None, labeled_size: int = 0, tolerance: float = _TOLERANCE, namespace: Any = np
) -> Any:
    """Maximise the likelihood of the mean mu of ``(N(mu, I) + N(-mu, I))/2``, with some labelled samples if there are any.

    Stationary: ``(m + n) mu = sum_i y_i x_i + sum_j tanh(<mu, x_j>) x_j``. The right side over m + n is the step of expectation and maximisation
    (EM), whose fixed point this is; it is found by Newton's method, which takes fewer steps, and by EM itself where that strays.

    Parameters
    ----------
    features
        (R, d, n).
    start
        (R, d) or (d,).
    labeled_sum, labeled_size
        sum_i y_i x_i, (R, d), and m.
    tolerance
        Largest last step in any coordinate.
    namespace
        The array module of the arguments.

    Returns
    -------
    array (R, d)

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape.
    ConvergenceError
        If EM does not end in 20000 steps.
    """
    xp = namespace
    features, labeled_size = _checked_features(features), whole_number("labeled_size", labeled_size, minimum=0, maximum=10**15)
    start, tolerance = _checked_direction("start", start, features), real("tolerance", tolerance, above=0.0)
    if labeled_sum is not None:
        labeled_sum = _checked_direction("labeled_sum", labeled_sum, features)
        labeled_sum = xp.zeros(features.shape[:2]) + labeled_sum
    if features.shape[2] + labeled_size == 0:
        raise ValueError("labeled_size must be > 0 without features; got 0")
    total, first = features.shape[2] + labeled_size, xp.zeros(features.shape[:2]) + start
    sums = 0.0 * first if labeled_sum is None else labeled_sum

    def log_likelihood(place: Any) -> Any:
        return _log_cosh_sum(xp, place[:, None, :] @ features) - 0.5 * total * (place**2).sum(axis=1) + (place * sums).sum(axis=1)

    mean, astray = _newton(features, first, sums, total, tolerance, xp)
    # A stationary point below the start is the saddle at 0, or a place beyond it.
    astray = astray | ~(log_likelihood(mean) >= log_likelihood(first) - 1e-9 * total)
    if bool(astray.any()):
        mean[astray] = _expectation_maximisation(features[astray], first[astray], sums[astray], total, tolerance, xp)
    return mean


def _settled_direction(features: Any, start: Any, namespace: Any) -> Any:
    """Repeat ``w <- sum_j sign(<w, x_j>) x_j`` until no sign changes; returns directions (R, d) of no particular length."""
    xp = namespace
    direction = xp.zeros(features.shape[:2]) + start
    result, active = direction.copy(), xp.arange(len(direction))
    signs = xp.sign(direction[:, None, :] @ features)
    for _ in range(_SIGN_STEPS):
        direction = (features @ signs.swapaxes(1, 2))[:, :, 0]
        changed = xp.sign(direction[:, None, :] @ features)
        moving = (changed != signs).any(axis=(1, 2))
        result[active] = direction
        still = int(moving.sum())
        if still == 0:
            return result
        signs = changed
        # A copy of what still moves pays once half has come to rest.
        if 2 * still <= len(active):
            active, features, signs = active[moving], features[moving], signs[moving]
    raise ConvergenceError(f"{still} of {len(result)} directions still change signs after {_SIGN_STEPS} steps")


def absolute_direction(features: Any, starts: Sequence[Any], *, namespace: Any = np) -> Any:
    """Maximise sum_j |<w, x_j>| over unit vectors, what is left of the unlabelled ramp as its slope falls to 0 (the L1 principal component).

    The map ``w <- sum_j sign(<w, x_j>) x_j`` never lowers the sum over |w|, and ends when no sign changes any more. It stops at the first of many
    local maxima: from one start it stays too close to that start. Hence several starts, of which the best end is kept.

    Parameters
    ----------
    features
        (R, d, n).
    starts
        Directions, each (R, d) or (d,), of any length.
    namespace
        The array module of the arguments.

    Returns
    -------
    array (R, d), of length 1

    Raises
    ------
    ValueError
        If an argument is out of range or has another shape, or a start is orthogonal to all samples of a data set.
    ConvergenceError
        If signs still change after 400 steps.
    """
    xp, features = namespace, _checked_features(features)
    best, height = None, None
    for start in items("starts", starts, minimum=1):
        direction = _settled_direction(features, _checked_direction("starts", start, features), xp)
        length = xp.sqrt((direction**2).sum(axis=1))[:, None]
        if xp is np and not np.all(length > 0.0):
            raise ValueError("starts must not be orthogonal to all samples of a data set; got one that is")
        direction = direction / length
        reached = abs(direction[:, None, :] @ features).sum(axis=(1, 2))
        if best is None:
            best, height = direction, reached
        else:
            higher = reached > height
            best, height = xp.where(higher[:, None], direction, best), xp.maximum(reached, height)
    return best


def leading_direction(features: Any, *, namespace: Any = np) -> Any:
    """Return the first eigenvector (R, d) of the second moments of features (R, d, n), of length 1 and either sign."""
    features = _checked_features(features)
    _, vectors = namespace.linalg.eigh(features @ features.swapaxes(1, 2))
    return vectors[:, :, -1]


def settled(start: Any, step: Callable[[Any], Any], tolerance: float, namespace: Any) -> Any:
    """Return where 2000 steps or fewer end from rows (R, d), each at rest once its last one was short: a mean that vanishes keeps its direction."""
    place, moving = start, namespace.ones(len(start), dtype=bool)
    for _ in range(_RAW_STEPS):
        after = step(place)
        moved = abs(after - place).max(axis=1) >= tolerance
        place, moving = namespace.where(moving[:, None], after, place), moving & moved
        if not bool(moving.any()):
            break
    return place
