"""Efficiencies of unlabelled terms and their choice in the plane, against definitions in more digits, limits and symmetries."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory

DISTANCES = st.floats(0.01, 6.0)
WIDTHS = st.floats(0.01, 12.0)


def by_definition(s: float, tau: float) -> mpmath.mpf:
    with mpmath.workdps(40):
        s, tau = mpmath.mpf(s), mpmath.mpf(tau)
        right, left = mpmath.ncdf(tau - s) - mpmath.ncdf(-s), mpmath.ncdf(-s) - mpmath.ncdf(-tau - s)
        return (right - left) ** 2 / (right + left)


@pytest.mark.parametrize("s", [1e-6, 0.1, 1.0, 4.0, 12.0, 30.0])
@pytest.mark.parametrize("tau", [1e-4, 0.3, 1.0, 5.0, 40.0])
def test_ramp_efficiency_in_forty_digits(s: float, tau: float) -> None:
    expected = by_definition(s, tau)
    assert theory.ramp_efficiency(s, tau) == pytest.approx(float(expected), rel=2e-13, abs=1e-300)


@settings(max_examples=40, deadline=None)
@given(s=DISTANCES, tau=WIDTHS, factor=st.floats(1.01, 3.0))
def test_efficiencies_are_ordered(s: float, tau: float, factor: float) -> None:
    narrow, wide, widest = (theory.ramp_efficiency(s, width) for width in (tau, factor * tau, np.inf))
    # Once nearly all of the law lies within tau the last digits are all that differ.
    assert narrow <= wide * (1 + 1e-13)
    assert wide <= widest * (1 + 1e-13)
    assert narrow < wide or tau > s + 6
    best = theory.unlabeled_information(s)
    assert max(widest, theory.pca_efficiency(s)) < best * (1 + 1e-13)
    assert 0.0 <= narrow < 1.0


def test_limits_of_the_efficiencies() -> None:
    s = np.array([0.2, 1.0, 3.0])
    assert theory.ramp_efficiency(s, 1e-4) / (s**2 * norm.pdf(s) * 1e-12 / 2) == pytest.approx(np.ones(3), rel=1e-6)
    assert theory.ramp_efficiency(s, s + 20.0) == pytest.approx(theory.ramp_efficiency(s, np.inf), rel=1e-13)
    assert theory.ramp_efficiency(1e-5, np.inf) / (2e-10 / math.pi) == pytest.approx(1.0, rel=1e-9)
    assert theory.ramp_efficiency(40.0, 1.0) == pytest.approx(0.0, abs=1e-300)
    assert theory.ramp_efficiency(0.0, [1.0, np.inf]).tolist() == [0.0, 0.0]
    assert theory.pca_efficiency([0.0, 1.0, 3.0]) == pytest.approx([0.0, 0.5, 0.9])


def test_shapes_and_the_crossing() -> None:
    assert theory.ramp_efficiency(np.ones((3, 1)), [0.5, np.inf]).shape == (3, 2)
    assert isinstance(theory.ramp_efficiency(1, 2), float)
    assert isinstance(theory.pca_efficiency(1), float)
    crossing = theory.ramp_meets_pca()
    assert theory.ramp_efficiency(crossing, np.inf) == pytest.approx(theory.pca_efficiency(crossing), rel=1e-13)
    assert crossing == pytest.approx(1.187040, abs=6e-7)


def test_anisotropy_threshold_is_where_the_axes_are_charged_alike() -> None:
    for s in (0.3, 1.0, 2.0):
        for tau in (0.2, 1.0, 3.0):
            edge = theory.anisotropy_threshold(s, tau)
            across, along = theory.expected_unlabeled_ramp(0.0, edge, tau), theory.expected_unlabeled_ramp(s, 1.0, tau)
            assert across == pytest.approx(along, rel=1e-12)
        edge = theory.anisotropy_threshold(s)
        assert theory.mean_absolute_margin(0.0, edge) == pytest.approx(theory.mean_absolute_margin(s), rel=1e-14)
        edge = theory.anisotropy_threshold(s, 0.0)
        assert norm.pdf(0.0, 0.0, edge) == pytest.approx(norm.pdf(0.0, s, 1.0), rel=1e-14)
        order = [theory.anisotropy_threshold(s, tau) for tau in (np.inf, 5.0, 1.0, 0.1, 0.0)]
        assert np.all(np.diff(order) > -1e-12)
    for tau in (0.0, 1.0, np.inf):
        assert theory.anisotropy_threshold(0.0, tau) == pytest.approx(1.0, abs=1e-8)
    assert theory.anisotropy_threshold([0.5, 1.0], 1.0).shape == (2,)


def test_round_classes_lead_to_the_mean() -> None:
    for angle in (-1.2, -0.3, 0.0, 0.7, 1.5):
        mean = [1.3 * math.cos(angle), 1.3 * math.sin(angle)]
        for tau in (0.0, 0.7, np.inf):
            for cost in ("euclidean", "mahalanobis"):
                chosen = theory.unlabeled_plane_choice(mean, np.eye(2) * 0.8, tau, cost=cost)
                assert chosen.angle == pytest.approx(angle, abs=3e-7)
                assert chosen.risk == pytest.approx(theory.bayes_risk(1.3 / math.sqrt(0.8)), abs=1e-12)


def test_choice_turns_with_the_plane_and_scales_with_lengths() -> None:
    mean, sigma = np.array([1.2, 0.7]), np.array([[1.0, 0.3], [0.3, 2.0]])
    base = theory.unlabeled_plane_choice(mean, sigma, 0.8)
    turn = 0.4
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    turned = theory.unlabeled_plane_choice(rotation @ mean, rotation @ sigma @ rotation.T, 0.8)
    assert turned.angle == pytest.approx(base.angle + turn, abs=1e-6)
    assert turned.risk == pytest.approx(base.risk, abs=1e-9)
    scaled = theory.unlabeled_plane_choice(3 * mean, 9 * sigma, 2.4)
    assert scaled.angle == pytest.approx(base.angle, abs=1e-6)
    # Every direction of a fine grid is charged more, and the best rule is at another angle.
    for angle in np.linspace(-1.57, 1.57, 300):
        w = np.array([math.cos(angle), math.sin(angle)])
        charge = theory.expected_unlabeled_ramp(float(w @ mean), math.sqrt(w @ sigma @ w), 0.8)
        best = np.array([math.cos(base.angle), math.sin(base.angle)])
        assert charge >= theory.expected_unlabeled_ramp(float(best @ mean), math.sqrt(best @ sigma @ best), 0.8) - 1e-13
    lda = theory.bayes_direction(mean, sigma)
    repaired = theory.unlabeled_plane_choice(mean, sigma, 0.8, cost="mahalanobis")
    assert math.tan(repaired.angle) == pytest.approx(lda[1] / lda[0], abs=1e-6)
    assert repaired.risk < base.risk


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.ramp_efficiency(-1.0, 1.0), "half_distance must be finite and >= 0; got -1.0"),
        (lambda: theory.ramp_efficiency(1.0, 0.0), "threshold must be finite and > 0"),
        (lambda: theory.ramp_efficiency(1.0, np.nan), "threshold must be finite and > 0"),
        (lambda: theory.ramp_efficiency(1.0, -np.inf), "threshold must be finite and > 0"),
        (lambda: theory.ramp_efficiency(1.0, "wide"), "threshold must be finite"),
        (lambda: theory.pca_efficiency(np.nan), "half_distance must be finite and >= 0; got nan"),
        (lambda: theory.anisotropy_threshold(-0.1), "half_distance must be finite and >= 0; got -0.1"),
        (lambda: theory.anisotropy_threshold(1.0, -1.0), "threshold must be finite and >= 0; got -1.0"),
        (lambda: theory.unlabeled_plane_choice([0.0, 0.0], np.eye(2), 1.0), "mean must not be 0"),
        (lambda: theory.unlabeled_plane_choice([1.0, 0.0, 0.0], np.eye(2), 1.0), "mean must have shape"),
        (lambda: theory.unlabeled_plane_choice([1.0, 0.0], np.diag([1.0, -1.0]), 1.0), "covariance_matrix must be positive definite"),
        (lambda: theory.unlabeled_plane_choice([1.0, 0.0], np.eye(2), 1.0, cost="l1"), "cost must be one of 'euclidean', 'mahalanobis'; got 'l1'"),
        (lambda: theory.unlabeled_plane_choice([1.0, 0.0], np.eye(2), np.nan), "threshold must be finite and >= 0; got nan"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        call()
