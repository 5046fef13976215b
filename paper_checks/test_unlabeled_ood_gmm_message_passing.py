"""arXiv:2310.00027, many dimensions: approximate message passing reaches the Bayes-optimal overlap, with and without a shift (part of OOD-11)."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import below
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Run

optimal = claim(
    "OOD-11b",
    kind="limit",
    statement="Message passing on raw data attains the overlaps of state evolution, so they are within reach in polynomial time.",
    tex=r"V=\bigl(\bigl[\begin{smallmatrix}1&r\\r&1\end{smallmatrix}\bigr]^{-1}+\mathrm{diag}(A_0,A_1)\bigr)^{-1},\ A_0=\tfrac md s^2,\ "
    r"A_1=\tfrac nd s_1^2\,g(s_1^2q_1),\ q_i=1-V_{ii}",
    source="derived here (state evolution); without a shift Lelarge, Miolane, arXiv:1907.03792",
)

# s, s1, r, m/d, n/d, and the dimension at quick scale.
CASES = [(1.2, 1.2, 1.0, 0.2, 1.0, 300), (1.0, math.sqrt(1.25), 0.894427, 0.3, 1.5, 200), (1.5, 1.8, 0.8, 0.5, 0.5, 400)]


def median_agrees(run: Run, column: str, value: float, margin: float, wrong: dict[str, float]) -> bool:
    """Ask whether the median of a column is a value within a margin, by the two proportions that the run records; wrong values lie outside."""
    assert all(abs(other - value) > margin for other in wrong.values())
    below_it, above_it = ({label: 0.5 for label, other in wrong.items() if (other < value) == side} for side in (True, False))
    low = run.probability_below(value - margin, column).less_than(0.5, refutes=below_it or {"far below": 0.5})
    high = run.probability_below(value + margin, column).greater_than(0.5, refutes=above_it or {"far above": 0.5})
    return bool(low) and bool(high)


@optimal
@pytest.mark.parametrize(("s", "s1", "r", "labels", "unlabeled", "quick"), CASES)
def test_message_passing_reaches_the_best_overlap(
    lab: Laboratory, s: float, s1: float, r: float, labels: float, unlabeled: float, quick: int
) -> None:
    """From the mean of the labelled samples; medians, since in a finite dimension it now and then goes astray."""
    d = lab.at_scale(quick, 2000)
    q0, q1 = theory.shifted_semisupervised_overlap(s, s1, r, labels, unlabeled)
    limits = {"cosine": math.sqrt(q0), "shifted_cosine": math.sqrt(q1), "risk": float(norm.cdf(-s * math.sqrt(q0)))}
    margins = {"cosine": lab.at_scale(0.025, 0.008), "shifted_cosine": lab.at_scale(0.025, 0.008), "risk": lab.at_scale(0.01, 0.004)}
    ends = [below(name, limit + sign * margins[name]) for name, limit in limits.items() for sign in (-1.0, 1.0)]
    run = lab.run(
        simulate.sample_message_passing,
        statistics=ends,
        dimension=d,
        labeled_size=round(labels * d),
        unlabeled_size=round(unlabeled * d),
        half_distance=s,
        shifted_half_distance=s1,
        alignment=r,
        iterations=15,
    )
    signal = labels * s**2 + unlabeled * s**2 * theory.unlabeled_information(s)
    alone = math.sqrt(theory.semisupervised_overlap(s, labels, 0.0))
    wrong = {"labels only": alone}
    if r == 1.0:
        wrong["g(s^2) for g(s^2 q)"] = math.sqrt(signal / (1 + signal))
    else:
        wrong["shift ignored"] = math.sqrt(theory.semisupervised_overlap(s, labels + unlabeled, 0.0))
        wrong["labels only, turned"] = math.sqrt(theory.semisupervised_overlap(s1, labels, unlabeled)) * r**2
    assert median_agrees(run, "cosine", limits["cosine"], margins["cosine"], wrong)
    assert median_agrees(run, "shifted_cosine", limits["shifted_cosine"], margins["shifted_cosine"], {"labels only": r * alone})
    risks = {"labels only": float(norm.cdf(-s * alone)), "Bayes": float(norm.cdf(-s))}
    assert median_agrees(run, "risk", limits["risk"], margins["risk"], risks)
