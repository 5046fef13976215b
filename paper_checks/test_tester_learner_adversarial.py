"""arXiv:2302.14853, adversarial flips: the share of the band that traps the learner, and an explicit constant in O(opt)."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.pytest_plugin import claim

flips = claim(
    "TL-5",
    kind="optimum",
    statement="Flips trap the learner at a right angle from 23.9 % of the band on; with sigma = 22.06 opt stationary points err at most 2.651 opt.",
    tex=r"\mathrm{opt}/P[\mathrm{band}]<2\Phi(-\sqrt{2\ln2})=.239032,\quad \mathrm{opt}/\sigma<.0953599,\quad \mathrm{err}\le2.651\,\mathrm{opt}",
    source="derived here for arXiv:2302.14853, which has O(opt)",
)


@flips
@pytest.mark.parametrize(("angle", "width", "mass", "margin"), [(0.3, 0.2, 0.005, 0.02), (0.1, 0.2, 0.01, 0.05), (1.2, 0.4, 0.02, 0.05)])
def test_gradient_under_the_worst_flips(lab: Laboratory, angle: float, width: float, mass: float, margin: float) -> None:
    """Rows in the band, flipped beyond the threshold of the closed form: the mass and the gradient are the claimed ones."""
    threshold = theory.adversarial_flip_threshold(angle, width, mass)
    run = lab.run(simulate.sample_band_flips, angle=angle, ramp_width=width, flip_threshold=round(threshold, 12))
    claimed = theory.adversarial_worst_gradient(angle, width, mass)
    wrong = {"no flips": theory.surrogate_gradient(angle, width, 0.0)}
    assert run.mean("gradient").agrees_with(claimed, relative=margin, refutes=wrong | {"flips counted once": (claimed + wrong["no flips"]) / 2})
    assert run.mean("flipped").agrees_with(mass, relative=0.04, refutes={"twice": 2 * mass, "one side": mass / 2})


@flips
def test_no_other_flips_hurt_more(lab: Laboratory) -> None:
    """On samples the worst flips are the largest terms; their mean is the claimed gradient, and flips at random hurt less."""
    angle, width, mass = 0.3, 0.4, 0.02
    run = lab.run(simulate.sample_worst_flips, angle=angle, ramp_width=width, flipped_mass=mass, sample_size=500)
    claimed = theory.adversarial_worst_gradient(angle, width, mass)
    other = run.mean("other") - run.mean("gradient")
    assert run.mean("gradient").agrees_with(claimed, absolute=0.004, refutes={"no flips": theory.surrogate_gradient(angle, width, 0.0)})
    assert other.greater_than(0.02, refutes={"as good": 0.0})


@flips
@pytest.mark.parametrize(("mass", "margin"), [(0.0094, 0.0022), (0.0097, 0.0027)])
def test_sign_flips_between_two_masses(lab: Laboratory, mass: float, margin: float) -> None:
    """At sigma = .1 and a right angle: .0094 still points to w*, .0097 away from it."""
    threshold = round(theory.adversarial_flip_threshold(math.pi / 2, 0.1, mass), 12)
    run = lab.run(simulate.sample_band_flips, angle=math.pi / 2, ramp_width=0.1, flip_threshold=threshold)
    claimed = theory.adversarial_worst_gradient(math.pi / 2, 0.1, mass)
    assert run.mean("gradient").agrees_with(claimed, absolute=margin, refutes={"no gradient": 0.0, "the other sign": -claimed})


@flips
def test_threshold_is_not_a_quarter(lab: Laboratory) -> None:
    """A quarter of the band already turns the learner away."""
    band = 2 * norm.cdf(0.05) - 1
    threshold = round(theory.adversarial_flip_threshold(math.pi / 2, 0.1, band / 4), 12)
    run = lab.run(simulate.sample_band_flips, angle=math.pi / 2, ramp_width=0.1, flip_threshold=threshold)
    assert run.mean("gradient").agrees_with(-0.010181, absolute=0.005, refutes={"the threshold is 1/4": 0.0})
    assert lab.identical(theory.adversarial_worst_gradient(math.pi / 2, 0.1, band / 4), -0.010181, absolute=6e-7, refutes={"1/4": 0.0})
    zero = brentq(lambda share: theory.adversarial_worst_gradient(math.pi / 2, 0.1, share * band), 0.2, 0.27, xtol=1e-10)
    assert lab.identical(zero, theory.adversarial_threshold(), absolute=1e-5, refutes={"1/4": 0.25, "1/(4 sqrt pi) ...": 0.141})
    assert lab.identical(theory.adversarial_threshold(), 0.239032, absolute=6e-7, refutes={"1/4": 0.25})
    assert lab.identical(theory.adversarial_threshold() * norm.pdf(0), 0.0953599, absolute=6e-8, refutes={"a tenth": 0.1})


@flips
def test_gradient_by_plain_quadrature(lab: Laboratory) -> None:
    """The mass and the loss of all flips, integrated over the band with another rule, at random points."""
    rng = np.random.default_rng([lab.seed, 6])
    for _ in range(5):
        theta, s = float(rng.uniform(0.05, 1.5)), float(rng.uniform(0.1, 1.0))
        mass = float(rng.uniform(0.02, 0.2)) * (2 * norm.cdf(s / 2) - 1)
        t = theory.adversarial_flip_threshold(theta, s, mass)
        cot = 1 / math.tan(theta)

        def over(function: Callable[[float], float], t: float = t, c: float = cot, s: float = s) -> float:
            def density(a: float) -> float:
                return norm.pdf(a) * (function(t) + function(max(t, a * c)))

            # The integrand bends where a cot(theta) = t.
            return sum(quad(density, low, high, epsabs=1e-14)[0] for low, high in pairwise([0.0, min(t / c, s / 2), s / 2]))

        assert lab.identical(2 * over(norm.sf), mass, relative=1e-8, refutes={"one side": mass / 2})
        exact = theory.gradient_profile(math.sin(theta) / s) - 4 / s * over(norm.pdf)
        assert lab.identical(
            theory.adversarial_worst_gradient(theta, s, mass), exact, absolute=1e-9, refutes={"2/sigma": exact + 2 / s * over(norm.pdf)}
        )
    values = theory.adversarial_worst_gradient([0.3, 0.1], 0.2, [0.005, 0.01])
    assert lab.identical(values, [0.199812, 0.075634], absolute=6e-7, refutes={"no flips": theory.surrogate_gradient([0.3, 0.1], 0.2, 0.0)})
    right = theory.adversarial_worst_gradient(math.pi / 2, 0.1, [0.0094, 0.0097])
    assert lab.identical(right, [0.003120, -0.003938], absolute=6e-7, refutes={"exchanged": [-0.003938, 0.003120]})


@flips
def test_explicit_constant(lab: Laboratory) -> None:
    """The ratio err/opt over opt/sigma: printed values, its smallest value, its pole; and a constant width is no good."""
    ratios = theory.adversarial_error_ratio([0.005, 0.02, 0.0453, 0.07, 0.09, 0.094])
    assert lab.identical(ratios, [3.1136, 2.7912, 2.6509, 2.864, 4.533, 7.85], relative=4e-4, refutes={"constant": np.full(6, 2.651)})
    best = theory.best_adversarial_width()
    assert lab.identical(
        [best.ratio, 1 / best.error_over_width], [2.651, 22.06], absolute=5e-3, refutes={"3": [3.0, 22.06], "sigma = 10 opt": [2.651, 10.0]}
    )
    grid = theory.adversarial_error_ratio(np.linspace(0.03, 0.07, 81))
    assert lab.identical(grid.min(), best.ratio, absolute=1e-4, refutes={"at the pole": grid[-1]})
    assert np.isfinite(theory.adversarial_error_ratio([0.0953, 0.0954])).tolist() == [True, False]
    narrow = theory.adversarial_error_ratio([1e-2, 1e-3, 1e-4])
    assert bool(np.all(np.diff(narrow) > 0.2))
    assert lab.identical(narrow[1], 3.49, absolute=5e-3, refutes={"bounded": best.ratio})
    # At finite widths sigma = 22.06 opt: the largest stationary angle of the exact gradient.
    found = []
    for mass in (0.002, 0.01, 0.02):
        s = mass / best.error_over_width
        angles = np.linspace(0.2 * s, 1.5, 60)
        above = theory.adversarial_worst_gradient(angles, s, mass) > 0
        first = int(np.argmax(above))
        root = brentq(lambda a, s=s, q=mass: theory.adversarial_worst_gradient(a, s, q), angles[first - 1], angles[first], xtol=1e-12)
        assert bool(np.all(above[first:]))
        found.append(1 + root / math.pi / mass)
    assert lab.identical(found, [2.65089, 2.65082, 2.65060], absolute=2e-5, refutes={"2": [2.0] * 3})
