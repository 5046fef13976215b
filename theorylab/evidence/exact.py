"""Questions without randomness: identities, optima and limits of closed forms.

Each returns a `Verdict` that is never undecided: numbers either satisfy the statement to the stated digits or they do not. Counterclaims are
near misses of the same kind, judged by the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.evidence.intervals import Interval, exact_interval
from theorylab.evidence.verdicts import Band, Counterclaim, Verdict, one_margin
from theorylab.validation import array_of_shape, mapping, numbers, real, reals, text, whole_number

__all__ = ["identity_verdict", "limit_verdict", "optimum_verdict"]


def _deviation(claimed: np.ndarray, witness: np.ndarray, relative: float | None) -> float:
    """Return the largest deviation of ``claimed`` from ``witness``, relative to the witness's largest entry if ``relative`` is given."""
    if claimed.shape != witness.shape:
        raise ValueError(f"theory and witness must have one shape; got {claimed.shape} and {witness.shape}")
    difference = float(np.max(np.abs(claimed - witness)))
    # A witness of zeros has been refused with a relative margin.
    return difference if relative is None else difference / float(np.max(np.abs(witness)))


def _truths_as_numbers(value: Any) -> Any:
    """Return truth values as 0 and 1, and anything else as it is."""
    try:
        array = np.asarray(value)
    except ValueError:
        return value
    return array.astype(np.float64) if array.dtype.kind == "b" else value


def _side(name: str, value: ArrayLike) -> np.ndarray:
    """Return one side of an identity as a float64 array of its own shape."""
    side = numbers(name, _truths_as_numbers(value))
    if side.size == 0 or not np.all(np.isfinite(side)):
        raise ValueError(f"{name} must be finite and not empty; got {side.size - int(np.isfinite(side).sum())} bad of {side.size} entries")
    return side


