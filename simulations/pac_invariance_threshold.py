"""The sweep of arXiv:2205.15196 over the number of interventions, few of them: the gap elsewhere of what is exactly invariant in training."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.pac_invariance import monte_carlo
from theorylab.rows import Rows, known

__all__ = ["threshold"]


def threshold(lab: Laboratory) -> Rows:
    """Search the representation that fails worst on fresh environments, in random graphs; and run IRMv1 on CORE. One row for each graph or set."""
    rows: Rows = []
    graphs, sets = lab.at_scale(10, 40), lab.at_scale(16, 200)
    for interventions in range(1, 6):
        setting = {"interventions": interventions, "nodes": 9, "starts": lab.at_scale(12, 40)}
        worst, roots = lab.run(monte_carlo.sample_spurious_root, **setting).few(graphs, ("violation", "roots"))
        found = [float(value) for value, count in zip(worst, roots, strict=True) if count > 0.0]
        rows += [known(value, panel="root", number=number, **setting) for number, value in enumerate(found)]
    for interventions in range(1, 11):
        setting = {"interventions": interventions, "fresh": 400}
        gaps = lab.run(monte_carlo.sample_invariant_risk, **setting).few(sets, "gap")
        rows += [known(float(value), panel="irm", number=number, **setting) for number, value in enumerate(gaps)]
    return rows
