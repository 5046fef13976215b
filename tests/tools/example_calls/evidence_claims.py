"""Valid calls of what `theorylab.evidence.claims` offers."""

from __future__ import annotations

from typing import Any

from theorylab.evidence.intervals import Interval
from theorylab.evidence.verdicts import Band, Counterclaim, Verdict

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "assertion_record": [
        {
            "verdict": Verdict(
                state="holds",
                question="q",
                theory=1.0,
                interval=Interval(low=0, high=1, estimate=1, waiting="", factor=1.0),
                band=Band(low=0, high=1, strict=False),
                replicates=512,
                needed=99.0,
                counterclaims=(),
                seconds=0.0,
                reason="",
            )
        }
    ],
    "counterclaim_record": [{"counterclaim": Counterclaim(label="a coin is fair", verdict="survives", half_widths=float("nan"))}],
    "overall_verdict": [{"states": []}],
    "Claim": [{"id": "SQ-1", "kind": "expectation", "statement": "A squared normal has mean 1.", "tex": "E X^2 = 1", "source": "derived here"}],
}

EXCEPTIONS: dict[str, str] = {}
