"""The designs of arXiv:2302.02334 become the mixtures that they describe."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.models.gaussian_mixture import grouped_mixture
from theorylab.papers.naive_bayes_logistic import closed_form as theory


@pytest.mark.parametrize("class_count", [2, 3, 5, 7])
@pytest.mark.parametrize("dimension", [2, 7, 10])
def test_the_paper_design_is_means_on_the_diagonal_and_two_variances(class_count: int, dimension: int) -> None:
    mixture = grouped_mixture(**theory.paper_design(class_count, dimension))
    means = [-1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0][:class_count]
    assert mixture.class_means == pytest.approx(np.outer(means, np.ones(dimension)), rel=1e-14)
    first = dimension // 2
    assert mixture.standard_deviations**2 == pytest.approx([dimension] * first + [1.0] * (dimension - first), rel=1e-14)


@pytest.mark.parametrize(("class_count", "unit"), [(3, 1.0), (5, 4.0), (7, 16.0)])
def test_the_rescaled_design_is_shifted_and_divided(class_count: int, unit: float) -> None:
    plain, rescaled = (grouped_mixture(**theory.paper_design(class_count, 6, rescaled=flag)) for flag in (False, True))
    assert rescaled.class_means == pytest.approx((plain.class_means - unit) / unit, rel=1e-13, abs=1e-13)
    assert rescaled.standard_deviations == pytest.approx(plain.standard_deviations / unit, rel=1e-14)


def test_two_classes_are_not_rescaled() -> None:
    assert theory.paper_design(2, 6, rescaled=True) == theory.paper_design(2, 6)


def test_the_isotropic_control() -> None:
    mixture = grouped_mixture(**theory.isotropic_design(3))
    assert mixture.class_means.tolist() == [[-1.0] * 3, [1.0] * 3]
    assert mixture.standard_deviations.tolist() == [2.0] * 3


@pytest.mark.parametrize("scaled", [True, False])
def test_pairs_have_the_distance_that_naive_bayes_sees(scaled: bool) -> None:
    mixture = grouped_mixture(**theory.pairs_design(0.4, 12, 3.0, scaled=scaled))
    gaps = (mixture.class_means[0] - mixture.class_means[1]) / mixture.standard_deviations
    assert gaps[1::2].tolist() == [0.0] * 6
    assert gaps[::2] == pytest.approx([3.0 / np.sqrt(6)] * 6)
    assert mixture.standard_deviations**2 == pytest.approx([12.0 if scaled else 1.0] * 6 + [1.0] * 6)
    correlations = mixture.covariance / np.outer(mixture.standard_deviations, mixture.standard_deviations)
    assert correlations == pytest.approx(np.kron(np.eye(6), [[1.0, 0.4], [0.4, 1.0]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.paper_design(1, 10), "class_count must be an integer >= 2; got 1"),
        (lambda: theory.paper_design(2, 1), "dimension must be an integer >= 2; got 1"),
        (lambda: theory.isotropic_design(0), "dimension must be an integer >= 1; got 0"),
        (lambda: theory.pairs_design(1.0, 10, 2.0), "pair_correlation must be finite and > -1 and < 1"),
        (lambda: theory.pairs_design(0.3, 9, 2.0), "dimension must be an even integer >= 4; got 9"),
        (lambda: theory.pairs_design(0.3, 10, 0.0), "naive_bayes_distance must be finite and > 0"),
    ],
)
def test_bad_designs_are_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
