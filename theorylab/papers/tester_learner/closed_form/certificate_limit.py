r"""What the certificate would say of a Gaussian marginal with infinitely many rows, against what is true there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.tester_learner.closed_form.band import band_mean_distance
from theorylab.validation import plain, reals

__all__ = ["certified_angle_limit"]


def certified_angle_limit(half_width: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return the certified angle of a stationary w under a Gaussian marginal with all moments known.

    Formula: ``arctan(2 (1 - eta) E|a| sqrt(3)/(1 - 2 eta))`` with E|a| in the band |a| <= c, near c/2: mean b^2 = 1 and mean b^4 = 3 make Hoelder's
    lower bound on mean |b| 1/sqrt(3), where the truth is sqrt(2/pi). Derived here.

    Parameters
    ----------
    half_width
        c > 0 of the band.
    noise_rate
        eta in [0, 1/2).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(half_width=half_width, noise_rate=noise_rate)
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    return plain(np.arctan(2.0 * (1.0 - eta) * np.asarray(band_mean_distance(half_width)) * np.sqrt(3.0) / (1.0 - 2.0 * eta)))
