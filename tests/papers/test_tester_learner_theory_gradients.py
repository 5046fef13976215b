"""Disagreement, surrogate losses, their gradients and the angle from them: references by other routes, limits, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.papers.tester_learner import closed_form as theory

ANGLE = st.floats(0.02, np.pi - 0.02)
WIDTH = st.floats(0.02, 3.0)
ETA = st.floats(0.0, 0.49)


def slope_at_width_one(t: float, loss: str) -> float:
    """Return l'(t), written out piece by piece."""
    t = abs(t)
    if loss == "logistic":
        return math.exp(-t) / (1.0 + math.exp(-t)) ** 2
    if loss == "ramp":
        return float(t <= 0.5)
    if t <= 1.0 / 6.0:
        return 1.0
    return -0.75 + 15.0 * t - 27.0 * t * t if t <= 0.5 else 0.0


# Disagreement


def test_disagreement_by_hand() -> None:
    assert theory.angle_disagreement_probability(0.0) == 0.0
    assert theory.angle_disagreement_probability(np.pi) == 1.0
    assert theory.angle_disagreement_probability(0.3) == pytest.approx(0.0954930, abs=5e-8)
    assert theory.random_classification_error(np.pi / 2, 0.3) == pytest.approx(0.5, rel=1e-15)
    assert theory.random_classification_error(0.0, 0.3) == 0.3
    assert theory.random_classification_error(np.pi, 0.1) == pytest.approx(0.9, rel=1e-15)
    assert theory.random_classification_error(0.3, 0.1) == pytest.approx(0.1 + 0.8 * 0.3 / np.pi, rel=1e-15)
    assert theory.massart_excess_range(0.4, 0.1) == pytest.approx((0.32, 0.4), rel=1e-15)
    assert theory.massart_excess_range(0.4, 0.0) == (0.4, 0.4)
    assert theory.massart_excess_range(1.0, 0.25) == (0.5, 1.0)


def test_disagreement_is_the_mass_of_two_sectors() -> None:
    for theta in (0.3, 1.2, 2.5):
        # b + a cot(theta) and a have different signs.
        mass = 2 * quad(lambda a, theta=theta: norm.pdf(a) * ndtr(-a / math.tan(theta)), 0, np.inf, epsabs=1e-13)[0]
        assert theory.angle_disagreement_probability(theta) == pytest.approx(mass, rel=1e-10)


