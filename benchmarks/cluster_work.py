"""Samplers of known length for the measurements of clusters, in a module of their own so that workers can import them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from theorylab.montecarlo.samplers import block_size


@block_size(64)
def sample_tiny(rng: Any, size: int) -> np.ndarray:
    """Do next to no work: what is left is the way there and back."""
    return rng.standard_normal(size)


@block_size(64)
def sample_resting(rng: Any, size: int, *, seconds: float = 0.5) -> np.ndarray:
    """Last ``seconds`` a block and take no processor time, as if there were cores to spare."""
    time.sleep(seconds)
    return rng.standard_normal(size)


@block_size(64)
def sample_computing(rng: Any, size: int, *, seconds: float = 0.5) -> np.ndarray:
    """Take ``seconds`` of the thread's processor time a block, however long that lasts beside others."""
    begin = time.thread_time()
    total = np.zeros(size)
    while time.thread_time() - begin < seconds:
        total += rng.standard_normal((200, size)).sum(axis=0)
    return total
