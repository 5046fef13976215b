"""Valid calls of what `theorylab.papers.aggregate_responses.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.aggregate_responses.estimators import InterpolatingRegressor, PrivateAggregator

__all__ = ["EXAMPLES", "EXCEPTIONS"]


X = np.random.default_rng(7).standard_normal((8, 2)).round(3)
BAGS = np.repeat(np.arange(4), 2)
MEANS = np.array([0.5, -1.0, 2.0, 0.25])
AFTER = {
    "InterpolatingRegressor": lambda regressor: regressor.fit(X, MEANS, BAGS).coef_,
    "PrivateAggregator": lambda aggregator: aggregator.aggregate(X[:, 0], BAGS),
}


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "InterpolatingRegressor": [{"weight": 0.5, "fit_intercept": True}, {"weight": "optimal"}],
    "InterpolatingRegressor.fit": [{"self": InterpolatingRegressor(0.5), "X": X, "bag_means": MEANS, "bags": BAGS}],
    "InterpolatingRegressor.predict": [{"self": InterpolatingRegressor(0.5).fit(X, MEANS, BAGS), "X": X}],
    "PrivateAggregator": [
        {"epsilon": 1.0, "clip": 2.0, "mechanism": "laplace", "delta": None, "overlap": 1, "random_state": 5},
        {"epsilon": 1.0, "clip": 2.0, "mechanism": "gaussian", "delta": 1e-5, "overlap": 2, "random_state": 5},
    ],
    "PrivateAggregator.aggregate": [{"self": PrivateAggregator(1.0, 2.0, random_state=5), "labels": X[:, 0], "bags": BAGS}],
    "PrivateAggregator.noise_scales": [{"self": PrivateAggregator(1.0, 2.0), "bags": BAGS}],
    "PrivateAggregator.privacy_loss": [{"self": PrivateAggregator(1.0, 2.0), "bags": BAGS, "noise_scales": np.array([2.0, 2.0, 4.0, 4.0])}],
    "PrivateAggregator.sample_releases": [{"self": PrivateAggregator(1.0, 2.0, random_state=5), "labels": X[:, 0], "bags": BAGS, "releases": 3}],
    "audit_privacy": [
        {
            "mechanism": PrivateAggregator(1.0, 2.0, random_state=5),
            "bags": BAGS,
            "epsilon": 1.0,
            "delta": 0.0,
            "releases": 1000,
            "error_probability": 1e-3,
            "random_state": 5,
        },
        {
            "mechanism": lambda labels, releases, rng: labels.sum() + rng.standard_normal(releases),
            "labels": np.array([0.0, 1.0]),
            "neighbour": np.array([0.0, 0.0]),
            "epsilon": 1.0,
            "releases": 1000,
            "random_state": 5,
        },
    ],
    "estimate_signal_strength": [{"features": X, "bag_labels": BAGS, "bag_means": MEANS, "fit_intercept": True}],
}

EXCEPTIONS: dict[str, str] = {}
