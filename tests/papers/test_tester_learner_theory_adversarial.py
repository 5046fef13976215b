"""The worst adversarial flips and the best halfspaces under flipped labels: against quadrature and brute force, limits, duality, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.papers.tester_learner import closed_form as theory


def flipped_and_lost(t: float, theta: float, width: float) -> tuple[float, float]:
    """Return the mass of the flips of |b| >= t where b s > 0 in the band, and what they take off the gradient (two times l'|b| each)."""
    slope = abs(1.0 / math.tan(theta))

    def integrate(function: Callable[[float, float], float]) -> float:
        # a > 0, s = 1 for b > -a slope: flips at b >= t and at b <= -max(t, a slope). For theta beyond pi/2 turn b round.
        marks = sorted(
            {min(x, width / 2) for x in (0.0, t / slope if slope > 1e-12 else width, *(k / max(slope, 1e-12) for k in (2, 6, 12)), width / 2)}
        )
        return 2 * sum(quad(lambda a: norm.pdf(a) * function(a, max(t, a * slope)), *ends, epsabs=1e-14)[0] for ends in pairwise(marks))

    mass = integrate(lambda a, reach: norm.sf(t) + norm.sf(reach))
    # int_t^inf b phi(b) db = phi(t).
    return mass, 2.0 / width * integrate(lambda a, reach: norm.pdf(t) + norm.pdf(reach))


def brute_force(theta: float, width: float, optimal_error: float, cells: int) -> float:
    """Return the least gradient on a grid: the flips with the largest loss first."""
    a = (np.arange(cells) + 0.5) / cells * width / 2
    b = (np.arange(-8 * cells, 8 * cells) + 0.5) / cells
    density = 2 * norm.pdf(a)[:, None] * norm.pdf(b) * width / 2 / cells / cells
    push = b * np.where(b + a[:, None] / math.tan(theta) >= 0.0, 1.0, -1.0)
    order = np.argsort(-push, axis=None)
    mass = np.minimum(np.cumsum(density.ravel()[order]), optimal_error)
    taken = np.diff(mass, prepend=0.0)
    gains = np.maximum(push.ravel()[order], 0.0)
    return float((np.sum(density * push) - 2.0 * np.sum(taken * gains)) / width)


@pytest.mark.parametrize(
    ("theta", "width", "optimal_error"),
    [(0.3, 0.2, 0.005), (0.1, 0.2, 0.01), (1.5, 0.1, 0.0094), (0.9, 2.5, 0.2), (0.01, 0.5, 0.02), (2.2, 0.7, 0.03), (1e-4, 1.0, 0.05)],
)
def test_worst_flips_by_quadrature(theta: float, width: float, optimal_error: float) -> None:
    t = theory.adversarial_flip_threshold(theta, width, optimal_error)
    assert t > 0.0
    mass, lost = flipped_and_lost(t, theta, width)
    assert mass == pytest.approx(optimal_error, rel=1e-10)
    gradient = theory.adversarial_worst_gradient(theta, width, optimal_error)
    assert gradient == pytest.approx(theory.surrogate_gradient(theta, width, 0.0) - lost, abs=1e-10)
    assert theory.adversarial_minimum_gradient(theta, width, optimal_error) == max(gradient, 0.0)
    # The other side of a right angle is the same.
    assert theory.adversarial_worst_gradient(np.pi - theta, width, optimal_error) == pytest.approx(gradient, abs=1e-10)


@pytest.mark.parametrize(("theta", "width", "optimal_error"), [(0.3, 0.2, 0.005), (1.2, 1.5, 0.1), (2.0, 0.5, 0.03)])
def test_worst_flips_by_brute_force(theta: float, width: float, optimal_error: float) -> None:
    """No set of flips of this mass does more than the largest |b| first, whatever the threshold."""
    assert theory.adversarial_worst_gradient(theta, width, optimal_error) == pytest.approx(brute_force(theta, width, optimal_error, 60), abs=1e-3)


def test_worst_flips_printed_values() -> None:
    assert theory.adversarial_worst_gradient(0.3, 0.2, 0.005) == pytest.approx(0.199812, abs=6e-7)
    assert theory.adversarial_worst_gradient(0.1, 0.2, 0.01) == pytest.approx(0.075634, abs=6e-7)
    np.testing.assert_allclose(theory.adversarial_worst_gradient(np.pi / 2, 0.1, [0.0094, 0.0097]), [0.003120, -0.003938], atol=6e-7)
    quarter = 0.25 * theory.band_probability(0.05)
    assert theory.adversarial_worst_gradient(np.pi / 2, 0.1, quarter) == pytest.approx(-0.010181, abs=6e-7)
    assert theory.adversarial_minimum_gradient(np.pi / 2, 0.1, 0.0097) == 0.0


def test_worst_flips_limits() -> None:
    # At a right angle the flips are the tails of |b| in the band.
    share = 0.1
    t = theory.adversarial_flip_threshold(np.pi / 2, 0.4, share * theory.band_probability(0.2))
    assert t == pytest.approx(norm.isf(share / 2), rel=1e-10)
    # Where the mass is enough for every row with b s > 0 there is no threshold, and minus the mean of |b| is left, the negative part.
    theta, width = 0.6, 0.3
    everything = theory.adversarial_flip_threshold(theta, width, 0.3)
    assert everything == 0.0
    left = theory.adversarial_worst_gradient(theta, width, 0.3)
    assert left == pytest.approx(-2 * quad(lambda a: norm.pdf(a) * 2 * norm.pdf(0) / width, 0, width / 2)[0], rel=1e-10)
    # Just below, a small threshold.
    whole = flipped_and_lost(0.0, theta, width)[0]
    assert 0.0 < theory.adversarial_flip_threshold(theta, width, 0.999 * whole) < 0.01
    assert theory.adversarial_flip_threshold(theta, width, whole * (1 + 1e-9)) == 0.0
    tiny = theory.adversarial_worst_gradient(0.4, 0.3, 1e-12)
    assert tiny == pytest.approx(theory.surrogate_gradient(0.4, 0.3, 0.0), rel=1e-8)
    masses = np.geomspace(1e-5, 0.05, 12)
    assert np.all(np.diff(theory.adversarial_worst_gradient(0.5, 0.4, masses)) < 0.0)
    assert np.all(np.diff(theory.adversarial_flip_threshold(0.5, 0.4, masses)) < 0.0)


def test_worst_flips_shapes() -> None:
    for quantity in (theory.adversarial_flip_threshold, theory.adversarial_worst_gradient, theory.adversarial_minimum_gradient):
        assert isinstance(quantity(1, 1, 0.1), float)
        grid = quantity([0.1, 0.9], [[0.2], [0.4], [0.6]], 0.01)
        assert grid.shape == (3, 2)
        assert grid[2, 1] == pytest.approx(quantity(0.9, 0.6, 0.01), rel=1e-14)
        assert grid[1, 0] == pytest.approx(quantity(0.1, 0.4, 0.01), rel=1e-14)


def test_threshold_of_narrow_ramps() -> None:
    share = theory.adversarial_threshold()
    assert share == pytest.approx(0.239032, abs=6e-7)
    assert norm.pdf(norm.isf(share / 2)) == pytest.approx(norm.pdf(0) / 2, rel=1e-13)
    for share_, sign in ((share * 0.999, 1), (share * 1.001, -1)):
        width = 0.001
        gradient = theory.adversarial_worst_gradient(np.pi / 2, width, share_ * theory.band_probability(width / 2))
        assert np.sign(gradient) == sign


def test_error_ratio() -> None:
    masses = [0.005, 0.02, 0.0453, 0.07, 0.09, 0.094]
    np.testing.assert_allclose(theory.adversarial_error_ratio(masses), [3.1136, 2.7912, 2.6509, 2.8637, 4.5332, 7.8475], atol=6e-5)
    assert theory.adversarial_error_ratio(0.001) == pytest.approx(3.49, abs=6e-3)
    pole = theory.adversarial_threshold() * norm.pdf(0)
    assert pole == pytest.approx(0.0953599, abs=6e-8)
    assert theory.adversarial_error_ratio(pole) == theory.adversarial_error_ratio(0.3) == np.inf
    assert 100.0 < theory.adversarial_error_ratio(pole * (1 - 1e-6)) < np.inf
    assert theory.adversarial_error_ratio(pole * (1 - 1e-15)) > 1e4
    assert theory.adversarial_error_ratio([[0.01, 0.02], [0.03, 0.3]]).shape == (2, 2)
    assert isinstance(theory.adversarial_error_ratio(0.02), float)


@pytest.mark.parametrize("mass", [0.003, 0.0453, 0.09])
def test_error_ratio_is_where_the_gradient_of_narrow_ramps_vanishes(mass: float) -> None:
    """The finite-width gradient in its limit, and its largest zero as an angle."""
    width = 1e-4
    top = 1.0 - 1e-9
    zero = brentq(lambda sine: theory.adversarial_worst_gradient(math.asin(sine), width, mass * width), 1e-3 * width, top * min(1.0, 100 * width))
    assert theory.adversarial_error_ratio(mass) == pytest.approx(1.0 + math.asin(zero) / np.pi / (mass * width), rel=1e-6)


def test_best_width() -> None:
    best = theory.best_adversarial_width()
    assert best.error_over_width == pytest.approx(0.0453, abs=6e-5)
    assert 1 / best.error_over_width == pytest.approx(22.06, abs=0.02)
    assert best.ratio == pytest.approx(2.6509, abs=6e-5)
    assert best.ratio == pytest.approx(theory.adversarial_error_ratio(best.error_over_width), rel=1e-13)
    step = 1e-3
    for other in (best.error_over_width - step, best.error_over_width + step):
        assert theory.adversarial_error_ratio(other) > best.ratio


# Flipped labels


def flipped_error(theta: float, mass: float, where: str) -> float:
    """Return mass + P[disagree] - 2 P[disagree, flipped], by the mass of the wedge within |<w*, x>| <= t."""
    t = norm.isf(mass / 2) if where == "far" else norm.ppf(0.5 + mass / 2)
    scale = math.tan(theta)
    marks = sorted({min(x, t) for x in (0.0, abs(scale), 4 * abs(scale), 12 * abs(scale), t)})
    inside = sum(2 * quad(lambda s: norm.pdf(s) * ndtr(-s / scale), *ends, epsabs=1e-14)[0] for ends in pairwise(marks))
    flipped = inside if where == "near" else theta / np.pi - inside
    return float(mass + theta / np.pi - 2 * flipped)


@settings(max_examples=40, deadline=None)
@given(theta=st.floats(0.001, np.pi - 0.001), mass=st.floats(0.001, 0.999), where=st.sampled_from(["far", "near"]))
def test_flipped_error_by_quadrature(theta: float, mass: float, where: str) -> None:
    value = theory.flipped_label_error(theta, mass, where)
    assert value == pytest.approx(flipped_error(theta, mass, where), abs=1e-11)
    assert 0.0 <= value <= 1.0
    assert value + theory.flipped_label_error(np.pi - theta, mass, where) == pytest.approx(1.0, abs=1e-12)
    # All labels turned round: near flips become far ones of the rest.
    other = "near" if where == "far" else "far"
    assert value + theory.flipped_label_error(theta, 1.0 - mass, other) == pytest.approx(1.0, abs=1e-10)
    best = theory.flipped_label_optimum(mass, where)
    assert best.error <= value + 1e-12
    assert best.error <= 0.5


@pytest.mark.parametrize("theta", [1e-4, 1e-3, 0.02, 0.1, 1.5, np.pi / 2, 1.6, 3.1, np.pi - 1e-3])
@pytest.mark.parametrize("mass", [1e-9, 1e-4, 0.01, 0.4, 0.9, 0.9999])
def test_flipped_error_at_all_scales(theta: float, mass: float) -> None:
    for where in ("far", "near"):
        assert theory.flipped_label_error(theta, mass, where) == pytest.approx(flipped_error(theta, mass, where), abs=2e-11)


def test_flipped_error_by_hand() -> None:
    np.testing.assert_allclose(theory.flipped_label_error(0.5, [0.1, 0.2], "far"), [0.2590890, 0.3581682], atol=6e-8)
    for where in ("far", "near"):
        assert theory.flipped_label_error(0.0, 0.2, where) == pytest.approx(0.2, rel=1e-15, abs=1e-15)
    assert theory.flipped_label_error(np.pi, 0.2, "far") == pytest.approx(0.8, rel=1e-15)
    assert theory.flipped_label_error(np.pi / 2, 0.2, "near") == pytest.approx(0.5, abs=1e-13)
    # Few far flips leave the wedge alone; at a small angle far flips are not in it.
    assert theory.flipped_label_error(0.3, 1e-15, "far") == pytest.approx(0.3 / np.pi, rel=1e-12)
    assert theory.flipped_label_error(0.01, 0.2, "far") == pytest.approx(0.2 + 0.01 / np.pi, rel=1e-13)
    assert theory.flipped_label_error(0.01, 0.2, "near") == pytest.approx(0.2 - 0.01 / np.pi, rel=1e-13)
    # Above the line of random noise of the same rate.
    theta = np.linspace(0.0, np.pi / 2, 100)
    curve = theory.flipped_label_error(theta, 0.3, "far")
    assert np.all(curve >= 0.3 + 0.4 * theta / np.pi - 1e-13)
    assert np.all(np.diff(curve, 2) < 1e-13)
    assert theory.flipped_label_error([0.1, 2.0], [[0.1], [0.2], [0.3]], "near").shape == (3, 2)
    assert isinstance(theory.flipped_label_error(1, 0.5, "far"), float)


@pytest.mark.parametrize(
    ("mass", "where", "angle", "error"),
    [
        (0.1, "near", 0.106931, 0.0760075),
        (0.3, "near", 0.333404, 0.2257268),
        (0.65, "near", np.pi, 0.35),
        (0.45, "far", 2.445023, 0.399331),
        (0.3, "far", 0.0, 0.3),
        (0.9, "far", np.pi - 0.106931, 0.0760075),
    ],
)
def test_flipped_optimum_printed_values(mass: float, where: str, angle: float, error: float) -> None:
    best = theory.flipped_label_optimum(mass, where)
    assert best.angle == pytest.approx(angle, abs=6e-7)
    assert best.error == pytest.approx(error, abs=6e-7)


@pytest.mark.parametrize("mass", [0.02, 0.25, 0.41, 0.43, 0.5, 0.57, 0.6, 0.75, 0.98])
@pytest.mark.parametrize("where", ["far", "near"])
def test_flipped_optimum_by_search(mass: float, where: str) -> None:
    grid = np.linspace(0.0, np.pi, 1201)
    values = theory.flipped_label_error(grid, mass, where)
    k = int(np.argmin(values))
    ends = grid[max(k - 1, 0)], grid[min(k + 1, grid.size - 1)]
    found = minimize_scalar(lambda theta: theory.flipped_label_error(theta, mass, where), bounds=ends, method="bounded", options={"xatol": 1e-10})
    best = theory.flipped_label_optimum(mass, where)
    assert best.error == pytest.approx(min(float(found.fun), float(values[k])), abs=1e-9)
    assert best.angle == pytest.approx(found.x, abs=2e-5)
    assert best.error == pytest.approx(theory.flipped_label_error(best.angle, mass, where), abs=1e-12)


def test_critical_mass() -> None:
    critical = theory.critical_flipped_mass()
    assert critical == pytest.approx(0.418745, abs=6e-7)
    # Both are equally good there.
    sine = norm.isf(critical / 2) / math.sqrt(2 * math.log(2))
    assert theory.flipped_label_error(np.pi - math.asin(sine), critical, "far") == pytest.approx(critical, abs=1e-12)
    assert theory.flipped_label_optimum(critical - 1e-6, "far").angle == 0.0
    assert theory.flipped_label_optimum(critical + 1e-6, "far").angle > 2.0
    assert theory.flipped_label_optimum(1 - critical - 1e-6, "near").angle < 1.0
    assert theory.flipped_label_optimum(1 - critical + 1e-6, "near").angle == pytest.approx(np.pi, rel=1e-15)


OPEN_ANGLE = "angle must be finite and > 0 and < 3.14159; got"
OPTIMAL = r"optimal_error must be finite and > 0 and < 0\.5; got"
FLIPPED = "flipped_mass must be finite and > 0 and < 1; got"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.adversarial_flip_threshold(0.0, 1.0, 0.1), OPEN_ANGLE + r" 0\.0"),
        (lambda: theory.adversarial_flip_threshold(np.pi, 1.0, 0.1), OPEN_ANGLE),
        (lambda: theory.adversarial_worst_gradient(1.0, 0.0, 0.1), "ramp_width must be finite and > 0; got"),
        (lambda: theory.adversarial_worst_gradient(1.0, 1.0, 0.0), OPTIMAL),
        (lambda: theory.adversarial_minimum_gradient(1.0, 1.0, 0.5), OPTIMAL),
        (lambda: theory.adversarial_minimum_gradient(1.0, 1.0, [0.1, np.nan]), OPTIMAL),
        (lambda: theory.adversarial_error_ratio(0.0), "error_over_width must be finite and > 0; got"),
        (lambda: theory.flipped_label_error(-0.1, 0.1, "far"), "angle must be finite and >= 0 and <= 3.14159; got"),
        (lambda: theory.flipped_label_error(3.2, 0.1, "far"), "angle must be finite and >= 0 and <= 3.14159; got"),
        (lambda: theory.flipped_label_error(0.1, 0.0, "far"), FLIPPED),
        (lambda: theory.flipped_label_error(0.1, 1.0, "far"), FLIPPED),
        (lambda: theory.flipped_label_error(0.1, 0.1, "middle"), "where must be one of 'far', 'near'; got 'middle'"),
        (lambda: theory.flipped_label_optimum(0.0, "far"), FLIPPED),
        (lambda: theory.flipped_label_optimum(1.0, "near"), FLIPPED),
        (lambda: theory.flipped_label_optimum(0.2, "middle"), "where must be one of"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
