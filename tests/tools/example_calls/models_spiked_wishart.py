"""Valid calls of what `theorylab.models.spiked_wishart` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "draw_spiked_cosine": [{"rng": np.random.default_rng(1), "size": 3000, "sample_size": 15, "dimension": 6, "mean_length": 1.2}],
    "first_weight": [{"diagonal": np.array([[0.5, 1.0, 6.0, 30.0, 40.0, 41.0]]), "squared_off_diagonal": np.array([[0.001, 0.01, 0.1, 2.0, 5.0]])}],
    "first_weight_plain": [
        {
            "diagonal": np.array(
                [
                    [2.02],
                    [0.8518],
                    [2.038],
                    [0.6228],
                    [3.834],
                    [9.374],
                    [6.914],
                    [0.8528],
                    [8.119],
                    [15.01],
                    [0.9474],
                    [1.193],
                    [1.815],
                    [1.264],
                    [0.6719],
                    [1.671],
                    [0.9632],
                    [5.599],
                    [11.72],
                    [13.34],
                ]
            ),
            "squared_off_diagonal": np.array([[], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], [], []]).reshape((20, 0)),
            "largest": np.array(
                [
                    2.02,
                    0.8518,
                    2.038,
                    0.6228,
                    3.834,
                    9.374,
                    6.914,
                    0.8528,
                    8.119,
                    15.01,
                    0.9474,
                    1.193,
                    1.815,
                    1.264,
                    0.6719,
                    1.671,
                    0.9632,
                    5.599,
                    11.72,
                    13.34,
                ]
            ),
        }
    ],
    "spiked_tridiagonal": [{"rng": np.random.default_rng(1), "size": 20, "sample_size": 1, "dimension": 4, "mean_length": 0.8}],
    "uniform_coordinate": [{"rng": np.random.default_rng(1), "size": 3000, "dimension": 5}],
}

EXCEPTIONS: dict[str, str] = {}
