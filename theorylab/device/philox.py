"""Raw words of the counter-based generator Philox 4x64-10 (Salmon, Moraes, Dror and Shaw, 2011) in any array namespace.

Word for word the stream of ``numpy.random.Philox(key=key, counter=block << 192)``: numpy increments the counter before the first output, so
quadruple number j comes from the counter (j + 1, 0, 0, block). The second word of the counter, which numpy would reach after 2**64 quadruples, is
free for the attempts of a rejection method.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["philox_at", "philox_words"]

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_MASK = 2**64 - 1
_ROUNDS = 10


def _multiply(left: int, right: Any) -> tuple[Any, Any]:
    """Return high and low words of the 128-bit product of a constant and an array, from 32-bit halves."""
    low_mask, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    a_high, a_low = np.uint64(left >> 32), np.uint64(left & 0xFFFFFFFF)
    b_high, b_low = right >> shift, right & low_mask
    low_low, low_high, high_low, high_high = a_low * b_low, a_low * b_high, a_high * b_low, a_high * b_high
    middle = (low_low >> shift) + (low_high & low_mask) + (high_low & low_mask)
    high = high_high + (low_high >> shift) + (high_low >> shift) + (middle >> shift)
    return high, np.uint64(left) * right


def philox_at(namespace: Any, key: tuple[int, int], quadruples: Any, attempt: int, blocks: Any) -> Any:
    """Return the four words, (count, 4), at the counters (``quadruples`` + 1, ``attempt``, 0, ``blocks``), arrays of uint64 of one shape (count,)."""
    c0, c3 = quadruples + np.uint64(1), blocks
    c1, c2 = namespace.full_like(c0, attempt), namespace.zeros_like(c0)
    key0, key1 = key
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant
        for _ in range(_ROUNDS):
            high0, low0 = _multiply(_MULTIPLIERS[0], c0)
            high1, low1 = _multiply(_MULTIPLIERS[1], c2)
            c0, c1, c2, c3 = high1 ^ c1 ^ np.uint64(key0), low1, high0 ^ c3 ^ np.uint64(key1), low0
            key0, key1 = (key0 + _WEYL[0]) & _MASK, (key1 + _WEYL[1]) & _MASK
    return namespace.stack([c0, c1, c2, c3], axis=1)


def philox_words(namespace: Any, key: tuple[int, int], block: int, first: int, count: int, blocks: int = 1) -> Any:
    """Return words (uint64), ``4 * count`` for each of ``blocks`` blocks in turn: quadruples ``first`` to ``first + count - 1``."""
    quadruples = namespace.tile(namespace.arange(first, first + count, dtype=np.uint64), blocks)
    # numpy makes floats of integers beyond 2^63 that come as a range.
    numbers = namespace.repeat(np.uint64(block) + namespace.arange(blocks, dtype=np.uint64), count)
    return philox_at(namespace, key, quadruples, 0, numbers).reshape(-1)
