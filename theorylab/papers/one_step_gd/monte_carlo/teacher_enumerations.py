"""Exact population losses of the layer for polynomial single-index teachers in two dimensions, arXiv:2307.03576, Theorem 3.

f(x) = phi(u.x) with u uniform on the circle and x ~ N(0, I_2). For a polynomial phi of degree p, theta has degree 2p in every coordinate of X and
in u, so |theta|^2 is a trigonometric polynomial of degree 4p in the angle of u and a polynomial of degree 4p in each coordinate: equispaced
directions (exact below their number) and Gauss-Hermite points (exact through twice their number less one) lose nothing. No randomness.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.enumeration import equally_likely, gauss_hermite_law, product_expectation, three_point_law
from theorylab.papers.one_step_gd.monte_carlo.layer import attention_coefficients, checked_parameters
from theorylab.papers.one_step_gd.monte_carlo.norms import squared_norm
from theorylab.papers.one_step_gd.monte_carlo.teachers import apply_link
from theorylab.validation import choice, moderate, real, whole_number

__all__ = ["POLYNOMIAL_DEGREES", "enumerate_teacher_loss", "enumerate_teacher_terms"]

POLYNOMIAL_DEGREES = {"linear": 1, "square": 2, "shifted_square": 2, "cube": 3, "hermite3": 3}


def _teacher_expectation(statistic: Any, link: str, context_length: int, noise_variance: float, degree: int) -> Any:
    """Return E statistic(features, labels, beta_f, E[f^2 | f]) for a statistic of the given degree in phi and the covariates together."""
    n = whole_number("context_length", context_length)
    scale = float(np.sqrt(moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0, maximum=1e100), least=1e-100)))
    angles = equally_likely(2.0 * np.pi * np.arange(degree + 1) / (degree + 1))
    law = gauss_hermite_law(degree // 2 + 1)
    query = np.stack(np.meshgrid(law.values, law.values, indexing="ij"), axis=-1).reshape(-1, 2)
    query_probabilities = np.outer(law.probabilities, law.probabilities).ravel()
    noisy = scale > 0.0
    if 3 * n > 64 or law.values.size ** (2 * n) * (3**n if noisy else 1) * (degree + 1) > 1 << 25:
        raise ValueError(f"context_length must be small, for all prompts to be enumerated; got {n}")
    laws = [angles] + [three_point_law()] * (n if noisy else 0) + [law] * (2 * n)

    def evaluate(points: np.ndarray) -> Any:
        # The angle is the slowest variable, so it is constant within a batch unless the batch holds several whole turns.
        angle = points[:, 0]
        distinct, position = np.unique(angle, return_inverse=True)
        directions = np.stack([np.cos(distinct), np.sin(distinct)], axis=1)
        query_values = apply_link(link, query @ directions.T)
        beta = (query_values * query_probabilities[:, None]).T @ query
        second_moment = query_probabilities @ query_values**2
        features = points[:, points.shape[1] - 2 * n :].reshape(-1, n, 2)
        labels = apply_link(link, (features @ directions[position][:, :, None])[:, :, 0])
        if noisy:
            labels = labels + scale * points[:, 1 : n + 1]
        return statistic(features, labels, beta[position], second_moment[position])

    return product_expectation(evaluate, laws)


def _degree(link: str) -> int:
    choice("link", link, tuple(POLYNOMIAL_DEGREES))
    return POLYNOMIAL_DEGREES[link]


def enumerate_teacher_loss(value_vector: ArrayLike, key_query_matrix: ArrayLike, link: str, context_length: int, noise_variance: float) -> float:
    """Return the population loss of the layer with parameters (v, M) for a polynomial teacher in d = 2, exactly.

    Parameters
    ----------
    value_vector, key_query_matrix
        v, (3,) and M, (3, 2).
    link
        "linear", "square", "shifted_square" (z + z^2), "cube" or "hermite3".
    context_length
        n >= 1; n = 2 has 10^6 points for a cubic link, larger n soon has too many.
    noise_variance
        sigma2 >= 0.

    Raises
    ------
    ValueError
        If the link is no polynomial, d is not 2, or there are too many points.
    """
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    if d != 2:
        raise ValueError(f"value_vector must have shape (3,), since directions are enumerated on the circle; got shape {vector.shape}")
    # A label has degree p, the largest term |y|^2 of theta 2p, and its square 4p; the term a^T S A needs degree 4 when p = 1.
    degree = 4 * _degree(link)

    def loss(features: np.ndarray, labels: np.ndarray, beta: np.ndarray, second_moment: np.ndarray) -> np.ndarray:
        theta = attention_coefficients(vector, matrix, features, labels)
        return np.asarray(second_moment - 2.0 * (theta * beta).sum(axis=1) + squared_norm(theta))

    return float(noise_variance + _teacher_expectation(loss, link, context_length, noise_variance, degree))


def enumerate_teacher_terms(link: str, context_length: int, noise_variance: float) -> dict[str, Any]:
    """Return the exact means that decide every (preconditioned) step P X^T y for a polynomial teacher in d = 2.

    The loss of P is squared_label - 2 tr(P slope_by_gradient^T) + tr(P gradient_by_gradient P^T); the best plain step is correlation /
    squared_gradient, with loss squared_label - correlation^2 / squared_gradient.

    Parameters
    ----------
    link, context_length, noise_variance
        As in `enumerate_teacher_loss`.

    Returns
    -------
    dict
        "correlation" E beta_f.X^T y, "squared_gradient" E|X^T y|^2 and "squared_label" E y^2 (floats); "slope_by_gradient" E[beta_f (X^T y)^T]
        and "gradient_by_gradient" E[X^T y y^T X], (2, 2).
    """
    degree = 2 * _degree(link) + 2

    def terms(features: np.ndarray, labels: np.ndarray, beta: np.ndarray, second_moment: np.ndarray) -> dict[str, np.ndarray]:
        gradient = (labels[:, None, :] @ features)[:, 0]
        return {
            "correlation": (beta * gradient).sum(axis=1),
            "squared_gradient": squared_norm(gradient),
            "squared_label": squared_norm(labels) / labels.shape[1],
            "slope_by_gradient": beta[:, :, None] * gradient[:, None, :],
            "gradient_by_gradient": gradient[:, :, None] * gradient[:, None, :],
        }

    means: dict[str, Any] = _teacher_expectation(terms, link, context_length, noise_variance, degree)
    return means
