"""Recursions along bidiagonal and tridiagonal matrices on a device, a thread a matrix.

What `wishart_kernels`, `spiked_wishart_kernels` and `tridiagonal_kernels` are on the processor; the plain versions beside the functions that call
these are the references of both.

Tables come as (k, size) here, the replicates along the last axis.
"""

from __future__ import annotations

import math
from typing import Any

from numba import cuda

from theorylab.device.rows import across, launch

__all__ = ["first_weights", "largest_eigenvalues", "resolvent_traces", "tridiagonal_eigenvalues"]

_SWEEPS = 60
_TINY = 1e-300


@cuda.jit
def _resolvent_kernel(diagonal: Any, below: Any, shift: float, backward: Any, traces: Any) -> None:
    row = cuda.grid(1)
    if row >= traces.size:
        return
    k = diagonal.shape[0]
    backward[k - 1, row] = diagonal[k - 1, row]
    for i in range(k - 2, -1, -1):
        pivot = shift + backward[i + 1, row]
        backward[i, row] = diagonal[i, row] * pivot / (pivot + below[i, row])
    forward = shift
    total = 1.0 / (forward + backward[0, row])
    for i in range(1, k):
        forward = shift + below[i - 1, row] * forward / (diagonal[i - 1, row] + forward)
        total += 1.0 / (forward + backward[i, row])
    traces[row] = total


def resolvent_traces(namespace: Any, diagonal: Any, below: Any, shift: float) -> Any:
    """Return tr (B B^T + shift I)^-1, (size,), for squared bidiagonal entries (size, k), (size, k - 1)."""
    size, k = diagonal.shape
    traces, backward = namespace.empty(size), namespace.empty((k, size))
    launch(_resolvent_kernel, size, across(namespace, diagonal), across(namespace, below), shift, backward, traces)
    return traces


@cuda.jit
def _largest_kernel(diagonal: Any, squares: Any, largest: Any) -> None:
    row = cuda.grid(1)
    if row >= largest.size:
        return
    k = diagonal.shape[0]
    x = diagonal[0, row]
    previous = 0.0
    for i in range(k):
        following = math.sqrt(squares[i, row]) if i < k - 1 else 0.0
        x = max(x, diagonal[i, row] + previous + following)
        previous = following
    for _ in range(100):
        # f is a pivot of x I - T, g = f'/f, h = f''/f: the sums are p'/p and -(p'/p)'.
        f = x - diagonal[0, row]
        if f <= 0.0:
            break
        g = 1.0 / f
        h = 0.0
        first = g
        second = g * g
        positive = True
        for i in range(1, k):
            ratio = squares[i - 1, row] / f
            slope = 1.0 + ratio * g
            curvature = ratio * (h - 2.0 * g * g)
            f = x - diagonal[i, row] - ratio
            if f <= 0.0:
                positive = False
                break
            g = slope / f
            h = curvature / f
            first += g
            second += g * g - h
        if not positive:
            break
        step = k / (first + math.sqrt(max((k - 1) * (k * second - first * first), 0.0)))
        x -= step
        if step <= 4e-16 * abs(x):
            break
    largest[row] = x


def largest_eigenvalues(namespace: Any, diagonal: Any, squared_off_diagonal: Any) -> Any:
    """Return the largest eigenvalue of each tridiagonal matrix (size, k), (size, k - 1), by Laguerre's iteration from above."""
    size = diagonal.shape[0]
    largest = namespace.empty(size)
    launch(_largest_kernel, size, across(namespace, diagonal), across(namespace, squared_off_diagonal), largest)
    return largest


