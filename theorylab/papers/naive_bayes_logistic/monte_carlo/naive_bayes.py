"""Simulators of naive Bayes on random training sets: word for word on raw data, and from sufficient statistics alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import GroupedMixture, draw_class_counts, draw_features, draw_labels, grouped_mixture, training_size
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import (
    VARIANCES,
    NaiveBayesFit,
    class_scores,
    fit_naive_bayes_batched,
    rule_error,
)
from theorylab.validation import choice, instance, whole_number

__all__ = ["sample_naive_bayes_error", "sample_naive_bayes_error_raw", "standardised_fit"]

# Raw data ----------------------------------------------------------------------------------------------------------------------------------

DEFAULT_TEST_POINTS = 16


def _raw_block(
    *,
    multiplicities: Sequence[int],
    class_positions: Sequence[float],
    pair_correlation: float | None,
    sample_size: int | None,
    class_counts: Sequence[int] | None,
    test_points: int,
    **_: object,
) -> int:
    d = int(sum(multiplicities)) * (1 if pair_correlation is None else 2)
    classes, m = len(class_positions), training_size(sample_size, class_counts)
    numbers = d * (3 * m + 3 * classes * test_points)
    return fitting_block(numbers=numbers, nanoseconds=d * (40 * m + 12 * classes**2 * test_points))


@block_size(_raw_block)
def sample_naive_bayes_error_raw(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    variance: str,
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    pair_correlation: float | None = None,
    test_points: int = DEFAULT_TEST_POINTS,
) -> dict[str, Any]:
    """Sample the test error of naive Bayes word for word: draw a training set, fit by the definitions, classify fresh points.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    gaps, multiplicities, class_positions, standard_deviations, pair_correlation
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`; features may be correlated in pairs.
    variance
        "known", "pooled" or "class".
    sample_size
        m: random class counts, uniform classes, every class present (twice with variances of each class).
    class_counts
        Instead of ``sample_size``: (m_0, ..., m_{K-1}), fixed.
    test_points
        Fresh points of every class for each training set.

    Returns
    -------
    dict
        "error": the share of the test points that are misclassified, (size,), from 0 to 1: every moment exists.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    arXiv:2302.02334, the simulations; the paper's classifier is variance "pooled".
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    mixture = grouped_mixture(
        gaps, multiplicities, standard_deviations=standard_deviations, class_positions=class_positions, pair_correlation=pair_correlation
    )
    points, least = _checked_sizes(variance, mixture.class_count, sample_size, class_counts, test_points)
    labels = draw_labels(rng, size, class_count=mixture.class_count, sample_size=sample_size, class_counts=class_counts, least_count=least)
    features = draw_features(rng, mixture, labels)
    fit = fit_naive_bayes_batched(
        features, labels, mixture.class_count, variance=variance, standard_deviations=mixture.standard_deviations, namespace=xp
    )
    truth = xp.broadcast_to(xp.repeat(xp.arange(mixture.class_count), points), (size, mixture.class_count * points))
    answers = class_scores(fit, draw_features(rng, mixture, truth), namespace=xp).argmax(axis=2)
    return {"error": (answers != truth).mean(axis=1)}


def _checked_sizes(variance: str, class_count: int, sample_size: int | None, class_counts: Sequence[int] | None, test_points: int) -> tuple[int, int]:
    """Return the number of test points of a class, and the least count of a class; other faults of the counts are seen where they are drawn.

    Raises
    ------
    ValueError
        If there are so few samples that the pooled variances are all zero.
    """
    choice("variance", variance, VARIANCES)
    total = training_size(sample_size, class_counts)
    if variance == "pooled" and total == class_count:
        name = "sample_size" if sample_size is not None else "the sum of class_counts"
        raise ValueError(f"{name} must be >= {class_count + 1} for {class_count} classes with variance 'pooled'; got {total}")
    return whole_number("test_points", test_points), 2 if variance == "class" else 1


# Sufficient statistics -----------------------------------------------------------------------------------------------------------------------


def standardised_fit(rng: Any, counts: Any, mixture: GroupedMixture, *, variance: str, sample_size: int | None = None) -> NaiveBayesFit:
    """Draw fits of naive Bayes from the law of their sufficient statistics, for independent features of variance 1.

    Formula: independent ``mean_ki ~ N(mu_ki, 1 / m_k)``; pooled ``m s_i^2 ~ chi^2_{m-K}``, of each class ``m_k s_ki^2 ~ chi^2_{m_k - 1}``.

    Parameters
    ----------
    rng
        Generator.
    counts
        Class counts (R, K); in the pooled fit every row has the same sum.
    mixture
        Standard deviations 1, no correlation.
    variance
        "known", "pooled" or "class".
    sample_size
        The sum of a row of counts, where it is known: a device would have to be asked.

    Returns
    -------
    NaiveBayesFit
    """
    instance("mixture", mixture, GroupedMixture)
    xp = namespace_of(rng)
    size, d = counts.shape[0], mixture.dimension
    means = rng.standard_normal((size, mixture.class_count, d))
    means /= xp.sqrt(counts)[:, :, None]
    means += xp.asarray(mixture.class_means)
    if variance == "known":
        return NaiveBayesFit(counts, means, xp.ones((size, 1, d)))
    if variance == "pooled":
        total = int(counts[0].sum()) if sample_size is None else sample_size
        variances = rng.chisquare(total - mixture.class_count, (size, 1, d))
        variances /= total
        return NaiveBayesFit(counts, means, variances)
    freedom = xp.broadcast_to((counts - 1)[:, :, None], (size, mixture.class_count, d))
    variances = rng.chisquare(freedom, (size, mixture.class_count, d))
    variances /= counts[:, :, None]
    return NaiveBayesFit(counts, means, variances)


def _known_variance_fit(rng: Any, counts: Any, mixture: GroupedMixture) -> tuple[NaiveBayesFit, GroupedMixture]:
    """Draw fits with known variances in 1 + min(K, d - 1) coordinates instead of d, and the mixture in these coordinates.

    A rotation takes the line of the class means to the first coordinate. Of the errors of the K estimated means orthogonal to it, a K x (d - 1)
    matrix of normal variates, only the K x K Gram matrix matters: they are L Q with orthonormal rows Q and, by Bartlett's decomposition, a lower
    triangular L of independent entries, the roots of chi^2_{d-1}, chi^2_{d-2}, ... on the diagonal and standard normal below. The coordinates of
    a test point along Q are standard normal again.
    """
    xp = namespace_of(rng)
    size, classes = counts.shape
    positions = np.asarray(mixture.class_means)
    rank = min(classes, mixture.dimension - 1)
    # All means lie on one line through 0, so each is its signed length along the longest.
    longest = positions[np.argmax((positions**2).sum(axis=1))]
    length = float(np.linalg.norm(longest))
    along = positions @ longest / length if length else np.zeros(classes)
    errors = xp.zeros((size, classes, 1 + rank))
    errors[:, :, 0] = rng.standard_normal((size, classes))
    for row in range(classes):
        below = min(row, rank)
        errors[:, row, 1 : 1 + below] = rng.standard_normal((size, below))
        if row < rank:
            errors[:, row, 1 + row] = xp.sqrt(rng.chisquare(mixture.dimension - 1 - row, (size,)))
    errors /= xp.sqrt(counts)[:, :, None]
    errors[:, :, 0] += xp.asarray(along)
    reduced = GroupedMixture(np.column_stack([along, np.zeros((classes, rank))]), np.ones(1 + rank), None)
    return NaiveBayesFit(counts, errors, xp.ones((size, 1, 1 + rank))), reduced


def _statistics_block(*, multiplicities: Sequence[int], class_positions: Sequence[float], variance: str, test_points: int, **_: object) -> int:
    classes, d = len(class_positions), int(sum(multiplicities))
    if variance == "known":
        d = min(d, 1 + classes)
    drawn = classes > 3 or variance == "class"
    numbers = 4 * classes * d + (test_points * (2 * d * (variance == "class") + 3 * classes) if drawn else 0)
    exact = {2: 100.0, 3: 4000.0}.get(classes, 100.0)
    return fitting_block(numbers=numbers, nanoseconds=30.0 * classes * d + exact + (15.0 * numbers if drawn else 0.0))


@block_size(_statistics_block)
def sample_naive_bayes_error(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    variance: str,
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    test_points: int = DEFAULT_TEST_POINTS,
) -> dict[str, Any]:
    """Sample the misclassification probability of naive Bayes, features independent, without drawing a training set.

    The sufficient statistics of a training set are (K + 1) d variates for the pooled fit; with known variances they are reduced to a few numbers,
    whatever d is. The error given the fit is exact for linear rules of two or three classes, so that the only randomness is the training set.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    gaps, multiplicities, class_positions, standard_deviations
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`. Naive Bayes does not notice the standard deviations.
    variance
        "known", "pooled" or "class".
    sample_size
        m: random class counts, uniform classes, every class present (twice with variances of each class).
    class_counts
        Instead of ``sample_size``: (m_0, ..., m_{K-1}), fixed.
    test_points
        Test points of every class for each fit, where the error given the fit has to be drawn: more than three classes, variances of each class.

    Returns
    -------
    dict
        "error": (size,), from 0 to 1, so every moment exists. Its skewness is below 1 where the expected error is moderate, but 11 and more
        where it is tiny and few training sets make most of it.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    Derived here from the classifier of arXiv:2302.02334: means and variances of normal samples are independent.
    """
    size = check_draw(rng, size)
    mixture = grouped_mixture(gaps, multiplicities, standard_deviations=standard_deviations, class_positions=class_positions)
    points, least = _checked_sizes(variance, mixture.class_count, sample_size, class_counts, test_points)
    counts = draw_class_counts(rng, size, class_count=mixture.class_count, sample_size=sample_size, class_counts=class_counts, least_count=least)
    # A fit is not moved by the scale of a feature, so every feature is given variance 1.
    standard = grouped_mixture(gaps, multiplicities, class_positions=class_positions)
    if variance == "known":
        fit, standard = _known_variance_fit(rng, counts, standard)
    else:
        fit = standardised_fit(rng, counts, standard, variance=variance, sample_size=training_size(sample_size, class_counts))
    return {"error": rule_error(rng, fit, standard, test_points=points)}
