"""arXiv:2401.11081: labels averaged over bags. The bag-level loss, the instance-level loss, and the spread of the predictions between them.

n sample_size, m number of bags, k bag_size, rho weight, y_i labels, ybar_a bag_means, f_i predictions, fbar_a their bag averages, R the spread
(1/n) sum_a sum_{i in B_a} (f_i - fbar_a)^2 of the predictions within the bags. The other side of each identity is the definition in a
few words of NumPy, with SciPy's distances for the pairs of a bag and scikit-learn's least squares on stacked rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import pdist
from scipy.special import log_expit
from sklearn.linear_model import LinearRegression

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

PAPER = "arXiv:2401.11081"


def draw_predictions(rng: np.random.Generator, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return predictions f and labels (n,), bag_labels (n,) and bag_means (m,) for bags of the given sizes."""
    bag_labels = np.repeat(np.arange(sizes.size), sizes)
    f, y = rng.normal(rng.normal(), rng.uniform(0.3, 3.0), size=(2, sizes.sum()))
    return f, y, bag_labels, np.array([y[bag_labels == bag].mean() for bag in range(sizes.size)])


def by_bag(values: np.ndarray, bag_labels: np.ndarray) -> list[np.ndarray]:
    """Return the values of each bag."""
    return [values[bag_labels == bag] for bag in np.unique(bag_labels)]


# AGG-1 -----------------------------------------------------------------------------------------------------------------------------------

decomposition = claim(
    "AGG-1",
    kind="identity",
    statement="The instance-level squared loss is the bag-level one plus the spread of the predictions within bags, and the weight penalises it.",
    tex=r"L_{\mathrm{ins}}=L_{\mathrm{bag}}+R,\quad R=\frac1n\sum_a\sum_{i\in B_a}(f_i-\bar f_a)^2=\frac1{2mk^2}\sum_a\sum_{i,j\in B_a}(f_i-f_j)^2",
    source=f"{PAPER}, lemma on the decomposition of the instance-level loss; the constant derived here",
)


@decomposition
def test_instance_level_is_bag_level_plus_spread(lab: Laboratory) -> None:
    """200 random data sets, bags of one size: both losses by their definitions, the spread by all pairs of a bag."""
    rng = np.random.default_rng([lab.seed, 1])
    bag, instance, spread, seen_bag, seen_instance, pairs, factors = ([] for _ in range(7))
    for _ in range(200):
        m, k = int(rng.integers(2, 12)), int(rng.integers(3, 9))
        f, _, labels, means = draw_predictions(rng, np.full(m, k))
        bag.append(theory.bag_level_loss(f, means, labels))
        instance.append(theory.instance_level_loss(f, means, labels))
        spread.append(theory.within_bag_variance(f, labels))
        seen_bag.append(np.mean((means - f.reshape(m, k).mean(axis=1)) ** 2))
        seen_instance.append(np.mean((np.repeat(means, k) - f) ** 2))
        pairs.append(sum(np.sum(pdist(part[:, None], "sqeuclidean")) for part in by_bag(f, labels)))
        factors.append((m, k))
    (m, k), bags, r, unordered = np.array(factors).T, np.array(bag), np.array(spread), np.array(pairs)
    assert lab.identical(bags, seen_bag, relative=1e-12, refutes={"the instance-level loss": instance}, question="bag-level loss")
    assert lab.identical(instance, seen_instance, relative=1e-12, refutes={"the bag-level loss": bag}, question="instance-level loss")
    # Each unordered pair is counted once in `unordered`, twice in the sum over ordered pairs.
    of_pairs = {
        "factor 1/k over ordered pairs": 2 * unordered / k,
        "factor 1/(2 m k) over ordered pairs": unordered / (m * k),
        "factor 1/(m k^2) over ordered pairs": 2 * unordered / (m * k**2),
        "factor 1/(2 m k^2), each pair once": unordered / (2 * m * k**2),
    }
    assert lab.identical(unordered / (m * k**2), r, relative=1e-12, refutes=of_pairs, question="spread from all pairs")
    wrong = {label: bags + value for label, value in of_pairs.items()} | {"no spread": bags, "unbiased variances": bags + r * k / (k - 1)}
    assert lab.identical(bags + r, seen_instance, relative=1e-12, refutes=wrong, question="bag-level loss plus spread")
    # Sums for means: there the factor is 1/k, provided that each pair is counted once.
    sums, n = np.array(seen_instance) * m * k - bags * m * k, m * k
    assert lab.identical(
        unordered / k, sums, relative=1e-12, refutes={"ordered pairs": 2 * unordered / k, "the factor of means": unordered / (n * k)}
    )


