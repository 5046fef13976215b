"""Makes the samplers in tests/tools importable, here and in spawned workers (which inherit sys.path)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
