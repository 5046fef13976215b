"""Exact population quantities of the real layer, arXiv:2307.03576, enumerated over a finite world of prompts: no randomness, no formula.

(n, d) = (3, 2) and (2, 3) have 3^11 prompts, about 0.1 s; see `prompt_expectation` for why the finite world suffices and how many prompts it has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.models.linear_regression import Prompts
from theorylab.papers.one_step_gd.monte_carlo.finite_prompts import prompt_expectation
from theorylab.papers.one_step_gd.monte_carlo.layer import (
    attention_coefficients,
    checked_parameters,
    gram_apply,
    linear_attention_predict,
    raw_weights,
)
from theorylab.papers.one_step_gd.monte_carlo.norms import squared_norm
from theorylab.validation import array_of_shape, flag, moderate, real, whole_number

__all__ = [
    "enumerate_loss_gradient",
    "enumerate_population_loss",
    "enumerate_prompt_terms",
    "enumerate_pythagoras",
    "enumerate_query_bias_gradient",
    "enumerate_squared_gradient",
]


def _metric(feature_covariance: ArrayLike | None, dimension: int) -> np.ndarray:
    return np.eye(dimension) if feature_covariance is None else array_of_shape("feature_covariance", feature_covariance, (dimension, dimension))


def enumerate_population_loss(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    noise_variance: float,
    *,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
    covariate_law: str = "gaussian",
    prior: str = "gaussian",
    noise_law: str = "gaussian",
    include_query: bool = False,
) -> dict[str, float]:
    """Return the population loss L(v, M) = E(y_q - theta.x_q)^2 of the layer, exactly.

    Parameters
    ----------
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).
    context_length, noise_variance
        n >= 1 and sigma2 >= 0.
    feature_covariance, task_covariance, prior_mean, covariate_law, prior, noise_law
        See `prompt_expectation`.
    include_query
        Whether the layer's sum also runs over the query token; then the query is enumerated too (four points a coordinate, since the squared
        output has degree 6 in it), and the layer is run on raw weights.

    Returns
    -------
    dict
        "total"; "odd" and "even", the losses sigma2 + E|theta_odd - w|_Sigma^2 and E|theta_even|_Sigma^2 of the parts of the prediction that
        are odd and even under y -> -y.

    Raises
    ------
    ValueError
        If a shape or range does not fit, or there are too many points.
    """
    include_query = flag("include_query", include_query)
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    metric = _metric(feature_covariance, d)
    weights = raw_weights(vector, matrix)

    def integrated(prompts: Prompts) -> dict[str, np.ndarray]:
        theta = attention_coefficients(vector, matrix, prompts.features, prompts.labels)
        flipped = attention_coefficients(vector, matrix, prompts.features, -prompts.labels)
        return {
            "total": squared_norm(theta - prompts.task, metric),
            "odd": squared_norm(0.5 * (theta - flipped) - prompts.task, metric),
            "even": squared_norm(0.5 * (theta + flipped), metric),
        }

    def with_query(prompts: Prompts) -> dict[str, np.ndarray]:
        output = linear_attention_predict(*weights, prompts.features, prompts.labels, prompts.query, include_query=True)
        flipped = linear_attention_predict(*weights, prompts.features, -prompts.labels, prompts.query, include_query=True)
        target = (prompts.task * prompts.query).sum(axis=1)
        return {
            "total": (output - target) ** 2,
            "odd": (0.5 * (output - flipped) - target) ** 2,
            "even": (0.5 * (output + flipped)) ** 2,
        }

    losses = prompt_expectation(
        with_query if include_query else integrated,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        feature_covariance=feature_covariance,
        task_covariance=task_covariance,
        prior_mean=prior_mean,
        covariate_law=covariate_law,
        prior=prior,
        noise_law=noise_law,
        query_points=4 if include_query else 0,
    )
    return {"total": noise_variance + losses["total"], "odd": noise_variance + losses["odd"], "even": losses["even"]}


def enumerate_loss_gradient(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    noise_variance: float,
    *,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient of the population loss with respect to v, (d+1,), and M, (d+1, d), exactly.

    With r = Sigma (theta - w): dL/dM = 2 E[(G v) r^T] and dL/dv = 2 E[G (M r)], the layer's own backward pass.

    Parameters
    ----------
    value_vector, key_query_matrix, context_length, noise_variance, feature_covariance, task_covariance, prior_mean
        As in `enumerate_population_loss`.
    """
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    metric = _metric(feature_covariance, d)

    def backward(prompts: Prompts) -> dict[str, np.ndarray]:
        features, labels = prompts.features, prompts.labels
        hidden = np.column_stack(gram_apply(features, labels, vector))
        residual = (hidden @ matrix - prompts.task) @ metric
        value_gradient = np.column_stack(gram_apply(features, labels, residual @ matrix.T))
        return {"v": 2.0 * value_gradient, "M": 2.0 * hidden[:, :, None] * residual[:, None, :]}

    gradient = prompt_expectation(
        backward,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        feature_covariance=feature_covariance,
        task_covariance=task_covariance,
        prior_mean=prior_mean,
    )
    return gradient["v"], gradient["M"]


