"""Binomial tails, their p-values and confidence bounds, Chernoff bounds on counts and means."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc, betaincinv, rel_entr

from theorylab.backend import check_broadcast
from theorylab.validation import integers, plain, real, reals

__all__ = [
    "binomial_lower_tail",
    "binomial_p_value",
    "binomial_upper_bound",
    "binomial_upper_tail",
    "chernoff_factor_bound",
    "mean_upper_bound",
]


def binomial_lower_tail(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> Any:
    """Return P(K <= count) for K ~ Binomial(trials, probability).

    Parameters
    ----------
    count
        Integers >= -1; they broadcast with the others.
    trials
        Integers >= 1.
    probability
        In [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(count=count, trials=trials, probability=probability)
    k, n, p = _binomial_arguments(count, trials, probability)
    # Incomplete beta functions, for scipy's binomial tails end at 2^31 trials.
    inside = np.clip(k, 0, n - 1)
    return plain(np.where(k < 0, 0.0, np.where(k >= n, 1.0, betaincc(inside + 1.0, n - inside, p))))


def binomial_upper_tail(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> Any:
    """Return P(K > count) for K ~ Binomial(trials, probability); arguments and errors as in `binomial_lower_tail`."""
    check_broadcast(count=count, trials=trials, probability=probability)
    k, n, p = _binomial_arguments(count, trials, probability)
    inside = np.clip(k, 0, n - 1)
    return plain(np.where(k < 0, 1.0, np.where(k >= n, 0.0, betainc(inside + 1.0, n - inside, p))))


def binomial_p_value(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> Any:
    """Return twice the smaller exact tail, at most 1: the chance under Binomial(trials, probability) of a count as far out on its side.

    Parameters
    ----------
    count, trials, probability
        As in `binomial_lower_tail`.

    Returns
    -------
    float or ndarray
        P(p-value <= level) <= level for every level.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(count=count, trials=trials, probability=probability)
    lower = binomial_lower_tail(count, trials, probability)
    upper = binomial_upper_tail(np.asarray(count) - 1, trials, probability)
    return plain(np.minimum(1.0, 2.0 * np.minimum(lower, upper)))


def binomial_upper_bound(count: ArrayLike, trials: ArrayLike, failure_probability: float) -> Any:
    """Return the one-sided upper confidence bound of Clopper and Pearson for a probability.

    Formula: the root p of P(Binomial(trials, p) <= count) = failure_probability, a quantile of Beta(count + 1, trials - count).

    Parameters
    ----------
    count
        Successes, integers from 0 to `trials`.
    trials
        Integers >= 1.
    failure_probability
        In (0, 1).

    Returns
    -------
    float or ndarray
        Exceeds the true probability with probability at least 1 - failure_probability, whatever it is.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(count=count, trials=trials)
    k, n = np.asarray(integers("count", count, minimum=0)), np.asarray(integers("trials", trials))
    if np.any(k > n):
        raise ValueError(f"count must be at most trials; got {np.max(k)} of {np.min(n)}")
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    return plain(np.where(k == n, 1.0, betaincinv(k + 1.0, np.maximum(n - k, 1), 1.0 - delta)))


def chernoff_factor_bound(mean: ArrayLike) -> Any:
    """Return exp(-mean/8) + exp(-mean/3), which bounds the chance that a binomial count is below half its mean or above twice its mean.

    Parameters
    ----------
    mean
        Expected count, > 0.

    Raises
    ------
    ValueError
        If the mean is not positive.
    """
    expected = np.asarray(reals("mean", mean, above=0.0))
    return plain(np.exp(-expected / 8.0) + np.exp(-expected / 3.0))


def mean_upper_bound(sample_mean: ArrayLike, sample_size: ArrayLike, failure_probability: float) -> Any:
    """Return an upper confidence bound on the mean of independent numbers in [0, 1].

    Formula: the largest m >= sample mean with n KL(sample mean, m) <= log(1/delta), KL that of two coins (Chernoff's bound; Hoeffding 1963 for
    numbers in [0, 1] that are not coins). For small means it is much closer than Hoeffding's sqrt(log(1/delta)/(2 n)).

    Parameters
    ----------
    sample_mean
        In [0, 1].
    sample_size
        n >= 1.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(sample_mean=sample_mean, sample_size=sample_size)
    mean = np.asarray(reals("sample_mean", sample_mean, minimum=0.0, maximum=1.0))
    size = np.asarray(reals("sample_size", sample_size, minimum=1.0))
    budget = -np.log(real("failure_probability", failure_probability, above=0.0, below=1.0)) / size
    low, high = np.broadcast_arrays(mean, np.ones_like(size))
    # Pinsker's inequality gives the first bracket.
    low, high = low.copy(), np.minimum(high, mean + np.sqrt(0.5 * budget))
    for _ in range(45):
        middle = 0.5 * (low + high)
        within = rel_entr(mean, middle) + rel_entr(1.0 - mean, 1.0 - middle) <= budget
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return plain(high)


def _binomial_arguments(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k = np.asarray(integers("count", count, minimum=-1))
    n = np.asarray(integers("trials", trials))
    p = np.asarray(reals("probability", probability, minimum=0.0, maximum=1.0))
    return k, n, p
