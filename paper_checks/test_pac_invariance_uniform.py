"""arXiv:2205.15196, all representations and heads at once: VC dimension, PAC bound, convex hulls."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import clamped_features, feature_functionals, sample_environments, second_moment_from_clamped
from theorylab.numerics.concentration import (
    consistent_failure_bound,
    consistent_points_needed,
    consistent_violation_bound,
    log_pattern_bound,
    scenarios_needed,
)
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.pytest_plugin import claim

complexity = claim(
    "INV-6",
    kind="bound",
    statement="Violation events of all pairs and thresholds have VC dimension at most D (risk) and D(D + 1)/2 (gradient), free of r and p.",
    tex=r"\mathrm{VC}\{E_\theta(Y-w^\top\Phi X)^2>t\}\le D,\qquad \mathrm{VC}\{G_\theta(\Phi,w)>\epsilon\}\le\tfrac{D(D+1)}2",
    source="derived here for arXiv:2205.15196 from Dudley 1978 and Anthony and Bartlett 1999, Theorem 8.3",
)


@complexity
def test_printed_dimensions(lab: Laboratory) -> None:
    """6, 55, 325, 861 for D = 3, 10, 25, 41; 271.5 and 111.7 for ten covariates without a family."""
    found = [theory.vc_dimension_bound("gradient", family_dimension=d) for d in (3, 10, 25, 41)]
    assert lab.identical(found, [6, 55, 325, 861], absolute=1e-9, refutes={"D": [3, 10, 25, 41]})
    ambient = [theory.vc_dimension_bound("gradient", covariates=10, representation_rank=r, any_threshold=False) for r in (2, 1)]
    assert lab.identical(ambient, [271.5, 111.7], absolute=0.05, refutes={"r p": [20.0, 10.0]})
    # A free threshold is one parameter more, and the smaller of two bounds counts.
    free = [theory.vc_dimension_bound("gradient", covariates=10, representation_rank=r) for r in (2, 1)]
    counted = [2 * k * math.log2(12 * g) for k, g in ((23, 6), (11, 4))]
    assert lab.identical(free, counted, relative=1e-12, refutes={"a fixed threshold": ambient})
    both = theory.vc_dimension_bound("gradient", family_dimension=41, covariates=10, representation_rank=2)
    assert lab.identical(both, free[0], relative=1e-12, refutes={"that of the family": found[3]})
    assert lab.identical(theory.vc_dimension_bound("risk", family_dimension=10), 10, absolute=1e-9, refutes={"the gradient's": 55})


@complexity
def test_squared_gradient_is_a_quadratic_form(lab: Laboratory) -> None:
    """What the bound rests on: in every environment of CORE, G^2/4 = |L f|^2 with the features f of the family, for any Phi and w."""
    rng = np.random.default_rng([lab.seed, 10])
    named = simulate.named_family("core")
    environments = sample_environments(rng, 30, named.family)
    features, moments = clamped_features(named.form, named.family, environments), second_moment_from_clamped(named.form, named.family, environments)
    rest = np.delete(np.arange(6), named.target)
    for r in (1, 2, 4):
        phi, w = rng.standard_normal((r, 5)), rng.standard_normal(r)
        left, right = np.zeros((r, 6)), np.zeros(6)
        left[:, rest], right[rest], right[named.target] = phi, phi.T @ w, -1.0
        through_features = 2 * np.linalg.norm(features @ feature_functionals(named.form, named.family, left, right).T, axis=1)
        direct = theory.invariance_gap(moments, named.target, phi, w)
        assert lab.identical(through_features / direct, np.ones(30), absolute=1e-9, refutes={"half": np.full(30, 0.5)}, question=f"rank {r}")


@complexity
def test_number_of_patterns(lab: Laboratory) -> None:
    """2e5 random events of rank 2 on 10 environments, D = 3: more patterns than VC dimension 1 or 2 allows, no more than 6 does."""
    count = lab.draw(simulate.count_patterns, 200_000, interventions=10)
    limits = {v: math.exp(log_pattern_bound(v, 10)) for v in (1, 2, 6)}
    assert lab.identical([limits[v] for v in (1, 2, 6)], [11, 56, 848], absolute=1e-6, refutes={"2^10": [1024.0] * 3})
    assert lab.exact(count).less_than(limits[6] + 0.5, refutes={"all patterns": 1024.0})
    assert lab.exact(count).greater_than(limits[2] + 0.5, refutes={"VC = r": limits[2], "VC = k": limits[1]})


uniform = claim(
    "INV-7",
    kind="bound",
    statement="All (Phi, w) consistent with N of order (v log 1/eta + log 1/delta)/eta interventions have V <= eta, with probability 1 - delta.",
    tex=r"P\big(\exists(\Phi,w):\ G_e\le\epsilon\ \forall e\le N,\ V>\eta\big)\le2\sum_{i\le v}\tbinom{2N}i2^{-\eta N/2},\quad N\ge8/\eta",
    source="arXiv:2205.15196 (abstract) in spirit; constants of Blumer, Ehrenfeucht, Haussler and Warmuth 1989",
)


@uniform
def test_interventions_needed(lab: Laboratory) -> None:
    """680 to 8312 for risks, 1275 to 173884 for gradients, at eta = .1 and delta = .05; 29 for one fixed pair."""
    found = [consistent_points_needed(v, 0.1, 0.05) for v in (3, 10, 25, 41, 6, 55, 325, 861)]
    printed = [680, 2075, 5089, 8312, 1275, 11135, 65640, 173884]
    assert lab.identical(
        found, printed, absolute=0.5, refutes={"with N for 2 N": [int(0.9 * n) for n in printed], "agnostic": [n**2 / 10 for n in printed]}
    )
    assert lab.identical(scenarios_needed(1, 0.1, 0.05), 29, absolute=0.5, refutes={"uniform": 1275})
    assert lab.exact(consistent_failure_bound(6, 1275, 0.1)).less_than(0.05 + 1e-12, refutes={"one less": consistent_failure_bound(6, 1274, 0.1)})
    bounds = [consistent_violation_bound(6, n, 0.05) for n in (20, 80, 320)]
    assert lab.identical(bounds, [1.0, 0.992, 0.323], absolute=1e-3, refutes={"seen": [0.188, 0.0572, 0.0166]})


@uniform
@pytest.mark.parametrize("interventions", [80, 320])
def test_bound_is_valid_and_loose(lab: Laboratory, interventions: int) -> None:
    """Supremum over all bands that hold the training environments: never near the bound, and a tenth of it at N = 320."""
    run = lab.run(simulate.sample_uniform_violation, interventions=interventions, fresh=2000)
    bound = consistent_violation_bound(6, interventions, 0.05)
    assert run.probability_above(min(bound, 0.999), "supremum").less_than(0.05, refutes={"always": 1.0})
    assert run.mean("supremum").less_than(bound / 5, refutes={"tight": bound})


@uniform
def test_rate_is_nearly_one_over_n(lab: Laboratory) -> None:
    """Slope of log sup V from N = 20 to 320 between -1 and -3/4; the agnostic rate -1/2 is refuted."""
    few, many = (lab.run(simulate.sample_uniform_violation, interventions=n, fresh=2000).mean("log_supremum") for n in (20, 320))
    assert ((many - few) / math.log(16)).named("slope of log sup V").inside(-1.0, -0.75, refutes={"agnostic": -0.5})


@uniform
def test_supremum_exceeds_one_pair(lab: Laboratory) -> None:
    """N sup V is far above N E V = 1 of one fixed pair and grows slowly: .188 at N = 20, .0166 at N = 320."""
    small = lab.run(simulate.sample_uniform_violation, interventions=20, fresh=2000).mean("supremum")
    large = lab.run(simulate.sample_uniform_violation, interventions=320, fresh=2000).mean("supremum")
    assert small.greater_than(3 / 21, refutes={"one trained head": 2 / 21})
    assert (320 * large - 20 * small).named("growth of N sup V").greater_than(0.3, refutes={"exactly 1/N": 0.0})


hull = claim(
    "INV-8",
    kind="expectation",
    statement="No pair violates inside the convex hull of the training moments; the mass outside has mean E[vertices of the hull of N + 1]/(N + 1).",
    tex=r"\sup_{\Phi,w}V\le P(M_\theta\notin\mathrm{conv}\{M_e\}),\qquad E\,P(\cdot)=\frac{E[\#\text{vertices}_{N+1}]}{N+1}",
    source="derived here, beyond arXiv:2205.15196; the identity: Efron 1965",
)


@hull
@pytest.mark.parametrize("interventions", [5, 20])
def test_efron(lab: Laboratory, interventions: int) -> None:
    """Mass outside the hull against vertices of one point more, on independent points; with N for N + 1 it is false."""
    run = lab.run(simulate.sample_hull, interventions=interventions, fresh=200)
    short = run.mean("short_difference")
    if interventions == 5:
        assert run.mean("difference").agrees_with(0.0, absolute=0.02, refutes={"vertices(N)/N": -0.077})
        assert short.less_than(-0.04, refutes={"vertices(N)/N is exact": 0.0})
    else:
        assert run.mean("difference").agrees_with(0.0, absolute=0.012, refutes={"half the mass": -0.16})
        assert run.mean("hull_mass").agrees_with(0.3225, absolute=0.015, refutes={"supremum over pairs": 0.188})


@hull
def test_supremum_is_below_the_hull(lab: Laboratory) -> None:
    """At N = 320 about a third of it."""
    mass = lab.run(simulate.sample_hull, interventions=320, fresh=200).mean("hull_mass")
    supremum = lab.run(simulate.sample_uniform_violation, interventions=320, fresh=2000).mean("supremum")
    assert (supremum / mass).inside(0.25, 0.5, refutes={"equal": 1.0})
