"""The compiled solver: quasi-Newton steps upon a factored Hessian that is renewed only when that pays.

At zero coefficients the Hessian is (I - 11'/K) x (A'A/K + penalty), so the first factor costs one Gram matrix and one Cholesky factor of p x p
for any number of classes. Steps are L-BFGS upon the factor at hand, with a line search that needs no pass over the features, and each costs two such
passes; the full Hessian is formed anew when its estimated price is below that of the steps still to come. All arrays of one data set stay in cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from theorylab.numerics.logistic_regression.curvature_kernels import MEMORY, centred_product, factored_hessian, quasi_newton_direction
from theorylab.numerics.logistic_regression.kernels import FAST, padded_design, sample_scores, weighted_sum
from theorylab.numerics.logistic_regression.loss_kernels import line_slopes, loss_and_shares, smallest_lead, sum_of_products

__all__ = ["solve_batch"]

# From so many columns on Gram matrices are formed by BLAS in single precision, unless a relative pivot below the second number forbids it. That costs
# speed of convergence, not accuracy: gradients are always double.
SINGLE_FROM = 96
LEAST_SINGLE_PIVOT = 1e-3


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def _line_search(
    scores: np.ndarray,
    move: np.ndarray,
    answers: np.ndarray,
    count: int,
    loss: float,
    line: tuple[float, float, float],
    slack: float,
    near: bool,
    trial: np.ndarray,
    shares: np.ndarray,
    top: np.ndarray,
    total: np.ndarray,
    bits: np.ndarray,
) -> tuple[float, float]:
    """Go along a direction by Newton's method until the slope is a tenth of what it was; a step that is `near` the minimum only has to descend.

    `line` has the slope of the objective and the first and half of the second coefficient of the penalty along the direction. The objective must not
    rise by more than `slack`, what rounding may do. Returns the length, 0 if nothing descends, and the loss there; `trial` and `shares` belong to it.
    """
    slope, cross, own = line
    length, low, high = 1.0, 0.0, np.inf
    now, gain = loss, 0.0
    for attempt in range(31):
        if attempt == 30 and not gain <= slack:
            length = 0.0
        for k in range(scores.shape[0]):
            for i in range(count):
                trial[k, i] = scores[k, i] + length * move[k, i]
        now = loss_and_shares(trial, answers, count, shares, top, total, bits)
        first, second = line_slopes(shares, answers, move, count)
        first += cross + length * own
        second += own
        gain = now - loss + length * (cross + 0.5 * length * own)
        if gain <= 1e-4 * length * slope + slack and (near or abs(first) <= -0.1 * slope):
            break
        if first > 0.0 or not gain <= 0.0:
            high = length
        else:
            low = length
        aim = length - first / second if second > 0.0 else 4.0 * length
        if not low < aim < high:
            aim = 0.5 * (low + high) if high < np.inf else 4.0 * length
        if attempt < 29:
            length = min(aim, 8.0 * length)
    return length, now


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def solve_batch(
    features: np.ndarray,
    labels: np.ndarray,
    class_count: int,
    ridge: float,
    fit_intercept: bool,
    tolerance: float,
    maximum_iterations: int,
    stop_when_separated: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit every data set (m, d) of features (R, m, d) with labels (R, m), int64.

    The objective is that of `newton.newton_batch`, the penalty `ridge` on the features and 0 on the intercept.

    Returns
    -------
    tuple
        Coefficients (R, K - 1, p) against the last class for centred features; the centres (R, d); iterations (R,); converged (R,); separated (R,);
        least relative pivot of the first Cholesky factor (R,), near 0 if columns are dependent; how often the Hessian was formed (R,).
    """
    replicates, m, d = features.shape
    free, p = class_count - 1, (d + 1 if fit_intercept else d)
    rows, columns = (m + 7) // 8 * 8, (p + 7) // 8 * 8
    coefficients, centres = np.zeros((replicates, free, p)), np.zeros((replicates, d))
    iterations, renewals = np.zeros(replicates, np.int64), np.zeros(replicates, np.int64)
    converged, separated = np.zeros(replicates, np.bool_), np.zeros(replicates, np.bool_)
    pivots = np.ones(replicates)
    design, gram = np.zeros((rows, columns)), np.zeros((columns, columns))
    single_design = np.zeros((rows, columns) if p >= SINGLE_FROM else (0, 0), np.float32)
    factor, flat = np.zeros((free * p, free * p)), np.zeros(free * p)
    answers, shares, residuals = np.zeros((free, rows)), np.zeros((free, rows)), np.zeros((free, rows))
    scores, trial, move, anchor = np.zeros((free, rows)), np.zeros((free, rows)), np.zeros((free, rows)), np.zeros((free, rows))
    top, total, weights, bits = np.zeros(rows), np.zeros(rows), np.zeros(rows), np.zeros(rows, np.int64)
    solution, gradient = np.zeros((free, columns)), np.zeros((free, columns))
    before, direction = np.zeros((free, columns)), np.zeros((free, columns))
    changes, responses, products = np.zeros((MEMORY, free, columns)), np.zeros((MEMORY, free, columns)), np.ones(MEMORY)
    # Nanoseconds, measured; only their ratio matters.
    renewal_cost = 0.5 * free * (free + 1) * m * p * (0.6 + 0.03 * p) + 0.0125 * (free * p) ** 3 + 300.0
    step_cost = 0.16 * free * m * p + 6.0 * free * m + 0.3 * (free * p) ** 2 + 300.0
    price = 2.0 * renewal_cost / step_cost + 2.0
    for r in range(replicates):
        padded_design(features[r], fit_intercept, design, centres[r])
        single = p >= SINGLE_FROM and ridge > 0.0
        if p >= SINGLE_FROM:
            for i in range(m):
                for j in range(p):
                    single_design[i, j] = design[i, j]
        for k in range(free):
            for i in range(m):
                answers[k, i] = 1.0 if labels[r, i] == k else 0.0
                scores[k, i] = 0.0
                shares[k, i] = 1.0 / class_count
        solution[:] = 0.0
        loss, penalty, decrement = m * np.log(class_count), 0.0, 0.0
        whole, stuck, held, steps = False, False, 0, 0
        while steps < maximum_iterations:
            for k in range(free):
                for i in range(m):
                    residuals[k, i] = shares[k, i] - answers[k, i]
                weighted_sum(design, residuals[k], gradient[k])
            for j in range(d):
                mean = 0.0
                for k in range(free):
                    mean += solution[k, j]
                mean /= class_count
                for k in range(free):
                    gradient[k, j] += ridge * (solution[k, j] - mean)
            if steps > 0 and not stuck:
                row = held % MEMORY
                for k in range(free):
                    for j in range(p):
                        responses[row, k, j] = gradient[k, j] - before[k, j]
                products[row] = sum_of_products(changes[row], responses[row])
                if products[row] > 0.0:
                    held += 1
            renew = steps == 0 or stuck
            previous = decrement
            while True:
                if renew:
                    whole, held = steps > 0, 0
                    least = factored_hessian(design, single_design, single, shares, whole, (m, p, d), ridge, weights, gram, factor)
                    if single and least < LEAST_SINGLE_PIVOT:
                        single = False
                        continue
                    if steps == 0:
                        pivots[r] = least
                        single = p >= SINGLE_FROM and least >= LEAST_SINGLE_PIVOT
                    for k in range(free):
                        for i in range(m):
                            anchor[k, i] = scores[k, i]
                    renewals[r] += 1
                quasi_newton_direction(gradient, factor, p, whole, changes, responses, products, held, flat, direction)
                slope = sum_of_products(gradient, direction)
                decrement = np.sqrt(max(-slope, 0.0))
                if renew or not decrement > tolerance:
                    break
                # The steps still to come at the pace of the last one.
                ratio = decrement / previous
                renew = ratio >= 0.9 or np.log(tolerance / decrement) / np.log(ratio) > price
                if not renew:
                    break
            if not np.isfinite(decrement):
                break
            for k in range(free):
                sample_scores(design, direction[k], move[k])
            cross = ridge * centred_product(solution, direction, d)
            own = ridge * centred_product(direction, direction, d)
            slack = 1e-13 * (1.0 + loss + penalty)
            length, now = _line_search(scores, move, answers, m, loss, (slope, cross, own), slack, decrement < 1e-3, trial, shares, top, total, bits)
            steps += 1
            if length == 0.0:
                # Either the factor is out of date, or rounding leaves no descent to be seen.
                if whole and held == 0:
                    break
                stuck = True
                continue
            stuck = False
            drift = 0.0
            for k in range(free):
                for i in range(m):
                    scores[k, i] = trial[k, i]
                    drift = max(drift, abs(scores[k, i] - anchor[k, i]))
            row = held % MEMORY
            for k in range(free):
                for j in range(p):
                    changes[row, k, j] = length * direction[k, j]
                    solution[k, j] += length * direction[k, j]
                    before[k, j] = gradient[k, j]
            loss, penalty = now, 0.5 * ridge * centred_product(solution, solution, d)
            if stop_when_separated and smallest_lead(scores, labels[r], m) > 0.0:
                separated[r] = True
                break
            # The factor errs by a factor within exp(+-2 drift), so of the decrement about that remains.
            left = 2.0 * drift + (1e-3 if single else 0.0)
            if length == 1.0 and decrement * min(left, 1.0) <= tolerance:
                converged[r] = True
                break
        coefficients[r] = solution[:, :p]
        iterations[r] = steps
    return coefficients, centres, iterations, converged, separated, pivots, renewals
