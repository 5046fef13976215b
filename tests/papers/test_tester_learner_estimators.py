"""The tester-learner for users: the classifier, what its modes promise, bad input, and scikit-learn's own checks."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from theorylab.papers.tester_learner.estimators import NotAcceptedError, NotAcceptedWarning, TesterLearner
from theorylab.papers.tester_learner.monte_carlo import draw_scenario


def data(n: int = 20_000, d: int = 5, rate: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, target = rng.standard_normal((n, d)), np.cos(1.0 + np.arange(d))
    target /= np.linalg.norm(target)
    return x, np.where(x @ target >= 0, 1, -1) * np.where(rng.random(n) < rate, -1, 1), target


@pytest.mark.parametrize(
    "options", [{}, {"mode": "calibrated"}, {"noise": "adversarial"}, {"moment_degree": 4}, {"loss": "smooth_ramp"}, {"loss": "logistic"}]
)
def test_gaussian_samples_are_learnt_and_accepted(options: dict[str, Any]) -> None:
    x, y, target = data()
    learner = TesterLearner(0.2, random_state=0, failure_probability=1e-4, **options).fit(x, y)
    assert learner.accepted_, learner.report_
    assert np.arccos(learner.coef_[0] @ target) < 0.08
    assert np.mean(learner.predict(x) == np.where(x @ target >= 0, 1, -1)) > 0.97
    assert 0.19 < learner.error_bound_ < 0.25
    assert learner.coef_.shape == (1, 5)
    assert learner.intercept_.tolist() == [0.0]
    assert np.isnan(learner.excess_bound_) == (learner.noise == "adversarial")


@pytest.mark.parametrize("scenario", ["slab", "nodes", "pinched", "hypercube"])
@pytest.mark.parametrize("mode", ["tolerant", "calibrated", "certified"])
def test_marginals_that_break_the_learner_are_rejected(scenario: str, mode: str) -> None:
    x, y, _, _, _ = draw_scenario(np.random.default_rng(1), scenario, sample_size=12_000, dimension=6, ramp_width=0.4, noise_rate=0.2)
    learner = TesterLearner(0.2, ramp_width=0.4, mode=mode, start=np.eye(6)[0], random_state=0).fit(x, y)
    assert not learner.accepted_
    with pytest.raises(NotAcceptedError, match="the tests rejected the sample: "):
        learner.predict(x)
    with pytest.raises(NotAcceptedError):
        learner.decision_function(x)


def test_too_few_points_in_a_band_is_a_rejection_with_its_reason() -> None:
    x, y, _ = data(n=200)
    learner = TesterLearner(0.2, ramp_width=0.1, random_state=0).fit(x, y)
    assert not learner.accepted_
    assert any("too few points in band" in reason for reason in learner.report_.reasons)
    assert "too few points" in str(learner.report_)
    assert str(learner.report_).startswith("rejected (tolerant), ")


@pytest.mark.parametrize("spoil", ["constant", "duplicate", "zero"])
@pytest.mark.parametrize("mode", ["tolerant", "calibrated", "certified"])
def test_degenerate_columns_reject_and_do_not_crash(spoil: str, mode: str) -> None:
    x, y, _ = data(n=8000)
    if spoil == "duplicate":
        x[:, 3] = x[:, 2]
    else:
        x[:, 3] = 1.0 if spoil == "constant" else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learner = TesterLearner(0.2, ramp_width=0.4, mode=mode, random_state=0).fit(x, y)
    assert not learner.accepted_
    if mode != "certified":
        assert any("second moment" in reason or "mean of z" in reason for reason in learner.report_.reasons)


def test_warn_instead_of_raise() -> None:
    x, y, _ = data(n=200)
    learner = TesterLearner(0.2, ramp_width=0.1, on_rejection="warn", random_state=0).fit(x, y)
    with pytest.warns(NotAcceptedWarning, match="too few"):
        answers = learner.predict(x)
    assert set(answers.tolist()) <= {-1, 1}


def test_certified_mode_says_what_is_certain() -> None:
    x, y, target = data(n=400_000, d=3, rate=0.05)
    learner = TesterLearner(0.05, mode="certified", excess_error=0.15, random_state=0).fit(x, y)
    assert learner.accepted_, learner.report_
    assert np.arccos(min(1.0, learner.coef_[0] @ target)) / np.pi < learner.excess_bound_ <= 0.15
    # The certified mode takes labels on the wrong side as they are: the nearer of w and -w.
    turned = TesterLearner(0.05, mode="certified", excess_error=0.15, random_state=0).fit(x, -y)
    assert turned.accepted_
    assert turned.coef_[0] @ target < -0.9


def test_certified_mode_under_adversarial_noise() -> None:
    x, y, _ = data(n=400_000, d=3, rate=0.0)
    y[np.abs(x @ np.cos(1.0 + np.arange(3))) > 4.5] *= -1
    learner = TesterLearner(mode="certified", noise="adversarial", ramp_width=0.1, excess_error=0.3, random_state=0).fit(x, y)
    assert 0.0 < learner.flipped_mass_ <= learner.error_bound_
    assert "if opt <= " in learner.report_.results[0].sentence


def test_float32_stays_float32_and_agrees() -> None:
    x, y, _ = data()
    wide = TesterLearner(0.2, random_state=0).fit(x.astype(np.float32).astype(np.float64), y)
    narrow = TesterLearner(0.2, random_state=0).fit(x.astype(np.float32), y)
    assert wide.accepted_ == narrow.accepted_
    assert np.abs(wide.coef_ - narrow.coef_).max() < 2e-3
    assert narrow.predict(x.astype(np.float32)).shape == (len(x),)


def test_the_same_random_state_gives_the_same_report() -> None:
    x, y, _ = data(n=6000)
    first, second = (clone(TesterLearner(0.2, random_state=3)).fit(x, y) for _ in range(2))
    assert first.report_ == second.report_
    assert first.coef_.tolist() == second.coef_.tolist()
    assert pickle.loads(pickle.dumps(first)).accepted_ == first.accepted_


def test_it_works_in_pipelines_and_with_other_labels() -> None:
    x, y, _ = data()
    words = np.where(y > 0, "yes", "no")
    learner = TesterLearner(0.2, label_encoding="any", on_rejection="warn", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotAcceptedWarning)
        scores = cross_val_score(make_pipeline(StandardScaler(), learner), x, words, cv=3)
    assert np.all(scores > 0.75)


BAD = [
    ({"noise_rate": 0.5}, "noise_rate must be finite and >= 0 and < 0.5"),
    ({"noise_rate": -0.1}, "noise_rate must"),
    ({"ramp_width": 0.0}, "ramp_width must be finite and > 0"),
    ({"excess_error": 1.0}, "excess_error must"),
    ({"failure_probability": 0.0}, "failure_probability must"),
    ({"mode": "strict"}, "mode must be one of 'tolerant', 'calibrated', 'certified'; got 'strict'"),
    ({"noise": "none"}, "noise must be one of"),
    ({"loss": "hinge"}, "loss must be one of"),
    ({"on_rejection": "ignore"}, "on_rejection must be one of"),
    ({"label_encoding": "zero"}, "label_encoding must be one of"),
    ({"moment_degree": 3}, "degree must be an even number >= 2; got 3"),
    ({"moment_tolerance": 0.0}, "moment_tolerance must"),
    ({"start": np.zeros(5)}, "start must not be the zero vector"),
    ({"start": np.ones(3)}, r"start must be a finite vector of shape \(5,\)"),
    ({"step": -1.0}, "step must"),
    ({"iterations": 0}, "iterations must be an integer >= 1"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[f"{next(iter(o))}-{i}" for i, (o, _) in enumerate(BAD)])
def test_bad_parameters_are_named(options: dict[str, Any], message: str) -> None:
    x, y, _ = data(n=4000)
    with pytest.raises(ValueError, match=message):
        TesterLearner(random_state=0, **options).fit(x, y)


def test_bad_data_are_named() -> None:
    x, y, _ = data(n=100)
    with pytest.raises(ValueError, match=r'y must hold labels -1 and 1 only; got \[0, 1\]. For other labels pass label_encoding="any"'):
        TesterLearner().fit(x, (y > 0).astype(int))
    with pytest.raises(ValueError, match="y must hold 2 classes; got 1 class"):
        TesterLearner().fit(x, np.ones(100))
    with pytest.raises(ValueError, match="at least 2 features; got n_features=1"):
        TesterLearner().fit(x[:, :1], y)
    with pytest.raises(ValueError, match="NaN"):
        TesterLearner().fit(np.where(x > 2, np.nan, x), y)
    with pytest.raises(ValueError, match="infinity"):
        TesterLearner().fit(np.where(x > 2, np.inf, x), y)
    with pytest.raises(ValueError, match="minimum of 4"):
        TesterLearner().fit(x[:3], y[:3])
    with pytest.raises(NotFittedError):
        TesterLearner().predict(x)


@parametrize_with_checks([TesterLearner(label_encoding="any", on_rejection="warn")])
@pytest.mark.filterwarnings("ignore::theorylab.papers.tester_learner.estimators.NotAcceptedWarning")
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)
