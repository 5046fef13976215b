r"""Directions that maximise the robust self-training objective, for many data sets at once; numpy or cupy.

With t_i = <w, y_i x_i>, t'_j = <w, x'_j>, |w| = 1, slope gamma = 1/tau and gamma' = 1/tau' the paper's objective is, up to constants and a factor,

    G(w) = (1/m) sum_i min(max(t_i, 0), tau) + kappa (1/n) sum_j min(|t'_j|, tau'),    kappa = lambda gamma'/gamma,

to be maximised: a ramp is 1 - gamma min(max(t, 0), tau). For tau = tau' = infinity G is convex and positively homogeneous, so

    G(w') >= <grad G(w), w'> = |grad G(w)| >= <grad G(w), w> = G(w)    for w' = grad G(w)/|grad G(w)|:

the map w -> w' never lowers G, strictly raises it unless w' = w, and there are finitely many sign patterns, so it ends. For finite widths G is a
difference of such functions; there steps along the sphere are halved until they do not lower G, while the widths shrink to their ends.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Ascent", "ascend", "gradient_ascent", "objective"]

_HALVINGS = 30
# Widths shrink to their ends by this factor, from where no margin is clipped.
_SHRINKING = 0.6
_SMALLEST_GAIN = 1e-12


class Ascent(NamedTuple):
    """Where an ascent ended, batch first.

    Attributes
    ----------
    directions
        (R, d), of length 1.
    value
        G there, (R,).
    iterations
        Steps taken, all data sets counted together.
    converged
        Whether it ended before the limit of steps.
    """

    directions: Any
    value: Any
    iterations: int
    converged: bool


def _products(points: Any, directions: Any) -> Any:
    return (points @ directions[:, :, None])[:, :, 0]


def _parts(labeled: Any, unlabeled: Any, directions: Any, weight: Any, width: float, unlabeled_width: float, xp: Any) -> tuple[Any, Any]:
    """Return G (R,) and its gradient (R, d)."""
    t = _products(labeled, directions)
    value = xp.minimum(xp.maximum(t, 0.0), width).mean(axis=1)
    active = ((t > 0.0) & (t < width)) / t.shape[1]
    gradient = (active[:, None, :] @ labeled)[:, 0, :]
    if unlabeled.shape[1]:
        s = _products(unlabeled, directions)
        size = abs(s)
        value = value + weight * xp.minimum(size, unlabeled_width).mean(axis=1)
        pull = xp.sign(s) * (size < unlabeled_width) * (weight / s.shape[1])
        gradient = gradient + (pull[:, None, :] @ unlabeled)[:, 0, :]
    return value, gradient


def objective(
    labeled: Any, unlabeled: Any, directions: Any, weight: float, *, width: float = np.inf, unlabeled_width: float = np.inf, namespace: Any = np
) -> Any:
    """Return G (R,) at directions (R, d) of length 1; arguments as in `ascend`."""
    return _parts(labeled, unlabeled, directions, weight, width, unlabeled_width, namespace)[0]


def _unit(vectors: Any, fallback: Any, xp: Any) -> Any:
    length = xp.sqrt((vectors**2).sum(axis=1))[:, None]
    return xp.where(length > 0.0, vectors / xp.where(length > 0.0, length, 1.0), fallback)


def ascend(
    labeled: Any,
    unlabeled: Any,
    start: Any,
    weight: float,
    *,
    width: float = np.inf,
    unlabeled_width: float = np.inf,
    max_iter: int = 500,
    namespace: Any = np,
) -> Ascent:
    """Maximise G from a start, never going down.

    Parameters
    ----------
    labeled
        y_i x_i, (R, m, d).
    unlabeled
        x'_j, (R, n, d), n >= 0.
    start
        (R, d), not 0.
    weight
        kappa >= 0.
    width, unlabeled_width
        tau and tau' > 0; infinite for the limit of small slopes.
    max_iter
        Limit of the steps, of each stage where widths are finite.
    namespace
        The array module of the data.

    Returns
    -------
    Ascent
    """
    first = _fixed_point(labeled, unlabeled, _unit(start, start, namespace), weight, max_iter, namespace)
    if np.isinf(width) and np.isinf(unlabeled_width):
        return first
    # Two ways to a summit, of which each data set keeps the higher one: straight from the start, and by widths that shrink from where no margin is
    # clipped, so that the second begins where the limit of small slopes ended.
    straight = _climb(labeled, unlabeled, _unit(start, start, namespace), weight, width, unlabeled_width, max_iter, namespace)
    directions, iterations = first.directions, first.iterations + straight.iterations
    largest = [float(abs(_products(points, directions)).max()) if points.shape[1] else 1.0 for points in (labeled, unlabeled)]
    # A little wider than the largest margin: at equality rounding would decide whether it is clipped.
    stage = max(1.0, *(1.01 * high / end for high, end in zip(largest, (width, unlabeled_width), strict=True)))
    while True:
        result = _climb(labeled, unlabeled, directions, weight, stage * width, stage * unlabeled_width, max_iter, namespace)
        directions, iterations = result.directions, iterations + result.iterations
        if stage == 1.0:
            higher = result.value > straight.value
            directions = namespace.where(higher[:, None], directions, straight.directions)
            value = namespace.where(higher, result.value, straight.value)
            return Ascent(directions, value, iterations, result.converged and straight.converged)
        stage = max(1.0, stage * _SHRINKING)


def _fixed_point(labeled: Any, unlabeled: Any, directions: Any, weight: float, max_iter: int, xp: Any) -> Ascent:
    """Repeat w <- grad G(w)/|grad G(w)| without widths; sums change by the samples that changed sides only."""
    signs = xp.sign(_products(unlabeled, directions)) if unlabeled.shape[1] else xp.zeros((len(directions), 0))
    pull = (signs[:, None, :] @ unlabeled)[:, 0, :]
    one = len(directions) == 1 and xp is np
    for iteration in range(1, max_iter + 1):
        right = (_products(labeled, directions) > 0.0) / labeled.shape[1]
        gradient = (right[:, None, :] @ labeled)[:, 0, :]
        if signs.shape[1]:
            gradient = gradient + (weight / signs.shape[1]) * pull
        following = _unit(gradient, directions, xp)
        moved = float(abs(following - directions).max())
        directions = following
        if moved < 1e-14:
            return Ascent(directions, objective(labeled, unlabeled, directions, weight, namespace=xp), iteration, True)
        if signs.shape[1]:
            fresh = xp.sign(_products(unlabeled, directions))
            if one:
                changed = np.flatnonzero(fresh[0] != signs[0])
                pull = pull + (fresh[0, changed] - signs[0, changed]) @ unlabeled[0, changed]
            else:
                pull = (fresh[:, None, :] @ unlabeled)[:, 0, :]
            signs = fresh
    return Ascent(directions, objective(labeled, unlabeled, directions, weight, namespace=xp), max_iter, False)


def _climb(labeled: Any, unlabeled: Any, directions: Any, weight: float, width: float, unlabeled_width: float, max_iter: int, xp: Any) -> Ascent:
    """Go along the gradient on the sphere, halving each data set's step until G does not fall."""
    value, gradient = _parts(labeled, unlabeled, directions, weight, width, unlabeled_width, xp)
    step = xp.ones(len(directions))
    for iteration in range(1, max_iter + 1):
        tangent = gradient - (gradient * directions).sum(axis=1)[:, None] * directions
        length = xp.sqrt((tangent**2).sum(axis=1))
        heading = tangent / xp.where(length > 0.0, length, 1.0)[:, None]
        best_value, best, best_gradient = value, directions, gradient
        for _ in range(_HALVINGS):
            # Made unit again: at a summit the tangent is rounding, and need not be orthogonal.
            trial = _unit(xp.cos(step)[:, None] * directions + xp.sin(step)[:, None] * heading, directions, xp)
            found, slope = _parts(labeled, unlabeled, trial, weight, width, unlabeled_width, xp)
            better = found > best_value
            best_value, best = xp.where(better, found, best_value), xp.where(better[:, None], trial, best)
            best_gradient = xp.where(better[:, None], slope, best_gradient)
            step = xp.where(best_value > value, step, 0.5 * step)
            if bool(((best_value > value) | (length == 0.0)).all()):
                break
        gain = float((best_value - value).max())
        value, directions, gradient, step = best_value, best, best_gradient, xp.minimum(4.0 * step, 1.0)
        if gain <= _SMALLEST_GAIN * float(abs(value).max()):
            return Ascent(directions, value, iteration, True)
    return Ascent(directions, value, max_iter, False)


def gradient_ascent(
    labeled: Any,
    unlabeled: Any,
    start: Any,
    weight: float,
    *,
    width: float = np.inf,
    unlabeled_width: float = np.inf,
    max_iter: int = 5000,
    first_step: float = 0.3,
    namespace: Any = np,
) -> Ascent:
    """Maximise G by plain gradient steps on the sphere of lengths first_step/(1 + k/50), and return the best place seen: a slow reference.

    Parameters and result are those of `ascend`; it stops after `max_iter` steps only, and says so as "converged".
    """
    xp = namespace
    directions = _unit(start, start, xp)
    best_value, best = objective(labeled, unlabeled, directions, weight, width=width, unlabeled_width=unlabeled_width, namespace=xp), directions
    for iteration in range(max_iter):
        value, gradient = _parts(labeled, unlabeled, directions, weight, width, unlabeled_width, xp)
        better = value > best_value
        best_value, best = xp.where(better, value, best_value), xp.where(better[:, None], directions, best)
        tangent = gradient - (gradient * directions).sum(axis=1)[:, None] * directions
        directions = _unit(directions + first_step / (1.0 + iteration / 50.0) * tangent / (1.0 + weight), directions, xp)
    return Ascent(best, best_value, max_iter, True)