@decomposition
def test_decomposition_for_bags_of_different_sizes(lab: Laboratory) -> None:
    """It still holds if a bag counts with its size and has its own mean; with equal weights for all bags it fails."""
    rng = np.random.default_rng([lab.seed, 2])
    claimed, seen, equal_weights, one_mean, no_spread = ([] for _ in range(5))
    for _ in range(200):
        sizes = np.append(rng.integers(1, 9, size=int(rng.integers(2, 9))), [1, 9])
        f, _, labels, means = draw_predictions(rng, sizes)
        of_bags, averages = by_bag(f, labels), np.array([part.mean() for part in by_bag(f, labels)])
        bag, spread = theory.bag_level_loss(f, means, labels), theory.within_bag_variance(f, labels)
        claimed.append([bag + spread, spread])
        seen.append([np.mean((means[labels] - f) ** 2), sum(np.sum(pdist(part[:, None]) ** 2) / part.size for part in of_bags) / f.size])
        equal_weights.append([np.mean((means - averages) ** 2) + spread, np.mean([part.var() for part in of_bags])])
        one_mean.append([bag + f.var(), f.var()])
        no_spread.append([bag, 0.0])
    wrong = {"bags with equal weights": equal_weights, "spread around one mean": one_mean, "no spread": no_spread}
    assert lab.identical(claimed, seen, relative=1e-12, refutes=wrong)


@decomposition
def test_weight_is_the_penalty_on_the_spread(lab: Laboratory) -> None:
    """(1 - rho) L_bag + rho L_ins = L_bag + rho R at any weight, bags of one size or not."""
    rng = np.random.default_rng([lab.seed, 3])
    claimed, seen, exchanged, penalised, whole = ([] for _ in range(5))
    for _ in range(100):
        f, _, labels, means = draw_predictions(rng, rng.integers(1, 7, size=8))
        rho, spread = rng.uniform(), theory.within_bag_variance(f, labels)
        averages = np.array([part.mean() for part in by_bag(f, labels)])
        bag, instance = np.average((means - averages) ** 2, weights=np.bincount(labels)), np.mean((means[labels] - f) ** 2)
        claimed.append([theory.interpolating_loss(f, means, labels, rho), bag + rho * spread])
        seen.append([(1 - rho) * bag + rho * instance] * 2)
        exchanged.append([rho * bag + (1 - rho) * instance] * 2)
        penalised.append([instance + rho * spread] * 2)
        whole.append([bag + spread] * 2)
    wrong = {"weights exchanged": exchanged, "instance level plus rho R": penalised, "the weight does nothing": whole}
    assert lab.identical(claimed, seen, relative=1e-12, refutes=wrong)


@decomposition
def test_bags_of_one_have_no_spread(lab: Laboratory) -> None:
    """Every sample its own bag: R = 0 without any rounding, and the two losses are the ordinary mean squared error."""
    f, y, labels, means = draw_predictions(np.random.default_rng([lab.seed, 4]), np.ones(30, dtype=int))
    spread = theory.within_bag_variance(f, labels)
    assert lab.identical(0.0, spread, absolute=1e-300, refutes={"spread around one mean": f.var()}, question="spread in bags of one")
    losses = [theory.bag_level_loss(f, means, labels), theory.instance_level_loss(f, means, labels)]
    one_bag = [(y.mean() - f.mean()) ** 2] * 2
    assert lab.identical(losses, [np.mean((y - f) ** 2)] * 2, relative=1e-12, refutes={"one bag of all": one_bag})


