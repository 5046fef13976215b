"""What several sweeps of arXiv:2406.15941 share: points far out in the tail, by draws that are reweighted towards small errors."""

from __future__ import annotations

import math
from typing import Any

from theorylab.laboratory import Laboratory
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import monte_carlo
from theorylab.papers.inductive_bias.closed_form import kl_inductive_bias, required_inductive_bias
from theorylab.quantities import Run
from theorylab.rows import Row, point

__all__ = ["few_digits", "tilted_point", "tilted_run"]


def few_digits(value: float) -> float:
    """Return a value at six digits: what linear algebra made would key another stream on another machine."""
    return float(f"{value:.6g}")


def tilted_run(lab: Laboratory, law: GeneralizedChiSquared, target_error: float, **task: int) -> Run:
    """Return the run of weights of order one at the tilt that solves the relaxed problem, for a task of which `law` is the law of errors."""
    tilt = few_digits(kl_inductive_bias(law, target_error).tilt)
    nats = few_digits(float(required_inductive_bias(law, target_error)))
    return lab.run(monte_carlo.sample_tilted_weight, target_error=target_error, tilt=tilt, nats=nats, **task)


def tilted_point(lab: Laboratory, law: GeneralizedChiSquared, target_error: float, relative: float, *, task: dict[str, int], **fields: Any) -> Row:
    """Measure the bias, in nats, to within a relative width of the probability."""
    run = tilted_run(lab, law, target_error, **task)
    nats = run.request.parameters["nats"]
    row = point(run.mean(), relative=relative, target_error=target_error, **task, **fields)
    low, high = row["low"], row["high"]
    # An interval of few draws may reach below 0.
    ends = [nats - math.log(max(end, 0.01)) for end in (high, low)]
    return row | {"estimate": nats - math.log(row["estimate"]), "low": ends[0], "high": ends[1]}
