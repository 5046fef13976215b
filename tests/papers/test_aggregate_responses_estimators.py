"""The regressor for bag averages: against brute force, its invariances, its three solutions, its tuned weight, scikit-learn's checks, bad input."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from theorylab.papers.aggregate_responses.closed_form import optimal_weight
from theorylab.papers.aggregate_responses.estimators import InterpolatingRegressor, estimate_signal_strength
from theorylab.papers.aggregate_responses.monte_carlo import load_standardised_diabetes, sample_diabetes_error

LIMIT = "least_within_bag_variance"
EXPECTED_FAILURES = {"check_fit_score_takes_y": "the second argument of fit is called bag_means, because it is not one label for each sample"}


@parametrize_with_checks(
    [InterpolatingRegressor(), *(InterpolatingRegressor(weight, fit_intercept=False) for weight in (0.0, "optimal", LIMIT))],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def problem(seed: int, sizes: tuple[int, ...], dimension: int, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, bag labels in a random order, and bag means, for bags of the given sizes."""
    rng = np.random.default_rng(seed)
    bags = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    X = 0.7 + rng.standard_normal((len(bags), dimension)) * np.linspace(0.5, 2.0, dimension)
    y = 1.0 + X @ np.linspace(1.0, -0.5, dimension) + noise * rng.standard_normal(len(bags))
    return X, bags, np.bincount(bags, weights=y) / np.bincount(bags)


UNEQUAL = (1, 2, 3, 4, 5, 6, 3, 2)


def loss(parameters: np.ndarray, X: np.ndarray, bags: np.ndarray, means: np.ndarray, weight: float, intercept: bool) -> float:
    """The two losses word for word: (1 - rho) L_bag + rho L_ins."""
    predictions = X @ parameters[: X.shape[1]] + (parameters[-1] if intercept else 0.0)
    instance = np.mean((means[bags] - predictions) ** 2)
    bag = sum(np.mean(bags == a) * (means[a] - predictions[bags == a].mean()) ** 2 for a in range(len(means)))
    return (1.0 - weight) * bag + weight * instance


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weight", [0.0, 0.2, 0.7, 1.0])
def test_against_minimising_the_loss(weight: float, intercept: bool) -> None:
    X, bags, means = problem(1, UNEQUAL, 3)
    found = InterpolatingRegressor(weight, fit_intercept=intercept).fit(X, means, bags)
    start = np.zeros(3 + intercept)
    best = minimize(loss, start, args=(X, bags, means, weight, intercept), method="BFGS", options={"gtol": 1e-10})
    best = minimize(loss, best.x, args=(X, bags, means, weight, intercept), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14})
    np.testing.assert_allclose(found.coef_, best.x[:3], atol=2e-5)
    assert found.intercept_ == pytest.approx(best.x[3] if intercept else 0.0, abs=5e-5)
    assert found.weight_ == weight


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_against_weighted_least_squares_on_stacked_rows(weight: float, intercept: bool) -> None:
    X, bags, means = problem(2, UNEQUAL, 4)
    sizes = np.bincount(bags)
    averages = np.array([X[bags == a].mean(axis=0) for a in range(len(means))])
    rows, targets = np.vstack([averages, X]), np.append(means, means[bags])
    sample_weight = np.append((1.0 - weight) * sizes, np.full(len(X), weight))
    reference = LinearRegression(fit_intercept=intercept).fit(rows, targets, sample_weight=sample_weight)
    found = InterpolatingRegressor(weight, fit_intercept=intercept).fit(X, means, bags)
    np.testing.assert_allclose(found.coef_, reference.coef_, rtol=1e-9, atol=1e-11)
    assert found.intercept_ == pytest.approx(reference.intercept_, rel=1e-9, abs=1e-11)
    np.testing.assert_allclose(found.predict(X), reference.predict(X), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0, LIMIT, "optimal"])
