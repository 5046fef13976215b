"""Texts that would leave a trace if anything ran them, and an evidence record that says such a text wherever it can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["ESCAPES", "PAYLOADS", "SLUG", "claim", "payload"]

SLUG = "one_step_gd"

# Each would make the file {mark}, or write over a terminal, or lose its signs, if it were taken for more than a text.
PAYLOADS = [
    "__import__('os').system('touch {mark}')",
    "$(touch {mark})",
    "`touch {mark}`",
    "'; ATTACH DATABASE '{mark}' AS x; CREATE TABLE x.y (z); --",
    "cos\nsystem\n(S'touch {mark}'\ntR.",
    "!!python/object/apply:os.system ['touch {mark}']",
    "{{mark.__class__}} {0.__class__} %(mark)s ${papers} $summary",
    "[link=file://{mark}]x[/link] [/] [bold",
    "\x1b]0;x\x07\x1b[2J\x00",
]

# What is more, or less, than the name of one visible file in a folder.
ESCAPES = ["../x", "..", ".", "", "/etc/passwd", "a/b", "a\\b", "C:x", "a\x00b", ".hidden", "a\nb", "\x1b[2J"]


def payload(text: str, mark: Path) -> str:
    """Return a payload that would make the file ``mark``."""
    return text.replace("{mark}", str(mark))


def claim(text: str, **changed: object) -> dict[str, Any]:
    """Return an evidence record whose texts all say ``text``."""
    question = {"question": text, "verdict": "holds", "theory": 1.0, "estimate": 1.0, "interval": [0.9, 1.1], "margin": [0.8, 1.2]}
    record: dict[str, Any] = {
        **dict.fromkeys(("paper", "claim", "kind", "statement", "tex", "source", "scale", "backend", "version", "checked"), text),
        "verdict": "holds",
        "blind": False,
        "assertions": [{**question, "replicates": 512, "replicates_needed": 1024, "seconds": 0.1, "reason": text, "test": text}],
        "counterclaims": [{"label": text, "verdict": "refuted", "half_widths": 2.0, "test": text}],
        "tests": [{"id": text, "outcome": "passed", "seconds": 0.1, "estimands": 1}],
        "estimands": 1,
        "seconds": 0.1,
        "seed": 0,
        "alpha": 1e-6,
    }
    return record | changed
