"""Valid calls of what `theorylab.evidence.verdicts` offers."""

from __future__ import annotations

from typing import Any

from theorylab.evidence.intervals import Interval
from theorylab.evidence.verdicts import Band

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "band_around": [{"value": 0.0, "relative": None, "absolute": 0.5}],
    "best_case_replicates": [
        {
            "interval": Interval(low=0.0, high=2.0, estimate=1.0, waiting="wait", factor=float("inf")),
            "band": Band(low=0.0, high=1.0, strict=False),
            "replicates": 1000,
        }
    ],
    "judge": [
        {
            "interval": Interval(low=-float("inf"), high=float("inf"), estimate=0.0, waiting="the sample shows no variation", factor=float("inf")),
            "band": Band(low=8.5, high=9.5, strict=False),
        }
    ],
    "judge_counterclaims": [{"interval": Interval(low=0.9546, high=1.076, estimate=1.013, waiting="", factor=1.0), "counterclaims": {}}],
    "replicates_needed": [
        {
            "interval": Interval(low=-float("inf"), high=float("inf"), estimate=0.5, waiting="wait", factor=float("inf")),
            "band": Band(low=0.0, high=1.0, strict=False),
            "replicates": 1000,
        }
    ],
    "check_counterclaims": [{"band": Band(0.0, 1.0), "counterclaims": {"two": 2.0}, "margin_hint": ""}],
}

EXCEPTIONS: dict[str, str] = {
    "Band": "the two ends of what a claim allows, made by `band_around` and the questions",
    "Counterclaim": "a record of results, made by the function that returns it",
    "Verdict": "a record of results, made by the function that returns it",
}
