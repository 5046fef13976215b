"""arXiv:2205.15196, sites: every one must be seen, and more of them cost more than more covariates do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.numerics.concentration import all_seen_probability, missing_mass_moments
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.pytest_plugin import claim

missing = claim(
    "INV-11",
    kind="expectation",
    statement="With atomic interventions the learner keeps every child not touched: V is the missing mass, and k/N is unavoidable.",
    tex=r"E V=\sum_j\pi_j(1-\pi_j)^N,\quad P(\text{all seen})=\sum_j(-1)^j\tbinom kj(1-\tfrac jk)^N",
    source="Good and Turing's arithmetic; derived here, beyond arXiv:2205.15196",
)
UNIFORM = (1 / 6,) * 6
UNEQUAL = (0.4, 0.2, 0.2, 0.1, 0.05, 0.05)


@missing
@pytest.mark.parametrize(
    ("probabilities", "interventions", "mean", "variance"), [(UNIFORM, 10, 0.161506, 0.015285), (UNEQUAL, 15, 0.081180, 0.004952)]
)
def test_mean_and_variance(lab: Laboratory, probabilities: tuple[float, ...], interventions: int, mean: float, variance: float) -> None:
    """Exact moments, printed values, multinomial draws; (1 - 1/k)^(N + 1) and 1/(N + 1) are false."""
    claimed = missing_mass_moments(probabilities, interventions)
    k, n = len(probabilities), interventions
    assert lab.identical(
        [claimed.mean, claimed.variance], [mean, variance], absolute=1e-6, refutes={"independent sites": [mean, mean * (1 - mean) / k]}
    )
    run = lab.run(simulate.sample_missing_mass, probabilities=probabilities, interventions=n)
    wrong = {"1/(N + 1)": 1 / (n + 1), "(1 - 1/k)^(N + 1)": (1 - 1 / k) ** (n + 1)}
    assert run.mean("mass").agrees_with(claimed.mean, relative=0.03, refutes=wrong)
    second = claimed.variance + claimed.mean**2
    independent = claimed.mean**2 + sum(p**2 * ((1 - p) ** n - (1 - p) ** (2 * n)) for p in probabilities)
    assert run.mean("square").agrees_with(second, relative=0.05, refutes={"independent sites": independent})


@missing
@pytest.mark.parametrize(("kinds", "draws", "printed"), [(4, 10, 0.78060), (6, 20, 0.84799)])
def test_every_site_seen(lab: Laboratory, kinds: int, draws: int, printed: float) -> None:
    """The coupon collector's law: recursion, alternating sum, draws."""
    found = all_seen_probability(kinds, draws)
    alternating = sum((-1) ** j * math.comb(kinds, j) * (1 - j / kinds) ** draws for j in range(kinds + 1))
    union = 1 - kinds * (1 - 1 / kinds) ** draws
    assert lab.identical(found, alternating, absolute=1e-12, refutes={"union bound": union})
    assert lab.identical(found, printed, absolute=1e-5, refutes={"union bound": union})
    run = lab.run(simulate.sample_missing_mass, probabilities=(1 / kinds,) * kinds, interventions=draws)
    wrong = {"independent": (1 - (1 - 1 / kinds) ** draws) ** kinds, "one draw more": all_seen_probability(kinds, draws + 1)}
    assert run.probability("all").agrees_with(found, absolute=0.005, refutes=wrong)


@missing
def test_the_real_learner(lab: Laboratory) -> None:
    """STAR with four children, search over all subsets: its violation is the missing mass of its own draw, run by run."""
    probabilities = (0.4, 0.3, 0.2, 0.1)
    violation, mass = lab.run(simulate.sample_star_learner, probabilities=probabilities, interventions=6).few(
        lab.at_scale(40, 400), ("violation", "mass")
    )
    assert lab.identical(violation, mass, absolute=1e-9, refutes={"all children kept": np.ones_like(mass), "none kept": np.where(mass > 0, 0.0, 0.5)})
    assert np.ptp(mass) > 0


@missing
def test_worst_probabilities(lab: Laboratory) -> None:
    """K - 1 light sites of mass 1/(N + 1): E V tends to (k - 1)/(e (N + 1)); .018303 at N = 100, k = 6."""
    sizes, gaps = [50.0, 100.0, 200.0, 400.0], []
    for n in sizes:
        light = 1 / (n + 1)
        found = missing_mass_moments([1 - 5 * light] + [light] * 5, int(n)).mean
        gaps.append(found * math.e * (n + 1) / 5 - 1)
        if n == 100:
            assert lab.identical(found, 0.018303, absolute=1e-6, refutes={"the limit": 5 / (math.e * 101), "1/(N + 1)": 1 / 101})
    assert lab.limit(sizes, gaps, order=1.0, within=0.05, refutes={"2": 2.0})


ambient = claim(
    "INV-12",
    kind="ordering",
    statement="Interventions on all covariates are harder than interventions on two nodes, over the same subsets of the same covariates.",
    tex=r"\sup_{|S|\le2}V^{\mathrm{all}}(S)\ \text{exceeds}\ \sup_{|S|\le2}V^{\{1,4\}}(S)\ \text{at}\ p=24",
    source="arXiv:2205.15196 (abstract); form derived here",
)


@ambient
def test_all_covariates_against_two(lab: Laboratory) -> None:
    """CORE with random nodes downstream, p = 24, N = 60: sign test on paired suprema."""
    run = lab.run(simulate.sample_subset_suprema, covariates=24, interventions=60, fresh=lab.at_scale(150, 1000))
    assert run.probability("larger").greater_than(0.5, refutes={"no difference": 0.5 - 1e-9})
    if lab.scale == "full":
        small, large = (lab.run(simulate.sample_subset_suprema, covariates=p, interventions=60, fresh=1000) for p in (12, 36))
        assert (large.mean("all") - small.mean("all")).greater_than(0.01, refutes={"no growth": 0.0})
