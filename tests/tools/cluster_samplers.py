"""A sampler for the tests of clusters, in a module of its own so that workers can import it: it tells who drew, and can be made slow."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from theorylab.montecarlo.samplers import block_size


@block_size(64)
def sample_traced(rng: Any, size: int, *, folder: str, seconds: float = 0.05) -> np.ndarray:
    """A normal; each block leaves a mark under the number of its process, and lasts ``seconds`` while the file ``slow`` is there."""
    with (Path(folder) / str(os.getpid())).open("ab") as stream:
        stream.write(b".")
    if (Path(folder) / "slow").exists():
        time.sleep(seconds)
    return rng.standard_normal(size)


@block_size(64)
def sample_deadly(rng: Any, size: int, *, folder: str) -> np.ndarray:
    """End every process that draws it."""
    (Path(folder) / str(os.getpid())).touch()
    os._exit(1)
