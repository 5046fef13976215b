"""Valid calls of what `theorylab.numerics.random_matrix` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "largest_eigenvalue_location": [{"degrees_of_freedom": 60, "dimension": 60, "centring": "johnstone"}],
    "largest_eigenvalue_mean": [{"degrees_of_freedom": 60, "dimension": 60, "centring": "johnstone"}],
    "marchenko_pastur_atom": [{"features_per_sample": 5.556}],
    "marchenko_pastur_density": [{"eigenvalue": 0.5778, "features_per_sample": 2.0}],
    "marchenko_pastur_ridge_mean": [{"ridge": 34.99, "features_per_sample": 1.5}],
    "marchenko_pastur_stieltjes": [{"ridge": 15.32, "features_per_sample": 15.32}],
    "marchenko_pastur_support": [{"features_per_sample": 2.0}],
    "spiked_overlap": [{"spike": 1.44, "features_per_sample": 1e-12}],
}

EXCEPTIONS: dict[str, str] = {}
