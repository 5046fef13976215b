"""Valid calls of what `theorylab.papers.unlabeled_ood_gmm.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.unlabeled_ood_gmm.estimators import RobustSelfTrainingClassifier

__all__ = ["EXAMPLES", "EXCEPTIONS"]


X = np.random.default_rng(7).standard_normal((12, 2)).round(3) + np.repeat([[1.0, 0.5], [-1.0, -0.5], [1.0, 0.0]], 4, axis=0)
Y = np.repeat([1, 0, -1], 4)
AFTER = {"RobustSelfTrainingClassifier": lambda classifier: classifier.fit(X, Y).predict(X)}


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "fit_rss": [
        {
            "X": np.array([[-0.4075], [0.0916], [-0.2457], [-0.4193], [-0.783], [-0.1163], [-0.7412], [0.6214], [0.837], [-0.9036]]),
            "y": np.array([-1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0, 1.0, 1.0, -1.0]),
            "X_unlabeled": np.array([]).reshape((0, 1)),
            "unlabeled_weight": 20.0,
        }
    ],
    "RobustSelfTrainingClassifier": [
        {
            "unlabeled_weight": 5.0,
            "slope": None,
            "unlabeled_slope": 2.0,
            "radius": 0.1,
            "center": "midpoint",
            "transport_covariance": [[1.0, 0.2], [0.2, 0.5]],
            "solver": "ascent",
            "max_iter": 20,
        }
    ],
    "RobustSelfTrainingClassifier.fit": [{"self": RobustSelfTrainingClassifier(5.0, max_iter=20), "X": X, "y": Y}],
}

EXCEPTIONS: dict[str, str] = {}
