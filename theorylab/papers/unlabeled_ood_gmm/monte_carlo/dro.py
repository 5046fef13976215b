"""The robust risk of samples of margins: the largest error that a transport of limited mean length can make, with its dual at a fixed price."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import array_of_shape, moderate, real, whole_number

__all__ = ["sample_margins", "sample_robust_risk", "transport_program"]


def transport_program(margins: np.ndarray, radius: float, places: np.ndarray) -> float:
    """Return the largest mass at nonpositive places over all transports of the sample to these places of mean length at most `radius`.

    The linear program itself, solved by HiGHS: a plan (m, L) of nonnegative masses, each sample 1/m, mean length of transport bounded.

    Parameters
    ----------
    margins
        (m,).
    radius
        >= 0.
    places
        (L,), where mass may go; with 0 among them nothing is lost, and others only show that nothing better exists. Each sample may also stay where
        it is.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    margins = moderate("margins", array_of_shape("margins", margins, ("m",)), most=1e9)
    if margins.size == 0:
        raise ValueError("margins must hold at least one number; got none")
    places, radius = moderate("places", array_of_shape("places", places, ("L",)), most=1e9), real("radius", radius, minimum=0.0)
    # Loading it takes a second that samplers do not need.
    import cvxpy

    m = len(margins)
    targets = np.concatenate([places, margins])
    plan = cvxpy.Variable((m, len(targets)), nonneg=True)
    lengths = np.abs(margins[:, None] - targets)
    mass = plan @ np.ones(len(targets)) == np.full(m, 1.0 / m)
    budget = plan.flatten(order="C") @ lengths.ravel() <= radius
    program = cvxpy.Problem(cvxpy.Maximize(np.ones(m) @ plan @ (1.0 * (targets <= 0.0))), [mass, budget])
    return float(program.solve(solver=cvxpy.SCIPY, scipy_options={"method": "highs"}))


def sample_margins(rng: Any, size: int, *, margin_mean: float, margin_deviation: float) -> dict[str, Any]:
    """Sample normal margins one by one.

    Parameters
    ----------
    rng, size
        Generator and number of margins.
    margin_mean, margin_deviation
        M and sigma > 0.

    Returns
    -------
    dict
        "margin" (size,).

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    deviation = real("margin_deviation", margin_deviation, above=0.0)
    return {"margin": real("margin_mean", margin_mean) + deviation * rng.standard_normal((size,))}


def _block(*, sample_size: int, **_: object) -> int:
    return fitting_block(numbers=6.0 * sample_size, nanoseconds=80.0 * sample_size)


@block_size(_block)
def sample_robust_risk(
    rng: Any, size: int, *, sample_size: int, margin_mean: float, margin_deviation: float, radius: float, slope: float
) -> dict[str, Any]:
    """Sample the robust risk of m normal margins, and its dual objective at one price, whose mean is elementary.

    Parameters
    ----------
    rng, size
        Generator and number of samples of margins.
    sample_size
        m >= 1.
    margin_mean, margin_deviation
        M and sigma > 0.
    radius
        eps >= 0, the mean length of transport.
    slope
        gamma >= 0, the price: near the best one the difference below has a small variance.

    Returns
    -------
    dict
        "risk" in [0, 1]; "dual", gamma eps + the mean ramp loss, never below "risk"; "scaled_difference", m (risk - dual), of order 1 whatever m
        is; (size,) each, with all moments.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp, m = namespace_of(rng), whole_number("sample_size", sample_size)
    deviation, eps = real("margin_deviation", margin_deviation, above=0.0), real("radius", radius, minimum=0.0)
    price = real("slope", slope, minimum=0.0)
    margins = real("margin_mean", margin_mean) + deviation * rng.standard_normal((size, m))
    dual = price * eps + xp.minimum(1.0, xp.maximum(0.0, 1.0 - price * xp.maximum(margins, 0.0))).mean(axis=1)
    costs = xp.sort(xp.maximum(margins, 0.0), axis=1)
    # Whole samples are moved while the budget lasts; of the next one the part that the rest of the budget buys.
    left = m * eps - (xp.cumsum(costs, axis=1) - costs)
    share = xp.where(costs > 0.0, left / xp.where(costs > 0.0, costs, 1.0), 1.0)
    risk = xp.minimum(1.0, xp.maximum(0.0, share)).mean(axis=1)
    return {"risk": risk, "dual": dual, "scaled_difference": m * (risk - dual)}
