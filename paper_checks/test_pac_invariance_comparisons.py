"""arXiv:2205.15196, what the guarantee does not give: comparisons with pooling, anchors and causes, unfaithful families, other test laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import apply_intervention, structural_second_moment, total_effects
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.papers.pac_invariance.estimators import (
    anchor_regression,
    best_invariant_subset,
    invariant_subsets,
    plausible_causes,
    pooled_least_squares,
)
from theorylab.papers.pac_invariance.reference_models import chain_model, core_model
from theorylab.pytest_plugin import claim

CORE = core_model()
CAUSAL = np.array([0.0, 0.9, -0.8, 0.0, 0.0])

anchor = claim(
    "INV-15a",
    kind="limit",
    statement="Anchor regression sees means only: with mean zero it is pooled least squares; under shifts everywhere it tends to the causes.",
    tex=r"E_e[X]=0\ \forall e\Rightarrow v_\gamma=v_1\ \forall\gamma;\qquad \text{shifts on all covariates}: v_\gamma\to v_{\mathrm{causal}}",
    source="arXiv:1801.06229; derived here for arXiv:2205.15196",
)


@anchor
def test_anchors_without_shifts(lab: Laboratory) -> None:
    """Twelve soft environments of CORE: the same coefficients for every gamma, and not the causal ones."""
    drawn = lab.draw(simulate.draw_moments, 12, name="core")
    pooled = pooled_least_squares(drawn, CORE.target)
    for gamma in (0.0, 10.0, 1e6):
        found = anchor_regression(drawn, np.zeros((12, 6)), CORE.target, gamma=gamma)
        assert lab.identical(found, pooled, absolute=1e-12, refutes={"anchor with large gamma is causal": CAUSAL}, question=f"gamma = {gamma:g}")


@anchor
def test_anchors_with_shifts(lab: Laboratory) -> None:
    """Twelve shifts of all covariates: the distance to the causal vector falls with gamma, like 1/gamma in the end."""
    rng = np.random.default_rng([lab.seed, 15])
    a = total_effects(CORE.model.coefficients)
    shifts = rng.standard_normal((12, 6)) * (np.arange(6) != CORE.target)
    means = shifts @ a.T
    moments = structural_second_moment(*CORE.model) + means[:, :, None] * means[:, None, :]
    gammas = np.array([1.0, 10.0, 1e2, 1e4, 1e6])
    distances = [float(np.linalg.norm(anchor_regression(moments, means, CORE.target, gamma=gamma) - CAUSAL)) for gamma in gammas]
    assert lab.exact(float(np.max(np.diff(distances)))).less_than(0.0, refutes={"no gain": 0.0})
    assert lab.exact(distances[-1]).less_than(1e-4, refutes={"pooled": distances[0]})
    assert lab.limit(gammas[2:], distances[2:], order=1.0, within=0.15, refutes={"1/sqrt(gamma)": 0.5})


costs = claim(
    "INV-15b",
    kind="ordering",
    statement="Causal prediction names only causes that were told apart; keeping to parents costs risk in mild families and pays in strong ones.",
    tex=r"\bigcap\{\text{invariant }S\}=\{1\}\ne\{1,2\};\quad .4225<.4247<.6;\quad \mathrm{risk}(s)=w_Y+(b-v_1)^2w_1+v_2^2s\to\infty",
    source="arXiv:1501.01332; derived here for arXiv:2205.15196",
)


@costs
def test_what_causal_prediction_names(lab: Laboratory) -> None:
    """CORE with sites 1 and 4: node 2 is never touched, so it is not named; the best invariant subset is worse than pooling."""
    drawn = lab.draw(simulate.draw_moments, 20, name="core")
    subsets = invariant_subsets(drawn, CORE.target)
    named = np.isin(np.arange(5), plausible_causes(subsets)).astype(float)
    assert lab.identical(named, [0, 1, 0, 0, 0], absolute=0.5, refutes={"the parents": [0, 1, 1, 0, 0]})
    risks = {subset.columns: subset.risk for subset in subsets}
    assert lab.identical([risks[(1,)], risks[1, 2]], [1.176, 0.6], absolute=1e-9, refutes={"exchanged": [0.6, 1.176]})
    fresh = lab.draw(simulate.draw_moments, 400, name="core")
    pooled = theory.prediction_risk(fresh, CORE.target, pooled_least_squares(lab.draw(simulate.draw_moments, 200, name="core"), CORE.target))
    subset = best_invariant_subset(drawn, CORE.target).risk
    assert lab.exact(float(np.mean(pooled))).less_than(0.5, refutes={"the best invariant subset has less risk": subset})
    unmixing = theory.unmixing_predictor(0.6, -0.7, 0.7).risk
    assert lab.exact(unmixing - float(np.mean(pooled))).less_than(
        2e-3, refutes={"linear representations cost risk, too": subset - float(np.mean(pooled))}
    )


@costs
def test_pooling_grows_without_bound(lab: Laboratory) -> None:
    """CHAIN with the child set by hand: 1.5347, 2.1027, 4.3749 at mean square .5, 2, 8, against .8."""
    head = theory.chain_head(1.2, 1.0, 0.8, 0.5).head
    strengths = np.array([0.5, 2.0, 8.0])
    claimed = theory.chain_risk_under_intervention(head, 1.2, 1.0, 0.8, strengths)
    assert lab.identical(claimed, [1.5347, 2.1027, 4.3749], absolute=5e-5, refutes={"causal": [0.8] * 3})
    chain = chain_model()
    found = []
    for strength in strengths:
        model = apply_intervention(*chain.model, sites=[2], kind="hard", new_variances=[strength])
        found.append(float(theory.prediction_risk(structural_second_moment(*model), chain.target, head)))
    assert lab.identical(claimed, found, absolute=1e-12, refutes={"without the child's share": claimed - head[1] ** 2 * strengths})
    # At any coefficients and for any head.
    rng = np.random.default_rng([lab.seed, 18])
    effect, head = float(rng.uniform(0.3, 2.0)), rng.normal(size=2)
    model = chain_model(cause_effect=effect, cause_variance=0.6, target_variance=1.7)
    found = [
        float(theory.prediction_risk(structural_second_moment(*apply_intervention(*model.model, sites=[2], kind="hard", new_variances=[s])), 1, head))
        for s in strengths
    ]
    claimed = theory.chain_risk_under_intervention(head, effect, 0.6, 1.7, strengths)
    assert lab.identical(claimed, found, absolute=1e-12, refutes={"a cause of variance 1": claimed + 0.4 * (effect - head[0]) ** 2})


unfaithful = claim(
    "INV-15c",
    kind="identity",
    statement="In an unfaithful family a child is exactly invariant, though no cause; outside it fails, and its residual variance moves.",
    tex=r"w_2=\tfrac{a v_Y}{w_0}-a^2v_Y\ \Rightarrow\ \frac{E X_2Y}{E X_2^2}=w_0,\qquad \mathrm{Var}=v_Y(1-w_0a)",
    source="derived here for arXiv:2205.15196",
)


@unfaithful
def test_invariant_child(lab: Laboratory) -> None:
    """CHAIN with free effect a and matching variance: coefficient .4 for each a, V = 0; another variance gives a gap."""
    effects = np.random.default_rng([lab.seed, 16]).uniform(0.2, 2.3, 12)
    target_variance = 1.44 + 0.8
    variances = theory.unfaithful_child_variance(effects, 0.4, target_variance)
    moments = np.array(
        [structural_second_moment(*chain_model(child_effect=a, child_variance=w).model) for a, w in zip(effects, variances, strict=True)]
    )
    child = theory.selection([1], 2)
    found = theory.best_head(moments, 1, child)
    outside = structural_second_moment(*chain_model(child_effect=1.0, child_variance=0.5).model)
    away = float(theory.best_head(outside, 1, child).head[0])
    assert lab.identical(found.head[:, 0], np.full(12, 0.4), absolute=1e-12, refutes={"in another environment": np.full(12, away)})
    gap = float(theory.invariance_gap(outside, 1, child, [0.4]))
    assert lab.identical(theory.invariance_gap(moments, 1, child, [0.4]), np.zeros(12), absolute=1e-10, refutes={"outside": np.full(12, gap)})
    assert lab.identical(
        found.risk, target_variance * (1 - 0.4 * effects), absolute=1e-10, refutes={"constant": np.full(12, float(np.mean(found.risk)))}
    )
    accepted = {subset.columns for subset in invariant_subsets(moments, 1)}
    assert lab.identical(float((1,) in accepted), 0.0, absolute=0.5, refutes={"the variance test accepts it": 1.0})


other_law = claim(
    "INV-15d",
    kind="expectation",
    statement="Under another test law with density ratio at most rho, V grows at most rho-fold; outside the training support nothing is promised.",
    tex=r"V_Q\le\rho V_P;\qquad E V_P=\tfrac2{N+1},\quad E V_Q=\tfrac{\rho}{N+1}\big(1-(1-\tfrac1\rho)^{N+1}+\rho^{-(N+1)}\big)",
    source="derived here for arXiv:2205.15196",
)


@other_law
@pytest.mark.parametrize(("interventions", "ratio"), [(25, 3.0), (6, 2.0)])
def test_other_test_law(lab: Laboratory, interventions: int, ratio: float) -> None:
    """One noisy sensor, E L^2 uniform on [.5, 2] in training and on the top 1/rho of it in test: fresh environments of both laws."""
    claimed = theory.range_violation_means(interventions, ratio)
    if interventions == 25:
        assert lab.identical([claimed.training, claimed.other], [0.0769, 0.1154], absolute=5e-5, refutes={"equal": [0.0769, 0.0769]})
    run = lab.run(simulate.sample_range_violation, interventions=interventions, fresh=50, density_ratio=ratio)
    assert run.mean("training").agrees_with(claimed.training, relative=0.04, refutes={"1/(N + 1)": claimed.training / 2})
    limit = ratio / (interventions + 1)
    wrong = {"V_Q = V_P": claimed.training, "the bound rho V_P": ratio * claimed.training}
    wrong |= {"rho/(N + 1)": limit} if abs(limit / claimed.other - 1) > 0.05 else {}
    if abs(claimed.training / claimed.other - 1) < 0.05:
        del wrong["V_Q = V_P"]
    assert run.mean("other").agrees_with(claimed.other, relative=0.04, refutes=wrong)


@other_law
def test_mean_violations_by_order_statistics(lab: Laboratory) -> None:
    """A uniform number beyond the largest or below the smallest of N, by quadrature over each."""
    for n, ratio in ((1, 1.0), (3, 1.4), (2, 3.0), (5, 1.15), (11, 6.0)):
        beyond = quad(lambda x, n=n, r=ratio: n * x ** (n - 1) * min(1.0, r * (1 - x)), 0, 1, points=[1 - 1 / ratio], epsabs=1e-13)[0]
        start = 1 - 1 / ratio
        under = quad(lambda x, n=n, r=ratio, a=start: n * (1 - x) ** (n - 1) * r * (x - a), start, 1, epsabs=1e-13)[0]
        claimed = theory.range_violation_means(n, ratio)
        wrong = {"beyond the largest only": beyond} | ({"as under the training law": 2 / (n + 1)} if ratio > 1.0 else {})
        assert lab.identical(claimed.other, beyond + under, absolute=1e-11, refutes=wrong)
        assert lab.identical(claimed.training, 2 / (n + 1), absolute=1e-15, refutes={"one side": 1 / (n + 1)})


@other_law
def test_outside_the_support(lab: Laboratory) -> None:
    """Trained on [.5, 1] and tested on [.5, 2], V tends to 2/3 however many environments there were."""
    rng = np.random.default_rng([lab.seed, 17])
    sizes, violations = [20, 80, 320], []
    for n in sizes:
        train = rng.uniform(0.5, 1.0, (2000, n))
        # The gap of the minimax head is largest at both ends of the range, so outside it is what violates.
        violations.append(float(np.mean((train.min(axis=1) - 0.5 + 2.0 - train.max(axis=1)) / 1.5)))
    exact = [2 / 3 + 2 * 0.5 / (n + 1) / 1.5 for n in sizes]
    assert lab.identical(violations, exact, absolute=5e-3, refutes={"2/(N + 1)": [2 / (n + 1) for n in sizes]})
    assert lab.exact(violations[-1]).greater_than(0.66, refutes={"falls like 1/N": violations[0] / 16})
    assert math.isclose(exact[-1], 2 / 3, rel_tol=5e-3)
