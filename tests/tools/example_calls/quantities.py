"""Valid calls of what `theorylab.quantities` offers."""

from __future__ import annotations

from typing import Any

from bench_samplers import sample_gamma_pair

from theorylab.laboratory import Laboratory

__all__ = ["EXAMPLES", "EXCEPTIONS"]


RUN = Laboratory(seed=3, budget=2048).run(sample_gamma_pair)
MEAN = RUN.mean("first")


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "Quantity.agrees_with": [{"self": MEAN, "value": 2.0, "relative": 0.2, "refutes": {"three": 3.0}}, {"self": MEAN, "value": 2.0, "absolute": 0.5}],
    "Quantity.at_least": [{"self": MEAN, "bound": 1.5, "tightness": 0.5, "refutes": {"three": 3.0}}],
    "Quantity.at_most": [{"self": MEAN, "bound": 2.5, "tightness": 0.5, "refutes": {"one": 1.0}}],
    "Quantity.greater_than": [{"self": MEAN, "value": 1.5, "refutes": {"one": 1.0}}],
    "Quantity.inside": [{"self": MEAN, "low": 1.5, "high": 2.5, "refutes": {"three": 3.0}}],
    "Quantity.less_than": [{"self": MEAN, "value": 2.5, "refutes": {"three": 3.0}}],
    "Quantity.mapped": [{"self": MEAN, "function": abs, "name": "abs"}],
    "Quantity.measure": [{"self": MEAN, "relative": 0.2, "level": 0.01}, {"self": MEAN, "absolute": 0.5}],
    "Quantity.named": [{"self": MEAN, "name": "the mean"}],
    "Run.few": [{"self": RUN, "runs": 3, "statistic": ("first", "second")}],
    "Run.mean": [{"self": RUN, "statistic": "first"}],
    "Run.probability": [{"self": RUN, "indicator": "large"}],
    "Run.probability_above": [{"self": RUN, "threshold": 2.0, "statistic": "first"}],
    "Run.probability_below": [{"self": RUN, "threshold": 2.0, "statistic": "first"}],
    "Run.quantile_agrees_with": [{"self": RUN, "probability": 0.5, "value": 1.7, "statistic": "first", "relative": 0.3, "refutes": {"three": 3.0}}],
}

EXCEPTIONS: dict[str, str] = {
    "Measurement": "a record of results, made by the function that returns it",
    "Quantity": "made by a run; what it is asked is called",
    "Run": "made by `Laboratory.run`, which is called; what it is asked is called too",
}
