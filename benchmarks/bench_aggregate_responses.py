"""Contests of aggregate_responses, arXiv:2401.11081: the risk curve of the interpolating estimator by spectra and formulas against raw data.

Run them through the suite: ``python benchmarks/suite.py contests --only aggregate_responses``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from agreement import assert_means_agree, spread
from contest import Contender, Contest
from scipy.linalg import eigvalsh_tridiagonal
from scipy.optimize import brentq, elementwise
from sklearn.linear_model import LinearRegression

from theorylab.models.jacobi import jacobi_tridiagonal, tridiagonal_eigenvalues
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulator

SLUG = "aggregate_responses"
SAMPLE_SIZE, DIMENSION, BAG_SIZE = 600, 100, 3
WEIGHTS = tuple(float(weight) for weight in np.linspace(0.0, 1.0, 22)[1:])
SETTING: dict[str, Any] = {"sample_size": SAMPLE_SIZE, "dimension": DIMENSION, "bag_size": BAG_SIZE, "weights": WEIGHTS}
SIZES = f"d = {DIMENSION}, n = {SAMPLE_SIZE}, k = {BAG_SIZE}, {len(WEIGHTS)} weights"
Generator = np.random.Generator
Curve = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


# Estimators on one data set -------------------------------------------------------------------------------------------------------------------


def draw_data(rng: Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one data set: features, their bag averages, bag means of the labels."""
    features = rng.standard_normal((SAMPLE_SIZE, DIMENSION))
    labels = features @ np.full(DIMENSION, DIMENSION**-0.5) + rng.standard_normal(SAMPLE_SIZE)
    return features, features.reshape(-1, BAG_SIZE, DIMENSION).mean(axis=1), labels.reshape(-1, BAG_SIZE).mean(axis=1)


def least_squares_curve(features: np.ndarray, averages: np.ndarray, bag_means: np.ndarray) -> np.ndarray:
    """Solve each weight by numpy's least squares on the stacked rows of both losses."""
    repeated = np.repeat(bag_means, BAG_SIZE)
    curve = []
    for weight in WEIGHTS:
        bag, instance = np.sqrt((1.0 - weight) * BAG_SIZE), np.sqrt(weight)
        rows, targets = np.concatenate([bag * averages, instance * features]), np.concatenate([bag * bag_means, instance * repeated])
        curve.append(np.linalg.lstsq(rows, targets, rcond=None)[0])
    return np.array(curve)


def scikit_learn_curve(features: np.ndarray, averages: np.ndarray, bag_means: np.ndarray) -> np.ndarray:
    """Solve each weight by scikit-learn's linear regression, with sample weights for the two losses."""
    rows, targets = np.concatenate([averages, features]), np.concatenate([bag_means, np.repeat(bag_means, BAG_SIZE)])
    curve = []
    for weight in WEIGHTS:
        sample_weight = np.repeat([(1.0 - weight) * BAG_SIZE, weight], [len(averages), len(features)])
        curve.append(LinearRegression(fit_intercept=False).fit(rows, targets, sample_weight=sample_weight).coef_)
    return np.array(curve)


def own_curve(features: np.ndarray, averages: np.ndarray, bag_means: np.ndarray) -> np.ndarray:
    """Solve all weights from two Gram matrices."""
    return np.asarray(simulator.interpolating_coefficients(features[None], bag_means[None], bag_size=BAG_SIZE, weights=WEIGHTS)[0])


def coefficients_contest(rng: Generator) -> Contest:
    """Estimate at all weights on the same data."""
    data = draw_data(rng)

    def check() -> None:
        for curve in (least_squares_curve, scikit_learn_curve):
            np.testing.assert_allclose(curve(*data), own_curve(*data), atol=1e-10)

    contenders = (
        Contender("Gram matrices shared, interpolating_coefficients", lambda: [own_curve(*data) for _ in range(20)], 20),
        Contender("numpy linalg.lstsq on stacked rows, weight by weight", lambda: least_squares_curve(*data)),
        Contender("scikit-learn LinearRegression, weight by weight", lambda: scikit_learn_curve(*data)),
    )
    return Contest(SLUG, f"estimates on one data set, {SIZES}", contenders, "coefficients equal to 1e-10", check)


# The curve of the risk ------------------------------------------------------------------------------------------------------------------------


def realised_risks(rng: Generator, size: int, curve: Curve) -> np.ndarray:
    """Return the risk of the estimates at all weights (size, L) on one data set after the other."""
    return np.array([((curve(*draw_data(rng)) - DIMENSION**-0.5) ** 2).sum(axis=1) for _ in range(size)])


