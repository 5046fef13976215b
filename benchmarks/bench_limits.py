"""How far the samplers are from what this machine can do: their draws at the rate of numpy's own generator, their arithmetic at the machine's.

    python benchmarks/bench_limits.py

The limit of a sampler is the time of its draws alone, by numpy's generator at a size that stays in the cache, and of the larger of its arithmetic and
its traffic with the memory. Draws are counted by a generator that writes them down, arithmetic stands in ``limit_cases.py``. Rates and samplers are
timed in turn, on one thread, in processor time; the least of the rounds counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from counting import CountingGenerator, Draws, compiled_draws, numpy_seconds
from limit_cases import CASES, Case
from machine_limits import BANDWIDTH, seconds_per
from results_page import markdown_table, write_section

from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.threads import one_blas_thread

__all__ = ["measure", "write"]

ROUNDS = 5
# A round of a sampler takes at least so long, so that the clock's own steps do not show.
LEAST_SECONDS = 0.004
# Below this share of the limit a reason has to be given.
LOW = 0.25
RATES = ("flop", "element", "division", BANDWIDTH, "exp", "log", "tanh", "sqrt", "cos", "ndtr", "ndtri", "order 1000")


class Found(NamedTuple):
    """Seconds of a replicate: by numpy for its draws, for its arithmetic and its traffic at the machine's rates, and as measured; and its draws."""

    draws: dict[str, float]
    drawing: float
    arithmetic: float
    traffic: float
    measured: float

    @property
    def limit(self) -> float:
        """The shortest time of a replicate on this machine."""
        return self.drawing + max(self.arithmetic, self.traffic)

    @property
    def share(self) -> float:
        """The share of the limit that the sampler reaches."""
        return self.limit / self.measured


def _values(drawn: Any) -> list[np.ndarray]:
    return [np.asarray(column) for column in drawn.values()] if isinstance(drawn, Mapping) else [np.asarray(drawn)]


def count_draws(case: Case, size: int) -> list[Draws]:
    """Return what ``size`` replicates draw.

    Raises
    ------
    RuntimeError
        If the counting generator does not draw the bits of numpy's, or something was drawn unseen.
    """
    key = 2**99 + 7
    counting = CountingGenerator(np.random.Philox(key=key))
    with compiled_draws():
        counted = _values(case.sampler(counting, size, **case.parameters))
    plain = _values(case.sampler(np.random.Generator(np.random.Philox(key=key)), size, **case.parameters))
    if not all(np.array_equal(one, other, equal_nan=True) for one, other in zip(counted, plain, strict=True)):
        raise RuntimeError(f"{case.name}: the generator that counts does not draw the same bits")
    if counting.unseen:
        raise RuntimeError(f"{case.name}: {counting.unseen} words were drawn by no call that was seen")
    return list(counting.draws.values())


def measure(case: Case) -> Found:
    """Measure one sampler at its own block size."""
    size = case.replicates or make_request(case.sampler, case.parameters).block
    rng = np.random.Generator(np.random.Philox(key=11))
    laws = count_draws(case, size)
    rates = [np.inf] * len(laws)
    measured, calls = np.inf, 1
    for _ in range(ROUNDS):
        rates = [min(rate, numpy_seconds(law, rng, rounds=2)) for rate, law in zip(rates, laws, strict=True)]
        begin = time.process_time()
        for _ in range(calls):
            case.sampler(rng, size, **case.parameters)
        seconds = (time.process_time() - begin) / calls
        measured = min(measured, seconds)
        calls = max(1, int(LEAST_SECONDS / max(seconds, 1e-6)))
    draws: dict[str, float] = {}
    for law in laws:
        draws[law.kind] = draws.get(law.kind, 0.0) + law.count / size
    drawing = sum(law.count * rate for law, rate in zip(laws, rates, strict=True)) / size
    arithmetic = sum(count * seconds_per(unit) for unit, count in case.work.items() if unit != BANDWIDTH)
    return Found(draws, drawing, arithmetic, case.work.get(BANDWIDTH, 0.0) * seconds_per(BANDWIDTH), measured / size)


def _microseconds(seconds: float) -> str:
    return f"{1e6 * seconds:.3g}"


def _number(value: float) -> str:
    return f"{value:.4g}"


def row(case: Case, found: Found) -> list[str]:
    """Return one line of the table."""
    draws = ", ".join(f"{_number(count)} {kind}" for kind, count in found.draws.items())
    work = ", ".join(f"{_number(count)} {unit}" for unit, count in case.work.items())
    reason = case.reason if found.share < LOW else ""
    if found.share < LOW and not reason:
        reason = "**no reason given**"
    return [
        case.name,
        draws,
        work,
        _microseconds(found.drawing),
        _microseconds(max(found.arithmetic, found.traffic)),
        _microseconds(found.measured),
        f"{100 * found.share:.0f} %",
        reason,
    ]


def tables() -> tuple[list[str], list[str]]:
    """Measure all samplers; return the paragraphs of the section and the names of those below a quarter that have no reason."""
    columns = ("sampler", "drawn", "arithmetic", "us to draw", "us of arithmetic", "us measured", "of the limit", "what keeps it")
    with one_blas_thread():
        rates = [[unit, f"{1e9 * seconds_per(unit):.3g}", f"{1e-9 / seconds_per(unit):.3g}"] for unit in RATES]
        found = [(case, measure(case)) for case in CASES]
    paragraphs = [
        "Of one replicate, at the sampler's own block size: the numbers that it draws, by kind (counted by a generator that writes down every call "
        "and draws the same bits), and the arithmetic that the method cannot do without. The limit is the time that numpy's generator takes for "
        "these numbers at a size that stays in the cache, under the same parameters, and the time of the arithmetic at the machine's rates, or of "
        "the traffic with the memory if that is more. All was measured in one run on one thread, in processor time. A compiled loop that draws "
        "chi-squared variables of fixed degrees beats numpy's, so a share may be above 100 %. Units of arithmetic: an operation of a matrix product "
        "or of a compiled loop (flop), an element of an array operation, a division, a byte of memory, a number put in order in a row of so many, "
        "functions.",
        markdown_table(("unit", "ns", "10^9 a second"), rates, left=1),
    ]
    for slug in dict.fromkeys(case.slug for case, _ in found):
        lines = [row(case, result) for case, result in found if case.slug == slug]
        paragraphs.append(f"### {slug}\n\n{markdown_table(columns, lines, left=3)}")
    unexplained = [case.name for case, result in found if result.share < LOW and not case.reason]
    return paragraphs, unexplained


def write() -> None:
    """Write the section of the page of results."""
    paragraphs, unexplained = tables()
    write_section("limits", "Distance to the limit of the machine", "python benchmarks/suite.py limits", paragraphs)
    if unexplained:
        print(f"below {100 * LOW:g} % of the limit without a reason: {'; '.join(unexplained)}", file=sys.stderr)


def main() -> int:
    """Print the tables; return 1 if a sampler is far from the limit without a reason."""
    paragraphs, unexplained = tables()
    print("\n\n".join(paragraphs))
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
