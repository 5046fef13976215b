"""Contests of naive_bayes_logistic, arXiv:2302.02334: logistic regressions on many small data sets, and the expected error of naive Bayes.

The errors of both classifiers stand in `peers_naive_bayes_logistic`. Run them through the suite:
``python benchmarks/suite.py contests --only naive_bayes_logistic``.
"""

from __future__ import annotations

import warnings

import numpy as np
import statsmodels.api
from contest import Contender, Contest
from peers_naive_bayes_logistic import curve_contest, gram_contest, point_contest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from theorylab.numerics.logistic_regression import fit_logistic_batched, log_odds_form

SLUG = "naive_bayes_logistic"
# Samples, features, classes: data sets in a call of ours, fits in a call of scikit-learn's, and how many times faster we mean to be.
FITS = {
    (60, 10, 2): (2000, 60, 50.0),
    (200, 20, 2): (600, 60, 10.0),
    (400, 50, 2): (150, 60, 3.0),
    (1000, 100, 2): (40, 30, 1.0),
    (60, 10, 3): (1000, 40, 20.0),
    (300, 20, 5): (100, 30, None),
}
Generator = np.random.Generator


def draw(rng: Generator, replicates: int, samples: int, features: int, classes: int, distance: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw data sets of normal classes whose means are at this distance from one another, so that they overlap."""
    means = distance / np.sqrt(2.0) * np.linalg.qr(rng.standard_normal((features, classes)))[0].T
    labels = rng.integers(0, classes, (replicates, samples))
    labels[:, :classes] = np.arange(classes)
    return rng.standard_normal((replicates, samples, features)) + means[labels], labels


def library_fits(solver: str, features: np.ndarray, labels: np.ndarray, tolerance: float = 1e-4, strength: float = 1.0) -> list[LogisticRegression]:
    """Fit scikit-learn's model to each data set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        settings = {"solver": solver, "C": strength, "tol": tolerance, "max_iter": 1000}
        return [LogisticRegression(**settings).fit(*own) for own in zip(features, labels, strict=True)]


def contrasts(coefficients: np.ndarray) -> np.ndarray:
    """Return the weights of all classes less those of the first, from scikit-learn's coefficients."""
    if len(coefficients) == 1:
        return np.concatenate([np.zeros_like(coefficients), coefficients])
    return coefficients - coefficients[:1]


def fit_contest(rng: Generator, samples: int, features: int, classes: int) -> Contest:
    """Fit logistic regressions with a ridge penalty of 1; scikit-learn at its default tolerance, its faster solver first."""
    many, few, target = FITS[samples, features, classes]
    x, y = draw(rng, many, samples, features, classes)
    # Newton's steps are the cheaper ones where features are few.
    solvers = ("newton-cholesky", "lbfgs") if features * classes <= 40 else ("lbfgs", "newton-cholesky")

    def check() -> None:
        fit = fit_logistic_batched(x[:5], y[:5], classes, ridge=1.0)
        assert bool(fit.converged.all())
        for solver, tolerance, allowed in (("newton-cholesky", 1e-10, 1e-6), *((solver, 1e-4, 2e-2) for solver in solvers)):
            models = library_fits(solver, x[:5], y[:5], tolerance)
            for weights, model in zip(fit.weights, models, strict=True):
                assert np.abs(weights - weights[:1] - contrasts(model.coef_)).max() < allowed, (solver, tolerance)

    def peer(solver: str) -> Contender:
        return Contender(f"scikit-learn LogisticRegression ({solver}), one by one", lambda: library_fits(solver, x[:few], y[:few]), few)

    own = Contender("a batch at once, fit_logistic_batched (to 1e-8)", lambda: fit_logistic_batched(x, y, classes, ridge=1.0), many)
    title = f"ridge logistic regression, m = {samples}, d = {features}, K = {classes}"
    answer = "a fit; coefficients equal to 1e-6 at tight tolerance, to .02 at scikit-learn's default"
    return Contest(SLUG, title, (own, peer(solvers[0]), peer(solvers[1])), answer, check, target=target)


def likelihood_contest(rng: Generator, samples: int, features: int) -> Contest:
    """Fit logistic regressions without penalty, on data that are not separable."""
    x, y = draw(rng, 1000, samples, features, 2, distance=1.0)
    few = 60
    designs = np.concatenate([np.ones((few, samples, 1)), x[:few]], axis=2)

    def by_statsmodels(size: int) -> np.ndarray:
        return np.array([statsmodels.api.Logit(y[i], designs[i]).fit(disp=0).params for i in range(size)])

    def check() -> None:
        weights, intercepts = log_odds_form(fit_logistic_batched(x[:10], y[:10], 2, ridge=0.0, on_separable="raise"))
        own = np.column_stack([intercepts, weights])
        np.testing.assert_allclose(by_statsmodels(10), own, atol=1e-6)
        models = library_fits("newton-cholesky", x[:10], y[:10], 1e-10, np.inf)
        np.testing.assert_allclose([np.append(model.intercept_, model.coef_) for model in models], own, atol=1e-6)

    contenders = (
        Contender("a batch at once, fit_logistic_batched", lambda: fit_logistic_batched(x, y, 2, ridge=0.0, on_separable="raise"), len(x)),
        Contender("statsmodels Logit (Newton), one by one", lambda: by_statsmodels(few), few),
        Contender(
            "scikit-learn LogisticRegression (C=inf, newton-cholesky), one by one",
            lambda: library_fits("newton-cholesky", x[:few], y[:few], strength=np.inf),
            few,
        ),
    )
    return Contest(SLUG, f"logistic regression without penalty, m = {samples}, d = {features}", contenders, "a fit; equal to 1e-6", check)


def contests() -> list[Contest]:
    """Return the contests of this paper."""
    # Always the same data: the numbers of two days are compared.
    rng = np.random.default_rng(0)
    fits = [fit_contest(rng, *sizes) for sizes in FITS]
    return [*fits, likelihood_contest(rng, 200, 10), gram_contest(rng), point_contest(rng), curve_contest(rng)]
