"""The digits: against scikit-learn on one training set after the other, the variance that is added, contract, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from theorylab.montecarlo.samplers import make_request
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulator
from theorylab.papers.naive_bayes_logistic.estimators import PooledNaiveBayes
from theorylab.papers.naive_bayes_logistic.monte_carlo.real_data import ROUNDING_VARIANCE

COLUMNS = {"naive_bayes", "class_variances", "logistic"}


@pytest.mark.parametrize(
    "parameters", [{"digits": (3, 8), "sample_size": 9}, {"sample_size": 40}, {"digits": (7, 1, 4), "sample_size": 6, "ridge": 0.1}]
)
def test_sampler_contract(parameters: dict[str, Any]) -> None:
    values = simulator.sample_digits_error(np.random.default_rng(5), 6, **parameters)
    device = simulator.sample_digits_error(DeviceGenerator(5), 6, **parameters)
    assert set(values) == COLUMNS
    for name, column in values.items():
        assert column.shape == (6,)
        assert column.dtype == np.float64
        assert np.all((column > 0.0) & (column < 1.0))
        np.testing.assert_array_equal(column, device[name])
    assert 1 <= make_request(simulator.sample_digits_error, parameters).block <= 64


@pytest.mark.parametrize(("digits", "sample_size"), [((3, 8), 30), (tuple(range(10)), 60)])
def test_against_scikit_learn(digits: tuple[int, ...], sample_size: int) -> None:
    """The same training sets, drawn again from the same uniforms; rounding noise makes up for what is added to the variances of GaussianNB."""
    values = simulator.sample_digits_error(np.random.default_rng(3), 4, digits=digits, sample_size=sample_size)
    X, y = simulator.load_digit_images(digits)
    orders = np.argsort(np.random.default_rng(3).random((4, len(y))), axis=1)
    compared = 0
    for r, order in enumerate(orders):
        train, test = order[:sample_size], order[sample_size:]
        if np.unique(y[train]).size < len(digits):
            continue  # drawn anew by the sampler
        compared += 1
        library = GaussianNB(var_smoothing=0.0)
        library.fit(X[train], y[train])
        library.var_ += ROUNDING_VARIANCE
        assert values["class_variances"][r] == pytest.approx(1 - library.score(X[test], y[test]))
        penalised = LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(X[train], y[train])
        assert values["logistic"][r] == pytest.approx(1 - penalised.score(X[test], y[test]), abs=1.5 / len(test))
        # Every image twice, a half grey level of spread on either side: the pooled variances grow by what is added.
        half = np.sqrt(ROUNDING_VARIANCE)
        doubled = PooledNaiveBayes().fit(np.concatenate([X[train] - half, X[train] + half]), np.tile(y[train], 2))
        assert values["naive_bayes"][r] == pytest.approx(1 - doubled.score(X[test], y[test]), abs=1.5 / len(test))
    assert compared >= 2


def test_images() -> None:
    pixels, numbers = load_digits(return_X_y=True)
    X, y = simulator.load_digit_images()
    np.testing.assert_allclose(X * 16, pixels)
    np.testing.assert_array_equal(y, numbers)
    X, y = simulator.load_digit_images((8, 3))
    assert len(y) == np.isin(numbers, (3, 8)).sum()
    np.testing.assert_allclose(X[y == 0] * 16, pixels[numbers == 8])
    X[:] = 0.0
    assert simulator.load_digit_images((8, 3))[0].max() == 1.0


def test_variance_of_rounding_to_grey_levels() -> None:
    levels = np.linspace(0.0, 16.0, 160_001)
    assert np.var(np.round(levels) / 16.0 - levels / 16.0) == pytest.approx(ROUNDING_VARIANCE, rel=1e-3)


def test_rare_digits_are_waited_for() -> None:
    """Two of each of ten digits are seldom all there at once; every set has them all the same, or a fit would have failed."""
    values = simulator.sample_digits_error(np.random.default_rng(1), 16, sample_size=20)
    assert np.all(values["logistic"] < 0.75)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sample_size": 19}, "sample_size must be an integer >= 20"),
        ({"sample_size": 1790}, "sample_size must be at most 1787, so that ten images are left to test; got 1790"),
        ({"sample_size": 30, "digits": (3, 3)}, r"digits must be at least 2 different whole numbers from 0 to 9; got \(3, 3\)"),
        ({"sample_size": 30, "digits": (3, 10)}, "digits must be at least 2 different"),
        ({"sample_size": 30, "digits": (3,)}, "digits must be at least 2 different"),
        ({"sample_size": 30, "digits": (-1, 2)}, "digits must be an integer >= 0"),
        ({"sample_size": 30, "ridge": 0.0}, "ridge must be finite and > 0"),
        ({"sample_size": 30, "variance_floor": -0.1}, "variance_floor must be finite and > 0"),
        ({"sample_size": 30, "variance_floor": 0.0}, "variance_floor must be finite and > 0; got 0.0"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulator.sample_digits_error(np.random.default_rng(), 2, **parameters)
