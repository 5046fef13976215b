"""How time and memory grow: log-log slopes with 95 % intervals, beside the exponents that are meant.

    python benchmarks/suite.py growth

Times are processor time on one thread, the least of several calls. Peak memory is that of a fresh process for each size.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from growth_cases import CASES, Case
from growth_processes import PROCESSES
from results_page import markdown_table, write_section
from statsmodels.api import OLS, add_constant

from theorylab.montecarlo.threads import one_blas_thread

__all__ = ["write"]

# A case ends when its calls have taken so long together, and a size has been called so often.
LEAST_SECONDS, MOST_CALLS = 0.15, 15
# A slope is called too steep when its whole interval lies beyond the exponent by this.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Slope:
    """An exponent of growth with its 95 % interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.2f} [{self.low:.2f}, {self.high:.2f}]"


def slope(sizes: Sequence[float], values: Sequence[float]) -> Slope:
    """Return the slope of the logarithms by least squares, with Student's interval."""
    fit = OLS(np.log(values), add_constant(np.log(sizes))).fit()
    low, high = fit.conf_int(0.05)[1]
    return Slope(float(fit.params[1]), float(low), float(high))


# Time ----------------------------------------------------------------------------------------------------------------------------------------


def least_seconds(call: Callable[[], Any]) -> float:
    """Return the least processor time of several calls, after one that prepares."""
    call()
    times: list[float] = []
    while len(times) < 2 or (sum(times) < LEAST_SECONDS and len(times) < MOST_CALLS):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return min(times)


def time_row(case: Case) -> list[str]:
    """Measure a case and return its row of the table."""
    with one_blas_thread():
        seconds = [least_seconds(case.prepare(size)) for size in case.sizes]
    return _row(case.title, case.size_name, case.sizes, case.expected, seconds, 1e3, "{:.3g}")


def _row(title: str, name: str, sizes: Sequence[int], expected: float, values: Sequence[float], unit: float, digits: str) -> list[str]:
    found = slope(sizes, values)
    top = [place for place, size in enumerate(sizes) if size >= sizes[-1] / 11]
    last = math.log(values[-1] / values[top[0]]) / math.log(sizes[-1] / sizes[top[0]])
    print(f"{title}: {name} {found}, at last {last:.2f} (meant {expected:g})", file=sys.stderr)
    ends = f"{digits.format(unit * values[0])} to {digits.format(unit * values[-1])}"
    mark = " **steeper**" if found.low > expected + TOLERANCE else ""
    return [title, f"{name} = {sizes[0]:,} to {sizes[-1]:,}", ends, f"{expected:g}", f"{found}{mark}", f"{last:.2f}"]


# Time and memory of a fresh process ------------------------------------------------------------------------------------------------------------


def in_a_process(name: str, size: int) -> dict[str, float]:
    """Return seconds and peak bytes of one size in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("growth_processes.py")), name, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def process_rows(name: str) -> tuple[list[str], list[str]]:
    """Measure all sizes and return a row on time and a row on memory."""
    process = PROCESSES[name]
    found = [in_a_process(name, size) for size in process.sizes]
    seconds, held = ([each[key] for each in found] for key in ("seconds", "bytes"))
    about = process.title, process.size_name, process.sizes
    return _row(*about, process.time_exponent, seconds, 1e3, "{:.3g}"), _row(*about, process.memory_exponent, held, 1e-6, "{:.0f}")


def write() -> None:
    """Measure everything and write the section."""
    rows = [time_row(case) for case in CASES]
    pairs = [process_rows(name) for name in PROCESSES]
    decades = min(math.log10(case.sizes[-1] / case.sizes[0]) for case in CASES)
    header = ("what", "sizes", "ms", "exponent meant", "measured", "last decade")
    write_section(
        "growth",
        "How time and memory grow",
        "python benchmarks/suite.py growth",
        [
            "The exponent of growth is the slope of the logarithms by least squares, with its 95 % interval; every ladder of sizes reaches over "
            f"{decades:.1f} decades or more. A constant part of the cost makes a slope smaller than what is meant; a slope whose whole interval "
            f"lies more than {TOLERANCE:g} above it would be marked. The last column is the slope between the ends of the last decade.",
            "### Samplers and estimators\n\nProcessor time of one call on one thread, of the least size and of the largest. Where the last decade "
            "is steeper than the exponent, the arrays of the largest sizes no longer fit into the caches.\n\n" + markdown_table(header, rows, left=2),
            "### Replicates, points, claims\n\nProcessor time with a ledger in a file, each size in a fresh process.\n\n"
            + markdown_table(header, [pair[0] for pair in pairs], left=2),
            "Peak memory of the same processes, interpreter and libraries included. Of many replicates not more is held than the blocks of a quarter "
            "of a second (a task) and 256 blocks while they are pooled; single runs are drawn a block at a time.\n\n"
            + markdown_table((*header[:2], "MB", *header[3:]), [pair[1] for pair in pairs], left=2),
        ],
    )


if __name__ == "__main__":
    write()
