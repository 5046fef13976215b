"""Halfspaces at an angle from the clean one when labels near its boundary, or far from it, are flipped."""

from __future__ import annotations

import math
from typing import Any

from theorylab.backend import check_draw
from theorylab.models.label_noise import far_flips, halfspace_labels, near_flips
from theorylab.montecarlo.samplers import block_size
from theorylab.validation import choice, real

__all__ = ["sample_flipped_errors"]


@block_size(4096)
def sample_flipped_errors(rng: Any, size: int, *, angle: float, flip_threshold: float, where: str) -> dict[str, Any]:
    """Sample rows with flipped labels and how two halfspaces do on them.

    Parameters
    ----------
    rng, size
        Generator and number of rows.
    angle
        theta in [0, pi] from w*.
    flip_threshold
        t >= 0: flipped are rows with |<w*, x>| <= t ("near") or >= t ("far").
    where
        "near" or "far".

    Returns
    -------
    dict
        "error" of the halfspace at the angle, "target_error" of w*, and their "difference" on the same row.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta = real("angle", angle, minimum=0.0, maximum=math.pi)
    threshold = real("flip_threshold", flip_threshold, minimum=0.0)
    flips = {"near": near_flips, "far": far_flips}[choice("where", where, ("near", "far"))]
    along, across = rng.standard_normal((2, size))
    labels = halfspace_labels(along) * (1.0 - 2.0 * flips(along, threshold))
    error = 1.0 * (halfspace_labels(math.cos(theta) * along + math.sin(theta) * across) != labels)
    target_error = 1.0 * (halfspace_labels(along) != labels)
    return {"error": error, "target_error": target_error, "difference": error - target_error}
