"""The sweep of arXiv:2302.14853 behind the sketch of its idea: rows around a halfspace, and how many of each strip two halfspaces tell apart."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import monte_carlo
from theorylab.rows import Rows, known, share

__all__ = ["sketch"]

STRIPS = 8


def sketch(lab: Laboratory) -> Rows:
    """Draw rows in the plane of w and w*, and count the disagreements by their distance from the boundary of w.

    A row and its mirror image, with the other label, are equally likely: the sampler gives y a and y b, and every second row is mirrored.
    """
    setting = {"angle": 0.35, "ramp_width": 0.5, "noise_rate": 0.15}
    drawn = lab.replicates(monte_carlo.sample_plane, least=lab.at_scale(60_000, 4_000_000), **setting)
    along, across = drawn["average_along"], drawn["average_across"]
    rows: Rows = []
    for number in range(lab.at_scale(350, 700)):
        side = 1.0 if number % 2 else -1.0
        fields = {"across": float(side * across[number]), "label": side, "flipped": bool(drawn["target_error"][number])}
        rows.append(known(float(side * along[number]), panel="plane", number=number, **fields, **setting))
    width = setting["ramp_width"] / 2.0
    strip = np.floor(np.abs(along) / width).astype(int)
    for index in range(STRIPS):
        inside = strip == index
        count = int(inside.sum())
        differ = int(drawn["disagreement"][inside].sum())
        rows.append(share(differ, count, panel="strip", strip=index, low_edge=index * width, **setting))
    return rows