def _near_misses(refutes: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
    """Return near misses by label as finite arrays."""
    found = {}
    for label, wrong in mapping("refutes", {} if refutes is None else refutes).items():
        try:
            found[label] = np.asarray(reals("value", _truths_as_numbers(wrong)))
        except ValueError:
            raise ValueError(f"refutes must hold finite numbers; got {wrong!r:.80} for {label!r}") from None
    return found


def _wrong_numbers(refutes: Mapping[str, Any] | None) -> dict[str, float]:
    found = _near_misses(refutes)
    if any(wrong.ndim for wrong in found.values()):
        raise ValueError(f"refutes must hold single numbers; got {refutes!r:.80}")
    return {label: float(wrong) for label, wrong in found.items()}


def identity_verdict(
    theory: ArrayLike,
    witness: ArrayLike,
    *,
    relative: float | None = None,
    absolute: float | None = None,
    refutes: Mapping[str, Any] | None = None,
    question: str = "two routes agree",
) -> Verdict:
    """Decide whether two independent routes give the same numbers.

    Parameters
    ----------
    theory, witness
        Numbers or arrays of one shape, finite.
    relative, absolute
        Exactly one of them: the largest deviation that is allowed, relative to the largest entry of the witness, or as it is. A witness of
        zeros needs an absolute margin.
    refutes
        Near misses of ``theory`` by label; each must deviate from the witness by more than the margin.
    question
        What is asked, for the table.

    Raises
    ------
    ValueError
        If the margin is missing or doubled, shapes differ, or a side is not finite.
    """
    margin = one_margin(relative, absolute)
    question = text("question", question)
    left, right = (_side(name, value) for name, value in (("theory", theory), ("witness", witness)))
    if relative is not None and not np.any(right):
        raise ValueError("a witness of zeros needs an absolute margin, not a relative one")
    deviation = _deviation(left, right, relative)
    counterclaims = []
    for label, wrong in _near_misses(refutes).items():
        if np.broadcast_shapes(wrong.shape, right.shape) != right.shape:
            raise ValueError(f"refutes must hold near misses of the shape of witness, {right.shape}; got shape {wrong.shape} for {label!r}")
        distance = _deviation(np.broadcast_to(wrong, right.shape), right, relative)
        counterclaims.append(Counterclaim(label, "refuted" if distance > margin else "survives", distance / margin))
    if right.ndim == 0:
        scale = margin * abs(float(right)) if relative is not None else margin
        interval, band, shown = exact_interval(float(right)), Band(float(left) - scale, float(left) + scale), float(left)
    else:
        interval, band, shown = exact_interval(deviation), Band(0.0, margin), 0.0
    kind = "relative" if relative is not None else "absolute"
    return Verdict(
        state="holds" if deviation <= margin else "refuted",
        question=f"{question} (to {kind} {margin:g}; off by {deviation:.2g})",
        theory=shown,
        interval=interval,
        band=band,
        replicates=0,
        counterclaims=tuple(counterclaims),
    )


def optimum_verdict(
    value: float,
    *,
    gradient: ArrayLike,
    curvatures: ArrayLike,
    searches: ArrayLike,
    flat_directions: int = 0,
    tolerance: float = 1e-8,
    refutes: Mapping[str, float] | None = None,
    question: str = "the point is the minimum",
) -> Verdict:
    """Decide whether a point is the minimum: zero gradient, positive curvature, and independent searches that never get below it.

    Parameters
    ----------
    value
        Objective at the claimed point.
    gradient
        Gradient there, any shape; its largest entry must be below ``tolerance`` times the largest curvature.
    curvatures
        Eigenvalues of the Hessian there; all but ``flat_directions`` of them must exceed ``tolerance`` times the largest, the rest must be
        smaller than that in magnitude.
    searches
        Objective values found by searches that do not know the claim; none may lie below ``value`` by more than ``tolerance * (1 + |value|)``,
        and the best must come as close.
    flat_directions
        Dimension of the set of equivalent minimisers.
    tolerance
        Relative tolerance of all three.
    refutes
        Objective values at near-miss points by label: each must be higher than ``value`` by more than the tolerance.
    question
        What is asked, for the table.
    """
    value, tolerance = real("value", value), real("tolerance", tolerance, above=0.0, below=1.0)
    flat_directions, question = whole_number("flat_directions", flat_directions, minimum=0), text("question", question)
    eigenvalues = np.sort(_side("curvatures", curvatures).ravel())
    found = _side("searches", searches).ravel()
    slopes = _side("gradient", gradient)
    wrong_numbers = _wrong_numbers(refutes)
    scale = float(np.max(np.abs(eigenvalues)))
    slack = tolerance * (1 + abs(value))
    failures = []
    steepest = float(np.max(np.abs(slopes)))
    if not steepest <= tolerance * scale:
        failures.append(f"the gradient is {steepest:.3g}")
    flat = int(np.sum(np.abs(eigenvalues) <= tolerance * scale))
    if flat != flat_directions or np.any(eigenvalues < -tolerance * scale):
        failures.append(f"{flat} flat directions instead of {flat_directions}, smallest curvature {eigenvalues[0]:.3g}")
    best = float(np.min(found))
    if not value - slack <= best <= value + slack:
        failures.append(f"the best of {found.size} searches is {best:.10g}")
    counterclaims = tuple(
        Counterclaim(label, "refuted" if other > value + slack else "survives", (other - value) / slack) for label, other in wrong_numbers.items()
    )
    return Verdict(
        state="refuted" if failures else "holds",
        question=question + (f": {'; '.join(failures)}" if failures else f" ({found.size} searches, gradient {steepest:.1g})"),
        theory=float(value),
        interval=exact_interval(best),
        band=Band(value - slack, value + slack),
        replicates=0,
        counterclaims=counterclaims,
        reason="; ".join(failures),
    )


def limit_verdict(
    sizes: ArrayLike,
    distances: ArrayLike,
    *,
    order: float,
    within: float,
    refutes: Mapping[str, float] | None = None,
    question: str = "the distance to the limit shrinks",
) -> Verdict:
    """Decide whether distances to a limit shrink like ``size**(-order)`` along a ladder of sizes, without randomness.

    The local orders between neighbouring sizes approach the order as the sizes grow; the interval is the hull of the last two and of their
    extrapolation (the change from the last but one to the last, continued once), so it is as wide as they are unsettled.

    Parameters
    ----------
    sizes
        At least three increasing positive sizes.
    distances
        Distances to the limit, not zero; the sign may not change along the ladder.
    order, within
        The claimed order and its margin.
    refutes
        Wrong orders by label.
    question
        What is asked, for the table.
    """
    order, within, question = real("order", order), real("within", within, above=0.0), text("question", question)
    wrong_orders = _wrong_numbers(refutes)
    n = array_of_shape("sizes", sizes, ("sizes",))
    gaps = array_of_shape("distances", distances, ("sizes",))
    if n.shape != gaps.shape or n.size < 3:
        raise ValueError(f"a limit needs at least three sizes and as many distances; got {n.size} and {gaps.size}")
    if np.any(np.diff(n) <= 0) or n[0] <= 0:
        raise ValueError("sizes must be positive and increasing")
    if np.any(gaps == 0) or np.any(np.sign(gaps) != np.sign(gaps[0])):
        raise ValueError("distances must be finite, of one sign and not zero")
    local = -np.diff(np.log(np.abs(gaps))) / np.diff(np.log(n))
    hull = [float(local[-2]), float(local[-1]), float(2 * local[-1] - local[-2])]
    interval = Interval(min(hull), max(hull), float(local[-1]))
    band = Band(order - within, order + within)
    holds = band.covers(interval)
    counterclaims = tuple(
        Counterclaim(
            label,
            "survives" if interval.low <= wrong <= interval.high or wrong in band else "refuted",
            abs(wrong - interval.estimate) / within,
        )
        for label, wrong in wrong_orders.items()
    )
    return Verdict(
        state="holds" if holds else "refuted",
        question=f"{question} like size^-{order:g} (order within {within:g})",
        theory=order,
        interval=interval,
        band=band,
        replicates=0,
        counterclaims=counterclaims,
    )
