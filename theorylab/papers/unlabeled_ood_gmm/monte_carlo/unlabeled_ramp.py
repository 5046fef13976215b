"""The unlabelled term of the robust loss on raw samples, at several directions at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, draw_symmetric_mixture, plane_mean
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import items, real, reals, whole_number

__all__ = ["sample_unlabeled_ramp"]


def _block(*, dimension: int, alignments: Sequence[float], **_: object) -> int:
    return fitting_block(numbers=2.0 * dimension + 3.0 * len(alignments), nanoseconds=30.0 * dimension + 20.0 * len(alignments))


@block_size(_block)
def sample_unlabeled_ramp(
    rng: Any, size: int, *, dimension: int, mean_length: float, alignments: Sequence[float], threshold: float, standard_deviation: float = 1.0
) -> dict[str, Any]:
    """Charge one unlabelled sample ``max(0, 1 - |<w, x>|/tau)`` at directions w of length 1.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    dimension
        d >= 2, or 1 if all alignments are 1 or -1.
    mean_length, standard_deviation
        |mu1| >= 0 and sigma1 > 0.
    alignments
        Cosines of the angles between the directions and mu1, each in [-1, 1].
    threshold
        tau > 0.

    Returns
    -------
    dict
        "ramp", (size, L), in [0, 1]: one column a direction, the same sample for all.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, length = whole_number("dimension", dimension), real("mean_length", mean_length, minimum=0.0)
    deviation, tau = (real(name, value, above=0.0) for name, value in (("standard_deviation", standard_deviation), ("threshold", threshold)))
    alignments = items("alignments", alignments, minimum=1)
    reals("alignments", alignments, minimum=-1.0, maximum=1.0)
    xp = namespace_of(rng)
    features, _ = draw_symmetric_mixture(rng, size, sample_size=1, mean=axis_mean(xp, length / deviation, d))
    directions = xp.stack([plane_mean(xp, 1.0, float(alignment), d) for alignment in alignments])
    margins = deviation * abs(features[:, 0, :] @ directions.T)
    return {"ramp": xp.maximum(0.0, 1.0 - margins / tau)}
