"""Samplers that put raw linear-regression prompts through the layer, arXiv:2307.03576.

All values are polynomials of Gaussians (ridge estimates aside, which are bounded by them), so every moment exists; but of degree 4 to 8, hence
skewed: |theta - w|^2 has skewness 2 to 10 at contexts of a few tokens, 33 at (n, d) = (1, 3). Where the query is integrated out,
E[(y_q - theta.x_q)^2 | prompt] = sigma2 + |theta - w|_Sigma^2 stands for the squared error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import namespace_of
from theorylab.models.linear_regression import draw_prompts
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.blocks import block_of, prompt_block
from theorylab.papers.one_step_gd.monte_carlo.layer import attention_coefficients, checked_parameters, gram_apply, linear_attention_predict
from theorylab.validation import array_of_shape, covariance, reals, whole_number

__all__ = [
    "sample_layer_losses",
    "sample_preconditioner_errors",
    "sample_prompt_losses",
    "sample_prompt_terms",
    "sample_pythagoras",
    "sample_query_bias_gradient",
]


def squared_norm(vectors: Any, metric: Any | None = None) -> Any:
    """Return |u|^2, or u^T metric u, for each row u."""
    return (vectors * (vectors if metric is None else vectors @ metric)).sum(axis=1)


def metric_of(rng: Any, feature_covariance: ArrayLike | None, dimension: int) -> Any | None:
    """Return Sigma on the generator's device; None stands for the identity."""
    if feature_covariance is None:
        return None
    return namespace_of(rng).asarray(covariance("feature_covariance", feature_covariance, dimension=dimension))


def _layer_block(*, value_vector: ArrayLike, context_length: int, **_: object) -> int:
    return prompt_block(context_length=context_length, dimension=np.size(np.asarray(value_vector)) - 1)


def _head_block(*, head: ArrayLike, context_length: int, **_: object) -> int:
    return prompt_block(context_length=context_length, dimension=np.size(np.asarray(head)) - 1)


@block_size(_head_block)
def sample_layer_losses(
    rng: Any,
    size: int,
    *,
    key_weights: ArrayLike,
    query_weights: ArrayLike,
    value_weights: ArrayLike,
    head: ArrayLike,
    context_length: int,
    noise_variance: float,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
    covariate_law: str = "gaussian",
    student_degrees_of_freedom: float | None = None,
    prior: str = "gaussian",
    noise_law: str = "gaussian",
    include_query: bool = False,
) -> Any:
    """Sample the squared error (y_q - output)^2 of the real layer, word for word: raw weights, raw prompt, raw query, noisy query label.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    key_weights, query_weights, value_weights, head
        W_K, W_Q, W_V, (d+1, d+1), and h, (d+1,).
    context_length
        n >= 1.
    noise_variance
        sigma2 >= 0.
    feature_covariance, task_covariance, prior_mean, covariate_law, student_degrees_of_freedom, prior, noise_law
        Law of the prompts, see `theorylab.models.linear_regression.draw_prompts`; standard Gaussian when left out.
    include_query
        Whether the layer's sum also runs over the query token.

    Returns
    -------
    array of shape (size,)

    Raises
    ------
    ValueError
        If a shape or a range does not fit.
    """
    xp = namespace_of(rng)
    vector = array_of_shape("head", head, ("d + 1",))
    d = vector.size - 1
    named = {"key_weights": key_weights, "query_weights": query_weights, "value_weights": value_weights}
    weights = [xp.asarray(array_of_shape(name, value, (d + 1, d + 1))) for name, value in named.items()]
    prompts = draw_prompts(
        rng,
        size,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        feature_covariance=feature_covariance,
        task_covariance=task_covariance,
        prior_mean=prior_mean,
        covariate_law=covariate_law,
        student_degrees_of_freedom=student_degrees_of_freedom,
        prior=prior,
        noise_law=noise_law,
        with_query=True,
    )
    output = linear_attention_predict(
        *weights, xp.asarray(vector), prompts.features, prompts.labels, prompts.query, include_query=include_query
    )
    return (prompts.query_label - output) ** 2


