"""Samplers that put raw linear-regression prompts through the layer, arXiv:2307.03576.

All values are polynomials of Gaussians, so every moment exists; but of degree 4 to 8, hence skewed: |theta - w|^2 has skewness 2 to 10 at
contexts of a few tokens, 33 at (n, d) = (1, 3). Where the query is integrated out, E[(y_q - theta.x_q)^2 | prompt] = sigma2 + |theta - w|_Sigma^2
stands for the squared error.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.linear_regression import draw_prompts
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.blocks import layer_block, raw_layer_block
from theorylab.papers.one_step_gd.monte_carlo.layer import attention_coefficients, checked_parameters, linear_attention_predict
from theorylab.papers.one_step_gd.monte_carlo.norms import metric_of, squared_norm
from theorylab.validation import array_of_shape, flag, moderate

__all__ = ["sample_layer_losses", "sample_prompt_losses", "sample_pythagoras"]


@block_size(raw_layer_block)
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
    include_query = flag("include_query", include_query)
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    vector = array_of_shape("head", head, ("d + 1",))
    d = vector.size - 1
    named = {"key_weights": key_weights, "query_weights": query_weights, "value_weights": value_weights}
    keys, queries, values = (xp.asarray(array_of_shape(name, value, (d + 1, d + 1))) for name, value in named.items())
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
        keys, queries, values, xp.asarray(vector), prompts.features, prompts.labels, prompts.query, include_query=include_query
    )
    return (prompts.query_label - output) ** 2


@block_size(layer_block)
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
    size = check_draw(rng, size)
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


@block_size(layer_block)
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
    size = check_draw(rng, size)
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    step_matrix = moderate("preconditioner", array_of_shape("preconditioner", preconditioner, (d, d)), most=1e50)
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
