"""Damped Newton iterations for batches of logistic regressions, in the operations that every array namespace has.

The compiled solver of `quasi_newton` minimises the same objective by other steps, and is tested against this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from theorylab.validation import flag

__all__ = ["Solution", "newton_batch"]

HALVINGS = 40


class Solution(NamedTuple):
    """What an iteration ends with, one entry a replicate.

    Attributes
    ----------
    coefficients
        (R, K - 1, p), those of the last class 0.
    iterations
        Steps taken.
    converged
        Whether the error left is within the tolerance.
    separated
        Whether some iterate had every sample strictly on its side: a proof that without penalty there is no minimum.
    """

    coefficients: Any
    iterations: Any
    converged: Any
    separated: Any


def newton_batch(
    design: Any,
    labels: Any,
    class_count: int,
    penalty: Any,
    *,
    tolerance: float,
    maximum_iterations: int,
    stop_when_separated: bool,
    namespace: Any = np,
) -> Solution:
    """Minimise the sum of -log softmax(v_1'a_i, ..., v_{K-1}'a_i, 0)_{y_i} plus the penalty of the centred v_k, for each replicate.

    The penalty is sum_j penalty_j sum_k (v_kj - mean_k v_kj)^2 / 2 over all K classes, v_K = 0: the least that sum_jk penalty_j w_kj^2 / 2 can be
    among all w with these differences.

    Parameters
    ----------
    design, labels
        a (R, m, p), the column of ones of an intercept among its columns, and integers y (R, m) from 0 to K - 1.
    class_count
        K >= 2.
    penalty
        (p,), >= 0; 0 for an intercept.
    tolerance
        Stop when the Newton decrement (g' H^-1 g)^(1/2) that the last step leaves is below it.
    maximum_iterations
        At most so many steps.
    stop_when_separated
        Give a replicate up once every sample scores its own class highest.
    namespace
        The array module.
    """
    stop_when_separated = flag("stop_when_separated", stop_when_separated)
    xp, free = namespace, class_count - 1
    p = design.shape[2]
    answers = (labels[..., None] == xp.arange(class_count)) * 1.0
    centring = xp.eye(free) - 1.0 / class_count

    def scores(flat: Any, own: Any) -> Any:
        values = design[own] @ flat.reshape(-1, free, p).swapaxes(1, 2)
        return xp.concatenate([values, xp.zeros((*values.shape[:2], 1))], axis=2)

    def objective(values: Any, flat: Any, own: Any) -> Any:
        top = values.max(axis=2)
        losses = top + xp.log(xp.exp(values - top[..., None]).sum(axis=2)) - (values * answers[own]).sum(axis=2)
        each = flat.reshape(-1, free, p)
        return losses.sum(axis=1) + 0.5 * (penalty * each * (centring @ each)).sum(axis=(1, 2))

    def expansion(values: Any, flat: Any, own: Any) -> tuple[Any, Any]:
        raised = xp.exp(values - values.max(axis=2)[..., None])
        probabilities = raised / raised.sum(axis=2)[..., None]
        residuals = (probabilities - answers[own])[..., :free]
        gradient = residuals.swapaxes(1, 2) @ design[own] + penalty * (centring @ flat.reshape(-1, free, p))
        hessian = xp.empty((flat.shape[0], free, p, free, p))
        for one in range(free):
            for other in range(one + 1):
                curvature = probabilities[..., one] * ((one == other) - probabilities[..., other])
                block = (design[own] * curvature[..., None]).swapaxes(1, 2) @ design[own] + centring[one, other] * penalty * xp.eye(p)
                hessian[:, one, :, other], hessian[:, other, :, one] = block, block
        return gradient.reshape(-1, free * p), hessian.reshape(-1, free * p, free * p)

    def separates(values: Any, own: Any) -> Any:
        right = (values * answers[own]).sum(axis=2)
        rival = xp.where(answers[own] > 0.0, -xp.inf, values).max(axis=2)
        return (right > rival).all(axis=1)

    functions = _Functions(scores, objective, expansion, separates)
    start = xp.zeros((design.shape[0], free * p))
    found = _damped_newton(functions, start, tolerance, maximum_iterations, stop_when_separated, xp)
    return found._replace(coefficients=found.coefficients.reshape(-1, free, p))


class _Functions(NamedTuple):
    """What the iteration has to know of a loss; `own` are the numbers of the replicates that the first argument's rows belong to.

    `scores(coefficients, own)` is linear in the coefficients; `objective` and `expansion` (gradient and Hessian) take scores, coefficients, own.
    """

    scores: Callable[[Any, Any], Any]
    objective: Callable[[Any, Any, Any], Any]
    expansion: Callable[[Any, Any, Any], tuple[Any, Any]]
    separates: Callable[[Any, Any], Any]


def _damped_newton(functions: _Functions, start: Any, tolerance: float, maximum_iterations: int, stop_when_separated: bool, xp: Any) -> Solution:
    """Iterate all replicates that are neither converged nor given up.

    After a full step from an expansion that is exact, with scores moved by at most r, the decrement left is about r / 2 of the one before, since
    the weights p (1 - p) change by a factor within exp(+-r). So a replicate is done after the step for which decrement * r is within the tolerance.
    On data that are separable but for ties the decrement falls to 0 while the scores grow by 1 a step: whoever allows penalty 0 must look at them.
    """
    coefficients = start.copy()
    replicates = coefficients.shape[0]
    iterations = xp.zeros(replicates, dtype=int)
    converged, separated = xp.zeros(replicates, dtype=bool), xp.zeros(replicates, dtype=bool)
    own = xp.arange(replicates)
    for _ in range(maximum_iterations):
        if own.shape[0] == 0:
            break
        values = functions.scores(coefficients[own], own)
        gradient, hessian = functions.expansion(values, coefficients[own], own)
        # A ridge at the level of rounding moves no fixed point and keeps the Hessian of separable data invertible.
        diagonal = xp.einsum("rjj->rj", hessian)
        hessian = hessian + (1e-14 * diagonal + 1e-300)[:, None, :] * xp.eye(hessian.shape[1])
        step = -xp.linalg.solve(hessian, gradient[..., None])[..., 0]
        slope = (gradient * step).sum(axis=1)
        move = functions.scores(step, own)
        length = _armijo_length(functions, values, move, coefficients[own], step, slope, own, xp)
        coefficients[own] += length[:, None] * step
        iterations[own] += 1
        moved = xp.abs(move.reshape(own.shape[0], -1)).max(axis=1) * length
        decrement = xp.sqrt(xp.maximum(-slope, 0.0))
        done = (length == 1.0) & (decrement * xp.minimum(moved, 1.0) <= tolerance)
        converged[own] = done
        stopped = done | (length == 0.0)
        if stop_when_separated:
            apart = functions.separates(functions.scores(coefficients[own], own), own)
            separated[own] = apart
            converged[own] = done & ~apart
            stopped = stopped | apart
        own = own[~stopped]
    return Solution(coefficients, iterations, converged, separated)


def _armijo_length(functions: _Functions, values: Any, move: Any, coefficients: Any, step: Any, slope: Any, own: Any, xp: Any) -> Any:
    """Return for each replicate the first of 1, 1/2, 1/4, ... that lowers the objective by 1e-4 of what the slope promises, or 0."""
    before = functions.objective(values, coefficients, own)
    # Near the minimum the promised gain drowns in rounding; there a full step is right.
    slack = 1e-13 * (1.0 + xp.abs(before))
    length = xp.ones(own.shape[0])
    for _ in range(HALVINGS):
        stretch = length.reshape((-1,) + (1,) * (values.ndim - 1))
        after = functions.objective(values + stretch * move, coefficients + length[:, None] * step, own)
        short = ~(after <= before + 1e-4 * length * slope + slack)
        if not bool(short.any()):
            return length
        length = xp.where(short, 0.5 * length, length)
    return xp.where(short, 0.0, length)
