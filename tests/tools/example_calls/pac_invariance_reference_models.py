"""Valid calls of what `theorylab.papers.pac_invariance.reference_models` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "chain_model": [{"child_effect": 1.6, "child_variance": 0.2389}],
    "core_model": [{}],
    "shift_model": [{}],
    "star_model": [{"children": 4}],
}

EXCEPTIONS: dict[str, str] = {}
