"""arXiv:2205.15196, sharper: what is invariant on D generic interventions is invariant on the family, and D - 1 are not enough."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import environment_model, intervention_family, sample_environments, structural_second_moment
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.papers.pac_invariance.closed_form import NotSpanningError
from theorylab.papers.pac_invariance.reference_models import core_model
from theorylab.pytest_plugin import claim

transfer = claim(
    "INV-5",
    kind="bound",
    statement="If training moments span the family, G anywhere is at most |lambda|_1 times the largest training G, for all (Phi, w) at once.",
    tex=r"M_\theta=\sum_e\lambda_eM_e\ \Rightarrow\ G_\theta(\Phi,w)\le\|\lambda(\theta)\|_1\max_eG_e(\Phi,w)",
    source="derived here, beyond arXiv:2205.15196",
)


def _family_moments(lab: Laboratory, count: int) -> tuple[np.ndarray, int]:
    """Return moments of a family of two sites of in-degree 2 in 20 nodes, by whole models."""
    rng = np.random.default_rng([lab.seed, 8])
    b = np.zeros((20, 20))
    for node in range(1, 20):
        b[node, rng.choice(node, min(2, node), replace=False)] = rng.uniform(0.3, 0.9)
    family = intervention_family(b, rng.uniform(0.4, 1.2, 20), sites=[6, 12])
    environments = sample_environments(rng, count, family)
    found = np.array([structural_second_moment(*environment_model(family, environments, index)) for index in range(count)])
    return found, theory.moment_family_dimension(b, [6, 12])


@transfer
def test_bound_on_every_representation(lab: Laboratory) -> None:
    """300 random representations, heads and environments; with the sum of lambda in place of its norm it is false."""
    drawn, dimension = _family_moments(lab, 360)
    train, fresh = drawn[: dimension + 8], drawn[60:]
    weights, residual = theory.spanning_weights(train, fresh, dimension=dimension)
    assert lab.identical(residual, np.zeros(300), absolute=1e-8, refutes={"not spanned": np.ones(300)}, question="residual")
    rng = np.random.default_rng([lab.seed, 9])
    by_norm, by_sum = [], []
    for index in range(300):
        r = int(rng.integers(1, 5))
        phi, w = rng.standard_normal((r, 19)), rng.standard_normal(r)
        largest = float(np.max(theory.invariance_gap(train, 9, phi, w)))
        gap = float(theory.invariance_gap(fresh[index], 9, phi, w))
        by_norm.append(gap / (np.abs(weights[index]).sum() * largest))
        by_sum.append(gap / (abs(weights[index].sum()) * largest))
    assert lab.exact(max(by_norm)).less_than(1.0 + 1e-7, refutes={"the sum of lambda": max(by_sum)})
    wrong = {"its norm": np.abs(weights).sum(axis=1)}
    assert lab.identical(weights.sum(axis=1), np.ones(300), absolute=1e-6, refutes=wrong, question="sum of lambda")


@transfer
def test_too_few_environments_are_noticed(lab: Laboratory) -> None:
    """With D - 1 environments of CORE nothing is certified, and the rank is reported."""
    drawn = lab.draw(simulate.draw_moments, 30, name="core")
    dimension = theory.moment_family_dimension(core_model().model.coefficients, [1, 4])
    assert lab.identical(theory.moment_span_dimension(drawn), dimension, absolute=0.5, refutes={"one less": dimension - 1})
    with pytest.raises(NotSpanningError, match="got rank 6 from 6 environments"):
        theory.spanning_weights(drawn[:6], drawn[6:], dimension=dimension)
    residual = [float(np.max(theory.spanning_weights(drawn[:count], drawn[10:]).residual)) for count in (6, 9)]
    assert lab.exact(residual[1]).less_than(1e-8, refutes={"with D - 1": residual[0]})


threshold = claim(
    "INV-5b",
    kind="structure",
    statement="Sharp: with D - 1 environments there are exactly invariant representations that fail elsewhere, with D there are none.",
    tex=r"N=D-1:\ \exists\,\phi:\ G_e(\phi)=0\ \forall e\le N,\ \sup_\theta G_\theta(\phi)>0;\qquad N\ge D:\ \text{none}",
    source="derived here, beyond arXiv:2205.15196",
)


@threshold
def test_cliff_at_the_dimension(lab: Laboratory) -> None:
    """Graphs of 9 nodes with a child of Y as the site (D = 3): roots for 1 to 4 environments, looked at on 200 fresh ones.

    With two environments the equations need not have a real root that fails: with s the weight of the site in the prediction they read
    s^2 f + s k t + c = 0 with c bounded below. In about a quarter of the graphs there is none; in most there is.
    """
    graphs = lab.at_scale(10, 40)
    run = {n: lab.run(simulate.sample_spurious_root, interventions=n, starts=12).few(graphs, ("violation", "roots")) for n in (1, 2, 3, 4)}
    for interventions, (violation, roots) in run.items():
        assert np.all(roots > 0), interventions
        if interventions < 3:
            assert lab.exact(float(np.max(violation))).greater_than(1e-2, refutes={"D - 1 is enough": 1e-9})
        else:
            below = float(np.max(run[2][0]))
            assert lab.exact(float(np.max(violation))).less_than(1e-7, refutes={"p + 1 = 9 are needed": below})
    assert lab.exact(float(np.min(run[1][0]))).greater_than(1e-3, refutes={"one is enough": 1e-9})