def test_every_sample_its_own_bag_is_ordinary_least_squares(weight: float | str) -> None:
    X, bags, means = problem(3, (1,) * 12, 3)
    y = means[bags]
    reference = LinearRegression().fit(X, y)
    for found in (InterpolatingRegressor(weight).fit(X, y), InterpolatingRegressor(weight).fit(X, means, bags)):
        np.testing.assert_allclose(found.coef_, reference.coef_, rtol=1e-9)
        assert found.intercept_ == pytest.approx(reference.intercept_)
        assert found.score(X, y) == pytest.approx(reference.score(X, y))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 5), min_size=7, max_size=11),
    weight=st.one_of(st.floats(0.01, 1.0), st.sampled_from([0.0, "optimal", LIMIT])),
    scale=st.floats(0.01, 100.0),
    shift=st.floats(-10.0, 10.0),
)
def test_order_names_scale_and_level_do_not_matter(seed: int, sizes: list[int], weight: float | str, scale: float, shift: float) -> None:
    X, bags, means = problem(seed, (2, 3, *sizes), 2)
    rng = np.random.default_rng(seed)
    reference = InterpolatingRegressor(weight).fit(X, means, bags)
    order, names = rng.permutation(len(X)), rng.permutation(len(means))
    renamed = np.empty_like(means)
    renamed[names] = means
    moved = InterpolatingRegressor(weight).fit(X[order], renamed, names[bags][order])
    np.testing.assert_allclose(moved.coef_, reference.coef_, rtol=1e-5, atol=1e-7)
    scaled = InterpolatingRegressor(weight).fit(X - shift, shift + scale * means, bags)
    np.testing.assert_allclose(scaled.coef_, scale * reference.coef_, rtol=1e-5, atol=1e-7 * scale)
    np.testing.assert_allclose(scaled.predict(X - shift), shift + scale * reference.predict(X), rtol=1e-5, atol=1e-5 * (scale + abs(shift)))


@pytest.mark.parametrize("weight", [0.0, 0.3, "optimal"])
def test_linear_maps_of_the_features_map_the_coefficients(weight: float | str) -> None:
    X, bags, means = problem(4, (3,) * 20, 4)
    matrix = np.random.default_rng(5).standard_normal((4, 4)) + 2.0 * np.eye(4)
    straight = InterpolatingRegressor(weight).fit(X, means, bags)
    mapped = InterpolatingRegressor(weight).fit(X @ matrix, means, bags)
    assert mapped.weight_ == pytest.approx(straight.weight_, rel=1e-6)
    np.testing.assert_allclose(matrix @ mapped.coef_, straight.coef_, rtol=1e-5)


def test_labels_may_be_strings_and_means_a_mapping() -> None:
    X, bags, means = problem(6, UNEQUAL, 3)
    names = np.array(["eta", "beta", "delta", "alpha", "zeta", "theta", "gamma", "epsilon"])
    reference = InterpolatingRegressor(0.3).fit(X, means, bags)
    mapped = InterpolatingRegressor(0.3).fit(X, dict(zip(names.tolist(), means.tolist(), strict=True)), names[bags])
    in_order = InterpolatingRegressor(0.3).fit(X, means[np.argsort(names)], names[bags].tolist())
    numbered = InterpolatingRegressor(0.3).fit(X, {10 * code: mean for code, mean in enumerate(means)}, 10 * bags)
    for found in (mapped, in_order, numbered):
        np.testing.assert_allclose(found.coef_, reference.coef_, rtol=1e-10)
    assert mapped.bags_.tolist() == sorted(names.tolist())
    np.testing.assert_array_equal(mapped.bag_sizes_, np.array(UNEQUAL)[np.argsort(names)])


