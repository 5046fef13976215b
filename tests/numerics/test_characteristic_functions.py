"""Inversion of characteristic functions: laws whose distribution functions are known, slow and oscillating ones, and the refusals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import f as f_law

from theorylab.numerics.characteristic_functions import LogarithmicGrid, inversion_sum, probability_below_zero
from theorylab.numerics.gaussian_integrals import ConvergenceError


def of_points(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[LogarithmicGrid], np.ndarray]:
    return lambda grid: function(grid.points)


def one(function: Callable[[np.ndarray], np.ndarray], scale: float = 1.0, **details: Any) -> float:
    return float(probability_below_zero(of_points(function), scale, **details).value[0])


@settings(max_examples=40, deadline=None)
@given(mean=st.floats(-6.0, 6.0), log_scale=st.floats(-12.0, 12.0))
def test_normal_laws(mean: float, log_scale: float) -> None:
    deviation = math.exp(log_scale)
    value = one(lambda t: np.exp(1j * t * mean * deviation - 0.5 * (t * deviation) ** 2), deviation)
    assert value == pytest.approx(ndtr(-mean), abs=1e-13)


@pytest.mark.parametrize("factor", [0.03, 0.3, 1.0, 3.0, 30.0])
def test_the_scale_may_be_wrong(factor: float) -> None:
    assert one(lambda t: np.exp(1j * t - 0.5 * t**2), factor) == pytest.approx(ndtr(-1.0), abs=1e-13)


@pytest.mark.parametrize(("first", "second"), [(1.0, 1.0), (3.0, 0.5), (0.1, 7.0)])
def test_differences_of_exponential_and_of_chi_squared_variables(first: float, second: float) -> None:
    exponential = one(lambda t: 1.0 / ((1.0 - 1j * first * t) * (1.0 + 1j * second * t)))
    assert exponential == pytest.approx(second / (first + second), abs=1e-12)
    chi = one(lambda t: 1.0 / np.sqrt((1.0 - 2j * first * t) * (1.0 + 2j * second * t)))
    assert chi == pytest.approx(f_law.cdf(second / first, 1, 1), abs=1e-12)
    many = one(lambda t: (1.0 - 2j * first * t) ** -3.5 * (1.0 + 2j * second * t) ** -1.5)
    assert many == pytest.approx(f_law.cdf(second * 3 / (first * 7), 7, 3), abs=1e-12)


@pytest.mark.parametrize("shift", [-2.0, -0.1, 0.4, 5.0])
def test_heavy_tails(shift: float) -> None:
    assert one(lambda t: np.exp(1j * shift * t - t)) == pytest.approx(0.5 - math.atan(shift) / math.pi, abs=1e-12)


def test_a_stable_law_of_index_one_half_needs_small_t() -> None:
    # Levy's law, 1/Z^2 for a standard normal Z, with a random sign of probability 1/4 for the negative.
    def positive(t: np.ndarray) -> np.ndarray:
        return np.exp(-np.sqrt(-2j * t))

    assert one(lambda t: 0.75 * positive(t) + 0.25 * np.conj(positive(t))) == pytest.approx(0.25, abs=1e-12)


def test_values_are_probabilities() -> None:
    # Rounding alone would take some of these below 0 or above 1.
    means = np.concatenate([np.linspace(9.0, 20.0, 40), -np.linspace(9.0, 20.0, 40)])
    result = probability_below_zero(lambda grid: np.exp(1j * grid.points * means[grid.laws, None] - 0.5 * grid.points**2), np.ones(means.size))
    assert np.all((result.value >= 0.0) & (result.value <= 1.0))
    assert result.value == pytest.approx(ndtr(-means), abs=1e-14)


def test_symmetric_laws_give_one_half() -> None:
    assert one(lambda t: np.exp(-0.5 * t**2) + 0j) == 0.5


@pytest.mark.parametrize("shift", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("angle", [-0.3, -0.7, -1.2])
def test_a_turned_ray_tames_oscillation(shift: float, angle: float) -> None:
    # E - c for an exponential E: phi vanishes like exp(-ict)/t only.
    def phi(t: np.ndarray) -> np.ndarray:
        return np.exp(-1j * shift * t) / (1.0 - 1j * t)

    assert one(phi, angle=angle) == pytest.approx(-math.expm1(-shift), abs=1e-11)
    with pytest.raises(ConvergenceError, match="did not converge"):
        one(phi)


@pytest.mark.parametrize("angle", [-0.2, 0.0, 0.3, 0.7])
def test_the_angle_does_not_change_the_value(angle: float) -> None:
    assert one(lambda t: np.exp(1j * t - 0.5 * t**2), angle=angle) == pytest.approx(ndtr(-1.0), abs=1e-12)


def test_many_laws_at_once_are_each_law_alone() -> None:
    means, scales = np.array([0.2, -3.0, 30.0, 1.0]), np.array([1.0, 10.0, 1.0, 0.01])
    rows = []

    def phi(grid: LogarithmicGrid) -> np.ndarray:
        rows.append(grid.laws.tolist())
        mean, scale = means[grid.laws, None], scales[grid.laws, None]
        return np.exp(1j * grid.points * mean - 0.5 * (grid.points * scale) ** 2)

    together = probability_below_zero(phi, scales)
    assert together.value == pytest.approx(ndtr(-means / scales), abs=1e-12)
    assert np.all(together.error <= 1e-10)
    # A law of 100 standard deviations needs a finer grid than the others, and is alone on it.
    assert rows[:3] == [[0, 1, 2, 3]] * 3
    assert rows[-1] == [3]
    alone = [one(lambda t, m=m, s=s: np.exp(1j * t * m - 0.5 * (t * s) ** 2), s) for m, s in zip(means, scales, strict=True)]
    assert together.value == pytest.approx(alone, abs=1e-13)


def test_the_error_estimate_is_an_overestimate() -> None:
    for mean in (0.5, 2.0, 5.0):
        for step in (0.5, 0.3, 0.2):
            result = probability_below_zero(of_points(lambda t, m=mean: np.exp(1j * t * m - 0.5 * t**2)), 1.0, first_step=step, tolerance=1e-3)
            assert abs(result.value[0] - ndtr(-mean)) <= result.error[0] + 1e-6


def test_samples_of_ones_own() -> None:
    grid = LogarithmicGrid(np.arange(2), np.array([-40.0, -39.0]), 0.1, 460, np.array([0.0, 0.3]))
    assert grid.points.shape == (2, 460)
    assert np.angle(grid.points[1]) == pytest.approx(0.3)
    assert np.abs(grid.points[:, 1] / grid.points[:, 0]) == pytest.approx(math.exp(0.1))
    assert inversion_sum(np.exp(1j * grid.points - 0.5 * grid.points**2), 0.1, angle=grid.angle) == pytest.approx(ndtr(-1.0), abs=1e-13)
    real = grid._replace(angle=np.zeros(2)).points
    assert real.dtype == np.float64
    assert inversion_sum(np.ones((3, 2, 5)), 0.1).shape == (3, 2)
    assert inversion_sum(np.full(4, 1j), 0.5) == pytest.approx(0.5 - 2.0 / np.pi)


def test_an_atom_is_refused() -> None:
    with pytest.raises(ConvergenceError, match="does not vanish at infinity"), np.errstate(over="ignore"):
        one(lambda t: 0.5 * np.exp(1j * t) + 0.5 * np.exp(1j * t - 0.5 * t**2))


def test_what_is_no_characteristic_function_is_refused() -> None:
    with pytest.raises(ConvergenceError, match="does not tend to 1 at 0"):
        one(lambda t: (1.0 + 1j) * np.exp(-0.5 * t**2))
    with pytest.raises(ConvergenceError, match=r"law 0 is not finite at log \|t\|"):
        one(lambda t: np.where(t > 2.0, np.nan, np.exp(1j * t - t)))
    with pytest.raises(ValueError, match=r"must return an array of shape \(1, 97\); got shape \(97,\)"):
        one(lambda t: np.exp(1j * t - t)[0])


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"scale": 0.0}, "scale must be finite and > 0"),
        ({"scale": [1.0, -1.0]}, "scale must be finite and > 0"),
        ({"scale": [[1.0]]}, r"scale must be a number or have shape \(L,\); got shape \(1, 1\)"),
        ({"scale": 1.0, "angle": 1.6}, "angle must be finite and > -1.5708 and < 1.5708"),
        ({"scale": 1.0, "tolerance": 0.0}, "tolerance must be finite and > 0 and < 1"),
        ({"scale": 1.0, "first_step": 2.0}, "first_step must be finite and > 0 and <= 1"),
    ],
)
def test_bad_input_names_the_argument(details: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        probability_below_zero(of_points(lambda t: np.exp(1j * t - t)), **details)


def test_bad_steps_and_angles_of_a_sum() -> None:
    with pytest.raises(ValueError, match="step must be finite and > 0"):
        inversion_sum(np.ones(3), 0.0)
    with pytest.raises(ValueError, match="angle must be finite"):
        inversion_sum(np.ones(3), 0.1, angle=2.0)
