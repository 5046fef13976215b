"""Whole runs: draw a data set, learn, test, and see whether an accepted answer is wrong; with ablations of the tests beside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from theorylab.models.label_noise import excess_error as excess_over_rows
from theorylab.montecarlo.samplers import block_size, fitting_block, host_only
from theorylab.numerics.concentration import binomial_upper_bound
from theorylab.papers.tester_learner.estimators.adversary_search import search_adversary
from theorylab.papers.tester_learner.estimators.certificate import massart_certificate
from theorylab.papers.tester_learner.estimators.learner import fit_surrogate
from theorylab.papers.tester_learner.estimators.marginal_tests import LIMITS, judge_regions
from theorylab.papers.tester_learner.estimators.regions import paper_regions, summarise
from theorylab.papers.tester_learner.monte_carlo.scenarios import draw_scenario
from theorylab.validation import choice, reals, whole_number

__all__ = ["sample_runs", "simulate_grid"]

STARTS = ("axis", "average")


def _block(*, sample_size: int, dimension: int, search: bool = False, certificate: bool = False, **_: Any) -> int:
    extra = (6e6 if search else 0.0) + (3e6 if certificate else 0.0)
    return fitting_block(numbers=3.0 * sample_size * dimension, nanoseconds=60.0 * sample_size * dimension + 2e6 + extra)


@host_only("learns and tests one data set after the other with estimators written for numpy")
@block_size(_block)
def sample_runs(
    rng: Any,
    size: int,
    *,
    scenario: str,
    dimension: int,
    sample_size: int,
    ramp_width: float,
    noise_rate: float,
    excess_error: float,
    failure_probability: float = 0.05,
    start: str = "axis",
    split: bool = True,
    search: bool = False,
    certificate: bool = False,
) -> dict[str, Any]:
    """Sample runs of learner and tests in a scenario.

    Parameters
    ----------
    rng, size
        numpy's generator and number of runs.
    scenario
        One of `SCENARIOS`.
    dimension, sample_size
        d >= 2 and n >= 4, all rows; the first half learns, the second tests.
    ramp_width, noise_rate
        sigma > 0 and eta in [0, 1/2), of the learner and of the noise.
    excess_error, failure_probability
        eps, above which an answer is wrong, and delta.
    start
        "axis": the learner starts at the first axis, which is what exposes traps; "average": at the mean of y x.
    split
        False: the learner sees the rows that test it, an ablation.
    search, certificate
        Whether to search for an adversary and to certify, which takes longer.

    Returns
    -------
    dict
        Per run "excess" err(w) - err(w*), "angle" and "wrong" (1 if the excess is above eps); for every judge 1 if it accepts: "tolerant",
        "calibrated", "untested" (always), "covariance_only" (global mean and eigenvalues), "mass_only" (masses of bands and strips), "searched"
        (tolerant, and the search), "calibrated_searched", "certified"; and for each of them ``<judge>_and_wrong``. Also "error_bound_violated":
        whether the upper bound on err(w) from the scoring rows is below err(w); "signed_mean": m |mean sign(a) z|^2 in the band of half-width
        sigma/2.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    n, d = whole_number("sample_size", sample_size, minimum=4), whole_number("dimension", dimension, minimum=2)
    width, eta = float(reals("ramp_width", ramp_width, above=0.0)), float(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    eps = float(reals("excess_error", excess_error, above=0.0, below=1.0))
    delta = float(reals("failure_probability", failure_probability, above=0.0, below=1.0))
    first = np.eye(1, d)[0] if choice("start", start, STARTS) == "axis" else None
    regions, half = paper_regions(width), n // 2
    table: dict[str, np.ndarray] = {}
    for r in range(size):
        x, y, clean, flips, target = draw_scenario(rng, scenario, sample_size=n, dimension=d, ramp_width=width, noise_rate=eta)
        fresh, fresh_labels = x[half:], y[half:]
        rows, labels = (x[:half], y[:half]) if split else (fresh, fresh_labels)
        w = fit_surrogate(rows, labels, ramp_width=width, noise_rate=eta, start=first).direction
        errors = int(np.count_nonzero((fresh @ w >= 0.0) != (fresh_labels > 0.0)))
        if 2 * errors > n - half:
            w, errors = -w, n - half - errors
        summaries = summarise(fresh, w, regions)
        judged = _judgements(summaries, fresh, delta)
        if search:
            # Only samples that pass the other tests need the search, so it runs only for those.
            halves = (rows, labels), (fresh, fresh_labels)
            settings: Any = {"ramp_width": width, "noise_rate": eta, "excess_error": eps, "failure_probability": delta}
            passed = (judged["tolerant"] or judged["calibrated"]) and search_adversary(*halves, w, **settings, rng=rng).passed
            judged |= {"searched": judged["tolerant"] and passed, "calibrated_searched": judged["calibrated"] and passed}
        if certificate:
            found = massart_certificate(fresh, fresh_labels, w, ramp_width=width, noise_rate=eta, failure_probability=delta)
            judged["certified"] = found.disagreement <= eps
        excess = float(_excess(x @ w, clean, flips))
        error = float(np.mean(flips)) + excess
        values: dict[str, float] = {"excess": excess, "angle": math.acos(min(1.0, max(-1.0, float(w @ target)))), "wrong": excess > eps}
        values["error_bound_violated"] = error > float(binomial_upper_bound(errors, n - half, delta / 2.0))
        values["signed_mean"] = summaries[1].rows * summaries[1].signed_mean
        for name, accepted in judged.items():
            values |= {name: accepted, f"{name}_and_wrong": accepted and excess > eps}
        for name, value in values.items():
            table.setdefault(name, np.empty(size))[r] = value
    return table


def _excess(margins: np.ndarray, clean: np.ndarray, flips: np.ndarray) -> float:
    return float(excess_over_rows(margins, clean, flips))


def _judgements(summaries: Any, fresh: np.ndarray, delta: float) -> dict[str, bool]:
    rows = fresh.shape[0]
    tolerant = judge_regions(summaries, rows, mode="tolerant", failure_probability=delta)
    calibrated = judge_regions(summaries, rows, mode="calibrated", failure_probability=delta)
    masses = [result.passed for result in tolerant.results if result.name.startswith("mass")]
    spectrum = np.linalg.eigvalsh(fresh.T @ fresh / rows)
    mean = float(np.linalg.norm(fresh.mean(axis=0)))
    return {
        "untested": True,
        "tolerant": tolerant.accepted,
        "calibrated": calibrated.accepted,
        "mass_only": all(masses),
        "covariance_only": bool(LIMITS[0] <= spectrum[0] and spectrum[-1] <= LIMITS[1] and mean <= LIMITS[0]),
    }


def simulate_grid(rng: np.random.Generator, scenarios: Sequence[str], replicates: int, **settings: Any) -> dict[str, dict[str, np.ndarray]]:
    """Run `sample_runs` in several scenarios and return all replicates, for a look at the raw numbers.

    Parameters
    ----------
    rng
        numpy's generator.
    scenarios
        Names of `SCENARIOS`.
    replicates
        Runs of each, >= 1.
    **settings
        Of `sample_runs`.

    Returns
    -------
    dict
        From scenario to the dict of `sample_runs`.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    count = whole_number("replicates", replicates)
    return {name: sample_runs(rng, count, scenario=name, **settings) for name in scenarios}
