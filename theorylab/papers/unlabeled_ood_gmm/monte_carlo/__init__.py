"""Simulators of arXiv:2310.00027, word for word and by exact shortcuts, grouped by theme; none uses a closed form of the paper."""

from __future__ import annotations

from theorylab.papers.unlabeled_ood_gmm.monte_carlo.attacks import sample_attacked_errors, sample_linear_errors
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.contamination import sample_contaminated_angles
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.direction_estimators import (
    draw_aligned_features,
    sample_direction_errors,
    sample_direction_errors_raw,
)
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.domain_distance import sample_sorted_distance, sample_total_variation
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.dro import sample_margins, sample_robust_risk, transport_program
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.mean_classifier import sample_mean_rule, sample_mean_rule_raw, sample_shifted_mean_rule
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.message_passing import sample_message_passing
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.mixture_fits import absolute_direction, leading_direction, mixture_mean
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.paired_rules import sample_paired_rules
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.plane_erm import fewest_errors_angle, sample_plane_erm
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.plane_ramp import plane_ramp_angle, sample_plane_ramp
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.posterior_rule import log_sphere_integral, sample_posterior_rule
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.robust_self_training import sample_self_trained_risk, sample_test_selected_risk
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.scatter_lda import sample_scatter_rules
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.self_training import sample_pseudo_label_step, sample_pseudo_label_step_raw
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.spectral import sample_spectral_rule, sample_spectral_rule_raw
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.unlabeled_ramp import sample_unlabeled_ramp
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.weighted import (
    sample_joint_excess,
    sample_sign_votes,
    sample_weighted_excess,
    sample_weighted_excess_raw,
)

__all__ = [
    "absolute_direction",
    "draw_aligned_features",
    "fewest_errors_angle",
    "leading_direction",
    "log_sphere_integral",
    "mixture_mean",
    "plane_ramp_angle",
    "sample_attacked_errors",
    "sample_contaminated_angles",
    "sample_direction_errors",
    "sample_direction_errors_raw",
    "sample_joint_excess",
    "sample_linear_errors",
    "sample_margins",
    "sample_mean_rule",
    "sample_mean_rule_raw",
    "sample_message_passing",
    "sample_paired_rules",
    "sample_plane_erm",
    "sample_plane_ramp",
    "sample_posterior_rule",
    "sample_pseudo_label_step",
    "sample_pseudo_label_step_raw",
    "sample_robust_risk",
    "sample_scatter_rules",
    "sample_self_trained_risk",
    "sample_shifted_mean_rule",
    "sample_sign_votes",
    "sample_sorted_distance",
    "sample_spectral_rule",
    "sample_spectral_rule_raw",
    "sample_test_selected_risk",
    "sample_total_variation",
    "sample_unlabeled_ramp",
    "sample_weighted_excess",
    "sample_weighted_excess_raw",
    "transport_program",
]
