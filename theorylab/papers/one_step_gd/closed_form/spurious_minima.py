r"""Local minima of the loss that are not global (derived here; Sigma = I, tau = 1).

Where the rank-one branch of `landscape` is unstable, other local minima exist in the family A = nu u u^T + omega (I - u u^T), a = alpha u, b =
beta u, |u| = 1. With eta = 1/(n + d + 1 + sigma^2), D = d + sigma^2, mu = n (n D + 2) and q = E|y|^4 = n (n + 2)(D^2 + 2 d), put x = c nu, y =
alpha beta, w = c omega and r = (alpha/c)^2. Then L_even = r n [(n + 2) x^2 + (d - 1) w^2] + 2 mu x y + q y^2 / r is convex in r; at its minimum,
and with X, Y, W = (x, y, w)/eta, N = sqrt((n + 2) X^2 + (d - 1) W^2), e_1 = eta sqrt(q/n) and e_2 = eta mu/n, the loss is sigma^2 + d + n eta g,

    g(X, Y, W) = -2 (X + Y + (d - 1) W) + (X + Y)^2 + (d - 1) W^2 + 2 Y (e_1 N + e_2 X),    Y > 0.

e_1^2 (n + 2) - e_2^2 = eta^2 [4 (D - 1)((n + 1) D + 1) + 2 d (n + 2)^2] =: E, the numerator of R times eta^2; it keeps e_1 N + e_2 X (X < 0)
free of cancellation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.one_step_gd.closed_form._arguments import scalar
from theorylab.papers.one_step_gd.closed_form.landscape import stability_numerator
from theorylab.papers.one_step_gd.closed_form.loss_polynomial import PopulationLoss
from theorylab.validation import integers, whole_number

__all__ = ["SpuriousMinimum", "spurious_excess_limit", "spurious_minimum"]


def spurious_excess_limit(context_length: ArrayLike, dimension: ArrayLike) -> Any:
    r"""Return the leading term, for n -> infinity at fixed d, of the excess over L* of the spurious minima.

    Formula: ``2 sqrt(2 d (d - 1) / n)``, for every noise variance; L* - sigma^2 itself is of order 1/n.

    Parameters
    ----------
    context_length
        n >= 1; broadcasts.
    dimension
        d >= 2; broadcasts.

    Returns
    -------
    float or ndarray
        The leading term; the relative correction is of order n^-1/2.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: with p = Y = 1 + delta the two even terms cancel to leading order, at the cost 2 d delta/D + (d - 1) D/(delta n), least at
    delta = D sqrt((d - 1)/(2 d n)).
    """
    check_broadcast(context_length=context_length, dimension=dimension)
    n = integers("context_length", context_length)
    d = 1.0 * integers("dimension", dimension, minimum=2)
    return 2.0 * np.sqrt(2.0 * d * (d - 1.0) / n)


class SpuriousMinimum(NamedTuple):
    """A critical point of the loss that is not global, minimal within its family.

    Attributes
    ----------
    value_vector, key_query_matrix
        v and M, scaled to |v| = |M|_F, with u the first axis.
    loss
        L, label noise included.
    excess
        L - L*, computed without the cancellation.
    """

    value_vector: np.ndarray
    key_query_matrix: np.ndarray
    loss: float
    excess: float


def spurious_minimum(context_length: int, dimension: int, noise_variance: float) -> SpuriousMinimum | None:
    r"""Return the spurious minimum with a, b, c, A all nonzero, or None where the family has none.

    Formula: the critical point of g in the module's docstring that continues, as n decreases, the asymptotic solution X = -delta, Y = 1 + delta,
    W = 1.

    Parameters
    ----------
    context_length
        n >= 1.
    dimension
        d >= 2.
    noise_variance
        sigma^2 >= 0.

    Returns
    -------
    SpuriousMinimum or None
        None if the branch ends (in a fold, or in the rank-one point) before it comes down to n. Whether the point is a local minimum of the
        whole loss is the sign of `population_loss_hessian` there: it has d zero modes, one scale and d - 1 rotations of u.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the point found is not critical for the full loss.

    Notes
    -----
    Derived here. Newton's method in (X, Y, W) with continuation in a real-valued n.
    """
    n = whole_number("context_length", context_length)
    d = whole_number("dimension", dimension, minimum=2)
    noise = scalar("noise_variance", noise_variance, minimum=0.0)
    point = _follow_branch(float(n), float(d), float(d + noise))
    if point is None:
        return None
    eta = 1.0 / (n + d + 1.0 + noise)
    x, y, w = eta * point
    q = n * (n + 2.0) * ((d + noise) ** 2 + 2.0 * d)
    alpha = float((q * y**2 / (n * ((n + 2.0) * x**2 + (d - 1.0) * w**2))) ** 0.25)
    v, m = np.zeros(d + 1), np.zeros((d + 1, d))
    v[0], v[-1] = alpha, 1.0
    m[:-1] = np.diag(np.concatenate([[x], np.full(d - 1, w)]))
    m[-1, 0] = y / alpha
    balance = np.sqrt(np.linalg.norm(m) / np.linalg.norm(v))
    v, m = v * balance, m / balance
    loss = PopulationLoss(n, np.eye(d), np.eye(d), noise)
    grad_v, grad_m = loss.gradient(v, m)
    # Compared with the gradient of the linear part of the loss, 2 n |v|, which everything else cancels.
    residual = np.sqrt(np.sum(grad_v**2) + np.sum(grad_m**2)) / (2.0 * n * np.linalg.norm(v))
    if not residual < 1e-8:
        raise ConvergenceError(f"the spurious critical point has a relative gradient of {residual:.3g}")
    # At a critical point of "linear + quadratic" the value is half the linear part.
    excess = float(n * eta * (d - (point[0] + point[1] + (d - 1.0) * point[2])))
    return SpuriousMinimum(v, m, float(loss.value(v, m)), excess)


def _follow_branch(n: float, d: float, total: float) -> np.ndarray | None:
    """Return (X, Y, W) at n, continued from an n so large that the asymptotic point is in Newton's basin; None if the branch ends before."""
    start = max(n, 800.0 * total**2)
    delta = total * np.sqrt((d - 1.0) / (2.0 * d * start))
    point = _newton(np.array([-delta, 1.0 + delta, 1.0]), start, d, total)
    if point is None:
        raise ConvergenceError(f"Newton's method failed at the asymptotic point, n = {start:g}")
    level, target = np.log(start), np.log(n)
    previous: tuple[float, np.ndarray] | None = None
    stride = 0.25
    while level > target:
        step = min(stride, level - target)
        guess = point if previous is None else point + (point - previous[1]) * step / (previous[0] - level)
        following = _newton(guess, np.exp(level - step), d, total)
        # A jump to another branch (the global minimum has Y = 0) shows as a large move.
        if following is None or np.max(np.abs(following - point)) > 0.3:
            stride = 0.5 * step
            if stride < 1e-9:
                return None
            continue
        previous, point, level = (level, point), following, level - step
        stride = min(0.25, 1.5 * step)
    return point


