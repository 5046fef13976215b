r"""How often two halfspaces disagree, and what that costs under noise."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.validation import plain, reals

__all__ = ["ExcessRange", "angle_disagreement_probability", "massart_excess_range", "random_classification_error"]


class ExcessRange(NamedTuple):
    """Smallest and largest excess error."""

    low: Any
    high: Any


def angle_disagreement_probability(angle: ArrayLike) -> Any:
    r"""Return P[sign<w, x> != sign<w*, x>] under a rotation-invariant marginal.

    Formula: ``theta / pi``: the two boundaries cut the plane of w and w* into sectors, of which two opposite ones of this angle disagree.

    Parameters
    ----------
    angle
        theta in [0, pi] between w and w*; broadcasts.

    Raises
    ------
    ValueError
        If an angle is out of range.
    """
    return plain(np.asarray(reals("angle", angle, minimum=0.0, maximum=np.pi)) / np.pi)


def random_classification_error(angle: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return err(w) under random classification noise and a rotation-invariant marginal.

    Formula: ``eta + (1 - 2 eta) theta / pi``: where the halfspaces disagree a label is wrong with probability 1 - eta instead of eta.

    Parameters
    ----------
    angle
        theta in [0, pi].
    noise_rate
        eta in [0, 1/2).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(angle=angle, noise_rate=noise_rate)
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    return plain(eta + (1.0 - 2.0 * eta) * angle_disagreement_probability(angle))


def massart_excess_range(disagreement: ArrayLike, noise_rate: ArrayLike) -> ExcessRange:
    r"""Return the smallest and the largest err(w) - opt that Massart noise allows at a probability of disagreement, whatever the marginal.

    Formula: ``err(w) - opt = E[(1 - 2 eta(x)) 1{disagree}]``, between ``(1 - 2 eta) P[disagree]`` (noise eta wherever they disagree) and
    ``P[disagree]`` (none there). Derived here.

    Parameters
    ----------
    disagreement
        P[disagree] in [0, 1].
    noise_rate
        eta in [0, 1/2).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(disagreement=disagreement, noise_rate=noise_rate)
    probability, eta = np.broadcast_arrays(
        reals("disagreement", disagreement, minimum=0.0, maximum=1.0), reals("noise_rate", noise_rate, minimum=0.0, below=0.5)
    )
    return ExcessRange(plain((1.0 - 2.0 * eta) * probability), plain(probability.copy()))
