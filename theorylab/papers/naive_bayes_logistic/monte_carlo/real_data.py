"""Sampler of the test errors of naive Bayes and logistic regression on real data: random training sets of the handwritten digits of scikit-learn.

arXiv:2302.02334 compares the two on features of pretrained networks, which are not distributed. The digits (Alpaydin and Kaynak, 1998; 1797 images of
8 x 8 pixels, whole numbers from 0 to 16) are, and their pixels depend on each other strongly, as features of real data do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import fit_naive_bayes_batched
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import fitted
from theorylab.validation import integers, real, whole_number

__all__ = ["load_digit_images", "sample_digits_error"]

ALL_DIGITS = tuple(range(10))
# Of a whole number that stands for an intensity, in units of the whole range of 16.
ROUNDING_VARIANCE = 1.0 / 12.0 / 16.0**2


@cache
def _images() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    return pixels / 16.0, digits


def load_digit_images(digits: Sequence[int] = ALL_DIGITS) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of some digits.

    Parameters
    ----------
    digits
        K >= 2 different ones, from 0 to 9.

    Returns
    -------
    tuple of arrays
        Pixels (N, 64) from 0 to 1, and labels (N,): the place of the image's digit in ``digits``, 0 to K - 1.

    Raises
    ------
    ValueError
        If ``digits`` are not different, fewer than two, or no digits.
    """
    chosen = np.atleast_1d(integers("digits", digits, minimum=0))
    if chosen.size < 2 or np.unique(chosen).size != chosen.size or np.any(chosen > 9):
        raise ValueError(f"digits must be at least 2 different whole numbers from 0 to 9; got {tuple(chosen.tolist())}")
    pixels, numbers = _images()
    matches = numbers[:, None] == chosen
    kept = matches.any(axis=1)
    return pixels[kept], matches[kept].argmax(axis=1)


def _digits_block(*, sample_size: int, digits: Sequence[int], **_: object) -> int:
    classes = len(digits)
    fit = 1e6 * (0.2 if classes == 2 else 0.002 * classes * sample_size)
    return fitting_block(numbers=3.0 * 180.0 * classes * 64.0, nanoseconds=fit + 180.0 * classes * 64.0 * 8.0)


@block_size(_digits_block)
def sample_digits_error(
    rng: Any, size: int, *, sample_size: int, digits: Sequence[int] = ALL_DIGITS, ridge: float = 1.0, variance_floor: float = ROUNDING_VARIANCE
) -> dict[str, Any]:
    """Sample the test errors of naive Bayes and logistic regression, both fitted to the same random training set of images.

    The training set is drawn without replacement, anew until every digit is in it; all other images are the test set.

    Some pixels are the same in all images of a training set, and naive Bayes knows no rule for a feature of variance 0. Such pixels cannot be told
    from those that are nearly constant, whose tiny variances would decide alone, so instead of leaving them out a constant is added to all
    variances: 1/12 of the square of one grey level, the variance of a uniformly distributed rounding error.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    sample_size
        m, from 2 K to all images of the digits but 10.
    digits
        Which ones, K >= 2.
    ridge
        Of the logistic regression, > 0; see `theorylab.numerics.logistic_regression.fit_logistic_batched`. Pixels are scaled to [0, 1].
    variance_floor
        Added to the variances of naive Bayes, > 0: the corner pixels are the same in all images.

    Returns
    -------
    dict
        "naive_bayes" with the pooled variances of the paper, "class_variances" with variances of each class, and "logistic": shares of the test
        images that are misclassified, (size,). There are finitely many training sets, so every moment exists; skewness below 2.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    ConvergenceError
        If a logistic regression has not converged.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    pixels, places = load_digit_images(digits)
    total, classes = len(places), len(digits)
    m = whole_number("sample_size", sample_size, minimum=2 * classes)
    if m > total - 10:
        raise ValueError(f"sample_size must be at most {total - 10}, so that ten images are left to test; got {m}")
    penalty = real("ridge", ridge, above=0.0)
    floor = real("variance_floor", variance_floor, above=0.0)
    images, labels = xp.asarray(pixels), xp.asarray(places)
    order = _random_orders(rng, size, labels, m, classes)
    x, y, tests, truth = images[order[:, :m]], labels[order[:, :m]], images[order[:, m:]], labels[order[:, m:]]
    wrong = {}
    for name, variance in (("naive_bayes", "pooled"), ("class_variances", "class")):
        fit = fit_naive_bayes_batched(x, y, classes, variance=variance, variance_floor=floor, namespace=xp)
        # log(m_k / m) - (1/2) sum_i [(x_i - mean_ki)^2 / s_ki^2 + log s_ki^2], expanded.
        weights = fit.means / fit.variances
        level = xp.log(fit.class_counts / m) - 0.5 * ((weights * fit.means).sum(axis=2) + xp.log(fit.variances).sum(axis=2))
        scores = tests @ weights.swapaxes(1, 2) + level[:, None, :] - 0.5 * (tests * tests) @ (1.0 / fit.variances).swapaxes(1, 2)
        wrong[name] = (scores.argmax(axis=2) != truth).mean(axis=1)
    logistic = fitted(x, y, classes, ridge=penalty, tolerance=1e-4, namespace=xp)
    scores = tests @ logistic.weights.swapaxes(1, 2) + logistic.intercepts[:, None, :]
    wrong["logistic"] = (scores.argmax(axis=2) != truth).mean(axis=1)
    return wrong


def _random_orders(rng: Any, size: int, labels: Any, m: int, classes: int) -> Any:
    """Return random orders of all images, (size, N), each with every class among its first m."""
    xp = namespace_of(rng)
    order = xp.argsort(rng.random((size, len(labels))), axis=1)
    while True:
        first = labels[order[:, :m]]
        lacking = xp.stack([(first != label).all(axis=1) for label in range(classes)], axis=1).any(axis=1)
        missing = int(lacking.sum())
        if missing == 0:
            return order
        order[lacking] = xp.argsort(rng.random((missing, len(labels))), axis=1)
