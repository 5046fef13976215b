r"""The trained layer on prompts of another length m (derived here; isotropic tasks).

The layer holds eta trained at context length n. With E S^2 = m (m + d + 1) I, the step eta X^T y on m examples has
E|theta - w|^2 = tau^2 d [1 - 2 m eta + eta^2 m (m + d + 1 + lambda)].
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.one_step_gd.closed_form._arguments import isotropic_problem
from theorylab.papers.one_step_gd.closed_form.learning_rate import optimal_learning_rate
from theorylab.validation import flag, integers

__all__ = ["excess_at_test_length", "harmful_test_length", "long_prompt_bias", "optimal_test_length"]


def excess_at_test_length(
    test_length: ArrayLike,
    context_length: ArrayLike,
    dimension: ArrayLike,
    noise_variance: ArrayLike,
    prior_variance: ArrayLike = 1.0,
    *,
    normalised: bool = False,
) -> Any:
    r"""Return the excess of the layer trained at context length n on prompts of length m.

    Formula: sum attention, ``tau^2 d [1 - 2 m eta + eta^2 m (m + d + 1 + lambda)]``; averaged attention (theta = n eta X^T y / m), ``tau^2 d [1
    - 2 n eta + (n eta)^2 (m + d + 1 + lambda) / m]``.

    Parameters
    ----------
    test_length
        m >= 1; broadcasts.
    context_length
        n >= 1, the training length; broadcasts.
    dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.
    normalised
        Whether the layer averages over the prompt instead of summing.

    Returns
    -------
    float or ndarray
        The excess over sigma^2; at m = n both layers have `icl_excess`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(
        test_length=test_length, context_length=context_length, dimension=dimension, noise_variance=noise_variance, prior_variance=prior_variance
    )
    normalised = flag("normalised", normalised)
    m = 1.0 * integers("test_length", test_length)
    n, d, noise, prior, ratio = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    step = optimal_learning_rate(context_length, dimension, noise, prior)
    if normalised:
        step = step * n / m
    return prior * d * (1.0 - 2.0 * m * step + step**2 * m * (m + d + 1.0 + ratio))


def optimal_test_length(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the (real) test length at which sum attention has its least excess.

    Formula: ``n + (d + 1 + lambda) / 2``.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The minimiser of a parabola in m; longer than the training length.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    n, d, _, _, ratio = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return n + 0.5 * (d + 1.0 + ratio)


def harmful_test_length(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the test length beyond which sum attention is worse than the zero predictor.

    Formula: ``2/eta - (d + 1 + lambda) = 2 n + d + 1 + lambda``.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The length at which the excess returns to tau^2 d.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    n, d, _, _, ratio = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return 2.0 * n + d + 1.0 + ratio


def long_prompt_bias(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the excess to which averaged attention decreases for m -> infinity.

    Formula: ``tau^2 d (1 - n eta)^2``.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The squared bias that no prompt length removes.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    n, d, _, prior, ratio = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return prior * d * ((d + 1.0 + ratio) / (n + d + 1.0 + ratio)) ** 2
