"""Samplers that solve each prompt by ridge regression, the Bayes predictor of Gaussian tasks, next to the gradient step of arXiv:2307.03576."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.linear_regression import Prompts, covariance_factor, draw_prompts, ridge_weights
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.blocks import layer_block, prompt_block
from theorylab.papers.one_step_gd.monte_carlo.layer import attention_coefficients, checked_parameters
from theorylab.papers.one_step_gd.monte_carlo.norms import metric_of, squared_norm
from theorylab.validation import choice, moderate, real, whole_number

__all__ = ["sample_bayes_distance", "sample_bayes_gap", "sample_learning_rate_terms"]

_ESTIMATES = ("ridge", "least_squares", "task")


def _isotropic_prompts(
    rng: Any, size: int, *, context_length: int, dimension: int, noise_variance: float, prior_variance: float
) -> tuple[Prompts, float]:
    """Return prompts with Sigma = I, Omega = tau2 I, and the noise ratio lam = sigma2 / tau2."""
    d = whole_number("dimension", dimension)
    tau2 = moderate("prior_variance", real("prior_variance", prior_variance, above=0.0), least=1e-100)
    sigma2 = moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0), least=1e-100)
    covariance = None if tau2 == 1.0 else tau2 * np.eye(d)
    prompts = draw_prompts(rng, size, context_length=context_length, dimension=d, noise_variance=sigma2, task_covariance=covariance)
    return prompts, sigma2 / tau2


@block_size(prompt_block)
def sample_learning_rate_terms(
    rng: Any,
    size: int,
    *,
    context_length: int,
    dimension: int,
    noise_variance: float,
    prior_variance: float = 1.0,
    estimate: str = "ridge",
) -> dict[str, Any]:
    """Sample numerator and denominator of eta = E[u^T X^T y] / E|X^T y|^2 (arXiv:2307.03576, Theorem 1: u = ridge estimate) on raw prompts.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance, prior_variance
        sigma2 >= 0 and tau2 > 0; ridge uses lam = sigma2 / tau2.
    estimate
        u: "ridge", "least_squares" (of smallest norm), or "task" (w itself).

    Returns
    -------
    dict
        "correlation" u^T X^T y and "squared_gradient" |X^T y|^2; correlation - eta squared_gradient has skewness near -5.5 at (10, 5).
    """
    size = check_draw(rng, size)
    choice("estimate", estimate, _ESTIMATES)
    prompts, noise_ratio = _isotropic_prompts(
        rng, size, context_length=context_length, dimension=dimension, noise_variance=noise_variance, prior_variance=prior_variance
    )
    if estimate == "task":
        vector = prompts.task
    else:
        ratio = noise_ratio if estimate == "ridge" else 0.0
        vector = ridge_weights(prompts.features, prompts.labels, ratio, namespace=namespace_of(rng))
    gradient = (prompts.labels[:, None, :] @ prompts.features)[:, 0]
    return {"correlation": (vector * gradient).sum(axis=1), "squared_gradient": squared_norm(gradient)}


@block_size(prompt_block)
def sample_bayes_gap(
    rng: Any,
    size: int,
    *,
    context_length: int,
    dimension: int,
    noise_variance: float,
    learning_rate: float,
    prior_variance: float = 1.0,
) -> dict[str, Any]:
    """Sample the triangle (eta X^T y, w_ridge, w) on raw prompts with Sigma = I, Omega = tau2 I.

    Parameters
    ----------
    rng, size, context_length, dimension, noise_variance, prior_variance
        As in `sample_learning_rate_terms`.
    learning_rate
        eta, any real number; it multiplies the sum X^T y, not a mean.

    Returns
    -------
    dict
        "gap" |eta X^T y - w_ridge|^2, "step_error" |eta X^T y - w|^2, "ridge_error" |w_ridge - w|^2. Skewness near 3 at (10, 5).
    """
    size = check_draw(rng, size)
    eta = real("learning_rate", learning_rate)
    prompts, noise_ratio = _isotropic_prompts(
        rng, size, context_length=context_length, dimension=dimension, noise_variance=noise_variance, prior_variance=prior_variance
    )
    step = eta * (prompts.labels[:, None, :] @ prompts.features)[:, 0]
    ridge = ridge_weights(prompts.features, prompts.labels, noise_ratio, namespace=namespace_of(rng))
    return {
        "gap": squared_norm(step - ridge),
        "step_error": squared_norm(step - prompts.task),
        "ridge_error": squared_norm(ridge - prompts.task),
    }


@block_size(layer_block)
def sample_bayes_distance(
    rng: Any,
    size: int,
    *,
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    noise_variance: float,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
) -> dict[str, Any]:
    """Sample how far the layer is from the Bayes predictor: loss(v, M) minus the mean squared distance is one constant for all (v, M).

    The posterior mean of w = F z, Omega = F F^T, is F times the ridge estimate of z from the design X F with lam = sigma2.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).
    context_length, noise_variance, feature_covariance, task_covariance
        n >= 1, sigma2 >= 0, Sigma and Omega (the identity when left out).

    Returns
    -------
    dict
        In the norm |u|_Sigma^2: "layer_error" |theta - w|^2, "distance" |theta - w_Bayes|^2, "bayes_error" |w_Bayes - w|^2, and
        "difference", the first minus the second, whose mean is the Bayes excess whatever (v, M) is (kurtosis near 22).
    """
    size = check_draw(rng, size)
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    xp, metric = namespace_of(rng), metric_of(rng, feature_covariance, d)
    omega = np.eye(d) if task_covariance is None else task_covariance
    factor = xp.asarray(covariance_factor("task_covariance", omega, dimension=d, definite=False))
    prompts = draw_prompts(
        rng,
        size,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        feature_covariance=feature_covariance,
        task_covariance=task_covariance,
    )
    theta = attention_coefficients(xp.asarray(vector), xp.asarray(matrix), prompts.features, prompts.labels)
    bayes = ridge_weights(prompts.features @ factor, prompts.labels, noise_variance, namespace=xp) @ factor.T
    columns = {
        "layer_error": squared_norm(theta - prompts.task, metric),
        "distance": squared_norm(theta - bayes, metric),
        "bayes_error": squared_norm(bayes - prompts.task, metric),
    }
    columns["difference"] = columns["layer_error"] - columns["distance"]
    return columns
