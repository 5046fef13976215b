"""Valid calls of what `theorylab.laboratory` offers."""

from __future__ import annotations

from typing import Any

from bench_samplers import sample_gamma_pair

from theorylab.evidence.estimands import Exact
from theorylab.evidence.verdicts import Band
from theorylab.laboratory import Laboratory

__all__ = ["EXAMPLES", "EXCEPTIONS"]


LAB = Laboratory(seed=3, budget=2048)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "Laboratory": [{"seed": 3, "scale": "quick", "alpha": 1e-6, "budget": 4096, "seconds": None, "engine": None}],
    "Laboratory.decide": [
        {
            "self": LAB,
            "estimand": Exact(1.5),
            "band": Band(1.0, 2.0),
            "question": "is it near",
            "theory": 1.5,
            "refutes": {"three": 3.0},
            "hint": "",
        }
    ],
    "Laboratory.draw": [{"self": LAB, "function": sample_gamma_pair, "size": 4}],
    "Laboratory.exact": [{"self": LAB, "value": 1.5, "error": 0.25}],
    "Laboratory.exponent": [{"self": LAB, "sizes": (1.0, 2.0, 4.0), "points": [LAB.exact(1.0), LAB.exact(2.0), LAB.exact(4.0)]}],
    "Laboratory.grows_like": [
        {"self": LAB, "law": "power", "sizes": (1.0, 2.0, 4.0), "points": [LAB.exact(1.0), LAB.exact(2.0), LAB.exact(4.0)], "within": 0.1}
    ],
    "Laboratory.identical": [{"self": LAB, "theory": 2.0, "witness": 2.0, "relative": 1e-9, "refutes": {"three": 3.0}, "question": "two routes"}],
    "Laboratory.limit": [{"self": LAB, "sizes": (10.0, 20.0, 40.0), "distances": [0.1, 0.05, 0.025], "order": 1.0, "within": 0.1}],
    "Laboratory.optimum": [{"self": LAB, "value": 3.0, "gradient": [0.0], "curvatures": [1.0], "searches": [3.0]}],
    "Laboratory.replicates": [{"self": LAB, "sampler": sample_gamma_pair, "least": 10}],
    "Laboratory.run": [{"self": LAB, "sampler": sample_gamma_pair, "statistics": ("first", "second"), "separate": False, "shape": 2.0}],
}

EXCEPTIONS: dict[str, str] = {}
