"""The noise of the whole three-parameter fit, degrees, noncentrality and scale, where the family is right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import ncx2

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.validation import moderate, plain, real, reals

__all__ = ["three_parameter_standard_deviation"]

_STEP = 1e-4


def three_parameter_standard_deviation(degrees: float, noncentrality: float, target_error: float, hypotheses: ArrayLike = 1) -> Any:
    """Return the standard deviation of the bias read off a maximum-likelihood fit of all three parameters, for many hypotheses.

    Formula: c(eps)/sqrt(S), c^2 = g^T J^-1 g with J the Fisher information of (log df, log nc, log scale) and g the gradient of the bias in them,
    both at the truth. Degrees, noncentrality and scale are nearly collinear, so c/I grows with depth, unlike that of the Gamma fit on the boundary.
    At nc = 0 itself J is singular and there is no such law. Derived here.

    Parameters
    ----------
    degrees, noncentrality
        df from 1e-2 to 1e4 and nc from 1e-6 to 1e4 of the true law, of scale 1.
    target_error
        eps, from 1e-100 to 1e3, in units of the mean df + nc.
    hypotheses
        S, >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    df, nc = real("degrees", degrees, above=0.0), real("noncentrality", noncentrality, above=0.0)
    moderate("degrees", df, most=1e4, least=1e-2)
    moderate("noncentrality", nc, most=1e4, least=1e-6)
    eps = moderate("target_error", real("target_error", target_error, above=0.0), most=1e3, least=1e-100) * (df + nc)
    low, high = ncx2.ppf(1e-13, df, nc), ncx2.isf(1e-13, df, nc)
    nodes, weights = np.polynomial.legendre.leggauss(300)
    x = low + 0.5 * (high - low) * (nodes + 1.0)
    density = 0.5 * (high - low) * weights * ncx2.pdf(x, df, nc)
    up, down = 1.0 + _STEP, 1.0 - _STEP

    def slope(above: Any, below: Any) -> Any:
        return (above - below) / (2.0 * _STEP)

    def nats(by_degrees: float, by_noncentrality: float, by_error: float) -> float:
        return -float(GeneralizedChiSquared([1.0], df * by_degrees, nc * by_noncentrality).logcdf(eps * by_error))

    scores = np.stack(
        [
            slope(ncx2.logpdf(x, df * up, nc), ncx2.logpdf(x, df * down, nc)),
            slope(ncx2.logpdf(x, df, nc * up), ncx2.logpdf(x, df, nc * down)),
            # Of the scale: minus one, and minus the slope of the log density in log x.
            -1.0 - slope(ncx2.logpdf(x * up, df, nc), ncx2.logpdf(x * down, df, nc)),
        ]
    )
    information = (scores * density) @ scores.T
    gradient = np.array([slope(nats(up, 1.0, 1.0), nats(down, 1.0, 1.0)), slope(nats(1.0, up, 1.0), nats(1.0, down, 1.0)), 0.0])
    gradient[2] = -slope(nats(1.0, 1.0, up), nats(1.0, 1.0, down))
    variance = float(gradient @ np.linalg.solve(information, gradient))
    return plain(np.sqrt(variance) / np.sqrt(reals("hypotheses", hypotheses, minimum=1.0)))
