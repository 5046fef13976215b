"""The ramp loss, its expectations under normal margins, and the information of an unlabelled sample, against their definitions."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory

MEANS = st.floats(-3.0, 3.0)
DEVIATIONS = st.floats(0.2, 3.0)
WIDTHS = st.floats(0.05, 20.0)


def by_quadrature(loss, mean: float, deviation: float, kinks: tuple[float, ...]) -> float:
    low, high = mean - 12 * deviation, mean + 12 * deviation
    edges = sorted({low, high, *(kink for kink in kinks if low < kink < high)})
    return sum(quad(lambda t: loss(t) * norm.pdf(t, mean, deviation), *ends, epsabs=1e-13)[0] for ends in itertools.pairwise(edges))


def test_the_ramp_is_the_worst_case_it_stands_for() -> None:
    """The loss is the supremum of 1{t' <= 0} - price of moving t to t', by search over t'."""
    moved = np.linspace(-4.0, 4.0, 160_001)
    for slope in (0.3, 1.0, 7.0):
        for margin in (-1.5, -1e-3, 0.0, 0.13, 0.9, 3.5):
            for cost, price in (("distance", np.abs(moved - margin)), ("squared_distance", (moved - margin) ** 2)):
                worst = np.max((moved <= 0.0) - slope * price)
                assert theory.ramp_loss(margin, slope, cost=cost) == pytest.approx(worst, abs=1e-9)


def test_the_ramp_by_hand() -> None:
    assert theory.ramp_loss([-1.0, 0.0, 0.25, 0.5, 2.0], 2.0).tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert theory.ramp_loss([-1.0, 0.0, 0.5, 2.0], 2.0, cost="squared_distance").tolist() == [1.0, 1.0, 0.5, 0.0]
    # What may be moved for nothing is always lost.
    assert theory.ramp_loss(5.0, 0.0) == 1.0
    assert isinstance(theory.ramp_loss(0.1, 1.0), float)
    assert theory.ramp_loss(np.ones((3, 1)), np.ones(2)).shape == (3, 2)


@settings(max_examples=40, deadline=None)
@given(mean=MEANS, deviation=DEVIATIONS, width=WIDTHS)
def test_expectations_are_the_integrals(mean: float, deviation: float, width: float) -> None:
    labeled = by_quadrature(lambda t: theory.ramp_loss(t, 1.0 / width), mean, deviation, (0.0, width))
    assert theory.expected_ramp_loss(mean, deviation, 1.0 / width) == pytest.approx(labeled, abs=1e-11)
    unlabeled = by_quadrature(lambda t: max(0.0, 1.0 - abs(t) / width), mean, deviation, (-width, 0.0, width))
    assert theory.expected_unlabeled_ramp(mean, deviation, width) == pytest.approx(unlabeled, abs=1e-11)


@settings(max_examples=40, deadline=None)
@given(mean=MEANS, deviation=DEVIATIONS, width=WIDTHS)
def test_a_sample_is_charged_for_its_own_label_what_either_label_would_cost(mean: float, deviation: float, width: float) -> None:
    """max(0, 1 - |t|/tau) = ramp(t) + ramp(-t) - 1, so the two expectations are tied; and the unlabelled one is even in M."""
    both = theory.expected_ramp_loss(mean, deviation, 1.0 / width) + theory.expected_ramp_loss(-mean, deviation, 1.0 / width)
    term = theory.expected_unlabeled_ramp(mean, deviation, width)
    assert term == pytest.approx(both - 1.0, abs=1e-13)
    assert theory.expected_unlabeled_ramp(-mean, deviation, width) == pytest.approx(term, abs=1e-14)
    assert theory.expected_unlabeled_ramp(2 * mean, 2 * deviation, 2 * width) == pytest.approx(term, abs=1e-13)


def test_expectations_fall_with_the_margin_and_have_their_limits() -> None:
    means = np.linspace(0.0, 3.0, 31)
    for width in (0.3, 1.0, 4.0):
        assert np.all(np.diff(theory.expected_unlabeled_ramp(means, 1.0, width)) < 0)
        assert np.all(np.diff(theory.expected_ramp_loss(means, 1.0, 1.0 / width)) < 0)
    assert theory.expected_ramp_loss(0.8, 1.3, 1e9) == pytest.approx(norm.cdf(-0.8 / 1.3), abs=1e-8)
    assert theory.expected_ramp_loss(0.8, 1.3, 1e-9) == pytest.approx(1.0, abs=1e-8)
    # A narrow ramp sees the density at 0, a wide one the mean of |t|.
    assert theory.expected_unlabeled_ramp(0.8, 1.3, 1e-6) / 1e-6 == pytest.approx(norm.pdf(0.0, 0.8, 1.3), rel=1e-11)
    # Both formulas meet where one takes over from the other.
    for function in (theory.expected_unlabeled_ramp, lambda m, s, tau: theory.expected_ramp_loss(m, s, 1.0 / tau)):
        below, above = function(0.8, 1.3, 1.3 * (1 - 1e-12)), function(0.8, 1.3, 1.3 * (1 + 1e-12))
        assert below == pytest.approx(above, abs=3e-12)
    size = 0.8 * (2 * norm.cdf(0.8 / 1.3) - 1) + 2 * 1.3 * norm.pdf(0.8 / 1.3)
    assert (1 - theory.expected_unlabeled_ramp(0.8, 1.3, 1e4)) * 1e4 == pytest.approx(size, rel=1e-9)


def test_information_against_its_definition() -> None:
    """Both forms of E tanh, at both sides of the change of formula and far out, in 30 digits."""
    for a in (1e-9, 0.01, 0.3, 0.9999, 1.0, 1.0001, 2.25, 9.0, 60.0):
        with mpmath.workdps(30):
            root = mpmath.sqrt(mpmath.mpf(a))
            # The trapezoid rule errs by exp(-pi^2/(root step)): the poles are that near.
            step = min(mpmath.mpf(1) / 2, mpmath.mpf(1) / 5 / root)
            places = [k * step for k in range(-int(14 / step), int(14 / step) + 1)]
            weights = [step * mpmath.npdf(z) for z in places]
            bends = [mpmath.tanh(a + root * z) for z in places]
            square = mpmath.fsum(weight * bend**2 for weight, bend in zip(weights, bends, strict=True))
            first = mpmath.fsum(weight * bend for weight, bend in zip(weights, bends, strict=True))
            assert abs(square / first - 1) < 1e-15
            assert abs(theory.mean_tanh(a) / square - 1) < 1e-14
    assert theory.mean_tanh(0.0) == 0.0
    assert theory.mean_tanh([0.25, 1.0, 2.25, 4.0]) == pytest.approx([0.2040543, 0.5504005, 0.8027575, 0.9314026], abs=6e-8)


def test_information_is_increasing_concave_and_below_the_gaussian_one() -> None:
    s = np.linspace(0.0, 4.0, 401)
    worth = theory.unlabeled_information(s)
    assert np.all(np.diff(worth) > 0)
    assert np.all((worth >= 0) & (worth < 1))
    a = np.linspace(0.0, 20.0, 401)
    assert np.all(np.diff(theory.mean_tanh(a), 2) < 0)
    assert np.all(theory.mean_tanh(a) <= a)
    # More than the leading eigenvector extracts, s^2/(1 + s^2).
    assert np.all(worth[1:] > s[1:] ** 2 / (1 + s[1:] ** 2))
    assert theory.unlabeled_information(np.ones((2, 3))).shape == (2, 3)
    assert isinstance(theory.unlabeled_information(1), float)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.ramp_loss(np.nan, 1.0), "margin must be finite; got nan"),
        (lambda: theory.ramp_loss(1.0, -1.0), "slope must be finite and >= 0; got -1.0"),
        (lambda: theory.ramp_loss(1.0, 1.0, cost="l1"), "cost must be one of 'distance', 'squared_distance'; got 'l1'"),
        (lambda: theory.expected_ramp_loss(np.inf, 1.0, 1.0), "margin_mean must be finite; got inf"),
        (lambda: theory.expected_ramp_loss(1.0, 0.0, 1.0), "margin_deviation must be finite and > 0; got 0.0"),
        (lambda: theory.expected_ramp_loss(1.0, 1.0, 0.0), "slope must be finite and > 0; got 0.0"),
        (lambda: theory.expected_unlabeled_ramp("a", 1.0, 1.0), "margin_mean must be finite; got 'a'"),
        (lambda: theory.expected_unlabeled_ramp(1.0, -2.0, 1.0), "margin_deviation must be finite and > 0; got -2.0"),
        (lambda: theory.expected_unlabeled_ramp(1.0, 1.0, 0.0), "threshold must be finite and > 0; got 0.0"),
        (lambda: theory.mean_tanh(-0.1), "signal must be finite and >= 0; got -0.1"),
        (lambda: theory.unlabeled_information(-1.0), "half_distance must be finite and >= 0; got -1.0"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        call()
