"""Raw words of the counter-based generator Philox 4x64-10 (Salmon, Moraes, Dror and Shaw, 2011) in any array namespace.

Word for word the stream of ``numpy.random.Philox(key=key, counter=block << 192)``: numpy increments the counter before the first output, so
quadruple number j comes from the counter (j + 1, 0, 0, block).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["philox_words"]

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_MASK = 2**64 - 1
_ROUNDS = 10

_CUDA_SOURCE = r"""
extern "C" __global__
void philox(unsigned long long key0, unsigned long long key1, unsigned long long block,
            unsigned long long first, unsigned long long count, unsigned long long* words)
{
    unsigned long long i = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    unsigned long long c0 = first + i + 1, c1 = 0, c2 = 0, c3 = block;
    for (int round = 0; round < 10; ++round) {
        unsigned long long high0 = __umul64hi(0xD2E7470EE14C6C93ULL, c0), low0 = 0xD2E7470EE14C6C93ULL * c0;
        unsigned long long high1 = __umul64hi(0xCA5A826395121157ULL, c2), low1 = 0xCA5A826395121157ULL * c2;
        c0 = high1 ^ c1 ^ key0;
        c1 = low1;
        c2 = high0 ^ c3 ^ key1;
        c3 = low0;
        key0 += 0x9E3779B97F4A7C15ULL;
        key1 += 0xBB67AE8584CAA73BULL;
    }
    words[4 * i] = c0;
    words[4 * i + 1] = c1;
    words[4 * i + 2] = c2;
    words[4 * i + 3] = c3;
}
"""


def _multiply(left: int, right: Any) -> tuple[Any, Any]:
    """Return high and low words of the 128-bit product of a constant and an array, from 32-bit halves."""
    low_mask, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    a_high, a_low = np.uint64(left >> 32), np.uint64(left & 0xFFFFFFFF)
    b_high, b_low = right >> shift, right & low_mask
    low_low, low_high, high_low, high_high = a_low * b_low, a_low * b_high, a_high * b_low, a_high * b_high
    middle = (low_low >> shift) + (low_high & low_mask) + (high_low & low_mask)
    high = high_high + (low_high >> shift) + (high_low >> shift) + (middle >> shift)
    return high, np.uint64(left) * right


@lru_cache(maxsize=1)
def _cuda_kernel() -> Any:
    import cupy

    return cupy.RawKernel(_CUDA_SOURCE, "philox")


def philox_words(namespace: Any, key: tuple[int, int], block: int, first: int, count: int) -> Any:
    """Return ``4 * count`` words (uint64): quadruples ``first`` to ``first + count - 1`` of the stream of ``block`` under ``key``."""
    if namespace.__name__ == "cupy":
        words = namespace.empty(4 * count, dtype=np.uint64)
        if count:
            threads = 256
            arguments = tuple(np.uint64(value) for value in (*key, block, first, count))
            _cuda_kernel()((-(-count // threads),), (threads,), (*arguments, words))
        return words
    c0 = namespace.arange(first + 1, first + count + 1, dtype=np.uint64)
    c1, c2 = namespace.zeros_like(c0), namespace.zeros_like(c0)
    c3 = namespace.full_like(c0, block)
    key0, key1 = key
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant
        for _ in range(_ROUNDS):
            high0, low0 = _multiply(_MULTIPLIERS[0], c0)
            high1, low1 = _multiply(_MULTIPLIERS[1], c2)
            c0, c1, c2, c3 = high1 ^ c1 ^ np.uint64(key0), low1, high0 ^ c3 ^ np.uint64(key1), low0
            key0, key1 = (key0 + _WEYL[0]) & _MASK, (key1 + _WEYL[1]) & _MASK
    return namespace.stack([c0, c1, c2, c3], axis=1).reshape(-1)
