"""The robust self-trained direction as a function of arrays, for labels -1 and 1 and rules through the origin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.unlabeled_ood_gmm.estimators.ascent import Ascent, ascend, gradient_ascent
from theorylab.validation import array_of_shape, choice, moderate, real, whole_number

__all__ = ["fit_rss", "worst_error_slope"]

SOLVERS = ("ascent", "gradient")
# Alternations between the price of the Wasserstein ball and the direction.
_ALTERNATIONS = 50


def fit_rss(
    X: ArrayLike,
    y: ArrayLike,
    X_unlabeled: ArrayLike,
    unlabeled_weight: float,
    slope: float | None = None,
    unlabeled_slope: float | None = None,
    *,
    radius: float | None = None,
    solver: str = "ascent",
    max_iter: int = 500,
) -> Ascent:
    r"""Return the direction of robust self-supervised training.

    Maximises ``(1/m) sum min(max(t_i, 0), 1/gamma) + kappa (1/n) sum min(|t'_j|, 1/gamma')`` over unit vectors w, t_i = y_i <w, x_i>,
    t'_j = <w, x'_j>: the paper's labelled and unlabelled robust losses, kappa = lambda gamma'/gamma. Started at the mean of the y_i x_i.

    Parameters
    ----------
    X, y
        (m, d) and (m,), labels -1 and 1.
    X_unlabeled
        (n, d), n >= 0.
    unlabeled_weight
        kappa >= 0; with `radius` the paper's lambda.
    slope, unlabeled_slope
        gamma and gamma' > 0; None for the limit of small slopes.
    radius
        Instead of `slope`: eps >= 0, the Wasserstein radius of the labelled term. Its price gamma is then minimised over too (strong duality), by
        turns with w. Needs a finite `unlabeled_slope`.
    solver
        "ascent", fast and monotone, or "gradient", plain steps as a reference.
    max_iter
        Limit of the steps, >= 1.

    Returns
    -------
    Ascent
        ``directions`` (1, d), ``value`` (1,), ``iterations``, ``converged``.

    Raises
    ------
    ValueError
        If an argument is out of range, a label is not -1 or 1, or the mean of the y_i x_i is 0, which leaves no start.

    Notes
    -----
    arXiv:2310.00027. The objective is not concave on the sphere: the result is a stationary point no worse than the start.
    """
    x = array_of_shape("X", X, ("m", "d"))
    if x.size == 0:
        raise ValueError(f"X must hold at least one sample and one feature; got shape {x.shape}")
    labels = array_of_shape("y", y, (len(x),))
    if not np.all(np.abs(labels) == 1.0):
        raise ValueError(f"y must hold labels -1 and 1; got {np.unique(labels)[:5].tolist()}")
    unlabeled = array_of_shape("X_unlabeled", X_unlabeled, ("n", x.shape[1]))
    weight = real("unlabeled_weight", unlabeled_weight, minimum=0.0)
    widths = [
        np.inf if value is None else 1.0 / moderate(name, real(name, value, above=0.0), least=1e-100)
        for name, value in _slopes(slope, unlabeled_slope)
    ]
    climb = ascend if choice("solver", solver, SOLVERS) == "ascent" else gradient_ascent
    steps = whole_number("max_iter", max_iter)
    signed = (labels[:, None] * x)[None]
    start = signed.mean(axis=1)
    if not np.any(start):
        raise ValueError("X and y must have a mean of y x that is not 0, the start of the ascent; got 0")
    if radius is None:
        return climb(signed, unlabeled[None], start, weight, width=widths[0], unlabeled_width=widths[1], max_iter=steps)
    eps = real("radius", radius, minimum=0.0)
    if slope is not None:
        raise ValueError(f"slope must be None where a radius is given, which fixes it; got {slope!r}")
    if np.isinf(widths[1]):
        raise ValueError("unlabeled_slope must be a number > 0 where a radius is given; got None")
    return _with_radius(signed, unlabeled[None], climb(signed, unlabeled[None], start, weight, max_iter=steps), weight, eps, widths[1], steps, solver)


def _slopes(slope: float | None, unlabeled_slope: float | None) -> tuple[tuple[str, float | None], ...]:
    return ("slope", slope), ("unlabeled_slope", unlabeled_slope)


def worst_error_slope(margins: np.ndarray, radius: float) -> tuple[float, float]:
    """Return the largest error within a Wasserstein radius of margins (m,), and its derivative: the best price of the dual, 0 if all are moved."""
    costs = np.sort(np.maximum(margins, 0.0))
    spent = np.cumsum(costs)
    moved = int(np.searchsorted(spent, radius * costs.size, side="right"))
    if moved == costs.size:
        return 1.0, 0.0
    rest = radius * costs.size - (spent[moved - 1] if moved else 0.0)
    return (moved + rest / costs[moved]) / costs.size, 1.0 / costs[moved]


def _with_radius(
    signed: np.ndarray, unlabeled: np.ndarray, first: Ascent, weight: float, radius: float, width: float, max_iter: int, solver: str
) -> Ascent:
    """Minimise worst error + lambda mean max(0, 1 - |t'|/tau') by turns over the price and the direction; neither turn raises it."""
    climb = ascend if solver == "ascent" else gradient_ascent

    def loss(directions: np.ndarray) -> tuple[float, float]:
        error, price = worst_error_slope(signed[0] @ directions[0], radius)
        charged = np.maximum(0.0, 1.0 - np.abs(unlabeled[0] @ directions[0]) / width)
        return error + weight * (float(charged.mean()) if charged.size else 0.0), price

    def descend(directions: np.ndarray) -> tuple[float, np.ndarray, int, bool]:
        least, price = loss(directions)
        iterations = 0
        for _ in range(_ALTERNATIONS):
            if price == 0.0:
                return least, directions, iterations, True
            found = climb(signed, unlabeled, directions, weight / (width * price), width=1.0 / price, unlabeled_width=width, max_iter=max_iter)
            value, following = loss(found.directions)
            iterations += found.iterations
            if value >= least - 1e-12:
                return least, directions, iterations, True
            directions, least, price = found.directions, value, following
        return least, directions, iterations, False

    # From the labelled mean and from the limit of small slopes; the better end counts.
    start = signed.mean(axis=1)
    ends = [descend(directions) for directions in (start / np.linalg.norm(start), first.directions)]
    least, directions, _, converged = min(ends, key=lambda end: end[0])
    return Ascent(directions, np.array([-least]), first.iterations + sum(end[2] for end in ends), converged)
