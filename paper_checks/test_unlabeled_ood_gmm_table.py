"""arXiv:2310.00027, the synthetic table: accuracies at d = 200, |mu0| = sigma = 1, without and with a shift of 1/2, beside what is possible.

m labeled_size, n unlabeled_size. The printed entries are single draws; here are means, exact ones where there are any.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.papers.unlabeled_ood_gmm.estimators import fit_rss
from theorylab.pytest_plugin import claim

D = 200
SHIFTED = math.sqrt(1.25)
# (m, n): ceilings without and with the shift, and what the paper prints for both.
ENTRIES = {
    (10, 10): (0.5883, 0.5883, 0.63, 0.61),
    (10, 100): (0.6115, 0.6205, 0.66, 0.65),
    (10, 1000): (0.7972, 0.7853, 0.79, 0.78),
    (10, 10_000): (0.8369, 0.8117, 0.82, 0.81),
    (20, 20): (0.6230, None, 0.64, 0.65),
    (20, 200): (0.6810, None, 0.69, 0.65),
    (20, 2000): (0.8195, None, 0.80, 0.79),
    (20, 10_000): (0.8370, None, 0.82, 0.80),
    (40, 40): (0.6679, None, 0.65, 0.65),
    (40, 400): (0.7519, None, 0.71, 0.73),
    (40, 4000): (0.8305, None, 0.81, 0.78),
    (40, 10_000): (0.8370, None, 0.82, 0.80),
}

table = claim(
    "OOD-15",
    kind="bound",
    statement="The labelled column is exact; entries with few unlabelled samples exceed what any rule can reach; honest means stay below it.",
    tex=r"d=200,\ s=1:\quad \text{accuracy}\le\Phi(\sqrt q),\quad \tfrac q{1-q}=\tfrac md+\tfrac nd g(q)",
    source="arXiv:2310.00027, the synthetic experiment; ceilings derived here",
)


def ceiling(m: int, n: int, *, shift: bool = False) -> float:
    """Return the limiting accuracy of the best rule."""
    if shift:
        overlap = theory.shifted_semisupervised_overlap(1.0, SHIFTED, 1 / SHIFTED, m / D, n / D).home
    else:
        overlap = theory.semisupervised_overlap(1.0, m / D, n / D)
    return float(norm.cdf(math.sqrt(overlap)))


def trained(lab: Laboratory, m: int, n: int, weight: float = 20.0, *, shift: bool = False):  # type: ignore[no-untyped-def]
    """Return the run of the self-trained rule, at a weight that no test label has seen."""
    away = (SHIFTED, 1 / SHIFTED) if shift else (1.0, 1.0)
    setting = {"half_distance": 1.0, "shifted_half_distance": away[0], "alignment": away[1], "unlabeled_weight": weight}
    return lab.run(simulate.sample_self_trained_risk, dimension=D, labeled_size=m, unlabeled_size=n, **setting)


@table
def test_labelled_column(lab: Laboratory) -> None:
    """Exact, and by sampling the angle; the printed column agrees within two digits."""
    sizes = np.array([10, 20, 40, 10_000])
    exact = 1 - theory.mean_classifier_risk(D, sizes, 1.0)
    assert lab.identical(exact, [0.58610, 0.61817, 0.65814, 0.83896], absolute=6e-6, refutes={"Bayes": np.full(4, 0.84134)})
    assert lab.identical(
        exact, [0.59, 0.62, 0.65, 0.83], absolute=0.0101, refutes={"one label": np.full(4, 1 - theory.mean_classifier_risk(D, 1, 1.0))}
    )
    assert lab.identical(theory.bayes_risk(1.0), 1 - 0.84134, absolute=6e-6, refutes={"shifted": 1 - 0.81445})
    for m in (10, 40):
        run = lab.run(simulate.sample_mean_rule, dimension=D, labeled_size=m, half_distance=1.0)
        limit = float(theory.mean_classifier_proportional_limit(1.0, 10 * m / D))
        assert run.mean("risk").agrees_with(1 - exact[{10: 0, 40: 2}[m]], absolute=0.003, refutes={"ten times the labels": limit, "chance": 0.5})


@table
def test_ceilings(lab: Laboratory) -> None:
    """The limits of the best rule for every entry; the direction of the shifted domain alone ends at Phi(.894427)."""
    found = [ceiling(m, n) for m, n in ENTRIES]
    labeled = [1 - theory.mean_classifier_risk(D, m, 1.0) for m, _ in ENTRIES]
    assert lab.identical(found, [entry[0] for entry in ENTRIES.values()], absolute=6e-5, refutes={"labels alone": labeled})
    first = [key for key, entry in ENTRIES.items() if entry[1] is not None]
    shifted = [ceiling(*key, shift=True) for key in first]
    assert lab.identical(
        shifted, [ENTRIES[key][1] for key in first], absolute=6e-5, refutes={"no shift": [ENTRIES[key][0] for key in first[1:]] + [0.9]}
    )
    alone = theory.known_shift_overlap(1.0, 1 / SHIFTED, 0.0)
    assert lab.identical(norm.cdf(math.sqrt(alone)), 0.81445, absolute=6e-6, refutes={"Bayes": 0.84134})


@table
def test_printed_entries_above_the_ceiling(lab: Laboratory) -> None:
    """At (10, 10) and (10, 100) they lie more than 0.04 above what any rule reaches on average; a single draw has a deviation of 0.026."""
    over = {key: entry[2] - ceiling(*key) for key, entry in ENTRIES.items()}
    assert lab.exact(min(over[10, 10], over[10, 100])).greater_than(0.04, refutes={"below the ceiling": 0.0})
    deviation = np.std(lab.replicates(simulate.sample_mean_rule, least=4000, dimension=D, labeled_size=10, half_distance=1.0)["risk"])
    assert lab.exact(float(deviation)).inside(0.022, 0.03, refutes={"the printed excess": over[10, 10], "one percent": 0.01})
    # With ten times the dimension or more the printed entries respect it.
    rest = max(value for (m, n), value in over.items() if n >= 1000)
    assert lab.exact(rest).less_than(0.0, refutes={"above as well": 0.01})


@table
def test_choosing_on_the_test_set(lab: Laboratory) -> None:
    """The best of 4000 random directions that have seen no data reaches 0.60; sqrt(2 log K/d) is the law behind it."""
    run = lab.run(simulate.sample_test_selected_risk, dimension=D, candidates=4000, half_distance=1.0)
    bound = math.sqrt(2 * math.log(4000) / D)
    assert run.mean("risk").inside(1 - 0.606, 1 - 0.592, refutes={"chance": 0.5, "the bound": norm.cdf(-bound), "m = 10": 1 - 0.5861})
    assert run.mean("cosine").at_most(bound, tightness=0.8, refutes={"chance": 0.0})
    assert run.mean("risk").less_than(theory.mean_classifier_risk(D, 10, 1.0), refutes={"ten honest labels are better": 0.42})


@table
def test_few_unlabelled_samples(lab: Laboratory) -> None:
    """The self-trained rule at (10, 100): an honest mean near the labelled one, below the ceiling, and far below the printed 0.66."""
    run = trained(lab, 10, 100)
    labeled = theory.mean_classifier_risk(D, 10, 1.0)
    assert run.mean("risk").agrees_with(labeled, absolute=0.02, refutes={"the printed entry": 1 - 0.66, "many samples": 1 - 0.7463})
    assert run.mean("risk").greater_than(1 - ceiling(10, 100), refutes={"the ceiling": 1 - ceiling(10, 100)})
    assert run.mean("labeled_risk").agrees_with(labeled, absolute=0.012, refutes={"Bayes": 0.1587})


@table
def test_more_unlabelled_samples_help_from_some_number_on(lab: Laboratory) -> None:
    """At m = 10 most data sets do better with 1000 samples; with 10 of them the rule is worse than its labels, at this weight."""
    many = trained(lab, 10, 1000)
    assert many.probability_below(1 - 0.65, "risk").greater_than(0.8, refutes={"as with labels alone": 0.01})
    assert many.probability_below(1 - ceiling(10, 1000), "risk").less_than(0.5, refutes={"above the ceiling": 0.9})
    few = trained(lab, 10, 10)
    assert (few.mean("risk") - few.mean("labeled_risk")).greater_than(0.02, refutes={"unlabelled samples never hurt": 0.0})


@table
@pytest.mark.parametrize("shift", [False, True])
def test_full_table(lab: Laboratory, shift: bool) -> None:
    """At quick scale three cells of it: means stay below the ceiling, and within a few percent of it for many samples and enough labels."""
    cells = lab.at_scale([(40, 400)], [(10, 1000), (20, 2000), (40, 400), (40, 4000), (10, 10_000), (40, 10_000)])
    for m, n in cells:
        run = trained(lab, m, n, shift=shift)
        top = ceiling(m, n, shift=shift)
        # At 40 labels a wrong side is rare enough for a mean.
        assert run.probability_below(1 - top, "risk").less_than(0.5, refutes={"typically above the ceiling": 0.7})
        assert run.probability_below(1 - top + 0.12, "risk").greater_than(0.6, refutes={"typically as bad as the labels": 0.2})


# The method ------------------------------------------------------------------------------------------------------------------------------

method = claim(
    "OOD-15b",
    kind="optimum",
    statement="The fixed-point map w <- grad/|grad| raises the self-training objective at every step, and ends as high as plain gradient steps.",
    tex=r"J(w)=\tfrac1m\sum(t_i)_++\tfrac\kappa n\sum|t'_j|,\quad w'=\nabla J(w)/|\nabla J(w)|\ \Rightarrow\ J(w')\ge|\nabla J(w)|\ge J(w)",
    source="derived here for the objective of arXiv:2310.00027",
)


def value(w: np.ndarray, signed: np.ndarray, unlabeled: np.ndarray, weight: float) -> float:
    """Return the objective at a direction of any length, word for word."""
    unit = w / np.linalg.norm(w)
    return float(np.mean(np.maximum(signed @ unit, 0)) + weight * np.mean(np.abs(unlabeled @ unit)))


@method
def test_fixed_point_is_a_maximum_that_gradient_steps_reach(lab: Laboratory) -> None:
    """The end is stationary, and plain projected gradient steps from the same start reach the same height."""
    rng = np.random.default_rng([lab.seed, 1])
    for d, m, n, weight in ((5, 6, 60, 2.0), (20, 10, 400, 5.0)):
        mean = np.zeros(d)
        mean[0] = 2.0
        labels, hidden = rng.choice([-1.0, 1.0], m), rng.choice([-1.0, 1.0], n)
        X, U = labels[:, None] * mean + rng.standard_normal((m, d)), hidden[:, None] * mean + rng.standard_normal((n, d))
        signed = labels[:, None] * X
        found = fit_rss(X, labels, U, weight)
        top, w = float(found.value[0]), found.directions[0]
        assert lab.identical(top, value(w, signed, U, weight), relative=1e-12, refutes={"the start": value(signed.mean(axis=0), signed, U, weight)})
        # A stationary point of a convex function on the sphere: the gradient is along w, and as long as the value.
        gradient = ((signed @ w > 0)[:, None] * signed).mean(axis=0) + weight * (np.sign(U @ w)[:, None] * U).mean(axis=0)
        assert lab.identical(
            gradient, top * w, absolute=1e-10, refutes={"half the pull": top * w - 0.5 * weight * (np.sign(U @ w)[:, None] * U).mean(axis=0)}
        )
        walker = signed.mean(axis=0)
        for step in range(3000):
            unit = walker / np.linalg.norm(walker)
            slope = ((signed @ unit > 0)[:, None] * signed).mean(axis=0) + weight * (np.sign(U @ unit)[:, None] * U).mean(axis=0)
            walker = unit + 0.5 / (1 + step / 30) * (slope - (slope @ unit) * unit) / (1 + weight)
        # Nearly always the same summit; where there are two, they are of nearly the same height.
        before = value(signed.mean(axis=0), signed, U, weight)
        wrong = {"labels only": before} if before < 0.995 * top else {"half of it": 0.5 * top}
        assert lab.identical(top, value(walker, signed, U, weight), relative=2.5e-3, refutes=wrong)


@method
def test_every_step_goes_up(lab: Laboratory) -> None:
    """The map written out, from random starts: no step lowers the objective; on the whole ascent the gain is positive."""
    rng = np.random.default_rng([lab.seed, 2])
    least, gains = math.inf, []
    for _ in range(20):
        d, m, n, weight = int(rng.integers(2, 12)), int(rng.integers(1, 8)), int(rng.integers(1, 40)), float(rng.uniform(0, 5))
        signed, U = rng.standard_normal((m, d)) + 0.5, rng.standard_normal((n, d))
        w = rng.standard_normal(d)
        if value(w, signed, U, weight) <= 0:
            continue
        path = [value(w, signed, U, weight)]
        for _ in range(25):
            w = w / np.linalg.norm(w)
            w = ((signed @ w > 0)[:, None] * signed).mean(axis=0) + weight * (np.sign(U @ w)[:, None] * U).mean(axis=0)
            path.append(value(w, signed, U, weight))
        least, gains = min(least, float(np.diff(path).min())), [*gains, path[-1] - path[0]]
    assert lab.exact(least).greater_than(-1e-12, refutes={"a step may go down": -1e-3})
    assert lab.exact(float(np.mean(gains))).greater_than(0.01, refutes={"no gain": 0.0})


@method
def test_gain_of_the_objective_on_the_table(lab: Laboratory) -> None:
    """The objective never ends below that of the labelled mean, on raw data of the table."""
    drawn = lab.replicates(simulate.sample_self_trained_risk, least=64, dimension=D, labeled_size=10, unlabeled_size=100, half_distance=1.0,
                           shifted_half_distance=1.0, alignment=1.0, unlabeled_weight=20.0)  # fmt: skip
    assert lab.exact(float(np.min(drawn["objective_gain"]))).greater_than(0.0, refutes={"it may fall": -1e-6})
