"""Headline samplers of the papers on regression and classification by fitted rules; units of work as told in ``limit_cases.py``."""

from __future__ import annotations

import numpy as np
from limit_case import Case

from theorylab.papers.aggregate_responses import monte_carlo as aggregate_responses
from theorylab.papers.naive_bayes_logistic import closed_form as naive_bayes_theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as naive_bayes_logistic
from theorylab.papers.one_step_gd import monte_carlo as one_step_gd

__all__ = ["aggregate_responses_cases", "naive_bayes_logistic_cases", "one_step_gd_cases"]


def one_step_gd_cases() -> list[Case]:
    """Return the headline samplers of one_step_gd."""

    def ridge(n: int, d: int) -> float:
        # X^T X, its factor and two solves, X^T y, and y = X w.
        return float(n * d * (d + 1) + d**3 / 3 + 2 * d**2 + 4 * n * d)

    # The population loss and its gradient have some 24 d^2 operations; five of them and 12 (d + 1)^4 for the inverse Hessian make a step of BFGS, and
    # the Hessian at the end takes 2 (d + 1)^2 gradients. A descent at this size takes about this many steps.
    d, steps = 3, 36
    descent = steps * (5 * 24 * d**2 + 12 * (d + 1) ** 4) + 2 * (d + 1) ** 2 * 24 * d**2
    k = 400
    return [
        Case(
            "learning-rate terms, n = 16, d = 3",
            one_step_gd.sample_learning_rate_terms,
            {"context_length": 16, "dimension": 3, "noise_variance": 1.0},
            ("squared_gradient", "correlation"),
            {"flop": ridge(16, 3)},
        ),
        Case(
            "step and ridge on raw prompts, n = 64, d = 5",
            one_step_gd.sample_bayes_gap,
            {"context_length": 64, "dimension": 5, "noise_variance": 0.5, "learning_rate": 0.01},
            ("step_error", "ridge_error"),
            {"flop": ridge(64, 5)},
        ),
        Case(
            "ridge trace, n = 800, d = 400",
            one_step_gd.sample_bayes_excess,
            {"context_length": 800, "dimension": k, "noise_variance": 0.5},
            ("value",),
            # One division in the recursion from below, one in that from above and one in the entry of the inverse.
            {"division": 3 * k, "flop": 7 * k},
        ),
        Case(
            "excess of the step, m = 1024, d = 512",
            one_step_gd.sample_test_length_excess,
            {
                "context_length": 1024,
                "test_length": 1024,
                "dimension": 512,
                "noise_variance": 1.0,
                "learning_rate": 0.001,
                "prior_variance": 1.0 / 512,
            },
            ("summed",),
            # Entries of the tridiagonal matrix, their sum and the sum of their squares.
            {"element": 6 * 512},
        ),
        Case(
            "teacher terms, tanh, n = 64",
            one_step_gd.sample_teacher_terms,
            {"link": "tanh", "context_length": 64, "dimension": 4, "noise_variance": 0.5},
            ("correlation", "squared_gradient", "squared_label"),
            {"tanh": 65, "element": 6 * 64},
        ),
        Case(
            "descents, n = 10, d = 3",
            one_step_gd.sample_descent_outcomes,
            {"context_length": 10, "dimension": d, "noise_variance": 0.0, "initial_scale": 0.1},
            ("excess > 0.01",),
            {"flop": descent},
            f"some {steps} steps of BFGS, each waiting for the one before, on vectors of 16",
        ),
    ]


