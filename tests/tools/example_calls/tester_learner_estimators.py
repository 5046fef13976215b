"""Valid calls of what `theorylab.papers.tester_learner.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.tester_learner.estimators import TesterLearner
from theorylab.papers.tester_learner.estimators.certificate import BandMoments
from theorylab.papers.tester_learner.estimators.regions import Region, RegionSummary

__all__ = ["EXAMPLES", "EXCEPTIONS"]


ROWS = np.random.default_rng(7).standard_normal((60, 2)).round(3)
SIGNS = np.where(ROWS[:, 0] >= 0.0, 1.0, -1.0)
AFTER = {"TesterLearner": lambda learner: learner.fit(ROWS, SIGNS).predict(ROWS)}


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "averaging_direction": [
        {
            "features": np.array([[0.0, 3.0], [3.0, 2.0], [1.0, 2.0], [2.0, 3.0], [0.0, 2.0], [2.0, 0.0]]),
            "labels": np.array([-1.0, 1.0, 1.0, 1.0, -1.0, -1.0]),
        }
    ],
    "band_rows_needed": [{"dimension": 5}],
    "basis_orthogonal_to": [{"direction": np.array([0.6, 0.8])}],
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
            "direction": np.array([0.8, 0.6]),
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
            "candidates": np.array([[-0.6, 0.6], [0.8, -0.8]]),
            "features": np.array([[0.0, 1.0], [1.0, 0.0], [4.0, 4.0], [1.0, 1.0], [3.0, 0.0], [2.0, 1.0]]),
            "labels": np.array([-1.0, -1.0, 1.0, 1.0, -1.0, 1.0]),
            "direction": np.array([0.8, 0.6]),
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
            "direction": np.array([0.8, 0.6]),
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
            "direction": np.array([0.8, 0.6]),
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
            "direction": np.array([0.8, 0.6]),
            "regions": (Region(low=-1.0, high=0.1667), Region(low=-1.0, high=0.5), Region(low=0.5, high=1.0), Region(low=1.0, high=2.0)),
        }
    ],
    "surrogate_step": [{"ramp_width": 0.5, "noise_rate": 0.2}],
    "unit_vector": [{"name": "start", "value": np.array([1.0, 0.0, 0.0, 0.0]), "dimension": 4}],
    "width_grid": [{"narrowest": 0.1717}],
    "TesterLearner": [
        {
            "noise_rate": 0.1,
            "ramp_width": 0.5,
            "noise": "massart",
            "mode": "tolerant",
            "excess_error": 0.2,
            "failure_probability": 0.1,
            "adversary_search": False,
            "moment_degree": None,
            "moment_tolerance": 0.5,
            "start": np.array([1.0, 0.0]),
            "step": None,
            "iterations": 5,
            "loss": "ramp",
            "label_encoding": "signs",
            "on_rejection": "warn",
            "random_state": 5,
        }
    ],
    "TesterLearner.fit": [{"self": TesterLearner(0.1, ramp_width=0.5, iterations=5, on_rejection="warn", random_state=5), "X": ROWS, "y": SIGNS}],
    "band_moments": [{"features": ROWS, "labels": SIGNS, "direction": np.array([1.0, 0.0]), "half_width": 0.5}],
    "conditional_moment_deviation": [{"features": ROWS, "direction": np.array([1.0, 0.0]), "half_width": 0.5, "degree": 2}],
    "descend_dense": [
        {
            "namespace": np,
            "features": ROWS[None],
            "labels": SIGNS[None],
            "directions": np.array([[1.0, 0.0]]),
            "ramp_width": 0.5,
            "step": 0.1,
            "iterations": 5,
            "averaged": 2,
        }
    ],
    "largest_fourth_moment": [{"z": ROWS}],
    "massart_certificate": [
        {
            "features": ROWS,
            "labels": SIGNS,
            "direction": np.array([1.0, 0.0]),
            "ramp_width": 0.5,
            "noise_rate": 0.1,
            "failure_probability": 0.1,
            "flipped_mass": 0.0,
            "bands": 2,
        }
    ],
    "sample_disagreement_bound": [{"features": ROWS, "direction": np.array([1.0, 0.0]), "tangent": 0.5}],
}

EXCEPTIONS: dict[str, str] = {}
