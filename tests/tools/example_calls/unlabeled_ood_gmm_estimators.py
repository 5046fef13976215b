"""Valid calls of what `theorylab.papers.unlabeled_ood_gmm.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "fit_rss": [
        {
            "X": np.array([[-0.4075], [0.0916], [-0.2457], [-0.4193], [-0.783], [-0.1163], [-0.7412], [0.6214], [0.837], [-0.9036]]),
            "y": np.array([-1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0, 1.0, 1.0, -1.0]),
            "X_unlabeled": np.array([]).reshape((0, 1)),
            "unlabeled_weight": 20.0,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
