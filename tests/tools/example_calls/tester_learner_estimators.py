"""Valid calls of what `theorylab.papers.tester_learner.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.tester_learner.estimators.certificate import BandMoments
from theorylab.papers.tester_learner.estimators.regions import Region, RegionSummary

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "averaging_direction": [
        {
            "features": np.array([[0.0, 3.0], [3.0, 2.0], [1.0, 2.0], [2.0, 3.0], [0.0, 2.0], [2.0, 0.0]]),
            "labels": np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0]),
        }
    ],
    "band_rows_needed": [{"dimension": 5}],
    "basis_orthogonal_to": [{"direction": np.array([0.6964, 0.7177])}],
    "bound_against": [
        {
            "margins": np.array([-0.3821, 0.01717, 0.144, -0.4388, 0.08648]),
            "coordinates": np.array([-0.9524, -0.9334, -1.193, -0.4862, -0.533]),
            "labels": np.array([-1.0, -1.0, 1.0, 1.0, 1.0]),
            "half_width": 0.5,
            "noise_rate": 0.2,
            "failure_probability": 0.0125,
        }
    ],
    "candidate_directions": [
        {
            "features": np.array([[0.0, 3.0], [3.0, 2.0], [1.0, 2.0], [2.0, 3.0], [0.0, 2.0], [2.0, 0.0]]),
            "labels": np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0]),
            "direction": np.array([0.8944, 0.4472]),
            "half_width": 0.5,
            "noise_rate": 0.2,
            "tangent": 0.1584,
            "rng": np.random.default_rng(1),
        }
    ],
    "certified_tangent": [
        {
            "moments": BandMoments(half_width=0.03125, rows=0, distance=0.0, gradient_norm=0.0, smallest=0.0, largest=0.0, fourth=float("inf")),
            "noise_rate": 0.2,
            "failure_probability": 0.00625,
        }
    ],
    "check_rows": [
        {
            "features": np.array([[0.0, 3.0], [3.0, 2.0], [1.0, 2.0], [2.0, 3.0], [0.0, 2.0], [2.0, 0.0]]),
            "labels": np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0]),
        }
    ],
    "default_ramp_width": [{"sample_size": 100, "dimension": 2, "noise_rate": 0.2, "excess_error": 0.05}],
    "fit_surrogate": [
        {
            "features": np.array([[0.0, 3.0], [3.0, 2.0], [1.0, 2.0], [2.0, 3.0], [0.0, 2.0], [2.0, 0.0]]),
            "labels": np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0]),
            "ramp_width": 1.0,
            "noise_rate": 0.2,
        }
    ],
    "gaussian_mass": [{"region": Region(low=0.5, high=1.0)}],
    "judge_candidates": [
        {
            "candidates": np.array([[-0.4472, 0.4472], [0.8944, -0.8944]]),
            "features": np.array([[0.0, 1.0], [1.0, 0.0], [4.0, 4.0], [1.0, 1.0], [3.0, 0.0], [2.0, 1.0]]),
            "labels": np.array([-1.0, -1.0, 1.0, 1.0, -1.0, 1.0]),
            "direction": np.array([0.8944, 0.4472]),
            "half_width": 0.5,
            "noise_rate": 0.2,
            "failure_probability": 0.05,
        }
    ],
    "judge_regions": [
        {
            "summaries": [
                RegionSummary(region=Region(low=-1.0, high=0.1667), rows=0, eigenvalues=np.array([0.0]), mean=0.0, signed_mean=0.0, fourth=0.0),
                RegionSummary(region=Region(low=-1.0, high=0.5), rows=0, eigenvalues=np.array([0.0]), mean=0.0, signed_mean=0.0, fourth=0.0),
                RegionSummary(region=Region(low=0.5, high=1.0), rows=0, eigenvalues=np.array([0.0]), mean=0.0, signed_mean=0.0, fourth=0.0),
                RegionSummary(region=Region(low=1.0, high=2.0), rows=0, eigenvalues=np.array([0.0]), mean=0.0, signed_mean=0.0, fourth=0.0),
            ],
            "rows": 50,
            "mode": "tolerant",
            "failure_probability": 0.05,
        }
    ],
    "moment_count": [{"dimension": 5, "degree": 4}],
    "paper_regions": [{"ramp_width": 0.5}],
    "polynomial_count": [{"dimension": 5, "degree": 2}],
    "rows_for_tolerant_tests": [{"dimension": 2, "failure_probability": 0.005}],
    "run_tests": [
        {
            "features": np.array([[0.0, 1.0], [1.0, 0.0], [4.0, 4.0], [1.0, 1.0], [3.0, 0.0], [2.0, 1.0]]),
            "direction": np.array([0.8944, 0.4472]),
            "ramp_width": 1.0,
        }
    ],
    "search_adversary": [
        {
            "search_rows": (
                np.array([[0.0, 3.0], [3.0, 2.0], [1.0, 2.0], [2.0, 3.0], [0.0, 2.0], [2.0, 0.0]]),
                np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0]),
            ),
            "fresh_rows": (
                np.array([[0.0, 1.0], [1.0, 0.0], [4.0, 4.0], [1.0, 1.0], [3.0, 0.0], [2.0, 1.0]]),
                np.array([-1.0, -1.0, 1.0, 1.0, -1.0, 1.0]),
            ),
            "direction": np.array([0.8944, 0.4472]),
            "ramp_width": 1.0,
            "noise_rate": 0.2,
            "excess_error": 0.05,
            "failure_probability": 0.05,
            "rng": np.random.default_rng(1),
        }
    ],
    "smallest_ramp_width": [{"sample_size": 100, "dimension": 2, "noise_rate": 0.2}],
    "standardised_fourth_moment": [{"fourth": 15.42, "count": 1107, "dimension": 4}],
    "summarise": [
        {
            "features": np.array([[0.0, 1.0], [1.0, 0.0], [4.0, 4.0], [1.0, 1.0], [3.0, 0.0], [2.0, 1.0]]),
            "direction": np.array([0.8944, 0.4472]),
            "regions": (Region(low=-1.0, high=0.1667), Region(low=-1.0, high=0.5), Region(low=0.5, high=1.0), Region(low=1.0, high=2.0)),
        }
    ],
    "surrogate_step": [{"ramp_width": 0.5, "noise_rate": 0.2}],
    "unit_vector": [{"name": "start", "value": np.array([1.0, 0.0, 0.0, 0.0]), "dimension": 4}],
    "width_grid": [{"narrowest": 0.1717}],
}

EXCEPTIONS: dict[str, str] = {}
