"""How often each of many hypotheses is violated on many environments: tiled matrix products, reduced as they come."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import array_module, checked_array
from theorylab.validation import whole_number

__all__ = ["violation_counts"]

_TILE, _DEVICE_TILE = 512, 4096


def violation_counts(features: Any, functionals: Any, thresholds: Any, *, tile: int | None = None) -> Any:
    """Count, for every (Phi, w, eps), the environments with G = 2 |L f| > eps.

    Only a tile of hypotheses times a tile of environments is ever held.

    Parameters
    ----------
    features
        f, (T, D), from `clamped_features`; numpy or cupy.
    functionals
        L, (H, r, D), of S w - c, from `feature_functionals`.
    thresholds
        eps, (H,).
    tile
        Environments, and rows of hypotheses, in a tile. None: 512 on a processor, so that a tile (2 MB) stays in its cache, 4096 on a device.

    Returns
    -------
    ndarray
        (H,), int64.

    Raises
    ------
    ValueError
        If the shapes do not fit or the tile is not a positive integer.
    """
    features, functionals = checked_array("features", features), checked_array("functionals", functionals)
    thresholds = checked_array("thresholds", thresholds, minimum=0.0)
    xp = array_module(features)
    step = (_TILE if xp is np else _DEVICE_TILE) if tile is None else whole_number("tile", tile)
    if features.ndim != 2 or functionals.ndim != 3 or functionals.shape[2] != features.shape[1] or thresholds.shape != functionals.shape[:1]:
        shapes = f"{features.shape}, {functionals.shape} and {thresholds.shape}"
        raise ValueError(f"features, functionals and thresholds must have shapes (T, D), (H, r, D) and (H,); got {shapes}")
    hypotheses, r, dimension = functionals.shape
    counts = xp.zeros(hypotheses, dtype=xp.int64)
    group = max(1, step // r)
    for first in range(0, hypotheses, group):
        rows = functionals[first : first + group]
        # r leading, so that the squares are added up without another axis of the size of the tile.
        stacked = rows.transpose(1, 0, 2).reshape(-1, dimension)
        limits = (0.5 * thresholds[first : first + group])[:, None] ** 2
        for begin in range(0, len(features), step):
            values = stacked @ features[begin : begin + step].T
            values *= values
            squares = values.reshape(r, len(rows), -1)
            total = squares[0]
            for index in range(1, r):
                total += squares[index]
            counts[first : first + group] += (total > limits).sum(axis=1)
    return counts