def sampled_risks(sampler: Callable[..., dict[str, Any]], rng: Generator, size: int) -> np.ndarray:
    """Return the risk at all weights (size, L) from one of the samplers."""
    return np.asarray(sampler(rng, size, **SETTING)["risk"])


def risk_contest(rng: Generator) -> Contest:
    """Find the curve of the risk to a standard error."""
    jacobi, wishart = partial(sampled_risks, simulator.sample_jacobi_risk), partial(sampled_risks, simulator.sample_wishart_risk)
    conditional, raw = partial(sampled_risks, simulator.sample_conditional_risk), partial(sampled_risks, simulator.sample_raw_risk)
    least_squares, library = partial(realised_risks, curve=least_squares_curve), partial(realised_risks, curve=scikit_learn_curve)

    @cache
    def spread_raw() -> float:
        return spread(raw(rng, 512))

    @cache
    def spread_given_features() -> float:
        return spread(wishart(rng, 512))

    def check() -> None:
        own = np.random.default_rng(0)
        samples = {"jacobi": jacobi(own, 2000), "wishart": wishart(own, 200), "conditional": conditional(own, 10), "raw": raw(own, 200)}
        samples |= {"least squares": least_squares(own, 5), "library": library(own, 5)}
        exact = {"exact": theory.interpolation_risk_exact(SAMPLE_SIZE, DIMENSION, BAG_SIZE, WEIGHTS).risk}
        assert_means_agree(samples, exact, like={"conditional": "wishart", "least squares": "raw", "library": "raw"})

    contenders = (
        Contender("bidiagonal Jacobi model, sample_jacobi_risk", lambda: jacobi(rng, 8192), 8192, lambda: spread(jacobi(rng, 8192))),
        Contender("numpy linalg.lstsq, data set by data set and weight by weight", lambda: least_squares(rng, 2), 2, spread_raw),
        Contender("scikit-learn LinearRegression, likewise", lambda: library(rng, 2), 2, spread_raw),
        Contender("batched raw data, Gram matrices shared, sample_raw_risk", lambda: raw(rng, 64), 64, spread_raw),
        Contender("raw features, task and noise integrated, sample_conditional_risk", lambda: conditional(rng, 8), 8, spread_given_features),
        Contender("two Wishart matrices, sample_wishart_risk", lambda: wishart(rng, 64), 64, spread_given_features),
    )
    return Contest(SLUG, f"risk curve, {SIZES}", contenders, "equal means", check, 1e-3, 1000.0)


def exact_contest(rng: Generator) -> Contest:
    """Find the same curve without sampling."""
    jacobi, raw = partial(sampled_risks, simulator.sample_jacobi_risk), partial(sampled_risks, simulator.sample_raw_risk)

    def exact() -> np.ndarray:
        return np.asarray(theory.interpolation_risk_exact(SAMPLE_SIZE, DIMENSION, BAG_SIZE, WEIGHTS).risk)

    def check() -> None:
        own = np.random.default_rng(0)
        assert_means_agree({"jacobi": jacobi(own, 3000), "raw": raw(own, 200)}, {"exact": exact()})

    contenders = (
        Contender("Pfaffian, interpolation_risk_exact", exact),
        Contender("bidiagonal Jacobi model, sample_jacobi_risk", lambda: jacobi(rng, 8192), 8192, lambda: spread(jacobi(rng, 8192))),
        Contender("batched raw data, Gram matrices shared, sample_raw_risk", lambda: raw(rng, 64), 64, lambda: spread(raw(rng, 512))),
    )
    return Contest(SLUG, f"risk curve exactly, {SIZES}", contenders, "equal means", check, 1e-6)


# Kernels and limits ---------------------------------------------------------------------------------------------------------------------------


