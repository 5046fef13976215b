"""The sweep of arXiv:2205.15196 over the number of interventions: how often a fresh environment violates what the training environments allow."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.pac_invariance import monte_carlo
from theorylab.rows import Rows, point

__all__ = ["violation_rates"]


def violation_rates(lab: Laboratory) -> Rows:
    """Measure V of one head, fixed or trained with one to three features, and of all representations at once, with the mass outside the hull."""
    rows: Rows = []
    numbers = lab.at_scale((5, 10, 20, 40, 80, 160, 320), (5, 10, 20, 40, 80, 160, 320, 640, 1280))
    width = lab.at_scale(0.08, 0.02)
    for interventions in numbers:
        setting = {"interventions": interventions, "fresh": max(50, interventions)}
        fixed = lab.run(monte_carlo.sample_fixed_head, **setting)
        rows.append(point(fixed.mean("share"), relative=width, panel="head", features=0, **setting))
        trained = lab.run(monte_carlo.sample_scalar_head, **setting)
        rows.append(point(trained.mean("share"), relative=width, panel="head", features=1, **setting))
        for features in (2, 3):
            shifted = lab.run(monte_carlo.sample_shift_heads, features=features, **setting)
            rows.append(point(shifted.mean("share"), relative=width, panel="head", features=features, **setting))
        # A supremum over shares of few fresh environments would lie above the supremum of the probabilities.
        many = {"interventions": interventions, "fresh": max(1000, 10 * interventions)}
        worst = lab.run(monte_carlo.sample_uniform_violation, **many)
        rows.append(point(worst.mean("supremum"), relative=width, panel="uniform", value="supremum", **many))
        hull = lab.run(monte_carlo.sample_hull, statistics=("hull_mass", "vertex_share"), **many)
        for name in ("hull_mass", "vertex_share"):
            rows.append(point(hull.mean(name), relative=width, panel="uniform", value=name, **many))
    return rows
