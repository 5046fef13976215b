"""arXiv:2302.02334: how many training points two-class naive Bayes needs for an expected error, from the exact expected error. Derived here."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.roots import smallest_integer
from theorylab.papers.naive_bayes_logistic.closed_form.expected_error import (
    VARIANCES,
    feature_groups,
    naive_bayes_expected_error,
    naive_bayes_expected_error_random_counts,
    smallest_sample_size,
)
from theorylab.papers.naive_bayes_logistic.closed_form.phase_diagram import naive_bayes_normal_sample_size
from theorylab.papers.naive_bayes_logistic.closed_form.score_law import FeatureGroups
from theorylab.validation import choice, flag, real, whole_number

__all__ = ["naive_bayes_real_sample_size", "naive_bayes_sample_size"]

# Sample sizes below are tried one by one, for at the smallest of them the error may rise with m: from 1 + 1 to 1 + 2 points, say.
_ONE_BY_ONE = 64
_LARGEST_REAL_SIZE = 1e12


def naive_bayes_sample_size(
    target: float,
    gaps: ArrayLike,
    multiplicities: ArrayLike,
    *,
    random_counts: bool,
    variance: str,
    largest_sample_size: int = 4096,
) -> int:
    """Return the least number m of training points with which the expected error of two-class naive Bayes is at most ``target``.

    Up to 64 every m is tried; beyond, the error is taken to fall with m, and m found by doubling and halving.

    Parameters
    ----------
    target
        In (Phi(-delta/2), 1/2]; delta^2 = sum of multiplicity times gap^2, so the lower end is the error of the best classifier.
    gaps, multiplicities
        Standardised mean differences of the groups of features and how many features each has.
    random_counts
        True: random labels, as in `naive_bayes_expected_error_random_counts`. False: as many training points of either class, m even.
    variance
        ``"known"``, ``"pooled"`` or ``"class"``.
    largest_sample_size
        Where the search gives up.

    Returns
    -------
    int
        m; at least 2 (``"known"``), 3 or, if even, 4 (``"pooled"``), 4 (``"class"``), below which there is no fit.

    Raises
    ------
    ValueError
        If an argument is out of range; in particular if no m reaches the target, or none up to ``largest_sample_size``.
    ConvergenceError
        If an inversion did not converge.

    Notes
    -----
    Derived here for the classifier of arXiv:2302.02334.
    """
    random_counts = flag("random_counts", random_counts)
    groups = feature_groups(gaps, multiplicities)
    goal = checked_target(target, groups)
    least = smallest_sample_size(choice("variance", variance, VARIANCES))
    largest = whole_number("largest_sample_size", largest_sample_size, minimum=4)
    stride = 1 if random_counts else 2
    least += least % stride

    def reached(sizes: np.ndarray) -> np.ndarray:
        if random_counts:
            errors = naive_bayes_expected_error_random_counts(*groups, sizes, variance=variance)
        else:
            errors = naive_bayes_expected_error(*groups, sizes // 2, sizes // 2, variance=variance)
        return np.asarray(errors <= goal)

    # First ever longer blocks, since most answers are small; then doubling.
    low, length = least, 4
    while low <= min(largest, _ONE_BY_ONE):
        sizes = np.arange(low, min(low + stride * length, largest + 1), stride)
        enough = reached(sizes)
        if np.any(enough):
            return int(sizes[np.argmax(enough)])
        low, length = int(sizes[-1]) + stride, 2 * length
    # In steps of the stride; what is too large counts as reached.
    found = stride * smallest_integer(lambda steps: stride * steps > largest or bool(reached(np.array([stride * steps]))[0]), low // stride)
    if found > largest:
        raise ValueError(f"target must be reached with at most largest_sample_size = {largest} training points; got {goal!r}")
    return found


def naive_bayes_real_sample_size(target: float, gaps: ArrayLike, multiplicities: ArrayLike) -> float:
    """Return the real m at which two-class naive Bayes with known variances and m/2 training points of either class has the error ``target``.

    Formula: the root m of `naive_bayes_expected_error` (m/2, m/2) = target, for the error's formula makes sense for real counts.

    Parameters
    ----------
    target
        In (Phi(-delta/2), 1/2].
    gaps, multiplicities
        Standardised mean differences of the groups of features and how many features each has.

    Returns
    -------
    float
        m >= 2; 2 if a single training point of either class suffices.

    Raises
    ------
    ValueError
        If an argument is out of range, in particular if no m reaches the target.
    ConvergenceError
        If an inversion did not converge, or the root lies beyond 10^12.

    Notes
    -----
    Derived here for the classifier of arXiv:2302.02334.
    """
    groups = feature_groups(gaps, multiplicities)
    goal = checked_target(target, groups)

    def excess(log_m: float) -> float:
        half = 0.5 * float(np.exp(log_m))
        return float(naive_bayes_expected_error(*groups, half, half, variance="known")) - goal

    if excess(np.log(2.0)) <= 0.0:
        return 2.0
    distance, dimension = float(np.sqrt(_squared_distance(groups))), int(groups.multiplicities.sum())
    guess = float(naive_bayes_normal_sample_size(goal, distance, dimension)) if goal < 0.5 else 4.0
    ceiling = np.log(_LARGEST_REAL_SIZE)
    low = high = min(np.log(max(guess, 2.0)), ceiling)
    while excess(low) <= 0.0:
        low, high = max(np.log(2.0), low - 1.0), low
    while excess(high) > 0.0:
        if high >= ceiling:
            raise ConvergenceError(f"no sample size up to {_LARGEST_REAL_SIZE:g} reaches the error {goal!r}")
        low, high = high, min(high + 1.0, ceiling)
    return float(np.exp(brentq(excess, low, high, xtol=1e-13, rtol=1e-14)))


def checked_target(target: float, groups: FeatureGroups) -> float:
    """Return the target error, checked to be above the error of the best classifier, which is not reached."""
    goal = real("target", target, above=0.0, maximum=0.5)
    best = float(ndtr(-0.5 * np.sqrt(_squared_distance(groups))))
    if goal <= best:
        raise ValueError(f"target must be above {best:.8g}, the error of the best classifier, which no sample size reaches; got {goal!r}")
    return goal


def _squared_distance(groups: FeatureGroups) -> float:
    return float(np.sum(groups.multiplicities * groups.gaps**2))
