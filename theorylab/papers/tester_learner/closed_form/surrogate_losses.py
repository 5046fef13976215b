r"""The three surrogate losses l of a margin t, charged at t = -y <w, x>: increasing from 0 to 1, with even slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from theorylab.backend import check_broadcast
from theorylab.validation import choice, moderate, plain, reals

__all__ = ["LOSSES", "surrogate_loss", "surrogate_loss_slope"]

LOSSES = ("ramp", "smooth_ramp", "logistic")


def surrogate_loss(margin: ArrayLike, ramp_width: ArrayLike, loss: str = "ramp") -> Any:
    r"""Return l(t).

    Formula: ramp ``1/2 + t/sigma`` cut to [0, 1]; smooth ramp: the integral of the slope below; logistic ``1/(1 + exp(-t/sigma))``
    (arXiv:2002.05632). The paper's ramp is smooth with slope 1/sigma on |t| <= sigma/6 and constant beyond sigma/2; the slope in between,
    ``(1 + 2 u - 3 u^2)/sigma`` with ``u = 3 (|t|/sigma - 1/6)``, is chosen here: continuous, at most 4/(3 sigma), with curvature at most 12/sigma^2.

    Parameters
    ----------
    margin
        t, finite.
    ramp_width
        sigma > 0.
    loss
        "ramp", "smooth_ramp" or "logistic".

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(margin=margin, ramp_width=ramp_width)
    place, width = np.asarray(reals("margin", margin)), np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    kind = choice("loss", loss, LOSSES)
    scaled = place / width
    if kind == "logistic":
        return plain(expit(scaled))
    if kind == "ramp":
        return plain(np.clip(0.5 + scaled, 0.0, 1.0))
    u = np.clip(3.0 * (np.abs(scaled) - 1.0 / 6.0), 0.0, 1.0)
    half = np.minimum(np.abs(scaled), 1.0 / 6.0) + (u + u**2 - u**3) / 3.0
    return plain(0.5 + np.sign(scaled) * half)


def surrogate_loss_slope(margin: ArrayLike, ramp_width: ArrayLike, loss: str = "ramp") -> Any:
    r"""Return l'(t), an even function of integral 1; at the two corners of the ramp the value inside. Arguments as in `surrogate_loss`."""
    check_broadcast(margin=margin, ramp_width=ramp_width)
    place, width = np.asarray(reals("margin", margin)), np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    kind = choice("loss", loss, LOSSES)
    scaled = np.abs(place / width)
    if kind == "logistic":
        return plain(expit(scaled) * expit(-scaled) / width)
    if kind == "ramp":
        return plain((scaled <= 0.5) / width)
    # 1 in the middle, 0 outside.
    u = np.clip(3.0 * (scaled - 1.0 / 6.0), 0.0, 1.0)
    return plain((1.0 + 2.0 * u - 3.0 * u**2) / width)
