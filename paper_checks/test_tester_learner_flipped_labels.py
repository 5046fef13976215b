"""arXiv:2302.14853, where the best halfspace is if labels near the boundary, or far from it, are flipped: opt is not always the flipped mass."""

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

optimum = claim(
    "TL-11",
    kind="optimum",
    statement="Near flips make another halfspace the best for every mass below 1 - rho_c = .581; far flips leave w* the best up to rho_c = .419.",
    tex=r"\mathrm{err}(\theta)=\rho\pm\tfrac1\pi\int_0^\theta\bigl(1-2e^{-t^2/(2\sin^2u)}\bigr)du,\quad \sin\theta^*=\tfrac{t}{\sqrt{2\ln2}}",
    source="derived here for arXiv:2302.14853",
)


def threshold(mass: float, where: str) -> float:
    """Return where labels begin, or end, to be flipped."""
    return round(float(norm.ppf(0.5 + mass / 2) if where == "near" else norm.isf(mass / 2)), 12)


@optimum
@pytest.mark.parametrize(("mass", "where", "margin"), [(0.1, "near", 0.1), (0.3, "near", 0.06), (0.45, "far", 0.1)])
def test_another_halfspace_is_better(lab: Laboratory, mass: float, where: str, margin: float) -> None:
    """At the claimed angle, on the same rows: the difference to the clean halfspace is what the formula says, and not 0."""
    best = theory.flipped_label_optimum(mass, where)
    run = lab.run(simulate.sample_flipped_errors, angle=round(best.angle, 12), flip_threshold=threshold(mass, where), where=where)
    gain = best.error - mass
    assert run.mean("difference").agrees_with(gain, relative=margin, refutes={"opt = flipped mass": 0.0, "twice": 2 * gain})
    assert run.probability("error").agrees_with(best.error, absolute=0.4 * abs(gain), refutes={"opt = flipped mass": mass})
    assert run.probability("target_error").agrees_with(mass, absolute=0.02, refutes={"all": 1 - mass})


@optimum
@pytest.mark.parametrize(("mass", "where"), [(0.1, "far"), (0.2, "far"), (0.2, "near")])
def test_error_away_from_the_optimum(lab: Laboratory, mass: float, where: str) -> None:
    """At angles on both sides of the right angle."""
    for angle in (0.5, 2.3):
        run = lab.run(simulate.sample_flipped_errors, angle=angle, flip_threshold=threshold(mass, where), where=where)
        claimed = theory.flipped_label_error(angle, mass, where)
        other = theory.flipped_label_error(angle, mass, "near" if where == "far" else "far")
        wrong = {"flips at random": mass + (1 - 2 * mass) * angle / math.pi, "the other sign": 2 * mass - claimed, "the other place": other}
        wrong = {label: value for label, value in wrong.items() if abs(value - claimed) > 0.012}
        assert run.probability("error").agrees_with(claimed, absolute=0.011, refutes=wrong | {"no flips": angle / math.pi})


@optimum
def test_formula_by_quadrature(lab: Laboratory) -> None:
    """Err from the definition, P[clean differs] on the kept part and P[clean agrees] on the flipped part, at random points."""
    rng = np.random.default_rng([lab.seed, 8])
    for where in ("near", "far"):
        for _ in range(5):
            mass, theta = float(rng.uniform(0.05, 0.9)), float(rng.uniform(0.05, 3.1))
            t = threshold(mass, where)
            cot = 1 / math.tan(theta)

            def differ(s: float, c: float = cot) -> float:
                return 2 * norm.pdf(s) * norm.cdf(-s * c)

            near = quad(differ, 0, t, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
            far = quad(differ, t, 12, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
            inside = 2 * norm.cdf(t) - 1
            exact = (inside - near) + far if where == "near" else near + (1 - inside - far)
            claimed = theory.flipped_label_error(theta, mass, where)
            assert lab.identical(claimed, exact, absolute=1e-10, refutes={"nothing flipped": near + far})
            assert lab.identical(theory.flipped_label_error(math.pi - theta, mass, where), 1 - claimed, absolute=1e-12, refutes={"even": claimed})


@optimum
def test_optima_and_the_critical_mass(lab: Laboratory) -> None:
    """Searches over the angle end at the claimed optimum on both sides of rho_c; printed values; duality."""
    rng = np.random.default_rng([lab.seed, 9])
    for where in ("near", "far"):
        for mass in (*rng.uniform(0.03, 0.4, 3), *rng.uniform(0.6, 0.97, 3), 0.45, 0.55):
            grid = np.linspace(0.0, math.pi, 4001)
            values = theory.flipped_label_error(grid, mass, where)
            at = int(np.argmin(values))
            low, high = grid[max(at - 1, 0)], grid[min(at + 1, 4000)]
            found = minimize_scalar(
                lambda a, m=mass, w=where: theory.flipped_label_error(a, m, w), bounds=(low, high), method="bounded", options={"xatol": 1e-10}
            )
            best = theory.flipped_label_optimum(float(mass), where)
            assert lab.identical(best.error, min(found.fun, values.min()), absolute=1e-9, refutes={"worse": 0.5})
            # The end points of the range can be best.
            ends = (0.0, found.x, math.pi)
            argmin = ends[int(np.argmin(theory.flipped_label_error(np.array(ends), mass, where)))]
            assert lab.identical(best.angle, argmin, absolute=1e-4, refutes={"the other side": math.pi - argmin})
            dual = theory.flipped_label_optimum(1 - float(mass), "far" if where == "near" else "near")
            assert lab.identical([dual.error, math.pi - dual.angle], [best.error, best.angle], absolute=1e-9, refutes={"other": [0.0, 9.0]})
    printed = [*theory.flipped_label_optimum(0.1, "near"), *theory.flipped_label_optimum(0.3, "near"), *theory.flipped_label_optimum(0.45, "far")]
    wrong = {"flipped mass": [0.0, 0.1, 0.0, 0.3, 0.0, 0.45]}
    assert lab.identical(printed, [0.106931, 0.0760075, 0.333404, 0.2257268, 2.445023, 0.399331], absolute=6e-7, refutes=wrong)
    assert lab.identical(
        theory.flipped_label_error(0.5, [0.1, 0.2], "far"), [0.2590890, 0.3581682], absolute=6e-8, refutes={"random": [0.227, 0.295]}
    )
    assert lab.identical(theory.critical_flipped_mass(), 0.418745, absolute=6e-7, refutes={"1/2": 0.5})
    stationary = theory.flipped_label_error(math.asin(threshold(0.65, "near") / math.sqrt(2 * math.log(2))), 0.65, "near")
    assert lab.identical(
        [stationary, theory.flipped_label_optimum(0.65, "near").error], [0.457977, 0.35], absolute=6e-7, refutes={"local is global": [0.457977] * 2}
    )


@optimum
def test_far_flips_hurt_at_least_like_random_ones(lab: Laboratory) -> None:
    """err(theta) >= rho + (1 - 2 rho) theta/pi up to the right angle, where it is 1/2 and concave on the way."""
    theta = np.linspace(0.0, math.pi / 2, 200)
    for mass in (0.02, 0.2, 0.45):
        values = theory.flipped_label_error(theta, mass, "far")
        surplus = values - (mass + (1 - 2 * mass) * theta / math.pi)
        assert lab.exact(float(surplus.min())).greater_than(-1e-12, refutes={"below": -1e-3})
        assert lab.identical(values[-1], 0.5, absolute=1e-12, refutes={"rho": mass})
        assert bool(np.all(np.diff(values, 2) < 1e-12))
