"""The sweep of arXiv:2406.15941 over small balls: functions on the torus close to zero, and Brownian paths that stay close to it."""

from __future__ import annotations

import math

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.inductive_bias.closed_form import required_inductive_bias, torus_spectrum
from theorylab.rows import Rows, known, point

__all__ = ["torus"]

SMOOTHNESS = 0.5


def torus(lab: Laboratory) -> Rows:
    """Compute the bias of a zero target under Matern priors in one to three dimensions, and count Brownian paths of small mean square."""
    rows: Rows = []
    fractions = lab.at_scale((0.5, 0.3, 0.2, 0.1, 0.05, 0.03), tuple(np.geomspace(0.01, 0.5, 16).round(6).tolist()))
    for dimension in (1, 2, 3):
        law = torus_spectrum(SMOOTHNESS, dimension)
        trace = float(law.mean())
        for fraction in fractions:
            nats = float(required_inductive_bias(law, fraction * trace))
            setting = {"dimension": dimension, "smoothness": SMOOTHNESS, "fraction": fraction, "target_error": fraction * trace}
            rows.append(known(nats, panel="torus", **setting))
    steps = lab.at_scale(200, 800)
    for target in lab.at_scale((0.025, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5), (0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.1, 0.2, 0.5)):
        run = lab.run(sample_brownian_square, steps=steps)
        row = point(run.probability_below(target), relative=lab.at_scale(0.2, 0.03), panel="brownian", target_error=target, steps=steps)
        rows.append(row | {"estimate": _nats(row["estimate"]), "low": _nats(row["high"]), "high": _nats(row["low"])})
    return rows


def _nats(probability: float) -> float:
    # Whoever counts nothing knows no upper end; no probability here is so small.
    return -math.log(max(probability, 1e-9))


@block_size(4096)
def sample_brownian_square(rng: np.random.Generator, size: int, *, steps: int) -> np.ndarray:
    """Sample the integral of the square of a Brownian path over [0, 1], from normal steps and what the bridges between them add on average.

    The squares of the ends of a step, by the trapezium rule, lack a mean of h^2/6 a step.
    """
    width = 1.0 / steps
    path = np.zeros(size)
    total = np.zeros(size)
    for _ in range(steps):
        after = path + math.sqrt(width) * rng.standard_normal(size)
        # The integral of the square of the chord, and the mean of the squared bridge.
        total += width * (path**2 + path * after + after**2) / 3.0 + width**2 / 6.0
        path = after
    return total
