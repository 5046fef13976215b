"""arXiv:2406.15941, volumes: divergence and PAC-Bayes, and half-planes through the origin, where all is exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import beta

from theorylab.laboratory import Laboratory
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.pytest_plugin import claim

volume = claim(
    "IB-13",
    kind="bound",
    statement="The bias is the least divergence of a law of good hypotheses; a good mean only costs half log(pi H) less; Occam's bound holds.",
    tex=r"J(\epsilon)=\max_t[-t\epsilon-\log M(t)]\le I(\epsilon),\quad I-J\to\log\Gamma(a+1)+a-a\log a,\ a=\tfrac H2",
    source="Donsker and Varadhan; Langford and Seeger; derived here for arXiv:2406.15941",
)


@volume
def test_relaxed_bias(lab: Laboratory) -> None:
    """BASE: I - J = 2.6419, 2.65429, 2.654409, limit 2.654411; J by its maximum over a grid of tilts."""
    base = theory.task_distribution(kronecker_task(4, 32, 64))
    shares = (1e-2, 1e-4, 1e-6)
    eps = base.mean() * np.array(shares)
    relaxed = [theory.kl_inductive_bias(base, float(e)) for e in eps]
    gaps = np.asarray(theory.required_inductive_bias(base, eps)) - [found.nats for found in relaxed]
    limit = math.lgamma(33) + 32 - 32 * math.log(32)
    wrong = {"J >= I": -gaps, "half log(pi H)": [0.5 * math.log(64 * math.pi)] * 3}
    assert lab.identical(gaps, [2.6419, 2.65429, 2.654409], absolute=6e-5, refutes=wrong, question="printed")
    assert lab.identical(gaps[2], limit, absolute=1e-5, refutes={"half log(pi H)": 0.5 * math.log(64 * math.pi)})
    for e, found in zip(eps, relaxed, strict=True):
        tilts = found.tilt * np.linspace(0.9, 1.1, 201)
        grid = float(np.max(-tilts * e - np.asarray(base.log_laplace(tilts))))
        assert lab.identical(found.nats, grid, absolute=1e-6, refutes={"no maximum": grid - 0.01})
        tilted = theory.tilted_law(base, found.tilt)
        assert lab.identical(float(tilted.mean()), float(e), relative=1e-9, refutes={"untilted": base.mean()})


@volume
@pytest.mark.parametrize(("rows", "rate"), [(5, 0.00201), (20, 0.000905)])
def test_occam_bound(lab: Laboratory, rows: int, rate: float) -> None:
    """Violated far less often than delta = .2 allows; a quarter of it, without log 1/delta, is violated all the time."""
    run = lab.run(simulate.sample_half_planes, sample_size=rows, target_error=0.02)
    assert run.probability("violated").less_than(0.02, refutes={"tight": 0.2})
    assert run.probability("violated").greater_than(rate / 4, refutes={"never": 0.0})
    assert run.probability("quarter_violated").greater_than(0.2, refutes={"a bound": 0.199})


@volume
@pytest.mark.parametrize("rows", [2, 5, 20])
def test_identity_behind_it(lab: Laboratory, rows: int) -> None:
    """E over samples of E_P[1{consistent, R <= 1/n} (1 - R)^-n] = 1/n."""
    run = lab.run(simulate.sample_half_planes, sample_size=rows, target_error=0.02)
    assert run.mean("restricted").agrees_with(1 / rows, relative=0.01, refutes={"1/(n + 1)": 1 / (rows + 1), "(1 - R)^(1 - n)": 0.8 / rows})


circle = claim(
    "IB-14",
    kind="identity",
    statement="Half-planes: nats from n examples, Gibbs risk and remaining bias are exact; nats of data + nats of bias >= log(1/eps).",
    tex=r"E[-\log P(V_n)]=H_n-1+\log2,\quad \tfrac{2}{3(n+1)},\quad -\log P(V_n)+I(\epsilon\mid\mathrm{data})\ge\log\tfrac1\epsilon",
    source="derived here for arXiv:2406.15941",
)


@circle
@pytest.mark.parametrize("rows", [2, 5, 20])
def test_version_space(lab: Laboratory, rows: int) -> None:
    """Nats, risk and bias of drawn samples."""
    claimed = theory.circle_version_space(rows)
    run = lab.run(simulate.sample_half_planes, sample_size=rows, target_error=0.02)
    wrong = {"H_n + log 2": claimed.nats + 1, "H_(n - 1)": claimed.nats - 1 / rows}
    assert run.mean("nats").agrees_with(claimed.nats, relative=0.005, refutes=wrong)
    wrong = {"1/(n + 1)": 1 / (rows + 1), "1/(2 (n + 1))": 0.5 / (rows + 1)}
    assert run.mean("risk").agrees_with(claimed.gibbs_risk, relative=0.01, refutes=wrong)
    # A + B ~ Beta(2, n - 1) with a uniform split: the mean bias by quadrature.
    nodes, weights = np.polynomial.legendre.leggauss(600)
    share = 0.5 * (nodes + 1)
    arcs = share[:, None] * np.stack([share, 1 - share])[:, None, :]
    inner = np.asarray(theory.circle_required_bias(arcs[0], arcs[1], 0.02)) @ (0.5 * weights)
    expected = float((inner * beta.pdf(share, 2, rows - 1)) @ (0.5 * weights))
    # As if both arcs were always longer than eps: near the truth for two examples.
    wrong = {"no bias left": 0.0} | ({"log(1/eps) - nats": math.log(50) - claimed.nats} if rows > 2 else {})
    assert lab.identical(expected, {2: 2.7434, 5: 1.99689, 20: 0.86404}[rows], absolute=1e-3, refutes=wrong, question="printed")
    assert run.mean("bias").agrees_with(expected, relative=0.01, refutes=wrong)


@circle
def test_chain_rule(lab: Laboratory) -> None:
    """On every sample, with equality exactly if eps is below both arcs; the information gain beats 2 log 2 times the risk."""
    drawn = lab.draw(simulate.sample_half_planes, 20_000, sample_size=5, target_error=0.02)
    rest = drawn["sum"] - math.log(50)
    assert lab.exact(float(np.min(rest))).greater_than(-1e-9, refutes={"below": -0.01})
    equal = float(np.mean(rest < 1e-9))
    # No boundary within eps on either side of the teacher.
    assert lab.identical(equal, 0.96**5, absolute=0.02, refutes={"always": 1.0, "one side": 0.98**5})
    found = theory.circle_version_space(np.array([2, 10, 100]))
    ratios = np.asarray(found.gain) / np.asarray(found.gibbs_risk)
    assert lab.identical(ratios, [1.5] * 3, absolute=1e-12, refutes={"2 log 2": [2 * math.log(2)] * 3})


@circle
def test_caps_of_the_sphere(lab: Laboratory) -> None:
    """Log P = -12.573737, -119.431426 at d = 10, 100: against scipy's Beta law, the asymptotic form, and linear growth."""
    found = np.asarray(theory.sphere_cap_log_probability(0.1, [10, 100, 1000]))
    assert lab.identical(found[:2], [-12.573737, -119.431426], absolute=1e-6, refutes={"d for d - 1": found[:2] + math.log(math.sin(0.1 * math.pi))})
    sine = math.sin(0.1 * math.pi)
    direct = [math.log(0.5 * beta.cdf(sine**2, (d - 1) / 2, 0.5)) for d in (10, 100)]
    assert lab.identical(found[:2], direct, absolute=1e-9, refutes={"without 1/2": np.array(direct) + math.log(2)})
    sizes = np.array([100, 200, 400])
    asymptotic = (sizes - 1) * math.log(sine) - 0.5 * np.log(2 * math.pi * sizes) - math.log(math.cos(0.1 * math.pi))
    gaps = np.asarray(theory.sphere_cap_log_probability(0.1, sizes)) - asymptotic
    assert lab.limit(sizes.astype(float), gaps, order=1.0, within=0.1, refutes={"1/2": 0.5})


