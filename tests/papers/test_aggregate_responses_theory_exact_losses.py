"""Losses on bags, the estimator that minimises them, and the labels that say which sample is in which bag."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.numerics.gaussian_integrals import gaussian_expectation
from theorylab.papers.aggregate_responses import closed_form as cf
from theorylab.papers.aggregate_responses.closed_form import bags

seeds = st.integers(0, 2**32 - 1)


def bagged(rng: np.random.Generator, m: int, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shuffled labels of m bags of sizes 1, ..., largest, and the sizes."""
    sizes = rng.integers(1, largest + 1, m)
    return rng.permutation(np.repeat(np.arange(m), sizes)), sizes


@settings(max_examples=60, deadline=None)
@given(seed=seeds, m=st.integers(1, 12), largest=st.integers(1, 6), weight=st.just(0.0) | st.floats(1e-6, 1.0))
def test_instance_loss_is_bag_loss_plus_spread(seed: int, m: int, largest: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    labels, _ = bagged(rng, m, largest)
    f, y = 10.0 * rng.standard_normal(labels.size), rng.standard_normal(m)
    instance, bag, spread = cf.instance_level_loss(f, y, labels), cf.bag_level_loss(f, y, labels), cf.within_bag_variance(f, labels)
    assert instance == pytest.approx(bag + spread, rel=1e-12)
    assert cf.interpolating_loss(f, y, labels, weight) == pytest.approx(bag + weight * spread, rel=1e-12)
    assert cf.interpolating_loss(f, y, labels, 3.0, largest_weight=3.0) == pytest.approx(bag + 3.0 * spread, rel=1e-11, abs=1e-12)
    # Word for word, bag by bag.
    loop = [(y[a] - f[labels == a]) ** 2 for a in range(m)]
    assert instance == pytest.approx(np.concatenate(loop).mean(), rel=1e-12)
    by_bag = [np.sum(labels == a) * (y[a] - f[labels == a].mean()) ** 2 for a in range(m)]
    assert bag == pytest.approx(sum(by_bag) / labels.size, rel=1e-12)


def test_spread_over_ordered_pairs_has_one_over_twice_m_k_squared() -> None:
    rng = np.random.default_rng(5)
    m, k = 7, 4
    f = rng.standard_normal(m * k)
    labels = np.repeat(np.arange(m), k)
    ordered = sum((f[i] - f[j]) ** 2 for i in range(m * k) for j in range(m * k) if labels[i] == labels[j])
    assert cf.within_bag_variance(f, labels) == pytest.approx(ordered / (2 * m * k**2), rel=1e-12)
    # The regulariser with factor 1/k that is sometimes quoted is too large by 2 m k.
    assert (ordered / k) / cf.within_bag_variance(f, labels) == pytest.approx(2 * m * k, rel=1e-12)
    assert cf.within_bag_variance(f, np.arange(f.size)) == 0.0


@settings(max_examples=40, deadline=None)
@given(seed=seeds, m=st.integers(1, 8), largest=st.integers(1, 6), spread=st.floats(0.1, 10.0))
def test_bounds_of_the_gap_for_logistic_squared_and_concave_losses(seed: int, m: int, largest: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    labels, _ = bagged(rng, m, largest)
    f, y = spread * rng.standard_normal(labels.size), rng.random(m)
    slack = 1e-12 * (1.0 + spread**2)

    def gap(loss: object) -> float:
        return cf.instance_level_loss(f, y, labels, loss=loss) - cf.bag_level_loss(f, y, labels, loss=loss)  # type: ignore[arg-type]

    for loss, lower, upper in (
        ("logistic", 0.0, 0.25),
        ("squared", 2.0, 2.0),
        (lambda y, f: -0.5 * f**2, -1.0, -1.0),
        (lambda y, f: np.cos(f), -1, 1),
    ):
        low, high = cf.convex_loss_gap_bounds(f, labels, lower, upper)
        assert low - slack <= gap(loss) <= high + slack
    # A loss with curvature between those of its exponential over the range of the predictions.
    low, high = cf.convex_loss_gap_bounds(f, labels, np.exp(f.min()), np.exp(f.max()))
    assert low * (1 - 1e-9) - slack * np.exp(f.max()) <= gap("poisson") <= high * (1 + 1e-9) + slack * np.exp(f.max())


def test_logistic_ratio_increases_to_an_eighth_as_the_spread_vanishes() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(5000), 4)
    f, y = rng.standard_normal(labels.size), rng.random(5000)
    ratios, expected = [], []
    for scale in (0.01, 0.1, 1.0, 3.0, 10.0):
        gap = cf.instance_level_loss(scale * f, y, labels, loss="logistic") - cf.bag_level_loss(scale * f, y, labels, loss="logistic")
        ratios.append(gap / cf.within_bag_variance(scale * f, labels))
        # Over infinitely many bags: f ~ N(0, scale^2), its bag average N(0, scale^2 / 4), and R = scale^2 (1 - 1/4). Linear terms cancel.
        single, average = (gaussian_expectation(lambda z, s=s: np.logaddexp(0.0, s * z)).value for s in (scale, scale / 2))
        expected.append((single - average) / (0.75 * scale**2))
    assert np.all(np.diff([0.125, *ratios]) < 0)
    # Relative standard errors of 5000 bags are at most 1.5%.
    assert ratios == pytest.approx(expected, rel=0.1)
    assert ratios[:2] == pytest.approx([0.124998, 0.12476], abs=1e-4)
    assert ratios[1] > 0.25 / 4


@settings(max_examples=60, deadline=None)
@given(seed=seeds, m=st.integers(1, 10), d=st.integers(1, 14), largest=st.integers(1, 4), weight=st.floats(1e-3, 1.0))
def test_estimator_is_the_least_squares_solution_of_stacked_rows(seed: int, m: int, d: int, largest: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    labels, _ = bagged(rng, m, largest)
    x, y = rng.standard_normal((labels.size, d)), rng.standard_normal(m)
    theta = cf.interpolating_estimator(x, labels, y, weight)
    # (1 - rho) L_bag + rho L_ins word for word: one row for each bag, one for each sample; lstsq picks the solution of least norm.
    averages = np.array([x[labels == a].mean(axis=0) for a in range(m)])
    root = np.sqrt((1 - weight) * np.bincount(labels))
    rows = np.concatenate([root[:, None] * averages, np.sqrt(weight) * x])
    targets = np.concatenate([root * y, np.sqrt(weight) * y[labels]])
    reference = np.linalg.lstsq(rows, targets, rcond=None)[0]
    condition = np.linalg.svd(rows, compute_uv=False)
    tolerance = 1e-12 * (condition[0] / condition[: min(labels.size, d)].min()) ** 2 * (1 + np.abs(reference).max())
    assert theta == pytest.approx(reference, abs=tolerance)
    scaled = cf.interpolating_estimator(2.0 * x, labels, -3.0 * y, weight)
    assert scaled == pytest.approx(-1.5 * theta, abs=1.5 * tolerance)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, weight=st.just(0.0) | st.floats(1e-6, 1.0))
def test_the_minimiser_has_the_least_loss_and_ignores_order_and_names(seed: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    labels, _ = bagged(rng, 9, 4)
    x, y = rng.standard_normal((labels.size, 3)), rng.standard_normal(9)
    theta = cf.interpolating_estimator(x, labels, y, weight)
    least = cf.interpolating_loss(x @ theta, y, labels, weight)
    for _ in range(5):
        other = theta + 0.1 * rng.standard_normal(3)
        assert cf.interpolating_loss(x @ other, y, labels, weight) >= least - 1e-12
    order = rng.permutation(labels.size)
    names = np.array(list("qwertyuio"))
    mapping = dict(zip(names, y, strict=True))
    assert cf.interpolating_estimator(x[order], names[labels[order]], mapping, weight) == pytest.approx(theta, abs=1e-8)


def test_three_estimators_that_are_easily_confused() -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(6), 4)
    x, y = rng.standard_normal((24, 10)), rng.standard_normal(6)
    averages = x.reshape(6, 4, 10).mean(axis=1)
    shortest, limit = cf.interpolating_estimator(x, labels, y, 0.0), cf.least_within_bag_variance_interpolator(x, labels, y)
    assert np.array_equal(shortest, cf.minimum_norm_bag_estimator(x, labels, y))
    # Both interpolate the bag means; one is shorter, the other spreads less within bags.
    assert averages @ shortest == pytest.approx(y, abs=1e-12)
    assert averages @ limit == pytest.approx(y, abs=1e-12)
    assert np.linalg.norm(shortest) < 0.99 * np.linalg.norm(limit)
    assert cf.within_bag_variance(x @ limit, labels) < 0.99 * cf.within_bag_variance(x @ shortest, labels)
    # The saddle point system of the constrained minimum.
    within = x - averages[labels]
    system = np.block([[within.T @ within, averages.T], [averages, np.zeros((6, 6))]])
    assert limit == pytest.approx(np.linalg.solve(system, np.concatenate([np.zeros(10), y]))[:10], abs=1e-11)
    for weight in (1e-4, 1e-8, 1e-14):
        near = cf.interpolating_estimator(x, labels, y, weight)
        assert near == pytest.approx(limit, abs=100 * weight + 1e-12)
    assert np.abs(near - shortest).max() > 0.01
    # With enough bags the limit is the bag-level estimator.
    assert cf.least_within_bag_variance_interpolator(x[:, :5], labels, y) == pytest.approx(
        cf.interpolating_estimator(x[:, :5], labels, y, 0.0), abs=1e-12
    )


def test_fewer_samples_than_features() -> None:
    rng = np.random.default_rng(4)
    labels = np.array([0, 1, 1, 2, 2, 2, 0, 1, 2])
    x, y = rng.standard_normal((9, 18)), rng.standard_normal(3)
    shortest = cf.minimum_norm_interpolator(x, labels, y)
    assert x @ shortest == pytest.approx(y[labels], abs=1e-12)
    for weight in (1e-9, 1e-3, 0.5, 1.0):
        assert cf.interpolating_estimator(x, labels, y, weight) == pytest.approx(shortest, abs=1e-11)
    assert cf.least_within_bag_variance_interpolator(x, labels, y) == pytest.approx(shortest, abs=1e-11)
    assert np.linalg.norm(cf.interpolating_estimator(x, labels, y, 0.0)) < 0.999 * np.linalg.norm(shortest)
    with pytest.raises(ValueError, match="linearly independent rows, else nothing interpolates; got rank 18 with 27 rows"):
        cf.minimum_norm_interpolator(np.concatenate([x, x + 1.0, x**2]), np.tile(labels, 3), y)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, m=st.integers(1, 6), stretch=st.floats(0.0, 4.0))
