"""Valid calls of what `theorylab.evidence.store` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "group_by_claim": [
        {
            "tests": [
                {
                    "paper": "p",
                    "claim": "C-1",
                    "assertions": [{"verdict": "holds", "test": "t1"}],
                    "counterclaims": [],
                    "tests": [{"id": "t1", "outcome": "failed", "seconds": 1.5}],
                    "seed": 0,
                    "scale": "quick",
                    "backend": "numpy",
                    "alpha": 1e-06,
                    "version": "1",
                }
            ]
        }
    ],
    "merge_evidence": [
        {
            "old": [],
            "new": [
                {
                    "paper": "p",
                    "claim": "C-1",
                    "assertions": [{"verdict": "holds", "test": "t1"}],
                    "counterclaims": [{"label": "wrong", "verdict": "refuted", "test": "t1"}],
                    "tests": [{"id": "t1", "outcome": "passed", "seconds": 1.5}],
                    "seed": 0,
                    "scale": "quick",
                    "backend": "numpy",
                    "alpha": 1e-06,
                    "version": "1",
                    "verdict": "holds",
                    "blind": False,
                    "seconds": 1.5,
                }
            ],
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
