"""The largest error of many parameter estimates at once: of means, variances and class probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import draw_class_counts, draw_labels, training_size
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import fit_naive_bayes_batched
from theorylab.validation import real, whole_number

__all__ = ["sample_largest_mean_error", "sample_largest_variance_error", "sample_parameter_errors", "sample_parameter_errors_raw"]


def _largest_block(*, dimension: int, **_: object) -> int:
    return fitting_block(numbers=3.0 * dimension, nanoseconds=30.0 * dimension)


@block_size(_largest_block)
def sample_largest_mean_error(rng: Any, size: int, *, dimension: int, sample_size: int) -> Any:
    """Sample the largest error of the means of d features of variance 1 over m samples, from the law of a mean.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    dimension, sample_size
        d >= 1 and m >= 1.

    Returns
    -------
    array (size,)
        All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m = whole_number("dimension", dimension), whole_number("sample_size", sample_size)
    return abs(rng.standard_normal((size, d))).max(axis=1) / math.sqrt(m)


@block_size(_largest_block)
def sample_largest_variance_error(rng: Any, size: int, *, dimension: int, degrees_of_freedom: float) -> Any:
    """Sample the largest error of unbiased variance estimates of d features of variance 1, from the chi-squared law.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    dimension, degrees_of_freedom
        d >= 1 and nu > 0.

    Returns
    -------
    array (size,)
        All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, nu = whole_number("dimension", dimension), real("degrees_of_freedom", degrees_of_freedom, above=0.0)
    return abs(rng.chisquare(nu, (size, d)) / nu - 1.0).max(axis=1)


def _raw_block(*, class_count: int, dimension: int, sample_size: int | None, class_counts: Sequence[int] | None, **_: object) -> int:
    numbers = training_size(sample_size, class_counts) * (2.0 * dimension + class_count)
    return fitting_block(numbers=numbers, nanoseconds=30.0 * numbers)


@block_size(_raw_block)
def sample_parameter_errors_raw(
    rng: Any, size: int, *, class_count: int, dimension: int, sample_size: int | None = None, class_counts: Sequence[int] | None = None
) -> dict[str, Any]:
    """Sample the largest errors of what naive Bayes estimates, word for word on raw features of mean 0 and variance 1.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    class_count, dimension
        K >= 2 and d >= 1.
    sample_size, class_counts
        m for random counts, every class present, or (m_0, ..., m_{K-1}) for fixed ones; one of them.

    Returns
    -------
    dict
        "mean", the largest error of the K d class means; "variance", of the d pooled variances (1/m) sum of squared deviations from the own
        class's mean; "proportion", of the shares of the K classes; "largest" of all. All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    classes, d = whole_number("class_count", class_count, minimum=2), whole_number("dimension", dimension)
    labels = draw_labels(rng, size, class_count=classes, sample_size=sample_size, class_counts=class_counts)
    xp = namespace_of(rng)
    features = rng.standard_normal((size, labels.shape[1], d))
    fit = fit_naive_bayes_batched(features, labels, classes, variance="pooled", namespace=xp)
    shares = fit.class_counts / labels.shape[1]
    return _errors(xp, abs(fit.means).max(axis=(1, 2)), abs(fit.variances[:, 0] - 1.0).max(axis=1), shares)


def _sufficient_block(*, class_count: int, dimension: int, sample_size: int | None, class_counts: Sequence[int] | None, **_: object) -> int:
    numbers = (class_count + 1.0) * dimension + (training_size(sample_size, class_counts) if sample_size is not None else 0.0)
    return fitting_block(numbers=2.0 * numbers, nanoseconds=30.0 * numbers)


@block_size(_sufficient_block)
def sample_parameter_errors(
    rng: Any, size: int, *, class_count: int, dimension: int, sample_size: int | None = None, class_counts: Sequence[int] | None = None
) -> dict[str, Any]:
    """Sample what `sample_parameter_errors_raw` does, from sufficient statistics: normal means and chi-squared variances given the counts.

    Parameters
    ----------
    rng, size, class_count, dimension, sample_size, class_counts
        As there; more samples than classes.

    Returns
    -------
    dict
        As there.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    classes, d = whole_number("class_count", class_count, minimum=2), whole_number("dimension", dimension)
    counts = draw_class_counts(rng, size, class_count=classes, sample_size=sample_size, class_counts=class_counts)
    m, xp = training_size(sample_size, class_counts), namespace_of(rng)
    if m <= classes:
        raise ValueError(f"sample_size must exceed class_count = {classes}; got {m}")
    means = abs(rng.standard_normal((size, classes, d))).max(axis=2) / xp.sqrt(counts)
    variances = rng.chisquare(m - classes, (size, d)) / m
    return _errors(xp, means.max(axis=1), abs(variances - 1.0).max(axis=1), counts / m)


def _errors(xp: Any, mean: Any, variance: Any, shares: Any) -> dict[str, Any]:
    proportion = abs(shares - 1.0 / shares.shape[1]).max(axis=1)
    return {"mean": mean, "variance": variance, "proportion": proportion, "largest": xp.maximum(xp.maximum(mean, variance), proportion)}