def test_centred_data_have_dependent_bag_averages(seed: int, m: int, stretch: float) -> None:
    """After centring the size-weighted bag averages sum to zero, so that the bag-level problem loses one rank; its limit must not notice."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(m), 4)
    x = rng.standard_normal((4 * m + 8, 8))[: 4 * m] * 10.0 ** np.linspace(0.0, stretch, 8)
    # The means are not centred: their common part is what no linear model can reach.
    x, y = x - x.mean(axis=0), rng.standard_normal(m)
    averages = x.reshape(m, 4, 8).mean(axis=1)
    theta = cf.least_within_bag_variance_interpolator(x, labels, y)
    assert averages @ theta == pytest.approx(y - y.mean(), abs=1e-9)
    assert cf.interpolating_estimator(x, labels, y, 1e-13) == pytest.approx(theta, abs=1e-6)
    shortest = cf.minimum_norm_bag_estimator(x, labels, y)
    assert averages @ shortest == pytest.approx(y - y.mean(), abs=1e-9)
    assert np.linalg.norm(shortest) <= np.linalg.norm(theta) * (1 + 1e-9)


def test_rounding_is_judged_by_the_features_and_not_by_their_averages() -> None:
    rng = np.random.default_rng(8)
    labels, y = np.repeat(np.arange(3), 2), rng.standard_normal(3)
    # Each bag averages a vector near the origin with large opposite parts, whose rounding must not count as a direction.
    base = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]) @ np.array([[1.0, 0.3, 0.1, 0.7], [-0.2, 1.0, 0.6, 0.9]])
    x = np.repeat(base, 2, axis=0) + 1e7 * np.repeat(rng.standard_normal((3, 4)), 2, axis=0) * np.tile([1.0, -1.0], 3)[:, None]
    shortest = cf.minimum_norm_bag_estimator(x, labels, y)
    assert shortest == pytest.approx(np.linalg.pinv(base, rcond=1e-10) @ y, abs=1e-6)


def test_degenerate_features() -> None:
    labels, y = np.array([0, 0, 1, 1]), np.array([1.0, 3.0])
    assert cf.interpolating_estimator(np.zeros((4, 2)), labels, y, 0.5).tolist() == [0.0, 0.0]
    # Two equal columns share the coefficient equally: the solution of least norm.
    x = np.array([[1.0], [1.0], [1.0], [1.0]])
    assert cf.interpolating_estimator(np.hstack([x, x]), labels, y, 0.5) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(
    "labels", [["b", "a", "b", "c"], [7, -2, 7, 9], np.array([0.5, 0.1, 0.5, 2.0]), np.array(["2020-02", "2019-01", "2020-02", "2021-01"], "M8[M]")]
)
def test_labels_of_any_sortable_kind(labels: object) -> None:
    codes, sizes = cf.bag_codes(labels)  # type: ignore[arg-type]
    assert codes.tolist() == [1, 0, 1, 2]
    assert sizes.tolist() == [1, 2, 1]
    assert cf.bag_codes(labels, 3)[1].sum() == 4  # type: ignore[arg-type]


def test_means_follow_sorted_labels_or_their_names() -> None:
    f = np.array([1.0, 2.0, 3.0, 4.0])
    labels = ["b", "a", "b", "c"]
    by_order, by_name = cf.instance_level_loss(f, [10.0, 20.0, 30.0], labels), cf.instance_level_loss(f, {"c": 30.0, "a": 10.0, "b": 20.0}, labels)
    assert by_order == by_name == pytest.approx((19**2 + 8**2 + 17**2 + 26**2) / 4)
    assert bags.average_over_bags(np.arange(8.0).reshape(4, 2), np.array([1, 0, 1, 1]), np.array([1, 3])).tolist() == [[2.0, 3.0], [10 / 3, 13 / 3]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cf.bag_codes([0.0, np.nan, 1.0]), "bag_labels must not be missing; got 1 labels that are NaN or None"),
        (lambda: cf.bag_codes(["a", None, "b"]), "bag_labels must not be missing"),
        (lambda: cf.bag_codes(np.array(["2020-01", "NaT"], "M8[M]")), "bag_labels must not be missing"),
        (lambda: cf.bag_codes([]), r"bag_labels must have shape \(n,\) with n >= 1"),
        (lambda: cf.bag_codes([[0, 1], [1, 1]]), r"bag_labels must have shape \(n,\)"),
        (lambda: cf.bag_codes([[0, 1], [1]]), "rows of different lengths"),
        (lambda: cf.bag_codes(np.array(["a", 1], dtype=object)), "bag_labels must be of one sortable kind"),
        (lambda: cf.bag_codes([0, 0, 2], 3), "got 2 distinct labels: a mean whose bag has size 0"),
        (lambda: cf.bag_codes([0, 1, 2], 2), "got 3 distinct labels: a bag without a mean"),
        (lambda: cf.bag_level_loss([1.0, 2.0], {"a": 1.0}, ["a", "b"]), "got none for label 'b'"),
        (lambda: cf.bag_level_loss([1.0, 2.0], {"a": 1.0, "z": 2.0}, ["a", "a"]), "got a mean for label 'z', whose bag has size 0"),
        (lambda: cf.bag_level_loss([1.0, 2.0], {"a": np.nan}, ["a", "a"]), "bag_means must be finite"),
        (lambda: cf.bag_level_loss([1.0, 2.0], [np.inf, 1.0], [0, 1]), "bag_means must be finite"),
        (lambda: cf.bag_level_loss([1.0, np.nan], [1.0, 1.0], [0, 1]), "predictions must be finite"),
        (lambda: cf.bag_level_loss([1.0, 2.0, 3.0], [1.0, 1.0], [0, 1]), r"bag_labels must have shape \(3,\)"),
        (lambda: cf.within_bag_variance([1.0, 2.0, 3.0], [0, 1]), r"bag_labels must have shape \(3,\)"),
        (lambda: cf.instance_level_loss([1.0], [1.0], [0], loss="hinge"), "loss must be one of 'logistic', 'poisson', 'squared'; got 'hinge'"),
        (lambda: cf.instance_level_loss([-1.0], [1.0], [0], loss=lambda y, f: y + np.where(f > 0, f, np.nan)), "loss must return finite values"),
        (lambda: cf.instance_level_loss([1.0, 2.0], [1.0], [0, 0], loss=lambda y, f: np.sum(f)), "loss must return finite values of shape"),
        (lambda: cf.interpolating_loss([1.0], [1.0], [0], 1.5), "weight must be finite and >= 0 and <= 1"),
        (lambda: cf.convex_loss_gap_bounds([1.0], [0], 1.0, 0.5), "curvature_upper must be finite and >= 1"),
        (lambda: cf.convex_loss_gap_bounds([1.0], [0], -np.inf, 0.5), "curvature_lower must be finite"),
        (lambda: cf.interpolating_estimator([[1.0], [2.0]], [0, 1], [1.0, 2.0], -0.1), "weight must be finite and >= 0 and <= 1"),
        (lambda: cf.interpolating_estimator([[1.0], [np.nan]], [0, 1], [1.0, 2.0], 0.5), "features must be finite"),
        (
            lambda: cf.interpolating_estimator([[1.0], [2.0]], [0, 1, 1], [1.0, 2.0], 0.5),
            r"bag_labels must have shape \(2,\), one label for each row",
        ),
        (lambda: cf.interpolating_estimator([1.0, 2.0], [0, 1], [1.0, 2.0], 0.5), r"features must have shape \(n, d\)"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