def eigenvalue_contest(rng: Generator) -> Contest:
    """Find all eigenvalues of the same tridiagonal matrices."""
    bags = SAMPLE_SIZE // BAG_SIZE
    diagonals, squares = jacobi_tridiagonal(
        rng, 1024, first_degrees_of_freedom=bags, second_degrees_of_freedom=SAMPLE_SIZE - bags, dimension=DIMENSION
    )
    roots = np.sqrt(squares)

    def one_by_one(size: int) -> np.ndarray:
        return np.array([eigvalsh_tridiagonal(diagonals[i], roots[i], lapack_driver="sterf") for i in range(size)])

    def dense(size: int) -> np.ndarray:
        matrices, inner = np.zeros((size, DIMENSION, DIMENSION)), np.arange(DIMENSION - 1)
        matrices[:, np.arange(DIMENSION), np.arange(DIMENSION)] = diagonals[:size]
        matrices[:, inner + 1, inner] = matrices[:, inner, inner + 1] = roots[:size]
        return np.linalg.eigvalsh(matrices)

    def check() -> None:
        own = tridiagonal_eigenvalues(diagonals[:50], squares[:50])
        np.testing.assert_allclose(one_by_one(50), own, atol=1e-13)
        np.testing.assert_allclose(dense(50), own, atol=1e-13)

    contenders = (
        Contender("compiled batch, tridiagonal_eigenvalues", lambda: tridiagonal_eigenvalues(diagonals, squares), len(diagonals)),
        Contender("scipy eigvalsh_tridiagonal (sterf), one by one", lambda: one_by_one(1024), 1024),
        Contender("numpy eigvalsh of a batch", lambda: dense(256), 256),
    )
    return Contest(SLUG, f"all eigenvalues of a tridiagonal matrix of {DIMENSION} rows", contenders, "a matrix; equal to 1e-13", check)


def imbalance(root: Any, psi: Any, k: Any, rho: Any) -> Any:
    """Return by how much a logarithm of s misses the fixed point (psi/k) (a + (k-1) b) = 1, a = s/(1+s), b = rho s/(1 + rho s)."""
    s = np.exp(root)
    return psi / k * (s / (1.0 + s) + (k - 1.0) * rho * s / (1.0 + rho * s)) - 1.0


def risk_from_root(s: Any, psi: Any, k: Any, rho: Any, noise: Any) -> Any:
    """Return the limiting risk, squared signal norm 1, once the fixed point is known."""
    a, b = s / (1.0 + s), rho * s / (1.0 + rho * s)
    variance = a * a / (a * (1.0 - a) + (k - 1.0) * b * (1.0 - b))
    return psi / k * (k - 1.0) * b * b * (psi / k * (k - 1.0) + psi * variance) + noise * variance


def surface_contest(rng: Generator) -> Contest:
    """Find the limiting risk at 40 ratios, 10 bag sizes, 20 signal-to-noise ratios and 100 weights."""
    psi, k = np.linspace(1.2, 20.0, 40)[:, None, None, None], np.arange(1, 11)[:, None, None]
    noise, rho = 1.0 / np.geomspace(0.1, 10.0, 20)[:, None], np.linspace(0.01, 1.0, 100)
    points = psi.size * k.size * noise.size * rho.size
    some = [rng.integers(0, axis.size, 2000) for axis in (psi, k, noise, rho)]
    chosen = [axis.ravel()[place] for axis, place in zip((psi, k, noise, rho), some, strict=True)]

    def closed() -> np.ndarray:
        return np.asarray(theory.asymptotic_risk(psi, k, rho, 1.0, noise).risk)

    def one_by_one() -> np.ndarray:
        values = []
        for ratio, bag, scale, weight in zip(*chosen, strict=True):
            s = np.exp(brentq(imbalance, -40.0, 40.0, args=(ratio, bag, weight), xtol=1e-14))
            values.append(risk_from_root(s, ratio, bag, weight, scale))
        return np.array(values)

    def vectorised() -> np.ndarray:
        # The fixed point does not know the noise: 40 x 10 x 100 roots are enough.
        shape = np.broadcast_shapes(psi.shape, k.shape, rho.shape)
        ends = (np.full(shape, -40.0), np.full(shape, 40.0))
        found = elementwise.find_root(imbalance, ends, args=(psi, 1.0 * k, rho), tolerances={"xatol": 1e-14})
        return np.asarray(risk_from_root(np.exp(found.x), psi, k, rho, noise))

    def check() -> None:
        own = closed()
        assert own.size == points
        np.testing.assert_allclose(vectorised(), own, rtol=1e-10)
        np.testing.assert_allclose(one_by_one(), own[some[0], some[1], some[2], some[3]], rtol=1e-10)

    contenders = (
        Contender("closed form, asymptotic_risk (all points in a call)", lambda: [closed() for _ in range(20)], 20 * points),
        Contender("scipy brentq, point by point", one_by_one, 2000),
        Contender("scipy elementwise.find_root (all points in a call)", vectorised, points),
    )
    title = f"limiting risk at 40 x 10 x 20 x 100 points (asked: all {points} in 5 s, 6.3 us each)"
    return Contest(SLUG, title, contenders, "a point; equal to 1e-10", check)


def contests() -> list[Contest]:
    """Return the contests of this paper."""
    # Always the same data: the numbers of two days are compared.
    rng = np.random.default_rng(0)
    return [risk_contest(rng), exact_contest(rng), coefficients_contest(rng), eigenvalue_contest(rng), surface_contest(rng)]
