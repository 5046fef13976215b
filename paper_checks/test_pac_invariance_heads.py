"""arXiv:2205.15196, one head: exact Beta laws for a fixed and a trained one, by counts on fresh interventions of its own for every head."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import betabinom

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import below
from theorylab.numerics.concentration import (
    scenario_count_law,
    scenario_violation_bound,
    scenario_violation_law,
    scenario_violation_tail,
    scenarios_needed,
)
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.papers.pac_invariance.reference_models import core_model
from theorylab.pytest_plugin import claim
from theorylab.quantities import Run

fixed = claim(
    "INV-9",
    kind="probability",
    statement="For one fixed pair and the largest of N gaps as threshold, V ~ Beta(1, N): E V = 1/(N + 1), P(V > eta) = (1 - eta)^N.",
    tex=r"V\sim\mathrm{Beta}(1,N),\quad E V=\tfrac1{N+1},\quad P(V>\eta)=(1-\eta)^N",
    source="order statistics; derived here, beyond arXiv:2205.15196",
)


def _law(run: Run, variables: int, interventions: int, fresh: int, wrong: dict[str, tuple[int, int]], width: float) -> None:
    """Compare counts among fresh environments with the Beta-binomial law at three places, and refute other Beta laws there."""
    law = scenario_count_law(variables, interventions, fresh)
    others = {label: betabinom(fresh, *parameters) for label, parameters in wrong.items()}
    for place in (0, int(law.mean()), int(law.ppf(0.9))):
        exact = float(law.cdf(place))
        refutes = {label: float(other.cdf(place)) for label, other in others.items() if abs(other.cdf(place) - exact) > 1.3 * width}
        refutes |= {"certain": 1.0} if exact + width < 1.0 else {"never": 0.0}
        assert run.probability(below("count", place + 0.5)).agrees_with(exact, absolute=width, refutes=refutes)


@fixed
@pytest.mark.parametrize("interventions", [9, 29])
def test_fixed_head(lab: Laboratory, interventions: int) -> None:
    """The child of CHAIN with w = .4: mean and law of V through counts on 50 fresh environments each."""
    n = interventions
    run = lab.run(simulate.sample_fixed_head, interventions=n, fresh=50)
    assert run.mean("share").agrees_with(
        1 / (n + 1), relative=0.05 if n == 9 else 0.03, refutes={"1/N": 1 / n} if n == 9 else {"2/(N + 1)": 2 / (n + 1)}
    )
    _law(run, 1, n, 50, {"Beta(2, N - 1)": (2, n - 1), "Beta(1, N - 1)": (1, n - 1)}, 0.008 if n == 9 else 0.012)


@fixed
def test_interventions_for_one_pair(lab: Laboratory) -> None:
    """29 at eta = .1, delta = .05; tail and mean of the law; Clopper and Pearson if some violate a preset threshold."""
    assert lab.identical(scenarios_needed(1, 0.1, 0.05), math.ceil(math.log(0.05) / math.log(0.9)), absolute=0.5, refutes={"two": 46})
    assert lab.identical(scenario_violation_tail(1, 29, 0.1), 0.9**29, absolute=1e-15, refutes={"N + 1": 0.9**30})
    assert lab.identical(scenario_violation_law(1, 9).mean(), 0.1, absolute=1e-15, refutes={"1/N": 1 / 9})
    assert lab.identical(scenario_violation_bound(1, 29, 0.05), 1 - 0.05 ** (1 / 29), absolute=1e-12, refutes={"1/N": 1 / 29})


trained = claim(
    "INV-10",
    kind="probability",
    statement="For the minimax head of r features V is dominated by Beta(r + 1, N - r); equality for r = 1 and for linear residuals.",
    tex=r"P(V>\eta)\le\sum_{i\le r}\tbinom Ni\eta^i(1-\eta)^{N-i},\qquad E V_N=\tfrac{E[s_{N+1}]}{N+1}\le\tfrac{r+1}{N+1}",
    source="Campi and Garatti 2008; derived here, beyond arXiv:2205.15196",
)


@trained
@pytest.mark.parametrize("gap_kind", theory.GAP_KINDS)
def test_one_feature_is_exact(lab: Laboratory, gap_kind: str) -> None:
    """The child of CHAIN at N = 10: mean 2/11 and Beta(2, 9), not Beta(1, 10), Beta(2, 10) or Beta(2, 8)."""
    run = lab.run(simulate.sample_scalar_head, interventions=10, fresh=50, gap_kind=gap_kind)
    assert run.mean("share").agrees_with(2 / 11, relative=0.025, refutes={"Beta(2, N)": 2 / 12, "Beta(2, N - 2)": 0.2, "r/(N + 1)": 1 / 11})
    _law(run, 2, 10, 50, {"Beta(1, N)": (1, 10), "Beta(2, N)": (2, 10), "Beta(2, N - 2)": (2, 8)}, 0.012)


@trained
@pytest.mark.parametrize(("features", "interventions"), [(1, 12), (2, 9), (2, 12), (3, 12)])
def test_linear_residuals_are_exact(lab: Laboratory, features: int, interventions: int) -> None:
    """Mean residuals under shifts, a Chebyshev fit of r coefficients: Beta(r + 1, N - r)."""
    r, n = features, interventions
    run = lab.run(simulate.sample_shift_heads, interventions=n, fresh=60, features=r)
    assert run.mean("share").agrees_with((r + 1) / (n + 1), relative=0.03, refutes={"r/(N + 1)": r / (n + 1), "(r + 1)/N": (r + 1) / n})
    _law(run, r + 1, n, 60, {"one variable less": (r, n - r + 1), "one more": (r + 2, n - r - 1)}, 0.015)


@trained
def test_supports(lab: Laboratory) -> None:
    """Never more than r + 1 environments hold a head, sometimes fewer; the mean violation is theirs of N + 1, below the bound."""
    for nodes, gap, family in (
        ((0, 2), "gradient", "shifted"),
        ((0, 2, 3), "gradient", "shifted"),
        ((1, 2, 4), "head", "core"),
        ((2, 4), "excess_risk", "core"),
    ):
        run = lab.run(simulate.sample_core_heads, interventions=14, fresh=15, nodes=nodes, gap_kind=gap, family=family)
        most = len(nodes) + 1
        supports = run.few(400, "supports")
        assert lab.exact(float(np.max(supports))).less_than(most + 0.5, refutes={"one more": most + 1.0})
        assert lab.exact(float(np.min(supports))).less_than(most - 0.5, refutes={"always r + 1": float(most)})


@trained
def test_mean_violation_is_that_of_supports(lab: Laboratory) -> None:
    """Three features of CORE with the distance of heads, where s < r + 1 often: V is below (r + 1)/(N + 1) and equals E s/(N + 1)."""
    run = lab.run(simulate.sample_core_heads, interventions=15, fresh=20, nodes=(1, 2, 4), gap_kind="head")
    assert run.mean("difference").agrees_with(0.0, absolute=lab.at_scale(0.02, 0.005), refutes={"r + 1 always": -0.0745})
    assert run.mean("share").less_than(4 / 16 - 0.03, refutes={"fully supported": 0.25})


@trained
def test_interventions_for_trained_heads(lab: Laboratory) -> None:
    """29, 46, 61, 76 for one to four variables; the sum of binomial terms against the Beta law; nothing is promised below r + 1."""
    found = [scenarios_needed(d, 0.1, 0.05) for d in (1, 2, 3, 4)]
    assert lab.identical(found, [29, 46, 61, 76], absolute=0.5, refutes={"29 each": [29] * 4})
    for d, n, eta in ((2, 10, 0.2), (3, 40, 0.1), (4, 15, 0.3)):
        summed = sum(math.comb(n, i) * eta**i * (1 - eta) ** (n - i) for i in range(d))
        one_less = summed - math.comb(n, d - 1) * eta ** (d - 1) * (1 - eta) ** (n - d + 1)
        assert lab.identical(scenario_violation_tail(d, n, eta), summed, absolute=1e-13, refutes={"one term less": one_less})
        assert lab.identical(scenario_violation_law(d, n).sf(eta), summed, absolute=1e-13, refutes={"one term less": one_less})
    assert lab.identical(scenario_violation_tail(4, 3, 0.1), 1.0, absolute=1e-15, refutes={"a bound": 0.5})


@trained
def test_minimax_heads_by_two_solvers(lab: Laboratory) -> None:
    """The batched method against cvxpy: largest gaps of heads on 20 environments of CORE."""
    drawn = lab.draw(simulate.draw_moments, 120, name="core").reshape(6, 20, 6, 6)
    phi = np.random.default_rng([lab.seed, 11]).standard_normal((2, 5))
    for gap in theory.GAP_KINDS:
        batched, reference = (theory.minimax_head(drawn, core_model().target, phi, gap, solver=solver).gap for solver in ("batched", "cvxpy"))
        pooled = [float(np.max(theory.invariance_gap(m, 3, phi, theory.best_head(m.mean(axis=0), 3, phi).head, gap))) for m in drawn]
        assert lab.identical(batched / reference, np.ones(6), absolute=1e-6, refutes={"pooled head": np.array(pooled) / reference})
        # The gap of the head is what the definition says, and as many environments attain it as are counted.
        heads = [theory.minimax_head(m, 3, phi, gap, solver=solver) for m, solver in zip(drawn[:2], ("batched", "cvxpy"), strict=True)]
        gaps = np.array([theory.invariance_gap(m, 3, phi, solved.head, gap) for m, solved in zip(drawn[:2], heads, strict=True)])
        worst, solved_gaps = gaps.max(axis=1), [float(solved.gap) for solved in heads]
        assert lab.identical(solved_gaps / worst, np.ones(2), absolute=1e-6, refutes={"the mean gap": gaps.mean(axis=1) / worst})
        attained = (gaps > (1 - 1e-4) * worst[:, None]).sum(axis=1)
        assert lab.identical([int(solved.supports) for solved in heads], attained, absolute=0.5, refutes={"all": [20, 20]})
