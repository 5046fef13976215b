"""Ramp widths: how narrow the tests and the learner allow them to be, and the default."""

from __future__ import annotations

import math

from scipy.special import erfinv

from theorylab.numerics.concentration import binomial_lower_tail, tracy_widom_quantile, wishart_smallest_edge
from theorylab.papers.tester_learner.estimators.marginal_tests import LIMITS, band_rows_needed
from theorylab.validation import real, whole_number

__all__ = ["default_ramp_width", "rows_for_tolerant_tests", "smallest_ramp_width", "width_grid"]

_WIDEST = 1.0
# The default is this many excess errors wide, if the sample allows: the worst Massart noise then costs well below the excess error.
_WIDTHS_PER_EXCESS_ERROR = 4.0
# The learner's angle must be this many times below the width, else the empirical gradient is noise.
_ANGLES_PER_WIDTH = 4.0


def rows_for_tolerant_tests(dimension: int, failure_probability: float) -> int:
    """Return the fewest rows in a band for which a Gaussian sample keeps its smallest eigenvalue above 1/2, up to the failure probability.

    By the Tracy-Widom law; without fluctuations (1 - sqrt(p/m))^2 >= 1/2 asks for m >= 11.66 p. The largest eigenvalue needs fewer rows.

    Parameters
    ----------
    dimension
        d >= 2.
    failure_probability
        In (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    p = whole_number("dimension", dimension, minimum=2) - 1
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    quantile = tracy_widom_quantile(max(delta, 1e-12), upper=True)
    rows = max(band_rows_needed(p + 1), p + 2)
    while True:
        edge = wishart_smallest_edge(rows, p)
        if math.exp(edge.centre - edge.scale * quantile) >= LIMITS[0]:
            return rows
        rows = math.ceil(1.02 * rows) + 1


def smallest_ramp_width(sample_size: int, dimension: int, noise_rate: float, *, failure_probability: float = 0.05) -> float:
    """Return the narrowest ramp for which a Gaussian sample has rows enough for the tests and for the learner.

    In the band of half-width sigma/6 the tolerant tests want `rows_for_tolerant_tests` rows, but for a tenth of the failure probability. The learner
    wants 4 theta <= sigma for its root mean square angle, theta^2 = (d - 1) pi erf(sigma/(2 sqrt 2))/(2 n1 (1 - 2 eta)^2); n1 = n2 = n/2.

    Parameters
    ----------
    sample_size
        n >= 4, all rows.
    dimension
        d >= 2.
    noise_rate
        eta in [0, 1/2).
    failure_probability
        delta in (0, 1).

    Returns
    -------
    float
        sigma in (0, 1]; 1 if no width below 1 is enough.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    n = whole_number("sample_size", sample_size, minimum=4)
    d = whole_number("dimension", dimension, minimum=2)
    eta = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    half = n // 2
    needed = rows_for_tolerant_tests(d, delta / 10.0)
    # A binomial count is at least `needed` with this probability of success.
    share = needed / half
    while share < 1.0 and float(binomial_lower_tail(needed - 1, half, share)) > delta / 10.0:
        share *= 1.01
    if share >= math.erf(_WIDEST / 6.0 / math.sqrt(2.0)):
        return _WIDEST
    for_tests = 6.0 * math.sqrt(2.0) * float(erfinv(share))
    # erf(sigma/(2 sqrt 2)) <= sigma/sqrt(2 pi), so this width is enough.
    variance = (d - 1) * math.pi / (2.0 * half * (1.0 - 2.0 * eta) ** 2)
    for_learner = _ANGLES_PER_WIDTH**2 * variance / math.sqrt(2.0 * math.pi)
    return min(max(for_tests, for_learner), _WIDEST)


def default_ramp_width(sample_size: int, dimension: int, noise_rate: float, excess_error: float, *, failure_probability: float = 0.05) -> float:
    """Return the default ramp width: 4 excess errors, or the narrowest that the sample allows if that is wider.

    Narrower is better for the answer (the bias under Massart noise is proportional to sigma, the statistical angle to its root) and dearer (the steps
    are as long as sigma); see the table in ``benchmarks/RESULTS.md``. Arguments and errors as in `smallest_ramp_width`.

    Parameters
    ----------
    sample_size, dimension, noise_rate, failure_probability
        As in `smallest_ramp_width`.
    excess_error
        eps in (0, 1).
    """
    eps = real("excess_error", excess_error, above=0.0, below=1.0)
    narrowest = smallest_ramp_width(sample_size, dimension, noise_rate, failure_probability=failure_probability)
    return max(narrowest, min(_WIDTHS_PER_EXCESS_ERROR * eps, _WIDEST))


def width_grid(narrowest: float, *, ratio: float = 2.0) -> tuple[float, ...]:
    """Return the widths narrowest, narrowest ratio, ... below 1, and 1: the guesses for adversarial noise, whose right width is about 22 opt.

    Parameters
    ----------
    narrowest
        In (0, 1].
    ratio
        > 1.
    """
    first = real("narrowest", narrowest, above=0.0, maximum=_WIDEST)
    factor = real("ratio", ratio, above=1.0)
    count = math.ceil(math.log(_WIDEST / first) / math.log(factor) - 1e-9)
    return (*(first * factor**k for k in range(count)), _WIDEST)