@decomposition
@pytest.mark.parametrize(("weight", "equal"), [(0.0, True), (0.3, True), (0.3, False), (1.0, True), (0.05, False)])
def test_least_squares_of_the_interpolating_loss(lab: Laboratory, weight: float, equal: bool) -> None:
    """The linear model of least loss is (Xbar' Xbar + rho W)^-1 Xbar' ybar: zero gradient, searches, scikit-learn and the simulator's estimator."""
    rng, d = np.random.default_rng([lab.seed, 5, int(100 * weight), equal]), 4
    sizes = np.full(12, 3) if equal else np.append(rng.integers(1, 6, size=12), 7)
    n, labels = int(sizes.sum()), np.repeat(np.arange(sizes.size), sizes)
    x, theta0 = rng.normal(size=(n, d)), rng.normal(size=d)
    y = x @ theta0 + rng.normal(size=n)
    averaging = (labels == np.arange(sizes.size)[:, None]) / sizes[:, None]
    means, averages = averaging @ y, averaging @ x
    theta = theory.interpolating_estimator(x, labels, means, weight)

    between, within = averages.T @ (sizes[:, None] * averages), (x - averages[labels]).T @ (x - averages[labels])
    moment = averages.T @ (sizes * means)
    hessian = 2 * (between + weight * within) / n

    def loss(point: np.ndarray) -> float:
        bag, instance = np.sum(sizes * (means - averages @ point) ** 2) / n, np.mean((means[labels] - x @ point) ** 2)
        return (1 - weight) * bag + weight * instance

    misread = {
        "weights exchanged": np.linalg.solve(between + (1 - weight) * within, moment),
        "ridge with the mean of W": np.linalg.solve(between + (0.5 + weight) * (n - sizes.size) * np.eye(d), moment),
        "least squares on the labels themselves": np.linalg.lstsq(x, y, rcond=None)[0],
    }
    searches = [minimize(loss, start, tol=1e-12).fun for start in rng.normal(size=(3, d))]
    assert lab.optimum(
        theory.interpolating_loss(x @ theta, means, labels, weight),
        gradient=hessian @ theta - 2 * moment / n,
        curvatures=np.linalg.eigvalsh(hessian),
        searches=searches,
        refutes={label: loss(point) for label, point in misread.items()},
    )
    stacked = LinearRegression(fit_intercept=False).fit(
        np.vstack([averages, x]), np.append(means, means[labels]), sample_weight=np.append((1 - weight) * sizes, np.full(n, weight))
    )
    assert lab.identical(theta, stacked.coef_, relative=1e-9, refutes=misread, question="scikit-learn on stacked rows")
    if equal:
        drawn = simulate.interpolating_coefficients(x[None], means[None], bag_size=3, weights=(weight,))[0, 0]
        assert lab.identical(theta, drawn, relative=1e-9, refutes=misread, question="the estimator of the simulators")


@decomposition
@pytest.mark.parametrize("kind", ["dependent columns", "no features", "one feature", "fewer samples", "one bag", "centred", "averages near zero"])
def test_least_norm_where_the_minimiser_is_not_unique(lab: Laboratory, kind: str) -> None:
    """Of all minimisers the shortest, by the pseudo-inverse of the stacked rows; weight 0 by that of the averages alone."""
    rng, labels = np.random.default_rng([lab.seed, 6]), np.array([0, 2, 1, 1, 0, 2, 1, 3, 3])
    x, means = rng.normal(size=(9, 5)), rng.normal(size=4)
    # What counts as rounding is relative to the largest features: where these dwarf the averages, so does the tolerance.
    digits = 1e-9
    if kind == "dependent columns":
        x = np.column_stack([x[:, :3], x[:, 0], x[:, 1] - 2 * x[:, 2]])
    elif kind == "no features":
        x = np.zeros((9, 5))
    elif kind == "one feature":
        x = x[:, :1]
    elif kind == "fewer samples":
        x = rng.normal(size=(9, 14))
    elif kind == "one bag":
        labels, means = np.zeros(9, dtype=int), means[:1]
    elif kind == "centred":
        x -= x.mean(axis=0)
    else:
        pairs = np.array([0, 0, 1, 1, 2, 2, 3, 3])
        labels, x = pairs, np.repeat(x[:4], 2, axis=0) + 1e6 * np.repeat(x[4:8], 2, axis=0) * np.tile([1.0, -1.0], 4)[:, None]
        digits = 1e-6
    averaging = (labels == np.arange(means.size)[:, None]) / np.bincount(labels)[:, None]
    averages, root = averaging @ x, np.sqrt(np.bincount(labels))
    for rho in (0.0, 0.2, 1.0):
        rows, targets = root[:, None] * averages, root * means
        if rho > 0:
            rows, targets = np.vstack([rows, np.sqrt(rho) * (x - averages[labels])]), np.append(targets, np.zeros(len(x)))
        shortest = np.linalg.pinv(rows, rcond=1e-13) @ targets
        longer = shortest + np.ones(x.shape[1])
        claimed = theory.interpolating_estimator(x, labels, means, rho)
        assert lab.identical(claimed, shortest, absolute=digits, refutes={"any other": longer}, question=f"{kind}, weight {rho:g}")
    # Among the minimisers at weight 0, the one of least spread: a shift in their common null space.
    zero = theory.interpolating_estimator(x, labels, means, 0.0)
    null = np.eye(x.shape[1]) - np.linalg.pinv(averages, rcond=1e-13) @ averages
    deviations = x - averages[labels]
    free, rounding = deviations @ null, 1e-12 * np.linalg.norm(x, 2)
    shift = -np.linalg.pinv(free, rcond=min(rounding / max(np.linalg.norm(free, 2), 1e-300), 1.0)) @ deviations @ zero
    found = theory.least_within_bag_variance_interpolator(x, labels, means)
    assert lab.identical(found, zero + shift, absolute=digits, refutes={"any other": zero + shift + 1e-3}, question=f"{kind}, weight -> 0+")


