"""arXiv:2205.15196: moments, gaps, what is invariant, and what is better than the parents."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import (
    environment_model,
    intervention_family,
    is_d_separated,
    random_coefficients,
    sample_environments,
    structural_second_moment,
    total_effects,
)
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.papers.pac_invariance.estimators import best_invariant_subset
from theorylab.papers.pac_invariance.reference_models import chain_model, core_model
from theorylab.pytest_plugin import claim

CORE = core_model()
UNMIXING = np.array([[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, -0.6, 1.0]])

moments = claim(
    "INV-1",
    kind="identity",
    statement="Moments of a linear model, their change by an intervention, and three gaps of a head that bound each other.",
    tex=r"M=A\Omega A^\top,\quad A'=A+A_{\cdot i}\,\delta^\top A,\quad R=\tfrac14 g^\top S^{-1}g,\quad g=2(Sw-c)",
    source="textbook; derived here for arXiv:2205.15196",
)


@moments
@pytest.mark.parametrize("nodes", [5, 30, 200])
def test_second_moment_and_its_change(lab: Laboratory, nodes: int) -> None:
    """Against covariances built up node by node, and against a new inverse after a soft intervention."""
    rng = np.random.default_rng([lab.seed, nodes])
    b, variances = random_coefficients(rng, nodes, in_degree=3), rng.uniform(0.4, 1.2, nodes)
    built = np.zeros((nodes, nodes))
    for i in range(nodes):
        built[i, :i] = built[:i, i] = b[i, :i] @ built[:i, :i]
        built[i, i] = b[i, :i] @ built[:i, :i] @ b[i, :i] + variances[i]
    a, scale = total_effects(b), np.abs(built).max()
    lost = a @ np.diag(variances) @ a
    found = structural_second_moment(b, variances)
    assert lab.identical(found / scale, built / scale, absolute=1e-12, refutes={"A Omega A": lost / scale}, question="moment")
    site = nodes // 2
    change = np.zeros(nodes)
    change[:site] = rng.standard_normal(site) * (b[site, :site] != 0)
    moved = b.copy()
    moved[site] += change
    updated = a + np.outer(a[:, site], change @ a)
    inverse = np.linalg.inv(np.eye(nodes) - moved)
    assert lab.identical(updated, inverse, absolute=1e-11 * np.abs(inverse).max(), refutes={"no change": a}, question="rank-one change")


@moments
def test_gaps_bound_each_other(lab: Laboratory) -> None:
    """The excess risk from the gradient, and both inequalities with the extreme eigenvalues of S."""
    rng = np.random.default_rng([lab.seed, 1])
    for _ in range(10):
        b = random_coefficients(rng, 8, in_degree=2)
        m = structural_second_moment(b, rng.uniform(0.4, 1.2, 8))
        phi, w = rng.standard_normal((3, 7)), rng.standard_normal(3)
        s, c, _ = theory.feature_moments(m, 4, phi)
        gradient, excess, head = (theory.invariance_gap(m, 4, phi, w, kind) for kind in theory.GAP_KINDS)
        g = 2 * (s @ w - c)
        direct = theory.prediction_risk(m, 4, phi.T @ w) - theory.best_head(m, 4, phi).risk
        wrong = {"without 1/4": 4 * direct}
        assert lab.identical(excess, direct, relative=1e-9, refutes=wrong, question="difference of risks")
        assert lab.identical(g @ np.linalg.solve(s, g) / 4, direct, relative=1e-9, refutes=wrong)
        assert lab.identical(gradient, np.linalg.norm(g), relative=1e-12, refutes={"half": np.linalg.norm(g) / 2})
        low, high = np.linalg.eigvalsh(s)[[0, -1]]
        ratios = [low * head**2 / excess, excess / (high * head**2), gradient**2 / (4 * high) / excess, excess / (gradient**2 / (4 * low))]
        assert lab.exact(max(ratios)).less_than(1 + 1e-9, refutes={"eigenvalues exchanged": high * head**2 / excess + 1e-6})


@moments
def test_cause_and_child(lab: Laboratory) -> None:
    """CHAIN: head (.461538, .615385) and risk .307692 whatever the variance of the cause."""
    claimed = theory.chain_head(1.2, 1.0, 0.8, 0.5)
    printed = [0.461538, 0.615385, 0.307692]
    assert lab.identical([*claimed.head, claimed.risk], printed, absolute=1e-6, refutes={"exchanged": [0.615385, 0.461538, 0.307692]})
    for variance in (0.1, 1.0, 7.0):
        chain = chain_model(cause_variance=variance)
        found = theory.best_head(structural_second_moment(*chain.model), chain.target)
        assert lab.identical([*claimed.head, claimed.risk], [*found.head, found.risk], absolute=1e-12, refutes={"cause only": [1.2, 0.0, 0.8]})


@moments
@pytest.mark.parametrize(("first", "second"), [(3, 3), (4, 5), (1, 4)])
def test_moments_of_drawn_rows(lab: Laboratory, first: int, second: int) -> None:
    """Rows drawn from the equations of CORE."""
    exact = structural_second_moment(*CORE.model)
    a = total_effects(CORE.model.coefficients)
    lost = (a @ np.diag(CORE.model.noise_variances) @ a)[first, second]
    run = lab.run(simulate.sample_product_moments, first=first, second=second)
    assert run.mean().agrees_with(exact[first, second], absolute=0.06, refutes={"A Omega A": lost})


separation = claim(
    "INV-2",
    kind="structure",
    statement="The parents are exactly invariant; head and residual variance of a subset are constant iff Y is d-separated from the interventions.",
    tex=r"(w_\theta,\ \mathrm{Var}_\theta)\ \text{constant on the family}\iff Y\perp I\mid S",
    source="invariant causal prediction, arXiv:1501.01332; checks derived here for arXiv:2205.15196",
)


@separation
def test_parents_have_no_gap(lab: Laboratory) -> None:
    """Every gap of the causal coefficients, under interventions of every kind on all covariates; not if the target itself is touched."""
    rng = np.random.default_rng([lab.seed, 2])
    worst, touched = 0.0, np.inf
    for kind in ("soft", "hard", "scale", "shift"):
        b, variances, target = random_coefficients(rng, 9, in_degree=2), rng.uniform(0.4, 1.2, 9), 5
        parents = np.flatnonzero(b[target])
        phi, causal = theory.selection(parents, 8), b[target, parents]
        sites = [node for node in range(9) if node != target]
        family = intervention_family(b, variances, sites=sites, kind=kind, target=target)
        environments = sample_environments(rng, 6, family)
        for index in range(6):
            m = structural_second_moment(*environment_model(family, environments, index))
            worst = max(worst, *(float(theory.invariance_gap(m, target, phi, causal, gap)) for gap in theory.GAP_KINDS))
        moved = b.copy()
        moved[target, parents] += 0.5
        touched = min(touched, float(theory.invariance_gap(structural_second_moment(moved, variances), target, phi, causal)))
    assert lab.identical(worst, 0.0, absolute=1e-10, refutes={"an intervention on Y": touched}, question="largest gap")


Spreads = dict[tuple[int, ...], tuple[float, float]]


def _spreads(b: np.ndarray, variances: np.ndarray, target: int, sites: list[int], rng: np.random.Generator) -> Spreads:
    """Return for each subset of nodes the spread of its head and of its residual variance over five soft environments."""
    family = intervention_family(b, variances, sites=sites, target=target)
    environments = sample_environments(rng, 5, family)
    m = np.array([structural_second_moment(*environment_model(family, environments, index)) for index in range(5)])
    rest = [node for node in range(len(b)) if node != target]
    spreads = {}
    for size in range(len(rest) + 1):
        for nodes in combinations(rest, size):
            where = list(nodes)
            s, c = m[:, where][:, :, where], m[:, where, target]
            head = np.linalg.solve(s, c[..., None])[..., 0] if size else np.zeros((5, 0))
            risk = m[:, target, target] - (head * c).sum(axis=1)
            spreads[nodes] = float(np.ptp(head, axis=0).max(initial=0.0)), float(np.ptp(risk))
    return spreads


@separation
def test_invariance_is_d_separation(lab: Laboratory) -> None:
    """All subsets in random graphs of 6 nodes with 2 sites; without the residual variance the equivalence is false."""
    rng = np.random.default_rng([lab.seed, 3])
    mismatches = by_coefficients = subsets = 0
    graphs = [(random_coefficients(rng, 6, in_degree=2, magnitude=(0.4, 1.2)), rng.uniform(0.4, 1.2, 6), 3) for _ in range(lab.at_scale(30, 200))]
    # Y = X1 + X2 + e with independent roots: X2 keeps its coefficient when X1 is rescaled.
    roots = np.zeros((6, 6))
    roots[3, :2] = 1.0
    for b, variances, target in [*graphs, (roots, np.ones(6), 3)]:
        sites = [0, 4] if b is roots else [int(node) for node in rng.choice([0, 1, 2, 4, 5], 2, replace=False)]
        indicators = np.zeros((8, 8))
        indicators[:6, :6] = b
        indicators[sites, [6, 7]] = 1.0
        for nodes, (head, risk) in _spreads(b, variances, target, sites, rng).items():
            separated = is_d_separated(indicators, target, [6, 7], nodes)
            mismatches += separated != (head < 1e-8 and risk < 1e-8)
            by_coefficients += separated != (head < 1e-8)
            subsets += 1
    assert subsets == 32 * (len(graphs) + 1)
    assert lab.identical(mismatches, 0, absolute=0.5, refutes={"coefficients alone": by_coefficients}, question="mismatches")


@separation
def test_the_variance_that_moves(lab: Laboratory) -> None:
    """Two roots: coefficient 1 always, residual variance 1.2, 1.7, 2.7."""
    b = np.zeros((3, 3))
    b[2, :2] = 1.0
    found = [theory.best_head(structural_second_moment(b, [v, 1.0, 0.7]), 2, theory.selection([1], 2)) for v in (0.5, 1.0, 2.0)]
    assert lab.identical([float(f.head[0]) for f in found], [1.0] * 3, absolute=1e-12, refutes={"moves": [1.0, 1.1, 1.2]})
    assert lab.identical([float(f.risk) for f in found], [1.2, 1.7, 2.7], absolute=1e-12, refutes={"constant": [1.7] * 3})


unmixing = claim(
    "INV-3",
    kind="optimum",
    statement="A representation that unmixes an intervened child is invariant, not causal, and better than the parents and any invariant subset.",
    tex=r"\Phi=\{X_1,X_2,X_5-.6X_4\}:\quad \mathrm{risk}=\Big(\tfrac1{.6}+\tfrac{.7^2}{.7}\Big)^{-1}=.42254<.6",
    source="derived here, beyond arXiv:2205.15196; IRMv1: arXiv:1907.02893",
)


@unmixing
def test_unmixing_is_invariant(lab: Laboratory) -> None:
    """Head and risk in 50 environments of CORE, against the closed form; the parents are the best invariant subset."""
    drawn = lab.draw(simulate.draw_moments, 50, name="core")
    claimed = theory.unmixing_predictor(0.6, -0.7, 0.7)
    head = claimed.parent_weight * np.array([0.9, -0.8, 0.0]) + claimed.measurement_weight * np.array([0.0, 0.0, 1.0])
    found = theory.best_head(drawn, CORE.target, UNMIXING)
    assert lab.identical(found.head, np.tile(head, (50, 1)), absolute=1e-10, refutes={"causal": np.tile([0.9, -0.8, 0.0], (50, 1))})
    assert lab.identical(found.risk, np.full(50, claimed.risk), absolute=1e-10, refutes={"the parents'": np.full(50, 0.6)})
    assert lab.identical([claimed.risk, *head], [0.4225352, 0.633803, -0.563380, -0.422535], absolute=1e-6, refutes={"causal": [0.6, 0.9, -0.8, 0.0]})
    best = best_invariant_subset(drawn, CORE.target)
    assert lab.identical(best.risk, 0.6, absolute=1e-9, refutes={"unmixing": claimed.risk}, question="best subset")
    assert best.columns == (1, 2)
    assert lab.exact(claimed.risk).less_than(0.59, refutes={"the causal one is best": best.risk})


@unmixing
def test_two_or_three_environments_fool_irm(lab: Laboratory) -> None:
    """With 2 or 3 environments some other representation is as invariant, with 7 = D or more there is none."""
    for interventions in (2, 3):
        gaps = lab.run(simulate.sample_invariant_risk, interventions=interventions).few(8, "gap")
        assert lab.exact(float(np.max(gaps))).greater_than(0.01, refutes={"invariant": 1e-3})
    gap, risk, objective = lab.run(simulate.sample_invariant_risk, interventions=12).few(8, ("gap", "risk", "objective"))
    assert lab.exact(float(np.max(gap))).less_than(2e-3, refutes={"fooled": 0.01})
    assert lab.identical(risk, np.full(8, 0.4225352), absolute=1e-4, refutes={"causal": np.full(8, 0.6)}, question="risk")
    assert lab.identical(objective, risk, absolute=1e-4, refutes={"causal": np.full(8, 0.6)}, question="objective")


@unmixing
def test_pooling_tends_to_it_by_accident(lab: Laboratory) -> None:
    """Pooled least squares is not invariant; its limit is the unmixing predictor where new coefficients have mean 0, and only there."""
    few = lab.run(simulate.sample_invariant_risk, interventions=20).few(8, ("pooled_risk", "pooled_gap", "distance"))
    assert lab.exact(float(np.max(few[1]))).greater_than(0.05, refutes={"invariant": 0.0})
    assert lab.exact(float(np.mean(few[0]))).less_than(0.6, refutes={"the parents'": 0.6})
    many = lab.at_scale(4000, 100_000)
    centred = lab.run(simulate.sample_invariant_risk, interventions=many).few(3, "distance")
    pulled = lab.run(simulate.sample_invariant_risk, interventions=many, family="core_pulled").few(3, ("distance", "pooled_gap"))
    apart = float(np.min(pulled[0]))
    assert lab.exact(float(np.max(centred))).less_than(0.01, refutes={"with coefficients of mean 1/2": apart})
    assert lab.exact(float(np.min(pulled[1]))).greater_than(0.1, refutes={"invariant": 0.0})
