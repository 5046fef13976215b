"""The sweep of arXiv:2205.15196 over the number of sites: the probability of what no training intervention has touched."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.pac_invariance import monte_carlo
from theorylab.rows import Rows, point

__all__ = ["missing_mass"]


def missing_mass(lab: Laboratory) -> Rows:
    """Measure the missing mass of uniform sites over the number of interventions, and of the law that makes it largest."""
    rows: Rows = []
    width = lab.at_scale(0.03, 0.005)
    ratios = lab.at_scale((0.5, 1, 2, 3, 4), (0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4))
    for sites in (2, 4, 8, 16, 32):
        for ratio in ratios:
            # After a single intervention the mass is 1 - 1/k, without variation.
            if sites * ratio == int(sites * ratio) > 1:
                setting = {"interventions": int(sites * ratio), "probabilities": (1.0 / sites,) * sites}
                run = lab.run(monte_carlo.sample_missing_mass, **setting)
                rows.append(point(run.mean("mass"), relative=width, panel="uniform", sites=sites, **setting))
    for sites in (2, 6, 21):
        for interventions in lab.at_scale((30, 100, 300), (30, 60, 100, 200, 300, 600, 1000)):
            light = round(1.0 / (interventions + 1), 12)
            probabilities = (1.0 - (sites - 1) * light, *(light,) * (sites - 1))
            setting = {"interventions": interventions, "probabilities": probabilities}
            run = lab.run(monte_carlo.sample_missing_mass, **setting)
            rows.append(point(run.mean("mass"), relative=width / 2, panel="worst", sites=sites, **setting))
    return rows
