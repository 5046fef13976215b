"""The batched logistic solver: against scikit-learn and general optimisers, against its own plain form, and on data that have no solution."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampling import cupy_or_skip
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from theorylab.numerics.logistic_regression import LogisticFit, SeparableDataError, fit_logistic_batched, is_separable, log_odds_form


class PlainNumpy:
    """An array module that is not numpy itself, so that the solver for other array modules runs."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


PLAIN = PlainNumpy()


def data(replicates: int, m: int, d: int, classes: int, *, distance: float = 1.5, seed: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, (replicates, m))
    labels[:, :classes] = np.arange(classes)
    means = rng.standard_normal((classes, d))
    means *= distance / np.linalg.norm(means, axis=1, keepdims=True)
    return rng.standard_normal((replicates, m, d)) + means[labels], labels


def objective(x: np.ndarray, y: np.ndarray, fit: LogisticFit, r: int, ridge: float) -> float:
    scores = x @ fit.weights[r].T + fit.intercepts[r]
    penalty = (fit.weights[r] ** 2).sum() * ridge / 2 * (2 if len(fit.weights[r]) == 2 else 1)
    return float((logsumexp(scores, axis=1) - scores[np.arange(len(y)), y]).sum() + penalty)


def tight_peer(x: np.ndarray, y: np.ndarray, ridge: float) -> LogisticRegression:
    with warnings.catch_warnings():
        # Where rounding ends its line search it says so.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=1 / ridge if ridge else np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)


SIZES = [(60, 10, 2), (60, 10, 3), (200, 20, 2), (120, 12, 5), (40, 60, 2), (30, 80, 3), (23, 1, 2), (150, 110, 2), (90, 100, 3)]


@pytest.mark.parametrize("ridge", [1.0, 0.03])
@pytest.mark.parametrize(("m", "d", "classes"), SIZES)
def test_agrees_with_scikit_learn(m: int, d: int, classes: int, ridge: float) -> None:
    x, y = data(3, m, d, classes)
    fit = fit_logistic_batched(x, y, classes, ridge=ridge)
    assert fit.converged.all()
    assert not fit.separable.any()
    for r in range(3):
        peer = tight_peer(x[r], y[r], ridge)
        if classes == 2:
            normal, offset = log_odds_form(fit)
            np.testing.assert_allclose(normal[r], peer.coef_[0], atol=1e-6)
            np.testing.assert_allclose(offset[r], peer.intercept_[0], atol=1e-6)
        else:
            np.testing.assert_allclose(fit.weights[r], peer.coef_ - peer.coef_.mean(axis=0), atol=1e-6)
            np.testing.assert_allclose(fit.intercepts[r], peer.intercept_ - peer.intercept_.mean(), atol=1e-6)
    np.testing.assert_allclose(fit.weights.sum(axis=1), 0.0, atol=1e-10)
    np.testing.assert_allclose(fit.intercepts.sum(axis=1), 0.0, atol=1e-10)


