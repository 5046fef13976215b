"""Convex programs that ask for the least surrogate risk directly, with a general solver: a witness that knows no transform.

Everything is handed to cvxpy as it is defined, in relative entropies (`kl_div`) or in scores (`log_sum_exp`); solutions are accurate to about 1e-8.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import array_of_shape, moderate, real, whole_number
from theorylab.validation import probabilities as checked_law

__all__ = ["closest_law_regret", "fitted_linear_scores", "least_linear_regret", "least_regret", "least_scored_regret"]

# The solver loses its digits where scores are larger, or programs much larger.
_LARGEST_SCORE, _MOST_CLASSES = 300.0, 1000


def _cvxpy() -> Any:
    """Import the solver when it is first needed: it takes half a second."""
    import cvxpy

    return cvxpy


def _solved(problem: Any) -> float:
    # Once in six thousand times the solver stops short of its accuracy; then it refines its steps, or takes shorter ones.
    for settings in ({}, {"iterative_refinement_max_iter": 50}, {"max_step_fraction": 0.95}):
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Solution may be inaccurate")
                problem.solve(solver="CLARABEL", **settings)
        except _cvxpy().SolverError as error:
            raise RuntimeError(f"the convex program was not solved: {' '.join(str(error).split())}") from None
        if problem.status == "optimal":
            break
    if problem.status != "optimal":
        raise RuntimeError(f"the convex program ended as {problem.status}")
    return float(problem.value)


@cache
def _closest_law_program(class_count: int, predicted: int) -> tuple[Any, Any]:
    cvxpy = _cvxpy()
    p, q = cvxpy.Parameter(class_count, nonneg=True), cvxpy.Variable(class_count)
    constraints = [cvxpy.sum(q) == 1.0, q[predicted] >= q]
    return cvxpy.Problem(cvxpy.Minimize(cvxpy.sum(cvxpy.kl_div(p, q))), constraints), p


def closest_law_regret(probabilities: ArrayLike, predicted: int) -> float:
    """Return the least KL(p || q) over laws q whose largest entry is that of the predicted class.

    Parameters
    ----------
    probabilities
        p (K,), positive.
    predicted
        A class.

    Raises
    ------
    RuntimeError
        If the program is not solved.
    """
    law = checked_law("probabilities", probabilities)
    program, parameter = _closest_law_program(law.size, whole_number("predicted", predicted, minimum=0, maximum=law.size - 1))
    parameter.value = law
    return _solved(program)


@cache
def _scores_program(class_count: int, predicted: int | None) -> tuple[Any, Any, Any]:
    cvxpy = _cvxpy()
    p, bound, scores = cvxpy.Parameter(class_count, nonneg=True), cvxpy.Parameter(nonneg=True), cvxpy.Variable(class_count)
    constraints = [scores <= bound, scores >= -bound] + ([] if predicted is None else [scores[predicted] >= scores])
    return cvxpy.Problem(cvxpy.Minimize(cvxpy.log_sum_exp(scores) - p @ scores), constraints), p, bound


def least_scored_regret(probabilities: ArrayLike, predicted: int, *, bound: float) -> float:
    """Return the least log loss of scores in [-bound, bound] that predict a class, minus that of all scores there.

    Parameters
    ----------
    probabilities
        Conditional law of the class, (K,).
    predicted
        The class whose score is to be the largest (ties are allowed).
    bound
        L > 0.

    Raises
    ------
    RuntimeError
        If a program is not solved.
    """
    law, bound = checked_law("probabilities", probabilities), real("bound", bound, above=0.0, maximum=_LARGEST_SCORE)
    losses = []
    for chosen in (whole_number("predicted", predicted, minimum=0, maximum=law.size - 1), None):
        program, parameter, length = _scores_program(law.size, chosen)
        parameter.value, length.value = law, bound
        losses.append(_solved(program))
    return losses[0] - losses[1]


def least_regret(difference: float, class_count: int, *, bound: float | None = None) -> float:
    """Return the least KL(p || q) over all laws p and q with ``p_0 = max p``, ``p_1 = p_0 - difference`` and ``q_1 = max q``.

    Parameters
    ----------
    difference
        The 0-1 regret t of predicting class 1.
    class_count
        K >= 2.
    bound
        If given, no entry of p or of q exceeds another of the same law by more than the factor exp(2 bound): reachable laws, bounded scores.

    Raises
    ------
    RuntimeError
        If the program is not solved, for example since no law is reachable.
    """
    cvxpy, class_count = _cvxpy(), whole_number("class_count", class_count, minimum=2, maximum=_MOST_CLASSES)
    difference = real("difference", difference, minimum=0.0, maximum=1.0)
    p, q = cvxpy.Variable(class_count, nonneg=True), cvxpy.Variable(class_count, nonneg=True)
    constraints = [cvxpy.sum(p) == 1.0, cvxpy.sum(q) == 1.0, p[0] >= p, p[0] - p[1] == difference, q[1] >= q]
    if bound is not None:
        factor = float(np.exp(2.0 * real("bound", bound, above=0.0, maximum=_LARGEST_SCORE)))
        constraints += [law[k] <= factor * law for law in (p, q) for k in range(class_count)]
    return _solved(cvxpy.Problem(cvxpy.Minimize(cvxpy.sum(cvxpy.kl_div(p, q))), constraints))


def fitted_linear_scores(points: ArrayLike, masses: ArrayLike, conditional_laws: ArrayLike) -> tuple[float, np.ndarray]:
    """Return the least log risk of affine scores on finitely many points, and the scores that have it.

    Parameters
    ----------
    points
        (N, d).
    masses
        Probabilities of the points, (N,).
    conditional_laws
        Positive laws of the class at each point, (N, K).

    Returns
    -------
    tuple
        The risk, and the scores (N, K).

    Raises
    ------
    RuntimeError
        If the program is not solved.
    """
    cvxpy = _cvxpy()
    x = moderate("points", array_of_shape("points", points, ("N", "d")), most=1e8)
    laws, shares = array_of_shape("conditional_laws", conditional_laws, (len(x), "K")), checked_law("masses", masses, length=max(len(x), 1))
    if 0 in x.shape or laws.size == 0 or np.any(laws <= 0.0) or np.any(np.abs(laws.sum(axis=1) - 1.0) > 1e-9):
        raise ValueError(f"conditional_laws must be positive and sum to 1 at each of points; got shapes {laws.shape} and {x.shape}")
    weights, intercepts = cvxpy.Variable((x.shape[1], laws.shape[1])), cvxpy.Variable((1, laws.shape[1]))
    scores = x @ weights + np.ones((len(x), 1)) @ intercepts
    losses = cvxpy.log_sum_exp(scores, axis=1) - cvxpy.sum(cvxpy.multiply(laws, scores), axis=1)
    risk = _solved(cvxpy.Problem(cvxpy.Minimize(shares @ losses)))
    return risk, np.asarray(scores.value)


def least_linear_regret(point: ArrayLike, probabilities: ArrayLike, predicted: int, *, weight_norm: float, largest_intercept: float) -> float:
    """Return the least log loss at a point of bounded linear scores that predict a class, minus that of all bounded linear scores.

    Parameters
    ----------
    point
        x (d,). The scores are w_k'x + b_k.
    probabilities
        Conditional law of the class at x, (K,).
    predicted
        The class whose score is to be the largest (ties are allowed).
    weight_norm, largest_intercept
        Bounds of the Euclidean norm of each w_k and of each |b_k|.

    Raises
    ------
    RuntimeError
        If a program is not solved.
    """
    cvxpy = _cvxpy()
    x, law = moderate("point", array_of_shape("point", point, ("d",)), most=1e8), checked_law("probabilities", probabilities)
    if x.size == 0:
        raise ValueError("point must have at least one coordinate; got none")
    predicted = whole_number("predicted", predicted, minimum=0, maximum=law.size - 1)
    weight_norm = real("weight_norm", weight_norm, minimum=0.0, maximum=_LARGEST_SCORE)
    largest_intercept = real("largest_intercept", largest_intercept, minimum=0.0, maximum=_LARGEST_SCORE)
    weights, intercepts = cvxpy.Variable((law.size, x.size)), cvxpy.Variable(law.size)
    scores = weights @ x + intercepts
    constraints = [cvxpy.norm(weights, axis=1) <= weight_norm, cvxpy.abs(intercepts) <= largest_intercept]
    loss = cvxpy.Minimize(cvxpy.log_sum_exp(scores) - law @ scores)
    tied = _solved(cvxpy.Problem(loss, [*constraints, scores[predicted] >= scores]))
    return tied - _solved(cvxpy.Problem(loss, constraints))