def _newton(point: np.ndarray, n: float, d: float, total: float) -> np.ndarray | None:
    """Return the strict local minimum of g that Newton's method reaches from ``point``, or None."""
    for _ in range(60):
        gradient, hessian = _reduced_derivatives(point, n, d, total)
        step = np.linalg.solve(hessian, gradient)
        if not np.all(np.isfinite(step)):
            return None
        point = point - step
        # Outside X < 0 < Y, W the formulas below do not hold.
        if point[0] >= 0.0 or point[1] <= 0.0 or point[2] <= 0.0:
            return None
        if np.max(np.abs(step)) < 1e-13:
            return point if np.linalg.eigvalsh(_reduced_derivatives(point, n, d, total)[1])[0] > 0.0 else None
    return None


def _reduced_derivatives(point: np.ndarray, n: float, d: float, total: float) -> tuple[np.ndarray, np.ndarray]:
    """Return gradient and Hessian of g at X < 0 < Y, W, in forms without cancellation."""
    x, y, w = point
    eta = 1.0 / (n + 1.0 + total)
    stiffness = eta**2 * stability_numerator(n, d, total)
    e1, e2 = eta * np.sqrt((n + 2.0) * (total**2 + 2.0 * d)), eta * (n * total + 2.0)
    norm = np.sqrt((n + 2.0) * x**2 + (d - 1.0) * w**2)
    even = (stiffness * x**2 + e1**2 * (d - 1.0) * w**2) / (e1 * norm - e2 * x)
    even_x = (e2**2 * (d - 1.0) * w**2 - (n + 2.0) * stiffness * x**2) / (norm * (e2 * norm - e1 * (n + 2.0) * x))
    even_w = e1 * (d - 1.0) * w / norm
    gradient = 2.0 * np.array([x + y - 1.0 + y * even_x, x + y - 1.0 + even, (d - 1.0) * (w - 1.0) + y * even_w])
    curvature = y * e1 * (n + 2.0) * (d - 1.0) / norm**3
    hessian = 2.0 * np.array(
        [
            [1.0 + curvature * w**2, 1.0 + even_x, -curvature * x * w],
            [1.0 + even_x, 1.0, even_w],
            [-curvature * x * w, even_w, d - 1.0 + curvature * x**2],
        ]
    )
    return gradient, hessian