@cuda.jit
def _weight_kernel(diagonal: Any, squares: Any, largest: Any, above: Any, below: Any, weights: Any) -> None:
    row = cuda.grid(1)
    if row >= weights.size:
        return
    k = diagonal.shape[0]
    x = largest[row]
    above[0, row] = x - diagonal[0, row]
    for i in range(1, k):
        pivot = above[i - 1, row] if above[i - 1, row] != 0.0 else _TINY
        above[i, row] = x - diagonal[i, row] - squares[i - 1, row] / pivot
    below[k - 1, row] = x - diagonal[k - 1, row]
    for i in range(k - 2, -1, -1):
        pivot = below[i + 1, row] if below[i + 1, row] != 0.0 else _TINY
        below[i, row] = x - diagonal[i, row] - squares[i, row] / pivot
    meet = 0
    least = math.inf
    for i in range(k):
        residual = abs(above[i, row] + below[i, row] - (x - diagonal[i, row]))
        if residual < least:
            meet = i
            least = residual
    total = 1.0
    entry = 1.0
    for i in range(meet, k - 1):
        entry *= squares[i, row] / (below[i + 1, row] * below[i + 1, row])
        total += entry
        if entry < 1e-40 * total:
            break
    entry = 1.0
    for i in range(meet - 1, -1, -1):
        entry *= squares[i, row] / (above[i, row] * above[i, row])
        total += entry
    weights[row] = entry / total


def first_weights(namespace: Any, diagonal: Any, squared_off_diagonal: Any, largest: Any) -> Any:
    """Return the squared first entry of the eigenvector of ``largest`` (size,), by a twisted factorisation of each matrix."""
    size, k = diagonal.shape
    weights, above, below = namespace.empty(size), namespace.empty((k, size)), namespace.empty((k, size))
    launch(_weight_kernel, size, across(namespace, diagonal), across(namespace, squared_off_diagonal), largest, above, below, weights)
    return weights


@cuda.jit
def _spectrum_kernel(d: Any, squares: Any) -> None:
    """Replace the diagonal d (k, size) by the eigenvalues, in no order, by QL without square roots; NaN where it does not converge."""
    row = cuda.grid(1)
    if row >= d.shape[1]:
        return
    k = d.shape[0]
    precision = 2.0**-52
    norm = 0.0
    for i in range(k):
        norm = max(norm, abs(d[i, row]))
        norm = max(norm, math.sqrt(squares[i, row]))
    floor = (0.125 * precision * norm) * (0.125 * precision * norm)
    for first in range(k):
        sweeps = 0
        while True:
            last = first
            while last < k - 1:
                scale = precision * (abs(d[last, row]) + abs(d[last + 1, row]))
                if squares[last, row] <= max(0.0625 * scale * scale, floor):
                    break
                last += 1
            if last == first:
                break
            if sweeps == _SWEEPS:
                d[first, row] = math.nan
                return
            sweeps += 1
            root = math.sqrt(squares[first, row])
            half = (d[first + 1, row] - d[first, row]) / (2.0 * root)
            reach = math.sqrt(half * half + 1.0)
            shift = d[first, row] - root / (half + reach if half >= 0.0 else half - reach)
            cosine = 1.0
            sine = 0.0
            gamma = d[last, row] - shift
            p = gamma * gamma
            for i in range(last - 1, first - 1, -1):
                square = squares[i, row]
                r = p + square
                if i != last - 1:
                    squares[i + 1, row] = sine * r
                previous_cosine = cosine
                cosine = p / r
                sine = square / r
                previous_gamma = gamma
                gamma = cosine * (d[i, row] - shift) - sine * previous_gamma
                d[i + 1, row] = previous_gamma + (d[i, row] - gamma)
                p = gamma * gamma * (r / p) if cosine != 0.0 else previous_cosine * square
            squares[first, row] = sine * p
            d[first, row] = shift + gamma


def tridiagonal_eigenvalues(namespace: Any, diagonal: Any, squared_off_diagonal: Any) -> Any:
    """Return the eigenvalues, (size, k), ascending, of each tridiagonal matrix (size, k), (size, k - 1); NaN where they were not found."""
    size, k = diagonal.shape
    d, squares = across(namespace, diagonal).copy(), namespace.zeros((k, size))
    squares[: k - 1] = squared_off_diagonal.T
    launch(_spectrum_kernel, size, d, squares)
    return namespace.sort(across(namespace, d), axis=1)
