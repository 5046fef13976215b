"""Exact expectations over products of finite laws: Gaussian moments, batching, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.numerics.enumeration import (
    equally_likely,
    gauss_hermite_law,
    product_expectation,
    rademacher_law,
    three_point_law,
)


def gaussian_moment(order: int) -> float:
    return 0.0 if order % 2 else float(math.prod(range(1, order, 2)))


@pytest.mark.parametrize(("law", "degree"), [(three_point_law(), 5), (gauss_hermite_law(3), 5), (gauss_hermite_law(8), 15), (rademacher_law(), 3)])
def test_moments_agree_with_the_gaussian_through_the_stated_order_and_no_further(law, degree: int) -> None:
    assert math.fsum(law.probabilities) == pytest.approx(1.0, abs=1e-15)
    for order in range(degree + 1):
        moment = float(law.probabilities @ law.values**order)
        scale = float(law.probabilities @ np.abs(law.values) ** order)
        assert moment == pytest.approx(gaussian_moment(order), abs=1e-13 * scale)
    assert abs(float(law.probabilities @ law.values ** (degree + 1)) - gaussian_moment(degree + 1)) > 0.1


@given(exponents=st.lists(st.integers(0, 5), min_size=1, max_size=6), batch=st.sampled_from([1, 2, 7, 50, 1 << 14]))
@settings(max_examples=30, deadline=None)
def test_monomials_factorise_whatever_the_batches(exponents: list[int], batch: int) -> None:
    value = product_expectation(lambda z: np.prod(z ** np.array(exponents), axis=1), [three_point_law()] * len(exponents), batch_points=batch)
    assert value == pytest.approx(math.prod(map(gaussian_moment, exponents)), rel=1e-13, abs=1e-12)


def test_the_order_of_variables_is_the_order_of_laws() -> None:
    laws = [equally_likely([1.0, 3.0]), equally_likely([10.0]), rademacher_law()]
    for batch in (1, 100):
        mean = product_expectation(lambda z: z, laws, batch_points=batch)
        np.testing.assert_allclose(mean, [2.0, 10.0, 0.0], atol=1e-15)


def test_quartic_form_of_many_gaussians_to_rounding() -> None:
    d = 10
    value = product_expectation(lambda z: (z**2).sum(axis=1) ** 2, [three_point_law()] * d)
    assert value == pytest.approx(d * (d + 2), rel=1e-15 * 5)


def test_arrays_dicts_and_constants_come_back_in_their_form() -> None:
    laws = [three_point_law()] * 2
    second = product_expectation(lambda z: z[:, :, None] * z[:, None, :], laws)
    np.testing.assert_allclose(second, np.eye(2), atol=1e-15)
    both = product_expectation(lambda z: {"first": z[:, 0], "square": z**2}, laws)
    assert set(both) == {"first", "square"}
    assert isinstance(both["first"], float)
    np.testing.assert_allclose(both["square"], [1.0, 1.0])
    assert product_expectation(lambda z: np.ones(len(z)), []) == 1.0


def test_too_many_points_and_wrong_shapes_are_errors() -> None:
    with pytest.raises(ValueError, match=r"at most 1000 points; got 2187"):
        product_expectation(lambda z: z[:, 0], [three_point_law()] * 7, maximum_points=1000)
    with pytest.raises(ValueError, match="one value per point"):
        product_expectation(lambda z: z[:3, 0], [three_point_law()] * 3)
    with pytest.raises(ValueError, match="points must be"):
        gauss_hermite_law(0)
    with pytest.raises(ValueError, match="values must hold at least one number"):
        equally_likely([])
