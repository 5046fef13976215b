"""Moments of many blocks at once, on the device that drew them: only the moment vectors come back to the host.

The same numbers as `theorylab.montecarlo.moments.block_moments` and `theorylab.montecarlo.separate_moments.separate_block_moments`, to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from theorylab.montecarlo.moments import check_range, gram_places
from theorylab.montecarlo.samplers import VALUE, fetch, place_of
from theorylab.validation import flag, items, whole_number

__all__ = ["device_moments"]


def _columns(namespace: Any, values: Any, statistics: Sequence[str], blocks: int, size: int) -> Any:
    """Return the statistics of blocks drawn together, (k, blocks, size), or None where something is wrong with them."""
    table = values if isinstance(values, Mapping) else {VALUE: values}
    columns = []
    for statistic in statistics:
        place = place_of(table, statistic)
        data = table.get(place.column)
        if data is not None and place.entry is not None:
            data = data[:, place.entry] if data.ndim == 2 and place.entry < data.shape[1] else None
        if data is None or data.shape != (blocks * size,) or data.dtype.kind not in "biuf":
            return None
        data = data.astype(np.float64, copy=False)
        if place.threshold is not None:
            indicator = data <= place.threshold if place.sign == "<=" else data > place.threshold
            # A comparison would hide what is not a number.
            data = namespace.where(namespace.isfinite(data), indicator.astype(np.float64), np.nan)
        columns.append(data)
    return namespace.stack(columns).reshape(len(columns), blocks, size)


def device_moments(namespace: Any, values: Any, statistics: Sequence[str], blocks: int, size: int, *, separate: bool) -> np.ndarray | None:
    """Return the moment vectors of blocks that were drawn together, one row a block; None where they must be looked at singly.

    Parameters
    ----------
    namespace
        The array module of ``values``.
    values
        What the sampler returned for all ``blocks * size`` replicates.
    statistics
        Names of columns, entries and indicators.
    blocks, size
        Number of blocks and replicates of each.
    separate
        Whether each statistic keeps only its own moments.

    Returns
    -------
    ndarray or None
        On the host, (blocks, length of a moment vector). None if a statistic is missing, has another shape or type, or is not finite: whoever
        looks at the blocks one by one then says which and why.

    Raises
    ------
    ValueError
        If fourth moments leave the range of floating point.
    """
    xp = namespace
    statistics, separate = items("statistics", statistics, str, minimum=1), flag("separate", separate)
    blocks, size = whole_number("blocks", blocks), whole_number("size", size)
    columns = _columns(xp, values, statistics, blocks, size)
    if columns is None:
        return None
    means = columns.mean(axis=2)
    means = xp.where(columns.min(axis=2) == columns.max(axis=2), columns[:, :, 0], means)
    # An overflow is reported below, in words.
    with np.errstate(over="ignore", invalid="ignore"):
        centred = columns - means[:, :, None]
        vectors = _separate(xp, means, centred) if separate else _joint(xp, means, centred)
    found = fetch(vectors)
    k = len(statistics)
    if not np.isfinite(found[:, 1::5] if separate else found[:, 1 : 1 + k]).all():
        return None
    if separate:
        check_range(found[:, 2::5], found[:, 4::5])
    else:
        second = found[:, 1 + k : 1 + k + k * (k + 1) // 2]
        check_range(second[:, np.cumsum([0, *range(k, 1, -1)])], found)
    return found


def _separate(xp: Any, means: Any, centred: Any) -> Any:
    k, blocks, size = centred.shape
    squares = centred * centred
    powers = [xp.full((k, blocks), float(size)), means, squares.mean(axis=2), (squares * centred).mean(axis=2), (squares * squares).mean(axis=2)]
    return xp.moveaxis(xp.stack(powers), (0, 1, 2), (2, 1, 0)).reshape(blocks, 5 * k)


def _joint(xp: Any, means: Any, centred: Any) -> Any:
    k, blocks, size = centred.shape
    left, right = np.triu_indices(k)
    features = xp.concatenate([centred, centred[xp.asarray(left)] * centred[xp.asarray(right)]])
    by_block = xp.moveaxis(features, 0, 1)
    gram = by_block @ by_block.swapaxes(1, 2) / size
    rows, columns = gram_places(k)
    return xp.concatenate([xp.full((blocks, 1), float(size)), means.T, gram[:, xp.asarray(rows), xp.asarray(columns)]], axis=1)
