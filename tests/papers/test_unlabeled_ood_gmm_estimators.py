"""The robust self-trained classifier: scikit-learn's conventions, invariances, monotone ascent, and its errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampling import DeviceGenerator, assert_equal_in_law
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.papers.unlabeled_ood_gmm.estimators import RobustSelfTrainingClassifier, fit_rss
from theorylab.papers.unlabeled_ood_gmm.estimators.ascent import ascend, gradient_ascent, objective
from theorylab.papers.unlabeled_ood_gmm.estimators.functional import worst_error_slope

EXPECTED = {"check_classifiers_classes": "it passes classes -1 and 1 without unlabelled samples, where -1 means unlabelled"}


@parametrize_with_checks([RobustSelfTrainingClassifier()], expected_failed_checks=lambda _: EXPECTED)
def test_scikit_learn_conventions(estimator, check) -> None:
    check(estimator)


def mixture(seed: int, m: int, n: int, d: int, length: float = 1.5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mean = np.zeros(d)
    mean[0] = length
    y, hidden = rng.choice([-1.0, 1.0], m), rng.choice([-1.0, 1.0], n)
    y[:2] = -1.0, 1.0
    return y[:, None] * mean + rng.standard_normal((m, d)), y, hidden[:, None] * mean + rng.standard_normal((n, d)), hidden


def direction(model: RobustSelfTrainingClassifier) -> np.ndarray:
    return model.coef_[0] / np.linalg.norm(model.coef_[0])


def test_unlabelled_samples_help() -> None:
    X, y, U, hidden = mixture(1, 20, 3000, 60)
    alone, both = (RobustSelfTrainingClassifier(weight, center="none").fit(X, y, X_unlabeled=U) for weight in (0.0, 20.0))
    assert both.score(U, hidden) > alone.score(U, hidden) + 0.03
    assert both.score(U, hidden) == pytest.approx(0.933, abs=0.02)
    assert both.n_iter_ > 1
    assert np.linalg.norm(both.coef_) == pytest.approx(1.0, rel=1e-12)


def test_marks_and_a_separate_sample_are_the_same() -> None:
    X, y, U, _ = mixture(2, 10, 50, 4)
    labels = np.where(y > 0, 5, 3)
    marked = RobustSelfTrainingClassifier().fit(np.vstack([X, U]), np.concatenate([labels, np.full(50, -1)]))
    apart = RobustSelfTrainingClassifier().fit(X, labels, X_unlabeled=U)
    assert np.array_equal(marked.coef_, apart.coef_)
    assert marked.classes_.tolist() == [3, 5]
    # With a separate sample -1 is a class like any other.
    signed = RobustSelfTrainingClassifier().fit(X, y, X_unlabeled=U)
    assert signed.classes_.tolist() == [-1.0, 1.0]
    assert np.array_equal(signed.coef_, apart.coef_)
    # And strings are never marks.
    named = RobustSelfTrainingClassifier().fit(X, np.where(y > 0, "yes", "-1"))
    assert named.classes_.tolist() == ["-1", "yes"]


def test_labels_alone_are_enough() -> None:
    X, y, _, _ = mixture(3, 30, 0, 3)
    model = RobustSelfTrainingClassifier(center="none").fit(X, y, X_unlabeled=np.empty((0, 3)))
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("center", ["midpoint", "all", "none"])
def test_centres(center: str) -> None:
    X, y, U, hidden = mixture(4, 40, 600, 3, 2.5)
    moved = np.array([10.0, -3.0, 5.0]) if center != "none" else np.zeros(3)
    model = RobustSelfTrainingClassifier(center=center).fit(X + moved, y, X_unlabeled=U + moved)
    assert model.score(U + moved, hidden) > 0.97
    assert model.decision_function(U[:5] + moved) == pytest.approx((U[:5] + moved) @ model.coef_[0] + model.intercept_[0])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_rotations_turn_the_rule(seed: int) -> None:
    X, y, U, _ = mixture(seed, 8, 40, 4)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((4, 4)))[0]
    plain, turned = fit_rss(X, y, U, 3.0), fit_rss(X @ turn.T, y, U @ turn.T, 3.0)
    assert turned.value == pytest.approx(plain.value, rel=1e-10)
    assert turned.directions[0] == pytest.approx(turn @ plain.directions[0], abs=1e-8)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), power=st.integers(-3, 3))
def test_units_do_not_matter_if_slopes_have_them(seed: int, power: int) -> None:
    """Powers of two leave every rounding as it is; where there are several summits rounding decides between them."""
    scale = 2.0**power
    X, y, U, _ = mixture(seed, 8, 40, 4)
    plain, scaled = fit_rss(X, y, U, 3.0, 0.8, 0.5), fit_rss(scale * X, y, scale * U, 3.0, 0.8 / scale, 0.5 / scale)
    assert scaled.value == pytest.approx(scale * plain.value, rel=1e-12)


def test_copies_of_the_data_change_nothing() -> None:
    X, y, U, _ = mixture(5, 9, 30, 4)
    once, twice = fit_rss(X, y, U, 2.0), fit_rss(np.repeat(X, 2, axis=0), np.repeat(y, 2), np.repeat(U, 3, axis=0), 2.0)
    assert twice.directions == pytest.approx(once.directions, abs=1e-10)
    flipped = fit_rss(X, y, -U, 2.0)
    assert flipped.directions == pytest.approx(once.directions, abs=1e-10)
    other = fit_rss(X, -y, U, 2.0)
    assert other.directions == pytest.approx(-once.directions, abs=1e-10)


@pytest.mark.parametrize("slopes", [(None, None), (0.8, 0.6), (None, 0.9), (1.5, None)])
def test_the_fast_route_ends_no_lower_than_plain_steps(slopes: tuple) -> None:
    """The objective is not concave, so single problems may end in different places: the fast route is at least as good on the whole."""
    gains = []
    for seed in range(8):
        X, y, U, _ = mixture(seed, 10, 80, 5)
        fast, slow = (fit_rss(X, y, U, 3.0, *slopes, solver=solver, max_iter=1500) for solver in ("ascent", "gradient"))
        assert fast.value[0] > 0.985 * slow.value[0]
        gains.append(fast.value[0] / slow.value[0] - 1)
    assert np.mean(gains) > -1e-3


def test_the_ascent_never_falls_below_its_start() -> None:
    rng = np.random.default_rng(7)
    signed, unlabeled = rng.standard_normal((6, 9, 5)) + 0.3, rng.standard_normal((6, 50, 5))
    start = signed.mean(axis=1)
    start /= np.linalg.norm(start, axis=1)[:, None]
    for widths in ({}, {"width": 0.8, "unlabeled_width": 1.3}, {"unlabeled_width": 0.5}):
        before = objective(signed, unlabeled, start, 2.0, **widths)
        found = ascend(signed, unlabeled, start, 2.0, **widths)
        assert np.all(found.value >= before - 1e-12)
        assert found.value == pytest.approx(objective(signed, unlabeled, found.directions, 2.0, **widths), rel=1e-12)
        assert np.linalg.norm(found.directions, axis=1) == pytest.approx(np.ones(6))
        slow = gradient_ascent(signed, unlabeled, start, 2.0, max_iter=300, **widths)
        assert np.all(slow.value >= before - 1e-12)


def test_batches_are_problems_side_by_side() -> None:
    rng = np.random.default_rng(8)
    signed, unlabeled = rng.standard_normal((4, 6, 3)) + 0.5, rng.standard_normal((4, 20, 3))
    together = ascend(signed, unlabeled, signed.mean(axis=1), 3.0)
    for k in range(4):
        one = ascend(signed[k : k + 1], unlabeled[k : k + 1], signed[k : k + 1].mean(axis=1), 3.0)
        assert one.directions[0] == pytest.approx(together.directions[k], abs=1e-10)


def test_objective_word_for_word() -> None:
    X, y, U, _ = mixture(9, 6, 15, 3)
    w = np.array([[0.6, 0.8, 0.0]])
    found = objective((y[:, None] * X)[None], U[None], w, 2.5, width=0.9, unlabeled_width=0.7)
    gamma, gamma_unlabeled = 1 / 0.9, 1 / 0.7
    labeled = np.mean(np.clip(1 - gamma * y * (X @ w[0]), 0, 1))
    unlabeled = np.mean(np.maximum(0, 1 - gamma_unlabeled * np.abs(U @ w[0])))
    # The paper's sum with lambda = kappa gamma/gamma', as gamma (constant - G).
    paper = labeled + 2.5 * gamma / gamma_unlabeled * unlabeled
    constant = 1 / gamma + 2.5 / gamma_unlabeled
    assert paper == pytest.approx(gamma * (constant - found[0]), rel=1e-12)


def test_a_radius_is_the_price_at_its_best() -> None:
    X, y, U, _ = mixture(10, 15, 60, 4)
    found = fit_rss(X, y, U, 0.5, None, 0.4, radius=0.2)
    margins = y * (X @ found.directions[0])
    error, price = worst_error_slope(margins, 0.2)
    prices = np.linspace(0, 10, 5001)
    dual = np.min(prices * 0.2 + np.mean(np.clip(1 - prices[:, None] * margins, 0, 1), axis=1))
    assert error == pytest.approx(dual, abs=1e-3)
    loss = error + 0.5 * np.mean(np.maximum(0, 1 - 0.4 * np.abs(U @ found.directions[0])))
    assert found.value[0] == pytest.approx(-loss, rel=1e-12)
    start = (y[:, None] * X).mean(axis=0)
    start /= np.linalg.norm(start)
    before = worst_error_slope(y * (X @ start), 0.2)[0] + 0.5 * np.mean(np.maximum(0, 1 - 0.4 * np.abs(U @ start)))
    assert loss <= before
    assert price > 0
    # So large that every sample is moved: the labelled term is 1 whatever the rule is.
    assert fit_rss(X, y, U, 0.5, None, 0.4, radius=100.0).converged
    assert worst_error_slope(np.array([-1.0, 1.0]), 0.0) == (0.5, 1.0)


def test_anisotropic_classes_need_their_own_length() -> None:
    rng = np.random.default_rng(11)
    scale, mean = np.array([1.0, 2.5]), np.array([1.0, 0.0])
    y, hidden = rng.choice([-1.0, 1.0], 60), rng.choice([-1.0, 1.0], 5000)
    X, U = y[:, None] * mean + rng.standard_normal((60, 2)) * scale, hidden[:, None] * mean + rng.standard_normal((5000, 2)) * scale
    plain = RobustSelfTrainingClassifier(center="none").fit(X, y, X_unlabeled=U)
    whitened = RobustSelfTrainingClassifier(center="none", transport_covariance=np.diag(scale**2)).fit(X, y, X_unlabeled=U)
    assert abs(direction(plain)[1]) > 0.95
    assert abs(direction(whitened)[0]) > 0.99
    assert whitened.score(U, hidden) > 0.82 > 0.6 > plain.score(U, hidden)


def test_robust_score_against_all_corners() -> None:
    X, y, U, hidden = mixture(12, 20, 200, 3)
    model = RobustSelfTrainingClassifier().fit(X, y, X_unlabeled=U)
    assert model.robust_score(U, hidden, radius=0.0) == model.score(U, hidden)
    corners = 0.3 * np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    kept = np.all([model.predict(U + corner) == hidden for corner in corners], axis=0)
    assert model.robust_score(U, hidden, radius=0.3, norm="linf") == pytest.approx(kept.mean())
    angles = np.random.default_rng(0).standard_normal((4000, 3))
    sphere = 0.3 * np.vstack([angles / np.linalg.norm(angles, axis=1)[:, None], direction(model), -direction(model)])
    kept = np.all([model.predict(U + move) == hidden for move in sphere[-200:]], axis=0)
    assert model.robust_score(U, hidden, radius=0.3, norm="l2") == pytest.approx(kept.mean())
    assert model.robust_score(U, hidden, radius=0.3) >= model.robust_score(U, hidden, radius=0.3, norm="linf")


def test_in_a_pipeline_with_pandas_and_clone() -> None:
    X, y, U, _ = mixture(13, 30, 100, 3)
    frame = pd.DataFrame(np.vstack([X, U]), columns=["a", "b", "c"])
    labels = np.concatenate([(y > 0).astype(int), np.full(100, -1)])
    model = make_pipeline(StandardScaler(), clone(RobustSelfTrainingClassifier(5.0, slope=0.5, unlabeled_slope=0.5))).fit(frame, labels)
    assert model.predict(frame).shape == (130,)
    assert RobustSelfTrainingClassifier().fit(frame, labels).feature_names_in_.tolist() == ["a", "b", "c"]
    single = RobustSelfTrainingClassifier().fit(frame.astype(np.float32), labels)
    assert single.coef_ == pytest.approx(RobustSelfTrainingClassifier().fit(frame, labels).coef_, abs=1e-4)


def test_digits_with_ten_labels() -> None:
    """Threes and eights: images without labels help ten labelled ones, and images from another place (one half darker) do so still."""
    X, y = load_digits(return_X_y=True)
    kept = np.isin(y, (3, 8))
    X, y = X[kept] / 16.0, y[kept]
    gains = {"same": [], "shifted": []}
    for seed in range(12):
        order = np.random.default_rng(seed).permutation(len(y))
        train, rest, test = order[:10], order[10:250], order[250:]
        if len(set(y[train])) < 2:
            continue
        darker = np.where(np.arange(64) % 8 < 4, 0.2, 0.0)
        alone = RobustSelfTrainingClassifier(0.0).fit(X[train], y[train], X_unlabeled=X[rest]).score(X[test], y[test])
        for name, moved in (("same", 0.0), ("shifted", darker)):
            # The other place has its own centre.
            unlabeled = X[rest] + moved - (X[rest] + moved).mean(axis=0) + X[train].mean(axis=0)
            gains[name].append(RobustSelfTrainingClassifier(1.0).fit(X[train], y[train], X_unlabeled=unlabeled).score(X[test], y[test]) - alone)
    assert np.mean(gains["same"]) > 0.0
    assert np.mean(gains["shifted"]) > 0.0


def test_sampler_of_the_table_on_the_host_and_as_on_a_device() -> None:
    setting = {"dimension": 8, "labeled_size": 4, "unlabeled_size": 20, "half_distance": 1.0, "shifted_half_distance": 1.1, "alignment": 0.9}
    host = simulate.sample_self_trained_risk(np.random.default_rng(1), 2500, unlabeled_weight=5.0, **setting)
    device = simulate.sample_self_trained_risk(DeviceGenerator(2), 2500, unlabeled_weight=5.0, **setting)
    assert_equal_in_law(host["risk"], device["risk"])
    mean = simulate.sample_mean_rule(np.random.default_rng(3), 2500, dimension=8, labeled_size=4, half_distance=1.0)
    assert_equal_in_law(host["labeled_risk"], mean["risk"])
    assert np.all(host["objective_gain"] >= -1e-12)
    chosen = simulate.sample_test_selected_risk(np.random.default_rng(4), 2500, dimension=8, candidates=1, half_distance=1.0)
    assert_equal_in_law(chosen["cosine"], -chosen["cosine"])


BAD_FITS = [
    ({}, [0, 0, 0], None, "y must hold 2 classes; got 1 class"),
    ({}, [-1, -1, -1], None, "y must hold labelled samples; got 3 samples, all marked -1"),
    ({}, [1, -1, 1], None, "for classes -1 and 1 pass the unlabelled samples"),
    ({}, [0, 1, 2], None, "y must hold 2 classes; got 3 classes"),
    ({}, [0, 1, 1], [[1.0]], "X_unlabeled must have 2 features, as X has; got 1"),
    ({}, [0, 1, 1], [[1.0, np.nan]], "X_unlabeled contains NaN"),
    ({"unlabeled_weight": -1.0}, [0, 1, 1], None, "unlabeled_weight must be finite and >= 0; got -1.0"),
    ({"slope": 0.0}, [0, 1, 1], None, "slope must be finite and > 0"),
    ({"unlabeled_slope": -1.0}, [0, 1, 1], None, "unlabeled_slope must be finite and > 0"),
    ({"radius": -0.1, "unlabeled_slope": 1.0}, [0, 1, 1], None, "radius must be finite and >= 0; got -0.1"),
    ({"radius": 0.1}, [0, 1, 1], None, "unlabeled_slope must be a number > 0 where a radius is given; got None"),
    ({"radius": 0.1, "slope": 1.0, "unlabeled_slope": 1.0}, [0, 1, 1], None, "slope must be None where a radius is given"),
    ({"center": "mean"}, [0, 1, 1], None, "center must be one of 'midpoint', 'all', 'none'; got 'mean'"),
    ({"solver": "newton"}, [0, 1, 1], None, "solver must be one of 'ascent', 'gradient'; got 'newton'"),
    ({"max_iter": 0}, [0, 1, 1], None, "max_iter must be an integer >= 1; got 0"),
    ({"transport_covariance": [[1.0, 2.0], [2.0, 1.0]]}, [0, 1, 1], None, "transport_covariance must be positive definite"),
    ({"transport_covariance": np.eye(3)}, [0, 1, 1], None, r"transport_covariance must have shape \(2, 2\)"),
]


@pytest.mark.parametrize(("parameters", "y", "unlabeled", "message"), BAD_FITS)
def test_bad_fits(parameters: dict, y: list, unlabeled: list | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RobustSelfTrainingClassifier(**parameters).fit([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]], y, X_unlabeled=unlabeled)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X, y, U: fit_rss(X, y + 1, U, 1.0), "y must hold labels -1 and 1"),
        (lambda X, y, U: fit_rss(X, y, U[:, :1], 1.0), "X_unlabeled must have shape"),
        (lambda X, y, U: fit_rss(X, y[:2], U, 1.0), "y must have shape"),
        (lambda X, y, U: fit_rss(np.empty((0, 2)), np.empty(0), U, 1.0), "X must hold at least one sample"),
        (lambda X, y, U: fit_rss(0 * X, y, U, 1.0), "mean of y x that is not 0"),
        (lambda X, y, U: RobustSelfTrainingClassifier().fit(X, y, U).robust_score(X, y, radius=-1.0), "radius must be finite and >= 0"),
        (lambda X, y, U: RobustSelfTrainingClassifier().fit(X, y, U).robust_score(X, y, radius=1.0, norm="l1"), "norm must be one of 'l2', 'linf'"),
        (lambda X, y, U: RobustSelfTrainingClassifier().fit(X, y, U).robust_score(X, y[:2], radius=1.0), "y must have shape"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    X, y, U, _ = mixture(0, 6, 5, 2)
    with pytest.raises(ValueError, match=message):
        call(X, y, U)


def test_too_few_steps_warn() -> None:
    X, y, U, _ = mixture(1, 6, 200, 10, 0.5)
    with pytest.warns(ConvergenceWarning, match="did not end within 1 steps"):
        RobustSelfTrainingClassifier(max_iter=1).fit(X, y, X_unlabeled=U)


def test_directions_keep_their_length_at_a_summit() -> None:
    # Started where the gradient has no tangent left but rounding: on most seeds some heading is not orthogonal.
    for seed in range(20):
        rng = np.random.default_rng(seed)
        signed, unlabeled = rng.standard_normal((6, 9, 5)) + 0.3, rng.standard_normal((6, 50, 5))
        summit = ascend(signed, unlabeled, signed.mean(axis=1), 2.0, unlabeled_width=0.5).directions
        again = ascend(signed, unlabeled, summit, 2.0, unlabeled_width=0.5)
        assert np.linalg.norm(again.directions, axis=1) == pytest.approx(np.ones(6), rel=1e-12)
