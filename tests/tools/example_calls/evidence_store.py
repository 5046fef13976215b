"""Valid calls of what `theorylab.evidence.store` offers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]


# Goes with the process.
_KEPT = tempfile.TemporaryDirectory()
FOLDER = Path(_KEPT.name)


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
    "in_order": [{"records": []}],
    "read_evidence": [{"path": FOLDER / "no_evidence.json"}],
    "write_evidence": [{"path": FOLDER / "evidence.json", "records": []}],
    "write_json": [{"path": FOLDER / "content.json", "content": {"a": [1, 2.5, None]}}],
    "write_whole": [{"path": FOLDER / "text.txt", "text": "words"}],
}

EXCEPTIONS: dict[str, str] = {}
