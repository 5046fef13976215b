"""The sweep of arXiv:2310.00027 beside its second theorem: rules that obey it, and separations for which none can."""

from __future__ import annotations

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo
from theorylab.rows import Rows, point

__all__ = ["bounds"]


def bounds(lab: Laboratory) -> Rows:
    """Measure the leading eigenvector at d = 20, m = 2000, and the mean of 2m labelled samples along d = s^4 m."""
    rows: Rows = []
    for n in lab.at_scale((200, 1000, 5000, 30_000, 200_000), (200, 500, 1000, 2000, 5000, 10_000, 30_000, 100_000, 200_000, 1_000_000)):
        setting = {"dimension": 20, "labeled_size": 2000, "unlabeled_size": n, "half_distance": 1.0, "shifted_half_distance": 1.0, "alignment": 1.0}
        run = lab.run(monte_carlo.sample_spectral_rule, **setting)
        rows.append(point(run.mean("risk"), absolute=min(0.0005, 0.05 * 20 / n), panel="sizes", **setting))
    m = 100_000
    for s in lab.at_scale((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0)):
        setting = {"dimension": round(s**4 * m), "labeled_size": 2 * m, "half_distance": s}
        run = lab.run(monte_carlo.sample_mean_rule, **setting)
        rows.append(point(run.mean("excess"), relative=lab.at_scale(0.01, 0.003), panel="separation", size=m, **setting))
    return rows
