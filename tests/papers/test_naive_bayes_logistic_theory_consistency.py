"""Transforms of the logistic loss: against high precision, reference values, limits, shapes, error messages."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.papers.naive_bayes_logistic import closed_form as cf
from theorylab.papers.naive_bayes_logistic.closed_form._divergence import entropy_summand

LOG_2 = float(np.log(2.0))
differences = st.floats(1e-9, 1.0)
bounds = st.floats(0.05, 6.0)


def precise_psi(t):
    t = mpmath.mpf(t)
    return (1 + t) / 2 * mpmath.log(1 + t) + ((1 - t) / 2 * mpmath.log(1 - t) if t < 1 else 0)


@settings(max_examples=200, deadline=None)
@given(u=st.one_of(st.floats(-1.0, 5.0), st.floats(-1e-3, 1e-3)))
def test_summand_against_high_precision(u: float) -> None:
    # Smaller numbers leave nothing above the range of doubles.
    u = 0.0 if abs(u) < 1e-100 else u
    with mpmath.workdps(250):
        exact = (1 + mpmath.mpf(u)) * mpmath.log(1 + mpmath.mpf(u)) - mpmath.mpf(u) if u > -1 else mpmath.mpf(1)
        assert entropy_summand(u) == pytest.approx(float(exact), rel=2e-15, abs=1e-300)


def test_summand_changes_branch_smoothly() -> None:
    # The series is used for |u / (2 + u)| <= 0.4, that is from u = -4/7 to 4/3.
    for edge in (-4 / 7, 4 / 3):
        near = edge * (1 + np.array([-1e-9, 1e-9]))
        with mpmath.workdps(40):
            exact = [float((1 + mpmath.mpf(u)) * mpmath.log1p(mpmath.mpf(u)) - mpmath.mpf(u)) for u in near]
        assert entropy_summand(near) == pytest.approx(exact, rel=2e-15)


@settings(max_examples=200, deadline=None)
@given(t=st.one_of(differences, st.floats(1e-9, 1e-3).map(lambda gap: 1 - gap)))
def test_psi_and_its_inverse_against_forty_digits(t: float) -> None:
    with mpmath.workdps(40):
        exact = precise_psi(t)
        assert cf.logistic_psi(t) == pytest.approx(float(exact), rel=1e-15)
        regret = float(exact)
        if regret < LOG_2 * (1 - 1e-15):
            root = mpmath.findroot(lambda x: precise_psi(x) - mpmath.mpf(regret), mpmath.mpf(t), solver="newton", df=mpmath.atanh)
            assert cf.logistic_psi_inverse(regret) == pytest.approx(float(root), rel=1e-15)


def test_psi_reference_values_and_ends() -> None:
    assert cf.logistic_psi([0.2, 0.6, 0.9]) == pytest.approx([0.02013551, 0.19274476, 0.49463194], abs=6e-9)
    assert cf.logistic_psi(0.0) == 0.0
    assert cf.logistic_psi(1.0) == pytest.approx(LOG_2, rel=1e-15)
    assert cf.logistic_psi_inverse(0.0) == 0.0
    assert cf.logistic_psi_inverse([LOG_2, 0.7, 1e9]).tolist() == [1.0, 1.0, 1.0]
    assert cf.logistic_psi_inverse(1e-300) == pytest.approx(np.sqrt(2e-300), rel=1e-15)
    # Next to log 2 the difference of 1 decides, and it is far larger than the distance of the regret.
    assert 1 - cf.logistic_psi_inverse(LOG_2 - 1e-6) == pytest.approx(1.1307e-7, rel=1e-4)


@settings(max_examples=100, deadline=None)
@given(t=differences)
def test_psi_lies_between_its_bounds(t: float) -> None:
    assert t * t / 2 * (1 - 1e-15) <= cf.logistic_psi(t) <= t * t * LOG_2 * (1 + 1e-15)
    assert cf.logistic_psi_inverse(cf.logistic_psi(t)) == pytest.approx(t, rel=4e-15)


def test_sharp_transform() -> None:
    assert cf.sharp_multiclass_transform(0.3, 1.0) == pytest.approx(cf.logistic_psi(0.3), rel=1e-15)
    assert cf.sharp_multiclass_transform(0.3, 0.3) == pytest.approx(0.3 * LOG_2, rel=1e-15)
    mass = np.linspace(0.31, 1.0, 50)
    assert np.all(np.diff(cf.sharp_multiclass_transform(0.3, mass)) < 0)
    assert cf.sharp_multiclass_transform([0.1, 0.2], [[0.5], [0.6], [0.7]]).shape == (3, 2)
    assert cf.sharp_multiclass_transform(0.2, 0.5) == pytest.approx(0.5 * float(precise_psi(0.4)), rel=1e-15)


# One point -------------------------------------------------------------------------------------------------------------------------------


def plain_regret(law: np.ndarray, predicted: int) -> float:
    """Try every pool that holds the predicted class: the mean on it, the law elsewhere, the predicted class ahead."""
    others = [k for k in range(law.size) if k != predicted]
    best = np.inf
    for size in range(law.size):
        for pool in itertools.combinations(others, size):
            chosen = [predicted, *pool]
            q = law.copy()
            q[chosen] = law[chosen].mean()
            if q[predicted] >= q.max() - 1e-15:
                best = min(best, sum(p * np.log(p / r) for p, r in zip(law, q, strict=True) if p > 0))
    return best


@pytest.mark.parametrize("classes", [2, 3, 4, 6])
def test_pooling_against_all_pools(classes: int) -> None:
    rng = np.random.default_rng(classes)
    laws, predicted = rng.dirichlet(np.full(classes, 0.7), 40), rng.integers(0, classes, 40)
    laws[0] = np.eye(classes)[0]
    laws[1] = 1 / classes
    expected = [plain_regret(law, j) for law, j in zip(laws, predicted, strict=True)]
    assert cf.conditional_regret_infimum(laws, predicted) == pytest.approx(expected, abs=1e-14)
    q = cf.conditional_regret_minimiser(laws, predicted)
    assert q.sum(axis=1) == pytest.approx(np.ones(40), abs=1e-14)
    assert np.all(np.take_along_axis(q, predicted[:, None], axis=1) >= q.max(axis=1, keepdims=True))


def test_regret_shapes_and_ends() -> None:
    law = [0.5, 0.3, 0.2]
    assert isinstance(cf.conditional_regret_infimum(law, 1), float)
    assert cf.conditional_regret_infimum(law, 0) == 0.0
    assert cf.conditional_regret_infimum(law, [0, 1, 2]).shape == (3,)
    assert cf.conditional_regret_infimum(np.broadcast_to(law, (4, 5, 3)), np.zeros((5,), dtype=int)).shape == (4, 5)
    assert cf.conditional_zero_one_regret(law, [0, 1, 2]) == pytest.approx([0.0, 0.2, 0.3])
    assert cf.conditional_regret_minimiser(law, 2) == pytest.approx([0.35, 0.3, 0.35])
    # A class of probability 0 is pooled with one that has all: t = 1 and psi(1).
    assert cf.conditional_regret_infimum([1.0, 0.0], 1) == pytest.approx(LOG_2, rel=1e-15)
    # The regret of nearly tied classes keeps its digits.
    assert cf.conditional_regret_infimum([0.5 + 2**-30, 0.5 - 2**-30], 1) == pytest.approx(2.0**-59, rel=1e-6)


@settings(max_examples=100, deadline=None)
@given(weights=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=7), place=st.integers(0, 6))
def test_regret_is_above_its_bounds(weights: list[float], place: int) -> None:
    law = np.array(weights) / np.sum(weights)
    j = place % law.size
    t, regret = cf.conditional_zero_one_regret(law, j), cf.conditional_regret_infimum(law, j)
    assert regret >= cf.logistic_psi(t) - 1e-15
    if t > 0:
        assert regret >= cf.sharp_multiclass_transform(t, min(law.max() + law[j], 1.0)) * (1 - 1e-9) - 1e-16
    assert cf.bounded_conditional_regret(law, j, 50.0) == pytest.approx(regret, abs=1e-13)
    assert cf.bounded_conditional_regret(law, j, 0.3) >= cf.bounded_score_transform(t, 0.3, law.size) - 1e-14


# Bounded scores --------------------------------------------------------------------------------------------------------------------------


def test_bounded_reference_values() -> None:
    assert cf.bounded_score_transform([0.5, 0.9], 1.0, 2) == pytest.approx([0.1308120, 0.4662192], abs=6e-8)
    assert cf.bounded_score_transform([0.05, 0.2, 0.5], 1.0, 3) == pytest.approx([0.0, 0.0094552, 0.1010925], abs=6e-8)
    assert cf.largest_uncharged_difference(1.0, 3) == pytest.approx(0.0633789, abs=6e-8)
    assert cf.reachable_transform(0.2, [0.5, 1.0], [5, 3]) == pytest.approx([0.0356311, 0.0218186], abs=6e-8)


@settings(max_examples=150, deadline=None)
@given(t=st.floats(0.0, 1.0), bound=bounds, classes=st.integers(2, 40))
def test_bounded_transform_against_its_definition(t: float, bound: float, classes: int) -> None:
    with mpmath.workdps(40):
        t_, length = mpmath.mpf(t), mpmath.mpf(bound)
        e = (classes - 2) * mpmath.exp(-2 * length)
        best = mpmath.log((1 + t_) / ((1 - t_) * (1 + e))) if t < 1 else mpmath.inf
        c = min(max(best, mpmath.mpf(0)), 2 * length)
        exact = mpmath.log(2 + e) - mpmath.log(1 + mpmath.exp(-c) + e) - c * (1 - t_) / 2
        value = cf.bounded_score_transform(t, bound, classes)
        assert value == pytest.approx(float(exact), rel=1e-12, abs=1e-15)
    if t <= cf.largest_uncharged_difference(bound, classes):
        assert value == 0.0


@pytest.mark.parametrize("bound", [0.1, 1.0, 3.0, 20.0, 400.0])
def test_two_classes_are_piecewise(bound: float) -> None:
    t = np.linspace(0.0, 1.0, 101)
    log_cosh = bound + np.log1p(np.exp(-2 * bound)) - LOG_2
    expected = np.where(t <= np.tanh(bound), cf.logistic_psi(t), t * bound - log_cosh)
    assert cf.bounded_score_transform(t, bound, 2) == pytest.approx(expected, abs=1e-13 * (1 + bound))
    assert cf.largest_uncharged_difference(bound, 2) == 0.0
    assert cf.largest_reachable_difference(bound, 2) == pytest.approx(np.tanh(bound), rel=1e-15)
    # Without a bound the others can be pushed to probability 0.
    assert cf.bounded_score_transform(t, 400.0, 9) == pytest.approx(cf.logistic_psi(t), abs=1e-15)


@pytest.mark.parametrize("classes", [2, 3, 8])
def test_transforms_are_convex_and_join(classes: int) -> None:
    t = np.linspace(0.0, 1.0, 4001)
    values = cf.bounded_score_transform(t, 0.8, classes)
    assert np.all(np.diff(values, 2) > -1e-14)
    assert np.all(np.diff(values) >= 0)
    assert np.max(np.diff(values, 2)) < 5 * (t[1] - t[0]) ** 2  # no jump of the slope
    assert np.all(values <= cf.logistic_psi(t) + 1e-15)


@settings(max_examples=60, deadline=None)
@given(bound=bounds, classes=st.integers(2, 12), share=st.floats(0.0, 1.0))
def test_reachable_transform_at_its_law(bound: float, classes: int, share: float) -> None:
    t = share * cf.largest_reachable_difference(bound, classes)
    rho = np.exp(-2 * bound)
    mass = (1 - (classes - 2) * t * rho / 2) / (1 + (classes - 2) * rho / 2)
    law = np.full(classes, rho * (mass + t) / 2)
    law[:2] = (mass + t) / 2, (mass - t) / 2
    assert law.sum() == pytest.approx(1.0, abs=1e-13)
    assert law[1] >= law[0] * rho * (1 - 1e-9)
    law /= law.sum()
    value = cf.reachable_transform(t, bound, classes)
    assert value == pytest.approx(cf.conditional_regret_infimum(law, 1), rel=1e-9, abs=1e-14)
    assert value >= cf.logistic_psi(t) - 1e-15


def test_bounded_regret_shapes() -> None:
    law = [0.5, 0.3, 0.2]
    assert isinstance(cf.bounded_conditional_regret(law, 1, 1.0), float)
    assert cf.bounded_conditional_regret(law, [0, 1, 2], [[1.0], [2.0]]).shape == (2, 3)
    assert cf.bounded_conditional_regret([1.0, 0.0, 0.0], 1, 1.0) == pytest.approx(cf.bounded_score_transform(1.0, 1.0, 3), abs=1e-14)
    assert cf.bounded_score_transform([[0.1], [0.2]], [1.0, 2.0, 3.0], 3).shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cf.logistic_psi(1.1), "difference must be finite and >= 0 and <= 1; got 1.1"),
        (lambda: cf.logistic_psi([0.1, -0.1]), "difference must be"),
        (lambda: cf.logistic_psi(float("nan")), "difference must be finite"),
        (lambda: cf.logistic_psi_inverse(-1e-9), "surrogate_regret must be finite and >= 0"),
        (lambda: cf.logistic_psi_inverse(float("inf")), "surrogate_regret must be finite"),
        (lambda: cf.sharp_multiclass_transform(0.5, 0.4), "difference must be <= top_two_mass; got 0.5"),
        (lambda: cf.sharp_multiclass_transform(0.5, 1.2), "top_two_mass must be"),
        (lambda: cf.sharp_multiclass_transform(0.0, 0.0), "top_two_mass must be"),
        (lambda: cf.conditional_regret_infimum([0.5, 0.6], 0), "probabilities must sum to 1 along the last axis; got sums off by up to 0.1"),
        (lambda: cf.conditional_regret_infimum([1.5, -0.5], 0), "probabilities must be finite and >= 0"),
        (lambda: cf.conditional_regret_infimum([1.0], 0), "K >= 2 classes"),
        (lambda: cf.conditional_regret_infimum(1.0, 0), "K >= 2 classes"),
        (lambda: cf.conditional_regret_infimum([0.5, 0.5], 2), "predicted must be a class below 2; got 2"),
        (lambda: cf.conditional_zero_one_regret([0.5, 0.5], -1), "predicted must be an integer >= 0"),
        (lambda: cf.bounded_score_transform(0.1, 0.0, 3), "bound must be finite and > 0; got 0.0"),
        (lambda: cf.bounded_score_transform(0.1, 1.0, 1), "class_count must be an integer >= 2; got 1"),
        (lambda: cf.bounded_score_transform(-0.1, 1.0, 2), "difference must be"),
        (lambda: cf.bounded_conditional_regret([0.5, 0.5], 0, -1.0), "bound must be"),
        (lambda: cf.largest_uncharged_difference(1.0, 2.5), "class_count must be"),
        (lambda: cf.reachable_transform(0.9, 1.0, 3), "difference must be <= 0.680"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        call()
