"""Claims and their evidence as plain records: what `results/evidence.json` is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the pytest plugin imports this module in every session, so it must stay light
    from theorylab.evidence.verdicts import Counterclaim, Verdict

__all__ = ["KINDS", "Claim", "assertion_record", "counterclaim_record", "overall_verdict"]

KINDS = ("bound", "expectation", "identity", "limit", "optimum", "ordering", "probability", "rate", "structure")

STATES = ("holds", "refuted", "undecided")


@dataclass(frozen=True)
class Claim:
    """A theoretical statement of a paper.

    Attributes
    ----------
    id
        Short identifier, unique in its paper.
    kind
        One of `KINDS`.
    statement
        The claim in plain words.
    tex
        The claim in TeX, without dollar signs; may be empty.
    source
        arXiv id and theorem, or "derived here".
    """

    id: str
    kind: str
    statement: str
    tex: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("id", "kind", "statement", "tex", "source"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} of a claim must be a text; got {getattr(self, name)!r}")
        if self.kind not in KINDS:
            raise ValueError(f"kind of claim {self.id} must be one of {', '.join(KINDS)}; got {self.kind!r}")
        for name in ("id", "statement", "source"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} of claim {self.id!r} must not be empty")


def _number(value: float) -> float | None:
    """Return ``value``, or None where JSON has no number for it."""
    return float(value) if math.isfinite(value) else None


def _of_class(name: str, value: Any, kind: str) -> None:
    # By its name, since the class itself would bring numpy with it.
    if type(value).__name__ != kind:
        raise ValueError(f"{name} must be a {kind}; got {type(value).__name__}")


def assertion_record(verdict: Verdict) -> dict[str, Any]:
    """Return the plain record of one assertion."""
    _of_class("verdict", verdict, "Verdict")
    interval, band = verdict.interval, verdict.band
    return {
        "question": verdict.question,
        "verdict": verdict.state,
        "theory": _number(verdict.theory),
        "estimate": _number(interval.estimate),
        "interval": [_number(interval.low), _number(interval.high)],
        "margin": [_number(band.low), _number(band.high)],
        "replicates": verdict.replicates,
        "replicates_needed": _number(verdict.needed) if verdict.state == "undecided" else None,
        "reason": verdict.reason,
        "seconds": round(verdict.seconds, 4),
    }


def counterclaim_record(counterclaim: Counterclaim) -> dict[str, Any]:
    """Return the plain record of one counterclaim."""
    _of_class("counterclaim", counterclaim, "Counterclaim")
    return {"label": counterclaim.label, "verdict": counterclaim.verdict, "half_widths": _number(counterclaim.half_widths)}


def overall_verdict(states: Iterable[str]) -> str:
    """Return the verdict of a claim from those of its assertions: refuted if one is, else undecided if one is, else holds."""
    try:
        found = list(states)
    except TypeError:
        raise ValueError(f"states must be a sequence of verdicts; got {type(states).__name__}") from None
    if isinstance(states, str | bytes) or not all(isinstance(state, str) and state in STATES for state in found):
        raise ValueError(f"states must be a sequence of {', '.join(STATES)}; got {found!r:.80}")
    if "refuted" in found:
        return "refuted"
    return "undecided" if "undecided" in found or not found else "holds"
