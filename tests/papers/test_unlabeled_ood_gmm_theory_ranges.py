"""Every argument with two ends: both are taken, and what lies five percent beyond them is refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm.closed_form import mean_classifier_series

CLOSED = [
    ("angle", 0.0, 0.5 * math.pi, lambda x: theory.ramp_excess(x, 1.0, 1.0)),
    ("alignment", -1.0, 1.0, lambda x: theory.out_of_domain_mean_risk(3, 5, 1.0, 1.2, x)),
    ("alignment", -1.0, 1.0, lambda x: theory.sign_error(3, 1.0, x)),
    ("alignment", -1.0, 1.0, lambda x: theory.spectral_risk(1.0, 4.0, 3, alignment=x)),
    ("alignment", -1.0, 1.0, lambda x: theory.shifted_semisupervised_overlap(1.0, 1.2, x, 0.5, 2.0).home),
    ("alignment", -1.0, 1.0, lambda x: theory.known_shift_overlap(1.0, x, 0.5)),
    ("alignment", -1.0, 1.0, lambda x: theory.self_training_overlap(0.5, 1.0, 2.0, alignment=x)),
    ("cosine", -1.0, 1.0, lambda x: theory.self_training_overlap(x, 1.0, 2.0)),
    ("labeled_weight", 0.0, 1.0, lambda x: theory.weighted_excess(5, 20, 30, 1.0, 0.2, labeled_weight=x)),
]
BELOW_ONE = [
    ("contamination", lambda x: theory.contaminated_ramp_angle(1.0, 1.0, x, 2.0)),
    ("contamination", lambda x: theory.contaminated_ramp_angle_bound(1.0, 1.0, x)),
    ("failure_probability", lambda x: theory.theorem_robust_bound(5, 20, 30, slope=1.0, failure_probability=x).value),
    ("failure_probability", lambda x: theory.theorem_nonrobust_bound(5, 20, 30, mean_norm=1.0, failure_probability=x).value),
    ("error", lambda x: theory.corollary_error_sizes(5, x)[0]),
]


@pytest.mark.parametrize(("name", "low", "high", "call"), CLOSED)
def test_closed_ranges(name: str, low: float, high: float, call: Callable[[float], float]) -> None:
    assert np.isfinite(call(low))
    assert np.isfinite(call(high))
    width = high - low
    for beyond in (low - 0.025 * width, high + 0.025 * width):
        with pytest.raises(ValueError, match=f"{name} must be finite and >= {low:g} and <= {high:g}"):
            call(beyond)


@pytest.mark.parametrize(("name", "call"), BELOW_ONE)
def test_parts_of_a_whole(name: str, call: Callable[[float], float]) -> None:
    assert np.isfinite(call(0.99))
    for beyond in (1.0, 1.05):
        with pytest.raises(ValueError, match=f"{name} must be finite and .* and < 1"):
            call(beyond)


def test_ratios_at_which_a_scatter_is_singular() -> None:
    assert np.isfinite(theory.labeled_lda_risk(1.0, 1.05))
    assert np.isfinite(theory.total_scatter_lda_risk(1.0, 0.05, 1.05))
    for call in (lambda: theory.labeled_lda_risk(1.0, 1.0), lambda: theory.total_scatter_lda_risk(1.0, 0.5, 1.0)):
        with pytest.raises(ValueError, match="ratio must be finite and > 1"):
            call()
    with pytest.raises(ValueError, match="labeled_ratio must be finite and > 0"):
        theory.total_scatter_lda_risk(1.0, 0.0, 2.0)


def test_inner_product_and_norms() -> None:
    """By rounding 2 |p| may exceed |a|^2 + |b|^2 in the last digits, which is no error of the caller."""
    assert theory.inner_product_sign_probability(3, 4.0, 8.0 * (1 - 3e-13)) == pytest.approx(
        theory.inner_product_sign_probability(3, 4.0, 8.0), rel=1e-9
    )
    for norms in (8.0 * (1 - 1e-10), 7.3, 1.0):
        for product in (4.0, -4.0):
            with pytest.raises(ValueError, match="squared_norms must be >= 2"):
                theory.inner_product_sign_probability(3, product, norms)


@pytest.mark.parametrize(("m", "s"), [(7, 0.8), (3, 1.5)])
def test_longest_series(m: int, s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of terms is that of both Poisson laws, each as long as 18 deviations and 80; it may be the limit but no more."""
    terms = math.prod(2 * (9 * math.sqrt(mean) + 40) for mean in ((math.sqrt(m) + sign) ** 2 * s**2 / 4 for sign in (1, -1)))
    monkeypatch.setattr(mean_classifier_series, "_LARGEST_TERMS", round(1.01 * terms))
    assert theory.mean_classifier_risk_series(5, m, s) == pytest.approx(theory.mean_classifier_risk(5, m, s), rel=1e-11)
    monkeypatch.setattr(mean_classifier_series, "_LARGEST_TERMS", round(0.99 * terms))
    with pytest.raises(ValueError, match="labeled_size and half_distance must give a series of at most"):
        theory.mean_classifier_risk_series(5, m, s)
