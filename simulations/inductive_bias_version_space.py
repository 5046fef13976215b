"""The sweep of arXiv:2406.15941 over the number of examples of a half-plane: what they say, and what bias must say."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.inductive_bias import monte_carlo
from theorylab.rows import Rows, point

__all__ = ["version_space"]

TARGET_ERROR = 0.02


def version_space(lab: Laboratory) -> Rows:
    """Measure nats from data, nats of bias, their sum, and the risk of a random consistent half-plane, over the number of examples."""
    rows: Rows = []
    relative = lab.at_scale(0.02, 0.003)
    for sample_size in lab.at_scale((2, 5, 10, 20, 50, 100), (2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200)):
        setting = {"sample_size": sample_size, "target_error": TARGET_ERROR}
        run = lab.run(monte_carlo.sample_half_planes, **setting)
        for name in ("nats", "sum", "risk"):
            rows.append(point(run.mean(name), relative=relative, value=name, **setting))
        rows.append(point(run.mean("bias"), absolute=2.0 * relative, value="bias", **setting))
    return rows