def enumerate_squared_gradient(context_length: int, dimension: int, noise_variance: float, *, prior_variance: float = 1.0) -> float:
    """Return E|X^T y|^2 for Sigma = I, Omega = tau2 I, exactly: the denominator of the best learning rate."""
    return float(enumerate_prompt_terms(context_length, dimension, noise_variance, prior_variance=prior_variance)["squared_gradient"])


def enumerate_prompt_terms(
    context_length: int,
    dimension: int,
    noise_variance: float,
    *,
    prior_variance: float = 1.0,
    covariate_law: str = "gaussian",
    prior: str = "gaussian",
    noise_law: str = "gaussian",
) -> dict[str, Any]:
    """Return the exact means that decide every (preconditioned) step P X^T y, for Sigma = I and E w w^T = tau2 I.

    The loss of P is sigma2 + squared_task - 2 tr(P task_by_gradient^T) + tr(P gradient_by_gradient P^T); the best plain step is
    correlation / squared_gradient.

    Parameters
    ----------
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance, prior_variance
        sigma2 >= 0 and tau2 > 0.
    covariate_law, prior, noise_law
        See `prompt_expectation`.

    Returns
    -------
    dict
        "correlation" E w.X^T y, "squared_gradient" E|X^T y|^2, "squared_task" E|w|^2 (floats); "task_by_gradient" E[w (X^T y)^T] and
        "gradient_by_gradient" E[X^T y y^T X], (d, d).
    """
    d = whole_number("dimension", dimension)
    tau2 = moderate("prior_variance", real("prior_variance", prior_variance, above=0.0), least=1e-100)

    def terms(prompts: Prompts) -> dict[str, np.ndarray]:
        gradient = (prompts.labels[:, None, :] @ prompts.features)[:, 0]
        return {
            "correlation": (prompts.task * gradient).sum(axis=1),
            "squared_gradient": squared_norm(gradient),
            "squared_task": squared_norm(prompts.task),
            "task_by_gradient": prompts.task[:, :, None] * gradient[:, None, :],
            "gradient_by_gradient": gradient[:, :, None] * gradient[:, None, :],
        }

    means: dict[str, Any] = prompt_expectation(
        terms,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        task_covariance=tau2 * np.eye(d),
        covariate_law=covariate_law,
        prior=prior,
        noise_law=noise_law,
    )
    return means


def enumerate_pythagoras(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    preconditioner: ArrayLike,
    context_length: int,
    noise_variance: float,
    *,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
) -> dict[str, float]:
    """Return the exact means of the sides of the triangle (theta, P X^T y, w), in the norm |u|_Sigma^2 = u^T Sigma u.

    Parameters
    ----------
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).
    preconditioner
        P, (d, d).
    context_length, noise_variance, feature_covariance, task_covariance
        As in `enumerate_population_loss`.

    Returns
    -------
    dict
        "layer_error" E|theta - w|^2, "step_error" E|P X^T y - w|^2, "distance" E|theta - P X^T y|^2, and "defect", the mean of the first minus
        the other two, formed prompt by prompt.
    """
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    step_matrix = moderate("preconditioner", array_of_shape("preconditioner", preconditioner, (d, d)), most=1e50)
    metric = _metric(feature_covariance, d)

    def sides(prompts: Prompts) -> dict[str, np.ndarray]:
        theta = attention_coefficients(vector, matrix, prompts.features, prompts.labels)
        step = (prompts.labels[:, None, :] @ prompts.features)[:, 0] @ step_matrix.T
        layer_error, step_error = squared_norm(theta - prompts.task, metric), squared_norm(step - prompts.task, metric)
        distance = squared_norm(theta - step, metric)
        return {
            "layer_error": layer_error,
            "step_error": step_error,
            "distance": distance,
            "defect": layer_error - step_error - distance,
        }

    means: dict[str, float] = prompt_expectation(
        sides,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        feature_covariance=feature_covariance,
        task_covariance=task_covariance,
    )
    return means


def enumerate_query_bias_gradient(prior_mean: ArrayLike, preconditioner: ArrayLike, context_length: int, noise_variance: float) -> np.ndarray:
    """Return E[|y|^2 (w - P X^T y)], (d,), for w ~ N(prior_mean, I) and Sigma = I, exactly.

    It is -1/(2 c) times the gradient of the loss with respect to b where a = b = 0 and P = c A^T; read off the layer's backward pass at c = 1.

    Parameters
    ----------
    prior_mean
        (d,).
    preconditioner
        P, (d, d).
    context_length, noise_variance
        n >= 1 and sigma2 >= 0.
    """
    mean = moderate("prior_mean", array_of_shape("prior_mean", prior_mean, ("d",)), most=1e50)
    d = mean.size
    step_matrix = moderate("preconditioner", array_of_shape("preconditioner", preconditioner, (d, d)), most=1e50)
    value_vector = np.append(np.zeros(d), 1.0)
    key_query_matrix = np.vstack([step_matrix.T, np.zeros(d)])
    _, gradient = enumerate_loss_gradient(value_vector, key_query_matrix, context_length, noise_variance, prior_mean=mean)
    return np.asarray(-0.5 * gradient[-1])
