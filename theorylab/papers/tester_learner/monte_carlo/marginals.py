"""Marginal laws on which learners and tests are tried: harmless ones, ones that break a learner, and traps laid for the tests.

All have mean 0 and, but for `anisotropic`, covariance near I, so that a look at the whole sample shows little. The first coordinate is the one along
which a learner that starts there is trapped, the second the one along which the target lies off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtr

from theorylab.backend import namespace_of, special_functions
from theorylab.validation import choice, whole_number

__all__ = ["MARGINALS", "sample_marginal"]


Shape = tuple[int, ...]


def _signs(rng: Any, shape: Shape) -> Any:
    return 2.0 * rng.integers(0, 2, shape) - 1.0


def _gaussian(rng: Any, shape: Shape) -> Any:
    return rng.standard_normal(shape)


def _slab(rng: Any, shape: Shape) -> Any:
    x = rng.standard_normal(shape)
    x[..., 0] = _signs(rng, shape[:-1])
    return x


def _gauss_hermite(rng: Any, shape: Shape, *, nodes: int = 6) -> Any:
    places, weights = np.polynomial.hermite_e.hermegauss(nodes)
    x, xp = rng.standard_normal(shape), namespace_of(rng)
    edges = np.cumsum(weights / weights.sum())
    x[..., 0] = xp.asarray(places)[xp.minimum(xp.searchsorted(xp.asarray(edges), rng.random(shape[:-1])), nodes - 1)]
    return x


def _pinched(rng: Any, shape: Shape, *, half_width: float, factor: float = 0.02) -> Any:
    x = rng.standard_normal(shape)
    inside = abs(x[..., 0]) <= half_width
    mass = math.erf(half_width / math.sqrt(2.0))
    x[..., 1:] *= namespace_of(rng).where(inside, factor, math.sqrt((1.0 - mass * factor**2) / (1.0 - mass)))[..., None]
    return x


def _hypercube(rng: Any, shape: Shape) -> Any:
    return _signs(rng, shape)


def _student(rng: Any, shape: Shape, *, degrees_of_freedom: float = 3.0) -> Any:
    # Scaled to unit variance where there is one, as independent coordinates.
    scale = math.sqrt((degrees_of_freedom - 2.0) / degrees_of_freedom) if degrees_of_freedom > 2.0 else 1.0
    return scale * rng.standard_normal(shape) / namespace_of(rng).sqrt(rng.chisquare(degrees_of_freedom, shape) / degrees_of_freedom)


def _laplace(rng: Any, shape: Shape) -> Any:
    return rng.exponential(1.0, shape) * _signs(rng, shape) / math.sqrt(2.0)


def _uniform(rng: Any, shape: Shape) -> Any:
    return math.sqrt(3.0) * (2.0 * rng.random(shape) - 1.0)


def _cut_normal(rng: Any, shape: Shape) -> Any:
    # N(0, 1) cut to [-1, 1] is strongly log-concave; its variance is 1 - 2 phi(1)/P(|Z| <= 1).
    low, high = float(ndtr(-1.0)), float(ndtr(1.0))
    variance = 1.0 - 2.0 * math.exp(-0.5) / math.sqrt(2.0 * math.pi) / (high - low)
    return special_functions(namespace_of(rng)).ndtri(low + (high - low) * rng.random(shape)) / math.sqrt(variance)


def _anisotropic(rng: Any, shape: Shape, *, deviation: float = 3.0) -> Any:
    x = rng.standard_normal(shape)
    x[..., 1] *= deviation
    return x


def _clusters(rng: Any, x: Any, share: float, place: tuple[float, float], jitter: float, everywhere: bool) -> Any:
    xp, rows = namespace_of(rng), x.shape[:-1]
    inside = rng.random(rows) < share
    moved = x.shape[-1] if everywhere else 2
    centres = np.zeros(moved)
    centres[:2] = place
    sides = _signs(rng, rows)
    cluster = sides[..., None] * xp.asarray(centres) + jitter * rng.standard_normal((*rows, moved))
    x[..., :moved] = xp.where(inside[..., None], cluster, x[..., :moved])
    return x


def _lopsided(rng: Any, shape: Shape, *, share: float = 0.1, place: tuple[float, float] = (0.09, -0.8), jitter: float = 0.05) -> Any:
    return _clusters(rng, rng.standard_normal(shape), share, place, jitter, True)


def _planar_lopsided(rng: Any, shape: Shape, *, share: float = 0.1, place: tuple[float, float] = (0.09, -0.8), jitter: float = 0.05) -> Any:
    return _clusters(rng, rng.standard_normal(shape), share, place, jitter, False)


def _coupled(rng: Any, shape: Shape, *, half_width: float, balanced: bool = False, edge_share: float = 0.0, spread: int = 1) -> Any:
    xp, x = namespace_of(rng), rng.standard_normal(shape)
    inside = abs(x[..., 0]) <= half_width
    if edge_share > 0.0:
        # Rows of the inner third go to the edge of the band: the boundary of w is emptied, as far as a tolerance lets it.
        moved = inside & (abs(x[..., 0]) <= half_width / 3.0) & (rng.random(shape[:-1]) < edge_share)
        places = half_width * (0.9 + 0.1 * rng.random(shape[:-1]))
        x[..., 0] = xp.where(moved, xp.where(x[..., 0] >= 0.0, places, -places), x[..., 0])
    # The coordinate along which the trap is laid: the second one, or a mean of several, which no axis shows.
    trap = np.zeros(shape[-1])
    trap[1 : 1 + spread] = 1.0 / math.sqrt(spread)
    axis = xp.asarray(trap)
    along = x @ axis
    opposed = -xp.sign(x[..., 0]) * abs(along)
    if balanced:
        # Below the median of |b| weighted by |b| the signs oppose, above it they agree: the signed mean is 0.
        opposed = xp.where(abs(along) <= math.sqrt(2.0 * math.log(2.0)), opposed, -opposed)
    x += xp.where(inside, opposed - along, 0.0)[..., None] * axis
    return x


def _far_wedge(rng: Any, shape: Shape, *, share: float = 0.02, place: tuple[float, float] = (0.25, -2.2), jitter: float = 0.02) -> Any:
    return _clusters(rng, rng.standard_normal(shape), share, place, jitter, False)


MARGINALS: dict[str, Callable[..., Any]] = {
    "gaussian": _gaussian,
    "slab": _slab,
    "gauss_hermite": _gauss_hermite,
    "pinched": _pinched,
    "hypercube": _hypercube,
    "student": _student,
    "laplace": _laplace,
    "uniform": _uniform,
    "cut_normal": _cut_normal,
    "anisotropic": _anisotropic,
    "lopsided": _lopsided,
    "planar_lopsided": _planar_lopsided,
    "coupled": _coupled,
    "far_wedge": _far_wedge,
}


def sample_marginal(name: str, sample_size: int, dimension: int, rng: Any, *, replicates: int | None = None, **options: Any) -> Any:
    """Draw rows of a named marginal, for one sample or for many.

    Parameters
    ----------
    name
        * "gaussian"; "student" (`degrees_of_freedom` 3), "laplace", "uniform", "cut_normal" (to [-1, 1]): independent coordinates of variance 1;
        * "slab": x_0 = +-1; "gauss_hermite": x_0 on the `nodes` (6) of the quadrature rule; "hypercube": all coordinates +-1;
        * "pinched": where |x_0| <= `half_width` the other coordinates are scaled by `factor` (.02), elsewhere so that their variance is 1;
        * "anisotropic": x_1 has the standard deviation `deviation` (3);
        * "lopsided", "planar_lopsided", "far_wedge": a `share` of the rows lies at +-`place` in the plane of the first two coordinates, with normal
          `jitter` in all coordinates or only these two, the others standard normal;
        * "coupled": standard normal, but where |x_0| <= `half_width` the sign of x_1 is turned against that of x_0 (`balanced`: only for |x_1| below
          1.177, the other way round above, so that E[sign(x_0) x_1] = 0). Every moment that is even in x_0 or in x_1 stays a Gaussian's.
          `edge_share` of the rows in the inner third of the band is moved to its edge; `spread` > 1 lays x_1 along the mean of that many axes.
    sample_size, dimension
        n >= 1 and d >= 2 (d > `spread`).
    rng
        Generator.
    replicates
        Number of samples; None draws one.
    **options
        Of the marginal.

    Returns
    -------
    array
        (n, d), or (replicates, n, d).

    Raises
    ------
    ValueError
        If the name is unknown or a size out of range.
    """
    kind, replicates = choice("name", name, tuple(MARGINALS)), None if replicates is None else whole_number("replicates", replicates)
    namespace_of(rng)
    n, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension, minimum=2)
    if options.get("spread", 1) >= d:
        raise ValueError(f"spread must be below the dimension {d}; got {options['spread']}")
    return MARGINALS[kind](rng, (n, d) if replicates is None else (replicates, n, d), **options)
