"""The sweep of arXiv:2205.15196 over the strength of interventions after training: what invariance is worth, in CHAIN and in CORE."""

from __future__ import annotations

import numpy as np

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import (
    clamped_decomposition,
    intervention_family,
    sample_environments,
    sample_structural_equations,
    second_moment_from_clamped,
    total_effects,
)
from theorylab.montecarlo.samplers import entries
from theorylab.papers.pac_invariance.closed_form import chain_head, prediction_risk
from theorylab.papers.pac_invariance.estimators import anchor_regression, best_invariant_subset, irm_v1, pooled_least_squares
from theorylab.papers.pac_invariance.reference_models import chain_model, core_model
from theorylab.rows import Rows, point, sample_mean

__all__ = ["strength"]

LEARNERS = ("pooled", "subset", "irm")
GAMMAS = (1.0, 10.0, 1e6)


def strength(lab: Laboratory) -> Rows:
    """Measure risks over the strength at test: a child set by hand in CHAIN, new mechanisms in CORE, shifted means in CORE."""
    rows: Rows = []
    heads = {"pooled": tuple(chain_head(1.2, 1.0, 0.8, 0.5).head.round(12).tolist()), "cause": (1.2, 0.0)}
    for learner, head in heads.items():
        for moment in lab.at_scale((0.5, 2.0, 8.0, 32.0), (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)):
            setting = {"head": head, "child_moment": moment}
            run = lab.run(sample_chain_error, **setting)
            rows.append(point(run.mean(), relative=lab.at_scale(0.05, 0.01), panel="chain", learner=learner, **setting))
    runs = lab.at_scale(20, 100)
    strengths = lab.at_scale((0.25, 0.5, 1.0, 2.0, 4.0, 8.0), (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0))
    problem = {"interventions": 100, "fresh": 4000}
    names = [name for learner in LEARNERS for name in entries(learner, len(strengths))]
    found = lab.run(sample_core_risks, strengths=strengths, coefficient_mean=0.5, **problem).few(runs, names)
    places = [(learner, place) for learner in LEARNERS for place in strengths]
    for (learner, place), values in zip(places, found, strict=True):
        rows.append(sample_mean(values, panel="soft", learner=learner, strength=place, coefficient_mean=0.5, **problem))
    for gamma in GAMMAS:
        found = lab.run(sample_shift_risks, strengths=strengths, gamma=gamma, **problem).few(runs, entries("risk", len(strengths)))
        rows += [sample_mean(values, panel="shift", gamma=gamma, strength=place, **problem) for place, values in zip(strengths, found, strict=True)]
    return rows


def sample_chain_error(rng: np.random.Generator, size: int, *, head: tuple[float, float], child_moment: float) -> np.ndarray:
    """Sample the squared error of a head on (X1, X2) in a row of CHAIN with the child set by hand to N(0, s)."""
    coefficients, variances, _ = (part.copy() for part in chain_model().model)
    coefficients[2], variances[2] = 0.0, child_moment
    rows = sample_structural_equations(rng, size, coefficients=coefficients, noise_variances=variances)
    return (rows[:, 1] - rows[:, [0, 2]] @ np.array(head)) ** 2


def sample_core_risks(
    rng: np.random.Generator, size: int, *, interventions: int, coefficient_mean: float, strengths: tuple[float, ...], fresh: int
) -> dict[str, np.ndarray]:
    """Sample mean risks of learners that saw N joint soft interventions at nodes 1 and 4 of CORE, on m stronger or weaker ones.

    New coefficients have a mean and, in training, a deviation of 1; at test it is one of the strengths. Columns "pooled", "subset", "irm", each
    (size, strengths): pooled least squares, the best invariant subset and IRMv1.
    """
    model, target, _ = core_model()
    form = clamped_decomposition(*model, sites=[1, 4])

    def moments(count: int, scale: float) -> np.ndarray:
        family = intervention_family(*model, sites=[1, 4], target=target, coefficient_mean=coefficient_mean, coefficient_scale=scale)
        return np.asarray(second_moment_from_clamped(form, family, sample_environments(rng, count, family)))

    found = {learner: np.zeros((size, len(strengths))) for learner in LEARNERS}
    for row in range(size):
        train = moments(interventions, 1.0)
        subset = best_invariant_subset(train, target)
        chosen = np.zeros(5)
        chosen[list(subset.columns)] = subset.head
        learned = {"pooled": pooled_least_squares(train, target), "subset": chosen, "irm": irm_v1(train, target).coefficients}
        for column, scale in enumerate(strengths):
            average = moments(fresh, scale).mean(axis=0)
            for learner, coefficients in learned.items():
                found[learner][row, column] = prediction_risk(average, target, coefficients)
    return found


def sample_shift_risks(
    rng: np.random.Generator, size: int, *, interventions: int, gamma: float, strengths: tuple[float, ...], fresh: int
) -> dict[str, np.ndarray]:
    """Sample mean risks of anchor regression that saw N shifts N(0, 1) of the means of all covariates of CORE, on m shifts of other strengths.

    Column "risk", (size, strengths).
    """
    model, target, _ = core_model()
    effects = total_effects(model.coefficients)

    def environments(count: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
        shifts = scale * rng.standard_normal((count, 6))
        shifts[:, target] = 0.0
        means = shifts @ effects.T
        return (effects * model.noise_variances) @ effects.T + means[:, :, None] * means[:, None, :], means

    risk = np.zeros((size, len(strengths)))
    for row in range(size):
        coefficients = anchor_regression(*environments(interventions, 1.0), target, gamma=gamma)
        for column, scale in enumerate(strengths):
            risk[row, column] = prediction_risk(environments(fresh, scale)[0].mean(axis=0), target, coefficients)
    return {"risk": risk}
