"""What samples are worth together, and the break-even shift: definitions in more digits, limits, orders and refusals."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory


def test_semisupervised_excess_by_hand() -> None:
    g = theory.unlabeled_information(1.0)
    assert theory.semisupervised_excess(20, 400, 4000, 1.0) == pytest.approx(19 * norm.pdf(1) / (2 * (400 + 4000 * g)), rel=1e-14)
    assert theory.semisupervised_excess(3, 7, 0, 2.0) == pytest.approx(2 * norm.pdf(2) / (4 * 7), rel=1e-14)
    assert theory.semisupervised_excess(1, 5, 5, 1.0) == 0.0
    assert theory.semisupervised_excess([[2], [3]], [10, 20], 5, 1.0).shape == (2, 2)
    assert isinstance(theory.semisupervised_excess(2, 10, 5, 1.0), float)


@settings(max_examples=40, deadline=None)
@given(
    d=st.integers(2, 200),
    m=st.integers(1, 5000),
    n=st.integers(1, 50_000),
    s=st.floats(0.1, 3.0),
    shift=st.floats(0.0, 4.0),
    weight=st.floats(0.0, 1.0),
)
def test_best_weight(d: int, m: int, n: int, s: float, shift: float, weight: float) -> None:
    best = theory.weighted_excess(d, m, n, s, shift)
    chosen = theory.optimal_labeled_weight(d, m, n, s, shift)
    assert 0.0 < chosen < 1.0
    assert theory.weighted_excess(d, m, n, s, shift, labeled_weight=chosen) == pytest.approx(best, rel=1e-12)
    for form in ("leading", "angle"):
        assert theory.weighted_excess(d, m, n, s, shift, labeled_weight=weight, form=form) >= theory.weighted_excess(d, m, n, s, shift, form=form) * (
            1 - 1e-12
        )
    labels = theory.weighted_excess(d, m, n, s, shift, labeled_weight=1.0)
    assert labels == pytest.approx((d - 1) * norm.pdf(s) / (2 * m * s), rel=1e-12)
    assert best < labels
    # More samples of either kind are better; a small shift need not be worse, as it sets the classes apart.
    assert theory.weighted_excess(d, m + 1, n, s, shift) < best
    assert theory.weighted_excess(d, m, n + 1, s, shift) <= best


def test_weighted_excess_without_and_with_endless_unlabelled_samples() -> None:
    assert theory.optimal_labeled_weight(20, 100, 0, 1.0, 0.3) == 1.0
    labels = theory.weighted_excess(20, 100, 0, 1.0, 0.3)
    assert labels == pytest.approx(19 * norm.pdf(1) / 200, rel=1e-14)
    assert theory.weighted_excess(20, 100, 0, 1.0, 0.3, labeled_weight=1.0) == pytest.approx(labels, rel=1e-14)
    for form in ("leading", "angle"):
        assert theory.weighted_excess(1, 5, 5, 1.0, 0.0, form=form) == 0.0
    far = theory.weighted_excess(20, 100, 10**15, 1.0, 0.3, labeled_weight=0.0, form="angle")
    assert far == pytest.approx(theory.unlabeled_direction_excess(1.0, 0.3), rel=1e-10)
    assert theory.weighted_excess(20, 100, 10**15, 1.0, 0.3, labeled_weight=0.0) == pytest.approx(0.09 * norm.pdf(1) / 2, rel=1e-10)
    # Small angles: both forms meet.
    forms = [theory.weighted_excess(20, 10**7, 10**8, 1.0, 1e-4, form=form) for form in ("leading", "angle")]
    assert forms[0] == pytest.approx(forms[1], rel=1e-5)
    assert forms[0] > forms[1]


@pytest.mark.parametrize("s", [0.05, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("shift", [1e-6, 0.01, 0.4, 1.0, 5.0])
def test_excess_of_the_unlabelled_direction_keeps_its_digits(s: float, shift: float) -> None:
    with mpmath.workdps(50):
        cosine = mpmath.mpf(s) / mpmath.sqrt(mpmath.mpf(s) ** 2 + mpmath.mpf(shift) ** 2)
        expected = mpmath.ncdf(-s * cosine) - mpmath.ncdf(-mpmath.mpf(s))
    assert theory.unlabeled_direction_excess(s, shift) == pytest.approx(float(expected), rel=1e-11)


@settings(max_examples=40, deadline=None)
@given(d=st.integers(2, 500), m=st.integers(1, 20_000), s=st.floats(0.1, 3.0))
def test_break_even_gives_the_risk_of_the_labels(d: int, m: int, s: float) -> None:
    shift = theory.break_even_shift(d, m, s)
    assert theory.unlabeled_direction_excess(s, shift) == pytest.approx(theory.mean_classifier_excess(d, m, s), rel=1e-8)


def test_break_even_limits_and_shapes() -> None:
    # Many labels: the leading term of the labels is that of sqrt((d - 1)/m), at any size.
    sizes = np.array([10**6, 10**9, 10**12])
    assert theory.break_even_shift(20, sizes, 1.0) / np.sqrt(19 / sizes) == pytest.approx(np.ones(3), rel=2e-5)
    ratios = np.array([0.5, 2.0, 10.0])
    exact = theory.break_even_shift(100_000, (100_000 * ratios).astype(int), 1.3)
    assert exact == pytest.approx(theory.proportional_break_even_shift(ratios), rel=3e-5)
    assert theory.proportional_break_even_shift(4.0) == 0.5
    assert theory.break_even_shift([[2], [5]], [10, 30, 40], 1.0).shape == (2, 3)
    assert isinstance(theory.break_even_shift(2, 10, 1.0), float)
    assert np.all(np.diff(theory.break_even_shift(20, np.arange(1, 60), 0.7)) < 0)


def test_known_direction() -> None:
    assert theory.known_direction_excess(5, 1.0) == pytest.approx((2 * norm.cdf(1) - 1) * norm.sf(math.sqrt(5)), rel=1e-14)
    assert theory.known_direction_excess(3, 0.0) == 0.0
    # One dimension has one direction, so the exact excess of the labelled mean is this.
    sizes = np.array([1, 4, 30])
    assert theory.known_direction_excess(sizes, 0.8) == pytest.approx(theory.mean_classifier_excess(1, sizes, 0.8), rel=1e-12)
    assert isinstance(theory.known_direction_excess(3, 1.0), float)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.semisupervised_excess(0, 10, 5, 1.0), "dimension must be an integer >= 1; got 0"),
        (lambda: theory.semisupervised_excess(2, 0, 5, 1.0), "labeled_size must be an integer >= 1; got 0"),
        (lambda: theory.semisupervised_excess(2, 10, -1, 1.0), "unlabeled_size must be an integer >= 0; got -1"),
        (lambda: theory.semisupervised_excess(2, 10, 5, 0.0), "half_distance must be finite and > 0; got 0.0"),
        (lambda: theory.weighted_excess(2, 10, 5, 1.0, -0.1), "shift must be finite and >= 0; got -0.1"),
        (lambda: theory.weighted_excess(2, 10, 5, 1.0, 0.1, form="exact"), "form must be one of 'leading', 'angle'; got 'exact'"),
        (lambda: theory.weighted_excess(2, 10, 5, 1.0, 0.1, labeled_weight=1.5), "labeled_weight must be finite and >= 0 and <= 1; got 1.5"),
        (lambda: theory.weighted_excess(2, 10, 0, 1.0, 0.1, labeled_weight=0.5), "labeled_weight must be 1 without unlabelled samples; got 0.5"),
        (lambda: theory.optimal_labeled_weight(2, 10, 5, 1.0, np.inf), "shift must be finite and >= 0; got inf"),
        (lambda: theory.unlabeled_direction_excess(0.0, 1.0), "half_distance must be finite and > 0; got 0.0"),
        (lambda: theory.break_even_shift(1, 10, 1.0), "dimension must be an integer >= 2; got 1"),
        (lambda: theory.break_even_shift(2, 1.5, 1.0), "labeled_size must be an integer >= 1; got 1.5"),
        (lambda: theory.break_even_shift(2, 10, 0.0), "half_distance must be finite and > 0; got 0.0"),
        (lambda: theory.proportional_break_even_shift(0.0), "labeled_ratio must be finite and > 0; got 0.0"),
        (lambda: theory.known_direction_excess(0, 1.0), "labeled_size must be an integer >= 1; got 0"),
        (lambda: theory.known_direction_excess(3, -1.0), "half_distance must be finite and >= 0; got -1.0"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        call()
