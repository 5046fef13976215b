"""arXiv:2302.14853, the worst Massart noise against the ramp loss, and where it holds the learner."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erf
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.pytest_plugin import claim

worst = claim(
    "TL-4",
    kind="optimum",
    statement="Noise that is on exactly where it hurts leaves the gradient G_M; below sin(theta) = r* sigma it can make it 0 and hold the learner.",
    tex=r"G_M=\tfrac1\pi\bigl[(1-\eta)A(\tfrac{\sigma}{\sin\theta})-\eta A(\sigma)\bigr],\ A(u)=\tfrac{\sqrt{2\pi}}{u}\mathrm{erf}\tfrac{u}{2\sqrt2}",
    source="derived here for arXiv:2302.14853; sqrt(1 - 2 eta) law of arXiv:2002.05632 with its constant",
)


@worst
@pytest.mark.parametrize(("angle", "width", "rate", "margin"), [(0.3, 0.2, 0.1, 0.012), (0.05, 0.2, 0.3, 0.03), (0.4, 0.8, 0.4, 0.1)])
def test_gradient_under_the_worst_noise(lab: Laboratory, angle: float, width: float, rate: float, margin: float) -> None:
    """Rows in the band with the noise turned against w; random noise of the same rate hurts less."""
    run = lab.run(simulate.sample_band_gradient, angle=angle, ramp_width=width, noise_rate=rate, noise="oriented")
    claimed = theory.massart_worst_gradient(angle, width, rate)
    wrong = {"no noise": theory.surrogate_gradient(angle, width, 0.0)}
    if angle != 0.3:
        wrong["random noise is the worst"] = theory.surrogate_gradient(angle, width, rate)
    assert run.mean("gradient").agrees_with(claimed, relative=margin, refutes=wrong)
    raw = lab.run(simulate.sample_plane, angle=angle, ramp_width=width, noise_rate=rate, noise="oriented")
    assert raw.mean("ramp").agrees_with(claimed, absolute=0.025, refutes={"no noise": wrong["no noise"]})


@worst
def test_no_other_noise_hurts_more(lab: Laboratory) -> None:
    """Any eta(x) is a mixture of these: the noise is a threshold rule, so on every sample the worst one is found row by row."""
    rng = np.random.default_rng([lab.seed, 4])
    for _ in range(5):
        # At a right angle every row of the ramp helps and no noise can hurt more than another.
        theta = float(rng.choice([rng.uniform(0.05, 1.4), rng.uniform(1.74, 2.5)]))
        s, eta = float(rng.uniform(0.1, 1.0)), float(rng.uniform(0.05, 0.45))

        def inner(a: float, part: float, t: float = theta) -> float:
            # The boundary of w* is b = -a cot(theta), and b changes its sign at 0.
            boundary = -a * math.cos(t) / math.sin(t)
            marks = sorted({-10.0, 0.0, min(max(boundary, -10.0), 10.0), 10.0})

            def towards(b: float) -> float:
                sign = math.copysign(1.0, math.cos(t) * a + math.sin(t) * b)
                return max(part * b * sign, 0.0) * norm.pdf(b)

            return norm.pdf(a) * sum(quad(towards, low, high, epsabs=1e-12)[0] for low, high in pairwise(marks))

        # Both signs of a are alike.
        pieces = {part: 2 / s * quad(inner, 0.0, s / 2, args=(part,), epsabs=1e-9)[0] for part in (1.0, -1.0)}
        least = (1 - 2 * eta) * pieces[1.0] - pieces[-1.0]
        claimed = theory.massart_worst_gradient(theta, s, eta)
        wrong = {"random noise": (1 - 2 * eta) * (pieces[1.0] - pieces[-1.0]), "eta for 2 eta": (1 - eta) * pieces[1.0] - pieces[-1.0]}
        assert lab.identical(claimed, least, absolute=1e-7, refutes=wrong, question="row by row")
        random_noise = theory.surrogate_gradient(theta, s, eta)
        assert lab.exact(float(claimed) / float(random_noise)).less_than(1.0, refutes={"equal": 1.0})


@worst
def test_critical_ratio_and_its_two_limits(lab: Laboratory) -> None:
    """Printed values, the equation by another root finder, small rates, and the square root near 1/2 with sqrt 48."""
    rates = [0.1, 0.2, 0.3, 0.4, 0.45, 0.49]
    values = theory.massart_critical_ratio(rates)
    printed = [0.044327, 0.099736, 0.171588, 0.290862, 0.436174, 1.012285]
    wrong = {
        "small-rate law": [eta / (1 - eta) / math.sqrt(2 * math.pi) for eta in rates],
        "1/sqrt(48 (1 - 2 eta))": 1 / np.sqrt(48 * (1 - 2 * np.array(rates))),
    }
    assert lab.identical(values, printed, absolute=6e-7, refutes=wrong)
    rng = np.random.default_rng([lab.seed, 5])
    for eta in rng.uniform(0.02, 0.48, 5):
        root = brentq(lambda r, e=eta: math.sqrt(2 * math.pi) * r * erf(1 / (2 * math.sqrt(2) * r)) - e / (1 - e), 1e-6, 50.0, xtol=1e-14)
        assert lab.identical(theory.massart_critical_ratio(eta), root, relative=1e-9, refutes={"eta for eta/(1 - eta)": eta / math.sqrt(2 * math.pi)})
    sizes = np.array([10.0, 100.0, 1000.0])
    near_half = [abs(theory.massart_critical_ratio(0.5 - 1 / q) * math.sqrt(48 * 2 / q) - 1) for q in sizes]
    assert lab.limit(sizes, near_half, order=1.0, within=0.15, refutes={"1/2": 0.5, "2": 2.0})
    assert lab.identical(values[5] / values[4], 2.3208, absolute=1e-3, refutes={"1/(1 - 2 eta)": 5.0, "the limit law": math.sqrt(5.0)})
    small = theory.massart_critical_ratio(1e-4)
    assert lab.identical(small, 1e-4 / math.sqrt(2 * math.pi), relative=2e-4, refutes={"1/2 of it": 0.5e-4 / math.sqrt(2 * math.pi)})


@worst
def test_the_gradient_vanishes_at_the_critical_angle(lab: Laboratory) -> None:
    """For finite widths as well, by formula and on simulated rows; random noise has no such point."""
    for width, rate in ((0.5, 0.3), (1.5, 0.45), (0.1, 0.2)):
        angle = theory.massart_critical_angle(width, rate)
        wrong = {"random noise": theory.surrogate_gradient(angle, width, rate)}
        assert lab.identical(theory.massart_worst_gradient(angle, width, rate), 0.0, absolute=1e-12, refutes=wrong)
        assert lab.identical(theory.massart_minimum_gradient(0.7 * angle, width, rate), 0.0, absolute=1e-15, refutes=wrong)
    assert lab.identical(theory.massart_critical_angle(0.5, 0.3), 0.084981, absolute=6e-7, refutes={"narrow ramps": 0.5 * 0.171588})
    run = lab.run(simulate.sample_band_gradient, angle=0.0849814736, ramp_width=0.5, noise_rate=0.3, noise="oriented")
    assert run.mean("gradient").agrees_with(0.0, absolute=0.002, refutes={"random noise": theory.surrogate_gradient(0.0849814736, 0.5, 0.3)})
    values = theory.massart_worst_gradient([0.3, 0.05], 0.2, [0.1, 0.3])
    assert lab.identical(
        values, [0.249326, 0.037900], absolute=6e-7, refutes={"random noise": theory.surrogate_gradient([0.3, 0.05], 0.2, [0.1, 0.3])}
    )


@worst
@pytest.mark.parametrize("start", ["target", "aside"])
def test_the_learner_settles_at_the_critical_angle(lab: Laboratory, start: str) -> None:
    """Whatever the start, even from w* itself: the learner ends at w0, not at w*; the mean of y x ends far away."""
    trap = 0.0849814736
    setting = {"dimension": 3, "sample_size": lab.at_scale(50_000, 400_000), "ramp_width": 0.5, "noise_rate": 0.3, "trap_angle": trap, "start": start}
    # Few data sets of many rows: a mean of 12 angles of deviation .004 is within .005.
    names = ("angle", "excess", "averaging")
    runs = dict(zip(names, lab.run(simulate.sample_oriented_descent, **setting).few(12, names), strict=True))
    averaging = theory.averaging_angle(trap, 0.3)
    assert lab.identical(runs["angle"].mean(), trap, absolute=0.008, refutes={"w*": 0.0, "averaging": averaging}, question="where the learner ends")
    wrong = {"w*": 0.0, "without 1 - 2 eta": trap / math.pi}
    assert lab.identical(runs["excess"].mean(), 0.4 * trap / math.pi, absolute=0.0015, refutes=wrong, question="excess error")
    assert lab.identical(runs["averaging"].mean(), averaging, absolute=0.012, refutes={"w*": 0.0, "w0": trap}, question="the mean of y x")


@worst
def test_the_mean_of_y_x_under_oriented_noise(lab: Laboratory) -> None:
    """Its two components, on raw rows, and the printed angle."""
    angle, rate = 0.4, 0.25
    run = lab.run(simulate.sample_plane, angle=angle, ramp_width=0.3, noise_rate=rate, noise="oriented")
    across, along = run.mean("average_across"), run.mean("average_along")
    tangent = math.tan(angle - theory.averaging_angle(angle, rate))
    wrong = {"w*": math.tan(angle), "w0": 0.0}
    assert (across / along).agrees_with(tangent, absolute=0.02, refutes=wrong)
    assert lab.identical(theory.averaging_angle(0.0849814736, 0.3), 0.417139, absolute=6e-7, refutes={"w0": 0.0849814736, "eta": 0.3})


@worst
def test_bias_is_proportional_to_the_width(lab: Laboratory) -> None:
    """So a width of order eps sqrt(1 - 2 eta) is enough for an angle of eps."""
    widths = np.array([0.01, 0.02, 0.04, 0.08])
    angles = theory.massart_critical_angle(widths, 0.3)
    ratio = theory.massart_critical_ratio(0.3)
    assert lab.identical(angles / widths, np.full(4, ratio), relative=2e-3, refutes={"square root": ratio * np.sqrt(widths / 0.01), "1": np.ones(4)})
