"""Limits in many dimensions: symmetries, special cases, monotonicity and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory

S = st.floats(0.2, 3.0)
RATIO = st.floats(0.05, 20.0)
COSINE = st.floats(-1.0, 1.0)


@settings(max_examples=40, deadline=None)
@given(s=S, s1=S, r=COSINE, labels=RATIO, unlabeled=RATIO)
def test_the_overlaps_solve_their_equations(s: float, s1: float, r: float, labels: float, unlabeled: float) -> None:
    q0, q1 = theory.shifted_semisupervised_overlap(s, s1, r, labels, unlabeled)
    home, shifted = labels * s**2, unlabeled * s1**2 * theory.mean_tanh(s1**2 * q1)
    variance = np.linalg.solve(np.eye(2) + np.array([[1, r], [r, 1]]) @ np.diag([home, shifted]), np.array([[1, r], [r, 1]]))
    assert [q0, q1] == pytest.approx(1 - np.diag(variance), abs=1e-11)
    # The sign of the angle between the domains is a matter of names.
    assert theory.shifted_semisupervised_overlap(s, s1, -r, labels, unlabeled) == pytest.approx((q0, q1), abs=1e-11)


@settings(max_examples=40, deadline=None)
@given(s=S, labels=RATIO, unlabeled=RATIO)
def test_more_of_anything_is_better(s: float, labels: float, unlabeled: float) -> None:
    q = theory.semisupervised_overlap(s, labels, unlabeled)
    for better in ((1.1 * s, labels, unlabeled), (s, 1.1 * labels, unlabeled), (s, labels, 1.1 * unlabeled)):
        assert theory.semisupervised_overlap(*better) > q
    assert theory.semisupervised_overlap(s, labels + unlabeled, 0.0) > q > theory.semisupervised_overlap(s, labels, 0.0)


def test_special_cases_of_the_overlaps() -> None:
    assert theory.semisupervised_overlap(1.3, 0.7, 0.0) == pytest.approx(0.7 * 1.69 / (1 + 0.7 * 1.69), rel=1e-14)
    assert theory.semisupervised_overlap(0.0, 1.0, 1.0) == 0.0
    q0, q1 = theory.shifted_semisupervised_overlap(1.0, 2.0, 0.0, 0.5, 3.0)
    assert q0 == pytest.approx(0.5 / 1.5, rel=1e-13)
    assert q1 == pytest.approx(theory.semisupervised_overlap(2.0, 0.0, 3.0), rel=1e-12)
    assert theory.known_shift_overlap(1.0, 1.0, 0.4) == 1.0
    assert theory.known_shift_overlap(1.2, 0.0, 0.4) == pytest.approx(theory.semisupervised_overlap(1.2, 0.4, 0.0), rel=1e-13)
    assert theory.shifted_semisupervised_overlap(np.ones(3), 1.0, [[0.1], [0.9]], 0.5, 1.0).home.shape == (2, 3)
    assert isinstance(theory.semisupervised_overlap(1, 1, 1), float)


def test_many_unlabelled_samples_reach_the_known_mean() -> None:
    gap = [theory.known_shift_overlap(1.0, 0.7, 0.5) - theory.shifted_semisupervised_overlap(1.0, 1.2, 0.7, 0.5, n).home for n in (1e3, 1e4, 1e5)]
    assert np.diff(np.log(gap)) == pytest.approx([-np.log(10)] * 2, rel=0.01)


def test_spectral_rule_by_hand() -> None:
    assert theory.spectral_overlap(1.0, [0.5, 1.0, 2.0, np.float64(1e12)]) == pytest.approx([0.0, 0.0, 0.5 / 1.5, 1.0], abs=1e-11)
    assert theory.sign_error(0, 1.0) == 0.5
    assert theory.sign_error(4, 1.5, -1.0) == pytest.approx(norm.cdf(3.0), rel=1e-14)
    assert theory.sign_error(5, 1.0) == pytest.approx(0.0126737, abs=6e-8)
    assert theory.spectral_risk(1.0, 0.5, 7) == 0.5
    assert theory.spectral_risk(1.2, 1e12, 10**6) == pytest.approx(norm.cdf(-1.2), rel=1e-6)
    assert theory.spectral_risk(1.2, 3.0, 0) == pytest.approx(0.5, rel=1e-14)
    # Turned by 60 degrees with many labels.
    assert theory.spectral_risk(1.2, 1e12, 10**6, shifted_half_distance=0.8, alignment=0.5) == pytest.approx(norm.cdf(-0.6), rel=1e-6)
    # On the wrong side the labels vote the other way.
    assert theory.spectral_risk(1.2, 1e12, 10**6, alignment=-1.0) == pytest.approx(norm.cdf(-1.2), rel=1e-6)


def test_self_training_by_hand() -> None:
    assert theory.labeled_overlap(1.0, 0.5) == pytest.approx(1 / np.sqrt(3), rel=1e-15)
    # A perfect rule keeps its cosine without noise; a useless one finds nothing.
    assert theory.self_training_overlap(1.0, 1.3, np.inf) == pytest.approx(1.0, rel=1e-14)
    assert theory.self_training_overlap(0.0, 1.3, 2.0) == 0.0
    f = norm.pdf(0.0)
    assert theory.self_training_overlap(0.4, 0.0, 5.0) == pytest.approx(2 * f * 0.4 / np.sqrt(4 * f**2 + 0.2), rel=1e-13)
    assert theory.self_training_overlap(-0.4, 1.1, 5.0) == pytest.approx(-theory.self_training_overlap(0.4, 1.1, 5.0), rel=1e-13)
    assert theory.self_training_overlap([0.2, 0.5], 1.0, 3.0, alignment=[[1.0], [0.5]]).shape == (2, 2)


def test_scatter_by_hand() -> None:
    assert theory.total_scatter_lda_risk(0.0, 1.0, 2.0) == 0.5
    assert theory.labeled_lda_risk(0.0, 2.0) == 0.5
    assert theory.labeled_lda_risk(1.4, np.inf) == pytest.approx(norm.cdf(-1.4), rel=1e-14)
    assert theory.total_scatter_lda_risk(1.4, np.inf, np.inf) == pytest.approx(norm.cdf(-1.4), rel=1e-13)
    assert theory.labeled_lda_risk(1.4, 1 + 1e-12) == pytest.approx(0.5, abs=1e-5)
    assert np.all(np.diff(theory.total_scatter_lda_risk(1.0, 0.7, [1.5, 3.0, 10.0])) < 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.spectral_overlap(-1.0, 1.0), "half_distance must be finite and >= 0"),
        (lambda: theory.spectral_overlap(1.0, 0.0), "unlabeled_ratio must be finite and > 0"),
        (lambda: theory.sign_error(-1, 1.0), "labeled_size must be an integer >= 0"),
        (lambda: theory.sign_error(1.5, 1.0), "labeled_size must be an integer >= 0"),
        (lambda: theory.sign_error(3, 1.0, 1.2), "alignment must be finite and >= -1 and <= 1"),
        (lambda: theory.spectral_risk(1.0, 1.0, 3, shifted_half_distance=-2.0), "shifted_half_distance must be finite and >= 0"),
        (lambda: theory.semisupervised_overlap(1.0, -0.1, 1.0), "labeled_ratio must be finite and >= 0"),
        (lambda: theory.semisupervised_overlap(1.0, 0.1, np.inf), "unlabeled_ratio must be finite and >= 0"),
        (lambda: theory.shifted_semisupervised_overlap(1.0, 1.0, 1.1, 1.0, 1.0), "alignment must be finite and >= -1 and <= 1; got 1.1"),
        (lambda: theory.known_shift_overlap(1.0, np.nan, 1.0), "alignment must be finite"),
        (lambda: theory.known_shift_overlap(1.0, 1.05, 1.0), "alignment must be finite and >= -1 and <= 1"),
        (lambda: theory.known_shift_overlap(1.0, -1.05, 1.0), "alignment must be finite and >= -1 and <= 1"),
        (lambda: theory.known_shift_overlap(1.0, 0.5, -0.1), "labeled_ratio must be finite and >= 0"),
        (lambda: theory.shifted_semisupervised_overlap(1.0, 1.0, -1.05, 1.0, 1.0), "alignment must be finite and >= -1 and <= 1"),
        (lambda: theory.shifted_semisupervised_overlap(1.0, -1.0, 0.5, 1.0, 1.0), "shifted_half_distance must be finite and >= 0"),
        (lambda: theory.spectral_risk(1.0, 1.0, 3, alignment=1.05), "alignment must be finite and >= -1 and <= 1"),
        (lambda: theory.self_training_overlap(0.5, 1.0, 1.0, alignment=1.05), "alignment must be finite and >= -1 and <= 1"),
        (lambda: theory.self_training_overlap(-1.05, 1.0, 1.0), "cosine must be finite and >= -1 and <= 1"),
        (lambda: theory.labeled_overlap(1.0, 0.0), "labeled_ratio must be finite and > 0"),
        (lambda: theory.self_training_overlap(1.5, 1.0, 1.0), "cosine must be finite and >= -1 and <= 1"),
        (lambda: theory.self_training_overlap(0.5, 1.0, -1.0), "unlabeled_ratio must be finite and > 0"),
        (lambda: theory.labeled_lda_risk(1.0, 1.0), "labeled_ratio must be finite and > 1"),
        (lambda: theory.labeled_lda_risk(1.0, 0.5), "labeled_ratio must be finite and > 1"),
        (lambda: theory.total_scatter_lda_risk(1.0, 1.0, 1.0), "unlabeled_ratio must be finite and > 1"),
        (lambda: theory.total_scatter_lda_risk(1.0, "a", 2.0), "labeled_ratio must be > 0; got 'a'"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
