"""Exact means over linear-regression prompts, by visiting every prompt of a finite world that has the same means.

Why finite worlds suffice: with theta = M^T G v the error |theta - w|^2 has degree at most 4 in every single Gaussian coordinate (an entry of
X, of the task or of the noise), so replacing each N(0, 1) by the law 0, +-sqrt 3 with probabilities 2/3, 1/6, 1/6, which has the same
moments through order 5, changes no mean. The query is integrated out by its covariance, except where the layer reads it twice. The number
of points is 3^(n d + d + n), so this is for contexts of a few tokens: (3, 2) and (2, 3) have 3^11 points, about 0.2 s. No randomness.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.models.linear_regression import COVARIATE_LAWS, NOISE_LAWS, PRIORS, Prompts, covariance_factor
from theorylab.numerics.enumeration import (
    FiniteLaw,
    equally_likely,
    gauss_hermite_law,
    product_expectation,
    rademacher_law,
    three_point_law,
)
from theorylab.validation import array_of_shape, choice, moderate, real, whole_number
from theorylab.validation import function as check_function

__all__ = ["prompt_expectation"]

_ENUMERABLE = {"gaussian": three_point_law, "rademacher": rademacher_law}


def _finite(name: str, law: str, known: tuple[str, ...]) -> FiniteLaw:
    choice(name, law, known)
    if law not in _ENUMERABLE:
        raise ValueError(f"{name} must be one of {tuple(_ENUMERABLE)} to be enumerated; got {law!r}")
    return _ENUMERABLE[law]()


# The largest product of laws that is worth visiting.
MOST_POINTS = 1 << 25


def prompt_expectation(
    statistic: Callable[[Prompts], Any],
    *,
    context_length: int,
    dimension: int,
    noise_variance: float,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
    covariate_law: str = "gaussian",
    prior: str = "gaussian",
    noise_law: str = "gaussian",
    query_points: int = 0,
) -> Any:
    """Return E statistic(prompt) over all prompts of the finite world.

    Parameters
    ----------
    statistic
        Maps a batch of prompts to values (size, ...), or a dict of them. With "gaussian" laws it must be a polynomial of degree at most 5 in
        every single coordinate.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance
        sigma2 >= 0; at 0 no noise is enumerated.
    feature_covariance, task_covariance, prior_mean
        Sigma, Omega (the identity when left out) and the mean of the task (zero when left out).
    covariate_law, noise_law
        "gaussian" or "rademacher".
    prior
        "gaussian" or "one_hot" (one coordinate is +-sqrt(d)).
    query_points
        If k > 0, a query is enumerated as well, with k Gauss-Hermite points a coordinate (degree 2k - 1); its label is left out.

    Raises
    ------
    ValueError
        If a law cannot be enumerated, a parameter is out of range, or there are too many points.
    """
    check_function("statistic", statistic)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    query_points = whole_number("query_points", query_points, minimum=0, maximum=100)
    scale = float(np.sqrt(moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0, maximum=1e100), least=1e-100)))
    identity = np.eye(d)
    mixing = covariance_factor("feature_covariance", identity if feature_covariance is None else feature_covariance, dimension=d)
    omega = identity if task_covariance is None else task_covariance
    task_mixing = covariance_factor("task_covariance", omega, dimension=d, definite=False)
    mean = np.zeros(d) if prior_mean is None else moderate("prior_mean", array_of_shape("prior_mean", prior_mean, (d,)), most=1e50)
    choice("prior", prior, PRIORS)
    noisy = scale > 0.0
    query_laws = [gauss_hermite_law(query_points)] * d if query_points else []
    task_laws = [three_point_law()] * d if prior == "gaussian" else [equally_likely(np.arange(2 * d))]
    covariate = _finite("covariate_law", covariate_law, COVARIATE_LAWS)
    noise = _finite("noise_law", noise_law, NOISE_LAWS)
    laws = query_laws + task_laws + [noise] * (n if noisy else 0) + [covariate] * (n * d)
    if len(laws) > 64 or math.prod(law.values.size for law in laws) > MOST_POINTS:
        raise ValueError(f"context_length and dimension must be small, for so many laws to be enumerated; got {n} and {d}")
    hot_tasks = np.sqrt(d) * np.concatenate([identity, -identity])

    def evaluate(points: np.ndarray) -> Any:
        position = len(query_laws)
        query = points[:, :position] @ mixing.T if query_laws else None
        tasks = points[:, position : position + len(task_laws)]
        task = (tasks if prior == "gaussian" else hot_tasks[tasks[:, 0].astype(int)]) @ task_mixing.T + mean
        position += len(task_laws)
        features = points[:, len(laws) - n * d :].reshape(-1, n, d) @ mixing.T
        labels = (features @ task[:, :, None])[:, :, 0]
        if noisy:
            labels = labels + scale * points[:, position : position + n]
        return statistic(Prompts(features, labels, task, query, None))

    return product_expectation(evaluate, laws, maximum_points=MOST_POINTS)
