"""Labels of training sets in which every class has its least count: fixed ones checked, random ones drawn anew until they do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import bdtr

from theorylab.backend import array_module, namespace_of
from theorylab.validation import integers, whole_number


def fixed_counts(classes: int, sample_size: int | None, class_counts: Sequence[int] | None, least: int) -> np.ndarray | None:
    """Return fixed counts, checked, or None for random ones."""
    if (sample_size is None) == (class_counts is None):
        raise ValueError(f"give one of sample_size and class_counts; got sample_size={sample_size!r}, class_counts={class_counts!r}")
    if class_counts is None:
        whole_number("sample_size", sample_size, minimum=least * classes)
        return None
    counts = np.atleast_1d(integers("class_counts", class_counts, minimum=0))
    if counts.shape != (classes,):
        raise ValueError(f"class_counts must have shape ({classes},); got shape {counts.shape}")
    if np.any(counts < least):
        short = int(np.argmax(counts < least))
        raise ValueError(f"class_counts must each be an integer >= {least}; got {counts[short]} for class {short}")
    return counts


def counts_of(labels: Any, classes: int) -> Any:
    """Return how often each class is named in labels (size, m), integers (size, K)."""
    xp = array_module(labels)
    return xp.stack([(labels == label).sum(axis=1) for label in range(classes)], axis=1)


# So unlikely that no candidate is left, or a multiple of it: then a class stays empty, and what is made of that is not finite.
_NEVER = 1e-20
_MOST_CANDIDATES = 64


def _candidates_needed(classes: int, sample_size: int, least: int) -> int:
    """Return how many candidates a training set is taken from where all are drawn at once, 0 if that would be too many."""
    lacking = classes * float(bdtr(least - 1, sample_size, 1.0 / classes))
    needed = math.ceil(math.log(_NEVER) / math.log(lacking)) if 0.0 < lacking < 1.0 else int(lacking == 0.0)
    return needed if needed <= _MOST_CANDIDATES else 0


def random_labels(rng: Any, size: int, classes: int, sample_size: int, least: int) -> Any:
    """Draw labels (size, m) anew until every class has its least count."""
    labels = rng.integers(0, classes, (size, sample_size))
    candidates = 0 if isinstance(rng, np.random.Generator) else _candidates_needed(classes, sample_size, least)
    if candidates:
        # On a device whole candidates for all, of which the first valid one is taken: it need not be known how many are missing, and whose.
        for _ in range(candidates - 1):
            lacking = (counts_of(labels, classes) < least).any(axis=1)
            labels = namespace_of(rng).where(lacking[:, None], rng.integers(0, classes, (size, sample_size)), labels)
        return labels
    while True:
        lacking = (counts_of(labels, classes) < least).any(axis=1)
        missing = int(lacking.sum())
        if missing == 0:
            return labels
        labels[lacking] = rng.integers(0, classes, (missing, sample_size))
