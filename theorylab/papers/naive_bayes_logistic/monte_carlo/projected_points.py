"""Test points classified by rules that know the parameters: what naive Bayes and the Bayes rule converge to, without any training set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import grouped_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import array_of_shape, integers, whole_number
from theorylab.validation import covariance as checked_covariance

__all__ = ["sample_collinear_classes", "sample_correlated_classes"]


def _points_block(*, class_means: ArrayLike, **_: object) -> int:
    classes, d = np.shape(np.asarray(class_means))
    return fitting_block(numbers=(3 + classes) * d, nanoseconds=d * (15.0 + classes * (2.0 * d + 5.0)))


@block_size(_points_block)
def sample_correlated_classes(rng: Any, size: int, *, class_means: ArrayLike, covariance: ArrayLike, label: int | None = None) -> dict[str, Any]:
    """Sample a test point and whether naive Bayes and the Bayes rule with the true parameters are wrong about it.

    x | y = k ~ N(mu_k, Sigma). Both rules by their definitions: the class of the largest density, which naive Bayes takes for the product over the
    features of N(mu_ki, Sigma_ii).

    Parameters
    ----------
    rng, size
        Generator and number of points.
    class_means
        mu, (K, d), K >= 2.
    covariance
        Sigma, (d, d), symmetric and positive definite.
    label
        The class of every point, or None for classes drawn with equal probability.

    Returns
    -------
    dict
        "naive_bayes" and "bayes", 0.0 or 1.0 each, (size,).

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    arXiv:2302.02334, the setting.
    """
    size = check_draw(rng, size)
    means = array_of_shape("class_means", class_means, ("K", "d"))
    classes, d = means.shape
    if classes < 2:
        raise ValueError(f"class_means must have at least 2 rows; got {classes}")
    sigma = checked_covariance("covariance", covariance, dimension=d)
    xp = namespace_of(rng)
    truth = _labels(rng, size, classes, label)
    centres = xp.asarray(means)
    points = centres[truth] + rng.standard_normal((size, d)) @ xp.asarray(np.linalg.cholesky(sigma).T)
    wrong = {}
    for rule, precision in (("naive_bayes", np.diag(1.0 / np.diag(sigma))), ("bayes", np.linalg.inv(sigma))):
        matrix = xp.asarray(precision)
        distances = xp.stack([((points - centre) @ matrix * (points - centre)).sum(axis=1) for centre in centres], axis=1)
        wrong[rule] = (distances.argmin(axis=1) != truth).astype(xp.float64)
    return wrong


def _labels(rng: Any, size: int, classes: int, label: int | None) -> Any:
    xp = namespace_of(rng)
    if label is None:
        return rng.integers(0, classes, (size,))
    fixed = whole_number("label", label, minimum=0)
    if fixed >= classes:
        raise ValueError(f"label must be an integer from 0 to {classes - 1}; got {label!r}")
    return xp.full(size, fixed)


def _projections_block(*, multiplicities: Sequence[int], class_positions: Sequence[float], **_: object) -> int:
    classes, groups = len(class_positions), len(multiplicities)
    return fitting_block(numbers=classes * (groups + 2 * classes), nanoseconds=classes * (15.0 * groups + 10.0 * classes))


@block_size(_projections_block)
def sample_collinear_classes(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    class_positions: Sequence[float],
    standard_deviations: float | Sequence[float] = 1.0,
) -> dict[str, Any]:
    """Sample one test point of every class, features independent, and whether the Bayes rule (here also naive Bayes) is wrong about it.

    Only the sum of each group's features is drawn: the log density of class k is, but for what all classes share, the sum over the features of
    ``(mu_ki x_i - mu_ki^2 / 2) / sigma_i^2``, and within a group the means and variances are alike.

    Parameters
    ----------
    rng, size
        Generator and number of test points of each class.
    gaps, multiplicities, class_positions, standard_deviations
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`.

    Returns
    -------
    dict
        "wrong": 0.0 or 1.0 for the point of each class, (size, K); "error": their mean, (size,).

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    # One feature of each group stands for all of it.
    feature = grouped_mixture(gaps, np.ones(max(np.size(gaps), 1)), standard_deviations=standard_deviations, class_positions=class_positions)
    count = xp.asarray(integers("multiplicities", multiplicities), dtype=xp.float64)
    if count.shape != (feature.dimension,):
        raise ValueError(f"multiplicities must have shape ({feature.dimension},), one for each of the gaps; got shape {count.shape}")
    means, deviations = xp.asarray(feature.class_means), xp.asarray(feature.standard_deviations)
    classes, groups = feature.class_means.shape
    sums = count * means + xp.sqrt(count) * deviations * rng.standard_normal((size, classes, groups))
    variances = deviations**2
    scores = sums @ (means / variances).T - 0.5 * (count * means**2 / variances).sum(axis=1)
    wrong = (scores.argmax(axis=2) != xp.arange(classes)).astype(xp.float64)
    return {"wrong": wrong, "error": wrong.mean(axis=1)}
