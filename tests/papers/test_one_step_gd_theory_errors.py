"""Every closed form refuses bad input, naming the argument and its valid range, and exports what its modules declare."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.papers.one_step_gd import closed_form as cf

EYE = np.eye(2)
V, M = np.zeros(3), np.zeros((3, 2))
GENERAL = (4, EYE, EYE, 0.5)


@pytest.mark.parametrize(
    "function",
    [
        cf.optimal_learning_rate,
        cf.minimum_pretraining_loss,
        cf.icl_excess,
        cf.expected_ridge_correlation,
        cf.expected_least_squares_correlation,
        cf.expected_squared_gradient,
        cf.optimal_test_length,
        cf.harmful_test_length,
        cf.long_prompt_bias,
        cf.largest_step,
        lambda *problem: cf.plain_step_loss(0.1, *problem),
        lambda *problem: cf.excess_at_test_length(4, *problem),
        lambda *problem: cf.gradient_flow_logistic(0.1, 0.1, *problem),
        lambda *problem: cf.gradient_flow_loss(0.1, 0.1, *problem),
        lambda n, d, noise, prior: cf.minimum_loss_from_moments(n, d, 9.0, noise, prior),
        lambda n, d, noise, prior: cf.global_minimiser(n, d, noise, 1.0, prior),
        lambda n, d, noise, prior: cf.hessian_spectrum_at_minimum(n, d, noise, 1.0, prior),
    ],
)
@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, 0, "context_length must be"),
        (0, 2.5, "context_length must be"),
        (0, float("nan"), "context_length must be"),
        (1, 0, "dimension must be"),
        (1, "three", "dimension must be"),
        (2, -0.1, "noise_variance must be finite and >= 0; got -0.1"),
        (2, float("inf"), "noise_variance must be finite"),
        (2, float("nan"), "noise_variance must be finite"),
        (3, 0.0, "prior_variance must be finite and > 0; got 0.0"),
    ],
)
def test_isotropic_arguments(function, position: int, value, message: str) -> None:
    problem: list = [5, 3, 0.5, 1.0]
    problem[position] = value
    with pytest.raises(ValueError, match=message):
        function(*problem)


@pytest.mark.parametrize(
    "function",
    [
        cf.optimal_preconditioner,
        cf.minimum_loss_general,
        cf.best_plain_learning_rate,
        cf.PopulationLoss,
        lambda *problem: cf.preconditioned_loss(EYE, *problem),
        lambda *problem: cf.pythagoras_defect(EYE, EYE, *problem),
        lambda *problem: cf.excess_over_minimum(V, M, *problem),
        lambda *problem: cf.population_loss(V, M, *problem),
        lambda *problem: cf.population_loss_gradient(V, M, *problem),
        lambda *problem: cf.population_loss_hessian(V, M, *problem),
        lambda *problem: cf.population_loss_with_query_token(V, M, *problem),
        lambda *problem: cf.raw_population_loss(np.eye(3), np.eye(3), np.eye(3), V, *problem),
        lambda *problem: cf.raw_population_loss_gradient(np.eye(3), np.eye(3), np.eye(3), V, *problem),
        lambda *problem: cf.raw_population_loss_hessian(np.eye(3), np.eye(3), np.eye(3), V, *problem),
    ],
)
@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, 0, "context_length must be an integer >= 1"),
        (0, [3, 4], "context_length must be one integer"),
        (0, True, "context_length must be"),
        (1, np.array([[1.0, 2.0], [2.0, 1.0]]), "feature_covariance must be positive definite"),
        (1, np.diag([1.0, 0.0]), "feature_covariance must be positive definite"),
        (1, np.array([[1.0, 0.5], [0.0, 1.0]]), "feature_covariance must be symmetric"),
        (1, np.ones((2, 3)), "feature_covariance must have shape"),
        (1, np.array([[None, 1], [1, 2]]), "feature_covariance must be an array of real numbers"),
        (1, np.array([["a", "b"], ["c", "d"]]), "feature_covariance must be an array of real numbers"),
        (2, np.diag([1.0, -0.1]), "task_covariance must be positive semidefinite"),
        (2, np.eye(3), r"task_covariance must have shape \(2, 2\)"),
        (2, np.diag([1.0, np.nan]), "task_covariance must be finite"),
        (3, -1.0, "noise_variance must be finite and >= 0"),
        (3, [0.1, 0.2], "noise_variance must be one number"),
        (3, np.nan, "noise_variance must be finite"),
    ],
)
def test_general_arguments(function, position: int, value, message: str) -> None:
    problem: list = list(GENERAL)
    problem[position] = value
    with pytest.raises(ValueError, match=message):
        function(*problem)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cf.population_loss(np.zeros(2), M, *GENERAL), r"value_vector must have shape \(..., 3\)"),
        (lambda: cf.population_loss(V, np.zeros((2, 3)), *GENERAL), r"key_query_matrix must have shape \(..., 3, 2\)"),
        (lambda: cf.population_loss(np.zeros((4, 3)), np.zeros((5, 3, 2)), *GENERAL), "same leading axes"),
        (lambda: cf.population_loss([0.0, np.nan, 0.0], M, *GENERAL), "value_vector must be finite; got 1"),
        (lambda: cf.population_loss(V + 1j, M, *GENERAL), "value_vector must be a real number or an array of real numbers"),
        (lambda: cf.population_loss_hessian(np.zeros((4, 3)), M, *GENERAL), "one parameter setting"),
        (lambda: cf.preconditioned_loss(np.eye(3), *GENERAL), r"preconditioner must have shape \(..., 2, 2\)"),
        (lambda: cf.excess_over_minimum(np.zeros(2), M, *GENERAL), r"value_vector must have shape \(3,\)"),
        (lambda: cf.pythagoras_defect(EYE, np.eye(3), *GENERAL), r"reference must have shape \(2, 2\)"),
        (lambda: cf.optimal_preconditioner(4, EYE, np.zeros((2, 2)), 0.0), "every preconditioner is optimal"),
        (lambda: cf.best_plain_learning_rate(4, EYE, np.zeros((2, 2)), 0.0), "every learning rate is optimal"),
        (lambda: cf.effective_parameters(np.eye(3), np.eye(3), np.eye(4), V), r"value_weights must have shape \(3, 3\)"),
        (lambda: cf.effective_parameters(np.eye(1), np.eye(1), np.eye(1), [1.0]), "d >= 1"),
        (lambda: cf.raw_population_loss(np.eye(4), np.eye(4), np.eye(4), np.ones(4), *GENERAL), r"head must have shape \(3,\)"),
        (lambda: cf.bayes_excess_exact(5, 3, -0.5), "noise_ratio must be finite and >= 0; got -0.5"),
        (lambda: cf.bayes_gap_exact(5, 3, 0.5, 0.0), "prior_variance must be finite and > 0"),
        (lambda: cf.bayes_excess_dimension_one(0, 1.0), "context_length"),
        (lambda: cf.bayes_excess_jensen_floor(5, 3, np.inf), "noise_ratio"),
        (lambda: cf.inefficiency_limit(5, 0.0), "noise_ratio must be finite and > 0"),
        (lambda: cf.icl_excess_limit(0.0, 1.0), "features_per_sample must be finite and > 0"),
        (lambda: cf.bayes_excess_marchenko_pastur(1.0, -1.0), "noise_to_signal must be finite and >= 0"),
        (lambda: cf.largest_step_limit(-1.0), "features_per_sample"),
        (lambda: cf.largest_step(1, 3, 0.5), "context_length must be an integer >= 2"),
        (lambda: cf.largest_step(5, 3, 0.5, centring="naive"), "centring must be one of"),
        (lambda: cf.squared_norm_moment("cauchy", 3), "law must be one of 'gaussian'"),
        (lambda: cf.squared_norm_moment_from_kurtosis(3, 0.9), "kurtosis must be finite and >= 1; got 0.9"),
        (lambda: cf.squared_norm_moment_student(3, 4.0), "degrees_of_freedom must be finite and > 4; got 4.0; the fourth moment does not exist"),
        (lambda: cf.optimal_learning_rate_from_moments(3, 0.5, 1.0), "squared_norm_moment must be finite and >= 1"),
        (lambda: cf.optimal_learning_rate_from_moments(3, 5.0, -1.0), "noise_ratio must be finite and >= 0"),
        (lambda: cf.minimum_loss_from_moments(3, 4, [5.0, 3.0], 0.5), "squared_norm_moment must be >= dimension"),
        (lambda: cf.nonlinear_teacher_moments("softplus", 3), "link must be one of 'linear'"),
        (lambda: cf.nonlinear_teacher_moments("relu", 0), "dimension must be an integer >= 1"),
        (lambda: cf.relu_network_moments(1.5), "dimension"),
        (lambda: cf.optimal_learning_rate_nonlinear(-1.0, 2.0, 3, 4, 0.5), "linear_power must be finite and >= 0"),
        (lambda: cf.optimal_learning_rate_nonlinear(2.0, 1.0, 3, 4, 0.5), "weighted_power must be >= linear_power"),
        (lambda: cf.nonlinear_minimum_loss(1.0, 5.0, -1.0, 3, 4, 0.5), "power must be finite and >= 0"),
        (lambda: cf.nonlinear_population_loss(V, M, 4, cf.relu_network_moments(2), 0.5), "must have a fourth_moment"),
        (lambda: cf.nonlinear_population_loss(V, np.zeros((2, 2)), 4, cf.nonlinear_teacher_moments("sign", 2), 0.5), "key_query_matrix"),
        (lambda: cf.nonlinear_population_loss([1.0], np.zeros((1, 0)), 4, cf.nonlinear_teacher_moments("sign", 1), 0.5), "d >= 1"),
        (lambda: cf.prior_mean_even_correlation(np.eye(3), 4, [1.0, 0.0], 0.5), r"preconditioner must have shape \(2, 2\)"),
        (lambda: cf.prior_mean_gradient(0.0, EYE, 4, [1.0, 0.0], 0.5), "scale must be a finite number other than 0"),
        (lambda: cf.global_minimiser(4, 2, 0.5, 0.0), "scale must be a finite number other than 0"),
        (lambda: cf.rank_one_point(4, 2, 0.5, 0.0), "scale must be a finite number other than 0"),
        (lambda: cf.rank_one_stability_ratio(4, 1, 0.5), "dimension must be an integer >= 2"),
        (lambda: cf.rank_one_threshold_noise_variance(4, 1), "dimension must be an integer >= 2"),
        (lambda: cf.rank_one_excess(0, 2, 0.5), "context_length"),
        (lambda: cf.rank_one_loss(3, 2, -0.5), "noise_variance"),
        (lambda: cf.spurious_minimum(4, 1, 0.5), "dimension must be an integer >= 2"),
        (lambda: cf.spurious_minimum(4, 2, [0.5, 1.0]), "noise_variance must be one number"),
        (lambda: cf.spurious_excess_limit(10, 1), "dimension must be an integer >= 2"),
        (lambda: cf.balanced_start(0.0, 3), "initial_step must be finite and > 0"),
        (lambda: cf.balanced_start([0.1, 0.2], 3), "initial_step"),
        (lambda: cf.gradient_flow_logistic(-1.0, 0.1, 4, 2, 0.5), "time must be finite and >= 0"),
        (lambda: cf.balanced_raw_start(-0.1, 3), "initial_step must be finite and > 0"),
        (lambda: cf.raw_gradient_flow_time(0.2, 0.01, 4, 2, 0.5), "step must lie between initial_step and the optimal learning rate"),
        (lambda: cf.raw_gradient_flow_time(0.01, 0.02, 4, 2, 0.5), "step must lie between"),
        (lambda: cf.layer_imbalance(V, np.zeros((2, 2))), r"key_query_matrix must have shape \(3, 2\)"),
        (lambda: cf.excess_at_test_length(0, 4, 2, 0.5), "test_length must be an integer >= 1"),
        (lambda: cf.plain_step_loss(np.nan, 4, 2, 0.5), "learning_rate must be finite"),
    ],
)
def test_other_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_all_is_what_a_star_import_gives() -> None:
    assert len(set(cf.__all__)) == len(cf.__all__)
    assert all(hasattr(cf, name) for name in cf.__all__)
