"""VC dimensions of the violation events of all representations and heads together."""

from __future__ import annotations

from theorylab.numerics.concentration import polynomial_class_vc_bound
from theorylab.validation import choice, flag, whole_number

__all__ = ["EVENTS", "vc_dimension_bound"]

EVENTS = ("gradient", "risk")


def vc_dimension_bound(
    event: str,
    *,
    family_dimension: int | None = None,
    covariates: int | None = None,
    representation_rank: int | None = None,
    any_threshold: bool = True,
) -> float:
    """Return a bound on the VC dimension of {environment: gap > eps} over all representations and heads: the smallest that the arguments give.

    Derived here from two theorems. The sets where functions from a D-dimensional space are positive have VC dimension at most D (Dudley 1978): a risk
    is a linear function of the moments, so D; a squared gradient is a quadratic form in them, so D(D + 1)/2. Sets where polynomials of degree g in n
    parameters are positive have at most 2 n log2(12 g) (Anthony and Bartlett 1999, Theorem 8.3): here the parameters are r p + r entries and the
    squared gradient has degree 6; with r = 1 the representation absorbs the head, p parameters and degree 4. A free threshold is one more parameter.

    Parameters
    ----------
    event
        "gradient" or "risk" ("risk" needs `family_dimension`). Excess risks contain an inverse; no bound here is free of r for them.
    family_dimension
        D >= 1: holds for all r, p and thresholds together.
    covariates, representation_rank
        p and r >= 1, given together: hold for any interventions.
    any_threshold
        Whether thresholds vary with representation and head.

    Returns
    -------
    float
        At least 1.

    Raises
    ------
    ValueError
        If neither way is given, or a number is out of range.
    """
    any_threshold = flag("any_threshold", any_threshold)
    which = choice("event", event, EVENTS)
    bounds = []
    if family_dimension is not None:
        dimension = whole_number("family_dimension", family_dimension)
        bounds.append(float(dimension if which == "risk" else dimension * (dimension + 1) // 2))
    if (covariates is None) != (representation_rank is None):
        raise ValueError(f"covariates and representation_rank must be given together; got {covariates!r} and {representation_rank!r}")
    if covariates is not None and which == "gradient":
        p, r = whole_number("covariates", covariates), whole_number("representation_rank", representation_rank)
        if r > p:
            raise ValueError(f"representation_rank must be at most covariates; got {r} for {p}")
        parameters, degree = (p, 4) if r == 1 else (r * p + r, 6)
        bounds.append(polynomial_class_vc_bound(parameters + bool(any_threshold), degree))
    if not bounds:
        raise ValueError("family_dimension, or for gradients covariates and representation_rank, must be given; got neither")
    return min(bounds)