@decomposition
def test_bags_are_known_by_name(lab: Laboratory) -> None:
    """The order of the samples and the names of the bags do not matter; means go by the order of the sorted names, or by the names."""
    rng = np.random.default_rng([lab.seed, 7])
    f, _, labels, means = draw_predictions(rng, np.array([3, 1, 4, 2]))
    x, order = rng.normal(size=(10, 3)), rng.permutation(10)
    names = np.array(["ash", "elm", "fir", "oak"])
    by_name = dict(zip(names[::-1].tolist(), means[::-1].tolist(), strict=True))
    ages = np.array([-3, 4, 10, 11])
    exchanged = means[[1, 0, 2, 3]]

    def answers(f: np.ndarray, x: np.ndarray, means: object, labels: np.ndarray) -> np.ndarray:
        losses = [loss(f, means, labels) for loss in (theory.bag_level_loss, theory.instance_level_loss)]
        return np.concatenate([losses, theory.interpolating_estimator(x, labels, means, 0.3), [theory.within_bag_variance(f, labels)]])

    plain = answers(f, x, means, labels)
    wrong = {"means exchanged": answers(f, x, exchanged, labels), "bags exchanged": answers(f, x, means, labels[::-1])}
    for shown, given in ((names, means), (names, by_name), (ages, means)):
        assert lab.identical(answers(f[order], x[order], given, shown[labels][order]), plain, relative=1e-12, refutes=wrong)
    codes, sizes = theory.bag_codes(ages[labels][order], 4)
    assert lab.identical(
        codes, labels[order], absolute=0.5, refutes={"in order of appearance": codes[::-1]}, question="codes follow the sorted names"
    )
    assert lab.identical(sizes, [3, 1, 4, 2], absolute=0.5, refutes={"equal sizes": 2.5}, question="sizes too")
    for missing in (np.array([1.0, 2.0, np.nan]), np.array(["elm", None, "oak"], dtype=object)):
        with pytest.raises(ValueError, match="missing"):
            theory.bag_codes(missing)


# AGG-2 -----------------------------------------------------------------------------------------------------------------------------------

general_losses = claim(
    "AGG-2",
    kind="bound",
    statement="If the loss has second derivatives between mu and Lambda, L_ins exceeds L_bag by between mu/2 and Lambda/2 times the spread R.",
    tex=r"\mu\le\partial_f^2\ell\le\Lambda\;\Rightarrow\;\tfrac\mu2R\le L_{\mathrm{ins}}-L_{\mathrm{bag}}\le\tfrac\Lambda2R",
    source=f"{PAPER}, upper bound; constants and lower bound derived here",
)