@block_size(_layer_block)
def sample_prompt_losses(
    rng: Any,
    size: int,
    *,
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    noise_variance: float,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
    covariate_law: str = "gaussian",
    student_degrees_of_freedom: float | None = None,
    prior: str = "gaussian",
    noise_law: str = "gaussian",
) -> dict[str, Any]:
    """Sample the loss of the layer with parameters (v, M) on raw prompts, the query integrated out.

    With theta(y) = M^T G v, odd part theta_odd = (theta(y) - theta(-y)) / 2 and even part theta_even, both from the layer itself.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).
    context_length
        n >= 1.
    noise_variance
        sigma2 >= 0.
    feature_covariance, task_covariance, prior_mean, covariate_law, student_degrees_of_freedom, prior, noise_law
        Law of the prompts, see `theorylab.models.linear_regression.draw_prompts`; standard Gaussian when left out.

    Returns
    -------
    dict
        "loss": sigma2 + |theta - w|_Sigma^2; "odd": sigma2 + |theta_odd - w|_Sigma^2; "even": |theta_even|_Sigma^2.

    Raises
    ------
    ValueError
        If a shape or a range does not fit.
    """
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    xp, metric = namespace_of(rng), metric_of(rng, feature_covariance, d)
    prompts = draw_prompts(
        rng,
        size,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        feature_covariance=feature_covariance,
        task_covariance=task_covariance,
        prior_mean=prior_mean,
        covariate_law=covariate_law,
        student_degrees_of_freedom=student_degrees_of_freedom,
        prior=prior,
        noise_law=noise_law,
    )
    vector, matrix = xp.asarray(vector), xp.asarray(matrix)
    theta = attention_coefficients(vector, matrix, prompts.features, prompts.labels)
    flipped = attention_coefficients(vector, matrix, prompts.features, -prompts.labels)
    return {
        "loss": noise_variance + squared_norm(theta - prompts.task, metric),
        "odd": noise_variance + squared_norm(0.5 * (theta - flipped) - prompts.task, metric),
        "even": squared_norm(0.5 * (theta + flipped), metric),
    }


@block_size(prompt_block)
def sample_prompt_terms(
    rng: Any,
    size: int,
    *,
    context_length: int,
    dimension: int,
    noise_variance: float,
    prior_variance: float = 1.0,
    covariate_law: str = "gaussian",
    student_degrees_of_freedom: float | None = None,
    prior: str = "gaussian",
    noise_law: str = "gaussian",
) -> dict[str, Any]:
    """Sample what decides every plain gradient step: w.X^T y, |X^T y|^2 and |w|^2 of raw prompts (Sigma = I, E w w^T = tau2 I).

    The step eta X^T y has the loss sigma2 + squared_task - 2 eta correlation + eta^2 squared_gradient, and the best step is the ratio of
    means E correlation / E squared_gradient. For prompts at another length, pass that length.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance, prior_variance
        sigma2 >= 0 and tau2 > 0.
    covariate_law, student_degrees_of_freedom, prior, noise_law
        See `theorylab.models.linear_regression.draw_prompts`.

    Returns
    -------
    dict
        "correlation", "squared_gradient", "squared_task". For "student_t" covariates the moments of "squared_gradient" exist below order
        nu / 4 only.
    """
    d = whole_number("dimension", dimension)
    tau2 = reals("prior_variance", prior_variance, above=0.0)
    prompts = draw_prompts(
        rng,
        size,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        task_covariance=None if tau2 == 1.0 else tau2 * np.eye(d),
        covariate_law=covariate_law,
        student_degrees_of_freedom=student_degrees_of_freedom,
        prior=prior,
        noise_law=noise_law,
    )
    gradient = (prompts.labels[:, None, :] @ prompts.features)[:, 0]
    return {
        "correlation": (prompts.task * gradient).sum(axis=1),
        "squared_gradient": squared_norm(gradient),
        "squared_task": squared_norm(prompts.task),
    }


@block_size(_layer_block)
def sample_pythagoras(
    rng: Any,
    size: int,
    *,
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    preconditioner: ArrayLike,
    context_length: int,
    noise_variance: float,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
) -> dict[str, Any]:
    """Sample the three sides of the triangle (theta, P X^T y, w) on the same raw prompts, in the norm |u|_Sigma^2 = u^T Sigma u.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).
    preconditioner
        P, (d, d).
    context_length, noise_variance, feature_covariance, task_covariance
        n >= 1, sigma2 >= 0, Sigma and Omega (the identity when left out).

    Returns
    -------
    dict
        "layer_error" |theta - w|^2, "step_error" |P X^T y - w|^2, "distance" |theta - P X^T y|^2, and "defect", the first minus the other two.
    """
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    step_matrix = array_of_shape("preconditioner", preconditioner, (d, d))
    xp, metric = namespace_of(rng), metric_of(rng, feature_covariance, d)
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
    step = (prompts.labels[:, None, :] @ prompts.features)[:, 0] @ xp.asarray(step_matrix.T)
    sides = {
        "layer_error": squared_norm(theta - prompts.task, metric),
        "step_error": squared_norm(step - prompts.task, metric),
        "distance": squared_norm(theta - step, metric),
    }
    sides["defect"] = sides["layer_error"] - sides["step_error"] - sides["distance"]
    return sides


