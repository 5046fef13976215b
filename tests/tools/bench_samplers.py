"""Samplers for the tests of the bench; in a module of their own, so that workers can import them and fingerprints can find them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from theorylab.montecarlo.samplers import block_size


@block_size(256)
def sample_gamma_pair(rng: Any, size: int, *, shape: float = 2.0) -> dict[str, np.ndarray]:
    """Two dependent statistics of one replicate, and an indicator."""
    first = rng.standard_gamma(shape, size)
    second = first + rng.standard_normal(size)
    return {"first": first, "second": second, "large": (first > shape).astype(float)}


@block_size(64)
def sample_products(rng: Any, size: int, *, dimension: int = 48) -> np.ndarray:
    """One entry of a product of matrices, whose last bits depend on the number of BLAS threads."""
    matrices = rng.standard_normal((size, dimension, dimension))
    return (matrices @ matrices.swapaxes(1, 2))[:, 0, 1] / dimension


@block_size(64)
def sample_slowly(rng: Any, size: int, *, seconds: float = 0.02, matter: float = 0.0) -> np.ndarray:
    """A normal that takes its time."""
    time.sleep(seconds)
    return rng.standard_normal(size) + matter


@block_size(64)
def sample_failing(rng: Any, size: int, *, flag: str, how: str = "raise", after: int = 3) -> np.ndarray:
    """Fails in every block after the first few for as long as the file ``flag`` exists; which block it is, the file beside it counts."""
    counter = Path(flag + ".count")
    number = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(number + 1))
    values = rng.standard_normal(size)
    if Path(flag).exists() and number >= after:
        if how == "raise":
            raise RuntimeError("the dog ate it")
        values[5] = np.nan
    return values


@block_size(64)
def sample_suicidal(rng: Any, size: int, *, flag: str, after: int = 6) -> np.ndarray:
    """Kills its own process, once: after a few blocks, if the file ``flag`` exists, which it removes first."""
    time.sleep(0.1)
    ticks = Path(flag + ".ticks")
    with ticks.open("a") as stream:
        stream.write(".")
    if ticks.stat().st_size > after and Path(flag).exists():
        Path(flag).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return rng.standard_normal(size)
