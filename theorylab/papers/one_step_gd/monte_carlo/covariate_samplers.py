"""Samplers of the spectrum of X^T X for covariates that are not Gaussian (Sigma = I), raw X throughout."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw
from theorylab.models.linear_regression import COVARIATE_LAWS, draw_covariates
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.blocks import prompt_block
from theorylab.validation import choice, whole_number

__all__ = ["sample_covariate_traces"]


@block_size(prompt_block)
def sample_covariate_traces(
    rng: Any,
    size: int,
    *,
    covariate_law: str,
    context_length: int,
    dimension: int,
    student_degrees_of_freedom: float | None = None,
) -> dict[str, Any]:
    """Sample tr S and tr S^2, S = X^T X, for raw covariates of any of the laws.

    The best step with task and noise integrated out is E tr S / (E tr S^2 + lam E tr S).

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    covariate_law, student_degrees_of_freedom
        See `theorylab.models.linear_regression.draw_covariates`.
    context_length, dimension
        n >= 1 and d >= 1.

    Returns
    -------
    dict
        "trace", "squared_trace" and "trace_of_square". For "student_t" the moment of order q of tr S^2 exists only if nu > 4 q: variance
        for nu > 8, skewness for nu > 12. Skewness 1 for the sphere, 5 to 8 for "laplace".
    """
    size = check_draw(rng, size)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    choice("covariate_law", covariate_law, COVARIATE_LAWS)
    features = draw_covariates(rng, size, n, dimension=d, law=covariate_law, student_degrees_of_freedom=student_degrees_of_freedom)
    transposed = features.swapaxes(1, 2)
    gram = transposed @ features if d <= n else features @ transposed
    trace = (features**2).sum(axis=(1, 2))
    return {"trace": trace, "squared_trace": trace**2, "trace_of_square": (gram**2).sum(axis=(1, 2))}
