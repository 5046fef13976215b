"""A sampler that calls one of the headline samplers and keeps its time, so that the rest of what an engine takes is the engine's own."""

from __future__ import annotations

import time
from typing import Any

from limit_cases import CASES

from theorylab.montecarlo.samplers import block_size, make_request

__all__ = ["sample_timed", "taken_seconds"]

_BY_NAME = {case.name: case for case in CASES}
_taken = [0.0]


def taken_seconds() -> float:
    """Return the processor time that the samplers took since this was last asked."""
    seconds, _taken[0] = _taken[0], 0.0
    return seconds


def _block(*, case: str) -> int:
    own = _BY_NAME[case]
    return make_request(own.sampler, own.parameters).block


@block_size(_block)
def sample_timed(rng: Any, size: int, *, case: str) -> Any:
    """Call the sampler of a case, in blocks of its own size."""
    own = _BY_NAME[case]
    begin = time.process_time()
    values = own.sampler(rng, size, **own.parameters)
    _taken[0] += time.process_time() - begin
    return values
