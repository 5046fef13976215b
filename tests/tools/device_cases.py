"""Every sampler of every paper with parameters for which a block is small: the list that the tests of the device walk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theorylab.papers.aggregate_responses import monte_carlo as aggregate_responses
from theorylab.papers.inductive_bias import monte_carlo as inductive_bias
from theorylab.papers.naive_bayes_logistic import monte_carlo as naive_bayes_logistic
from theorylab.papers.one_step_gd import monte_carlo as one_step_gd
from theorylab.papers.pac_invariance import monte_carlo as pac_invariance
from theorylab.papers.tester_learner import monte_carlo as tester_learner
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as unlabeled_ood_gmm

__all__ = ["CASES", "ONE_FETCH", "PACKAGES", "WAITING", "Case"]

PACKAGES = {
    "aggregate_responses": aggregate_responses,
    "inductive_bias": inductive_bias,
    "naive_bayes_logistic": naive_bayes_logistic,
    "one_step_gd": one_step_gd,
    "pac_invariance": pac_invariance,
    "tester_learner": tester_learner,
    "unlabeled_ood_gmm": unlabeled_ood_gmm,
}

Case = tuple[Callable[..., Any], dict[str, Any]]

LAYER = {"value_vector": (0.3, -0.2, 0.5), "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.1, -0.05))}
COVARIANCES = {"feature_covariance": ((1.0, 0.3), (0.3, 0.6)), "task_covariance": ((2.0, -0.5), (-0.5, 1.0))}
PROMPT = {"context_length": 3, "noise_variance": 0.5}
PLAIN = PROMPT | {"dimension": 2}
STEPS = (((0.2, 0.0), (0.0, 0.2)), ((0.1, 0.05), (0.0, 0.3)))
RAW = dict(zip(("key_weights", "query_weights", "value_weights", "head"), one_step_gd.raw_weights(**LAYER), strict=True))

ONE_STEP_GD: list[Case] = [
    (one_step_gd.sample_layer_losses, RAW | PROMPT | COVARIANCES | {"include_query": True}),
    (one_step_gd.sample_prompt_losses, LAYER | PROMPT | COVARIANCES | {"prior_mean": (1.0, 0.5)}),
    (one_step_gd.sample_pythagoras, LAYER | PROMPT | COVARIANCES | {"preconditioner": STEPS[1]}),
    (one_step_gd.sample_bayes_distance, LAYER | PROMPT | COVARIANCES),
    (one_step_gd.sample_bayes_distance, LAYER | PROMPT | {"context_length": 1, "noise_variance": 0.0}),
    (
        one_step_gd.sample_prompt_terms,
        PLAIN | {"covariate_law": "student_t", "student_degrees_of_freedom": 20.0, "prior": "one_hot", "noise_law": "rademacher"},
    ),
    (one_step_gd.sample_prompt_terms, PLAIN | {"covariate_law": "sphere"}),
    (one_step_gd.sample_learning_rate_terms, PLAIN | {"prior_variance": 2.5}),
    (one_step_gd.sample_learning_rate_terms, PLAIN | {"noise_variance": 0.0, "estimate": "task"}),
    (one_step_gd.sample_bayes_gap, PLAIN | {"learning_rate": 0.15}),
    (one_step_gd.sample_preconditioner_errors, PROMPT | COVARIANCES | {"preconditioners": STEPS}),
    (one_step_gd.sample_conditional_preconditioner_errors, PROMPT | COVARIANCES | {"preconditioners": STEPS}),
    (one_step_gd.sample_query_bias_gradient, PROMPT | {"prior_mean": (1.0, 0.5), "preconditioner": STEPS[0]}),
    (one_step_gd.sample_wishart_traces, {"context_length": 3, "dimension": 2}),
    (one_step_gd.sample_test_length_excess, PLAIN | {"test_length": 5, "learning_rate": 0.15}),
    (one_step_gd.sample_bayes_excess, PLAIN | {"context_length": 6, "dimension": 4}),
    (one_step_gd.sample_largest_step, {"context_length": 5, "dimension": 4, "learning_rate": 0.15}),
    (one_step_gd.sample_covariate_traces, {"context_length": 3, "dimension": 2, "covariate_law": "laplace"}),
    (one_step_gd.sample_teacher_terms, PLAIN | {"link": "relu", "symmetrised": True}),
    (one_step_gd.sample_raw_teacher_terms, PLAIN | {"link": "tanh"}),
    (one_step_gd.sample_teacher_losses, LAYER | PROMPT | {"link": "sign"}),
    (one_step_gd.sample_network_terms, PLAIN | {"width": 3, "output_law": "gaussian"}),
    (one_step_gd.sample_descent_outcomes, PLAIN | {"initial_scale": 0.2}),
    (one_step_gd.sample_trained_layers, PLAIN | {"batch_size": 8, "steps": 5}),
]

BAGS = {"sample_size": 12, "dimension": 4, "bag_size": 3}
MORE_BAGS = BAGS | {"sample_size": 24}
WEIGHTS = {"weights": (0.0, 0.4, 1.0)}

AGGREGATE_RESPONSES: list[Case] = [
    (aggregate_responses.sample_raw_risk, BAGS | WEIGHTS),
    (aggregate_responses.sample_raw_risk, {"sample_size": 4, "dimension": 8, "bag_size": 2, "weights": (0.0, 0.4)}),
    (aggregate_responses.sample_wishart_risk, MORE_BAGS | WEIGHTS),
    (aggregate_responses.sample_jacobi_risk, MORE_BAGS | WEIGHTS),
    (aggregate_responses.sample_jacobi_risk, {"sample_size": 12, "dimension": 6, "bag_size": 3, "weights": (0.2, 0.4)}),
    (aggregate_responses.sample_conditional_risk, BAGS | WEIGHTS),
    (aggregate_responses.sample_ridge_risk, BAGS | WEIGHTS | {"penalty": 0.3}),
    (aggregate_responses.sample_bag_level_variance, BAGS),
    (aggregate_responses.sample_instance_parts, BAGS),
    (aggregate_responses.sample_least_variance_risk, BAGS | {"dimension": 6}),
    (aggregate_responses.sample_overlapping_bags, {"sample_size": 24, "dimension": 3, "bag_size": 4, "overlap": 2}),
    (aggregate_responses.sample_private_risk, BAGS | {"weight": 0.4, "clip": 2.0, "laplace_scale": 0.5}),
    (aggregate_responses.sample_private_releases, {"label": 3.0, "clip": 2.0, "bag_size": 3, "laplace_scale": 0.5}),
    (aggregate_responses.sample_gaussian_releases, {"label": 3.0, "clip": 2.0, "bag_size": 3, "standard_deviation": 0.5}),
    (aggregate_responses.sample_diabetes_error, {"bag_size": 4, "weights": (0.0, 0.5), "clip": 2.0, "laplace_scale": 0.1}),
]

MIXTURE = {"gaps": (0.4, 0.9), "multiplicities": (6, 2)}
THREE = {"gaps": (0.6,), "multiplicities": (4,), "class_positions": (0.0, 1.5, 3.0)}
DISTANCE = {"dimension": 3, "mahalanobis_distance": 1.0, "sample_size": 120}

NAIVE_BAYES_LOGISTIC: list[Case] = [
    (naive_bayes_logistic.sample_naive_bayes_error, MIXTURE | {"variance": "known", "sample_size": 9}),
    (naive_bayes_logistic.sample_naive_bayes_error, MIXTURE | {"variance": "class", "class_counts": (4, 7)}),
    (naive_bayes_logistic.sample_naive_bayes_error, THREE | {"variance": "pooled", "sample_size": 12}),
    (naive_bayes_logistic.sample_naive_bayes_error_raw, MIXTURE | {"variance": "pooled", "sample_size": 9}),
    (naive_bayes_logistic.sample_naive_bayes_error_raw, THREE | {"variance": "class", "class_counts": (5, 4, 6), "pair_correlation": 0.3}),
    (naive_bayes_logistic.sample_stopping_size, MIXTURE | {"target_error": 0.25, "step": 4}),
    (naive_bayes_logistic.sample_stopping_size, THREE | {"target_error": 0.4, "step": 6, "averaged_fits": 2, "test_points": 60}),
    (naive_bayes_logistic.sample_logistic_error, MIXTURE | {"ridge": 1.0, "sample_size": 20}),
    (naive_bayes_logistic.sample_logistic_error, THREE | {"ridge": 1.0, "sample_size": 20, "test_points": 32}),
    (naive_bayes_logistic.sample_isotropic_logistic_error, {"gaps": (0.4,), "multiplicities": (30,), "ridge": 1.0, "class_counts": (4, 4)}),
    (naive_bayes_logistic.sample_logistic_stopping_size, MIXTURE | {"target_error": 0.25, "step": 6}),
    (naive_bayes_logistic.sample_paired_errors, MIXTURE | {"pair_correlation": 0.4, "ridge": 1.0, "class_counts": (10, 10), "partner_scale": 0.7}),
    (naive_bayes_logistic.sample_proportional_logistic, {"half_distance": 1.0, "sample_size": 60, "dimension": 6}),
    (naive_bayes_logistic.sample_separability, {"sample_size": 8, "dimension": 3, "half_distance": 0.5, "fit_intercept": True}),
    (naive_bayes_logistic.sample_logistic_excess, DISTANCE | {"random_counts": True}),
    (naive_bayes_logistic.sample_multinomial_loss_excess, THREE | {"gaps": (0.3,), "sample_size": 200, "test_points": 16}),
    (naive_bayes_logistic.sample_score_squares, DISTANCE | {"random_counts": False}),
    (naive_bayes_logistic.sample_rademacher_average, DISTANCE | {"class_count": 3}),
    (naive_bayes_logistic.sample_score_gaps, THREE | {"shift": 0.2, "compared": (0, 2)}),
    (naive_bayes_logistic.sample_log_odds_errors, MIXTURE | {"variance": "pooled", "class_counts": (9, 8)}),
    (naive_bayes_logistic.sample_parameter_errors, {"class_count": 2, "dimension": 5, "sample_size": 12}),
    (naive_bayes_logistic.sample_parameter_errors_raw, {"class_count": 2, "dimension": 5, "class_counts": (6, 7)}),
    (naive_bayes_logistic.sample_largest_mean_error, {"dimension": 20, "sample_size": 12}),
    (naive_bayes_logistic.sample_largest_variance_error, {"dimension": 20, "degrees_of_freedom": 12.0}),
    (naive_bayes_logistic.sample_collinear_classes, THREE),
    (
        naive_bayes_logistic.sample_correlated_classes,
        {"class_means": ((0.0, 0.0), (1.0, 0.5)), "covariance": ((1.0, 0.3), (0.3, 1.0)), "label": 1},
    ),
    (naive_bayes_logistic.sample_library_error, MIXTURE | {"class_counts": (8, 9)}),
    (naive_bayes_logistic.sample_digits_error, {"sample_size": 60, "digits": (3, 8)}),
]

SHIFTED = {"half_distance": 1.2, "shifted_half_distance": 1.5, "alignment": 0.7}
BOTH = {"dimension": 6, "labeled_size": 8, "unlabeled_size": 30}

UNLABELED_OOD_GMM: list[Case] = [
    (unlabeled_ood_gmm.sample_mean_rule, {"dimension": 6, "labeled_size": 8, "half_distance": 1.2, "radius": 0.1}),
    (unlabeled_ood_gmm.sample_mean_rule_raw, {"mean": (1.0, 0.5), "labeled_size": 8, "test_size": 5, "labeled_mean": (0.7, 0.7), "radius": 0.1}),
    (unlabeled_ood_gmm.sample_shifted_mean_rule, {"dimension": 6, "labeled_size": 8} | SHIFTED),
    (unlabeled_ood_gmm.sample_paired_rules, {"dimension": 6, "labeled_size": 20, "half_distance": 1.2, "ridge": 0.5}),
    (unlabeled_ood_gmm.sample_posterior_rule, {"dimension": 6, "labeled_size": 8, "half_distance": 1.2}),
    (unlabeled_ood_gmm.sample_message_passing, BOTH | SHIFTED | {"iterations": 5}),
    (unlabeled_ood_gmm.sample_direction_errors, {"dimension": 6, "sample_size": 40, "half_distance": 1.2}),
    (unlabeled_ood_gmm.sample_direction_errors_raw, {"dimension": 3, "sample_size": 12, "half_distance": 1.2}),
    (unlabeled_ood_gmm.sample_plane_erm, {"labeled_size": 15, "half_distance": 1.2}),
    (unlabeled_ood_gmm.sample_plane_ramp, {"sample_size": 12, "mean": (1.0, 0.5), "threshold": 0.8, "deviations": (1.0, 0.7)}),
    (
        unlabeled_ood_gmm.sample_contaminated_angles,
        {"sample_size": 12, "half_distance": 1.2, "threshold": 0.8, "contamination": 0.1, "outlier_length": 5.0},
    ),
    (unlabeled_ood_gmm.sample_self_trained_risk, BOTH | SHIFTED | {"unlabeled_weight": 0.5}),
    (unlabeled_ood_gmm.sample_test_selected_risk, {"dimension": 6, "candidates": 5, "half_distance": 1.2}),
    (unlabeled_ood_gmm.sample_scatter_rules, BOTH | {"half_distance": 1.2, "scale_ratio": 1.5}),
    (unlabeled_ood_gmm.sample_pseudo_label_step, BOTH | SHIFTED),
    (unlabeled_ood_gmm.sample_pseudo_label_step_raw, BOTH | SHIFTED),
    (unlabeled_ood_gmm.sample_spectral_rule, BOTH | SHIFTED),
    (unlabeled_ood_gmm.sample_spectral_rule_raw, BOTH | SHIFTED),
    (unlabeled_ood_gmm.sample_sorted_distance, {"sample_size": 12, "mean_norm0": 1.0, "mean_norm1": 1.4}),
    (unlabeled_ood_gmm.sample_total_variation, {"mean_norm0": 1.0, "mean_norm1": 1.4, "dimension": 3}),
    (unlabeled_ood_gmm.sample_unlabeled_ramp, {"dimension": 4, "mean_length": 1.2, "alignments": (1.0, 0.5), "threshold": 0.8}),
    (unlabeled_ood_gmm.sample_sign_votes, {"dimension": 6, "labeled_size": 8, "half_distance": 1.2, "alignment": 0.7}),
    (unlabeled_ood_gmm.sample_joint_excess, BOTH | {"half_distance": 1.2, "score_scale": 2.0}),
    (unlabeled_ood_gmm.sample_weighted_excess, BOTH | {"half_distance": 1.2, "shift": 0.5, "labeled_weight": 0.4, "score_scale": 2.0}),
    (unlabeled_ood_gmm.sample_weighted_excess_raw, BOTH | {"half_distance": 1.2, "shift": 0.5, "labeled_weight": 0.4}),
    (
        unlabeled_ood_gmm.sample_attacked_errors,
        {"directions": ((1.0, 0.2), (0.5, 1.0)), "mean": (1.0, 0.5), "radius": 0.3, "norm": "linf", "steps": 3},
    ),
    (
        unlabeled_ood_gmm.sample_linear_errors,
        {"directions": ((1.0, 0.2), (0.5, 1.0)), "mean": (1.0, 0.5), "covariance": ((1.0, 0.2), (0.2, 0.5))},
    ),
    (unlabeled_ood_gmm.sample_margins, {"margin_mean": 1.0, "margin_deviation": 0.7}),
    (unlabeled_ood_gmm.sample_robust_risk, {"sample_size": 12, "margin_mean": 1.0, "margin_deviation": 0.7, "radius": 0.2, "slope": 1.0}),
]

RAMP = {"ramp_width": 0.3, "noise_rate": 0.1}
RUN = {"scenario": "gaussian", "dimension": 3, "sample_size": 400} | RAMP

TESTER_LEARNER: list[Case] = [
    (tester_learner.sample_plane, RAMP | {"angle": 0.3}),
    (tester_learner.sample_space_gradient, RAMP | {"angle": 0.3, "sample_size": 50}),
    (tester_learner.sample_band_flips, {"angle": 0.3, "ramp_width": 0.3, "flip_threshold": 0.5}),
    (tester_learner.sample_band_gradient, RAMP | {"angle": 0.3}),
    (tester_learner.sample_band_moments, {"half_width": 0.3, "dimension": 4}),
    (tester_learner.sample_worst_flips, {"angle": 0.3, "ramp_width": 0.3, "flipped_mass": 0.05, "sample_size": 50}),
    (tester_learner.sample_flipped_errors, {"angle": 0.3, "flip_threshold": 0.5, "where": "far"}),
    (tester_learner.sample_descent_angles, RAMP | {"dimension": 4, "sample_size": 60, "step": 0.1, "iterations": 20}),
    (
        tester_learner.sample_descent_path,
        RAMP | {"dimension": 4, "sample_size": 60, "step": 0.1, "iterations": 20, "start_angle": 0.3},
    ),
    (tester_learner.sample_local_angles, RAMP | {"dimension": 4, "sample_size": 60, "iterations": 20}),
    (tester_learner.sample_oriented_descent, RAMP | {"dimension": 4, "sample_size": 60, "trap_angle": 0.3}),
    (tester_learner.sample_extreme_eigenvalues, {"rows": 40, "dimension": 4}),
    (tester_learner.sample_null_report, {"sample_size": 4000, "dimension": 3, "ramp_width": 0.3}),
    (tester_learner.sample_null_report_raw, {"sample_size": 4000, "dimension": 3, "ramp_width": 0.3}),
    (tester_learner.sample_hermite_squares, {"degree": 4, "sample_size": 50}),
    (tester_learner.sample_pinch_power, {"dimension": 4, "sample_size": 200}),
    (tester_learner.sample_pinch_power, {"dimension": 4, "sample_size": 200, "turned": True}),
    (tester_learner.sample_certificate, RUN),
    (
        tester_learner.sample_direction_bound,
        {"scenario": "gaussian", "sample_size": 400, "angle": 0.3, "half_width": 0.3, "noise_rate": 0.1},
    ),
    (tester_learner.sample_far_points, {"angle": 0.3, "share": 0.05, "dimension": 3, "sample_size": 400, "ramp_width": 0.3}),
    (tester_learner.sample_right_angle_certificate, {"rows": 100, "dimension": 3, "noise_rate": 0.1}),
    (tester_learner.sample_strip_bound, {"marginal": "gaussian", "dimension": 3, "sample_size": 400, "angle": 0.3}),
    (tester_learner.sample_right_angle_certificate, {"rows": 2000, "dimension": 3, "noise_rate": 0.1}),
    (tester_learner.sample_strip_bound, {"marginal": "student", "dimension": 4, "sample_size": 300, "angle": 0.02, "tilted": False}),
    (tester_learner.sample_certificate, RUN | {"scenario": "pinched", "sample_size": 800, "start": "average", "ramp_width": 0.8}),
    (tester_learner.sample_runs, RUN | {"excess_error": 0.1}),
    (tester_learner.sample_runs, RUN | {"excess_error": 0.02, "scenario": "coupled_edge", "sample_size": 1000, "split": False}),
    (tester_learner.sample_runs, RUN | {"excess_error": 0.02, "scenario": "nodes", "ramp_width": 1.0, "start": "average"}),
    (tester_learner.sample_runs, RUN | {"excess_error": 0.1, "scenario": "uniform", "certificate": True}),
    (tester_learner.sample_runs, RUN | {"excess_error": 0.1, "scenario": "planar_lopsided", "sample_size": 1000, "ramp_width": 1.0, "search": True}),
]

PAC_INVARIANCE: list[Case] = [
    (pac_invariance.sample_core_heads, {"interventions": 12, "fresh": 20, "nodes": (1, 2)}),
    (pac_invariance.sample_core_heads, {"interventions": 12, "fresh": 20, "nodes": (1, 2, 4), "gap_kind": "excess_risk"}),
    (pac_invariance.sample_empirical_gap, {"sample_size": 50}),
    (pac_invariance.sample_empirical_gap, {"sample_size": 50, "route": "rows"}),
    (pac_invariance.sample_fixed_head, {"interventions": 12, "fresh": 20}),
    (pac_invariance.sample_gap_perturbation, {"sample_size": 50, "features": 2}),
    (pac_invariance.sample_hull, {"interventions": 12, "fresh": 20}),
    (pac_invariance.sample_invariant_risk, {"interventions": 12, "fresh": 20}),
    (pac_invariance.sample_largest_parent_gap, {"sample_size": 50, "interventions": 12, "threshold": 0.1}),
    (pac_invariance.sample_missing_mass, {"probabilities": (0.5, 0.3, 0.2), "interventions": 5}),
    (pac_invariance.sample_product_moments, {"first": 1, "second": 3}),
    (pac_invariance.sample_range_violation, {"interventions": 12, "fresh": 20, "density_ratio": 1.5}),
    (pac_invariance.sample_scalar_head, {"interventions": 12, "fresh": 20}),
    (pac_invariance.sample_shift_heads, {"interventions": 12, "fresh": 20, "features": 2}),
    (pac_invariance.sample_spurious_root, {"interventions": 12, "starts": 4}),
    (pac_invariance.sample_star_learner, {"probabilities": (0.5, 0.3, 0.2), "interventions": 5}),
    (pac_invariance.sample_subset_suprema, {"covariates": 5, "interventions": 12, "fresh": 20}),
    (pac_invariance.sample_uniform_violation, {"interventions": 12, "fresh": 20, "directions": 10}),
]

FIT = {"dimension": 2, "train": 3, "test": 4}
NETWORK = {"dimension": 2, "width": 5, "depth": 2, "nugget": 0.1}

INDUCTIVE_BIAS: list[Case] = [
    (inductive_bias.sample_errors, FIT),
    (inductive_bias.sample_errors, FIT | {"route": "functions", "outputs": 2}),
    (inductive_bias.sample_gamma_fit, FIT | {"hypotheses": 20, "target_error": 0.1}),
    (inductive_bias.sample_hits, {"probability": 0.01, "hypotheses": 100, "failure_probability": 0.2}),
    (inductive_bias.sample_near_fits, FIT | {"training_error": 0.01, "target_error": 0.1}),
    (inductive_bias.sample_half_planes, {"sample_size": 5, "target_error": 0.1}),
    (inductive_bias.sample_finite_width, NETWORK | {"train": 3, "test": 4, "target_errors": (0.1, 0.3)}),
    (inductive_bias.sample_width_errors, NETWORK | {"test": 4}),
    (inductive_bias.sample_trained_errors, FIT | {"width": 4, "steps": 5}),
    (inductive_bias.sample_last_particle, {"particles": 10, "nats": 2.0}),
    (inductive_bias.sample_splitting, FIT | {"target_error": 0.3, "particles": 20, "moves": 3}),
    (inductive_bias.sample_tilted_weight, FIT | {"target_error": 0.1, "tilt": 10.0, "nats": 9.0}),
]

CASES: dict[str, list[Case]] = {
    "aggregate_responses": AGGREGATE_RESPONSES,
    "inductive_bias": INDUCTIVE_BIAS,
    "naive_bayes_logistic": NAIVE_BAYES_LOGISTIC,
    "one_step_gd": ONE_STEP_GD,
    "pac_invariance": PAC_INVARIANCE,
    "tester_learner": TESTER_LEARNER,
    "unlabeled_ood_gmm": UNLABELED_OOD_GMM,
}

# The host waits once for the few statistics of each sample by which it decides.
ONE_FETCH = "fetches a few statistics of each sample at once"
# Samplers in which the host waits for the device, apart from their generator, and why; all others run through without a look.
WAITING: dict[str, str] = {
    "sample_band_moments": "draws again what is missing",
    **dict.fromkeys(("sample_naive_bayes_error_raw", "sample_parameter_errors_raw"), "checks its training sets"),
    **dict.fromkeys(("sample_stopping_size", "sample_logistic_stopping_size"), "walks on with those that have not stopped"),
    **dict.fromkeys(
        (
            "sample_digits_error",
            "sample_direction_errors",
            "sample_direction_errors_raw",
            "sample_isotropic_logistic_error",
            "sample_joint_excess",
            "sample_logistic_error",
            "sample_logistic_excess",
            "sample_multinomial_loss_excess",
            "sample_paired_errors",
            "sample_paired_rules",
            "sample_proportional_logistic",
            "sample_self_trained_risk",
            "sample_weighted_excess",
            "sample_weighted_excess_raw",
        ),
        "iterates until all have converged",
    ),
    **dict.fromkeys(
        (
            "sample_far_points",
            "sample_null_report",
            "sample_null_report_raw",
            "sample_pinch_power",
            "sample_right_angle_certificate",
            "sample_runs",
        ),
        ONE_FETCH,
    ),
    **dict.fromkeys(("sample_certificate", "sample_strip_bound"), "asks how many strips there are"),
    **dict.fromkeys(
        ("sample_core_heads", "sample_range_violation", "sample_scalar_head", "sample_shift_heads"),
        "checks that its programs were solved, and solves them on the host where numba cannot compile for the device",
    ),
    "sample_descent_outcomes": "descends on the host where numba cannot compile for the device",
    "sample_finite_width": "groups contours by their side, and asks for their length",
    "sample_gamma_fit": "solves one equation for each replicate on the host",
}
