"""Logistic regression on isotropic classes, whatever the dimension costs: the fit sees the data only through the Gram matrix of its samples.

All features have one standard deviation sigma and one standardised gap g, so the class means lie on the diagonal u = (1, ..., 1) / sqrt(d). Rotate u
into the first coordinate: there the samples are a_i = position_i g sigma sqrt(d) + sigma N(0, 1), and the Gram matrix of the other d - 1 coordinates
is sigma^2 times a Wishart matrix, whose Bartlett factor L stands for them: features (a, sigma L), of which there are at most m + 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import draw_labels, grouped_mixture, training_size
from theorylab.models.wishart import bartlett_factors
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import error_columns, fit_nanoseconds, fitted
from theorylab.validation import array_of_shape, flag, real, whole_number

__all__ = ["sample_isotropic_logistic_error"]


def _single(name: str, value: ArrayLike) -> float:
    """Return the only entry of what may be given as a number or as one group."""
    return float(array_of_shape(name, np.ravel(np.asarray(value)), (1,))[0])


def _gram_block(
    *,
    multiplicities: Sequence[int],
    class_positions: Sequence[float],
    sample_size: int | None,
    class_counts: Sequence[int] | None,
    test_points: int,
    **_: object,
) -> int:
    m, classes = training_size(sample_size, class_counts), len(class_positions)
    coordinates = min(m + 1, int(sum(multiplicities)))
    drawn = classes**2 * test_points if classes > 3 else 0
    return fitting_block(nanoseconds=fit_nanoseconds(m, coordinates, classes) + 3.0 * m**3 + 15.0 * drawn, numbers=6 * m * coordinates + drawn)


@block_size(_gram_block)
def sample_isotropic_logistic_error(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    ridge: float,
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    fit_intercept: bool = True,
    test_points: int = 256,
) -> dict[str, Any]:
    """Sample the misclassification probability of logistic regression on isotropic classes, at a price that does not grow with the dimension.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    gaps, multiplicities, standard_deviations, class_positions
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`, of one group of at least two features.
    ridge, sample_size, class_counts, fit_intercept, test_points
        As for `sample_logistic_error`.

    Returns
    -------
    dict
        The columns of `sample_logistic_error`, and equal to them in law.

    Raises
    ------
    ValueError
        If a parameter is out of range, or there is more than one group.
    SeparableDataError
        If ``ridge`` is 0 and a training set is separable.
    ConvergenceError
        If a fit has not converged: the penalty is tiny, say, and a training set separable.
    """
    fit_intercept = flag("fit_intercept", fit_intercept)
    size = check_draw(rng, size)
    gap, points = _single("gaps", gaps), whole_number("test_points", test_points)
    deviation = real("standard_deviations", _single("standard_deviations", standard_deviations), above=0.0)
    d, xp = whole_number("multiplicities", _single("multiplicities", multiplicities), minimum=2), namespace_of(rng)
    others = min(d - 1, training_size(sample_size, class_counts))
    mixture = grouped_mixture((gap * math.sqrt(d), 0.0), (1, max(others, 1)), standard_deviations=deviation, class_positions=class_positions)
    labels = draw_labels(rng, size, class_count=mixture.class_count, sample_size=sample_size, class_counts=class_counts)
    m = labels.shape[1]
    along = xp.asarray(mixture.class_means[:, 0])[labels] + deviation * rng.standard_normal((size, m))
    across = deviation * bartlett_factors(rng, size, degrees_of_freedom=d - 1, dimension=m)
    features = xp.concatenate([along[..., None], across], axis=2)
    fit = fitted(features, labels, mixture.class_count, ridge=ridge, fit_intercept=fit_intercept, namespace=xp)
    return error_columns(rng, fit, mixture, points)
