"""Valid calls of what `theorylab.papers.pac_invariance.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.pac_invariance.estimators import (
    AnchorRegressor,
    BestInvariantSubsetRegressor,
    InvariantCausalPrediction,
    InvariantRiskRegressor,
    MinimaxGapRegressor,
)
from theorylab.papers.pac_invariance.estimators.environments import GroupedMoments

__all__ = ["EXAMPLES", "EXCEPTIONS"]


X = np.random.default_rng(7).standard_normal((40, 2)).round(3)
Y = (X @ [1.0, -0.5] + 0.1 * np.random.default_rng(8).standard_normal(40)).round(3)
GROUPS = np.repeat(np.arange(4), 10)
MOMENTS = np.array([[[2.0, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 1.5]], [[1.5, 0.25, 0.25], [0.25, 1.0, 0.5], [0.25, 0.5, 1.0]]])


def _fitted(regressor: Any) -> Any:
    return regressor.fit(X, Y, GROUPS).predict(X)


_REGRESSORS = ("AnchorRegressor", "BestInvariantSubsetRegressor", "InvariantCausalPrediction", "InvariantRiskRegressor", "MinimaxGapRegressor")
AFTER = dict.fromkeys(_REGRESSORS, _fitted)

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "certify_gaps": [
        {
            "gaps": np.array(
                [
                    2.352,
                    3.493,
                    1.414,
                    2.906,
                    1.395,
                    1.551,
                    0.008357,
                    2.335,
                    1.506,
                    1.749,
                    2.836,
                    1.177,
                    3.098,
                    0.9506,
                    2.324,
                    2.192,
                    0.9446,
                    2.137,
                    2.076,
                ]
            ),
            "failure_probability": 0.1,
        }
    ],
    "environment_labels": [{"groups": None, "rows": 10}],
    "grouped_moments": [
        {
            "X": np.array([[-0.2009], [0.2983], [-0.03901], [-0.2126], [-0.5763], [0.09038], [-0.5345], [0.828], [1.044], [-0.697]]),
            "y": np.array([-0.3, 0.7, -0.3, -0.3, -0.3, -0.3, -0.3, 0.7, 0.7, -0.3]),
            "groups": None,
            "constant": True,
        }
    ],
    "invariant_subsets": [
        {
            "second_moments": np.array([[[1.0, 1.0, 1.0], [1.0, 2.0, 2.0], [1.0, 2.0, 3.0]], [[1.0, 1.0, 1.0], [1.0, 3.0, 3.0], [1.0, 3.0, 4.0]]]),
            "target": 1,
        }
    ],
    "irm_v1": [
        {"second_moments": np.array([[[4.713, -1.127, -1.217], [-1.127, 3.469, -0.4231], [-1.217, -0.4231, 0.6667]]]), "target": 2, "penalty": 2.715}
    ],
    "plausible_causes": [{"subsets": []}],
    "pooled_least_squares": [{"second_moments": np.array([[[0.3063, 0.217], [0.217, 0.21]]]), "target": 1}],
    "subset_tests": [
        {
            "moments": GroupedMoments(
                second_moments=np.array([[[0.3063, 8.882e-17, 0.217], [8.882e-17, 1.0, -4.441e-17], [0.217, -4.441e-17, 0.21]]]),
                means=np.array([[8.882e-17, 1.0, -4.441e-17]]),
                rows=np.array([10]),
                names=np.array([0]),
            ),
            "largest": 1,
        }
    ],
    "AnchorRegressor": [{"gamma": 5.0, "fit_intercept": True}],
    "AnchorRegressor.fit": [{"self": AnchorRegressor(), "X": X, "y": Y, "groups": GROUPS}],
    "AnchorRegressor.predict": [{"self": AnchorRegressor().fit(X, Y, GROUPS), "X": X}],
    "BestInvariantSubsetRegressor": [{"failure_probability": 0.1, "largest": 2}],
    "BestInvariantSubsetRegressor.fit": [{"self": BestInvariantSubsetRegressor(1e-6), "X": X, "y": Y, "groups": GROUPS}],
    "InvariantCausalPrediction": [{"failure_probability": 0.1, "largest": 2}],
    "InvariantCausalPrediction.fit": [{"self": InvariantCausalPrediction(1e-6), "X": X, "y": Y, "groups": GROUPS}],
    "InvariantRiskRegressor": [{"penalty": 10.0, "fit_intercept": True, "starts": 2, "random_state": 5}],
    "InvariantRiskRegressor.fit": [{"self": InvariantRiskRegressor(10.0, starts=2), "X": X, "y": Y, "groups": GROUPS}],
    "MinimaxGapRegressor": [{"gap_kind": "gradient", "fit_intercept": True, "solver": "batched"}],
    "MinimaxGapRegressor.fit": [{"self": MinimaxGapRegressor(), "X": X, "y": Y, "groups": GROUPS}],
    "anchor_regression": [{"second_moments": MOMENTS, "means": np.array([[0.1, 0.2, 0.3], [0.0, 0.1, 0.2]]), "target": 2, "gamma": 5.0}],
    "best_invariant_subset": [{"second_moments": MOMENTS, "target": 2, "tolerance": 10.0}],
    "certify": [
        {
            "regressor": MinimaxGapRegressor().fit(X, Y, GROUPS),
            "X": X,
            "y": Y,
            "groups": GROUPS,
            "gap_kind": "gradient",
            "threshold": 5.0,
            "failure_probability": 0.1,
            "origin": "fixed",
            "vc_dimension": None,
        }
    ],
    "environment_gaps": [{"regressor": MinimaxGapRegressor().fit(X, Y, GROUPS), "X": X, "y": Y, "groups": GROUPS, "gap_kind": "gradient"}],
}

EXCEPTIONS: dict[str, str] = {
    "InvarianceCertificate": "a record of results, made by the function that returns it",
    "LinearPredictor": "the part that the regressors share; they are called",
}
