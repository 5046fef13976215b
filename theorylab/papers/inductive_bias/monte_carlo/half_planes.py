"""Half-planes through the origin that agree with n uniform examples: the arcs around the teacher, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import real, whole_number

__all__ = ["sample_half_planes"]


@block_size(lambda *, sample_size, **_: fitting_block(numbers=3.0 * sample_size + 20.0, nanoseconds=5.0 * sample_size + 80.0))
def sample_half_planes(rng: Any, size: int, *, sample_size: int, target_error: float, failure_probability: float = 0.2) -> dict[str, Any]:
    """Sample what n examples leave of the half-planes, with the teacher's boundary at angle 0.

    Each example forbids the directions between its own boundary and beyond: its boundary is uniform on the half-circle, on either side of the
    teacher.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    sample_size
        n >= 1.
    target_error
        eps, as a share of the half-circle.
    failure_probability
        delta of the Occam bound.

    Returns
    -------
    dict
        "nats" -log P(V_n); "risk" of a random consistent half-plane; "bias" I(eps | data); "sum" of nats and bias; "violated" and "quarter_violated":
        1 if the mean of -log(1 - risk) exceeds the Occam bound, or a quarter of it without log 1/delta; "restricted": the average of (1 - R)^-n over
        the consistent half-planes with R <= 1/n, times P(V_n).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    n, eps = whole_number("sample_size", sample_size), real("target_error", target_error, above=0.0, maximum=1.0)
    failure_probability = real("failure_probability", failure_probability, above=0.0, below=1.0)
    boundaries = rng.random((size, n))
    # A boundary at a leaves the directions on its teacher's side: those at distance below a on one side, below 1 - a on the other.
    a, b = boundaries.min(axis=1), (1.0 - boundaries).min(axis=1)
    arc = a + b
    nats = -xp.log(0.5 * arc)
    bias = -xp.log((xp.minimum(a, eps) + xp.minimum(b, eps)) / arc)
    # Averages over the arc of R and of -log(1 - R), R uniform on (0, a) and (0, b).
    loss = sum(u + (1.0 - u) * xp.log1p(-u) for u in (a, b)) / arc
    full = (nats - np.log(failure_probability)) / n
    found = {"nats": nats, "risk": 0.5 * (a**2 + b**2) / arc, "bias": bias, "sum": nats + bias}
    found |= {"violated": 1.0 * (loss > full), "quarter_violated": 1.0 * (loss > 0.25 * nats / n)}
    if n > 1:
        found["restricted"] = 0.5 * sum(((1.0 - xp.minimum(u, 1.0 / n)) ** (1 - n) - 1.0) / (n - 1) for u in (a, b))
    return found
