"""Closed forms of arXiv:2310.00027 and of what lies behind its bounds: pure functions of the parameters, grouped by theme."""

from __future__ import annotations

from theorylab.papers.unlabeled_ood_gmm.closed_form.alignment_law import alignment_expectation, robust_mean_classifier_risk
from theorylab.papers.unlabeled_ood_gmm.closed_form.anisotropy import PlaneChoice, anisotropy_threshold, unlabeled_plane_choice
from theorylab.papers.unlabeled_ood_gmm.closed_form.chernoff_law import ChernoffMoments, chernoff_density, chernoff_moments
from theorylab.papers.unlabeled_ood_gmm.closed_form.contamination import (
    contaminated_absolute_angle,
    contaminated_leading_angle,
    contaminated_ramp_angle,
    contaminated_ramp_angle_bound,
    ramp_excess,
)
from theorylab.papers.unlabeled_ood_gmm.closed_form.domain_distance import (
    mean_absolute_margin,
    mean_shift_per_wasserstein,
    mixture_total_variation,
    mixture_wasserstein1,
)
from theorylab.papers.unlabeled_ood_gmm.closed_form.empirical_risk_minimiser import erm_angle_constant, erm_angle_scale, erm_cube_root_constant
from theorylab.papers.unlabeled_ood_gmm.closed_form.linear_risk import Margins, bayes_direction, bayes_risk, linear_risk, margins_of
from theorylab.papers.unlabeled_ood_gmm.closed_form.mean_classifier import (
    inner_product_sign_probability,
    mean_classifier_excess,
    mean_classifier_risk,
    out_of_domain_mean_risk,
)
from theorylab.papers.unlabeled_ood_gmm.closed_form.mean_classifier_limits import mean_classifier_excess_leading, mean_classifier_proportional_limit
from theorylab.papers.unlabeled_ood_gmm.closed_form.mean_classifier_series import mean_classifier_risk_series
from theorylab.papers.unlabeled_ood_gmm.closed_form.ramp import expected_ramp_loss, expected_unlabeled_ramp, ramp_loss
from theorylab.papers.unlabeled_ood_gmm.closed_form.robust_risk import RobustClassifier, adversarial_linear_risk, optimal_robust_classifier
from theorylab.papers.unlabeled_ood_gmm.closed_form.sample_worth import (
    break_even_shift,
    known_direction_excess,
    optimal_labeled_weight,
    proportional_break_even_shift,
    semisupervised_excess,
    unlabeled_direction_excess,
    weighted_excess,
)
from theorylab.papers.unlabeled_ood_gmm.closed_form.scatter_lda import labeled_lda_risk, total_scatter_lda_risk
from theorylab.papers.unlabeled_ood_gmm.closed_form.self_training import labeled_overlap, self_training_overlap
from theorylab.papers.unlabeled_ood_gmm.closed_form.smoothing import best_smoothing_bound, smoothing_gap, smoothing_gap_leading, smoothing_prefactor
from theorylab.papers.unlabeled_ood_gmm.closed_form.spectral import sign_error, spectral_overlap, spectral_risk
from theorylab.papers.unlabeled_ood_gmm.closed_form.state_evolution import (
    Overlaps,
    known_shift_overlap,
    semisupervised_overlap,
    shifted_semisupervised_overlap,
)
from theorylab.papers.unlabeled_ood_gmm.closed_form.theorem_bounds import (
    TheoremBound,
    corollary_dimension_free_sizes,
    corollary_error_sizes,
    corollary_shift,
    corollary_unlabeled_size,
    sufficient_unlabeled_size,
    theorem_nonrobust_bound,
    theorem_robust_bound,
)
from theorylab.papers.unlabeled_ood_gmm.closed_form.unlabeled_information import mean_tanh, unlabeled_information
from theorylab.papers.unlabeled_ood_gmm.closed_form.unlabeled_term import pca_efficiency, ramp_efficiency, ramp_meets_pca
from theorylab.papers.unlabeled_ood_gmm.closed_form.wasserstein import (
    EmpiricalDRO,
    PopulationDRO,
    dro_bias_coefficient,
    wasserstein_dro_dual,
    wasserstein_dro_empirical,
    wasserstein_dro_risk,
)

__all__ = [
    "ChernoffMoments",
    "EmpiricalDRO",
    "Margins",
    "Overlaps",
    "PlaneChoice",
    "PopulationDRO",
    "RobustClassifier",
    "TheoremBound",
    "adversarial_linear_risk",
    "alignment_expectation",
    "anisotropy_threshold",
    "bayes_direction",
    "bayes_risk",
    "best_smoothing_bound",
    "break_even_shift",
    "chernoff_density",
    "chernoff_moments",
    "contaminated_absolute_angle",
    "contaminated_leading_angle",
    "contaminated_ramp_angle",
    "contaminated_ramp_angle_bound",
    "corollary_dimension_free_sizes",
    "corollary_error_sizes",
    "corollary_shift",
    "corollary_unlabeled_size",
    "dro_bias_coefficient",
    "erm_angle_constant",
    "erm_angle_scale",
    "erm_cube_root_constant",
    "expected_ramp_loss",
    "expected_unlabeled_ramp",
    "inner_product_sign_probability",
    "known_direction_excess",
    "known_shift_overlap",
    "labeled_lda_risk",
    "labeled_overlap",
    "linear_risk",
    "margins_of",
    "mean_absolute_margin",
    "mean_classifier_excess",
    "mean_classifier_excess_leading",
    "mean_classifier_proportional_limit",
    "mean_classifier_risk",
    "mean_classifier_risk_series",
    "mean_shift_per_wasserstein",
    "mean_tanh",
    "mixture_total_variation",
    "mixture_wasserstein1",
    "optimal_labeled_weight",
    "optimal_robust_classifier",
    "out_of_domain_mean_risk",
    "pca_efficiency",
    "proportional_break_even_shift",
    "ramp_efficiency",
    "ramp_excess",
    "ramp_loss",
    "ramp_meets_pca",
    "robust_mean_classifier_risk",
    "self_training_overlap",
    "semisupervised_excess",
    "semisupervised_overlap",
    "shifted_semisupervised_overlap",
    "sign_error",
    "smoothing_gap",
    "smoothing_gap_leading",
    "smoothing_prefactor",
    "spectral_overlap",
    "spectral_risk",
    "sufficient_unlabeled_size",
    "theorem_nonrobust_bound",
    "theorem_robust_bound",
    "total_scatter_lda_risk",
    "unlabeled_direction_excess",
    "unlabeled_information",
    "unlabeled_plane_choice",
    "wasserstein_dro_dual",
    "wasserstein_dro_empirical",
    "wasserstein_dro_risk",
    "weighted_excess",
]
