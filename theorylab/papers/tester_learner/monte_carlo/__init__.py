"""Samplers of tester_learner (arXiv:2302.14853): planes, bands, descents, null laws, and whole runs of the learner and its tests."""

from __future__ import annotations

from theorylab.papers.tester_learner.monte_carlo.band_plane import sample_band_flips, sample_band_gradient, sample_band_moments, sample_worst_flips
from theorylab.papers.tester_learner.monte_carlo.certificates import (
    sample_certificate,
    sample_direction_bound,
    sample_far_points,
    sample_right_angle_certificate,
    sample_strip_bound,
)
from theorylab.papers.tester_learner.monte_carlo.descents import (
    sample_descent_angles,
    sample_descent_path,
    sample_local_angles,
    sample_oriented_descent,
)
from theorylab.papers.tester_learner.monte_carlo.flipped_plane import sample_flipped_errors
from theorylab.papers.tester_learner.monte_carlo.marginals import MARGINALS, sample_marginal
from theorylab.papers.tester_learner.monte_carlo.null_laws import sample_extreme_eigenvalues, sample_null_report, sample_null_report_raw
from theorylab.papers.tester_learner.monte_carlo.pinch_power import sample_hermite_squares, sample_pinch_power
from theorylab.papers.tester_learner.monte_carlo.plane import NOISES, sample_plane, sample_space_gradient
from theorylab.papers.tester_learner.monte_carlo.runs import sample_runs, simulate_grid
from theorylab.papers.tester_learner.monte_carlo.scenarios import LABEL_NOISES, SCENARIOS, Scenario, draw_scenario, sample_labels

__all__ = [
    "LABEL_NOISES",
    "MARGINALS",
    "NOISES",
    "SCENARIOS",
    "Scenario",
    "draw_scenario",
    "sample_band_flips",
    "sample_band_gradient",
    "sample_band_moments",
    "sample_certificate",
    "sample_descent_angles",
    "sample_descent_path",
    "sample_direction_bound",
    "sample_extreme_eigenvalues",
    "sample_far_points",
    "sample_flipped_errors",
    "sample_hermite_squares",
    "sample_labels",
    "sample_local_angles",
    "sample_marginal",
    "sample_null_report",
    "sample_null_report_raw",
    "sample_oriented_descent",
    "sample_pinch_power",
    "sample_plane",
    "sample_right_angle_certificate",
    "sample_runs",
    "sample_space_gradient",
    "sample_strip_bound",
    "sample_worst_flips",
    "simulate_grid",
]
