"""Valid calls of what `theorylab.montecarlo.streams` offers."""

from __future__ import annotations

from typing import Any

from theorylab.papers.aggregate_responses.monte_carlo.spectra import sample_jacobi_risk
from theorylab.papers.naive_bayes_logistic.monte_carlo.real_data import sample_digits_error

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "block_counter": [{"block": 1}],
    "canonical_parameters": [{"parameters": {}}],
    "experiment_key": [{"seed": 68, "name": "m.sample", "canonical": "{}"}],
    "fill_defaults": [{"sampler": sample_digits_error, "parameters": {"sample_size": 40}}],
    "sampler_name": [{"sampler": sample_jacobi_risk}],
}

EXCEPTIONS: dict[str, str] = {}
