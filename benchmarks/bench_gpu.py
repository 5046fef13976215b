"""The headline samplers on a GPU: against all cores of the same machine, and against what the GPU can do.

    python benchmarks/suite.py gpu

Both sides go through the engine with a ledger in memory, so that streams, moments and transfers count; each runs until it has drawn for some seconds.
The limit is that of ``bench_limits.py`` at the device's rates: the draws at the rate of the device's own generator, and the larger of the
arithmetic and the traffic. Samplers that draw on the processor only are left out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from bench_limits import count_draws
from limit_cases import CASES, Case
from machine_limits import BANDWIDTH
from results_page import markdown_table, write_section

from theorylab.backend import BackendError, check_backend
from theorylab.device import DeviceGenerator
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.executors import Workers
from theorylab.montecarlo.samplers import make_request

__all__ = ["write"]

SECONDS = 3.0
NUMBERS = 1 << 25
_FUNCTIONS = ("exp", "log", "tanh", "sqrt", "cos", "sin", "arccos", "arctan")


def replicates_per_second(case: Case, backend: str, jobs: int) -> float:
    """Return the rate at which an engine draws this sampler, its start and first blocks left out."""
    engine = Engine(workers=Workers(jobs, worth_seconds=0.0), backend=backend)
    try:
        request = make_request(case.sampler, case.parameters)
        experiment = engine.experiment(request, case.statistics, 0, separate=case.separate)
        blocks = 4 * jobs
        engine.moments(experiment, blocks)
        while True:
            more = 2 * blocks
            begin = time.perf_counter()
            engine.moments(experiment, blocks + more)
            elapsed = time.perf_counter() - begin
            blocks += more
            if elapsed >= SECONDS:
                return more * request.block / elapsed
    finally:
        engine.close()


def device_seconds(cupy: Any, call: Callable[[], Any], rounds: int = 5) -> float:
    """Return the least time of a call on the device, from event to event."""
    call()
    best = np.inf
    for _ in range(rounds):
        begin, end = cupy.cuda.Event(), cupy.cuda.Event()
        begin.record()
        call()
        end.record()
        end.synchronize()
        best = min(best, 1e-3 * cupy.cuda.get_elapsed_time(begin, end))
    return best


def device_rates(cupy: Any) -> dict[str, float]:
    """Return the seconds of one unit of work and of one number of each kind on the device."""
    rng = DeviceGenerator(cupy, 2**99 + 7, 0)
    side = 8192
    matrix, product = rng.standard_normal((side, side)), cupy.empty((side, side))
    values, result = rng.random(NUMBERS), cupy.empty(NUMBERS)
    copied = device_seconds(cupy, lambda: cupy.copyto(result, values))
    rates = {
        "flop": device_seconds(cupy, lambda: cupy.matmul(matrix, matrix, out=product), 3) / (2 * side**3),
        BANDWIDTH: copied / (16 * NUMBERS),
        # Without fusion an element of an array operation is a read and a write.
        "element": copied / NUMBERS,
        "division": device_seconds(cupy, lambda: cupy.divide(values, 3.0, out=result)) / NUMBERS,
        "normal": device_seconds(cupy, lambda: rng.standard_normal(NUMBERS)) / NUMBERS,
        "uniform": device_seconds(cupy, lambda: rng.random(NUMBERS)) / NUMBERS,
        "gamma": device_seconds(cupy, lambda: rng.standard_gamma(5.0, NUMBERS)) / NUMBERS,
    }
    rates |= {name: device_seconds(cupy, lambda name=name: getattr(cupy, name)(values, out=result)) / NUMBERS for name in _FUNCTIONS}
    return rates


def limit_seconds(case: Case, rates: dict[str, float]) -> float:
    """Return the shortest time of a replicate on the device; a law or function that was not measured counts as its nearest kin."""
    size = case.replicates or make_request(case.sampler, case.parameters).block
    laws = count_draws(case, size)
    kin = {"chi-squared": "gamma", "noncentral chi-squared": "gamma", "beta": "gamma", "binomial": "gamma", "multinomial": "gamma"}
    drawing = sum(law.count / size * rates.get(kin.get(law.kind, law.kind), rates["uniform"]) for law in laws)
    arithmetic = sum(count * rates.get(unit, rates["log"]) for unit, count in case.work.items() if unit != BANDWIDTH)
    return drawing + max(arithmetic, case.work.get(BANDWIDTH, 0.0) * rates[BANDWIDTH])


def write() -> None:
    """Write the section of the page of results; exit with 2 and one line where there is no GPU."""
    try:
        check_backend("cupy")
    except BackendError as error:
        print(f"benchmarks: error: {error}", file=sys.stderr)
        sys.exit(2)
    import cupy

    rates, cores = device_rates(cupy), os.cpu_count() or 1
    rows = []
    for case in CASES:
        if hasattr(case.sampler, "host_only"):
            continue
        device, host = replicates_per_second(case, "cupy", 1), replicates_per_second(case, "numpy", cores)
        share = limit_seconds(case, rates) * device
        rows.append([case.slug, case.name, f"{device:.3g}", f"{host:.3g}", f"{device / host:.3g}", f"{100 * share:.0f} %"])
        print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    properties = cupy.cuda.runtime.getDeviceProperties(0)
    name, memory = properties["name"].decode(), properties["totalGlobalMem"] / 2**30
    shown = [[unit, f"{1e-9 / seconds:.3g}"] for unit, seconds in rates.items()]
    write_section(
        "gpu",
        "On a GPU",
        "python benchmarks/suite.py gpu",
        [
            f"{name}, {memory:.0f} GiB, against {cores} processes on the processor of the same machine. Replicates a second through the engine, "
            "moments and transfers included. The share is that of the device's own limit: its generator, its matrix products, its memory.",
            markdown_table(("paper", "sampler", "a second, GPU", f"a second, {cores} cores", "ratio", "of the limit"), rows, left=2),
            "Rates of the device, 10^9 a second:",
            markdown_table(("unit", "rate"), shown),
        ],
    )
