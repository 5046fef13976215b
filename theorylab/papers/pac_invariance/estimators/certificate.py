"""How often a fresh environment violates a gap, from the gaps of N environments: an upper bound with a stated confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.concentration import binomial_upper_bound, consistent_violation_bound, scenario_violation_bound
from theorylab.papers.pac_invariance.closed_form import GAP_KINDS, invariance_gap
from theorylab.papers.pac_invariance.estimators.environments import grouped_moments, require_independent
from theorylab.validation import choice, moderate, numbers, real, reals, whole_number

__all__ = ["ORIGINS", "InvarianceCertificate", "certify", "certify_gaps", "environment_gaps"]

ORIGINS = ("fixed", "minimax", "any")


@dataclass(frozen=True)
class InvarianceCertificate:
    """What N environments say about a fresh one.

    Attributes
    ----------
    threshold
        eps.
    interventions
        N, the environments looked at.
    violations
        How many of them have a gap above eps.
    violation_bound
        V = P(gap > eps) on a fresh environment exceeds this with probability at most `failure_probability` (over the N environments).
    failure_probability
        delta.
    origin
        Where the head comes from: "fixed", "minimax" or "any".
    sentence
        The same in words.
    """

    threshold: float
    interventions: int
    violations: int
    violation_bound: float
    failure_probability: float
    origin: str
    sentence: str


def certify_gaps(
    gaps: ArrayLike,
    *,
    threshold: float | None = None,
    failure_probability: float = 0.05,
    origin: str = "fixed",
    decision_variables: int | None = None,
    vc_dimension: float | None = None,
) -> InvarianceCertificate:
    """Bound the probability that a fresh environment has a gap above a threshold.

    Parameters
    ----------
    gaps
        The gaps of one head in N independent environments, (N,), >= 0.
    threshold
        eps >= 0; the largest of the gaps when left out.
    failure_probability
        delta in (0, 1).
    origin
        "fixed": the head was chosen without these environments. With a given eps the bound of Clopper and Pearson; with eps the largest gap
        V ~ Beta(1, N), so 1 - delta^(1/N) (continuous gaps; else V is smaller).
        "minimax": the head has the least largest gap over these environments, out of `decision_variables` - 1 free numbers: Beta(d, N - d + 1).
        "any": the head and its representation may have been chosen in any way with these environments; needs `vc_dimension`.
        For the last two, a violation among the N leaves no bound below 1.
    decision_variables
        d >= 2 for "minimax": free numbers of the head and the gap itself (`MinimaxGapRegressor.decision_variables_`).
    vc_dimension
        v >= 0 for "any", of the events (`vc_dimension_bound`).

    Returns
    -------
    InvarianceCertificate
        Its bound is valid on average over training sets: with probability at least 1 - delta over the N environments.

    Raises
    ------
    ValueError
        If gaps are not a non-empty vector of finite numbers >= 0, a number is out of range, or an argument that the origin needs is missing.
    """
    found = np.asarray(reals("gaps", gaps, minimum=0.0))
    if found.ndim != 1:
        raise ValueError(f"gaps must have shape (N,); got {found.shape}")
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    kind = choice("origin", origin, ORIGINS)
    needed = {"minimax": "decision_variables", "any": "vc_dimension"}.get(kind)
    for name, value in (("decision_variables", decision_variables), ("vc_dimension", vc_dimension)):
        if (value is not None) != (name == needed):
            raise ValueError(f"{name} must be {'given' if name == needed else 'left out'} for origin={kind!r}; got {value!r}")
    eps = float(found.max()) if threshold is None else real("threshold", threshold, minimum=0.0)
    count, n = int(np.sum(found > eps)), len(found)
    if kind == "fixed":
        bound = scenario_violation_bound(1, n, delta) if threshold is None else float(binomial_upper_bound(count, n, delta))
    elif count:
        bound = 1.0
    elif kind == "minimax":
        bound = scenario_violation_bound(whole_number("decision_variables", decision_variables, minimum=2), n, delta)
    else:
        bound = consistent_violation_bound(real("vc_dimension", 0.0 if vc_dimension is None else vc_dimension, minimum=0.0), n, delta)
    seen = f"{count} of {n} environments have a gap above {eps:.4g}"
    if bound >= 1.0:
        says = "nothing is promised for a fresh one" + (" (the head was chosen with these environments)" if count and kind != "fixed" else "")
    else:
        says = f"a fresh one has with probability at most {bound:.4g}, at confidence {1.0 - delta:.4g}"
    return InvarianceCertificate(eps, n, count, bound, delta, kind, f"{seen}; {says}")


def environment_gaps(regressor: Any, X: ArrayLike, y: ArrayLike, groups: ArrayLike, *, gap_kind: str = "gradient") -> np.ndarray:
    """Return the gap of a fitted linear regressor in each environment, (N,), in the order of the sorted names of the environments.

    Gaps are those of the rows at hand. For rows without end they are the gaps of the claims; with n rows, of environments with n rows. The intercept
    counts as the weight of a constant feature; if it is exactly 0 there is none.

    Parameters
    ----------
    regressor
        Has ``coef_`` (p,) and ``intercept_``.
    X, y
        (n, p) and (n,).
    groups
        (n,).
    gap_kind
        "gradient", "excess_risk" or "head". The first and the last are lengths in the units of X: standardise first; the excess risk is free of them.

    Raises
    ------
    ValueError
        If shapes do not fit or covariates are dependent in an environment.
    """
    rows, targets = moderate("X", numbers("X", X), most=1e60), moderate("y", numbers("y", y), most=1e60)
    if not hasattr(regressor, "coef_") or not hasattr(regressor, "intercept_"):
        raise ValueError(f"regressor must be fitted and linear, with coef_ and intercept_; got {regressor!r}")
    coefficients = np.asarray(regressor.coef_, dtype=float).ravel()
    if rows.ndim != 2 or targets.shape != (len(rows),) or rows.shape[1] != len(coefficients):
        raise ValueError(f"X and y must have shapes (n, {len(coefficients)}) and (n,); got {rows.shape} and {targets.shape}")
    if not (np.all(np.isfinite(rows)) and np.all(np.isfinite(targets))):
        raise ValueError("X and y must be finite; got NaN or infinite entries")
    intercept = float(np.ravel(regressor.intercept_)[0])
    moments = require_independent(grouped_moments(rows, targets, groups, constant=intercept != 0.0))
    head = np.append(coefficients, intercept) if intercept != 0.0 else coefficients
    kind = choice("gap_kind", gap_kind, GAP_KINDS)
    return np.atleast_1d(invariance_gap(moments.second_moments, len(head), None, head, kind))


def certify(
    regressor: Any,
    X: ArrayLike,
    y: ArrayLike,
    groups: ArrayLike,
    *,
    gap_kind: str = "gradient",
    threshold: float | None = None,
    failure_probability: float = 0.05,
    origin: str = "fixed",
    vc_dimension: float | None = None,
) -> InvarianceCertificate:
    """Bound the probability that a fresh environment, with as many rows, violates the gap of a fitted linear regressor.

    Environments must be independent draws of one law, and equally large for the bound to be exact: what is promised concerns the gap as it is
    computed from the rows, noise included. Nothing is promised for environments of another law.

    Parameters
    ----------
    regressor
        Fitted, linear. For ``origin="minimax"`` a `MinimaxGapRegressor` that was fitted to these very rows.
    X, y, groups, gap_kind
        As in `environment_gaps`.
    threshold, failure_probability, origin, vc_dimension
        As in `certify_gaps`.

    Raises
    ------
    ValueError
        As in `environment_gaps` and `certify_gaps`.
    """
    gaps = environment_gaps(regressor, X, y, groups, gap_kind=gap_kind)
    variables = None
    if choice("origin", origin, ORIGINS) == "minimax":
        variables = getattr(regressor, "decision_variables_", None)
        if variables is None or regressor.gap_kind != gap_kind:
            raise ValueError(f"regressor must be a MinimaxGapRegressor fitted with gap_kind={gap_kind!r} for origin='minimax'; got {regressor!r}")
        if threshold is None:
            # Its own largest gap, up to the rounding of the constraints that hold it.
            threshold = float(regressor.gap_) * (1.0 + 1e-9)
    return certify_gaps(
        gaps,
        threshold=threshold,
        failure_probability=failure_probability,
        origin=origin,
        decision_variables=variables,
        vc_dimension=vc_dimension,
    )
