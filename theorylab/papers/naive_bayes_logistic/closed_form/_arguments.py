"""What closed forms of this paper share: groups of like features as arguments."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import array_of_shape, flag, integers, moderate, numbers

__all__ = ["checked_gaps", "checked_groups"]


def checked_gaps(gaps: ArrayLike) -> np.ndarray:
    """Return gaps as a float array (G,), G >= 1."""
    delta = moderate("gaps", array_of_shape("gaps", np.atleast_1d(numbers("gaps", gaps)), ("groups",)))
    if delta.size == 0:
        raise ValueError("gaps must hold at least one number; got ()")
    return delta


def checked_groups(gaps: ArrayLike, multiplicities: ArrayLike, *, distinct_classes: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return gaps and multiplicities as arrays (G,); with ``distinct_classes`` not all gaps may be 0."""
    distinct_classes = flag("distinct_classes", distinct_classes)
    delta, count = checked_gaps(gaps), np.atleast_1d(integers("multiplicities", multiplicities))
    if count.shape != delta.shape:
        raise ValueError(f"multiplicities must have shape ({delta.size},), one for each of the gaps; got shape {count.shape}")
    if distinct_classes and not np.any(delta):
        raise ValueError("gaps must not all be 0: the classes would be one")
    return delta, count
