"""When no finite solution exists: labels that a hyperplane separates, and how that is proved or refuted."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from theorylab.validation import array_of_shape, flag, integers, whole_number

__all__ = ["SeparableDataError", "is_rank_deficient", "is_separable"]

# The squares of larger features would leave the range of floating point; the linear program has a variable for each class and column.
_LARGEST, _MOST_CLASSES = 1e100, 10_000


class SeparableDataError(ValueError):
    """No finite coefficients minimise the objective: the data of a replicate are separable, or a class with a free intercept is absent.

    Attributes
    ----------
    replicate
        Number of the first such replicate in the batch.
    """

    def __init__(self, replicate: int, reason: str) -> None:
        super().__init__(f"labels of replicate {replicate} leave no finite solution: {reason}")
        self.replicate = replicate

    def __reduce__(self) -> tuple[type, tuple[int, str]]:
        # Errors of worker processes travel as pickles, which by default would call the class with the whole message.
        return type(self), (self.replicate, str(self).partition(": ")[2])


def _standardised(features: np.ndarray, fit_intercept: bool) -> np.ndarray:
    """Return the design (m, p) with centred columns of length one, and one of ones behind them, as long as there is an intercept."""
    columns = features - features.mean(axis=0) if fit_intercept else features
    # What rounding leaves of a constant feature must not be blown up to a column of noise.
    largest = np.abs(features).max(axis=0, initial=0.0)
    length = np.sqrt((columns**2).sum(axis=0))
    constant = length <= 1e-13 * largest * np.sqrt(len(features))
    scaled = np.where(constant, 0.0, columns / np.where(constant, 1.0, length))
    return np.column_stack([scaled, np.ones(len(features))]) if fit_intercept else scaled


def is_separable(features: np.ndarray, labels: np.ndarray, class_count: int, *, fit_intercept: bool = True) -> bool:
    """Decide by a linear program whether the labels are separable, completely or quasi-completely, so that no finite MLE exists.

    Separable means: there are score vectors w_k, not all equal on the data, with (w_{y_i} - w_k)' x_i >= 0 for every sample i and class k, one
    of them > 0 (Albert and Anderson, 1984). The sum of these differences, each held between 0 and 1, is maximised: a separating direction can be
    scaled until its largest difference is 1, so the maximum is 0 or at least 1, and no threshold is delicate.

    Parameters
    ----------
    features
        (m, d).
    labels
        (m,), integers from 0 to class_count - 1.
    class_count
        K >= 2.
    fit_intercept
        Whether the scores have an intercept.

    Raises
    ------
    RuntimeError
        If the linear program is not solved.
    """
    fit_intercept = flag("fit_intercept", fit_intercept)
    x = array_of_shape("features", features, ("m", "d"))
    if x.size == 0 or np.abs(x).max() > _LARGEST:
        raise ValueError(f"features must have shape (m, d) with m >= 1 and d >= 1, and entries up to {_LARGEST:g}; got shape {x.shape}")
    class_count = whole_number("class_count", class_count, minimum=2, maximum=_MOST_CLASSES)
    labels = np.asarray(integers("labels", labels, minimum=0))
    if labels.shape != (len(x),) or labels.max() >= class_count:
        raise ValueError(f"labels must be integers from 0 to {class_count - 1} of shape ({len(x)},); got shape {labels.shape}")
    design = _standardised(x, fit_intercept)
    m, p = design.shape
    rows = []
    for other in range(class_count):
        # Class 0 has the score 0; the rows of samples of another class than `other` compare their own class with it.
        chosen = labels != other
        block = np.zeros((int(chosen.sum()), class_count, p))
        block[np.arange(len(block)), labels[chosen]] += design[chosen]
        block[:, other] -= design[chosen]
        # In full, since no sample may be left: where all are of one class, that is what is separable.
        rows.append(block[:, 1:].reshape(len(block), (class_count - 1) * p))
    matrix = np.concatenate(rows)
    found = linprog(
        -matrix.sum(axis=0),
        A_ub=np.concatenate([matrix, -matrix]),
        b_ub=np.concatenate([np.ones(len(matrix)), np.zeros(len(matrix))]),
        bounds=(None, None),
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(f"linear program for separability of {m} samples with {p} columns ended with: {found.message}")
    return bool(-found.fun > 0.5)


def is_rank_deficient(features: np.ndarray, *, fit_intercept: bool = True) -> bool:
    """Tell whether the columns of one design (m, d), with that of the intercept, are linearly dependent to working precision."""
    fit_intercept = flag("fit_intercept", fit_intercept)
    design = _standardised(np.asarray(features, dtype=float), fit_intercept)
    m, p = design.shape
    if m < p:
        return True
    singular = np.linalg.svd(design / np.sqrt(np.maximum((design**2).sum(axis=0), 1e-300)), compute_uv=False)
    return bool(singular[-1] <= 1e-11 * singular[0])