@pytest.mark.parametrize("intercept", [True, False])
def test_the_three_solutions_with_fewer_bags_than_features(intercept: bool) -> None:
    X, bags, means = problem(7, (4,) * 4 + (6,) * 2, 10)
    fits = {weight: InterpolatingRegressor(weight, fit_intercept=intercept).fit(X, means, bags) for weight in (0.0, 1e-2, 1e-4, 1e-6, LIMIT)}

    def spread(predictions: np.ndarray) -> float:
        return float(sum(np.sum((predictions[bags == a] - predictions[bags == a].mean()) ** 2) for a in range(6)))

    for weight in (0.0, LIMIT):
        fitted = fits[weight].predict(X)
        np.testing.assert_allclose([fitted[bags == a].mean() for a in range(6)], means, atol=1e-9)
    assert np.linalg.norm(fits[0.0].coef_) < 0.99 * np.linalg.norm(fits[LIMIT].coef_)
    assert spread(fits[LIMIT].predict(X)) < 0.99 * spread(fits[0.0].predict(X))
    distances = [np.linalg.norm(fits[weight].coef_ - fits[LIMIT].coef_) for weight in (1e-2, 1e-4, 1e-6)]
    assert distances[1] < 0.02 * distances[0]
    assert distances[2] < 0.02 * distances[1]
    assert np.linalg.norm(fits[1e-6].coef_ - fits[0.0].coef_) > 1e3 * distances[2]
    # Nothing on the way between the two solutions and beyond varies less within bags.
    step = fits[LIMIT].coef_ - fits[0.0].coef_
    assert all(spread(X @ (fits[0.0].coef_ + t * step)) > spread(X @ fits[LIMIT].coef_) for t in (0.9, 1.1))


def test_fewer_samples_than_features_forget_the_weight() -> None:
    X, bags, means = problem(8, (3, 2, 4), 15)
    fits = [InterpolatingRegressor(weight).fit(X, means, bags) for weight in (0.05, 0.5, 1.0, "optimal")]
    for found in fits:
        np.testing.assert_allclose(found.coef_, fits[0].coef_, atol=1e-9)
        np.testing.assert_allclose(found.predict(X), means[bags], atol=1e-9)
    assert (fits[-1].weight_, fits[-1].signal_to_noise_ratio_) == (1.0, None)
    # Least norm: orthogonal to what no sample sees.
    centred = X - X.mean(axis=0)
    unseen = np.eye(15) - np.linalg.pinv(centred) @ centred
    assert np.linalg.norm(unseen @ fits[0].coef_) < 1e-9
    assert np.linalg.norm(InterpolatingRegressor(0.0).fit(X, means, bags).coef_) < 0.99 * np.linalg.norm(fits[0].coef_)


