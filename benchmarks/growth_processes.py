"""What grows with replicates, single runs, points of a sweep and claims: each size runs in a process of its own, which this file is the program of.

    python benchmarks/growth_processes.py replicates 65536

prints its processor seconds and its peak memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.ledger import Ledger
from theorylab.montecarlo.samplers import block_size, entries
from theorylab.rows import point

__all__ = ["PROCESSES", "Process"]


@block_size(512)
def sample_eight(rng: Any, size: int) -> dict[str, np.ndarray]:
    """Draw eight normals: joint moments of eight statistics are the longest rows that a ledger holds."""
    return {"x": rng.standard_normal((size, 8))}


@block_size(512)
def sample_moment(rng: Any, size: int, *, place: int) -> np.ndarray:
    """Draw squares, under as many names as there are places."""
    return rng.standard_normal(size) ** 2 + place


@block_size(16)
def sample_large(rng: Any, size: int) -> np.ndarray:
    """Draw sums of 10,000 normals that are all held at once."""
    return rng.standard_normal((size, 10_000)).sum(axis=1)


def _laboratory(folder: Path, budget: int = 2**22) -> Laboratory:
    return Laboratory(budget=budget, engine=Engine(Ledger(folder / "ledger.sqlite")))


def replicates(size: int, folder: Path) -> None:
    """Draw so many replicates for one interval that never ends by itself."""
    lab = _laboratory(folder, size)
    measured = lab.run(sample_eight, statistics=entries("x", 8)).mean("x[0]").measure(absolute=1e-9)
    if measured.replicates != size:
        raise RuntimeError(f"{measured.replicates} replicates were drawn in place of {size}")


def single_runs(size: int, folder: Path) -> None:
    """Draw so many single runs that are kept as they are."""
    _laboratory(folder).run(sample_large).few(size)


def grid_points(size: int, folder: Path) -> None:
    """Measure so many points of a sweep."""
    lab = _laboratory(folder)
    rows = [point(lab.run(sample_moment, place=place).mean(), relative=0.5, place=place) for place in range(size)]
    if len(rows) != size:
        raise RuntimeError(f"{len(rows)} points were measured in place of {size}")


def questions(size: int, folder: Path) -> None:
    """Decide so many claims in one laboratory."""
    lab = _laboratory(folder)
    for place in range(size):
        quantity = lab.run(sample_moment, place=place).mean()
        verdict = quantity.agrees_with(1.0 + place, absolute=0.6, refutes={"2 more": 3.0 + place})
        if not verdict:
            raise RuntimeError(verdict.sentence())


CLAIMS = """
import pytest
from theorylab.pytest_plugin import claim
from growth_processes import sample_moment

@claim("GROWTH", kind="expectation", statement="A squared standard normal has mean 1.", source="textbook")
@pytest.mark.parametrize("place", range({size}))
def test_mean(lab, place):
    assert lab.run(sample_moment, place=place).mean().agrees_with(1.0 + place, absolute=0.6, refutes={{"2 more": 3.0 + place}})
"""


def plugin_claims(size: int, folder: Path) -> None:
    """Decide so many claims of a test file through the pytest plugin."""
    import pytest

    (folder / "test_growth.py").write_text(CLAIMS.format(size=size), encoding="utf-8")
    sys.path.insert(0, str(Path(__file__).parent))
    options = ["-q", "-p", "no:cacheprovider", f"--rootdir={folder}", f"--theory-results={folder}", f"--theory-ledger={folder / 'ledger.sqlite'}"]
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        out, sys.stdout = sys.stdout, nowhere
        try:
            code = pytest.main([*options, str(folder / "test_growth.py")])
        finally:
            sys.stdout = out
    if code != 0:
        raise RuntimeError(f"pytest ended with {code}")


@dataclass(frozen=True)
class Process:
    """A program whose time and memory grow with a size.

    Attributes
    ----------
    run
        Does the work of a size in a folder.
    title, size_name, sizes
        What it does, what its size is, and the sizes.
    time_exponent, memory_exponent
        The exponents that are meant, at most.
    """

    run: Callable[[int, Path], None]
    title: str
    size_name: str
    sizes: tuple[int, ...]
    time_exponent: float = 1.0
    memory_exponent: float = 0.0


PROCESSES: dict[str, Process] = {
    "replicates": Process(replicates, "one interval, eight joint statistics, blocks of 512", "replicates", (2**14, 2**16, 2**18, 2**20, 2**22)),
    "single_runs": Process(single_runs, "single runs of 10,000 numbers (`few`)", "runs", (16, 64, 256, 1024, 4096)),
    "grid_points": Process(grid_points, "points of a sweep", "points", (10, 32, 100, 316, 1000)),
    "questions": Process(questions, "claims in a laboratory", "claims", (10, 32, 100, 316, 1000)),
    "plugin_claims": Process(plugin_claims, "claims of a test file, through the pytest plugin", "claims", (10, 32, 100, 316, 1000)),
}


def peak_bytes() -> float:
    """Return the most memory that this process ever held."""
    try:
        # Linux hands the peak of the process that started this one on to getrusage; the status does not.
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return 1024.0 * float(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    except (OSError, StopIteration):
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def measure_here(name: str, size: int) -> dict[str, float]:
    """Return seconds and peak bytes of one size in this process."""
    function = PROCESSES[name].run
    # What little work of its kind loads, compiles and holds is no growth.
    with tempfile.TemporaryDirectory() as folder:
        (questions if name == "plugin_claims" else function)(2**17 if name == "replicates" else 16, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        function(size, Path(folder))
        seconds = time.process_time() - begin
    return {"seconds": seconds, "bytes": peak_bytes()}


if __name__ == "__main__":
    print(json.dumps(measure_here(sys.argv[1], int(sys.argv[2]))))
