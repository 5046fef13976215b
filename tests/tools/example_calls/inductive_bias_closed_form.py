"""Valid calls of what `theorylab.papers.inductive_bias.closed_form` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form.fitted_family import GammaFit
from theorylab.papers.inductive_bias.reference_tasks import Task

__all__ = ["EXAMPLES", "EXCEPTIONS"]


ERRORS = GeneralizedChiSquared([1.0, 0.5, 0.25], [1.0, 2.0, 1.0], [0.0, 1.0, 0.5])


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "brownian_small_ball": [{"target_error": 0.01}],
    "certified_bias_without_hits": [{"hypotheses": 10000, "failure_probability": 0.05}],
    "circle_required_bias": [{"left": 0.01679, "right": 0.01294, "target_error": 0.02}],
    "circle_version_space": [{"sample_size": 6}],
    "distinct_points_rate": [{"mean_square_target": 30.0, "target_error": 0.2}],
    "error_spectrum": [{"mean": [[1.0]], "covariance": [[0.0]], "test_targets": [[3.0]]}],
    "fourier_slope": [{"dimension": 1, "frequencies": 3, "points": 0, "outputs": 2}],
    "gamma_bias": [{"fit": GammaFit(shape=32.0, mean=1.0), "target_error": 0.1}],
    "gamma_shape": [{"log_mean_minus_mean_log": 0.5772}],
    "lattice_counts": [{"dimension": 1, "largest": 1000}],
    "occam_bound": [{"nats": 3.0, "sample_size": 10, "failure_probability": 0.1}],
    "sankaran_fallback_bias": [{"target_error": np.array([75.6, 126.0, 189.0]), "degrees": 30.0, "noncentrality": 12.0, "scale": 3.0}],
    "sankaran_score": [{"target_error": 0.05, "degrees": 49.94, "noncentrality": 0.0, "scale": 0.01947}],
    "scaled_noncentral_chi2_from_cumulants": [{"first": 1.0, "second": 1.0, "third": 1.51}],
    "sphere_cap_log_probability": [{"target_error": 0.2, "dimension": 3}],
    "task_distribution": [
        {
            "task": Task(
                inputs=np.array([[-0.7639], [0.4721], [-0.2918], [0.9443], [0.1803]]),
                targets=np.array([[0.04292], [0.5863], [0.8345], [-0.3124], [0.9357]]),
                train=2,
            )
        }
    ],
    "task_posterior": [
        {
            "task": Task(
                inputs=np.array([[-0.7639], [0.4721], [-0.2918], [0.9443], [0.1803]]),
                targets=np.array([[0.04292], [0.5863], [0.8345], [-0.3124], [0.9357]]),
                train=2,
            )
        }
    ],
    "tilting_relative_variance_limit": [{"degrees": 1}],
    "torus_small_ball": [{"smoothness": 0.7, "dimension": 3, "target_error": 0.01}],
    "torus_spectrum": [{"smoothness": 0.5, "dimension": 1, "largest": 3000}],
    "fitted_bias_limit": [{"distribution": ERRORS, "target_error": [0.5, 1.0]}],
    "fitted_bias_standard_deviation": [{"distribution": ERRORS, "target_error": 0.5, "hypotheses": [100, 1000]}],
    "gamma_fit_limit": [{"distribution": ERRORS}],
    "kl_inductive_bias": [{"distribution": ERRORS, "target_error": 0.5}],
    "radius_bound_bias": [{"distribution": ERRORS, "target_error": [0.5, 1.0], "radius": "largest"}],
    "required_inductive_bias": [{"distribution": ERRORS, "target_error": [0.5, 1.0]}],
    "small_ball_bias": [{"distribution": ERRORS, "target_error": [0.01, 0.02], "order": 1}],
    "three_parameter_standard_deviation": [{"degrees": 4.0, "noncentrality": 2.0, "target_error": 0.5, "hypotheses": [100, 1000]}],
    "tilted_law": [{"distribution": ERRORS, "tilt": 0.5}],
    "tilting_relative_variance": [{"distribution": ERRORS, "target_error": 0.5, "tilt": 1.0}],
}

EXCEPTIONS: dict[str, str] = {}