@pytest.mark.parametrize(("m", "d", "classes"), [(200, 5, 2), (300, 4, 3), (400, 10, 2), (800, 100, 2)])
def test_maximum_likelihood_agrees_with_scikit_learn(m: int, d: int, classes: int) -> None:
    x, y = data(2, m, d, classes, distance=1.0, seed=3)
    fit = fit_logistic_batched(x, y, classes, ridge=0.0)
    assert fit.converged.all()
    for r in range(2):
        peer = tight_peer(x[r], y[r], 0.0)
        own = log_odds_form(fit)[0][r] if classes == 2 else fit.weights[r]
        np.testing.assert_allclose(own, peer.coef_[0] if classes == 2 else peer.coef_ - peer.coef_.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("classes", [2, 4])
def test_agrees_with_a_general_optimiser(classes: int, fit_intercept: bool) -> None:
    """The objective is written out here once more, K = 2 with the penalty of the log-odds."""
    x, y = data(1, 40, 3, classes)
    ridge = 0.7
    fit = fit_logistic_batched(x, y, classes, ridge=ridge, fit_intercept=fit_intercept)
    rows = 1 if classes == 2 else classes

    def loss(flat: np.ndarray) -> float:
        table = flat.reshape(rows, 4)
        weights, intercepts = table[:, :3], table[:, 3] * fit_intercept
        scores = x[0] @ weights.T + intercepts
        if classes == 2:
            scores = np.concatenate([np.zeros((40, 1)), scores], axis=1)
        losses = logsumexp(scores, axis=1) - scores[np.arange(40), y[0]]
        return float(losses.sum() + ridge / 2 * (weights**2).sum())

    found = minimize(loss, np.zeros(rows * 4), method="BFGS", options={"gtol": 1e-9}).x.reshape(rows, 4)
    if classes == 2:
        normal, offset = log_odds_form(fit)
        np.testing.assert_allclose(normal[0], found[0, :3], atol=1e-5)
        np.testing.assert_allclose(offset[0], found[0, 3] * fit_intercept, atol=1e-5)
    else:
        np.testing.assert_allclose(fit.weights[0], found[:, :3], atol=1e-5)
        centred = (found[:, 3] - found[:, 3].mean()) * fit_intercept
        np.testing.assert_allclose(fit.intercepts[0], centred, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    classes=st.integers(2, 5),
    d=st.integers(1, 24),
    extra=st.integers(0, 80),
    ridge=st.sampled_from([1e-3, 0.1, 1.0, 30.0]),
    fit_intercept=st.booleans(),
    distance=st.floats(0.0, 6.0),
    scale=st.floats(-2.0, 2.0),
    shift=st.floats(-100.0, 100.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_compiled_and_plain_solvers_agree(
    classes: int, d: int, extra: int, ridge: float, fit_intercept: bool, distance: float, scale: float, shift: float, seed: int
) -> None:
    x, y = data(2, classes + extra, d, classes, distance=distance, seed=seed)
    x = 10.0**scale * x + shift * fit_intercept
    compiled = fit_logistic_batched(x, y, classes, ridge=ridge, fit_intercept=fit_intercept)
    plain = fit_logistic_batched(x, y, classes, ridge=ridge, fit_intercept=fit_intercept, namespace=PLAIN)
    assert compiled.converged.all()
    assert plain.converged.all()
    # Both errors are at most tolerance / sqrt(ridge).
    np.testing.assert_allclose(compiled.weights, plain.weights, atol=2e-8 / np.sqrt(ridge))
    for r in range(2):
        lowest = objective(x[r], y[r], plain, r, ridge)
        assert objective(x[r], y[r], compiled, r, ridge) <= lowest + 1e-9 * (1 + lowest)


@pytest.mark.gpu
@pytest.mark.parametrize(("m", "d", "classes", "ridge"), [(60, 10, 2, 1.0), (60, 10, 2, 0.0), (90, 8, 3, 0.5), (20, 50, 2, 1.0)])
def test_the_device_finds_the_same(m: int, d: int, classes: int, ridge: float) -> None:
    cupy = cupy_or_skip()
    x, y = data(16, m, d, classes)
    host = fit_logistic_batched(x, y, classes, ridge=ridge)
    device = fit_logistic_batched(cupy.asarray(x), cupy.asarray(y), classes, ridge=ridge, namespace=cupy)
    np.testing.assert_array_equal(device.separable.get(), host.separable)
    np.testing.assert_allclose(device.weights.get(), host.weights, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(device.intercepts.get(), host.intercepts, rtol=1e-6, atol=1e-6)


def test_plain_solver_finds_what_is_separable() -> None:
    x, y = data(80, 19, 6, 2, distance=0.7)
    compiled, plain = fit_logistic_batched(x, y, 2, ridge=0.0), fit_logistic_batched(x, y, 2, ridge=0.0, namespace=PLAIN)
    np.testing.assert_array_equal(compiled.separable, plain.separable)
    np.testing.assert_allclose(compiled.weights[~compiled.separable], plain.weights[~plain.separable], rtol=1e-6, atol=1e-6)
    assert 0 < compiled.separable.sum() < 80


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_flags_are_those_of_the_linear_program(classes: int, fit_intercept: bool) -> None:
    x, y = data(40, 12 * (classes - 1) + 4, 5, classes, distance=0.7)
    fit = fit_logistic_batched(x, y, classes, ridge=0.0, fit_intercept=fit_intercept)
    expected = [is_separable(x[r], y[r], classes, fit_intercept=fit_intercept) for r in range(40)]
    np.testing.assert_array_equal(fit.separable, expected)
    np.testing.assert_array_equal(fit.converged, ~fit.separable)
    assert np.isnan(fit.weights[fit.separable]).all()
    assert np.isnan(fit.intercepts[fit.separable]).all()
    assert np.isfinite(fit.weights[~fit.separable]).all()


QUASI = np.array([[[0.0], [0.0], [1.0], [2.0], [-1.0], [0.0]]]), np.array([[0, 1, 1, 1, 0, 0]])


@pytest.mark.parametrize("namespace", [np, PLAIN])
def test_quasi_complete_separation_is_seen(namespace: Any) -> None:
    """Both classes at x = 0, one on each side of it: every w > 0 is better than any smaller one, but none separates all samples."""
    fit = fit_logistic_batched(*QUASI, 2, ridge=0.0, namespace=namespace)
    assert fit.separable.all()
    assert not fit.converged.any()
    x, y = QUASI[0].copy(), QUASI[1]
    x[0, 0, 0] = 0.5  # one sample of class 0 among those of class 1 is enough
    fit = fit_logistic_batched(x, y, 2, ridge=0.0, namespace=namespace)
    assert not fit.separable.any()
    assert fit.converged.all()


def test_separable_replicates_leave_the_others_alone() -> None:
    x, y = data(3, 50, 2, 2, distance=1.0, seed=8)
    x[1] += 100.0 * (y[1] - 0.5)[:, None]
    fit = fit_logistic_batched(x, y, 2, ridge=0.0)
    np.testing.assert_array_equal(fit.separable, [False, True, False])
    alone = fit_logistic_batched(x[[0, 2]], y[[0, 2]], 2, ridge=0.0)
    np.testing.assert_allclose(fit.weights[[0, 2]], alone.weights)
    with pytest.raises(SeparableDataError, match="replicate 1 leave no finite solution: the classes are separable and ridge is 0") as caught:
        fit_logistic_batched(x, y, 2, ridge=0.0, on_separable="raise")
    assert caught.value.replicate == 1
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.replicate) == (SeparableDataError, str(caught.value), 1)
    assert fit_logistic_batched(x, y, 2, ridge=1.0, on_separable="raise").converged.all()


@pytest.mark.parametrize("ridge", [0.0, 1.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_absent_classes_have_no_finite_intercept(classes: int, ridge: float) -> None:
    x, y = data(3, 200, 2, classes, distance=0.5, seed=2)
    y[1][y[1] == classes - 1] = 0
    fit = fit_logistic_batched(x, y, classes, ridge=ridge)
    np.testing.assert_array_equal(fit.separable, [False, True, False])
    with pytest.raises(SeparableDataError, match=r"replicate 1 .* a class has no samples and its intercept is free"):
        fit_logistic_batched(x, y, classes, ridge=ridge, on_separable="raise")
    # Without intercepts the samples on all sides of the origin hold the weights.
    fit = fit_logistic_batched(x, y, classes, ridge=ridge, fit_intercept=False)
    assert fit.converged.all()
    assert (fit.intercepts[0] == 0.0).all()


@pytest.mark.parametrize("namespace", [np, PLAIN])
def test_constant_features(namespace: Any) -> None:
    x, y = data(2, 50, 3, 2, distance=1.0, seed=4)
    x[:, :, 1] = 3.3
    fit = fit_logistic_batched(x, y, 2, ridge=1.0, namespace=namespace)
    assert (fit.weights[:, :, 1] == 0.0).all()
    others = fit_logistic_batched(x[:, :, [0, 2]], y, 2, ridge=1.0, namespace=namespace)
    np.testing.assert_allclose(fit.weights[:, :, [0, 2]], others.weights, atol=1e-8)
    with pytest.raises(ValueError, match="features must determine the coefficients when ridge is 0; got replicate 0, in which feature 1 is constant"):
        fit_logistic_batched(x, y, 2, ridge=0.0, namespace=namespace)
    x[1, :, 1] = x[1, :, 0] - 2.0 * x[1, :, 2] + 5.0
    x[0, :, 1] = np.random.default_rng(0).standard_normal(50)
    with pytest.raises(ValueError, match="replicate 1, in which the 3 features are linearly dependent"):
        fit_logistic_batched(x, y, 2, ridge=0.0, namespace=namespace)
    assert fit_logistic_batched(x, y, 2, ridge=1.0, namespace=namespace).converged.all()


def test_few_samples_are_separable_not_dependent() -> None:
    x, y = data(4, 8, 20, 2)
    assert fit_logistic_batched(x, y, 2, ridge=0.0).separable.all()


def test_relabelling_shifting_and_rotating() -> None:
    x, y = data(3, 70, 6, 2, seed=5)
    fit, swapped = fit_logistic_batched(x, y, 2, ridge=1.0), fit_logistic_batched(x, 1 - y, 2, ridge=1.0)
    np.testing.assert_allclose(swapped.weights, fit.weights[:, ::-1], atol=1e-9)
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]
    turned = fit_logistic_batched(x @ rotation + 7.0, y, 2, ridge=1.0)
    np.testing.assert_allclose(turned.weights @ rotation.T, fit.weights, atol=1e-8)
    np.testing.assert_allclose(turned.intercepts, fit.intercepts - 7.0 * (fit.weights @ rotation).sum(axis=2), atol=1e-7)
    scaled = fit_logistic_batched(3.0 * x, y, 2, ridge=9.0)
    np.testing.assert_allclose(3.0 * scaled.weights, fit.weights, atol=1e-8)


def test_wide_data_are_fitted_in_their_span() -> None:
    """The weights are combinations of the samples, and solve the stationarity equation ridge w = sum_i s_i sigmoid(-s_i score_i) x_i."""
    x, y = data(2, 15, 90, 2)
    fit = fit_logistic_batched(x, y, 2, ridge=0.5)
    normal, offset = log_odds_form(fit)
    signs = 2 * y - 1
    scores = np.einsum("rmd,rd->rm", x, normal) + offset[:, None]
    pull = np.einsum("rm,rmd->rd", signs / (1 + np.exp(signs * scores)), x)
    np.testing.assert_allclose(0.5 * normal, pull, atol=1e-7)
    np.testing.assert_allclose((signs / (1 + np.exp(signs * scores))).sum(axis=1), 0.0, atol=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_hard_data_converge(seed: int) -> None:
    """Heavy tails, scales from 1e-3 to 1e3, offsets of 1e4, classes far apart under a weak penalty."""
    rng = np.random.default_rng(seed)
    for classes in (2, 4):
        x, y = data(3, 90, 20, classes, distance=10.0**seed, seed=seed)
        x = rng.standard_t(1.5, x.shape) + x
        x = x * 10 ** rng.uniform(-3, 3, 20) + 1e4 * rng.standard_normal(20)
        for ridge in (1e-4, 1.0, 1e3):
            assert fit_logistic_batched(x, y, classes, ridge=ridge, namespace=np).converged.all()


def test_iterations_are_counted_and_bounded() -> None:
    x, y = data(4, 60, 5, 2)
    fit = fit_logistic_batched(x, y, 2, ridge=1.0)
    assert ((fit.iterations >= 3) & (fit.iterations <= 30)).all()
    for namespace in (np, PLAIN):
        short = fit_logistic_batched(x, y, 2, ridge=1.0, maximum_iterations=1, namespace=namespace)
        assert (short.iterations == 1).all()
        assert not short.converged.any()
        assert np.isfinite(short.weights).all()
    rough = fit_logistic_batched(x, y, 2, ridge=1.0, tolerance=1e-3)
    assert (rough.iterations <= 15).all()
    np.testing.assert_allclose(rough.weights, fit.weights, atol=2e-3)


def test_data_are_not_changed_and_order_in_memory_does_not_matter() -> None:
    x, y = data(2, 30, 4, 3, seed=6)
    before = x.copy(), y.copy()
    fit = fit_logistic_batched(np.asfortranarray(x), y.astype(np.uint8), 3, ridge=1.0)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_array_equal(fit.weights, fit_logistic_batched(x, y, 3, ridge=1.0).weights)
    whole = fit_logistic_batched(np.round(8 * x).astype(int), y, 3, ridge=1.0)
    np.testing.assert_array_equal(whole.weights, fit_logistic_batched(np.round(8 * x), y, 3, ridge=1.0).weights)


GOOD: dict[str, Any] = {"features": np.arange(12.0).reshape(1, 6, 2) % 5, "labels": np.array([[0, 1, 0, 1, 1, 0]]), "class_count": 2, "ridge": 1.0}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"features": np.zeros((6, 2))}, r"features must have shape \(R, m, d\) with R, m, d >= 1; got shape \(6, 2\)"),
    ({"features": np.zeros((1, 6, 0))}, r"features must have shape .*; got shape \(1, 6, 0\)"),
    ({"features": np.full((1, 6, 2), np.nan)}, "features must be finite; got 12 entries that are NaN or infinite"),
    ({"features": np.full((1, 6, 2), np.inf)}, "features must be finite; got 12"),
    ({"features": np.full((1, 6, 2), "a")}, "features must be real numbers"),
    ({"features": np.zeros((1, 6, 2), complex)}, "features must be real numbers"),
    ({"labels": np.array([[0, 1, 0]])}, r"labels must have shape \(1, 6\), one a sample; got shape \(1, 3\)"),
    ({"labels": np.array([[0, 1, 0, 1, 2, 0]])}, "labels must be integers from 0 to 1; got 0 to 2"),
    ({"labels": np.array([[0, 1, 0, 1, -1, 0]])}, "labels must be integers from 0 to 1; got -1 to 1"),
    ({"labels": np.array([[0.0, 1, 0, 1, 1, 0]])}, "labels must be integers from 0 to 1; got float64"),
    ({"class_count": 1}, "class_count must be .*>= 2; got 1"),
    ({"ridge": -1.0}, "ridge must be finite and >= 0; got -1.0"),
    ({"ridge": float("nan")}, "ridge must be finite and >= 0; got nan"),
    ({"tolerance": 0.0}, "tolerance must be finite and > 0 and <= 0.01; got 0.0"),
    ({"tolerance": 1.0}, "tolerance must be finite and > 0 and <= 0.01; got 1.0"),
    ({"maximum_iterations": 0}, "maximum_iterations must be .*>= 1; got 0"),
    ({"on_separable": "warn"}, "on_separable must be one of 'flag', 'raise'; got 'warn'"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_bad_input_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_logistic_batched(**{**GOOD, **wrong})


def test_log_odds_need_two_classes() -> None:
    x, y = data(1, 20, 2, 3)
    with pytest.raises(ValueError, match="fit must have 2 classes; got 3"):
        log_odds_form(fit_logistic_batched(x, y, 3, ridge=1.0))


@pytest.mark.parametrize(("m", "d", "classes", "ridge"), [(21, 3, 2, 0.0), (60, 10, 3, 1.0), (120, 100, 2, 1.0), (9, 30, 4, 0.2)])
def test_a_data_set_is_fitted_without_regard_to_its_neighbours(m: int, d: int, classes: int, ridge: float) -> None:
    x, y = data(5, m, d, classes)
    together = fit_logistic_batched(x, y, classes, ridge=ridge)
    for r in range(5):
        alone = fit_logistic_batched(x[r : r + 1], y[r : r + 1], classes, ridge=ridge)
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], other[r])


def test_linear_program_on_known_cases() -> None:
    line, sides = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1])
    assert is_separable(line, sides, 2)
    assert not is_separable(line, np.array([0, 1, 0, 1]), 2)
    # Through the origin only with an intercept.
    assert is_separable(line + 5.0, sides, 2)
    assert not is_separable(line + 5.0, sides, 2, fit_intercept=False)
    # Of three classes on a line the middle one is reached by a score of its own.
    assert is_separable(np.arange(6.0)[:, None], np.array([0, 0, 1, 1, 2, 2]), 3)
    assert not is_separable(np.arange(6.0)[:, None], np.array([0, 1, 0, 2, 1, 2]), 3)
    # Two of three classes overlap, and the third is apart: no maximum either.
    assert is_separable(np.array([[0.0], [1.0], [2.0], [3.0], [90.0]]), np.array([0, 1, 0, 1, 2]), 3)
    assert not is_separable(np.zeros((4, 2)), sides, 2)
    # Units do not matter.
    assert is_separable(1e-9 * line + 1e-3, sides, 2)
    assert is_separable(1e9 * line, sides, 2)


