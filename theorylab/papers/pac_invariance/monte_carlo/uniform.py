"""All representations at once, in a family of three dimensions: the worst band that holds the training environments, and their convex hull."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, host_only
from theorylab.papers.pac_invariance.monte_carlo.environments import draw_features
from theorylab.papers.pac_invariance.monte_carlo.hull_kernels import hull_kernel
from theorylab.validation import whole_number

__all__ = ["count_patterns", "sample_hull", "sample_uniform_violation"]


@block_size(64)
def sample_uniform_violation(rng: Any, size: int, *, interventions: int, fresh: int, directions: int = 90) -> dict[str, Any]:
    """Sample the supremum of V over every band |a + b f| <= eps that contains N environments, f the two features of a site with one parent.

    Every (Phi, w, eps) with r = 1 is such a band. For each direction the tightest one counts, on a grid of angles: a little below the supremum.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    interventions, fresh
        N and m, >= 1; V is the share of m fresh environments outside.
    directions
        Angles of the grid.

    Returns
    -------
    dict
        "supremum" and "log_supremum" (of the larger of it and 1/(2 m)).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    size = check_draw(rng, size)
    n, m, count = whole_number("interventions", interventions), whole_number("fresh", fresh), whole_number("directions", directions)
    xp = namespace_of(rng)
    first, second = draw_features(rng, (size, n + m))
    supremum = xp.zeros(size)
    for angle in np.pi * np.arange(count) / count:
        along = np.cos(angle) * first + np.sin(angle) * second
        low, high = along[:, :n].min(axis=1)[:, None], along[:, :n].max(axis=1)[:, None]
        tested = along[:, n:]
        supremum = xp.maximum(supremum, ((tested < low) | (tested > high)).mean(axis=1))
    return {"supremum": supremum, "log_supremum": xp.log(xp.maximum(supremum, 0.5 / m))}


@host_only("walks around convex hulls in a loop compiled for the processor")
@block_size(256)
def sample_hull(rng: Any, size: int, *, interventions: int, fresh: int) -> dict[str, Any]:
    """Sample the probability that a fresh environment lies outside the convex hull of N, and the vertices of hulls.

    Parameters
    ----------
    rng, size, interventions, fresh
        As in `sample_uniform_violation`; N >= 3.

    Returns
    -------
    dict
        "hull_mass", the share of m fresh ones outside the hull of N; "vertex_share", vertices of the hull of N + 1 over N + 1; "short_share",
        vertices of the hull of N over N; "difference" of hull_mass and vertex_share and "short_difference" of hull_mass and short_share.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    size = check_draw(rng, size)
    n, m = whole_number("interventions", interventions, minimum=3), whole_number("fresh", fresh)
    points = np.stack(draw_features(rng, (size, n + m)), axis=-1)
    outside, vertices, more = np.zeros(size), np.zeros(size), np.zeros(size)
    hull_kernel(np.ascontiguousarray(points), n, outside, vertices, more)
    mass, share, short = outside / m, more / (n + 1.0), vertices / n
    return {"hull_mass": mass, "vertex_share": share, "short_share": short, "difference": mass - share, "short_difference": mass - short}


@host_only("counts patterns in a set of Python")
def count_patterns(rng: Any, size: int, *, interventions: int, features: int = 2) -> float:
    """Count the distinct patterns of violation on N environments among ``size`` random gradient events with r features and a random threshold.

    Parameters
    ----------
    rng, size
        Generator and number of events.
    interventions
        N, 1 to 62.
    features
        r >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    size = check_draw(rng, size)
    n, r = whole_number("interventions", interventions), whole_number("features", features)
    if n > 62:
        raise ValueError(f"interventions must be at most 62; got {n}")
    first, second = draw_features(rng, n)
    found = np.stack([np.ones(n), first, second])
    codes: set[int] = set()
    for begin in range(0, size, 20_000):
        count = min(20_000, size - begin)
        squares = ((rng.standard_normal((count, r, 3)) @ found) ** 2).sum(axis=1)
        # A threshold at a random rank makes every number of violations equally likely.
        rank = rng.integers(0, n + 1, (count,))
        limits = np.take_along_axis(np.concatenate([np.sort(squares, axis=1), np.full((count, 1), np.inf)], axis=1), rank[:, None], axis=1)
        codes |= set(((squares >= limits) @ (1 << np.arange(n))).tolist())
    return float(len(codes))
