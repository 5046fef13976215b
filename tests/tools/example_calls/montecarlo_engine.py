"""Valid calls of what `theorylab.montecarlo.engine` offers."""

from __future__ import annotations

from typing import Any

from bench_samplers import sample_gamma_pair

from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.samplers import make_request

__all__ = ["EXAMPLES", "EXCEPTIONS"]


ENGINE = Engine()
REQUEST = make_request(sample_gamma_pair, {"shape": 2.0})


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "Engine": [{"ledger": None, "workers": None, "backend": "numpy", "progress": None}],
    "Engine.experiment": [{"self": ENGINE, "request": REQUEST, "statistics": ("first",), "seed": 3, "separate": False}],
    "Engine.moments": [{"self": ENGINE, "experiment": ENGINE.experiment(REQUEST, ("first",), 3), "blocks": 2}],
    "Engine.runs": [{"self": ENGINE, "request": REQUEST, "names": ("first", "second"), "seed": 3, "size": 5}],
}

EXCEPTIONS: dict[str, str] = {
    "Experiment": "a record, made by `Engine.experiment`",
    "Progress": "a record of results, made by the function that returns it",
}