def cross_entropy(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return -y log p - (1 - y) log (1 - p) with p = 1 / (1 + e^-f), which is log(1 + e^f) - y f."""
    return -target * log_expit(prediction) - (1 - target) * log_expit(-prediction)


def pseudo_huber(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return sqrt(1 + (y - f)^2), of second derivative (1 + (y - f)^2)^(-3/2)."""
    return np.sqrt(1 + (target - prediction) ** 2)


def concave(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return -f^2 / 2, of second derivative -1."""
    return -(prediction**2) / 2 + 0 * target


def gap(predictions: np.ndarray, bag_means: np.ndarray, bag_labels: np.ndarray, loss: str | Callable[..., np.ndarray]) -> float:
    """Return L_ins - L_bag."""
    arguments = (predictions, bag_means, bag_labels)
    return theory.instance_level_loss(*arguments, loss=loss) - theory.bag_level_loss(*arguments, loss=loss)


@general_losses
def test_losses_by_their_definition(lab: Laboratory) -> None:
    """The logistic loss is the cross entropy at the bag means, the Poisson loss the negative log likelihood without its constant."""
    rng = np.random.default_rng([lab.seed, 6])
    f, _, labels, _ = draw_predictions(rng, rng.integers(1, 6, size=9))
    means, sizes = rng.uniform(size=9), np.bincount(labels)
    averages = np.array([part.mean() for part in by_bag(f, labels)])
    for name, word in (("logistic", cross_entropy), ("poisson", lambda y, f: np.exp(f) - y * f)):
        claimed = [theory.instance_level_loss(f, means, labels, loss=name), theory.bag_level_loss(f, means, labels, loss=name)]
        seen = [np.mean(word(means[labels], f)), np.sum(sizes * word(means, averages)) / f.size]
        wrong = {"the squared loss": [theory.instance_level_loss(f, means, labels), theory.bag_level_loss(f, means, labels)]}
        assert lab.identical(claimed, seen, relative=1e-12, refutes=wrong | {"bags exchanged": seen[::-1]}, question=f"{name} loss")


@general_losses
@pytest.mark.parametrize("bag_size", [2, 4, 9])
def test_logistic_gap_is_at_most_an_eighth_of_the_spread(lab: Laboratory, bag_size: int) -> None:
    """Lambda = 1/4: at every scale of the predictions, and reached as they shrink."""
    rng = np.random.default_rng([lab.seed, 7, bag_size])
    f, labels = rng.normal(size=60 * bag_size), np.repeat(np.arange(60), bag_size)
    means = rng.integers(0, 2, size=(60, bag_size)).mean(axis=1)
    ratios = {}
    for scale in (0.01, 0.1, 1.0, 3.0, 10.0):
        low, high = theory.convex_loss_gap_bounds(scale * f, labels, 0.0, 0.25)
        ratios[scale] = gap(scale * f, means, labels, cross_entropy) / theory.within_bag_variance(scale * f, labels)
        assert lab.exact(gap(scale * f, means, labels, "logistic")).inside(low, high)
        assert lab.exact(ratios[scale]).at_most(1 / 8, tightness=0.99 if scale <= 0.1 else 0.0)
    assert lab.exact(ratios[0.01]).agrees_with(1 / 8, absolute=1e-4, refutes={"Lambda": 1 / 4, "Lambda/4": 1 / 16})
    assert lab.refutes(lab.exact(ratios[0.1]).at_most(1 / 16, tightness=0.0), "at most (Lambda/4) R")
    assert lab.refutes(lab.exact(ratios[3.0]).agrees_with(1 / 8, relative=0.1), "the logistic gap equals (Lambda/2) R")
    assert lab.exact(max(np.diff(list(ratios.values())))).less_than(0.0)


@general_losses
@pytest.mark.parametrize(("centre", "order"), [(0.0, 2.0), (1.3, 1.0)])
def test_small_spread_takes_half_the_curvature(lab: Laboratory, centre: float, order: float) -> None:
    """The gap over the spread tends to l''/2 at the bags' centre: at first order in the spread, at second where l''' is zero."""
    rng = np.random.default_rng([lab.seed, 8])
    # Skewed predictions, so that the third derivative is seen where there is one.
    f, labels, means = rng.standard_exponential(size=2000), np.repeat(np.arange(500), 4), rng.uniform(size=500)
    f -= theory.average_over_bags(f, labels, np.full(500, 4))[labels]
    scales, chance = (8.0, 16.0, 32.0, 64.0, 128.0), 1 / (1 + np.exp(-centre))
    curvature = chance * (1 - chance)
    ratios = np.array([gap(centre + f / s, means, labels, "logistic") / theory.within_bag_variance(f / s, labels) for s in scales])
    orders = {"first order": 1.0, "second order": 2.0, "third order": 3.0}
    del orders["first order" if order == 1.0 else "second order"]
    assert lab.limit(scales, ratios - curvature / 2, order=order, within=0.1, refutes=orders)
    wrong = {"the whole curvature": curvature, "a quarter": curvature / 4} | ({"curvature at 0": 1 / 8} if centre else {})
    assert lab.exact(ratios[-1]).agrees_with(curvature / 2, relative=0.01, refutes=wrong)


@general_losses
def test_both_sides_for_other_losses(lab: Laboratory) -> None:
    """Random bags: Poisson (curvature between the ends of e^f), pseudo-Huber (between 0 and 1), squared (2 on both sides)."""
    rng = np.random.default_rng([lab.seed, 9])
    for _ in range(60):
        f, _, labels, means = draw_predictions(rng, rng.integers(2, 7, size=6))
        low, high = theory.convex_loss_gap_bounds(f, labels, np.exp(f.min()), np.exp(f.max()))
        assert lab.exact(gap(f, means, labels, "poisson")).inside(low, high)
        low, high = theory.convex_loss_gap_bounds(f, labels, 0.0, 1.0)
        assert lab.exact(gap(f, means, labels, pseudo_huber)).inside(low, high)
    f, _, labels, means = draw_predictions(rng, np.array([4, 5, 6]))
    spread = theory.within_bag_variance(f, labels)
    assert lab.identical(theory.convex_loss_gap_bounds(f, labels, 2.0, 2.0), [gap(f, means, labels, "squared")] * 2, relative=1e-11)
    wrong = {"mu R and Lambda R": (spread, 4 * spread), "sides exchanged": (2 * spread, spread / 2)}
    assert lab.identical(theory.convex_loss_gap_bounds(f, labels, 1.0, 4.0), (spread / 2, 2 * spread), relative=1e-14, refutes=wrong)
    # Spreads so small that the curvature is one number: both sides are reached, so neither constant can be improved.
    tiny = 0.7 + 1e-3 * f
    of_poisson = lab.exact(gap(tiny, means, labels, "poisson") / theory.within_bag_variance(tiny, labels))
    assert of_poisson.at_least(np.exp(tiny.min()) / 2, tightness=0.95)
    assert of_poisson.at_most(np.exp(tiny.max()) / 2, tightness=0.95)
    assert lab.refutes(of_poisson.at_least(np.exp(tiny.min()), tightness=0.0), "at least mu R")
    assert lab.refutes(of_poisson.at_most(np.exp(tiny.max()) / 4, tightness=0.0), "at most (Lambda/4) R")


@general_losses
def test_convexity_orders_the_losses(lab: Laboratory) -> None:
    """Convexity alone gives L_bag <= L_ins (Jensen), with a kink too; a concave loss reverses it, and a kink knows no upper bound."""
    rng = np.random.default_rng([lab.seed, 10])
    f, _, labels, means = draw_predictions(rng, rng.integers(2, 7, size=8))

    def absolute(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
        return np.abs(target - prediction)

    for loss in ("squared", "logistic", "poisson", pseudo_huber, absolute):
        assert lab.exact(gap(f, means, labels, loss), 1e-12).at_least(0.0, tightness=0.0)
    spread = theory.within_bag_variance(f, labels)
    reversed_gap = gap(f, means, labels, concave)
    assert lab.identical(
        theory.convex_loss_gap_bounds(f, labels, -1.0, -1.0), [reversed_gap] * 2, relative=1e-11, refutes={"as if convex": spread / 2}
    )
    assert lab.refutes(lab.exact(reversed_gap).at_least(0.0, tightness=0.0), "L_bag <= L_ins for every loss")
    # Predictions around the bag mean itself, where |y - f| has its kink: the gap is of the order of the distances, the spread of their squares.
    scales, f = np.array([10.0, 20.0, 40.0, 80.0]), f - theory.average_over_bags(f, labels, np.bincount(labels))[labels]
    ratios = np.array([gap(means[labels] + f / s, means, labels, absolute) / theory.within_bag_variance(f / s, labels) for s in scales])
    assert lab.identical(scales * np.mean(np.abs(f)) / spread, ratios, relative=1e-9, refutes={"a constant times R": np.full(4, ratios[0])})
