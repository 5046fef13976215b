"""The ends of the ranges of the closed forms of arXiv:2302.02334: what lies just beyond is refused, what lies on them is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from theorylab.papers.naive_bayes_logistic import closed_form as cf

BEYOND: list[tuple[Callable[[], Any], str]] = [
    (lambda: cf.logistic_psi(1.05), "difference must be finite and >= 0 and <= 1; got 1.05"),
    (lambda: cf.bounded_score_transform(1.05, 1.0, 2), "difference must be finite and >= 0 and <= 1; got 1.05"),
    (lambda: cf.sharp_multiclass_transform(1.05, 1.0), "difference must be finite and >= 0 and <= 1; got 1.05"),
    (lambda: cf.sharp_multiclass_transform(0.1, 1.05), "top_two_mass must be finite and > 0 and <= 1"),
    (lambda: cf.sharp_multiclass_transform(0.1, 1.0 + 1.05e-12), "top_two_mass must be"),
    (lambda: cf.sharp_multiclass_transform(0.31, 0.3), "difference must be <= top_two_mass"),
    (lambda: cf.reachable_transform(1.02 * cf.largest_reachable_difference(1.0, 3), 1.0, 3), "difference must be <= 0.680"),
    (lambda: cf.conditional_regret_infimum([0.5, 0.5 + 1.05e-12], 0), "probabilities must sum to 1"),
    (lambda: cf.bayes_error([1.0, 1.0], [[1.0, 0.5], [0.5 + 1.05e-12, 1.0]]), "covariance must be symmetric"),
    (lambda: cf.pairs_design(1.05, 10, 2.0), "pair_correlation must be finite and > -1 and < 1"),
    (lambda: cf.pairs_design(-1.05, 10, 2.0), "pair_correlation must be finite and > -1 and < 1"),
    (lambda: cf.pairs_design(0.3, 3, 2.0), "dimension must be an integer >= 4; got 3"),
    (lambda: cf.naive_bayes_normal_sample_size(0.52, 1.0, 10), "target must be finite and > 0 and < 0.5"),
    (lambda: cf.naive_bayes_linear_sample_rate(0.52, 4.0), "target must be finite and > 0 and < 0.5"),
    (lambda: cf.naive_bayes_constant_sample_size(0.52, 4.0), "target must be finite and > 0 and < 0.5"),
    (lambda: cf.naive_bayes_sample_size_exponent(1.05), "signal_exponent must be finite and >= 0 and <= 1"),
    (lambda: cf.naive_bayes_real_sample_size(0.52, [1.0], [3]), "target must be finite and > 0 and <= 0.5"),
    (lambda: cf.naive_bayes_sample_size(0.3, [0.5], [9], random_counts=True, variance="known", largest_sample_size=3), "largest_sample_size must be"),
    (lambda: cf.sup_norm_variance_degrees_of_freedom(3, 1.05, 0.1), "tolerance must be finite and > 0 and < 1"),
    (lambda: cf.sup_norm_sample_size(3, 0.5, 1.05), "failure_probability must be finite and > 0 and < 1"),
    (lambda: cf.sup_norm_joint_probability(2, 3, 2, 0.5), "sample_size must exceed class_count = 2; got 2"),
    (lambda: cf.log_odds_difference_moments([0.5], 3.0, 3.0, variance="pooled"), "must exceed 6"),
    (lambda: cf.dimension_free_bounds_random_counts([0.5], [3], 6, variance="pooled"), "must exceed 6"),
    (lambda: cf.near_tie_union_bound(-0.05, [[0.0, 0.0], [1.0, 1.0]], np.eye(2)), "tau must be finite and >= 0"),
    (lambda: cf.logistic_proportional_limit(1.0, cf.separability_threshold(1.0)), "dimension_ratio must be below"),
]


@pytest.mark.parametrize(("call", "message"), BEYOND)
def test_just_beyond(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_rounding_is_allowed_for() -> None:
    # Sums and differences of probabilities are rounded each.
    assert cf.sharp_multiclass_transform(0.1, 1.0 + 9e-13) == pytest.approx(cf.logistic_psi(0.1), rel=1e-15)
    assert cf.sharp_multiclass_transform(0.1 + 0.2, 0.3) == pytest.approx(0.3 * np.log(2.0), rel=1e-15)
    largest = cf.largest_reachable_difference(1.0, 3)
    assert cf.reachable_transform(np.nextafter(largest, 1.0), 1.0, 3) == pytest.approx(cf.reachable_transform(largest, 1.0, 3), rel=1e-14)
    assert cf.conditional_zero_one_regret([0.5, 0.5 - 9e-13], 1) == pytest.approx(9e-13, rel=1e-3)
    assert cf.bayes_error([1.0, 0.0], [[1.0, 0.0], [9e-13, 1.0]]) == pytest.approx(norm.sf(0.5))


def test_numbers_that_happen_to_be_one() -> None:
    assert cf.distance_ratio([1.0, 0.0], np.eye(2)) == 1.0
    assert cf.near_tie_union_bound(0.0, [[0.0, 0.0], [1.0, 1.0]], np.eye(2)) == pytest.approx(norm.cdf(-1.0 / np.sqrt(2.0)))
    assert cf.near_tie_probability_on_a_line(0.3, [0.0, 1.0], 0.5, 2) == pytest.approx(cf.isotropic_near_tie_probability(0.3, 2, np.sqrt(0.5)))
    assert cf.naive_bayes_class_error([1.0], [1], 1, 1, variance="known") == pytest.approx(
        cf.naive_bayes_class_error([0.5], [4], 1, 1, variance="known"), rel=0.3
    )


def test_smallest_arguments() -> None:
    easy: dict[str, Any] = {"random_counts": True, "variance": "known"}
    assert cf.naive_bayes_sample_size(0.5, [0.5], [9], **easy, largest_sample_size=4) == 2
    assert cf.dimension_free_bounds_random_counts([3.0], [50], 2, variance="known").second_moment.value < 1.0
    assert 0.0 < cf.naive_bayes_class_error([0.5], [9], 4, 4, variance="pooled", degrees_of_freedom=0.5) < 0.5
    assert cf.kantorovich_direction(np.eye(2)).shape == (2,)
    assert cf.kantorovich_ratio(np.full((2, 3, 1, 1), 4.0)).shape == (2, 3)
    assert cf.rademacher_bound(2, 0.5, 0.0, 0.25, 1) == pytest.approx(0.5)
    assert cf.log_odds_difference_moments([0.0], 3.2, 3.1, variance="pooled").variance[0] > 0.0


@pytest.mark.parametrize("variance", ["known", "pooled"])
@pytest.mark.parametrize("random_counts", [True, False])
def test_a_target_beyond_the_largest_size(variance: str, random_counts: bool) -> None:
    for largest in (4, 5, 63, 64, 65, 66, 70, 127, 128, 129, 200):
        with pytest.raises(ValueError, match=f"target must be reached with at most largest_sample_size = {largest} training points"):
            cf.naive_bayes_sample_size(0.245, [0.2], [50], random_counts=False, variance=variance, largest_sample_size=largest)
        if largest < 10:
            with pytest.raises(ValueError, match="target must be reached"):
                cf.naive_bayes_sample_size(0.245, [0.2], [50], random_counts=random_counts, variance=variance, largest_sample_size=largest)


def test_no_size_beyond_the_largest_is_looked_at() -> None:
    # So close to the best error that no size at all would do.
    best = float(norm.cdf(-np.sqrt(0.5)))
    with pytest.raises(ValueError, match="target must be reached with at most largest_sample_size = 300"):
        cf.naive_bayes_sample_size(best * (1 + 1e-15), [0.2], [50], random_counts=False, variance="known", largest_sample_size=300)


def test_only_too_many_vectors_of_counts_are_refused() -> None:
    # 1801 counts of two classes, whose square is beyond the limit, and more than two million.
    assert cf.sup_norm_joint_probability(2, 1, 2000, 0.45) == pytest.approx(1.0, abs=1e-12)
    with pytest.raises(ValueError, match="sample_size must leave at most 2000000 vectors of class counts"):
        cf.sup_norm_joint_probability(2, 1, 5_000_000, 0.45)


def test_stacks_of_matrices_that_are_not_square() -> None:
    for shape in ((2, 2, 3), (3, 2, 3), (2, 2, 2, 3)):
        with pytest.raises(ValueError, match=r"covariance must have shape \(..., d, d\)"):
            cf.kantorovich_ratio(np.ones(shape))
