"""arXiv:2302.14853, disagreement from an angle on marginals of which only moments are known: strip by strip, and globally."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.pytest_plugin import claim

strips = claim(
    "TL-9",
    kind="bound",
    statement="Second moments on strips bound the disagreement by 5.01 theta/pi, with signed means by 3.94; global ones only by theta^(k/(k+1)).",
    tex=r"P\le\sum_iP[\mathrm{strip}_i]\min\bigl(1,\tfrac{\lambda_i\tan^2\theta}{\mathrm{lo}_i^2}\bigr),\quad P\le c_k\tan(\theta)^{k/(k+1)}",
    source="derived here for arXiv:2302.14853",
)


@strips
def test_ratio_of_the_gaussian_bound(lab: Laboratory) -> None:
    """Printed values, plain sums, and the limits of narrow strips."""
    ratios = theory.strip_disagreement_bound(0.02, [1.0, 0.25, 0.02]) / (0.02 / math.pi)
    signed = theory.strip_disagreement_bound(0.02, [1.0, 0.25, 0.02], "cantelli") / (0.02 / math.pi)
    assert lab.identical(ratios, [6.5654, 5.2900, 4.9766], absolute=6e-5, refutes={"signed": signed})
    assert lab.identical(signed, [5.1418, 4.1887, 3.9009], absolute=6e-5, refutes={"unsigned": ratios})
    wider = [theory.strip_disagreement_bound(0.1, [1.0, 0.25], kind) / (0.1 / math.pi) for kind in ("chebyshev", "cantelli")]
    assert lab.identical(wider, [[6.2949, 5.0528], [4.8890, 3.9597]], absolute=6e-5, refutes={"limits": np.full((2, 2), 5.01)})
    rng = np.random.default_rng([lab.seed, 11])
    for _ in range(5):
        theta, s = float(rng.uniform(0.02, 1.2)), float(rng.uniform(0.1, 2.0))
        t = math.tan(theta)
        i = np.arange(2000)
        shares = 2 * (norm.sf(i * s * t) - norm.sf((i + 1) * s * t))
        total = float(shares @ (1 / np.maximum(i * s, 1.0) ** 2))
        assert lab.identical(theory.strip_disagreement_bound(theta, s), total, absolute=1e-9, refutes={"theta/pi": theta / math.pi})
        assert lab.exact(float(theory.strip_disagreement_bound(theta, s, "cantelli"))).greater_than(theta / math.pi, refutes={"below": 0.0})
    limits = [theory.strip_ratio_limit(0.0), theory.strip_ratio_limit(1.0), theory.strip_ratio_limit(0.0, "cantelli")]
    claimed = [2 * math.sqrt(2 / math.pi) * math.pi, 2 * norm.pdf(0) * math.pi * (1 + math.pi**2 / 6), 3.9374]
    assert lab.identical(limits, claimed, absolute=6e-5, refutes={"theta/pi": [1.0] * 3})
    for s, kind in ((0.3, "chebyshev"), (1.0, "chebyshev"), (0.3, "cantelli")):
        gaps = [theory.strip_ratio_limit(s, kind) - math.pi * theory.strip_disagreement_bound(a, s, kind) / a for a in (0.02, 0.01, 0.005, 0.0025)]
        # Chebyshev's tail ends with the Gaussian: a gap of order theta.
        assert lab.limit([50.0, 100.0, 200.0, 400.0], gaps, order=1.0, within=0.1, refutes={"2": 2.0})


@strips
def test_degree_four_is_best_on_strips(lab: Laboratory) -> None:
    """The integral of min(1, m_k/u^k), by quadrature."""
    degrees = [2, 4, 6, 8, 10]
    exact = []
    for k in degrees:
        moment = math.prod(range(1, k, 2))
        edge = moment ** (1 / k)
        exact.append(math.sqrt(2 * math.pi) * (edge + quad(lambda u, m=moment, k=k: m / u**k, edge, np.inf)[0]))
    assert lab.identical(theory.strip_moment_ratio(degrees), exact, relative=1e-7, refutes={"k = 2": [exact[0]] * 5})
    assert lab.identical(exact[:3], [5.013, 4.399, 4.724], absolute=6e-4, refutes={"falling": [5.013, 4.399, 4.0]})
    assert int(np.argmin(exact)) == 1


@strips
def test_global_moments_are_polynomially_worse(lab: Laboratory) -> None:
    """The constant by minimising over the band that is given up, the exponent, and the printed ratios."""
    degrees = [2, 4, 8, 16]
    for angle in (1e-2, 1e-4, float(np.random.default_rng([lab.seed, 12]).uniform(1e-3, 0.5))):
        t, best = math.tan(angle), []
        for k in degrees:
            moment = math.prod(range(1, k, 2))

            def bound(logarithm: float, m: int = moment, k: int = k, t: float = t) -> float:
                return math.sqrt(2 / math.pi) * math.exp(logarithm) + m * (t / math.exp(logarithm)) ** k

            found = minimize_scalar(bound, bounds=(-14, 3), method="bounded", options={"xatol": 1e-11})
            best.append(found.fun)
            given_up = theory.global_disagreement_bound(angle, k).half_width
            assert lab.identical(given_up, math.exp(found.x), relative=1e-4, refutes={"theta": angle})
        assert lab.identical(theory.global_disagreement_bound(angle, degrees).value, best, relative=1e-9, refutes={"theta/pi": [angle / math.pi] * 4})
    constants = theory.moment_disagreement_constant(degrees)
    assert lab.identical(
        constants, [1.62578, 1.71514, 1.94495, 2.37607], absolute=6e-6, refutes={"without 1 + 1/k": constants / (1 + 1 / np.array(degrees))}
    )
    ratios = [theory.global_disagreement_bound(a, degrees).value * math.pi / a for a in (1e-2, 1e-4)]
    assert lab.identical(ratios[0], [23.7, 13.5, 10.2, 9.8], absolute=0.06, refutes={"strips": [5.0] * 4})
    assert lab.identical(ratios[1], [110, 34, 17, 12.8], relative=0.02, refutes={"exponent 1": ratios[0]})
    first = theory.global_disagreement_bound(0.1, 2).value * math.pi / 0.1
    assert lab.identical(first, 11.0, absolute=0.06, refutes={"exponent 1": ratios[1][0]})
    # Degrees that grow like log(1/theta): theta sqrt(log), within a constant.
    angles = np.array([1e-2, 1e-3, 1e-4, 1e-5])
    grown = [min(theory.global_disagreement_bound(a, np.arange(2, 60, 2)).value) * math.pi / a / math.sqrt(math.log(1 / a)) for a in angles]
    assert lab.exact(max(grown) / min(grown)).less_than(1.15, refutes={"a power": 2.0})


@strips
def test_beyond_a_right_angle_the_formula_fails(lab: Laboratory) -> None:
    """There w and w* disagree more than tan^2 would say: the bound refuses, the numbers show why."""
    with pytest.raises(ValueError, match="angle must be finite and > 0 and < "):
        theory.strip_disagreement_bound(2.0, 0.5)
    # At pi - .1 the disagreement is nearly 1, and the sum with tan^2 = tan(.1)^2 is .16.
    wrong = float(theory.strip_disagreement_bound(0.1, 0.25))
    run = lab.run(simulate.sample_plane, angle=math.pi - 0.1, ramp_width=0.3, noise_rate=0.0)
    assert run.probability("disagreement").greater_than(0.9, refutes={"the sum with tan^2": wrong})


@strips
@pytest.mark.parametrize("marginal", ["gaussian", "student", "far_wedge", "hypercube"])
def test_rows_obey_their_strips(lab: Laboratory, marginal: str) -> None:
    """On samples the bound holds always, since it is deterministic; it is a few times the disagreement, not infinitely loose."""
    run = lab.run(simulate.sample_strip_bound, marginal=marginal, dimension=8, sample_size=1500, angle=0.15)
    names = ("disagreement", "bound", "violated")
    found = dict(zip(names, run.few(40, names), strict=True))
    assert lab.identical(found["violated"], np.zeros(40), absolute=0.5, refutes={"violated": np.ones(40)}, question="never violated")
    ratio = float(found["bound"].mean() / found["disagreement"].mean())
    assert lab.exact(ratio).inside(1.5, 12.0, refutes={"exact": 1.0, "vacuous": 20.0})


@strips
def test_accepted_marginals_can_disagree_more_than_theta_over_pi(lab: Laboratory) -> None:
    """Half a percent of the mass at +-(.2, -3): the tolerant tests accept, and the disagreement exceeds theta/pi by a fifth."""
    angle = 0.08
    claimed = 0.995 * angle / math.pi + 0.005
    assert lab.identical(claimed, 0.030337, absolute=6e-7, refutes={"theta/pi": angle / math.pi})
    assert lab.identical(0.99 * angle / math.pi + 0.01, 0.035210, absolute=6e-7, refutes={"theta/pi": angle / math.pi})
    run = lab.run(simulate.sample_far_points, angle=angle, share=0.005, dimension=20, sample_size=20_000, ramp_width=0.3)
    names = ("disagreement", "accepted")
    found = dict(zip(names, run.few(24, names), strict=True))
    assert lab.identical(found["disagreement"].mean(), claimed, absolute=0.0012, refutes={"theta/pi": angle / math.pi}, question="rows that disagree")
    assert lab.identical(found["accepted"], np.ones(24), absolute=0.5, refutes={"rejected": np.zeros(24)}, question="tolerant tests accept")
