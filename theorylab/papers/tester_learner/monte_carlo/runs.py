"""Whole runs: draw a data set, learn, test, and see whether an accepted answer is wrong; with ablations of the tests beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.models.label_noise import excess_error as excess_over_rows
from theorylab.montecarlo.samplers import block_size, fetch, fitting_block
from theorylab.numerics.concentration import binomial_upper_bound
from theorylab.papers.tester_learner.estimators.adversary_search import search_adversary
from theorylab.papers.tester_learner.estimators.batches import (
    RegionTable,
    accepted,
    extreme_eigenvalues,
    fetched,
    joined_summaries,
    judge_many,
    learn_many,
    summarise_many,
)
from theorylab.papers.tester_learner.estimators.certificate import massart_certificate
from theorylab.papers.tester_learner.estimators.certificate_batches import certificates_of_many
from theorylab.papers.tester_learner.estimators.learner import checked_level, checked_width, fit_surrogate
from theorylab.papers.tester_learner.estimators.marginal_tests import LIMITS, MARGINAL_MODES
from theorylab.papers.tester_learner.estimators.regions import paper_regions, summarise
from theorylab.papers.tester_learner.monte_carlo.scenarios import SCENARIOS, draw_scenario
from theorylab.validation import choice, flag, items, real, whole_number

__all__ = ["sample_runs", "simulate_grid"]

STARTS = ("axis", "average")


def _block(*, sample_size: int, dimension: int, search: bool = False, certificate: bool = False, **_: Any) -> int:
    extra = (6e6 if search else 0.0) + (3e6 if certificate else 0.0)
    return fitting_block(numbers=3.0 * sample_size * dimension, nanoseconds=60.0 * sample_size * dimension + 2e6 + extra)


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
        Generator and number of runs.
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
        Whether to search for an adversary and to certify, which takes longer. On a device the samples that are searched come to the host one after
        the other, and what is certified may have at most 41 dimensions.

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
    split = flag("split", split)
    search = flag("search", search)
    certificate = flag("certificate", certificate)
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size, minimum=4), whole_number("dimension", dimension, minimum=2)
    width, eta = checked_width(ramp_width), real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    eps = real("excess_error", excess_error, above=0.0, below=1.0)
    delta = checked_level(failure_probability)
    first = np.eye(1, d)[0] if choice("start", start, STARTS) == "axis" else None
    setting = _Setting(scenario, n, d, width, eta, eps, delta, first, split, search, certificate)
    draw = _runs_on_host if isinstance(rng, np.random.Generator) else _runs_on_device
    table, numbers, added = draw(rng, size, setting)
    excess, cosine, flipped, errors, least, most, length = numbers
    tolerant, calibrated = (_judged(table, setting, mode) for mode in MARGINAL_MODES)
    verdicts = {
        "untested": np.ones(size, dtype=bool),
        "tolerant": accepted(tolerant),
        "calibrated": accepted(calibrated),
        "mass_only": tolerant["mass"].all(axis=1),
        "covariance_only": (least >= LIMITS[0]) & (most <= LIMITS[1]) & (length <= LIMITS[0]),
    }
    if search:
        verdicts |= {"searched": verdicts["tolerant"] & added["searched"], "calibrated_searched": verdicts["calibrated"] & added["searched"]}
    if certificate:
        verdicts["certified"] = added["certified"]
    wrong = excess > eps
    bound = binomial_upper_bound(errors.astype(np.int64), n - n // 2, delta / 2.0)
    values = {"excess": excess, "angle": np.arccos(np.clip(cosine, -1.0, 1.0)), "wrong": wrong, "error_bound_violated": flipped + excess > bound}
    values["signed_mean"] = table.rows[:, 1] * table.signed_mean[:, 1]
    for name, verdict in verdicts.items():
        values |= {name: verdict, f"{name}_and_wrong": verdict & wrong}
    return {name: namespace_of(rng).asarray(1.0 * column) for name, column in values.items()}


Rows = tuple[np.ndarray, np.ndarray]


class _Setting(NamedTuple):
    """The checked parameters of `sample_runs`."""

    scenario: str
    sample_size: int
    dimension: int
    ramp_width: float
    noise_rate: float
    excess_error: float
    failure_probability: float
    start: np.ndarray | None
    split: bool
    search: bool
    certificate: bool


# The table of the regions; then, (7, R), the excess error, the cosine of the angle, the mean flip probability, the errors on the fresh rows, the
# extreme eigenvalues and the length of the mean of these rows; then what search and certificate say.
_Found = tuple[RegionTable, np.ndarray, dict[str, np.ndarray]]


def _judged(table: RegionTable, setting: _Setting, mode: str) -> dict[str, np.ndarray]:
    rows = setting.sample_size - setting.sample_size // 2
    options: Any = {"rows": rows, "dimension": setting.dimension, "failure_probability": setting.failure_probability}
    return judge_many(table, paper_regions(setting.ramp_width), mode=mode, **options)


def _draws(setting: _Setting) -> dict[str, Any]:
    return {name: getattr(setting, name) for name in ("sample_size", "dimension", "ramp_width", "noise_rate")}


def _searches(table: RegionTable, setting: _Setting) -> np.ndarray:
    """Tell which samples pass the other tests: only those need the search."""
    return np.any([accepted(_judged(table, setting, mode)) for mode in MARGINAL_MODES], axis=0)


def _search(rng: np.random.Generator, halves: tuple[Rows, Rows], w: np.ndarray, setting: _Setting) -> bool:
    options: Any = {name: getattr(setting, name) for name in ("ramp_width", "noise_rate", "excess_error", "failure_probability")}
    return search_adversary(halves[0], halves[1], w, **options, rng=rng).passed


def _runs_on_host(rng: np.random.Generator, size: int, setting: _Setting) -> _Found:
    n, width, eta = setting.sample_size, setting.ramp_width, setting.noise_rate
    half, regions = n // 2, paper_regions(width)
    tables, numbers, added = [], np.empty((7, size)), {name: np.zeros(size, dtype=bool) for name in ("searched", "certified")}
    for r in range(size):
        x, y, clean, flips, target = draw_scenario(rng, setting.scenario, **_draws(setting))
        fresh, fresh_labels = x[half:], y[half:]
        rows, labels = (x[:half], y[:half]) if setting.split else (fresh, fresh_labels)
        w = fit_surrogate(rows, labels, ramp_width=width, noise_rate=eta, start=setting.start).direction
        errors = int(np.count_nonzero((fresh @ w >= 0.0) != (fresh_labels > 0.0)))
        if 2 * errors > n - half:
            w, errors = -w, n - half - errors
        tables.append(joined_summaries([summarise(fresh, w, regions)]))
        if setting.search and _searches(tables[-1], setting)[0]:
            added["searched"][r] = _search(rng, ((rows, labels), (fresh, fresh_labels)), w, setting)
        if setting.certificate:
            options: Any = {"ramp_width": width, "noise_rate": eta, "failure_probability": setting.failure_probability}
            added["certified"][r] = massart_certificate(fresh, fresh_labels, w, **options).disagreement <= setting.excess_error
        spectrum = np.linalg.eigvalsh(fresh.T @ fresh / (n - half))
        excess, length = float(excess_over_rows(x @ w, clean, flips)), float(np.linalg.norm(fresh.mean(axis=0)))
        numbers[:, r] = excess, w @ target, np.mean(flips), errors, spectrum[0], spectrum[-1], length
    return RegionTable(*(np.concatenate(parts) for parts in zip(*tables, strict=True))), numbers, added


def _runs_on_device(rng: Any, size: int, setting: _Setting) -> _Found:
    """Do all runs at once; one fetch, but for the samples that are searched and for the certificates."""
    xp, n, width, eta = namespace_of(rng), setting.sample_size, setting.ramp_width, setting.noise_rate
    half, regions = n // 2, paper_regions(width)
    x, y, clean, flips, target = draw_scenario(rng, setting.scenario, **_draws(setting), replicates=size)
    fresh, fresh_labels = x[:, half:], y[:, half:]
    rows, labels = (x[:, :half], y[:, :half]) if setting.split else (fresh, fresh_labels)
    w = learn_many(xp, rows, labels, ramp_width=width, noise_rate=eta, start=setting.start)
    errors = (((fresh @ w[:, :, None])[:, :, 0] >= 0.0) != (fresh_labels > 0.0)).sum(axis=1)
    turned = 2 * errors > n - half
    w, errors = xp.where(turned[:, None], -w, w), xp.where(turned, n - half - errors, errors)
    least, most = extreme_eigenvalues(xp, fresh.swapaxes(1, 2) @ fresh / (n - half))
    excess, length = excess_over_rows((x @ w[:, :, None])[:, :, 0], clean, flips), xp.sqrt((fresh.mean(axis=1) ** 2).sum(axis=1))
    columns = (excess, w @ xp.asarray(target), flips.mean(axis=1), 1.0 * errors, least, most, length)
    table, numbers = fetched(xp, summarise_many(xp, fresh, w, regions), columns)
    added = {}
    if setting.search:
        # A search draws a few directions of its own, on the host.
        seeds, added["searched"] = fetch(rng.integers(0, 2**53, (size,))), np.zeros(size, dtype=bool)
        for r in np.flatnonzero(_searches(table, setting)):
            halves = (fetch(rows[r]), fetch(labels[r])), (fetch(fresh[r]), fetch(fresh_labels[r]))
            added["searched"][r] = _search(np.random.default_rng(int(seeds[r])), halves, fetch(w[r]), setting)
    if setting.certificate:
        options: Any = {"ramp_width": width, "noise_rate": eta, "failure_probability": setting.failure_probability}
        certificates = certificates_of_many(xp, fresh, fresh_labels, w, **options)
        added["certified"] = np.array([found.disagreement <= setting.excess_error for found in certificates])
    return table, numbers, added


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
    count = whole_number("replicates", replicates, maximum=10**9)
    scenarios = [choice("scenarios", name, tuple(SCENARIOS)) for name in items("scenarios", scenarios)]
    return {name: sample_runs(rng, count, scenario=name, **settings) for name in scenarios}