def test_disagreement_broadcasts() -> None:
    assert theory.random_classification_error([0.1, 0.2, 0.3], [[0.1], [0.2]]).shape == (2, 3)
    low, high = theory.massart_excess_range([0.1, 0.2, 0.3], [[0.1], [0.2]])
    assert low.shape == high.shape == (2, 3)
    np.testing.assert_array_equal(high[1], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(low[1], [0.06, 0.12, 0.18], rtol=1e-15)
    for value in (theory.angle_disagreement_probability(1), theory.random_classification_error(1, 0), *theory.massart_excess_range(1, 0)):
        assert isinstance(value, float)


# Surrogate losses


@pytest.mark.parametrize("loss", theory.LOSSES)
def test_losses_are_the_integrals_of_their_slopes(loss: str) -> None:
    width = 0.7
    for t in (-0.4, -0.2, -0.05, 0.0, 0.1, 0.25, 0.34, 0.5, 2.0):
        corners = [x * width for x in (-0.5, -1 / 6, 1 / 6, 0.5) if x * width < t]
        pieces = [-40.0 * width, *corners, t]
        area = sum(quad(lambda x: slope_at_width_one(x / width, loss) / width, a, b, epsabs=1e-13)[0] for a, b in pairwise(pieces))
        assert theory.surrogate_loss(t, width, loss) == pytest.approx(area, abs=2e-13)
        assert theory.surrogate_loss(t, width, loss) + theory.surrogate_loss(-t, width, loss) == pytest.approx(1.0, abs=1e-15)
        assert theory.surrogate_loss_slope(t, width, loss) == pytest.approx(slope_at_width_one(t / width, loss) / width, rel=1e-12, abs=1e-14)
        assert theory.surrogate_loss_slope(-t, width, loss) == theory.surrogate_loss_slope(t, width, loss)


def test_shapes_of_the_losses() -> None:
    t = np.linspace(-1.0, 1.0, 4001)
    for loss in theory.LOSSES:
        values = theory.surrogate_loss(t, 0.6, loss)
        assert np.all(np.diff(values) >= 0.0)
        assert values.min() >= 0.0
        assert values.max() <= 1.0
        assert isinstance(theory.surrogate_loss(0, 1, loss), float)
        assert isinstance(theory.surrogate_loss_slope(0, 1, loss), float)
        assert theory.surrogate_loss([0.1, 0.2], [[1.0], [2.0], [3.0]], loss).shape == (3, 2)
        assert theory.surrogate_loss_slope([0.1, 0.2], [[1.0], [2.0], [3.0]], loss).shape == (3, 2)
    # The ramp counts its corners to the inside; all are flat beyond sigma/2.
    np.testing.assert_array_equal(theory.surrogate_loss_slope([0.3, 0.3001, -0.3], 0.6), [1 / 0.6, 0.0, 1 / 0.6])
    np.testing.assert_array_equal(theory.surrogate_loss([-5.0, -0.3, 0.0, 0.15, 0.3, 5.0], 0.6), [0.0, 0.0, 0.5, 0.75, 1.0, 1.0])
    np.testing.assert_allclose(theory.surrogate_loss([-5.0, -0.3, 0.0, 0.1, 0.3, 5.0], 0.6, "smooth_ramp"), [0, 0, 0.5, 2 / 3, 1, 1], atol=1e-15)
    # Continuous slope, at most 4/(3 sigma), curvature at most 12/sigma^2.
    slope = theory.surrogate_loss_slope(t, 0.6, "smooth_ramp")
    assert 0.9999 * 4 / 3 / 0.6 < slope.max() <= 4 / 3 / 0.6
    assert theory.surrogate_loss_slope(5 / 18, 1.0, "smooth_ramp") == pytest.approx(4 / 3, rel=1e-15)
    curvature = np.abs(np.diff(slope)) / (t[1] - t[0])
    assert 0.99 * 12 / 0.36 < curvature.max() <= 12 / 0.36
    assert slope[np.abs(t) <= 0.1] == pytest.approx(1 / 0.6, rel=1e-15)
    assert theory.surrogate_loss_slope(400.0, 0.1, "logistic") == 0.0


# Gradients


@pytest.mark.parametrize("loss", theory.LOSSES)
def test_gradient_profile_in_long_arithmetic(loss: str) -> None:
    """Both sides of the smooth ramp's border at .3, narrow and wide."""
    for r in (1e-4, 0.03, 0.2999, 0.3001, 1.0, 7.0, 1e3):
        with mpmath.workdps(30):
            ratio = mpmath.mpf(r)

            def slope(t: Any) -> Any:
                if loss == "logistic":
                    return 1 / (4 * mpmath.cosh(t / 2) ** 2)
                return mpmath.mpf(1) if loss == "ramp" or t * 6 <= 1 else -mpmath.mpf(3) / 4 + 15 * t - 27 * t * t

            end = mpmath.mpf(80) if loss == "logistic" else mpmath.mpf(1) / 2
            marks = sorted({min(x, end) for x in (mpmath.mpf(0), mpmath.mpf(1) / 6, end, *(k * ratio for k in (1, 3, 6, 12, 20)), 1, 3, 10, 30)})
            reference = 2 / mpmath.pi * mpmath.quad(lambda t, ratio=ratio: slope(t) * mpmath.exp(-((t / ratio) ** 2) / 2), marks)
        assert theory.gradient_profile(r, loss) == pytest.approx(float(reference), rel=2e-13, abs=0.0)


@settings(max_examples=25, deadline=None)
@given(theta=ANGLE, width=WIDTH, eta=ETA, loss=st.sampled_from(theory.LOSSES))
def test_gradient_is_the_mean_over_a_and_b(theta: float, width: float, eta: float, loss: str) -> None:
    """E[y l'(a) b] by integrals over a, with E_b[b sign(b + z)] = 2 phi(z)."""

    def integrand(a: float) -> float:
        return 2.0 * norm.pdf(a) * slope_at_width_one(a / width, loss) / width * norm.pdf(a / math.tan(theta))

    end = 40.0 * width if loss == "logistic" else width / 2
    scale = abs(math.sin(theta))
    marks = sorted({min(x, end) for x in (0.0, width / 6, end, scale, 3 * scale, 9 * scale, 40 * scale)})
    total = 2 * sum(quad(integrand, low, high, epsabs=1e-13, epsrel=1e-11)[0] for low, high in pairwise(marks))
    value = theory.surrogate_gradient(theta, width, eta, loss)
    assert value == pytest.approx((1 - 2 * eta) * total, rel=1e-9, abs=1e-12)
    assert 0.0 < value < (1 - 2 * eta) / np.pi
    assert value == pytest.approx(theory.surrogate_gradient(np.pi - theta, width, eta, loss), rel=1e-10)


def test_mean_of_b_times_the_sign() -> None:
    for z in (-1.3, 0.0, 0.4, 3.0):
        mean = quad(lambda b, z=z: b * norm.pdf(b) * np.sign(b + z), -12, 12, points=[-z], epsabs=1e-13)[0]
        assert mean == pytest.approx(2 * norm.pdf(z), abs=1e-12)


def test_gradient_printed_values() -> None:
    np.testing.assert_allclose(
        [theory.surrogate_gradient([0.3, 0.05], 0.2, [0.1, 0.3], loss) for loss in theory.LOSSES],
        [[0.249870, 0.076134], [0.250636, 0.080692], [0.167865, 0.019637]],
        atol=6e-7,
    )
    assert theory.surrogate_gradient(1.2, 0.5, 0.4) == pytest.approx(0.062907, abs=6e-7)


@pytest.mark.parametrize(("loss", "centre"), [("ramp", 1.0), ("smooth_ramp", 1.0), ("logistic", 0.25)])
def test_gradient_limits(loss: str, centre: float) -> None:
    with np.errstate(divide="raise", invalid="raise"):
        assert theory.gradient_profile(0.0, loss) == 0.0
    assert theory.gradient_profile(1e-9, loss) == pytest.approx(math.sqrt(2 / np.pi) * 1e-9 * centre, rel=1e-12)
    assert theory.gradient_profile(1e9, loss) == pytest.approx(1 / np.pi, rel=1e-14)
    # 1 - r^(-2) E t^2/2 far out, the second moments of the slopes being 1/12, .0682 and pi^2/3.
    second = 2 * quad(lambda t: t * t * slope_at_width_one(t, loss), 0, 60 if loss == "logistic" else 0.5, points=[1 / 6], epsabs=1e-13)[0]
    assert (1 - np.pi * theory.gradient_profile(1e3, loss)) * 1e6 == pytest.approx(second / 2, rel=1e-4)
    for eta in (0.0, 0.4):
        assert theory.surrogate_gradient(0.0, 0.3, eta, loss) == 0.0
        assert theory.surrogate_gradient(np.pi, 0.3, eta, loss) == 0.0
    ratios = np.geomspace(1e-6, 1e4, 400)
    values = theory.gradient_profile(ratios, loss)
    assert np.all(np.diff(values) > 0.0)
    # Concave where the slope falls from the middle.
    assert loss == "smooth_ramp" or np.all(np.diff(values / ratios) < 1e-14)


def test_gradient_shapes() -> None:
    for loss in theory.LOSSES:
        assert theory.surrogate_gradient([0.1, 0.2, np.pi], [[0.3], [0.5]], 0.1, loss).shape == (2, 3)
        assert isinstance(theory.surrogate_gradient(1, 1, 0, loss), float)
        assert isinstance(theory.gradient_profile(1, loss), float)
    assert theory.surrogate_gradient(0.4, 0.3, 0.1) == theory.surrogate_gradient(0.4, 0.3, 0.1, "ramp")


@settings(max_examples=40, deadline=None)
@given(theta=st.floats(0.0, np.pi / 2, allow_subnormal=False), width=st.floats(0.05, 1.0), eta=ETA)
def test_angle_from_the_gradient(theta: float, width: float, eta: float) -> None:
    norm_ = theory.surrogate_gradient(theta, width, eta)
    # The profile is flat at wide ratios, so rounding of the gradient costs the angle digits.
    flat = (theory.gradient_profile(1.0 / width * 0.999) - theory.gradient_profile(1.0 / width * 0.998)) * width / 1e-3
    tolerance = min(1e-11 + 1e-14 / max(flat, 1e-12) + 2e-6 * (theta > 1.5), 0.1)
    assert theory.angle_from_gradient_norm(norm_, width, eta) == pytest.approx(theta, abs=tolerance)


def test_angle_from_the_gradient_by_hand() -> None:
    np.testing.assert_allclose(theory.angle_from_gradient_norm([0.05, 0.1], 0.2, 0.2), [0.020890, 0.042593], atol=6e-7)
    assert theory.angle_from_gradient_norm(0.0, 0.2, 0.2) == 0.0
    assert theory.angle_from_gradient_norm(1e-9, 0.2, 0.2) == pytest.approx(0.2e-9 * math.sqrt(np.pi / 2) / 0.6, rel=1e-12)
    assert theory.angle_from_gradient_norm(1e-200, 0.2, 0.2) == pytest.approx(0.2e-200 * math.sqrt(np.pi / 2) / 0.6, rel=1e-9)
    largest = theory.surrogate_gradient(np.pi / 2, 0.9, 0.1)
    assert theory.angle_from_gradient_norm(largest, 0.9, 0.1) == pytest.approx(np.pi / 2, abs=1e-6)
    # Rounding of the largest norm is forgiven, more is not.
    assert theory.angle_from_gradient_norm(largest * (1 + 5e-13), 0.9, 0.1) == pytest.approx(np.pi / 2, abs=1e-6)
    for eta in (0.1, 0.4):
        norm_ = theory.surrogate_gradient(0.7, 0.9, eta)
        assert theory.angle_from_gradient_norm(norm_, 0.9, eta) == pytest.approx(0.7, rel=1e-12)
        assert theory.angle_from_gradient_norm(theory.surrogate_gradient(2.5, 0.9, eta), 0.9, eta) == pytest.approx(np.pi - 2.5, rel=1e-12)
    assert theory.angle_from_gradient_norm([0.01, 0.02], [[0.2], [0.4], [0.6]], 0.1).shape == (3, 2)
    assert isinstance(theory.angle_from_gradient_norm(0, 1, 0), float)
    with pytest.raises(ValueError, match=r"gradient_norm must be at most .*, 0\.181139; got 0\.3"):
        theory.angle_from_gradient_norm([0.01, 0.3], [0.2, 0.5], [0.1, 0.2125])


ANGLE_RANGE = "angle must be finite and >= 0 and <= 3.14159; got"
OPEN_ANGLE = "angle must be finite and > 0 and < 3.14159; got"
RATE = r"noise_rate must be finite and >= 0 and < 0\.5; got"
WIDTH_RANGE = "ramp_width must be finite and > 0; got"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.angle_disagreement_probability(-0.1), ANGLE_RANGE + " -0.1"),
        (lambda: theory.angle_disagreement_probability([0.1, 3.2]), ANGLE_RANGE),
        (lambda: theory.angle_disagreement_probability(np.nan), ANGLE_RANGE),
        (lambda: theory.random_classification_error(4.0, 0.1), ANGLE_RANGE),
        (lambda: theory.random_classification_error(0.1, 0.5), RATE + r" 0\.5"),
        (lambda: theory.random_classification_error(0.1, -0.01), RATE),
        (lambda: theory.massart_excess_range(1.01, 0.1), "disagreement must be finite and >= 0 and <= 1; got"),
        (lambda: theory.massart_excess_range(-0.01, 0.1), "disagreement must be finite and >= 0 and <= 1; got"),
        (lambda: theory.massart_excess_range(0.3, 0.5), RATE),
        (lambda: theory.massart_excess_range(0.3, -0.1), RATE),
        (lambda: theory.surrogate_loss(np.inf, 1.0), "margin must be finite; got"),
        (lambda: theory.surrogate_loss(0.1, 0.0), WIDTH_RANGE),
        (lambda: theory.surrogate_loss(0.1, 1.0, "hinge"), "loss must be one of 'ramp', 'smooth_ramp', 'logistic'; got 'hinge'"),
        (lambda: theory.surrogate_loss_slope("x", 1.0), "margin must be finite; got"),
        (lambda: theory.surrogate_loss_slope(0.1, 0.0), WIDTH_RANGE),
        (lambda: theory.surrogate_loss_slope(0.1, 1.0, "hinge"), "loss must be one of"),
        (lambda: theory.gradient_profile(-1.0), "ratio must be finite and >= 0; got"),
        (lambda: theory.gradient_profile(1.0, "hinge"), "loss must be one of"),
        (lambda: theory.surrogate_gradient(3.2, 1.0, 0.1), ANGLE_RANGE),
        (lambda: theory.surrogate_gradient(-0.1, 1.0, 0.1), ANGLE_RANGE),
        (lambda: theory.surrogate_gradient(1.0, 0.0, 0.1), WIDTH_RANGE),
        (lambda: theory.surrogate_gradient(1.0, 1.0, 0.5), RATE),
        (lambda: theory.surrogate_gradient(1.0, 1.0, -0.1), RATE),
        (lambda: theory.surrogate_gradient(1.0, 1.0, 0.1, "hinge"), "loss must be one of"),
        (lambda: theory.angle_from_gradient_norm(-0.1, 1.0, 0.1), "gradient_norm must be finite and >= 0; got"),
        (lambda: theory.angle_from_gradient_norm(0.1, 0.0, 0.1), WIDTH_RANGE),
        (lambda: theory.angle_from_gradient_norm(0.1, 1.0, 0.5), RATE),
        (lambda: theory.angle_from_gradient_norm(0.1, 1.0, -0.1), RATE),
        (lambda: theory.angle_from_gradient_norm(1 / np.pi, 0.001, 0.0), "gradient_norm must be at most"),
        (lambda: theory.massart_worst_gradient(0.0, 1.0, 0.1), OPEN_ANGLE),
        (lambda: theory.massart_worst_gradient(np.pi, 1.0, 0.1), OPEN_ANGLE),
        (lambda: theory.massart_worst_gradient(1.0, 0.0, 0.1), WIDTH_RANGE),
        (lambda: theory.massart_worst_gradient(1.0, 1.0, 0.5), RATE),
        (lambda: theory.massart_worst_gradient(1.0, 1.0, -0.1), RATE),
        (lambda: theory.massart_critical_ratio(0.5), RATE),
        (lambda: theory.massart_critical_ratio(-0.1), RATE),
        (lambda: theory.massart_critical_angle(0.0, 0.1), WIDTH_RANGE),
        (lambda: theory.massart_critical_angle(1.0, 0.5), RATE),
        (lambda: theory.massart_critical_angle(1.0, -0.1), RATE),
        (lambda: theory.averaging_angle(np.pi / 2, 0.1), "angle must be finite and >= 0 and < 1.5708; got"),
        (lambda: theory.averaging_angle(-0.1, 0.1), "angle must be finite and >= 0 and < 1.5708; got"),
        (lambda: theory.averaging_angle(0.1, 0.5), RATE),
        (lambda: theory.averaging_angle(0.1, -0.1), RATE),
        (lambda: theory.band_probability(0.0), "half_width must be finite and > 0; got"),
        (lambda: theory.band_second_moment(0.0), "half_width must be finite and > 0; got"),
        (lambda: theory.band_mean_distance(0.0), "half_width must be finite and > 0; got"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
