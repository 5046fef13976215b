"""Naive Bayes fitted to batches of training sets by the definitions, the scores of the fits, and how often they err.

The rule of arXiv:2302.02334: class means mu_k by their averages, one variance per feature s_i^2 = (1/m) sum over all samples of the squared deviation
from the own class's average, class probabilities m_k / m; predict the class of the largest log(m_k / m) - (1/2) sum_i (x_i - mu_ki)^2 / s_i^2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import array_module, checked_array, namespace_of
from theorylab.models.gaussian_mixture import GroupedMixture, exact_or_drawn_error, two_class_error
from theorylab.validation import array_of_shape, choice, instance, integers, moderate, real, reals, whole_number

__all__ = ["VARIANCES", "NaiveBayesFit", "class_scores", "fit_naive_bayes_batched", "linear_rule", "rule_error"]

# Which variances naive Bayes works with: the true ones, one per feature shared by the classes (the paper's), one per feature and class.
VARIANCES = ("known", "pooled", "class")


# The squares of larger features would leave the range of floating point.
_LARGEST = 1e100


class NaiveBayesFit(NamedTuple):
    """A batch of fitted rules.

    Attributes
    ----------
    class_counts
        Training samples of each class, (R, K).
    means
        Class means, (R, K, d).
    variances
        (R, 1, d), or (R, K, d) with variances of each class.
    """

    class_counts: Any
    means: Any
    variances: Any


def fit_naive_bayes_batched(
    features: Any,
    labels: Any,
    class_count: int,
    *,
    variance: str,
    standard_deviations: ArrayLike | None = None,
    variance_floor: float = 0.0,
    namespace: Any = np,
) -> NaiveBayesFit:
    """Fit naive Bayes to a batch of training sets, by the definitions.

    Parameters
    ----------
    features, labels
        (R, m, d) and integers (R, m) in 0, ..., K - 1.
    class_count
        K >= 2.
    variance
        "pooled": (1/m) sum_k sum_{y = k} (x_i - mean_ki)^2; "class": the same within each class, divided by its count; "known": given.
    standard_deviations
        (d,), the true ones; only for "known".
    variance_floor
        Added to estimated variances, >= 0. With a positive one a feature may be constant, and a class may have a single sample.
    namespace
        The array module of ``features``.

    Returns
    -------
    NaiveBayesFit

    Raises
    ------
    ValueError
        If shapes do not fit, a training set lacks a class or has too few samples of one, or a variance is zero.
    """
    xp = namespace
    choice("variance", variance, VARIANCES)
    classes = whole_number("class_count", class_count, minimum=2)
    features = checked_array("features", features, ("R", "m", "d"), minimum=-_LARGEST, maximum=_LARGEST)
    labels = labels if not isinstance(labels, np.ndarray) and array_module(labels) is not np else np.asarray(integers("labels", labels, minimum=0))
    if 0 in features.shape or labels.shape != features.shape[:2]:
        raise ValueError(f"features and labels must have shapes (R, m, d) and (R, m); got {features.shape} and {labels.shape}")
    members = (labels[:, :, None] == xp.arange(classes)).astype(features.dtype)
    counts = members.sum(axis=1)
    floor = real("variance_floor", variance_floor, minimum=0.0)
    least = 2 if variance == "class" and floor == 0.0 else 1
    if not bool((counts >= least).all() & (counts.sum(axis=1) == labels.shape[1]).all()):
        lowest = int(counts.min())
        raise ValueError(f"labels must be in 0, ..., {classes - 1} with at least {least} of every class in every training set; got {lowest}")
    means = members.swapaxes(1, 2) @ features / counts[:, :, None]
    if variance == "known":
        if standard_deviations is None:
            raise ValueError("standard_deviations must be given with variance 'known'; got None")
        deviations = reals("standard_deviations", array_of_shape("standard_deviations", standard_deviations, features.shape[2:]), above=0.0)
        known = xp.asarray(moderate("standard_deviations", deviations, least=1e-100), dtype=features.dtype) ** 2
        variances = xp.broadcast_to(known, (features.shape[0], 1, features.shape[2]))
    else:
        # Squares of deviations, not differences of squares: those of a feature far from zero would cancel.
        squares = (features - xp.take_along_axis(means, labels[:, :, None], axis=1)) ** 2
        variances = squares.mean(axis=1)[:, None, :] if variance == "pooled" else members.swapaxes(1, 2) @ squares / counts[:, :, None]
        variances = variances + floor
    if not bool((variances > 0.0).all()):
        raise ValueError("features must vary within the classes; got a feature of variance 0")
    return NaiveBayesFit(counts, means, variances)


def linear_rule(fit: NaiveBayesFit, *, namespace: Any = np) -> tuple[Any, Any]:
    """Return weights (R, K, d) and intercepts (R, K) of the class scores of a fit whose variances the classes share.

    Formula: ``w_k = mean_k / s^2``, ``b_k = log(m_k / m) - (1/2) sum_i mean_ki^2 / s_i^2``; what all classes have in common is left out.

    Raises
    ------
    ValueError
        If every class has variances of its own: that rule is quadratic.
    """
    instance("fit", fit, NaiveBayesFit)
    if fit.variances.shape[1] != 1:
        raise ValueError(f"variances must have shape (R, 1, d) for a linear rule; got shape {fit.variances.shape}")
    weights = fit.means / fit.variances
    intercepts = _log_shares(fit, namespace) - 0.5 * (weights * fit.means).sum(axis=2)
    return weights, intercepts


def class_scores(fit: NaiveBayesFit, points: Any, *, namespace: Any = np) -> Any:
    """Return the scores of points (R, T, d), by the definition: ``log(m_k / m) - (1/2) sum_i [(x_i - mean_ki)^2 / s_ki^2 + log s_ki^2]``.

    Returns
    -------
    array of shape (R, T, K)
    """
    instance("fit", fit, NaiveBayesFit)
    xp, dimension = namespace, fit.means.shape[2]
    points = checked_array("points", points, (fit.means.shape[0], "T", dimension), minimum=-_LARGEST, maximum=_LARGEST)
    scores = xp.empty((*points.shape[:2], fit.means.shape[1]), dtype=points.dtype)
    for k in range(fit.means.shape[1]):
        variances = fit.variances[:, min(k, fit.variances.shape[1] - 1)]
        distances = ((points - fit.means[:, None, k]) ** 2 / variances[:, None]).sum(axis=2)
        scores[:, :, k] = -0.5 * (distances + xp.log(variances).sum(axis=1)[:, None])
    return scores + _log_shares(fit, xp)[:, None]


def _log_shares(fit: NaiveBayesFit, namespace: Any) -> Any:
    return namespace.log(fit.class_counts / fit.class_counts.sum(axis=1, keepdims=True))


def rule_error(rng: Any, fit: NaiveBayesFit, mixture: GroupedMixture, *, test_points: int) -> Any:
    """Return the misclassification probability of each fit, (R,), or an unbiased estimate of it, under balanced classes.

    Parameters
    ----------
    rng
        Generator.
    fit
        Fitted rules; variances of each class only with independent features of variance 1.
    mixture
        The law of the test points.
    test_points
        Of every class for each fit where the probability is not computed: for more than three classes, and for variances of each class.

    Notes
    -----
    For variances of each class one standard normal vector per test point is shifted to every class: a shift of the boundary that gains with
    one class loses with another, so the shared noise cancels a part of the variance, and it is drawn once.
    """
    instance("fit", fit, NaiveBayesFit)
    instance("mixture", mixture, GroupedMixture)
    xp = namespace_of(rng)
    if fit.variances.shape[1] == 1:
        if mixture.class_count == 2:
            normals = (fit.means[:, 0] - fit.means[:, 1]) / fit.variances[:, 0]
            middles = 0.5 * (fit.means[:, 0] + fit.means[:, 1])
            offsets = xp.log(fit.class_counts[:, 0] / fit.class_counts[:, 1]) - xp.einsum("ri,ri->r", normals, middles)
            return two_class_error(normals, offsets, mixture)
        weights, intercepts = linear_rule(fit, namespace=xp)
        return exact_or_drawn_error(rng, weights, intercepts, mixture, test_points=test_points)
    size, classes, d = fit.means.shape
    precisions = 1.0 / fit.variances
    noise = rng.standard_normal((size, test_points, d))
    constants = _log_shares(fit, xp) - 0.5 * xp.log(fit.variances).sum(axis=2)
    # -(1/2) sum_i (z_i + shift_i)^2 / s_i^2 for the noise z of a point and its class mean's distance from the estimated one, expanded.
    squares = (noise * noise) @ (-0.5 * precisions).swapaxes(1, 2)
    wrong = xp.zeros(size)
    for truth in range(classes):
        shifts = xp.asarray(mixture.class_means[truth]) - fit.means
        slopes = shifts * precisions
        levels = constants - 0.5 * (slopes * shifts).sum(axis=2)
        scores = squares + levels[:, None, :] - noise @ slopes.swapaxes(1, 2)
        wrong += (scores.argmax(axis=2) != truth).mean(axis=1)
    return wrong / classes