@pytest.mark.parametrize("namespace", [np, PLAIN])
def test_scales_from_tiny_to_huge_without_penalty(namespace: Any) -> None:
    x, y = data(2, 80, 3, 3, distance=0.8, seed=11)
    scales = np.array([1e-8, 1.0, 1e8])
    fit = fit_logistic_batched(x, y, 3, ridge=0.0, namespace=namespace)
    scaled = fit_logistic_batched(x * scales + np.array([1e-4, 0.0, 1e3]), y, 3, ridge=0.0, namespace=namespace)
    assert fit.converged.all()
    assert scaled.converged.all()
    np.testing.assert_allclose(scaled.weights * scales, fit.weights, atol=1e-6)


@pytest.mark.parametrize("namespace", [np, PLAIN])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_wide_data_that_overlap_have_no_single_estimate(namespace: Any, fit_intercept: bool) -> None:
    """Every sample is there with both labels, so that nothing separates them, and most of the weights are free."""
    x = np.random.default_rng(0).standard_normal((1, 3, 20))
    doubled, labels = np.concatenate([x, x], axis=1), np.array([[0, 0, 0, 1, 1, 1]])
    with pytest.raises(ValueError, match="replicate 0, in which the 20 features are linearly dependent"):
        fit_logistic_batched(doubled, labels, 2, ridge=0.0, fit_intercept=fit_intercept, namespace=namespace)
    fit = fit_logistic_batched(doubled, labels, 2, ridge=1e-3, fit_intercept=fit_intercept, namespace=namespace)
    np.testing.assert_allclose(fit.weights, 0.0, atol=1e-9)
