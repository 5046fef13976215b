"""From the labels that say which bag each sample is in, to the bags in order and the means that belong to them, in the estimators' words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.aggregate_responses.closed_form import bag_codes, means_by_code

__all__ = ["Grouping", "bag_means_in_order", "group_bags"]


class Grouping(NamedTuple):
    """The distinct bag labels in sorted order (m,), the number of its bag for each sample (n,), and the bag sizes (m,)."""

    labels: np.ndarray
    codes: np.ndarray
    sizes: np.ndarray


@contextmanager
def _called(name: str) -> Iterator[None]:
    """Let messages name the argument as the caller does, most often ``bags``, which the closed forms call ``bag_labels``."""
    try:
        yield
    except ValueError as error:
        raise ValueError(str(error).replace("bag_labels", name)) from None


def group_bags(bags: ArrayLike, samples: int, *, name: str = "bags") -> Grouping:
    """Return the bags that the samples are in, sorted by label.

    Parameters
    ----------
    bags
        Bag label of each sample, shape (n,): integers, strings or anything else that sorts.
    samples
        n.
    name
        How messages call the labels.

    Raises
    ------
    ValueError
        If the shape is not (n,), or labels are missing or do not sort.
    """
    with _called(name):
        codes, sizes = bag_codes(bags)
    if codes.size != samples:
        raise ValueError(f"{name} must hold one bag label for each of the {samples} samples, shape ({samples},); got shape {codes.shape}")
    return Grouping(np.unique(np.asarray(bags)), codes, sizes)


def bag_means_in_order(bag_means: ArrayLike | Mapping[Any, float], bags: ArrayLike, *, name: str = "bags") -> np.ndarray:
    """Return the mean label of each bag as an array (m,), in the order of the sorted distinct bag labels.

    Parameters
    ----------
    bag_means
        One number for each bag, in the order of the sorted distinct labels, or a mapping from bag label to number.
    bags
        Bag label of each sample, shape (n,).
    name
        How messages call the labels.

    Raises
    ------
    ValueError
        If a bag has no mean, a mean has no bag (a bag of size 0), or a mean is not finite.
    """
    with _called(name):
        return means_by_code(bag_means, bags)[2]
