"""The sweep of arXiv:2302.14853 over situations: how wrong the learner is, and which judge accepts its answer."""

from __future__ import annotations

from typing import Any

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import monte_carlo
from theorylab.rows import Rows, sample_mean, share

__all__ = ["soundness"]

JUDGES = ("covariance_only", "tolerant", "calibrated", "searched")
# By kind. Where the learner is trapped by its start at the first axis but not elsewhere, a harmless situation starts elsewhere.
HARMLESS = (
    "gaussian",
    "gaussian_massart",
    "gaussian_far_flips",
    "nodes_generic",
    "hypercube_generic",
    "student",
    "laplace",
    "uniform",
    "strongly_log_concave",
    "anisotropic",
)
BREAKING = ("slab", "nodes", "pinched", "hypercube", "hypercube_diagonal", "lopsided")
TRAPS = ("planar_lopsided", "worst_planar_lopsided", "coupled", "coupled_edge", "coupled_hidden", "coupled_balanced")
ELSEWHERE = ("nodes_generic", "hypercube_generic")


def soundness(lab: Laboratory) -> Rows:
    """Measure the excess error of the learner and the acceptance rates of four judges in every situation."""
    rows: Rows = []
    runs = lab.at_scale(20, 200)
    for kind, names in (("harmless", HARMLESS), ("breaking", BREAKING), ("trap", TRAPS)):
        for name in names:
            setting = _setting(lab, name)
            run = lab.run(monte_carlo.sample_runs, search=True, **setting)
            found = run.few(runs, ("excess", *JUDGES))
            fields = {"kind": kind, **setting}
            rows.append(sample_mean(found[0], panel="excess", **fields))
            rows += [
                share(round(float(values.sum())), runs, panel="accepted", judge=judge, **fields)
                for judge, values in zip(JUDGES, found[1:], strict=True)
            ]
    return rows


def _setting(lab: Laboratory, scenario: str) -> dict[str, Any]:
    setting = {
        "scenario": scenario,
        "start": "average" if scenario in ELSEWHERE else "axis",
        "dimension": lab.at_scale(8, 20),
        "sample_size": lab.at_scale(20_000, 80_000),
        "ramp_width": 0.3,
        "noise_rate": 0.2,
        "excess_error": 0.0245,
    }
    if scenario == "coupled_balanced":
        # What it hides is smaller, so that it shows in a wider band only.
        setting |= {"sample_size": lab.at_scale(8000, 32_000), "ramp_width": 0.8, "excess_error": 0.015}
    return setting
