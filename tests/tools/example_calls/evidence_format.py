"""Valid calls of what `theorylab.evidence.format` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "check_records": [
        {
            "records": [
                {
                    "paper": "p",
                    "claim": "P-1",
                    "kind": "bound",
                    "statement": "s",
                    "tex": "",
                    "source": "s",
                    "verdict": "holds",
                    "blind": False,
                    "assertions": [],
                    "counterclaims": [],
                    "tests": [],
                    "seconds": 0.1,
                    "seed": 0,
                    "scale": "quick",
                    "backend": "numpy",
                    "alpha": 1e-6,
                    "version": "1",
                }
            ]
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