def _preconditioners(value: ArrayLike) -> np.ndarray:
    matrices = array_of_shape("preconditioners", value, ("k", "d", "d"))
    if matrices.shape[1] != matrices.shape[2] or 0 in matrices.shape:
        raise ValueError(f"preconditioners must have shape (k, d, d) with k, d >= 1; got shape {matrices.shape}")
    return matrices


def _preconditioner_block(*, preconditioners: ArrayLike, context_length: int, **_: object) -> int:
    return block_of((context_length + 2) * (np.shape(np.asarray(preconditioners))[-1] + 2))


@block_size(_preconditioner_block)
def sample_preconditioner_errors(
    rng: Any,
    size: int,
    *,
    preconditioners: ArrayLike,
    context_length: int,
    noise_variance: float,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
) -> dict[str, Any]:
    """Sample |P_j X^T y - w|_Sigma^2 for several preconditioners P_j on the same raw prompts, so that losses can be compared in pairs.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    preconditioners
        (k, d, d).
    context_length, noise_variance, feature_covariance, task_covariance
        n >= 1, sigma2 >= 0, Sigma and Omega (the identity when left out).

    Returns
    -------
    dict
        "error_0", ..., "error_{k-1}", without sigma2. Differences of two columns have skewness 7 to 11 at n = 6, d = 3.
    """
    matrices = _preconditioners(preconditioners)
    d = matrices.shape[1]
    xp, metric = namespace_of(rng), metric_of(rng, feature_covariance, d)
    prompts = draw_prompts(
        rng,
        size,
        context_length=context_length,
        dimension=d,
        noise_variance=noise_variance,
        feature_covariance=feature_covariance,
        task_covariance=task_covariance,
    )
    gradient = (prompts.labels[:, None, :] @ prompts.features)[:, 0]
    return {
        f"error_{j}": squared_norm(gradient @ xp.asarray(matrix.T) - prompts.task, metric) for j, matrix in enumerate(matrices)
    }


def _mean_block(*, prior_mean: ArrayLike, context_length: int, **_: object) -> int:
    return prompt_block(context_length=context_length, dimension=np.size(np.asarray(prior_mean)))


@block_size(_mean_block)
def sample_query_bias_gradient(
    rng: Any, size: int, *, prior_mean: ArrayLike, preconditioner: ArrayLike, context_length: int, noise_variance: float
) -> dict[str, Any]:
    """Sample |y|^2 (w - P X^T y) for w ~ N(prior_mean, I), Sigma = I: minus half the loss gradient with respect to b at a = b = 0, c = 1.

    At c = 1, a = 0 and M = (P^T; 0) the layer gives theta = P X^T y, and the last entry of G v is |y|^2.

    Parameters
    ----------
    rng, size
        Generator and number of prompts.
    prior_mean
        (d,).
    preconditioner
        P, (d, d).
    context_length, noise_variance
        n >= 1 and sigma2 >= 0.

    Returns
    -------
    dict
        "entry_0", ..., "entry_{d-1}". Skewness near -14 at n = 6, d = 2: the enumeration of the same quantity has none.
    """
    mean = array_of_shape("prior_mean", prior_mean, ("d",))
    d = mean.size
    step_matrix = array_of_shape("preconditioner", preconditioner, (d, d))
    xp = namespace_of(rng)
    prompts = draw_prompts(
        rng, size, context_length=context_length, dimension=d, noise_variance=noise_variance, prior_mean=mean
    )
    value_vector = xp.asarray(np.append(np.zeros(d), 1.0))
    gradient, squared_labels = gram_apply(prompts.features, prompts.labels, value_vector)
    entries = squared_labels[:, None] * (prompts.task - gradient @ xp.asarray(step_matrix.T))
    return {f"entry_{j}": entries[:, j] for j in range(d)}
