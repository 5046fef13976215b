"""Samplers that draw only the spectrum of S = X^T X, or S itself: exact for losses of a gradient step with task and noise integrated out.

With Sigma = I, Omega = tau2 I and theta = s X^T y at context X, E[|theta - w|^2 | X] = tau2 |s S - I|_F^2 + sigma2 s^2 tr S, a function of
tr S and tr S^2 alone. They come from a bidiagonal matrix in O(min(n, d)), where a prompt costs n d.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.wishart import (
    laguerre_bidiagonal,
    laguerre_tridiagonal,
    largest_eigenvalue,
    resolvent_trace,
    wishart_matrices,
    wishart_traces,
)
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.blocks import block_at_test_length, block_of, spectrum_block
from theorylab.validation import array_of_shape, covariance, moderate, real, whole_number

__all__ = [
    "sample_bayes_excess",
    "sample_conditional_preconditioner_errors",
    "sample_largest_step",
    "sample_test_length_excess",
    "sample_wishart_traces",
]


@block_size(spectrum_block)
def sample_wishart_traces(rng: Any, size: int, *, context_length: int, dimension: int) -> dict[str, Any]:
    """Sample tr S and tr S^2 of S ~ Wishart_d(n, I).

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    context_length, dimension
        n >= 1 and d >= 1.

    Returns
    -------
    dict
        "trace" (chi-squared with n d degrees of freedom), "squared_trace" its square, and "trace_of_square" tr S^2: the first two are
        controls with known means. Skewness about 1.2 at (10, 5).
    """
    size = check_draw(rng, size)
    context_length = whole_number("context_length", context_length)
    trace, trace_of_square = wishart_traces(rng, size, degrees_of_freedom=context_length, dimension=dimension)
    return {"trace": trace, "squared_trace": trace**2, "trace_of_square": trace_of_square}


@block_size(block_at_test_length)
def sample_test_length_excess(
    rng: Any,
    size: int,
    *,
    context_length: int,
    test_length: int,
    dimension: int,
    noise_variance: float,
    learning_rate: float,
    prior_variance: float = 1.0,
) -> dict[str, Any]:
    """Sample E[|theta - w|^2 | X] of a step with learning rate eta chosen for contexts of length n but used on contexts of length m.

    "summed" is theta = eta X^T y; "averaged" divides the sum by the length and keeps the step of length n, theta = (n eta / m) X^T y.
    At m = n both are the excess loss itself.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    context_length, test_length
        n >= 1 and m >= 1.
    dimension
        d >= 1.
    noise_variance, prior_variance
        sigma2 >= 0 and tau2 > 0.
    learning_rate
        eta, any real number; it multiplies a sum.

    Returns
    -------
    dict
        "summed" and "averaged". Skewness 1 to 4.
    """
    size = check_draw(rng, size)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    m = whole_number("test_length", test_length)
    sigma2 = moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0), least=1e-100)
    tau2 = moderate("prior_variance", real("prior_variance", prior_variance, above=0.0), least=1e-100)
    eta = real("learning_rate", learning_rate)
    context_length = whole_number("context_length", context_length)
    trace, trace_of_square = wishart_traces(rng, size, degrees_of_freedom=m, dimension=d)

    def excess(step: float) -> Any:
        return tau2 * (d - 2.0 * step * trace + step**2 * trace_of_square) + sigma2 * step**2 * trace

    return {"summed": excess(eta), "averaged": excess(n * eta / m)}


@block_size(spectrum_block)
def sample_bayes_excess(rng: Any, size: int, *, context_length: int, dimension: int, noise_variance: float, prior_variance: float = 1.0) -> Any:
    """Sample the excess loss of ridge regression given X, tau2 tr (I + S / lam)^-1 with lam = sigma2 / tau2.

    It is the posterior variance of w, summed: sigma2 / (lam + mu) for each of the min(n, d) eigenvalues mu of the bidiagonal model and tau2
    for each of the d - n directions that X does not see. For sigma2 = 0 only those are left and the value is constant.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance, prior_variance
        sigma2 >= 0 and tau2 > 0.

    Returns
    -------
    array of shape (size,)
        Values in [0, tau2 d].
    """
    size = check_draw(rng, size)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    sigma2 = moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0), least=1e-100)
    tau2 = moderate("prior_variance", real("prior_variance", prior_variance, above=0.0), least=1e-100)
    unseen = tau2 * max(d - n, 0)
    bidiagonal = laguerre_bidiagonal(rng, size, degrees_of_freedom=n, dimension=d)
    if sigma2 == 0.0:
        return namespace_of(rng).full(size, unseen)
    return unseen + sigma2 * resolvent_trace(bidiagonal, sigma2 / tau2)


@block_size(spectrum_block)
def sample_largest_step(rng: Any, size: int, *, context_length: int, dimension: int, learning_rate: float) -> Any:
    """Sample eta lambda_max(S), the step along the top eigenvector of S in units of the curvature: above 1 overshoots, above 2 diverges.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    context_length, dimension
        n >= 1 and d >= 1.
    learning_rate
        eta, any real number.

    Returns
    -------
    array of shape (size,)
        Skewness 0.3 to 0.6 (Tracy-Widom).
    """
    size = check_draw(rng, size)
    eta = real("learning_rate", learning_rate)
    context_length = whole_number("context_length", context_length)
    diagonal, squared_off_diagonal = laguerre_tridiagonal(rng, size, degrees_of_freedom=context_length, dimension=dimension)
    return eta * largest_eigenvalue(diagonal, squared_off_diagonal)


def _matrix_block(*, preconditioners: ArrayLike, **_: object) -> int:
    return block_of(4 * np.shape(np.asarray(preconditioners))[-1] ** 2)


@block_size(_matrix_block)
def sample_conditional_preconditioner_errors(
    rng: Any,
    size: int,
    *,
    preconditioners: ArrayLike,
    context_length: int,
    noise_variance: float,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
) -> dict[str, Any]:
    """Sample E[|P_j X^T y - w|_Sigma^2 | X] for several preconditioners on the same S = X^T X, task and noise integrated out.

    With D = P S - I: tr(Sigma D Omega D^T) + sigma2 tr(Sigma P S P^T). S comes from a Bartlett factor. Same means as
    `sample_preconditioner_errors`, smaller variance and skewness.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    preconditioners
        (k, d, d).
    context_length, noise_variance
        n >= 1 and sigma2 >= 0.
    feature_covariance, task_covariance
        Sigma, positive definite, and Omega, positive semidefinite, (d, d).

    Returns
    -------
    dict
        "error_0", ..., "error_{k-1}", without sigma2.
    """
    size = check_draw(rng, size)
    sigma = covariance("feature_covariance", feature_covariance)
    d = sigma.shape[0]
    omega = covariance("task_covariance", task_covariance, dimension=d, definite=False)
    matrices = moderate("preconditioners", array_of_shape("preconditioners", preconditioners, ("k", d, d)), most=1e50)
    sigma2 = moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0), least=1e-100)
    xp = namespace_of(rng)
    context_length = whole_number("context_length", context_length)
    gram = wishart_matrices(rng, size, degrees_of_freedom=context_length, feature_covariance=sigma)
    columns = {}
    for j, matrix in enumerate(matrices):
        applied = xp.asarray(matrix) @ gram
        deviation = applied - xp.eye(d)
        bias = (xp.asarray(sigma) @ deviation @ xp.asarray(omega) * deviation).sum(axis=(1, 2))
        noise = (applied * xp.asarray(sigma @ matrix)).sum(axis=(1, 2))
        columns[f"error_{j}"] = bias + sigma2 * noise
    return columns
