"""Valid calls of what `theorylab.evidence.calibration.page` offers."""

from __future__ import annotations

from typing import Any

from theorylab.evidence.calibration.measure import Calibration, SequentialRow
from theorylab.evidence.calibration.sequential import Rate, Tally
from theorylab.evidence.calibration.tilted import Exclusion

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "markdown_table": [{"headers": ("law", "rate"), "rows": [["normal", "0.5"], ["x", "12.25"]]}],
    "render_page": [
        {
            "calibration": Calibration(
                sequential=(
                    SequentialRow(
                        kind="mean",
                        name="law",
                        hard=False,
                        last_look=512,
                        tally=Tally(
                            alpha=0.05,
                            refutation=Rate(wrong=50, runs=100),
                            holds_above=Rate(wrong=0, runs=100),
                            holds_below=Rate(wrong=0, runs=100),
                            median_ready=512.0,
                            waiting=0.0,
                        ),
                    ),
                    SequentialRow(
                        kind="proportion",
                        name="law",
                        hard=False,
                        last_look=512,
                        tally=Tally(
                            alpha=0.05,
                            refutation=Rate(wrong=50, runs=100),
                            holds_above=Rate(wrong=0, runs=100),
                            holds_below=Rate(wrong=0, runs=100),
                            median_ready=512.0,
                            waiting=0.0,
                        ),
                    ),
                    SequentialRow(
                        kind="other",
                        name="law",
                        hard=False,
                        last_look=512,
                        tally=Tally(
                            alpha=0.05,
                            refutation=Rate(wrong=50, runs=100),
                            holds_above=Rate(wrong=0, runs=100),
                            holds_below=Rate(wrong=0, runs=100),
                            median_ready=512.0,
                            waiting=0.0,
                        ),
                    ),
                ),
                tilted=(Exclusion(name="law", level=5e-07, count=512, ratio=0.5, error=0.1, unready_ratio=0.5),),
            ),
            "command": "python -m theorylab.evidence.calibration --runs 20 --seed 0 --write docs/calibration.md",
            "runs": 20,
            "seed": 0,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
