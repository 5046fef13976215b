"""Samplers of plain and preconditioned gradient steps P X^T y on raw linear-regression prompts, arXiv:2307.03576.

All values are polynomials of the prompt, of degree 4 to 8 where it is Gaussian: every moment exists then, and the values are skewed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.linear_regression import draw_prompts
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.blocks import block_of, prompt_block
from theorylab.papers.one_step_gd.monte_carlo.layer import gram_apply
from theorylab.papers.one_step_gd.monte_carlo.norms import metric_of, squared_norm
from theorylab.validation import array_of_shape, moderate, real, whole_number

__all__ = ["sample_preconditioner_errors", "sample_prompt_terms", "sample_query_bias_gradient"]


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
    size = check_draw(rng, size)
    d = whole_number("dimension", dimension)
    tau2 = moderate("prior_variance", real("prior_variance", prior_variance, above=0.0), least=1e-100)
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
    size = check_draw(rng, size)
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
    return {f"error_{j}": squared_norm(gradient @ xp.asarray(matrix.T) - prompts.task, metric) for j, matrix in enumerate(matrices)}


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
    size = check_draw(rng, size)
    mean = moderate("prior_mean", array_of_shape("prior_mean", prior_mean, ("d",)), most=1e50)
    d = mean.size
    step_matrix = moderate("preconditioner", array_of_shape("preconditioner", preconditioner, (d, d)), most=1e50)
    xp = namespace_of(rng)
    prompts = draw_prompts(rng, size, context_length=context_length, dimension=d, noise_variance=noise_variance, prior_mean=mean)
    value_vector = xp.asarray(np.append(np.zeros(d), 1.0))
    gradient, squared_labels = gram_apply(prompts.features, prompts.labels, value_vector)
    entries = squared_labels[:, None] * (prompts.task - gradient @ xp.asarray(step_matrix.T))
    return {f"entry_{j}": entries[:, j] for j in range(d)}
