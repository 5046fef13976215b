"""Valid calls of what `theorylab.evidence.table` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "margin_used": [
        {"assertion": {"verdict": "holds", "theory": 1.0, "estimate": None, "interval": [None, None], "margin": [0.9, 1.1], "replicates": 4096}}
    ],
    "render_claims": [
        {
            "records": [
                {
                    "claim": "C-1",
                    "verdict": "undecided",
                    "blind": False,
                    "assertions": [
                        {"verdict": "holds", "theory": 1.0, "estimate": 1.0, "interval": [0.95, 1.05], "margin": [0.9, 1.1], "replicates": 4096}
                    ],
                    "counterclaims": [{"label": "a", "verdict": "refuted"}, {"label": "b", "verdict": "refuted"}],
                    "seconds": 1.234,
                }
            ],
            "colour": True,
            "width": 120,
        }
    ],
    "weakest_assertion": [
        {
            "record": {
                "claim": "C-1",
                "verdict": "holds",
                "blind": False,
                "assertions": [
                    {"verdict": "holds", "theory": 1.0, "estimate": 1.09, "interval": [1.09, 1.09], "margin": [0.9, 1.1], "replicates": 0}
                ],
                "counterclaims": [{"label": "a", "verdict": "refuted"}, {"label": "b", "verdict": "refuted"}],
                "seconds": 1.234,
            }
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
