"""arXiv:2302.14853, the learner under random classification noise: steps and accuracy, with constants."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.pytest_plugin import claim

accuracy = claim(
    "TL-8",
    kind="expectation",
    statement="Far from w* the angle falls by (1 - 2 eta) beta/pi a step, near it geometrically, to a mean square of p pi erf/(2 n (1 - 2 eta)^2).",
    tex=r"E\theta^2\sim\frac{(d-1)\pi\,\mathrm{erf}(\sigma/(2\sqrt2))}{2n(1-2\eta)^2},\quad T\sim\frac{\pi(\theta_0-\theta_1)}{(1-2\eta)\beta}",
    source="derived here for arXiv:2302.14853 (Z-estimator)",
)


@accuracy
def test_mean_square_angle(lab: Laboratory) -> None:
    """Many descents near w*: the constant, and the near misses in eta, d and the width."""
    setting = {"dimension": 40, "sample_size": 20_000, "ramp_width": 0.3, "noise_rate": 0.1}
    claimed = float(theory.asymptotic_angle_rms(20_000, 40, 0.3, 0.1)) ** 2
    run = lab.run(simulate.sample_local_angles, **setting)
    wrong = {
        "averaging": claimed / math.erf(0.3 / (2 * math.sqrt(2))),
        "(1 - 2 eta)^-1": claimed * 0.8,
        "without noise": claimed * 0.64,
        "2 for pi/2": claimed * 4 / math.pi,
    }
    assert run.mean("square").agrees_with(claimed, relative=0.12, refutes=wrong)


@accuracy
def test_dimension_less_one(lab: Laboratory) -> None:
    """In three dimensions there are two coordinates to be wrong in."""
    for dimension in lab.at_scale((3,), (3, 4, 5)):
        claimed = float(theory.asymptotic_angle_rms(3_000, dimension, 0.5, 0.2)) ** 2
        run = lab.run(simulate.sample_local_angles, dimension=dimension, sample_size=3_000, ramp_width=0.5, noise_rate=0.2)
        assert run.mean("square").agrees_with(claimed, relative=0.2, refutes={"d for d - 1": claimed * dimension / (dimension - 1)})


@accuracy
@pytest.mark.parametrize(("dimension", "rows", "width", "rate"), [(10, 20_000, 0.3, 0.2), (10, 20_000, 1.0, 0.2), (20, 20_000, 0.3, 0.1)])
def test_whole_descents_end_there(lab: Laboratory, dimension: int, rows: int, width: float, rate: float) -> None:
    """From a start far off, on all rows: a few descents, and the mean of y x on the same rows, which is worse."""
    step = width * math.sqrt(math.pi / 2) / (1 - 2 * rate)
    run = lab.run(
        simulate.sample_descent_angles, dimension=dimension, sample_size=rows, ramp_width=width, noise_rate=rate, step=round(step, 6), iterations=60
    )
    squares, averaged = run.few(40, ("square", "averaging"))
    claimed = float(theory.asymptotic_angle_rms(rows, dimension, width, rate))
    # The root of a mean of 40 squares varies by 1/sqrt(2 * 40 * (d - 1)) of itself, 4 % or less.
    wrong = {"averaging": claimed / math.sqrt(math.erf(width / (2 * math.sqrt(2)))), "without noise": claimed * (1 - 2 * rate)}
    wrong = {label: value for label, value in wrong.items() if abs(value / claimed - 1) > 0.19}
    assert lab.identical(math.sqrt(squares.mean()), claimed, relative=0.18, refutes=wrong | {"half": claimed / 2}, question="root mean square angle")
    averaging = math.sqrt(averaged.mean())
    exact = float(theory.asymptotic_angle_rms(rows, dimension, 100.0, rate))
    assert lab.identical(averaging, exact, relative=0.2, refutes={"the learner": claimed / 1.3 if width > 0.9 else claimed}, question="mean of y x")


@accuracy
def test_averaging_is_the_limit_of_wide_ramps(lab: Laboratory) -> None:
    """Printed values of the formula."""
    values = theory.asymptotic_angle_rms([20_000, 20_000, 40_000, 20_000], [10, 10, 20, 10], [0.3, 1.0, 0.3, 0.05], [0.2, 0.2, 0.1, 0.2])
    wrong = {"averaging": theory.asymptotic_angle_rms([20_000, 20_000, 40_000, 20_000], [10, 10, 20, 10], 50.0, [0.2, 0.2, 0.1, 0.2])}
    assert lab.identical(values, [0.01530, 0.02742, 0.01179, 0.00626], absolute=6e-6, refutes=wrong)
    assert lab.identical(theory.asymptotic_angle_rms(20_000, 10, 40.0, 0.2), 0.0443, absolute=6e-5, refutes={"narrow": 0.0153})


@accuracy
@pytest.mark.parametrize(
    ("rate", "width", "step", "population", "formula"), [(0.2, 0.2, 0.05, 127, 125.7), (0.1, 0.3, 0.1, 48, 47.1), (0.3, 0.1, 0.05, 189, 188.5)]
)
def test_number_of_steps(lab: Laboratory, rate: float, width: float, step: float, population: int, formula: float) -> None:
    """From 1.5 to .3: the population recursion, its linear law, and descents on samples."""
    found = theory.population_iterations(1.5, 0.3, ramp_width=width, noise_rate=rate, step=step)
    flat = theory.gradient_flow_iterations(1.5, 0.3, width, rate, step)
    assert lab.identical([found, flat], [population, formula], absolute=0.06, refutes={"without 1 - 2 eta": [population, formula * (1 - 2 * rate)]})
    assert lab.identical(flat, found, relative=0.025, refutes={"without pi": flat / math.pi, "1 - eta": flat * (1 - 2 * rate) / (1 - rate)})
    setting = {"dimension": 5, "sample_size": 200_000, "ramp_width": width, "noise_rate": rate, "step": step, "iterations": 220, "start_angle": 1.5}
    path = lab.draw(simulate.sample_descent_path, 3, **setting)
    arrived = [int(np.argmax(row <= 0.3)) for row in path]
    assert lab.identical(arrived, [population] * 3, relative=0.1, refutes={"without 1 - 2 eta": [population * (1 - 2 * rate)] * 3})
    recursion = theory.population_angles(1.5, 100, ramp_width=width, noise_rate=rate, step=step)[:100]
    assert lab.identical(path[:, :40].mean(axis=0), recursion[:40], absolute=0.05, refutes={"no descent": np.full(40, 1.5)}, question="path")


@accuracy
def test_linear_convergence_near_the_target_and_stability(lab: Laboratory) -> None:
    """The recursion contracts by the claimed factor, and steps beyond the limit do not converge."""
    width, rate = 0.3, 0.2
    for step in (0.05, 0.2, 0.5):
        angles = theory.population_angles(1e-4, 3, ramp_width=width, noise_rate=rate, step=step)
        factor = abs(theory.contraction_factor(width, rate, step))
        assert lab.identical(
            angles[1:] / angles[:-1], np.full(3, factor), absolute=1e-4, refutes={"1": np.ones(3), "no noise": np.full(3, 0.5 * factor)}
        )
    limit = theory.largest_stable_step(width, rate)
    assert lab.identical(limit, 2 * width * math.sqrt(math.pi / 2) / 0.6, relative=1e-12, refutes={"half": 0.5 * limit})
    ends = [theory.population_angles(0.01, 400, ramp_width=width, noise_rate=rate, step=factor * limit)[-1] for factor in (0.97, 1.03)]
    assert lab.exact(float(ends[0])).less_than(1e-4, refutes={"stays": 0.01})
    assert lab.exact(float(ends[1])).greater_than(0.01, refutes={"converges": 0.0})
