"""P(T < 0) from the characteristic function of T, for many laws at once: Gil-Pelaez by the trapezoid rule in log t.

With u = log t the inversion formula of Gil-Pelaez is ``P(T < 0) = 1/2 - (1/pi) integral of Im phi(e^u) du`` over the real line, without the pole
at t = 0. The integrand decays exponentially at minus infinity and, for quadratic forms and the like, extends analytically into a strip around the
real line; on such integrands the trapezoid rule converges exponentially, where quadrature in t fights with the pole and with several scales of t.
The equal steps in log t serve callers too: an average of phi(t/w) over a random w, by the same rule with the same step in log w, needs phi on one
grid only.

Where phi is analytic in a sector around the positive axis and bounded there, the ray of integration may be turned by an angle a, which picks up
the pole once: ``P(T < 0) = 1/2 - a/pi - (1/pi) integral of Im phi(e^(u + ia)) du``. That turns the oscillation of a factor exp(i c t), c a > 0,
into decay, and is what laws with a slowly vanishing phi need. Derived here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.validation import function, real, reals

__all__ = ["InvertedProbability", "LogarithmicGrid", "inversion_sum", "probability_below_zero"]

# Where the search for the ends of the grid begins and gives up, in units of log t around the scale; exp(384) is near the square root of overflow.
_FIRST_REACH, _LAST_REACH = 48, 384
_SEARCH_STEP = 1.0
_HALVINGS = 8


class LogarithmicGrid(NamedTuple):
    """Points t_j = exp(start + j step + i angle), j = 0..length-1, one row for every law.

    Attributes
    ----------
    laws
        Which of the laws the rows belong to, indices (L,): laws that have converged are left out of finer grids.
    start
        Logarithms of the moduli of the first points, (L,).
    step
        The step of log t, > 0, common to all laws.
    length
        N, the number of points of a law.
    angle
        Angles of the rays, (L,); all 0 for the real line.
    """

    laws: np.ndarray
    start: np.ndarray
    step: float
    length: int
    angle: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """Return the points (L, N): float64 if all angles are 0, else complex."""
        logarithms = self.start[:, None] + self.step * np.arange(self.length)
        return np.exp(logarithms + 1j * self.angle[:, None]) if np.any(self.angle) else np.exp(logarithms)


class InvertedProbability(NamedTuple):
    """Computed probabilities and estimates of their absolute errors, arrays of one shape.

    Attributes
    ----------
    value
        The best values.
    error
        The differences from the same quantities at twice the step, so usually large overestimates: halving the step squares a small error.
    """

    value: np.ndarray
    error: np.ndarray


def inversion_sum(samples: ArrayLike, step: float, *, angle: ArrayLike = 0.0) -> np.ndarray:
    r"""Return P(T < 0) by the trapezoid rule from samples of the characteristic function on a logarithmic grid.

    Formula: ``1/2 - angle/pi - (step/pi) sum_j Im phi(t_j)``.

    Parameters
    ----------
    samples
        phi at the points of a `LogarithmicGrid`, (..., N) complex. The grid must reach down to where Im phi is negligible and up to where phi is.
    step
        The step of log t, > 0.
    angle
        The ray's angle in (-pi/2, pi/2), broadcast against the leading axes.

    Returns
    -------
    ndarray
        Probabilities of the shape of the leading axes; the probability of T = 0 counts half.

    Raises
    ------
    ValueError
        If the step or the angle is out of range.
    """
    check_broadcast(step=step, angle=angle)
    try:
        values = np.asarray(samples)
        if values.dtype.kind not in "biufc" or values.ndim == 0 or not np.all(np.isfinite(values)):
            raise TypeError
    except (TypeError, ValueError):
        raise ValueError("samples must be finite numbers of shape (..., N)") from None
    width = reals("step", step, above=0.0)
    turned = reals("angle", angle, above=-np.pi / 2, below=np.pi / 2)
    return np.asarray(0.5 - turned / np.pi - (width / np.pi) * np.sum(np.imag(values), axis=-1))


def probability_below_zero(
    characteristic_function: Callable[[LogarithmicGrid], np.ndarray],
    scale: ArrayLike,
    *,
    angle: ArrayLike = 0.0,
    tolerance: float = 1e-10,
    first_step: float = 0.1,
) -> InvertedProbability:
    """Return P(T < 0) for L laws from a function that samples their characteristic functions, to an absolute tolerance.

    Parameters
    ----------
    characteristic_function
        Takes a `LogarithmicGrid`, returns phi of the laws ``grid.laws`` at its points, (rows, N) complex. From a plain vectorised function of t
        and a column of parameters: ``lambda grid: phi(grid.points, parameter[grid.laws, None])``.
    scale
        Rough size of T, > 0, a number or (L,): phi should change near t = 1/scale. It only places the search for the ends of the grid.
    angle
        The ray's angle, a number or (L,), in (-pi/2, pi/2); phi must be analytic and bounded between the real line and the ray.
    tolerance
        Largest accepted difference between two resolutions, in (0, 1). Below about 1e-13 rounding forbids agreement.
    first_step
        The finer of the two steps of log t that are tried first; the characteristic function may use the grid's step for quadratures of its own.

    Returns
    -------
    InvertedProbability
        Values in [0, 1], with errors, of shape (L,).

    Raises
    ------
    ValueError
        If an argument is out of range or the function returns another shape.
    ConvergenceError
        If phi is not finite, does not vanish (an atom of T; phi vanishing slower than any power of t), or two resolutions never agree.
    """
    function("characteristic_function", characteristic_function)
    scales = np.atleast_1d(reals("scale", scale, above=0.0))
    if scales.ndim != 1:
        raise ValueError(f"scale must be a number or have shape (L,); got shape {scales.shape}")
    limit = real("tolerance", tolerance, above=0.0, below=1.0)
    step = real("first_step", first_step, above=0.0, maximum=1.0)
    turned = np.asarray(reals("angle", angle, above=-np.pi / 2, below=np.pi / 2))
    if turned.ndim and turned.shape != scales.shape:
        raise ValueError(f"angle must be a number or have the shape of scale, {scales.shape}; got shape {turned.shape}")
    turned = np.broadcast_to(turned, scales.shape)
    centre = -np.log(scales)

    def samples(laws: np.ndarray, low: float, high: float, width: float) -> np.ndarray:
        length = int(np.ceil((high - low) / width)) + 1
        return _samples(characteristic_function, LogarithmicGrid(laws, centre[laws] + low, width, length, turned[laws]))

    laws = np.arange(scales.size)
    low, high = _ends(lambda low, high: samples(laws, low, high, _SEARCH_STEP), 1e-5 * limit)
    coarse = inversion_sum(samples(laws, low, high, 2.0 * step), 2.0 * step, angle=turned)
    value, error = np.empty(scales.shape), np.empty(scales.shape)
    for _ in range(_HALVINGS):
        value[laws] = inversion_sum(samples(laws, low, high, step), step, angle=turned[laws])
        error[laws] = np.abs(value[laws] - coarse)
        laws = laws[error[laws] > limit]
        if not laws.size:
            return InvertedProbability(np.clip(value, 0.0, 1.0), error)
        coarse, step = value[laws], 0.5 * step
    worst = int(np.argmax(error))
    raise ConvergenceError(
        f"P(T < 0) did not converge to {limit:g}: for law {worst} the steps {4.0 * step:.3g} and {2.0 * step:.3g} of log t give results that differ "
        f"by {error[worst]:.3g}"
    )


def _samples(characteristic_function: Callable[[LogarithmicGrid], np.ndarray], grid: LogarithmicGrid) -> np.ndarray:
    values: Any = np.asarray(characteristic_function(grid))
    expected = (grid.start.size, grid.length)
    if values.shape != expected:
        raise ValueError(f"characteristic_function must return an array of shape {expected}; got shape {values.shape}")
    if not np.all(np.isfinite(values)):
        law, point = np.argwhere(~np.isfinite(values))[0]
        place = grid.start[law] + grid.step * point
        raise ConvergenceError(f"the characteristic function of law {grid.laws[law]} is not finite at log |t| = {place:.6g}")
    return np.asarray(values)


def _ends(samples: Callable[[float, float], np.ndarray], negligible: float) -> tuple[float, float]:
    """Return the ends of log(t scale) beyond which Im phi below, and phi above, are negligible for every law."""
    below, above = float(_FIRST_REACH), float(_FIRST_REACH)
    while True:
        values = samples(-below, above)
        # Away from the real line phi(0) = 1 has no part in Im phi either.
        significant = np.max(np.abs(values.imag), axis=0) > negligible
        present = np.max(np.abs(values), axis=0) > negligible
        # Two quiet points at the lower end: one may be a zero of an oscillation.
        ends = bool(np.any(significant[:2])), bool(np.any(present[-2:]))
        if not any(ends):
            break
        below, above = below * (2.0 if ends[0] else 1.0), above * (2.0 if ends[1] else 1.0)
        if max(below, above) > _LAST_REACH:
            side = "vanish at infinity" if above > _LAST_REACH else "tend to 1 at 0"
            raise ConvergenceError(f"the characteristic function does not {side} within exp({_LAST_REACH}) scales")
    if not np.any(significant):
        # A law that is symmetric about 0: Im phi is 0 everywhere.
        return -_SEARCH_STEP, _SEARCH_STEP
    first = int(np.argmax(significant))
    last = present.size - 1 - int(np.argmax(present[::-1]))
    return -below + _SEARCH_STEP * (first - 1), -below + _SEARCH_STEP * (last + 1)
