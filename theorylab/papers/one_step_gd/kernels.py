"""Compiled descent on the population loss of the linear-attention layer for Sigma = Omega = I (arXiv:2307.03576), many starts in one call.

What is random in the study of trapped descents is the start, so these kernels, alone among the simulators, hold the population loss as a
polynomial in (v, M) = ((a; c), (A; b^T)). With P = c A^T + b a^T, k = n (n + d + 1 + sigma2), mu = n (n d + 2 + n sigma2),
q = n (n + 2) (d (d + 2) + 2 sigma2 d + sigma2^2), and the minimum L* = sigma2 + d - n^2 d / k,

    L - L* = k |P - (n / k) I|^2 + n (n + 1) |A^T a|^2 + n |A|^2 |a|^2 + 2 c mu b^T A^T a + c^2 q |b|^2.

Isserlis: the first term is the part of the prediction that is odd in y with its square completed, the rest is the even part's second moment
with E[S B S] = n (n + 1) B + n tr(B) I, E[|y|^2 S] = mu I, E|y|^4 = q. A parameter vector is (a, c, A row by row, b), (d + 1)^2 numbers: v and
then M row by row. The enumeration of the real layer, which holds no formula, is the reference of loss and gradient in the unit tests.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["bfgs_rows", "descend_row", "excess_and_gradient", "hessian", "write_hessian"]


@njit(cache=True, nogil=True)
def excess_and_gradient(x: np.ndarray, n: int, d: int, sigma2: float, gradient: np.ndarray) -> float:
    """Return L - L* at the parameter vector `x` and write its gradient into `gradient`."""
    k = n * (n + d + 1.0 + sigma2)
    mu = n * (n * d + 2.0 + n * sigma2)
    q = n * (n + 2.0) * (d * (d + 2.0) + 2.0 * sigma2 * d + sigma2 * sigma2)
    eta = n / k
    c = x[d]
    matrix, bias = d + 1, d + 1 + d * d
    squared_a = 0.0
    squared_b = 0.0
    squared_matrix = 0.0
    for i in range(d):
        squared_a += x[i] * x[i]
        squared_b += x[bias + i] * x[bias + i]
    for i in range(d * d):
        squared_matrix += x[matrix + i] * x[matrix + i]
    for i in range((d + 1) * (d + 1)):
        gradient[i] = 0.0
    # Odd part: difference[i, j] = P_ij - eta delta_ij, its gradient with respect to P is 2 k difference.
    excess = 0.0
    for i in range(d):
        for j in range(d):
            difference = c * x[matrix + j * d + i] + x[bias + i] * x[j] - (eta if i == j else 0.0)
            excess += k * difference * difference
            slope = 2.0 * k * difference
            gradient[matrix + j * d + i] += slope * c
            gradient[d] += slope * x[matrix + j * d + i]
            gradient[bias + i] += slope * x[j]
            gradient[j] += slope * x[bias + i]
    # Even part: pulled = A^T a, entry by entry; b^T A^T a = b.pulled.
    coupling = 0.0
    for j in range(d):
        pulled = 0.0
        for i in range(d):
            pulled += x[matrix + i * d + j] * x[i]
        excess += n * (n + 1.0) * pulled * pulled
        coupling += x[bias + j] * pulled
        weight = 2.0 * n * (n + 1.0) * pulled + 2.0 * c * mu * x[bias + j]
        for i in range(d):
            gradient[matrix + i * d + j] += weight * x[i] + 2.0 * n * squared_a * x[matrix + i * d + j]
            gradient[i] += weight * x[matrix + i * d + j]
        gradient[bias + j] += 2.0 * c * mu * pulled + 2.0 * c * c * q * x[bias + j]
    for i in range(d):
        gradient[i] += 2.0 * n * squared_matrix * x[i]
    gradient[d] += 2.0 * mu * coupling + 2.0 * c * q * squared_b
    excess += n * squared_matrix * squared_a + 2.0 * c * mu * coupling + c * c * q * squared_b
    return float(excess)


@njit(cache=True, nogil=True)
def write_hessian(x: np.ndarray, n: int, d: int, sigma2: float, matrix: np.ndarray, vectors: np.ndarray) -> None:
    """Write the Hessian of L at `x` into `matrix`, with the caller's three `vectors` to work in.

    theta is linear in v and in M, so L is quadratic in each single coordinate and central differences of the gradient are exact for every
    step; a step of 1 keeps rounding at the size of the entries.
    """
    upper, lower, point = vectors[0], vectors[1], vectors[2]
    for i in range(x.size):
        point[i] = x[i]
    for i in range(x.size):
        point[i] = x[i] + 1.0
        excess_and_gradient(point, n, d, sigma2, upper)
        point[i] = x[i] - 1.0
        excess_and_gradient(point, n, d, sigma2, lower)
        point[i] = x[i]
        for j in range(x.size):
            matrix[i, j] = 0.5 * (upper[j] - lower[j])


@njit(cache=True, nogil=True)
def hessian(x: np.ndarray, n: int, d: int, sigma2: float) -> np.ndarray:
    """Return the Hessian of L at `x`."""
    matrix = np.empty((x.size, x.size))
    write_hessian(x, n, d, sigma2, matrix, np.empty((3, x.size)))
    return matrix


@njit(cache=True, nogil=True)
def _slope_along(x: np.ndarray, direction: np.ndarray, t: float, n: int, d: int, sigma2: float, point: np.ndarray, work: np.ndarray) -> float:
    for i in range(x.size):
        point[i] = x[i] + t * direction[i]
    excess_and_gradient(point, n, d, sigma2, work)
    slope = 0.0
    for i in range(x.size):
        slope += work[i] * direction[i]
    return slope


@njit(cache=True, nogil=True)
def first_minimum(c0: float, c1: float, c2: float, c3: float) -> float:
    """Return the smallest t > 0 with c0 + c1 t + c2 t^2 + c3 t^3 = 0, for c0 < 0 and a cubic that becomes positive; 0 if it never does."""
    # Between its turning points a cubic is monotone, so the first interval with a sign change holds exactly the first root.
    low = 0.0
    high = 0.0
    discriminant = c2 * c2 - 3.0 * c1 * c3
    if discriminant > 0.0:
        # Both turning points in the form that never subtracts nearly equal numbers.
        root = -(c2 + (math.sqrt(discriminant) if c2 >= 0.0 else -math.sqrt(discriminant)))
        first = root / (3.0 * c3) if c3 != 0.0 else 0.0
        second = c1 / root if root != 0.0 else 0.0
        if first > second:
            first, second = second, first
        for turn in (first, second):
            if turn > 0.0 and high == 0.0:
                if c0 + turn * (c1 + turn * (c2 + turn * c3)) >= 0.0:
                    high = turn
                else:
                    low = turn
    if high == 0.0:
        high = max(1.0, 2.0 * low)
        for _ in range(200):
            if c0 + high * (c1 + high * (c2 + high * c3)) >= 0.0:
                break
            low = high
            high *= 2.0
        else:
            return 0.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if c0 + middle * (c1 + middle * (c2 + middle * c3)) < 0.0:
            low = middle
        else:
            high = middle
        if high - low <= 4e-16 * high:
            break
    return high


@njit(cache=True, nogil=True)
def _balance(x: np.ndarray, d: int, allowed: float) -> bool:
    """Rescale `x` to |v| = |M|_F if one is more than `allowed` times the other; the prediction, hence L, stays the same."""
    value, matrix = 0.0, 0.0
    for i in range(d + 1):
        value += x[i] * x[i]
    for i in range(d + 1, x.size):
        matrix += x[i] * x[i]
    if value == 0.0 or matrix == 0.0 or (matrix <= allowed * allowed * value and value <= allowed * allowed * matrix):
        return False
    ratio = (matrix / value) ** 0.25
    for i in range(d + 1):
        x[i] *= ratio
    for i in range(d + 1, x.size):
        x[i] /= ratio
    return True


@njit(cache=True, nogil=True)
def descend_row(
    x: np.ndarray,
    n: int,
    d: int,
    sigma2: float,
    gradient_tolerance: float,
    maximum_iterations: int,
    inverse: np.ndarray,
    vectors: np.ndarray,
) -> int:
    """Move one parameter vector `x` down to a minimum by BFGS and return the iterations spent; see `bfgs_rows`.

    Room to work in, (length, length) and (7, length), is the caller's, so that a device can run this too.
    """
    length = x.size
    gradient, following, work, direction, point, change, mapped = (
        vectors[0],
        vectors[1],
        vectors[2],
        vectors[3],
        vectors[4],
        vectors[5],
        vectors[6],
    )
    taken = 0
    _balance(x, d, 1.0)
    excess_and_gradient(x, n, d, sigma2, gradient)
    fresh = True
    for iteration in range(maximum_iterations):
        if _balance(x, d, 2.0):
            excess_and_gradient(x, n, d, sigma2, gradient)
            fresh = True
        squared_norm = 0.0
        for i in range(length):
            squared_norm += gradient[i] * gradient[i]
        if squared_norm <= gradient_tolerance * gradient_tolerance:
            break
        slope = 0.0
        squared_length = 0.0
        squared_point = 0.0
        if not fresh:
            for i in range(length):
                total = 0.0
                for j in range(length):
                    total -= inverse[i, j] * gradient[j]
                direction[i] = total
                slope += total * gradient[i]
                squared_length += total * total
            fresh = not (slope < 0.0 and squared_length < np.inf)
        if fresh:
            for i in range(length):
                direction[i] = -gradient[i]
            slope = -squared_norm
            squared_length = squared_norm
        for i in range(length):
            direction[i] /= math.sqrt(squared_length)
            squared_point += x[i] * x[i]
        # The three extra slopes are taken at the scale of x itself: at the scale of a raw BFGS step, which may be far too long, the
        # cubic terms would drown the curvature in rounding.
        h = 0.5 * math.sqrt(squared_point)
        slope = h * slope / math.sqrt(squared_length)
        ahead = h * _slope_along(x, direction, h, n, d, sigma2, point, work)
        behind = h * _slope_along(x, direction, -h, n, d, sigma2, point, work)
        far = h * _slope_along(x, direction, 2.0 * h, n, d, sigma2, point, work)
        c2 = 0.5 * (ahead + behind) - slope
        odd = 0.5 * (ahead - behind)
        c3 = (far - slope - 4.0 * c2 - 2.0 * odd) / 6.0
        t = h * first_minimum(slope, odd - c3, c2, c3)
        taken = iteration + 1
        moved = False
        for i in range(length):
            before = x[i]
            x[i] += t * direction[i]
            moved = moved or x[i] != before
        if not moved:
            if fresh:
                break
            fresh = True
            continue
        excess_and_gradient(x, n, d, sigma2, following)
        curvature = 0.0
        squared_change = 0.0
        for i in range(length):
            change[i] = following[i] - gradient[i]
            curvature += t * direction[i] * change[i]
            squared_change += change[i] * change[i]
            gradient[i] = following[i]
        if not curvature > 0.0:
            fresh = True
            continue
        if fresh:
            inverse[:, :] = 0.0
            for i in range(length):
                inverse[i, i] = curvature / squared_change
            fresh = False
        quadratic = 0.0
        for i in range(length):
            total = 0.0
            for j in range(length):
                total += inverse[i, j] * change[j]
            mapped[i] = total
            quadratic += total * change[i]
        factor = (1.0 + quadratic / curvature) / curvature
        for i in range(length):
            for j in range(length):
                inverse[i, j] += t * (factor * t * direction[i] * direction[j] - (mapped[i] * direction[j] + direction[i] * mapped[j]) / curvature)
    return taken


@njit(cache=True, nogil=True)
def bfgs_rows(starts: np.ndarray, n: int, d: int, sigma2: float, gradient_tolerance: float, maximum_iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Descend from each row of `starts` (size, (d + 1)^2) by BFGS; return the final rows and the iterations spent on each.

    Along a line L is a quartic, so three slopes besides the current one fix it and each line search stops at the exact first minimum ahead.
    The scale that v and M may exchange is free, and descent would let it drift to infinity: it is reset whenever |v| and |M| differ by more
    than a factor 2. A row stops when the norm of its gradient is at most `gradient_tolerance`, when it can no longer move, or after
    `maximum_iterations`. Rows do not interact: any split of the rows over threads gives the same numbers.
    """
    size, length = starts.shape
    ends = starts.copy()
    iterations = np.zeros(size, np.int64)
    inverse, vectors = np.empty((length, length)), np.empty((7, length))
    for row in range(size):
        iterations[row] = descend_row(ends[row], n, d, sigma2, gradient_tolerance, maximum_iterations, inverse, vectors)
    return ends, iterations
