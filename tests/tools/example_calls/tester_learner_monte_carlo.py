"""Valid calls of what `theorylab.papers.tester_learner.monte_carlo` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

DRAW: dict[str, Any] = {"rng": np.random.default_rng(1), "size": 2}

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "draw_scenario": [{"rng": np.random.default_rng(1), "name": "slab", "sample_size": 4000, "dimension": 4, "ramp_width": 0.5, "noise_rate": 0.2}],
    "sample_band_flips": [{"rng": np.random.default_rng(1), "size": 600, "angle": 0.3, "ramp_width": 0.5, "flip_threshold": 1.0}],
    "sample_band_gradient": [
        {
            "rng": np.random.default_rng(1),
            "size": 50000,
            "angle": 0.4,
            "ramp_width": 0.8,
            "noise_rate": 0.2,
            "noise": "oriented",
            "loss": "smooth_ramp",
        }
    ],
    "sample_band_moments": [{"rng": np.random.default_rng(1), "size": 600, "half_width": 0.5, "dimension": 3}],
    "sample_descent_angles": [
        {
            "rng": np.random.default_rng(1),
            "size": 600,
            "dimension": 4,
            "sample_size": 400,
            "ramp_width": 0.5,
            "noise_rate": 0.1,
            "step": 0.5,
            "iterations": 30,
        }
    ],
    "sample_extreme_eigenvalues": [{"rng": np.random.default_rng(1), "size": 600, "rows": 20, "dimension": 4}],
    "sample_flipped_errors": [{"rng": np.random.default_rng(1), "size": 600, "angle": 0.5, "flip_threshold": 0.3, "where": "near"}],
    "sample_hermite_squares": [{"rng": np.random.default_rng(1), "size": 30, "degree": 3, "sample_size": 7}],
    "sample_marginal": [{"name": "slab", "sample_size": 4000, "dimension": 4, "rng": np.random.default_rng(1)}],
    "sample_null_report": [
        {"rng": np.random.default_rng(1), "size": 1200, "sample_size": 900, "dimension": 3, "ramp_width": 1.0, "failure_probability": 0.9}
    ],
    "sample_pinch_power": [
        {
            "rng": np.random.default_rng(1),
            "size": 60,
            "dimension": 6,
            "sample_size": 700,
            "half_width": 0.3,
            "factor": 0.4,
            "level": 0.2,
            "turned": True,
        }
    ],
    "sample_plane": [
        {"rng": np.random.default_rng(1), "size": 600, "angle": 0.3, "ramp_width": 0.5, "noise_rate": 0.2},
        {"rng": np.random.default_rng(1), "size": 400000, "angle": 0.4, "ramp_width": 0.8, "noise_rate": 0.2, "noise": "oriented"},
    ],
    "sample_runs": [
        {
            "rng": np.random.default_rng(1),
            "size": 3,
            "scenario": "slab",
            "dimension": 4,
            "sample_size": 4000,
            "ramp_width": 0.5,
            "noise_rate": 0.2,
            "excess_error": 0.05,
            "search": True,
            "certificate": True,
        }
    ],
    "sample_space_gradient": [{"rng": np.random.default_rng(1), "size": 600, "angle": 0.3, "ramp_width": 0.5, "noise_rate": 0.2}],
    "sample_worst_flips": [{"rng": np.random.default_rng(1), "size": 600, "angle": 0.3, "ramp_width": 0.5, "flipped_mass": 0.01, "sample_size": 100}],
    "simulate_grid": [
        {
            "rng": np.random.default_rng(1),
            "scenarios": ["gaussian", "slab"],
            "replicates": 3,
            "dimension": 4,
            "sample_size": 4000,
            "ramp_width": 0.5,
            "noise_rate": 0.2,
            "excess_error": 0.05,
            "search": True,
            "certificate": True,
        }
    ],
    "sample_certificate": [
        {
            **DRAW,
            "scenario": "gaussian",
            "dimension": 2,
            "sample_size": 60,
            "ramp_width": 0.5,
            "noise_rate": 0.1,
            "failure_probability": 0.1,
            "start": "axis",
        }
    ],
    "sample_descent_path": [
        {
            **DRAW,
            "dimension": 2,
            "sample_size": 60,
            "ramp_width": 0.5,
            "noise_rate": 0.1,
            "step": 0.1,
            "iterations": 3,
            "start_angle": 1.0,
        }
    ],
    "sample_direction_bound": [
        {
            "rng": np.random.default_rng(1),
            "size": 2,
            "scenario": "gaussian",
            "sample_size": 60,
            "angle": 0.5,
            "half_width": 0.5,
            "noise_rate": 0.1,
            "failure_probability": 0.1,
        }
    ],
    "sample_far_points": [
        {
            "rng": np.random.default_rng(1),
            "size": 2,
            "angle": 0.5,
            "share": 0.1,
            "dimension": 2,
            "sample_size": 60,
            "ramp_width": 0.5,
            "place": (0.2, -3.0),
        }
    ],
    "sample_labels": [
        {
            "X": np.random.default_rng(7).standard_normal((2, 5, 3)),
            "w_star": np.array([1.0, 0.0, 0.0]),
            "noise": "random",
            "noise_rate": 0.1,
            "rng": np.random.default_rng(1),
        }
    ],
    "sample_local_angles": [{**DRAW, "dimension": 2, "sample_size": 60, "ramp_width": 0.5, "noise_rate": 0.1, "iterations": 3}],
    "sample_null_report_raw": [{**DRAW, "sample_size": 60, "dimension": 2, "ramp_width": 0.5, "failure_probability": 0.1}],
    "sample_oriented_descent": [
        {
            "rng": np.random.default_rng(1),
            "size": 2,
            "dimension": 3,
            "sample_size": 60,
            "ramp_width": 0.5,
            "noise_rate": 0.1,
            "trap_angle": 0.5,
            "start": "target",
        }
    ],
    "sample_right_angle_certificate": [{**DRAW, "rows": 40, "dimension": 2, "noise_rate": 0.1, "failure_probability": 0.1}],
    "sample_strip_bound": [{**DRAW, "marginal": "gaussian", "dimension": 2, "sample_size": 60, "angle": 0.5, "tilted": True}],
}

EXCEPTIONS: dict[str, str] = {}
