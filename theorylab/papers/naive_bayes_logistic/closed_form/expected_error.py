"""arXiv:2302.02334: the expected error of two-class naive Bayes after m training points, exactly and without sampling. Derived here.

The error of the fitted rule, averaged over training sets and over balanced test points, is the mean over the two classes of P(T < 0), T the score
difference of `score_law`; that probability is inverted from the characteristic function of T. Random counts are averaged over m1 ~ Binomial(m, 1/2)
given that every class has enough training points to be fitted: one, or two where each class has variances of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from theorylab.backend import check_broadcast
from theorylab.numerics.characteristic_functions import probability_below_zero
from theorylab.papers.naive_bayes_logistic.closed_form._arguments import checked_groups
from theorylab.papers.naive_bayes_logistic.closed_form.score_law import (
    FeatureGroups,
    KnownVariance,
    PooledVariance,
    SeparateVariances,
    integration_ray,
    score_characteristic_function,
)
from theorylab.validation import choice, integers, moderate, plain, reals

__all__ = [
    "naive_bayes_class_error",
    "naive_bayes_expected_error",
    "naive_bayes_expected_error_random_counts",
]

VARIANCES = ("known", "pooled", "class")
# The differences between two resolutions that are accepted; the values are far closer than that (see `InvertedProbability`).
_TOLERANCES = {"known": 1e-9, "pooled": 1e-9, "class": 1e-7}
# Numbers that one table of a characteristic function may hold.
_TABLE = 2**17
# Binomial weights that are left out, all together; counts far from equal take long where each class has variances.
_LOST_WEIGHTS = {"known": 1e-15, "pooled": 1e-15, "class": 1e-11}


def naive_bayes_class_error(
    gaps: ArrayLike,
    multiplicities: ArrayLike,
    count_own: ArrayLike,
    count_other: ArrayLike,
    *,
    variance: str,
    degrees_of_freedom: ArrayLike | None = None,
    log_prior_odds: ArrayLike | None = None,
) -> Any:
    r"""Return the expected error of fitted two-class naive Bayes on test points of one class, for given class counts.

    Formula: ``P(T < 0) = 1/2 - (1/pi) integral over t > 0 of Im E exp(itT) dt/t`` with the score difference T of the module `score_law`.

    Parameters
    ----------
    gaps
        Standardised mean differences delta_i, one for every group of features; their signs do not matter.
    multiplicities
        How many features each group has, integers >= 1.
    count_own, count_other
        Training points of the class that the test point is from, and of the other class; they broadcast. Reals > 0 if the variances are known,
        else integers: their sum at least 3 for ``"pooled"``, each at least 2 for ``"class"``.
    variance
        ``"known"``, ``"pooled"`` (one maximum-likelihood estimate per feature for both classes) or ``"class"`` (one per feature and class).
    degrees_of_freedom
        nu > 0 in ``m s^2 ~ chi^2_nu``; m - 2 by default, as of the pooled fit. Only for ``"pooled"``; a number or an array that broadcasts.
    log_prior_odds
        The constant in T; log(count_own/count_other) by default, as fitted. A number or an array that broadcasts.

    Returns
    -------
    float or ndarray
        Probabilities of the broadcast shape, to about 1e-12 (``"known"``, ``"pooled"``) and 1e-9 (``"class"``) absolutely, where the counts are not
        the very smallest.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the inversion did not converge.

    Notes
    -----
    Derived here for the classifier of arXiv:2302.02334. Calls with many counts at once are far cheaper than many calls.
    """
    check_broadcast(count_own=count_own, count_other=count_other, degrees_of_freedom=degrees_of_freedom, log_prior_odds=log_prior_odds)
    groups, kind = feature_groups(gaps, multiplicities), variance
    own, other = checked_counts(count_own, count_other, kind, ("count_own", "count_other"))
    odds = np.log(own / other) if log_prior_odds is None else np.asarray(reals("log_prior_odds", log_prior_odds))
    if degrees_of_freedom is not None and kind != "pooled":
        raise ValueError(f"degrees_of_freedom must be None unless variance is 'pooled'; got {degrees_of_freedom!r}")
    degrees = own + other - 2.0
    if degrees_of_freedom is not None:
        degrees = np.asarray(moderate("degrees_of_freedom", reals("degrees_of_freedom", degrees_of_freedom, above=0.0), least=1e-3))
    own, other, odds, degrees = np.broadcast_arrays(own, other, odds, degrees)
    errors = _class_errors(groups, own.ravel(), other.ravel(), odds.ravel(), degrees.ravel(), kind).reshape(own.shape)
    return plain(errors)


def naive_bayes_expected_error(gaps: ArrayLike, multiplicities: ArrayLike, count_first: ArrayLike, count_second: ArrayLike, *, variance: str) -> Any:
    """Return the expected error of two-class naive Bayes on balanced test points, for given class counts.

    Formula: the mean of `naive_bayes_class_error` over the two classes.

    Parameters
    ----------
    gaps, multiplicities
        Standardised mean differences of the groups of features and how many features each has.
    count_first, count_second
        Training points of the two classes; they broadcast. Reals > 0 if ``variance="known"``, else integers.
    variance
        ``"known"``, ``"pooled"`` or ``"class"``.

    Returns
    -------
    float or ndarray
        Of the broadcast shape of the counts; absolute accuracy as of `naive_bayes_class_error`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the inversion did not converge.

    Notes
    -----
    Derived here for the classifier of arXiv:2302.02334.
    """
    check_broadcast(count_first=count_first, count_second=count_second)
    groups, (first, second) = feature_groups(gaps, multiplicities), checked_counts(count_first, count_second, variance)
    # The error is symmetric in the counts: every unordered pair once, and where they are equal one class.
    pairs, inverse = np.unique(np.sort(np.stack([first.ravel(), second.ravel()], axis=1), axis=1), axis=0, return_inverse=True)
    errors = _pair_errors(groups, pairs, variance)[inverse.ravel()].reshape(first.shape)
    return plain(errors)


def naive_bayes_expected_error_random_counts(gaps: ArrayLike, multiplicities: ArrayLike, sample_size: ArrayLike, *, variance: str) -> Any:
    """Return the expected error of two-class naive Bayes on balanced test points, for m training points with random labels.

    Formula: the average of `naive_bayes_expected_error` over m1 ~ Binomial(m, 1/2), given that each class has at least r points. r is 1, but 2 for
    ``variance="class"``, where a single point has no variance: such training sets are drawn again, as those that lack a class are.

    Parameters
    ----------
    gaps, multiplicities
        Standardised mean differences of the groups of features and how many features each has.
    sample_size
        m, a number or an array: integers >= 2 (``"known"``), 3 (``"pooled"``), 4 (``"class"``).
    variance
        ``"known"``, ``"pooled"`` or ``"class"``.

    Returns
    -------
    float or ndarray
        Of the shape of ``sample_size``; absolute accuracy as of `naive_bayes_class_error`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the inversion did not converge.

    Notes
    -----
    Derived here for the classifier of arXiv:2302.02334, whose experiments draw the labels.
    """
    groups = feature_groups(gaps, multiplicities)
    kind = choice("variance", variance, VARIANCES)
    sizes = np.asarray(integers("sample_size", sample_size, minimum=smallest_sample_size(kind)))
    unique, inverse = np.unique(sizes.ravel(), return_inverse=True)
    drawn = [_unordered_counts(int(m), 2 if kind == "class" else 1, _LOST_WEIGHTS[kind]) for m in unique]
    errors = _pair_errors(groups, np.concatenate([pairs for pairs, _ in drawn]), kind)
    ends = np.cumsum([len(weights) for _, weights in drawn])
    means = np.array([weights @ part for (_, weights), part in zip(drawn, np.split(errors, ends[:-1]), strict=True)])
    result = means[inverse.ravel()].reshape(sizes.shape)
    return plain(result)


def smallest_sample_size(variance: str) -> int:
    """Return the least m with which two classes can be fitted."""
    return {"known": 2, "pooled": 3, "class": 4}[variance]


def feature_groups(gaps: ArrayLike, multiplicities: ArrayLike) -> FeatureGroups:
    """Return the groups of features, checked; the signs of the gaps do not matter. More than 10^10 like features would take minutes."""
    deltas, counts = checked_groups(gaps, multiplicities)
    moderate("multiplicities", counts, most=1e10)
    return FeatureGroups(np.abs(deltas), counts)


def checked_counts(
    first: ArrayLike, second: ArrayLike, variance: str, names: tuple[str, str] = ("count_first", "count_second")
) -> tuple[np.ndarray, np.ndarray]:
    """Return two arrays of class counts, checked and broadcast; floats, since only their reciprocals and logarithms are used."""
    kind = choice("variance", variance, VARIANCES)
    if kind == "known":
        m1, m2 = (reals(name, count, above=0.0) for name, count in zip(names, (first, second), strict=True))
    else:
        least = 2 if kind == "class" else 1
        m1, m2 = (integers(name, count, minimum=least) for name, count in zip(names, (first, second), strict=True))
    m1, m2 = np.broadcast_arrays(1.0 * np.asarray(m1), 1.0 * np.asarray(m2))
    if kind == "pooled" and np.any(m1 + m2 < 3.0):
        raise ValueError(f"{names[0]} + {names[1]} must be at least 3 for a pooled variance: two points leave no degree of freedom; got 1 + 1")
    return m1, m2


def _unordered_counts(m: int, least: int, lost: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of counts m1 <= m2 of a random draw with every count at least ``least``, (P, 2), and their probabilities (P,)."""
    first = np.arange(least, m // 2 + 1)
    # The logarithms of the binomial weights, but for a constant.
    logarithm = -gammaln(first + 1) - gammaln(m - first + 1)
    weights = np.exp(logarithm - logarithm.max()) * np.where(2 * first == m, 1.0, 2.0)
    weights /= weights.sum()
    kept = np.cumsum(weights) > lost
    return np.stack([first, m - first], axis=1)[kept].astype(np.float64), weights[kept]


def _pair_errors(groups: FeatureGroups, pairs: np.ndarray, variance: str) -> np.ndarray:
    """Return the error on balanced test points for pairs of counts (P, 2)."""
    unequal = pairs[:, 0] != pairs[:, 1]
    own = np.concatenate([pairs[:, 0], pairs[unequal, 1]])
    other = np.concatenate([pairs[:, 1], pairs[unequal, 0]])
    both = _class_errors(groups, own, other, np.log(own / other), own + other - 2.0, variance)
    errors, swapped = both[: len(pairs)].copy(), both[len(pairs) :]
    errors[unequal] = 0.5 * (errors[unequal] + swapped)
    return errors


def _class_errors(groups: FeatureGroups, own: np.ndarray, other: np.ndarray, odds: np.ndarray, degrees: np.ndarray, variance: str) -> np.ndarray:
    """Return P(T < 0) of L laws; laws that share what the variances do are inverted together."""
    errors = np.empty(own.size)
    if variance == "known":
        shared = np.zeros((own.size, 1))
    elif variance == "pooled":
        shared = np.stack([degrees, own + other], axis=1)
    else:
        shared = np.stack([own - 1.0, other - 1.0], axis=1)
    kinds, member = np.unique(shared, axis=0, return_inverse=True)
    for number, values in enumerate(kinds.tolist()):
        law: KnownVariance | PooledVariance | SeparateVariances
        if variance == "known":
            law = KnownVariance()
        elif variance == "pooled":
            law = PooledVariance(values[0], values[1])
        else:
            law = SeparateVariances(values[0], values[1], int(groups.multiplicities.sum()))
        which = np.flatnonzero(member.ravel() == number)
        for chunk in np.array_split(which, max(1, int(np.ceil(which.size * 50.0 / law.step / _TABLE)))):
            errors[chunk] = _inverted(groups, own[chunk], other[chunk], odds[chunk], law, _TOLERANCES[variance])
    return errors


def _inverted(
    groups: FeatureGroups,
    own: np.ndarray,
    other: np.ndarray,
    odds: np.ndarray,
    law: KnownVariance | PooledVariance | SeparateVariances,
    tolerance: float,
) -> np.ndarray:
    scale, angle = integration_ray(groups, own, other, odds, law)
    return probability_below_zero(
        lambda grid: score_characteristic_function(grid, groups, own, other, odds, law),
        scale,
        angle=angle,
        tolerance=tolerance,
        first_step=law.step,
    ).value
