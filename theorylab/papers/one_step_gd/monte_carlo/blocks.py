"""How many replicates a block holds, for prompts and spectra of given sizes: some 2^20 drawn numbers, 10 ms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.montecarlo.samplers import fitting_block

__all__ = ["block_at_test_length", "block_of", "layer_block", "prompt_block", "raw_layer_block", "spectrum_block"]


def block_of(numbers_per_replicate: int) -> int:
    """Return the block of a sampler that draws so many numbers a replicate and holds some four arrays of them at once."""
    return fitting_block(numbers=4.0 * numbers_per_replicate)


def prompt_block(*, context_length: int, dimension: int, **_: object) -> int:
    """Block of a sampler that draws (n, d) prompts."""
    return block_of((context_length + 2) * (dimension + 2))


def spectrum_block(*, context_length: int, dimension: int, **_: object) -> int:
    """Block of a sampler that draws bidiagonal matrices."""
    return block_of(4 * min(context_length, dimension))


def block_at_test_length(*, test_length: int, dimension: int, **_: object) -> int:
    """Block of a sampler that draws bidiagonal matrices at the test length."""
    return block_of(4 * min(test_length, dimension))


def layer_block(*, value_vector: ArrayLike, context_length: int, **_: object) -> int:
    """Block of a sampler that puts prompts through a layer given by (v, M)."""
    return prompt_block(context_length=context_length, dimension=np.size(np.asarray(value_vector)) - 1)


def raw_layer_block(*, head: ArrayLike, context_length: int, **_: object) -> int:
    """Block of a sampler that puts prompts through a layer given by its raw weights."""
    return layer_block(value_vector=head, context_length=context_length)
