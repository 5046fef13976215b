"""Stretching the result of a small call to the size of a large one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["stretched"]


def stretched(calls: Mapping[int, Any], size: int) -> Any:
    """Return the result of the largest call, with every axis that grows with the number of replicates repeated up to ``size`` replicates.

    Which axes grow is seen by comparing two calls; with one call, an axis as long as its number of replicates is taken for one that grows, the
    first axis before the others.

    Parameters
    ----------
    calls
        What one or two calls returned, by their numbers of replicates: arrays, numbers, texts, and mappings, tuples or lists of such.
    size
        The number of replicates that is wanted.
    """
    largest = max(calls)
    smallest = min(calls)
    return _stretch(calls[smallest], calls[largest], smallest, largest, size)


def _stretch(small: Any, large: Any, few: int, many: int, size: int) -> Any:
    if isinstance(large, Mapping):
        return {name: _stretch(small[name], value, few, many, size) for name, value in large.items()}
    if isinstance(large, tuple | list):
        parts = [_stretch(own, value, few, many, size) for own, value in zip(small, large, strict=False)]
        if isinstance(large, list):
            return parts
        return type(large)(*parts) if hasattr(large, "_fields") else tuple(parts)
    shape = getattr(large, "shape", None)
    if not shape:
        return large
    axes = [axis for axis, length in enumerate(shape) if length == many and (few == many or small.shape[axis] == few)]
    if few == many:
        axes = axes[:1]
    result = large
    for axis in axes:
        result = result.take(np.arange(size) % many, axis=axis)
    return result
