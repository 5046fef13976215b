"""Sweeps of arXiv:2310.00027 over the labelled samples alone: the rates of two rules, and the robust risk of a sample."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form, monte_carlo
from theorylab.rows import Rows, known, point

__all__ = ["dro", "excess_against_size"]


def excess_against_size(lab: Laboratory) -> Rows:
    """Measure the excess risk of the labelled mean and of the rule with the fewest training errors in the plane, and the angle of the latter."""
    rows: Rows = []
    sizes = lab.at_scale((30, 100, 300, 1000, 3000), (30, 100, 300, 1000, 3000, 10_000, 100_000, 1_000_000))
    for m in sizes:
        mean = lab.run(monte_carlo.sample_mean_rule, dimension=2, labeled_size=m, half_distance=1.0)
        rows.append(point(mean.mean("excess"), relative=lab.at_scale(0.05, 0.02), panel="excess", rule="mean", labeled_size=m, half_distance=1.0))
    for m in (m for m in sizes if m <= lab.at_scale(3000, 100_000)):
        run = lab.run(monte_carlo.sample_plane_erm, statistics=("excess", "angle"), labeled_size=m, half_distance=1.0)
        fields = {"rule": "fewest_errors", "labeled_size": m, "half_distance": 1.0}
        rows.append(point(run.mean("excess"), relative=lab.at_scale(0.2, 0.05), panel="excess", **fields))
        rows.append(point(run.mean("angle"), relative=lab.at_scale(0.04, 0.02), panel="angle", **fields))
    for m in (m for m in sizes if m <= lab.at_scale(1000, 100_000)):
        run = lab.run(monte_carlo.sample_plane_erm, statistics=("angle",), labeled_size=m, half_distance=1.5)
        fields = {"rule": "fewest_errors", "labeled_size": m, "half_distance": 1.5}
        rows.append(point(run.mean("angle"), relative=lab.at_scale(0.04, 0.02), panel="angle", **fields))
    return rows


def dro(lab: Laboratory) -> Rows:
    """Take one small sample of margins whose robust risk is drawn in full, and measure the bias of the robust risk of many samples."""
    margins = np.sort(lab.replicates(monte_carlo.sample_margins, least=8, margin_mean=1.0, margin_deviation=1.0)["margin"][:12])
    rows: Rows = [known(float(margin), panel="sample", number=number) for number, margin in enumerate(margins)]
    for mean, deviation, radius in ((1.0, 1.0, 0.05), (1.2, 0.7, 0.15), (0.5, 1.0, 0.02)):
        exact = closed_form.wasserstein_dro_risk(mean, deviation, radius)
        slope = round(1 / exact.threshold, 4)
        for m in lab.at_scale((10, 30, 100, 300), (10, 30, 100, 300, 1000, 10_000, 100_000)):
            setting = {"sample_size": m, "margin_mean": mean, "margin_deviation": deviation, "radius": radius, "slope": slope}
            run = lab.run(monte_carlo.sample_robust_risk, **setting)
            offset = m * (slope * radius + closed_form.expected_ramp_loss(mean, deviation, slope) - exact.risk)
            rows.append(point(run.mean("scaled_difference") + offset, absolute=lab.at_scale(0.004, 0.0015), panel="bias", **setting))
    return rows
