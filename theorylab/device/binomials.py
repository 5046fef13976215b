"""Binomial counts in array operations, attempt by attempt: what the kernel ``binomials`` of `theorylab.device.sources` does in one go.

Below a mean of 10 by inversion, upwards from 0; above it by transformed rejection with squeeze, BTRS (Hoermann 1993), which accepts at its first
attempt with probability 0.7 or more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["binomials"]

_INVERTED = 10.0
# log k! less Stirling's (k + 1/2) log(k + 1) - (k + 1) + log(2 pi)/2 for k = 0 to 9.
_RESTS = (
    0.08106146679532726,
    0.0413406959554093,
    0.02767792568499834,
    0.02079067210376509,
    0.01664469118982119,
    0.01387612882307075,
    0.01189670994589177,
    0.01041126526197209,
    0.009255462182712733,
    0.008330563433362871,
)


def _stirling_rest(xp: Any, k: Any) -> Any:
    inverse = 1.0 / (k + 1.0)
    square = inverse * inverse
    series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - square / 1680.0) * square) * square) * inverse
    return xp.where(k < 10.0, xp.asarray(_RESTS)[xp.clip(k, 0.0, 9.0).astype(np.int64)], series)


def binomials(xp: Any, trials: Any, chances: Any, total: int, words: Callable[..., Any], attempts: int) -> Any:
    """Return ``total`` counts, int64.

    Parameters
    ----------
    xp
        The array module.
    trials, chances
        Parameters by place, used again from the beginning where they are fewer.
    total
        How many.
    words
        From places and the number of an attempt to uniform variates (count, 4).
    attempts
        After so many what still waits becomes the lowest integer.
    """
    place = xp.arange(total)
    n, given = (table[place % max(int(table.size), 1)] if total else table[:0] for table in (trials, chances))
    valid = (n >= 0.0) & (n <= 2.0**40) & (n == xp.floor(n)) & (given >= 0.0) & (given <= 1.0)
    n, given = xp.where(valid, n, 0.0), xp.where(valid, given, 0.0)
    p = xp.where(given > 0.5, 1.0 - given, given)
    mean = n * p
    found = xp.where(mean > 0.0, -1.0, 0.0)
    for method, chosen in ((_invert, (mean > 0.0) & (mean < _INVERTED)), (_reject, mean >= _INVERTED)):
        waiting = place[chosen]
        for attempt in range(attempts):
            if not len(waiting):
                break
            counts = method(xp, words(waiting, attempt), n[waiting], p[waiting])
            found[waiting] = counts
            waiting = waiting[counts < 0.0]
    counts = xp.where(given > 0.5, n - found, found).astype(np.int64)
    return xp.where(valid & (found >= 0.0), counts, np.iinfo(np.int64).min)


def _invert(xp: Any, words: Any, n: Any, p: Any) -> Any:
    """Return counts by inversion; -1 where rounding has left more than all counts up to 12 standard deviations."""
    mean, q = n * p, 1.0 - p
    odds, bound = p / q, xp.minimum(xp.floor(mean + 12.0 * xp.sqrt(mean * q + 1.0)), n)
    u, chance = words[:, 0], xp.exp(n * xp.log1p(-p))
    k = 0.0 * n
    for _ in range(64):  # the largest bound is 49
        beyond = (k <= bound) & (u >= chance)
        u = xp.where(beyond, u - chance, u)
        k = xp.where(beyond, k + 1.0, k)
        chance = xp.where(beyond, chance * ((n - k + 1.0) / xp.maximum(k, 1.0) * odds), chance)
    return xp.where(k <= bound, k, -1.0)


def _reject(xp: Any, words: Any, n: Any, p: Any) -> Any:
    """Return counts of one attempt of BTRS, -1 where it is rejected."""
    mean, q = n * p, 1.0 - p
    odds, mode, root = p / q, xp.floor((n + 1.0) * p), xp.sqrt(mean * q)
    b = 1.15 + 2.53 * root
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha, squeeze = (2.83 + 5.1 / b) * root, 0.92 - 4.2 / b
    v, u = 1.0 - words[:, 0], words[:, 1] - 0.5
    inside = 0.5 - abs(u)
    reached = inside > 0.0
    inside = xp.where(reached, inside, 0.5)
    k = xp.where(reached, xp.floor((2.0 * a / inside + b) * u + mean + 0.5), -1.0)
    possible = (k >= 0.0) & (k <= n)
    k = xp.where(possible, k, mode)
    top = (mode + 0.5) * xp.log((mode + 1.0) / (odds * (n - mode + 1.0))) + _stirling_rest(xp, mode) + _stirling_rest(xp, n - mode)
    room = top + (n + 1.0) * xp.log1p((k - mode) / (n - k + 1.0)) + (k + 0.5) * xp.log(odds * (n - k + 1.0) / (k + 1.0))
    accepted = xp.log(v * alpha / (a / (inside * inside) + b)) <= room - _stirling_rest(xp, k) - _stirling_rest(xp, n - k)
    return xp.where(possible & (((inside >= 0.07) & (v <= squeeze)) | accepted), k, -1.0)
