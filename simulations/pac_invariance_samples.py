"""The sweep of arXiv:2205.15196 over the rows of an environment: the gap of a finite sample, and how often that of the parents is too large."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.pac_invariance import monte_carlo
from theorylab.rows import Rows, point

__all__ = ["finite_samples"]

HEADS = (((1, 2), (0.9, -0.8)), ((4,), (0.5,)), ((1, 2, 4), (0.5, -0.4, 0.3)))


def finite_samples(lab: Laboratory) -> Rows:
    """Measure the mean square of the empirical gap of three heads of CORE, and the failures of the parents in several environments."""
    rows: Rows = []
    width = lab.at_scale(0.04, 0.005)
    sizes = lab.at_scale((5, 20, 80, 320, 1280), (3, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560))
    for nodes, head in HEADS:
        for sample_size in sizes:
            setting = {"sample_size": sample_size, "nodes": nodes, "head": head}
            run = lab.run(monte_carlo.sample_empirical_gap, **setting)
            rows.append(point(run.mean("square"), relative=width, panel="square", **setting))
    for interventions in (1, 20, 100):
        for sample_size in lab.at_scale((60, 120, 200, 300, 400), (60, 90, 120, 160, 200, 250, 300, 350, 400, 450)):
            setting = {"sample_size": sample_size, "interventions": interventions, "threshold": 0.3}
            run = lab.run(monte_carlo.sample_largest_parent_gap, **setting)
            rows.append(point(run.probability(), relative=lab.at_scale(0.25, 0.05), panel="failure", **setting))
    return rows
