"""arXiv:2302.14853, soundness end to end: no judge accepts a wrong answer, on marginals that break the learner; without the tests, all do.

A wrong answer has an excess error above eps. Every scenario here breaks the learner in at least half of its runs, so that each bound could fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.pytest_plugin import claim

sound = claim(
    "TL-12",
    kind="probability",
    statement="Accepted and wrong happens with at most delta on marginals that break the learner; a Gaussian sample is accepted.",
    tex=r"P[\mathrm{accept}\wedge\mathrm{err}>\mathrm{opt}+\varepsilon]\le\delta,\qquad P[\mathrm{accept}\mid N(0,I)]\ge1-\delta",
    source="arXiv:2302.14853, Theorems 4.1 and 5.1, with the constants of this implementation",
)

QUICK = {"dimension": 8, "sample_size": 12_000, "ramp_width": 0.4, "noise_rate": 0.2, "excess_error": 0.02}
FULL = {"dimension": 20, "sample_size": 40_000, "ramp_width": 0.3, "noise_rate": 0.2, "excess_error": 0.02}
JUDGES = ("tolerant", "calibrated", "covariance_only", "mass_only")
STATISTICS = ("wrong", *(f"{judge}_and_wrong" for judge in JUDGES))


@sound
@pytest.mark.parametrize("scenario", ["slab", "nodes", "hypercube", "hypercube_diagonal", "pinched"])
def test_no_wrong_answer_is_accepted(lab: Laboratory, scenario: str) -> None:
    """Exact binomial bounds on runs that nearly all fail; with no tester, or one of global covariance, nearly all would be accepted."""
    run = lab.run(simulate.sample_runs, scenario=scenario, **lab.at_scale(QUICK, FULL), statistics=STATISTICS)
    assert run.probability("wrong").greater_than(0.9, refutes={"harmless": 0.05})
    for judge in ("tolerant", "calibrated"):
        assert run.probability(f"{judge}_and_wrong").less_than(0.05, refutes={"no tester": 0.9, "beyond delta": 0.05})
    assert run.probability("covariance_only_and_wrong").greater_than(0.9, refutes={"as sound": 0.05})


@sound
def test_mass_alone_is_not_enough(lab: Laboratory) -> None:
    """The masses of bands and strips of a pinched sample are a Gaussian's: the second moments across are what tells."""
    run = lab.run(simulate.sample_runs, scenario="pinched", **lab.at_scale(QUICK, FULL), statistics=STATISTICS)
    assert run.probability("mass_only_and_wrong").greater_than(0.5, refutes={"as sound": 0.05})


@sound
def test_gaussian_samples_are_accepted(lab: Laboratory) -> None:
    """Under Massart noise turned against the learner; and the answer is right."""
    run = lab.run(simulate.sample_runs, scenario="gaussian_massart", **lab.at_scale(QUICK, FULL), statistics=("tolerant", "calibrated", "wrong"))
    assert run.probability("tolerant").greater_than(0.95, refutes={"beyond delta": 0.95})
    assert run.probability("calibrated").greater_than(0.9, refutes={"twice delta": 0.9})
    assert run.probability("wrong").less_than(0.05, refutes={"often": 0.05})


@sound
def test_harmless_marginals(lab: Laboratory) -> None:
    """Refusing them is no failure: the tolerant tests accept what is like a Gaussian up to constants, the calibrated ones do not."""
    expected = {
        "laplace": (1, 0),
        "uniform": (1, 0),
        "strongly_log_concave": (1, 0),
        "student": (0, 0),
        "anisotropic": (0, 0),
        "very_heavy_tails": (0, 0),
    }
    for scenario, (tolerant, calibrated) in expected.items():
        run = lab.run(simulate.sample_runs, scenario=scenario, start="average", **lab.at_scale(QUICK, FULL))
        names = ("tolerant", "calibrated", "excess")
        found = dict(zip(names, run.few(8, names), strict=True))
        assert lab.identical(np.median(found["tolerant"]), tolerant, absolute=0.2, refutes={"the other way": 1.0 - tolerant}, question=scenario)
        assert lab.identical(found["calibrated"], np.full(8, calibrated), absolute=0.5, refutes={"accepted": np.ones(8)}, question=scenario)
        assert lab.exact(float(np.mean(found["excess"]))).less_than(0.02, refutes={"wrong": 0.03})


@sound
@pytest.mark.parametrize("scenario", ["gaussian", "nodes_generic", "slab"])
def test_certified_answers_are_right(lab: Laboratory, scenario: str) -> None:
    """The certified mode, from a sample large enough for it to say something about the Gaussian."""
    setting = {"dimension": 4, "sample_size": 150_000, "ramp_width": 0.2, "noise_rate": 0.1, "excess_error": 0.35, "certificate": True}
    run = lab.run(simulate.sample_runs, scenario=scenario, start="axis", **setting)
    names = ("certified", "certified_and_wrong")
    found = dict(zip(names, run.few(12, names), strict=True))
    accepted = float(scenario == "gaussian")
    assert lab.identical(
        found["certified"], np.full(12, accepted), absolute=0.5, refutes={"the other way": np.full(12, 1 - accepted)}, question="accepts"
    )
    assert lab.identical(found["certified_and_wrong"], np.zeros(12), absolute=0.5, refutes={"wrong": np.ones(12)}, question="never wrong")


split = claim(
    "TL-12b",
    kind="ordering",
    statement="Without a split of the sample the upper bound on the error is below the error, and the null laws of the tests are not theirs.",
    tex=r"P[\mathrm{err}(w)>\overline{\mathrm{err}}_{S_2}(w)]\le\tfrac\delta2\ \text{if}\ w\perp S_2",
    source="derived here for arXiv:2302.14853",
)


@split
def test_error_bound_needs_fresh_rows(lab: Laboratory) -> None:
    """At d = 50 and n = 400 the learner fits what it has seen: the bound from the same rows is violated nearly always, from fresh ones rarely."""
    setting = {
        "scenario": "gaussian",
        "dimension": 50,
        "sample_size": 400,
        "ramp_width": 0.5,
        "noise_rate": 0.4,
        "excess_error": 0.02,
        "start": "average",
    }
    fresh = lab.run(simulate.sample_runs, **setting, statistics=("error_bound_violated",))
    seen = lab.run(simulate.sample_runs, split=False, **setting, statistics=("error_bound_violated",))
    assert fresh.probability("error_bound_violated").less_than(0.15, refutes={"as on seen rows": 0.9})
    assert seen.probability("error_bound_violated").greater_than(0.5, refutes={"within delta": 0.05})


@split
def test_signed_means_need_fresh_rows(lab: Laboratory) -> None:
    """Without label noise the learner makes sum y z = 0 on its rows, y is sign<w, x> for most: the statistic is too small there."""
    setting = {
        "scenario": "gaussian",
        "dimension": 8,
        "sample_size": 1200,
        "ramp_width": 0.5,
        "noise_rate": 0.0,
        "excess_error": 0.02,
        "start": "average",
    }
    # Half of a chi-squared law of seven degrees lies below its median.
    median = round(float(chi2(7).median()), 6)
    fresh = lab.run(simulate.sample_runs, **setting)
    seen = lab.run(simulate.sample_runs, split=False, **setting)
    assert fresh.probability_below(median, "signed_mean").inside(0.35, 0.6, refutes={"as on seen rows": 0.65})
    assert seen.probability_below(median, "signed_mean").greater_than(0.52, refutes={"chi-squared": 0.5})
