"""Walks along growing training sizes that stop at the first fit that is good enough, for a batch of walks at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy.special import ndtr

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import GroupedMixture
from theorylab.validation import real

__all__ = ["LARGEST_SIZE", "first_good_size", "reachable_target"]

# A walk gives up here: a target that no training size reaches would be walked after for ever.
LARGEST_SIZE = 10_000


def reachable_target(target_error: float, mixture: GroupedMixture) -> float:
    """Return the target if it is in (0, 1) and some rule may reach it: a walk after another one would be long, and in vain.

    Known at once for two classes, from their distance, and where no class differs from another.
    """
    target = real("target_error", target_error, above=0.0, below=1.0)
    centres = mixture.class_means / mixture.standard_deviations
    if mixture.class_count == 2:
        least = float(ndtr(-0.5 * np.linalg.norm(centres[0] - centres[1])))
    else:
        least = 0.0 if np.ptp(centres, axis=0).any() else 1.0 - 1.0 / mixture.class_count
    if target <= least:
        raise ValueError(f"target_error must exceed {least:.6g}, the least error of any rule for these gaps; got {target!r}")
    return target


def first_good_size(rng: Any, size: int, sizes: Iterable[int], error_of_fits: Callable[[int, int], Any], target_error: float) -> Any:
    """Return, for each of `size` walks, the first training size whose error is below the target.

    Parameters
    ----------
    rng, size
        Generator and number of walks.
    sizes
        Training sizes in the order in which they are tried.
    error_of_fits
        From a training size and a number of walks still under way to one fresh error for each, (walks,).
    target_error
        In (0, 1).

    Returns
    -------
    array (size,)

    Raises
    ------
    ValueError
        If a walk comes to the end of `sizes`.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    stopping, walking = xp.zeros(size), xp.arange(size)
    samples = 0
    for samples in sizes:
        good = error_of_fits(samples, int(walking.size)) < target_error
        stopping[walking[good]] = samples
        walking = walking[~good]
        if walking.size == 0:
            return stopping
    raise ValueError(f"target_error must be reached by a training size of at most {samples}; got {target_error!r}, which is not")