def draw(rng: np.random.Generator, samples: int, dimension: int, bag_size: int, signal: float, noise: float) -> tuple[np.ndarray, ...]:
    """Correlated features, bags of k, and theta0' Sigma theta0 = signal."""
    X = rng.standard_normal((samples, dimension)) * np.linspace(0.3, 3.0, dimension)
    X[:, 0] += X[:, -1]
    beta = rng.standard_normal(dimension)
    white = beta * np.sqrt(signal) / np.linalg.norm(beta)
    theta = white / np.linspace(0.3, 3.0, dimension)
    theta[-1] -= theta[0]
    y = X @ theta + np.sqrt(noise) * rng.standard_normal(samples)
    return X, np.repeat(np.arange(samples // bag_size), bag_size), y.reshape(-1, bag_size).mean(axis=1)


# Standard deviations of one estimate of r2 and of sigma^2, measured over 150 to 400 draws (with a bias of up to .06 from the smallest designs).
@pytest.mark.parametrize(
    ("samples", "dimension", "bag_size", "intercept", "deviations"),
    [
        (900, 60, 5, True, (0.21, 0.09)),
        (900, 60, 5, False, (0.21, 0.09)),
        (1080, 180, 9, False, (0.45, 0.29)),
        (300, 200, 2, True, (0.43, 0.33)),
    ],
)
def test_signal_and_noise_are_found(samples: int, dimension: int, bag_size: int, intercept: bool, deviations: tuple[float, float]) -> None:
    """Many bags, fewer bags than features, few samples; r2 = 1.6, sigma^2 = 0.7, fresh seeds; the mean of 40 within 8 standard errors."""
    rng = np.random.default_rng()
    draws = [draw(rng, samples, dimension, bag_size, 1.6, 0.7) for _ in range(40)]
    found = [estimate_signal_strength(X, bags, means, fit_intercept=intercept) for X, bags, means in draws]
    assert abs(np.mean([each.signal_variance for each in found]) - 1.6) < 0.06 + 8 * deviations[0] / np.sqrt(40)
    assert abs(np.mean([each.noise_variance for each in found]) - 0.7) < 0.06 + 8 * deviations[1] / np.sqrt(40)
    for each in found:
        if each.noise_variance > 0.0:
            assert each.signal_to_noise_ratio == pytest.approx(each.signal_variance / each.noise_variance)


@pytest.mark.parametrize("bag_size", [3, 9])
def test_signal_and_noise_become_exact(bag_size: int) -> None:
    """Twelve times the size, .28 of the error (measured): root mean squares over 40 draws each, whose ratio has a standard error near .04."""
    rng, errors = np.random.default_rng(), []
    for dimension in (10, 120):
        found = [estimate_signal_strength(*draw(rng, 9 * dimension, dimension, bag_size, 1.6, 0.7)) for _ in range(40)]
        errors.append(np.sqrt(np.mean([(each.signal_variance - 1.6) ** 2 + (each.noise_variance - 0.7) ** 2 for each in found])))
    assert errors[1] < 0.6 * errors[0]


def test_signal_strength_of_least_squares() -> None:
    """With bags of one, all u are 1: the noise is the residual variance, the signal what is left of the fit."""
    X, _, y = draw(np.random.default_rng(9), 60, 5, 1, 3.0, 1.0)
    found = estimate_signal_strength(X, np.arange(60), y)
    model = LinearRegression().fit(X, y)
    residual, fitted = y - model.predict(X), model.predict(X) - y.mean()
    noise = residual @ residual / (59 - 5)
    assert found.noise_variance == pytest.approx(noise, rel=1e-6)
    assert found.signal_variance == pytest.approx((fitted @ fitted / 5 - noise) * 5 / 59, rel=1e-6)


def test_signal_strength_at_its_ends() -> None:
    X, bags, means = draw(np.random.default_rng(10), 120, 5, 3, 2.0, 0.0)
    exact = estimate_signal_strength(X, bags, means)
    assert exact.signal_to_noise_ratio == np.inf
    assert exact.noise_variance == 0.0
    assert 0.5 < exact.signal_variance < 8.0
    assert InterpolatingRegressor("optimal").fit(X, means, bags).weight_ == 0.0
    nothing = estimate_signal_strength(X, bags, np.full(40, 2.5))
    assert nothing == (0.0, 0.0, 0.0)
    assert InterpolatingRegressor("optimal").fit(X, np.full(40, 2.5), bags).weight_ == 1.0
    # Responses that only vary where no feature does: no signal.
    orthogonal = X.reshape(40, 3, 5).mean(axis=1)
    residual = means + np.random.default_rng(11).standard_normal(40)
    residual -= LinearRegression().fit(orthogonal, residual).predict(orthogonal)
    assert estimate_signal_strength(X, bags, residual).signal_to_noise_ratio == 0.0


def test_without_noise_and_with_few_bags_the_limit_is_taken() -> None:
    """Means whose squares lie on the line without noise exactly, for 20 bags and 50 features."""
    X = np.linalg.qr(np.random.default_rng(20).standard_normal((120, 50)))[0]
    averages, bags = X.reshape(20, 6, 50).mean(axis=1), np.repeat(np.arange(20), 6)
    means = averages @ np.linalg.svd(averages)[2][:20].sum(axis=0)
    estimate = estimate_signal_strength(X, bags, means, fit_intercept=False)
    # z^2 = u = (d/n) (n/d) u.
    assert estimate == (pytest.approx(50 / 120), 0.0, np.inf)
    found = InterpolatingRegressor("optimal", fit_intercept=False).fit(X, means, bags)
    assert found.weight_ == LIMIT
    np.testing.assert_allclose(found.coef_, InterpolatingRegressor(LIMIT, fit_intercept=False).fit(X, means, bags).coef_)


def test_optimal_weight_is_the_closed_form_at_the_estimate() -> None:
    X, bags, means = draw(np.random.default_rng(12), 480, 40, 4, 1.0, 1.0)
    found = InterpolatingRegressor("optimal", fit_intercept=False).fit(X, means, bags)
    estimate = estimate_signal_strength(X, bags, means, fit_intercept=False)
    assert (found.signal_variance_, found.noise_variance_, found.signal_to_noise_ratio_) == pytest.approx(tuple(estimate))
    assert found.weight_ == pytest.approx(optimal_weight(12.0, 4, estimate.signal_to_noise_ratio))
    assert 0.0 < found.weight_ < 1.0
    np.testing.assert_allclose(found.coef_, InterpolatingRegressor(found.weight_, fit_intercept=False).fit(X, means, bags).coef_)
    # Bags of 3 and 5 have the mean size 4; an intercept takes a sample and a bag.
    mixed = np.repeat(np.arange(120), np.tile([3, 5], 60))
    assert InterpolatingRegressor("optimal", fit_intercept=False).fit(X, means, mixed).weight_ > 0.0
    centred = InterpolatingRegressor("optimal").fit(X, means, bags)
    around = optimal_weight(479 / 40, np.array([4, 5]), centred.signal_to_noise_ratio_)
    assert centred.weight_ == pytest.approx(around[0] + (479 / 119 - 4) * (around[1] - around[0]))


@pytest.mark.parametrize("bag_size", [4, 17])
def test_diabetes_errors_are_those_of_the_simulator(bag_size: int) -> None:
    """The sampler solves Gram matrices in batches, the regressor least squares; with 20 bags and intercept weight 0 is still determined."""
    weights = (0.0, 0.02, 0.3, 1.0)
    errors = sample_diabetes_error(np.random.default_rng(13), 5, bag_size=bag_size, weights=weights, training_size=340)["error"]
    X, y = load_standardised_diabetes()
    orders = np.argsort(np.random.default_rng(13).random((5, 442)), axis=1)
    for order, row in zip(orders, errors, strict=True):
        training, test = order[:340], order[340:]
        bags = np.repeat(np.arange(340 // bag_size), bag_size)
        means = y[training].reshape(-1, bag_size).mean(axis=1)
        for weight, error in zip(weights, row, strict=True):
            found = InterpolatingRegressor(weight).fit(X[training], means, bags)
            assert np.mean((y[test] - found.predict(X[test])) ** 2) == pytest.approx(error, rel=1e-8)


def test_tuned_weight_on_the_diabetes_data() -> None:
    """Bags of 10: the errors are .65, .72 (bag level) and .90 (instance level) on average.

    Over 150 splits the tuned weight was better by .063 +- .009 and .248 +- .008. With 100 splits the second gap is 25 standard errors.
    """
    X, y = load_standardised_diabetes()
    rng, bags = np.random.default_rng(), np.repeat(np.arange(34), 10)
    errors, ratios = np.empty((100, 2)), []
    for row in errors:
        order = rng.permutation(442)
        means = y[order[:340]].reshape(34, 10).mean(axis=1)
        for column, weight in enumerate(("optimal", 1.0)):
            found = InterpolatingRegressor(weight).fit(X[order[:340]], means, bags)
            row[column] = np.mean((y[order[340:]] - found.predict(X[order[340:]])) ** 2)
            if weight == "optimal":
                ratios.append(found.signal_to_noise_ratio_)
    assert errors[:, 0].mean() < errors[:, 1].mean() - 0.1
    # R^2 of all 442 labels is .518, so the ratio is near 1.07; the median of 100 estimates of (.45, 1.05, 1.91), its 10, 50 and 90 % points.
    assert 0.5 < np.median(ratios) < 1.8


def test_features_far_from_zero_lose_no_direction() -> None:
    X, bags, means = problem(19, (4,) * 6, 10)
    X = np.round(X * 2**16) / 2**16  # so that the shift is exact
    for weight in (0.0, 0.3, LIMIT):
        near, far = InterpolatingRegressor(weight).fit(X, means, bags), InterpolatingRegressor(weight).fit(X + 2.0**20, means, bags)
        np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-8)


def test_clone_pickle_parameters_and_pipeline() -> None:
    X, bags, means = problem(14, UNEQUAL, 3)
    regressor = InterpolatingRegressor(0.3, fit_intercept=False)
    assert regressor.get_params() == {"weight": 0.3, "fit_intercept": False}
    copy = clone(regressor).set_params(weight=0.7)
    assert (copy.weight, regressor.weight) == (0.7, 0.3)
    fitted = regressor.fit(X, means, bags)
    assert fitted is regressor
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), fitted.predict(X))
    pipeline = make_pipeline(StandardScaler(), InterpolatingRegressor(0.3)).fit(X, means, interpolatingregressor__bags=bags)
    np.testing.assert_allclose(pipeline.predict(X), InterpolatingRegressor(0.3).fit(X, means, bags).predict(X), rtol=1e-9)


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan"), float("inf"), "best", None, [0.5, 0.6], "0.5"])
def test_bad_weights(weight: Any) -> None:
    X, bags, means = problem(15, UNEQUAL, 3)
    with pytest.raises(ValueError, match="weight must be"):
        InterpolatingRegressor(weight).fit(X, means, bags)


@pytest.mark.parametrize(
    ("means", "bags", "message"),
    [
        ([1.0, 2.0, 3.0], [0, 0, 1, 1, 2], r"bags must hold one bag label for each of the 6 samples"),
        ([1.0, 2.0, 3.0], [[0, 0], [1, 1], [2, 2]], r"bags must have shape \(n,\)"),
        ([1.0, 2.0, 3.0], [[0, 0], [1, 1, 2], [2]], "bags must be one label for each sample; got rows of different lengths"),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 1.0, 1.0, np.nan, 2.0], "bags must not be missing"),
        ([1.0, 2.0, 3.0], np.array([0.0, 0.0, 1.0, 1.0, np.nan, 2.0], dtype=object), "bags must not be missing"),
        ([1.0, 2.0, 3.0], ["a", "a", None, "b", "c", "c"], "bags must not be missing"),
        ([1.0, 2.0, 3.0], np.array(["a", "a", 1, 1, "c", "c"], dtype=object), "bags must be of one sortable kind"),
        ([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1, 2, 2], "a mean whose bag has size 0"),
        ([1.0, 2.0], [0, 0, 1, 1, 2, 2], "a bag without a mean"),
        ([1.0, np.nan, 3.0], [0, 0, 1, 1, 2, 2], "bag_means must be finite"),
        ({0: 1.0, 1: 2.0}, [0, 0, 1, 1, 2, 2], "got none for label 2"),
        ({0: 1.0, 1: 2.0, 2: 0.5, 7: 1.0}, [0, 0, 1, 1, 2, 2], "got a mean for label 7, whose bag has size 0"),
        ({0: 1.0, 1: np.inf, 2: 0.5}, [0, 0, 1, 1, 2, 2], "bag_means must be finite"),
        ({0: 1.0}, None, "bags must be given when bag_means is a mapping"),
        ([[1.0], [2.0], [3.0]], [0, 0, 1, 1, 2, 2], r"bag_means must have shape \(m,\)"),
        (["x", "y", "z"], [0, 0, 1, 1, 2, 2], "bag_means must be an array of real numbers"),
    ],
)
def test_bad_bags_and_means(means: Any, bags: Any, message: str) -> None:
    X = np.random.default_rng(16).standard_normal((6, 2))
    with pytest.raises(ValueError, match=message):
        InterpolatingRegressor().fit(X, means, bags)


def test_bad_features() -> None:
    X, bags, means = problem(17, UNEQUAL, 3)
    with pytest.raises(ValueError, match="NaN"):
        InterpolatingRegressor().fit(np.where(X > 1.0, np.nan, X), means, bags)
    with pytest.raises(ValueError, match="rank from 1 to 24"):
        estimate_signal_strength(np.zeros((26, 3)), bags, means)
    with pytest.raises(ValueError, match="at least 3 means"):
        estimate_signal_strength(X, np.arange(26) // 13, [0.0, 1.0])
    with pytest.raises(ValueError, match="rank from 1 to 8"):
        estimate_signal_strength(np.random.default_rng(18).standard_normal((10, 9)), np.arange(10) // 2, np.arange(5.0))
