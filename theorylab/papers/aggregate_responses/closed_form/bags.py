"""Which bag each sample is in: labels of any sortable kind, as codes 0, ..., m - 1 in the order of the sorted distinct labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import array_of_shape, integers, moderate, numbers, whole_number

__all__ = ["average_over_bags", "bag_codes", "means_by_code"]


def bag_codes(bag_labels: ArrayLike, number_of_bags: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the code of each sample's bag and the size of each bag, bags in the order of their sorted distinct labels.

    Parameters
    ----------
    bag_labels
        (n,) labels of any one sortable kind: integers, strings, dates. NaN and None are no labels.
    number_of_bags
        m, the number of bags that have a mean. A bag without a mean or a mean without a sample (a bag of size 0) is refused.

    Returns
    -------
    tuple
        Codes (n,) in 0, ..., m - 1, and sizes (m,), all at least 1.

    Raises
    ------
    ValueError
        If the labels are not one-dimensional, empty, missing or not sortable, or their number of distinct values is not m.
    """
    labels = _label_array(bag_labels)
    if number_of_bags is not None:
        number_of_bags = whole_number("number_of_bags", number_of_bags, minimum=0)
    try:
        distinct, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    except TypeError:
        raise ValueError("bag_labels must be of one sortable kind; got a mixture that cannot be compared") from None
    if number_of_bags is not None and number_of_bags != distinct.size:
        surplus = "a bag without a mean" if distinct.size > number_of_bags else "a mean whose bag has size 0"
        raise ValueError(f"bag_labels must name exactly the {number_of_bags} bags of bag_means; got {distinct.size} distinct labels: {surplus}")
    return codes.reshape(labels.shape), sizes


def means_by_code(bag_means: ArrayLike | Mapping[Any, float], bag_labels: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return codes (n,), sizes (m,) and bag means (m,) in the order of the codes.

    Parameters
    ----------
    bag_means
        (m,) in the order of the sorted distinct labels, or a mapping from label to mean.
    bag_labels
        (n,) as in `bag_codes`.

    Returns
    -------
    tuple
        Codes, sizes, means.

    Raises
    ------
    ValueError
        If a bag has no mean, a mean has no bag, a mean is not finite, or the labels are refused by `bag_codes`.
    """
    if not isinstance(bag_means, Mapping):
        means = array_of_shape("bag_means", bag_means, ("m",))
        codes, sizes = bag_codes(bag_labels, means.size)
        return codes, sizes, means
    codes, sizes = bag_codes(bag_labels)
    distinct = np.unique(_label_array(bag_labels)).tolist()
    missing = [label for label in distinct if label not in bag_means]
    if missing:
        raise ValueError(f"bag_means must have a mean for every bag; got none for label {missing[0]!r}")
    empty = [label for label in bag_means if label not in set(distinct)]
    if empty:
        raise ValueError(f"bag_means must only have bags with samples; got a mean for label {empty[0]!r}, whose bag has size 0")
    return codes, sizes, array_of_shape("bag_means", [bag_means[label] for label in distinct], ("m",))


def average_over_bags(values: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the mean of the rows of ``values`` in each bag.

    Parameters
    ----------
    values
        (n, ...).
    codes
        (n,) in 0, ..., m - 1.
    sizes
        (m,), the number of samples of each bag.

    Returns
    -------
    ndarray
        (m, ...).

    Raises
    ------
    ValueError
        If an argument is out of range or the lengths differ.
    """
    values, sizes = numbers("values", values), np.asarray(integers("sizes", sizes))
    if values.ndim == 0 or len(values) == 0 or not np.all(np.isfinite(values)):
        raise ValueError(f"values must be a finite array of shape (n, ...) with n >= 1; got shape {values.shape}")
    moderate("values", values)
    if sizes.ndim != 1:
        raise ValueError(f"sizes must have shape (m,); got shape {sizes.shape}")
    codes = np.asarray(integers("codes", codes, minimum=0))
    if codes.shape != (len(values),) or np.max(codes) >= sizes.size:
        raise ValueError(f"codes must have shape ({len(values)},) with entries below {sizes.size}; got {codes.tolist()!r:.80}")
    totals = np.zeros((sizes.size, *values.shape[1:]))
    np.add.at(totals, codes, values)
    return totals / sizes.reshape(sizes.size, *[1] * (values.ndim - 1))


def _label_array(bag_labels: ArrayLike) -> np.ndarray:
    """Return the labels as an array without missing entries."""
    try:
        labels = np.asarray(bag_labels)
    except ValueError:
        raise ValueError("bag_labels must be one label for each sample; got rows of different lengths") from None
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(f"bag_labels must have shape (n,) with n >= 1; got shape {labels.shape}")
    # Only a missing value (NaN, NaT) differs from itself; None sorts with nothing.
    missing = [label is None for label in labels.tolist()] | (labels != labels)
    if np.any(missing):
        raise ValueError(f"bag_labels must not be missing; got {int(np.sum(missing))} labels that are NaN or None")
    return labels
