"""Logistic regression without penalty and intercept on two Gaussian classes in high dimension: the fit itself and its exact error."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of, special_functions
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.numerics.logistic_regression import fit_logistic_batched, log_odds_form
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import checked_convergence, fitted
from theorylab.papers.naive_bayes_logistic.monte_carlo.separability import draw_two_classes
from theorylab.validation import real, whole_number

__all__ = ["sample_proportional_logistic"]

# Where the data are separable the penalised direction tends, as the penalty goes to 0, to that of the largest margin.
_SMALL_RIDGE = 1e-6


def _proportional_block(*, sample_size: int, dimension: int, **_: object) -> int:
    m, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension)
    return fitting_block(numbers=4 * m * d, nanoseconds=4e4 + 30.0 * m * d + 2.0 * m * d * d)


@block_size(_proportional_block)
def sample_proportional_logistic(rng: Any, size: int, *, half_distance: float, sample_size: int, dimension: int) -> dict[str, Any]:
    """Sample the error and the size of a logistic regression on raw data: ``x = s mu + z``, |mu| = r, no penalty, no intercept.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    half_distance
        r >= 0: half the distance of the class means, the covariance is I_d.
    sample_size, dimension
        m and d, >= 1; the labels are independent fair coins.

    Returns
    -------
    dict of arrays of shape (size,)
        "error", the misclassification probability of the fitted rule, exact given the fit; "alignment", the component of the estimate along mu;
        "orthogonal_norm", the norm of the rest; "separable", 1.0 where the data are separable. Such a data set has no finite estimate, and is
        fitted with the ridge 1e-6 instead: the error is then that of the direction of largest margin, nearly, and the other two are large.
        The error has all moments, and a skewness below 1 at half the threshold; the other two have a heavy tail where separable data are not rare.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    ConvergenceError
        If a fit has not converged.
    """
    size = check_draw(rng, size)
    r = real("half_distance", half_distance, minimum=0.0)
    m, d = whole_number("sample_size", sample_size), whole_number("dimension", dimension)
    xp = namespace_of(rng)
    features, labels = draw_two_classes(rng, size, sample_size=m, dimension=d, half_distance=r)
    fit = checked_convergence(fit_logistic_batched(features, labels, 2, ridge=0.0, fit_intercept=False, namespace=xp))
    direction, _ = log_odds_form(fit)
    apart = xp.flatnonzero(fit.separable)
    if apart.size:
        penalised = fitted(features[apart], labels[apart], 2, ridge=_SMALL_RIDGE, fit_intercept=False, namespace=xp)
        direction[apart] = log_odds_form(penalised)[0]
    alignment = direction[:, 0]
    norm = xp.sqrt((direction**2).sum(axis=1))
    return {
        "error": special_functions(xp).ndtr(-r * alignment / norm),
        "alignment": alignment,
        "orthogonal_norm": xp.sqrt((direction[:, 1:] ** 2).sum(axis=1)),
        "separable": 1.0 * fit.separable,
    }