@circle
def test_caps_by_the_definition_at_any_depth(lab: Laboratory) -> None:
    """The share of angles: the integral of sin^(d - 2), with its largest value taken out, where a probability would underflow and where not."""
    rng = np.random.default_rng([lab.seed, 6])
    drawn = (int(rng.integers(2_000, 4_000)), float(rng.uniform(0.05, 0.2)))
    for d, eps in ((2, 0.37), (3, 0.11), (9, 0.44), (60, 0.29), drawn, (9_001, 0.08), (40_000, 0.41)):
        top = math.sin(math.pi * eps)
        # sin^(d - 2) falls from the rim of the cap within some 1/(d cot) of it.
        near = max(0.0, eps - 60.0 * math.tan(math.pi * eps) / (math.pi * d))
        inside = quad(lambda t, d=d, top=top: (math.sin(math.pi * t) / top) ** (d - 2), near, eps, epsrel=1e-12, limit=200)[0]
        whole = betaln(0.5 * (d - 1), 0.5)
        defined = math.log(inside) + (d - 2) * math.log(top) + math.log(math.pi) - whole
        claimed = float(theory.sphere_cap_log_probability(eps, d))
        assert lab.identical(claimed, defined, relative=1e-9, refutes={"the sphere of one dimension more": defined + math.log(top)})