def aggregate_responses_cases() -> list[Case]:
    """Return the headline samplers of aggregate_responses."""
    weights = tuple(float(weight) for weight in np.linspace(0.0, 1.0, 22)[1:])
    d, n, k = 20, 120, 3
    least_squares = 2 * n * d + n * d * (d + 1) * (1 + 1 / k) + d**3 / 3
    return [
        Case(
            "Jacobi spectrum, n = 600, d = 100, 21 weights",
            aggregate_responses.sample_jacobi_risk,
            {"sample_size": 600, "dimension": 100, "bag_size": 3, "weights": weights},
            tuple(f"risk[{i}]" for i in range(21)),
            # For each weight and entry the pivots from both sides and the entry of the inverse, with their derivatives.
            {"division": 3 * 100 * 21, "flop": 24 * 100 * 21},
            separate=True,
        ),
        Case(
            "two Wishart matrices, n = 120, d = 20",
            aggregate_responses.sample_wishart_risk,
            {"sample_size": n, "dimension": d, "bag_size": k, "weights": (1.0,)},
            ("bias_squared[0]", "variance[0]"),
            # Two scatters and two Gram matrices (symmetric), a factor and its inverse, whitening and two bases, and the eigenvectors.
            {"flop": d**3 * (4 * 1 + 2 / 3 + 4 * 2 + 9)},
            "eigenvectors of 20 x 20 matrices by LAPACK, some 10 of the 60 us at its best rate",
        ),
        Case(
            "raw data, n = 120, d = 20",
            aggregate_responses.sample_raw_risk,
            {"sample_size": n, "dimension": d, "bag_size": k, "weights": (0.3,)},
            ("risk[0]",),
            {"flop": least_squares},
        ),
        Case(
            "private releases fitted, n = 120, d = 20",
            aggregate_responses.sample_private_risk,
            {"sample_size": n, "dimension": d, "bag_size": k, "weight": 1.0, "clip": 4.4855, "laplace_scale": 1.0},
            ("risk",),
            {"flop": least_squares},
        ),
        Case(
            "diabetes data, bags of 5, 3 weights",
            aggregate_responses.sample_diabetes_error,
            {"bag_size": 5, "weights": (0.0, 1.0, 0.3), "training_size": 360},
            tuple(f"error[{i}]" for i in range(3)),
            # A random order, the rows gathered by it, two scatters, and test errors.
            {"order 442": 442, "element": 442 * 11 + 2 * 360 * 10 + 3 * 82 * 3, "flop": (360 + 72) * 110 + 3 * (82 * 20 + 10**3 / 3)},
            "rows of ten numbers gathered in random order, and sums over bags of five: loops too short for the vector units",
            separate=True,
        ),
    ]


def naive_bayes_logistic_cases() -> list[Case]:
    """Return the headline samplers of naive_bayes_logistic."""
    two = naive_bayes_theory.paper_design(2, 100, rescaled=True)
    pairs = naive_bayes_theory.pairs_design(0.4, 40, 3.0, scaled=True)
    return [
        Case(
            "naive Bayes, pooled variances, m = 40, d = 100",
            naive_bayes_logistic.sample_naive_bayes_error,
            {"variance": "pooled", "sample_size": 40, **two},
            ("error",),
            {"division": 4 * 100, "element": 10 * 100, "ndtr": 2},
        ),
        Case(
            "naive Bayes, known variances, m = 40, d = 16",
            naive_bayes_logistic.sample_naive_bayes_error,
            {"variance": "known", "class_counts": (20, 20), "gaps": (1.0,), "multiplicities": (16,)},
            ("error",),
            {"sqrt": 4, "division": 7, "element": 25, "ndtr": 2},
        ),
        Case(
            "logistic regression, m = 40, d = 100",
            naive_bayes_logistic.sample_logistic_error,
            {"ridge": 1.0, "sample_size": 40, **two},
            ("error",),
            # With fewer samples than features the Gram matrix stands for them; then at least five Newton steps of a factor and 40 exponentials.
            {"flop": 40 * 41 * 100 + 5 * (40**3 / 3 + 4 * 40**2), "exp": 5 * 40},
        ),
        Case(
            "both rules, m = 80, d = 80",
            naive_bayes_logistic.sample_paired_errors,
            {"ridge": 1.0, "class_counts": (40, 40), **pairs},
            ("naive_bayes", "logistic", "difference"),
            {"flop": 80 * 81 * 80 + 5 * (80**3 / 3 + 4 * 80**2), "exp": 5 * 80},
        ),
        Case(
            "excess of logistic regression, m = 400, d = 10",
            naive_bayes_logistic.sample_logistic_excess,
            {"dimension": 10, "mahalanobis_distance": 2.0, "sample_size": 400, "random_counts": True},
            ("excess", "score_square"),
            # Five Newton steps: scores and gradient, exponentials, and the weighted Gram matrix.
            {"flop": 5 * (4 * 400 * 11 + 400 * 11 * 12), "exp": 5 * 400, "division": 5 * 400},
        ),
        Case(
            "logistic regression without penalty, m = 200, d = 30",
            naive_bayes_logistic.sample_proportional_logistic,
            {"half_distance": 0.6, "sample_size": 200, "dimension": 30},
            ("error",),
            {"flop": 5 * (4 * 200 * 30 + 200 * 30 * 31 + 30**3 / 3), "exp": 5 * 200, "division": 5 * 200},
        ),
        Case(
            "separable or not, m = 60, d = 20",
            naive_bayes_logistic.sample_separability,
            {"half_distance": 0.6, "sample_size": 60, "dimension": 20, "fit_intercept": False},
            ("value",),
            # An active set that grows to some d + 1 constraints: gradients of all samples, and an update of the factor.
            {"flop": 21 * (4 * 60 * 21 + 4 * 21**2)},
            "scipy's nonnegative least squares, a data set at a time: some 21 changes of an active set, each waiting for the one before",
        ),
    ]
