"""Nonlinear target functions of a Gaussian covariate: single-index links phi(u.x) and their first Gaussian moments by quadrature."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from theorylab.backend import checked_array
from theorylab.validation import choice

__all__ = ["LINKS", "apply_link", "link_moments"]

_LINKS: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda z, xp: z,
    "sign": lambda z, xp: xp.sign(z),
    "tanh": lambda z, xp: xp.tanh(z),
    "relu": lambda z, xp: xp.maximum(z, 0.0),
    "absolute": lambda z, xp: xp.abs(z),
    "square": lambda z, xp: z * z,
    "cube": lambda z, xp: z * z * z,
    "shifted_square": lambda z, xp: z + z * z,
    "hermite3": lambda z, xp: z * (z * z - 3.0),
}
LINKS = tuple(_LINKS)


def apply_link(link: str, z: Any, *, namespace: Any = np) -> Any:
    """Return phi(z) entry by entry.

    Parameters
    ----------
    link
        "linear", "sign", "tanh", "relu", "absolute", "square", "cube", "shifted_square" (z + z^2) or "hermite3" (z^3 - 3 z).
    z
        Array.
    namespace
        The array module of `z`.

    Raises
    ------
    ValueError
        If the link is unknown.
    """
    return _LINKS[choice("link", link, LINKS)](checked_array("z", z, minimum=-1e100, maximum=1e100), namespace)


def link_moments(link: str) -> tuple[float, float]:
    """Return (E[z phi(z)], E[phi(z)^2]) for z ~ N(0, 1), by adaptive quadrature on the half line, where every link is smooth.

    Raises
    ------
    ValueError
        If the link is unknown.
    ArithmeticError
        If the quadrature does not reach 1e-10.
    """
    return _known_moments(choice("link", link, LINKS))


@functools.cache
def _known_moments(link: str) -> tuple[float, float]:
    from scipy.integrate import quad

    def folded(z: float, statistic: Callable[[float, float], float]) -> float:
        density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        return density * (statistic(z, float(apply_link(link, z))) + statistic(-z, float(apply_link(link, -z))))

    moments = []
    for statistic in (lambda z, f: z * f, lambda z, f: f * f):
        value, error = quad(folded, 0.0, math.inf, args=(statistic,), epsabs=1e-13, epsrel=1e-13, limit=200)
        if not error <= 1e-10 * max(1.0, abs(value)):
            raise ArithmeticError(f"quadrature for link {link!r} did not converge: {value} with error estimate {error}")
        moments.append(float(value))
    return moments[0], moments[1]
