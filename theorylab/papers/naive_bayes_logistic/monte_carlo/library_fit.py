"""Naive Bayes of scikit-learn beside ours, on the same raw data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from theorylab.backend import check_draw
from theorylab.models.gaussian_mixture import draw_features, draw_labels, grouped_mixture
from theorylab.montecarlo.samplers import block_size, fetch, fitting_block, host_only
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import class_scores, fit_naive_bayes_batched
from theorylab.validation import moderate, numbers, whole_number

__all__ = ["sample_library_error"]


def _library_block(*, test_points: int, class_positions: Sequence[float], **_: object) -> int:
    # A fit and a prediction of scikit-learn take about a millisecond, whatever the sizes here.
    return fitting_block(numbers=100.0 * test_points * len(class_positions), nanoseconds=1e6)


@host_only("fits by scikit-learn")
@block_size(_library_block)
def sample_library_error(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    pair_correlation: float | None = None,
    test_points: int = 32,
) -> dict[str, Any]:
    """Sample the test error of scikit-learn's ``GaussianNB``, which has variances of each class, and of ours with such variances.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    gaps, multiplicities, class_positions, standard_deviations, pair_correlation
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`.
    sample_size, class_counts
        Random class counts, at least two of every class, or fixed ones; one of the two is given.
    test_points
        Fresh points of every class for each training set.

    Returns
    -------
    dict
        "ours" and "library", the shares of the test points that each misclassifies, and "disagreements", the share on which they differ; (size,),
        from 0 to 1. scikit-learn fits with ``var_smoothing=0``: its default adds a billionth of the largest variance to every variance.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    from sklearn.naive_bayes import GaussianNB

    # Features far from 0 against their spread would seem constant in double precision.
    moderate("gaps", numbers("gaps", gaps), most=1e10)
    mixture = grouped_mixture(
        gaps, multiplicities, standard_deviations=standard_deviations, class_positions=class_positions, pair_correlation=pair_correlation
    )
    classes, points = mixture.class_count, whole_number("test_points", test_points)
    labels = fetch(draw_labels(rng, size, class_count=classes, sample_size=sample_size, class_counts=class_counts, least_count=2))
    features = fetch(draw_features(rng, mixture, labels))
    truth = np.tile(np.repeat(np.arange(classes), points), (size, 1))
    tests = fetch(draw_features(rng, mixture, truth))
    ours = class_scores(fit_naive_bayes_batched(features, labels, classes, variance="class"), tests).argmax(axis=2)
    library = np.stack([GaussianNB(var_smoothing=0.0).fit(x, y).predict(test) for x, y, test in zip(features, labels, tests, strict=True)])
    return {"ours": (ours != truth).mean(axis=1), "library": (library != truth).mean(axis=1), "disagreements": (ours != library).mean(axis=1)}
