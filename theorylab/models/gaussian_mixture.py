"""Gaussian mixtures with one covariance for all classes and class means on a line, in groups of like features; linear rules on them.

Features come in groups. Feature i of group g has, in class k, the mean ``class_positions[k] * gaps[g] * standard_deviations[g]`` and the standard
deviation ``standard_deviations[g]``: so `gaps` are the standardised differences between two classes one unit of position apart. Features are
independent, or come in adjacent pairs of one correlation, the first of which carries the mean while the second has mean 0. So few numbers describe
a mixture in any dimension, and nothing here needs a (d, d) matrix. Arrays are batch first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import array_module, check_draw, checked_array, namespace_of, special_functions
from theorylab.models._class_labels import counts_of, fixed_counts, random_labels
from theorylab.numerics.gaussian_integrals import bivariate_normal_cdf
from theorylab.validation import array_of_shape, instance, integers, moderate, numbers, real, reals, whole_number

__all__ = [
    "GroupedMixture",
    "draw_class_counts",
    "draw_features",
    "draw_labels",
    "drawn_rule_error",
    "exact_or_drawn_error",
    "grouped_mixture",
    "linear_rule_error",
    "training_size",
    "two_class_error",
]


class GroupedMixture(NamedTuple):
    """A mixture, feature by feature.

    Attributes
    ----------
    class_means
        (K, d).
    standard_deviations
        (d,).
    pair_correlation
        Correlation of features 0 and 1, 2 and 3, ...; None for independent features.
    """

    class_means: np.ndarray
    standard_deviations: np.ndarray
    pair_correlation: float | None

    @property
    def dimension(self) -> int:
        """The number of features d."""
        return int(self.standard_deviations.size)

    @property
    def class_count(self) -> int:
        """The number of classes K."""
        return len(self.class_means)

    @property
    def covariance(self) -> np.ndarray:
        """The covariance (d, d) of the features in every class."""
        correlation = np.eye(self.dimension)
        if self.pair_correlation is not None:
            first = np.arange(0, self.dimension, 2)
            correlation[first, first + 1] = correlation[first + 1, first] = self.pair_correlation
        return correlation * np.outer(self.standard_deviations, self.standard_deviations)


def grouped_mixture(
    gaps: ArrayLike,
    multiplicities: ArrayLike,
    *,
    standard_deviations: ArrayLike = 1.0,
    class_positions: ArrayLike = (0.5, -0.5),
    pair_correlation: float | None = None,
) -> GroupedMixture:
    """Return the mixture of these groups.

    Parameters
    ----------
    gaps
        (G,), finite: standardised differences of the means of two classes one unit of position apart.
    multiplicities
        (G,), integers >= 1: how many features a group has, or how many pairs of features.
    standard_deviations
        > 0, one for all or one for each group.
    class_positions
        (K,), K >= 2, finite.
    pair_correlation
        In (-1, 1), if features come in pairs; only the first of a pair carries the mean.

    Raises
    ------
    ValueError
        If an argument is out of range, or the number of groups is not the same everywhere.
    """
    gap = moderate("gaps", array_of_shape("gaps", np.atleast_1d(numbers("gaps", gaps)), ("groups",)), most=1e50, least=1e-50)
    if gap.size == 0:
        raise ValueError("gaps must hold at least one number; got ()")
    count = np.atleast_1d(integers("multiplicities", multiplicities))
    if count.shape != gap.shape:
        raise ValueError(f"multiplicities must have shape ({gap.size},), one for each of the gaps; got shape {count.shape}")
    deviation = np.asarray(moderate("standard_deviations", reals("standard_deviations", standard_deviations, above=0.0), most=1e50, least=1e-50))
    if deviation.ndim and deviation.shape != gap.shape:
        raise ValueError(f"standard_deviations must be one number or have shape ({gap.size},); got shape {deviation.shape}")
    positions = moderate("class_positions", array_of_shape("class_positions", class_positions, ("K",)), most=1e20)
    if positions.size < 2:
        raise ValueError(f"class_positions must hold at least 2 numbers; got {positions.size}")
    deviations = np.repeat(np.broadcast_to(deviation, gap.shape), count)
    loadings = np.repeat(gap, count) * deviations
    if pair_correlation is not None:
        pair_correlation = real("pair_correlation", pair_correlation, above=-1.0, below=1.0)
        deviations = np.repeat(deviations, 2)
        loadings = np.stack([loadings, np.zeros(loadings.size)], axis=1).ravel()
    return GroupedMixture(np.multiply.outer(positions, loadings), deviations, pair_correlation)


# Training sets -------------------------------------------------------------------------------------------------------------------------------


def training_size(sample_size: int | None, class_counts: Sequence[int] | None) -> int:
    """Return m, whichever of the two says it; what does not fit together is refused where labels or counts are drawn."""
    if sample_size is not None:
        return whole_number("sample_size", sample_size, minimum=0)
    return 0 if class_counts is None else int(np.sum(integers("class_counts", class_counts, minimum=0)))


def draw_class_counts(
    rng: Any,
    size: int,
    *,
    class_count: int,
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
    least_count: int = 1,
) -> Any:
    """Draw how many samples each class has, integers (size, K).

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    class_count
        K >= 2.
    sample_size
        Random counts: m labels, each of K equally likely classes, drawn anew until every class has `least_count` of them.
    class_counts
        Fixed counts: (m_0, ..., m_{K-1}). Exactly one of `sample_size` and `class_counts` is given.
    least_count
        The least count of a class, >= 1.

    Raises
    ------
    ValueError
        If both or none are given, or a class cannot have, or has not, `least_count` samples (the message says which).
    """
    size = check_draw(rng, size)
    classes, xp = whole_number("class_count", class_count, minimum=2), namespace_of(rng)
    least = whole_number("least_count", least_count)
    fixed = fixed_counts(classes, sample_size, class_counts, least)
    if fixed is not None:
        return xp.broadcast_to(xp.asarray(fixed), (size, classes))
    return counts_of(random_labels(rng, size, classes, int(sample_size or 0), least), classes)


def draw_labels(
    rng: Any,
    size: int,
    *,
    class_count: int,
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
    least_count: int = 1,
) -> Any:
    """Draw labels 0 to K - 1, integers (size, m): independent given that every class is there, or class after class in fixed numbers.

    Parameters and errors are those of `draw_class_counts`.
    """
    size = check_draw(rng, size)
    classes, xp = whole_number("class_count", class_count, minimum=2), namespace_of(rng)
    least = whole_number("least_count", least_count)
    fixed = fixed_counts(classes, sample_size, class_counts, least)
    if fixed is not None:
        return xp.broadcast_to(xp.asarray(np.repeat(np.arange(classes), fixed)), (size, int(fixed.sum())))
    return random_labels(rng, size, classes, int(sample_size or 0), least)


def _checked_labels(labels: Any, classes: int) -> Any:
    """Return labels (size, m) as integers of the module that they belong to; only those of the host are looked at one by one."""
    if not isinstance(labels, np.ndarray) and array_module(labels) is not np:
        return labels
    found = labels if isinstance(labels, np.ndarray) and labels.dtype.kind == "i" else np.asarray(integers("labels", labels, minimum=0))
    # Labels in fixed numbers are one row for all, however many there are.
    looked = found[:1] if found.ndim == 2 and found.strides[0] == 0 else found
    if found.ndim != 2 or (looked.size and not 0 <= looked.min() <= looked.max() < classes):
        raise ValueError(f"labels must have shape (size, m) and be integers from 0 to {classes - 1}; got shape {found.shape}")
    return found


def draw_features(rng: Any, mixture: GroupedMixture, labels: Any) -> Any:
    """Draw features (size, m, d) for labels (size, m)."""
    instance("mixture", mixture, GroupedMixture)
    xp, labels = namespace_of(rng), _checked_labels(labels, mixture.class_count)
    noise = rng.standard_normal((*labels.shape, mixture.dimension))
    if mixture.pair_correlation is not None:
        noise[..., 1::2] *= math.sqrt(1.0 - mixture.pair_correlation**2)
        noise[..., 1::2] += mixture.pair_correlation * noise[..., 0::2]
    noise *= xp.asarray(mixture.standard_deviations)
    noise += xp.asarray(mixture.class_means)[labels]
    return noise


# Linear rules --------------------------------------------------------------------------------------------------------------------------------


def _times_covariance(normals: Any, mixture: GroupedMixture, xp: Any) -> Any:
    """Return normals (..., d) times the covariance of the mixture."""
    deviations = xp.asarray(mixture.standard_deviations)
    scaled = normals * deviations**2
    if mixture.pair_correlation is None:
        return scaled
    # The partner's entry, at the partner's place: within a pair both have one standard deviation.
    swapped = scaled.reshape(*scaled.shape[:-1], -1, 2)[..., ::-1].reshape(scaled.shape)
    return scaled + mixture.pair_correlation * swapped


# The square of a larger weight would leave the range of floating point.
_LARGEST = 1e100


def _checked_rules(weights: Any, intercepts: Any, mixture: GroupedMixture) -> tuple[Any, Any]:
    """Return weights (R, K, d) and intercepts (R, K) of rules for a mixture, finite."""
    classes, dimension = mixture.class_count, mixture.dimension
    weights = checked_array("weights", weights, ("R", classes, dimension), minimum=-_LARGEST, maximum=_LARGEST)
    return weights, checked_array("intercepts", intercepts, (weights.shape[0], classes), minimum=-_LARGEST, maximum=_LARGEST)


def two_class_error(normal: Any, offset: Any, mixture: GroupedMixture) -> Any:
    """Return the probability that the rule "class 0 if normal'x + offset > 0, else class 1" is wrong, classes being equally likely.

    Parameters
    ----------
    normal, offset
        (R, d) and (R,); numpy or cupy. A rule of normal 0 gives one answer always and is wrong with probability 1/2.
    mixture
        Two classes.

    Returns
    -------
    array (R,)
    """
    instance("mixture", mixture, GroupedMixture)
    if mixture.class_count != 2:
        raise ValueError(f"mixture must have 2 classes; got {mixture.class_count}")
    normal = checked_array("normal", normal, ("R", mixture.dimension), minimum=-_LARGEST, maximum=_LARGEST)
    offset = checked_array("offset", offset, normal.shape[:1], minimum=-_LARGEST, maximum=_LARGEST)
    xp = array_module(normal)
    spread = xp.sqrt((normal * _times_covariance(normal, mixture, xp)).sum(axis=-1))
    scores = normal @ xp.asarray(mixture.class_means).T + offset[..., None]
    # With no spread the answer is that of the sign of the score; class 1 if it is 0.
    constant = xp.where(scores > 0.0, xp.inf, -xp.inf)
    ratio = xp.where(spread[..., None] > 0.0, scores / xp.where(spread > 0.0, spread, 1.0)[..., None], constant)
    cdf = special_functions(xp).ndtr
    return 0.5 * (cdf(-ratio[..., 0]) + cdf(ratio[..., 1]))


def linear_rule_error(weights: Any, intercepts: Any, mixture: GroupedMixture) -> Any:
    """Return the probability that the rule argmax_k (w_k'x + b_k) is wrong, classes being equally likely.

    Parameters
    ----------
    weights, intercepts
        (R, K, d) and (R, K); numpy or cupy.
    mixture
        Of 2 or 3 classes; for more see `drawn_rule_error`.

    Returns
    -------
    array (R,)

    Raises
    ------
    ValueError
        If there are more than 3 classes.
    """
    instance("mixture", mixture, GroupedMixture)
    weights, intercepts = _checked_rules(weights, intercepts, mixture)
    if mixture.class_count == 2:
        return two_class_error(weights[:, 0] - weights[:, 1], intercepts[:, 0] - intercepts[:, 1], mixture)
    if mixture.class_count != 3:
        raise ValueError(f"mixture must have 2 or 3 classes for an exact error; got {mixture.class_count}")
    xp = array_module(weights)
    right, means = xp.zeros(len(weights)), xp.asarray(mixture.class_means)
    for label in range(3):
        first, second = (other for other in range(3) if other != label)
        ahead = xp.stack([weights[:, label] - weights[:, first], weights[:, label] - weights[:, second]], axis=1)
        offsets = xp.stack([intercepts[:, label] - intercepts[:, first], intercepts[:, label] - intercepts[:, second]], axis=1)
        margins = ahead @ means[label] + offsets
        spreads = _times_covariance(ahead, mixture, xp)
        covariance = ahead @ spreads.swapaxes(1, 2)
        deviations = xp.sqrt(xp.stack([covariance[:, 0, 0], covariance[:, 1, 1]], axis=1))
        correlation = xp.clip(covariance[:, 0, 1] / (deviations[:, 0] * deviations[:, 1]), -1.0, 1.0)
        standard = margins / deviations
        right += bivariate_normal_cdf(standard[:, 0], standard[:, 1], correlation, namespace=xp)
    return 1.0 - right / 3.0


def drawn_rule_error(rng: Any, weights: Any, intercepts: Any, mixture: GroupedMixture, *, test_points: int) -> Any:
    """Return the share of wrong answers of argmax_k (w_k'x + b_k) on fresh test points, as many of every class, for any K.

    The K scores of a test point are drawn, not its d features: given the rule they are normal.

    Parameters
    ----------
    rng
        Generator.
    weights, intercepts
        (R, K, d) and (R, K).
    mixture
        K classes.
    test_points
        A multiple of K.

    Returns
    -------
    array (R,)

    Raises
    ------
    ValueError
        If `test_points` is not a positive multiple of K.
    """
    xp, classes = namespace_of(rng), instance("mixture", mixture, GroupedMixture).class_count
    points = whole_number("test_points", test_points)
    if points % classes:
        raise ValueError(f"test_points must be a multiple of the {classes} classes; got {points}")
    weights, intercepts = _checked_rules(weights, intercepts, mixture)
    each = points // classes
    covariance = weights @ _times_covariance(weights, mixture, xp).swapaxes(1, 2)
    # A square root by eigenvalues: pooled rules of few features have score covariances that are singular.
    values, vectors = xp.linalg.eigh(covariance)
    root = vectors * xp.sqrt(xp.maximum(values, 0.0))[:, None, :]
    centres = weights @ xp.asarray(mixture.class_means).T + intercepts[:, :, None]
    wrong = xp.zeros(len(weights))
    for label in range(classes):
        scores = rng.standard_normal((len(weights), each, classes)) @ root.swapaxes(1, 2) + centres[:, None, :, label]
        wrong += (scores.argmax(axis=2) != label).sum(axis=1)
    return wrong / points


def exact_or_drawn_error(rng: Any, weights: Any, intercepts: Any, mixture: GroupedMixture, *, test_points: int) -> Any:
    """Return the error of argmax_k (w_k'x + b_k), exact where it can be computed, else the share of wrong answers on fresh test points.

    Exact for two classes and for three. Either way its mean is the expected error.

    Parameters
    ----------
    rng
        Generator.
    weights, intercepts
        (R, K, d) and (R, K).
    mixture
        K classes.
    test_points
        Of every class for each rule, where points are drawn.

    Returns
    -------
    array (R,)
    """
    classes, test_points = instance("mixture", mixture, GroupedMixture).class_count, whole_number("test_points", test_points)
    namespace_of(rng)
    if classes <= 3:
        return linear_rule_error(weights, intercepts, mixture)
    return drawn_rule_error(rng, weights, intercepts, mixture, test_points=classes * test_points)
