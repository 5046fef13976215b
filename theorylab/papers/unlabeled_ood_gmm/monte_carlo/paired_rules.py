"""The mean rule against least squares and logistic regression on the same labelled samples."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, cosines, direction_error, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.logistic_regression import fit_logistic_batched, log_odds_form
from theorylab.validation import real, whole_number

__all__ = ["sample_paired_rules"]


def _block(*, dimension: int, labeled_size: int, **_: object) -> int:
    d, m = dimension, labeled_size
    return fitting_block(numbers=4 * m * d + 2 * d * d, nanoseconds=100.0 * m * d + d**3)


@block_size(_block)
def sample_paired_rules(rng: Any, size: int, *, dimension: int, labeled_size: int, half_distance: float, ridge: float) -> dict[str, Any]:
    """Sample the risks of three rules through the origin, fitted to the same raw labelled samples; exact given the fits.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, labeled_size
        d >= 1, m > d: least squares needs more samples than coordinates.
    half_distance
        s = |mu0|/sigma0 > 0.
    ridge
        Coefficient > 0 of |w|^2/2 against the sum of the log losses: small, but there is a solution when the classes are separable.

    Returns
    -------
    dict
        "mean", "least_squares" (the direction of linear discriminant analysis with either scatter matrix) and "logistic", the risks;
        "least_squares_cost" and "logistic_cost", these less that of the mean rule; (size,) each, in [-1, 1]. The costs have skewness near 1.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    ConvergenceError
        If a logistic regression has not converged.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    d, m = whole_number("dimension", dimension), whole_number("labeled_size", labeled_size)
    if m <= d:
        raise ValueError(f"labeled_size must be > dimension = {d}; got {m}")
    s, strength = real("half_distance", half_distance, above=0.0), real("ridge", ridge, above=0.0)
    mean = axis_mean(xp, s, d)
    features, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=mean)
    average = (labels[:, :, None] * features).mean(axis=1)
    scatter = features.swapaxes(1, 2) @ features / m
    least_squares = xp.linalg.solve(scatter, average[:, :, None])[:, :, 0]
    classes = (labels > 0.0).astype(int)
    fit = fit_logistic_batched(features, classes, 2, ridge=strength, fit_intercept=False, namespace=xp)
    if not bool(fit.converged.all()):
        raise ConvergenceError(f"logistic regression has not converged on {int((~fit.converged).sum())} of {size} data sets")
    logistic, _ = log_odds_form(fit)
    risks = {
        name: direction_error(cosines(rule, mean), s, xp)
        for name, rule in (("mean", average), ("least_squares", least_squares), ("logistic", logistic))
    }
    costs = {f"{name}_cost": risks[name] - risks["mean"] for name in ("least_squares", "logistic")}
    return risks | costs
