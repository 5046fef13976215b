"""Coefficients of the excess errors, Fisher weights and the bounds of uniform convergence: reference values, the boundary formula, messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from theorylab.papers.naive_bayes_logistic import closed_form as cf

TEN = ([2 / np.sqrt(10)], [10])


def test_reference_values() -> None:
    fixed = [cf.naive_bayes_excess_coefficient(*TEN, variance=variance, random_counts=False) for variance in ("known", "pooled")]
    assert fixed == pytest.approx([1.209854, 1.427627], abs=6e-7)
    assert cf.naive_bayes_excess_coefficient(*TEN, variance="known", random_counts=True) == pytest.approx(1.330839, abs=6e-7)
    assert cf.mean_fisher_weight([1, 2, 3]) == pytest.approx([0.198986, 0.112400, 0.0493106], abs=6e-7)
    assert cf.large_dimension_excess_ratio([1, 2, 3]) == pytest.approx([1.25637, 2.22420, 5.06990], abs=6e-6)
    settings_of = [(10, 2.0), (5, 1.0), (4, 1.5)]
    random = [cf.logistic_excess_coefficient(d, delta, random_counts=True) for d, delta in settings_of[:2]]
    assert random == pytest.approx([2.690959, 2.211616], abs=6e-7)
    assert [cf.logistic_excess_coefficient(d, delta, random_counts=False) for d, delta in settings_of] == pytest.approx(
        [2.569973, 1.859551, 1.095989], abs=6e-7
    )
    assert cf.logistic_loss_excess_coefficient(5, 2, 1.0, random_counts=True) == 3.0
    assert cf.logistic_loss_excess_coefficient(5, 2, 1.0, random_counts=False) == pytest.approx(3 - 0.397973, abs=2e-6)
    assert cf.logistic_loss_excess_coefficient(10, 2, random_counts=True) == 5.5
    assert cf.logistic_loss_excess_coefficient(4, 5, random_counts=True) == 10.0


def boundary_moment(gaps: np.ndarray, variance: str) -> float:
    """Return m E[h^2 | log-odds 0] for fixed counts from its parts, by quadrature over every feature on the boundary.

    Estimated means perturb the log-odds by sum_i (u_i x_i - delta_i v_i), variances by sum_i l_i(x) times a relative error of variance 2/m, or by
    half the relative errors (variance 4/m each) of each class times its squared standardised distance less 1.
    """
    square = float(np.sum(gaps**2))
    total = 0.0
    for gap in gaps:
        deviation = np.sqrt(1.0 - gap**2 / square)

        def mean(function: Any, deviation: float = deviation) -> float:
            return quad(lambda z: function(deviation * z) * norm.pdf(z), -12.0, 12.0)[0]

        total += 4.0 * mean(lambda x: x**2) + gap**2
        if variance == "pooled":
            total += 2.0 * gap**2 * mean(lambda x: x**2)
        if variance == "class":
            total += sum(4.0 / 4.0 * mean(lambda x, a=sign * gap / 2: ((x - a) ** 2 - 1) ** 2) for sign in (1, -1))
    return total


@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
@pytest.mark.parametrize("gaps", [(0.7, 0.7, 0.7), (1.5, 0.2, 0.4, 0.0), (2.0,)])
def test_naive_bayes_coefficient_is_a_moment_on_the_boundary(gaps: tuple[float, ...], variance: str) -> None:
    delta = float(np.linalg.norm(gaps))
    claimed = cf.naive_bayes_excess_coefficient(gaps, [1] * len(gaps), variance=variance, random_counts=False)
    expected = norm.pdf(delta / 2) / (4 * delta) * boundary_moment(np.array(gaps), variance)
    assert claimed == pytest.approx(expected, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(gap=st.floats(0.05, 2.0), copies=st.integers(1, 200), random_counts=st.booleans())
def test_groups_are_features_and_order_holds(gap: float, copies: int, random_counts: bool) -> None:
    values = []
    for variance in ("known", "pooled"):
        together = cf.naive_bayes_excess_coefficient([gap], [copies + 2], variance=variance, random_counts=random_counts)
        apart = cf.naive_bayes_excess_coefficient([gap, -gap], [copies, 2], variance=variance, random_counts=random_counts)
        assert together == pytest.approx(apart, rel=1e-12)
        values.append(together)
    # Estimating more costs more; logistic regression pays more than naive Bayes with known variances.
    assert values[0] < values[1]
    distance = gap * np.sqrt(copies + 2)
    if distance < 12:
        assert values[0] < cf.logistic_excess_coefficient(copies + 2, distance, random_counts=random_counts)


@pytest.mark.parametrize("distance", [0.05, 0.7, 2.0, 5.0, 15.0])
def test_fisher_weights_by_definition(distance: float) -> None:
    def moment(power: int) -> float:
        def integrand(z: float) -> float:
            return float(z**power * expit(distance * z) * expit(-distance * z) * norm.pdf(z, distance / 2))

        return quad(integrand, -13.0, 25.0, limit=400, points=[0.0])[0]

    assert [cf.mean_fisher_weight(distance), cf.parallel_fisher_weight(distance)] == pytest.approx([moment(0), moment(2)], rel=1e-6)


def test_limits_of_the_fisher_weights() -> None:
    small = 1e-3
    assert cf.mean_fisher_weight(small) == pytest.approx(0.25 - small**2 / 16, rel=1e-9)
    # E z^2 is 1 for classes that coincide.
    assert cf.parallel_fisher_weight(small) == pytest.approx(0.25, rel=1e-5)
    large = 20.0
    asymptotic = np.exp(-(large**2) / 8) / (2 * large) * np.sqrt(np.pi / 2)
    assert cf.mean_fisher_weight(large) == pytest.approx(asymptotic, rel=0.02)
    assert cf.mean_fisher_weight(np.ones((2, 3))).shape == (2, 3)
    assert isinstance(cf.mean_fisher_weight(1), float)
    assert isinstance(cf.large_dimension_excess_ratio(1), float)


def test_fisher_information_by_simulation() -> None:
    """A0 and A2 on drawn features, 8 standard errors."""
    rng = np.random.default_rng()
    z = rng.standard_normal(400_000) + rng.choice([-0.6, 0.6], 400_000)
    weight = expit(1.2 * z) * expit(-1.2 * z)
    for values, claimed in ((weight, cf.mean_fisher_weight(1.2)), (weight * z**2, cf.parallel_fisher_weight(1.2))):
        assert abs(values.mean() - claimed) < 8 * values.std() / np.sqrt(z.size)


def test_logistic_coefficients_broadcast() -> None:
    table = cf.logistic_excess_coefficient([[2], [3]], [1.0, 2.0, 3.0], random_counts=True)
    assert table.shape == (2, 3)
    # Affine in d; the difference between the counts does not depend on it.
    less = cf.logistic_excess_coefficient([[2], [3]], [1.0, 2.0, 3.0], random_counts=False)
    assert table - less == pytest.approx(np.broadcast_to(norm.pdf([0.5, 1.0, 1.5]) / [1.0, 2.0, 3.0], (2, 3)))
    assert table[1] / table[0] == pytest.approx([1.5] * 3)


def test_bounds_of_uniform_convergence() -> None:
    assert cf.uniform_convergence_bound(2, 1.0, 0.1, 11.0, 400) == pytest.approx(1.36665, abs=5e-6)
    assert cf.rademacher_bound(3, 2.0, 0.5, 9.0, 100) == pytest.approx(3 * 6.5 / 10)
    assert cf.uniform_convergence_bound(3, 2.0, 0.5, 9.0, 100) == pytest.approx(4 * 3 * 6.5 / 10)
    assert cf.excess_error_bound(3, 2.0, 0.5, 9.0, 100) == pytest.approx(np.sqrt(8 * 3 * 6.5 / 10))
    assert cf.excess_error_sample_size(3, 2.0, 0.5, 9.0, 0.5) == pytest.approx(64 * 9 * 6.5**2 * 16)
    assert cf.uniform_convergence_bound([2, 3], 1.0, 0.0, 4.0, [[1], [4]]).tolist() == [[16.0, 24.0], [8.0, 12.0]]
    assert isinstance(cf.excess_error_sample_size(2, 1, 0, 1, 1), float)


@settings(max_examples=50, deadline=None)
@given(classes=st.integers(2, 20), radius=st.floats(0.1, 10.0), intercept=st.floats(0.0, 5.0), moment=st.floats(0.1, 1e4), eps=st.floats(1e-3, 1.0))
def test_sample_size_inverts_the_bound(classes: int, radius: float, intercept: float, moment: float, eps: float) -> None:
    m = cf.excess_error_sample_size(classes, radius, intercept, moment, eps)
    at_one = cf.excess_error_bound(classes, radius, intercept, moment, 1)
    assert at_one * m**-0.25 == pytest.approx(eps, rel=1e-10)


NAIVE: dict[str, Any] = {"variance": "known", "random_counts": True}
BAD: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (cf.mean_fisher_weight, (0.0,), {}, "mahalanobis_distance must be finite and > 0"),
    (cf.parallel_fisher_weight, (-1.0,), {}, "mahalanobis_distance"),
    (cf.large_dimension_excess_ratio, ([1.0, np.nan],), {}, "mahalanobis_distance"),
    (cf.naive_bayes_excess_coefficient, ([0.0], [3]), NAIVE, "gaps must not all be 0"),
    (cf.naive_bayes_excess_coefficient, ([1.0], [3, 4]), NAIVE, "multiplicities must have shape"),
    (cf.naive_bayes_excess_coefficient, ([1.0], [3]), NAIVE | {"variance": "none"}, "variance must be one of 'known', 'pooled', 'class'"),
    (cf.logistic_excess_coefficient, (0, 1.0), {"random_counts": True}, "dimension must be an integer >= 1"),
    (cf.logistic_excess_coefficient, (2, 0.0), {"random_counts": True}, "mahalanobis_distance"),
    (cf.logistic_loss_excess_coefficient, (2, 1, 1.0), {"random_counts": True}, "class_count must be an integer >= 2"),
    (cf.logistic_loss_excess_coefficient, (2, 3, 1.0), {"random_counts": False}, "class_count must be 2 for fixed counts"),
    (cf.logistic_loss_excess_coefficient, (2, 2), {"random_counts": False}, "mahalanobis_distance must be given for fixed counts"),
    (cf.logistic_loss_excess_coefficient, (0, 2, 1.0), {"random_counts": False}, "dimension"),
    (cf.rademacher_bound, (1, 1.0, 0.0, 1.0, 10), {}, "class_count"),
    (cf.uniform_convergence_bound, (2, 0.0, 0.0, 1.0, 10), {}, "weight_bound must be finite and > 0"),
    (cf.uniform_convergence_bound, (2, 1.0, -0.1, 1.0, 10), {}, "intercept_bound must be finite and >= 0"),
    (cf.excess_error_bound, (2, 1.0, 0.0, 0.0, 10), {}, "second_moment"),
    (cf.excess_error_bound, (2, 1.0, 0.0, 1.0, 0), {}, "sample_size"),
    (cf.excess_error_sample_size, (2, 1.0, 0.0, 1.0, 0.0), {}, "tolerance"),
]


@pytest.mark.parametrize(("function", "arguments", "named", "message"), BAD)
def test_bad_input(function: Any, arguments: tuple[Any, ...], named: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments, **named)
