"""Valid calls of what `theorylab.montecarlo.fingerprint` offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench_samplers import sample_gamma_pair

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "fingerprint": [{"sampler": sample_gamma_pair}],
    "is_installed": [{"path": Path(__file__)}],
}

EXCEPTIONS: dict[str, str] = {}
