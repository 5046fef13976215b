"""The pooled naive Bayes classifier: by hand, against scikit-learn, its invariances, scikit-learn's checks, bad input."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.estimator_checks import parametrize_with_checks

from theorylab.papers.naive_bayes_logistic.estimators import PooledNaiveBayes


@parametrize_with_checks([PooledNaiveBayes()])
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def problem(seed: int, counts: tuple[int, ...], dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels 0, 1, ... in a random order; scales from 0.5 to 8 and means far from zero."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    return 30.0 + np.geomspace(0.5, 8.0, dimension) * (rng.standard_normal((len(y), dimension)) + y[:, None] * rng.uniform(0.2, 1.5, dimension)), y


def posterior(X: np.ndarray, y: np.ndarray, points: np.ndarray, priors: np.ndarray) -> np.ndarray:
    """Return the class probabilities word for word: normal densities with the pooled variances, times the priors, made to sum to one."""
    classes = np.unique(y)
    means = np.array([X[y == label].mean(axis=0) for label in classes])
    spread = np.sqrt(np.mean([(row - means[classes == label][0]) ** 2 for row, label in zip(X, y, strict=True)], axis=0))
    joint = np.array([prior * norm.pdf(points, mean, spread).prod(axis=1) for prior, mean in zip(priors, means, strict=True)]).T
    return joint / joint.sum(axis=1, keepdims=True)


def test_by_hand() -> None:
    X = np.array([[0.0, 1.0], [2.0, 0.0], [5.0, 1.0], [7.0, 2.0], [6.0, 0.0]])
    model = PooledNaiveBayes().fit(X, ["low", "low", "up", "up", "up"])
    np.testing.assert_array_equal(model.classes_, ["low", "up"])
    np.testing.assert_array_equal(model.class_count_, [2, 3])
    np.testing.assert_allclose(model.class_prior_, [0.4, 0.6])
    np.testing.assert_allclose(model.theta_, [[1.0, 0.5], [6.0, 1.0]])
    # (1 + 1 + 1 + 1 + 0) / 5 and (1/4 + 1/4 + 0 + 1 + 1) / 5.
    np.testing.assert_allclose(model.var_, [0.8, 0.5])
    np.testing.assert_allclose(model.coef_, [[5.0 / 0.8, 0.5 / 0.5]])
    # Log-odds 0 halfway between the means but for log(3/2).
    assert model.decision_function([[3.5, 0.75]])[0] == pytest.approx(np.log(1.5))
    np.testing.assert_allclose(model.intercept_, np.log(1.5) - 5.0 / 0.8 * 3.5 - 0.75)


@pytest.mark.parametrize("counts", [(12, 9), (5, 9, 14), (4, 4, 4, 4)])
@pytest.mark.parametrize("priors", [None, "uneven"])
def test_probabilities_word_for_word(counts: tuple[int, ...], priors: str | None) -> None:
    X, y = problem(1, counts, 3)
    shares = np.array(counts) / sum(counts) if priors is None else np.arange(1, len(counts) + 1) / np.arange(1, len(counts) + 1).sum()
    model = PooledNaiveBayes(priors=None if priors is None else shares.tolist()).fit(X, y)
    points = X[::2] + 0.3
    expected = posterior(X, y, points, shares)
    np.testing.assert_allclose(model.predict_proba(points), expected, rtol=1e-8, atol=1e-14)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(points)), expected, rtol=1e-8, atol=1e-14)
    np.testing.assert_array_equal(model.predict(points), expected.argmax(axis=1))
    np.testing.assert_allclose(model.class_prior_, shares)
    scores = points @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.decision_function(points), scores[:, 0] if len(counts) == 2 else scores, rtol=1e-7, atol=1e-7)
    if len(counts) > 2:
        np.testing.assert_allclose(model.class_count_ @ model.coef_, 0.0, atol=1e-9)


def test_beside_the_library() -> None:
    """One feature: linear discriminant analysis. Equal variances of the classes: GaussianNB."""
    X, y = problem(2, (20, 30, 25), 1)
    # The priors and the divisor m are those of maximum likelihood on both sides.
    library = LinearDiscriminantAnalysis(solver="lsqr").fit(X, y)
    np.testing.assert_allclose(PooledNaiveBayes().fit(X, y).predict_proba(X), library.predict_proba(X), rtol=1e-7, atol=1e-12)
    half = np.random.default_rng(3).standard_normal((15, 4))
    half -= half.mean(axis=0)
    shifted = np.concatenate([half, half + 1.0, half - [1.0, 0.0, 2.0, 0.5]])
    labels = np.repeat([3, 1, 2], 15)
    ours, theirs = PooledNaiveBayes().fit(shifted, labels), GaussianNB(var_smoothing=0.0).fit(shifted, labels)
    np.testing.assert_allclose(ours.predict_proba(shifted), theirs.predict_proba(shifted), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(theirs.var_, np.tile(ours.var_, (3, 1)))
    np.testing.assert_allclose(theirs.theta_, ours.theta_, atol=1e-12)


def test_on_real_data() -> None:
    X, y = load_iris(return_X_y=True, as_frame=True)
    model = clone(PooledNaiveBayes())
    assert cross_val_score(model, X, y, cv=5).mean() > 0.93
    fitted = model.fit(X, y)
    assert list(fitted.feature_names_in_) == list(X.columns)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), fitted.predict(X))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 4), dimension=st.integers(1, 4), shift=st.floats(-100.0, 100.0))
def test_units_order_and_names_do_not_matter(seed: int, classes: int, dimension: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    X, y = problem(seed, (6,) * classes, dimension)
    reference = PooledNaiveBayes().fit(X, y).predict_proba(X)
    units, order = np.exp(2 * rng.normal(size=dimension)), rng.permutation(len(y))
    moved = units * X + shift
    np.testing.assert_allclose(PooledNaiveBayes().fit(moved[order], y[order]).predict_proba(moved), reference, rtol=1e-6, atol=1e-9)
    names = np.array(["d", "c", "b", "a"])
    np.testing.assert_allclose(PooledNaiveBayes().fit(X, names[y]).predict_proba(X), reference[:, :classes][:, ::-1], rtol=1e-6, atol=1e-9)


def test_far_from_zero_and_certain() -> None:
    """A level of 1e12 takes no digits of the answer, and log-odds of thousands give no NaN."""
    X, y = problem(4, (8, 8), 2)
    X = np.round(X * 1024.0) / 1024.0  # so that the shifted numbers are exact
    reference = PooledNaiveBayes().fit(X, y)
    far = PooledNaiveBayes().fit(X + 2.0**40, y)
    np.testing.assert_allclose(far.decision_function(X + 2.0**40), reference.decision_function(X), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(far.var_, reference.var_, rtol=1e-12)
    assert np.all(np.isfinite(reference.predict_log_proba(1e6 * X)))
    np.testing.assert_allclose(reference.predict_proba(1e6 * X).sum(axis=1), 1.0)


def test_constant_features_are_named() -> None:
    import pandas as pd

    X, y = problem(5, (6, 7), 3)
    X[:, 1] = 0.1
    with pytest.raises(
        ValueError, match=r"feature 1 is constant within each of them, so its variance is 0 \(in all 1 such features of 3, 13 samples\)"
    ):
        PooledNaiveBayes().fit(X, y)
    X[:, 1] = np.where(y == 1, 0.1, 0.7)
    with pytest.raises(ValueError, match="feature 'second' is constant within each"):
        PooledNaiveBayes().fit(pd.DataFrame(X, columns=["first", "second", "third"]), y)
    # Two samples, one of each class: no degree of freedom is left.
    with pytest.raises(ValueError, match="in all 3 such features of 3, 2 samples"):
        PooledNaiveBayes().fit(X[[0, 1]], [0, 1])


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ([0.5, 0.6], "priors must be positive with sum 1"),
        ([1.0, 0.0], "priors must be positive with sum 1"),
        ([1.0], r"priors must have shape \(2,\)"),
        ([0.5, np.nan], "priors must be finite"),
    ],
)
def test_bad_priors(priors: list[float], message: str) -> None:
    X, y = problem(6, (6, 7), 2)
    with pytest.raises(ValueError, match=message):
        PooledNaiveBayes(priors=priors).fit(X, y)


def test_other_bad_input() -> None:
    X, y = problem(7, (6, 7), 2)
    with pytest.raises(ValueError, match="y must hold at least 2 classes; got 1 class, 4"):
        PooledNaiveBayes().fit(X, np.full(13, 4))
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        PooledNaiveBayes().fit(X, X[:, 0])
    for bad in (np.nan, np.inf):
        X[3, 1] = bad
        with pytest.raises(ValueError, match="contains"):
            PooledNaiveBayes().fit(X, y)
    X[3, 1] = 1e200
    with pytest.raises(ValueError, match="feature 1 has a variance that is too large for floating point"):
        PooledNaiveBayes().fit(X, y)
