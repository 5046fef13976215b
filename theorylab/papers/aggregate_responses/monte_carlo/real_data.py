"""Sampler of the test error of the interpolating estimator on real data: random splits and random bags of the diabetes data.

arXiv:2401.11081 shows the test error of both losses against the bag size on a housing data set that is no longer distributed with
scikit-learn. The diabetes data (Efron, Hastie, Johnstone and Tibshirani, 2004; 442 patients, 10 features, disease progression after a year) are,
and a linear model is what the theory is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.aggregate_responses.monte_carlo.privacy import checked_clip, clipped, draw_laplace
from theorylab.papers.aggregate_responses.monte_carlo.settings import checked_weights
from theorylab.validation import real, whole_number

__all__ = ["load_standardised_diabetes", "sample_diabetes_error"]


@cache
def _diabetes() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_diabetes

    features, labels = load_diabetes(return_X_y=True)
    return (features - features.mean(axis=0)) / features.std(axis=0), (labels - labels.mean()) / labels.std()


def load_standardised_diabetes() -> tuple[np.ndarray, np.ndarray]:
    """Return the diabetes data, every feature and the label centred and divided by its standard deviation.

    Returns
    -------
    tuple of arrays
        Features (442, 10) and labels (442,).
    """
    features, labels = _diabetes()
    return features.copy(), labels.copy()


@block_size(512)
def sample_diabetes_error(
    rng: Any,
    size: int,
    *,
    bag_size: int,
    weights: Sequence[float],
    training_size: int = 340,
    clip: float | None = None,
    laplace_scale: float = 0.0,
) -> dict[str, Any]:
    """Sample the test error of the interpolating estimator, with intercept, after a random split of the diabetes data into bags and test set.

    The training samples are a random set without replacement, bags are random; only the bag averages of the training labels are used. The
    error is the mean squared error on all other samples, in units of the variance of the label: 1 is what predicting the mean attains.

    Parameters
    ----------
    rng, size
        Generator and number of splits.
    bag_size
        k >= 1.
    weights
        One or more rho in [0, 1]. Weight 0 with too few bags for a unique minimiser is the solution of minimum norm.
    training_size
        Number of training samples, a multiple of k up to 432, so that ten are left to test; at least 22.
    clip, laplace_scale
        Clipping bound T of the standardised training labels, or None for none; scale b >= 0 of the Laplace noise on the bag averages.

    Returns
    -------
    dict
        "error", shape (size, number of weights): the same splits and bags for all weights. Bounded without Laplace noise (finitely many
        splits), and a polynomial of degree two in the noise with it: all moments exist, but at weight 0 with about as many bags as features
        single splits dominate.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    features, labels = _diabetes()
    total, d = features.shape
    k, n = whole_number("bag_size", bag_size), whole_number("training_size", training_size, minimum=2 * d + 2)
    if n % k or n > total - 10:
        raise ValueError(f"training_size must be a multiple of the bag size {k} and at most {total - 10}; got {n}")
    rho = checked_weights(weights)
    bound, scale = checked_clip(clip), real("laplace_scale", laplace_scale, minimum=0.0)
    xp = namespace_of(rng)
    m = n // k
    order = xp.argsort(rng.random((size, total)), axis=1)
    x, y = xp.asarray(features)[order], xp.asarray(labels)[order]
    released = clipped(xp, y[:, :n], bound).reshape(size, m, k).mean(axis=2)
    if scale:
        released = released + scale * draw_laplace(rng, (size, m))
    # The loss is least in the intercept when both sides are centred by their training means.
    centre, level = x[:, :n].mean(axis=1, keepdims=True), released.mean(axis=1, keepdims=True)
    training, targets = x[:, :n] - centre, released - level
    averages = training.reshape(size, m, k, d).mean(axis=2)
    between = averages.swapaxes(1, 2) @ averages / m
    total_scatter = training.swapaxes(1, 2) @ training / n
    moment = averages.swapaxes(1, 2) @ targets[:, :, None] / m
    error = xp.empty((size, len(rho)))
    for column, weight in enumerate(rho.tolist()):
        if weight == 0.0 and m - 1 <= d:
            theta = xp.linalg.pinv(averages, 1e-10) @ targets[:, :, None]
        else:
            theta = xp.linalg.solve((1.0 - weight) * between + weight * total_scatter, moment)
        residuals = y[:, n:] - level - ((x[:, n:] - centre) @ theta)[:, :, 0]
        error[:, column] = (residuals * residuals).mean(axis=1)
    return {"error": error}
