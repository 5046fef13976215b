r"""The guarantee for logistic regression that is linear in the dimension: uniform convergence of the log loss, then consistency of the 0-1 error.

Scores ``w_k' x + b_k`` with ``|w_k| <= W`` and ``|b_k| <= B``. The log loss is sqrt(2)-Lipschitz in the vector of scores, so that the expected
largest gap between the risk and the empirical risk is at most ``2 sqrt(2) sqrt(2)`` times the Rademacher average of the K scores together (vector
contraction), and that is at most ``K (W R + B) / sqrt(m)``, ``R^2 = E|x|^2``. An excess log loss of r leaves an excess error of at most
``sqrt(2 r)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.validation import integers, moderate, plain, reals

__all__ = ["excess_error_bound", "excess_error_sample_size", "rademacher_bound", "uniform_convergence_bound"]


def rademacher_bound(
    class_count: ArrayLike, weight_bound: ArrayLike, intercept_bound: ArrayLike, second_moment: ArrayLike, sample_size: ArrayLike
) -> Any:
    r"""Return a bound on the Rademacher average ``E sup (1/m) sum_i sum_k eps_ik (w_k' x_i + b_k)``: ``K (W R + B) / sqrt(m)``.

    Parameters
    ----------
    class_count
        K, integers >= 2.
    weight_bound, intercept_bound
        W > 0 and B >= 0.
    second_moment
        R^2 = E|x|^2 > 0.
    sample_size
        m, integers >= 1. All arguments broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here, by Cauchy-Schwarz and Jensen.
    """
    check_broadcast(
        class_count=class_count, weight_bound=weight_bound, intercept_bound=intercept_bound, second_moment=second_moment, sample_size=sample_size
    )
    complexity = _complexity(class_count, weight_bound, intercept_bound, second_moment)
    return plain(complexity / np.sqrt(integers("sample_size", sample_size)))


def uniform_convergence_bound(
    class_count: ArrayLike, weight_bound: ArrayLike, intercept_bound: ArrayLike, second_moment: ArrayLike, sample_size: ArrayLike
) -> Any:
    r"""Return a bound on the expected excess log loss of empirical risk minimisation within the class: ``4 K (W R + B) / sqrt(m)``.

    Parameters
    ----------
    class_count, weight_bound, intercept_bound, second_moment, sample_size
        As for `rademacher_bound`.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; arXiv:2302.02334 states the order. The truth is smaller by orders of magnitude and of another rate, 1/m.
    """
    check_broadcast(
        class_count=class_count, weight_bound=weight_bound, intercept_bound=intercept_bound, second_moment=second_moment, sample_size=sample_size
    )
    return 4.0 * rademacher_bound(class_count, weight_bound, intercept_bound, second_moment, sample_size)


def excess_error_bound(
    class_count: ArrayLike, weight_bound: ArrayLike, intercept_bound: ArrayLike, second_moment: ArrayLike, sample_size: ArrayLike
) -> Any:
    r"""Return a bound on the expected excess 0-1 error: ``sqrt(8 K (W R + B)) m^(-1/4)``, informative only below 1.

    Parameters
    ----------
    class_count, weight_bound, intercept_bound, second_moment, sample_size
        As for `rademacher_bound`; the class must hold the true log-odds.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: ``sqrt(2 r)`` at the expected excess log loss r, by Jensen.
    """
    check_broadcast(
        class_count=class_count, weight_bound=weight_bound, intercept_bound=intercept_bound, second_moment=second_moment, sample_size=sample_size
    )
    return plain(np.sqrt(2.0 * uniform_convergence_bound(class_count, weight_bound, intercept_bound, second_moment, sample_size)))


def excess_error_sample_size(
    class_count: ArrayLike, weight_bound: ArrayLike, intercept_bound: ArrayLike, second_moment: ArrayLike, tolerance: ArrayLike
) -> Any:
    r"""Return the sample size (a real number) at which `excess_error_bound` is the tolerance: ``64 K^2 (W R + B)^2 / eps^4``.

    Parameters
    ----------
    class_count, weight_bound, intercept_bound, second_moment
        As for `rademacher_bound`.
    tolerance
        eps > 0.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. With R^2 of order d this is the "m = O(d)" of arXiv:2302.02334.
    """
    check_broadcast(
        class_count=class_count, weight_bound=weight_bound, intercept_bound=intercept_bound, second_moment=second_moment, tolerance=tolerance
    )
    eps = moderate("tolerance", reals("tolerance", tolerance, above=0.0), most=1e50, least=1e-50)
    return plain(64.0 * (_complexity(class_count, weight_bound, intercept_bound, second_moment) / eps**2) ** 2)


def _complexity(class_count: ArrayLike, weight_bound: ArrayLike, intercept_bound: ArrayLike, second_moment: ArrayLike) -> Any:
    """Return K (W R + B)."""
    classes, radius = integers("class_count", class_count, minimum=2), np.sqrt(reals("second_moment", second_moment, above=0.0))
    return classes * (
        moderate("weight_bound", reals("weight_bound", weight_bound, above=0.0), most=1e50) * radius
        + moderate("intercept_bound", reals("intercept_bound", intercept_bound, minimum=0.0), most=1e50)
    )
