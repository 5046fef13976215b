"""Contests over the errors of fitted classifiers in the mixtures of arXiv:2302.02334: exact, from sufficient statistics, from raw data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from agreement import assert_means_agree, spread
from contest import Contender, Contest
from scipy.special import ndtr
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate

__all__ = ["curve_contest", "gram_contest", "point_contest"]

SLUG = "naive_bayes_logistic"
Generator = np.random.Generator


# Logistic regression in many dimensions ------------------------------------------------------------------------------------------------------


def gram_contest(rng: Generator) -> Contest:
    """Find the error of logistic regression on two isotropic classes, 4 standard deviations apart, with 7 samples each in 2000 dimensions."""
    dimension, half, distance = 2000, 7, 4.0
    gap = distance / dimension**0.5
    setting: dict[str, Any] = {"ridge": 1.0, "class_counts": (half, half), "class_positions": (-0.5, 0.5)}
    setting |= {"gaps": (gap,), "multiplicities": (dimension,)}

    def short(own: Generator, size: int) -> np.ndarray:
        return np.asarray(simulate.sample_isotropic_logistic_error(own, size, **setting)["error"])

    def raw(own: Generator, size: int) -> np.ndarray:
        return np.asarray(simulate.sample_logistic_error(own, size, **setting)["error"])

    def library(own: Generator, size: int) -> np.ndarray:
        errors, labels = np.empty(size), np.repeat([0, 1], half)
        signs = 2.0 * labels - 1.0
        for replicate in range(size):
            features = 0.5 * gap * signs[:, None] + own.standard_normal((2 * half, dimension))
            model = LogisticRegression(solver="lbfgs").fit(features, labels)
            weights, intercept = model.coef_[0], float(model.intercept_[0])
            signal, length = 0.5 * gap * weights.sum(), np.linalg.norm(weights)
            errors[replicate] = 0.5 * (ndtr((intercept - signal) / length) + ndtr(-(intercept + signal) / length))
        return errors

    @cache
    def spread_of_errors() -> float:
        return spread(short(rng, 4096))

    def check() -> None:
        own = np.random.default_rng(0)
        assert_means_agree({"short": short(own, 5000), "raw": raw(own, 500), "library": library(own, 100)})

    contenders = (
        Contender("Gram factor, sample_isotropic_logistic_error", lambda: short(rng, 4096), 4096, spread_of_errors),
        Contender("scikit-learn LogisticRegression (lbfgs), one by one", lambda: library(rng, 60), 60, spread_of_errors),
        Contender("batched raw data, sample_logistic_error", lambda: raw(rng, 256), 256, spread_of_errors),
    )
    title = f"error of ridge logistic regression, isotropic classes, d = {dimension}, m = {2 * half}"
    return Contest(SLUG, title, contenders, "equal means", check, 1e-5)


# Naive Bayes ----------------------------------------------------------------------------------------------------------------------------------


def point_contest(rng: Generator) -> Contest:
    """Find the expected error of naive Bayes with variances of each class, as scikit-learn has it."""
    counts, gap, features, points = (6, 6), 0.7, 12, 100
    setting: dict[str, Any] = {"gaps": (gap,), "multiplicities": (features,), "variance": "class", "class_counts": counts}

    def exact() -> float:
        return float(theory.naive_bayes_expected_error([gap], [features], *counts, variance="class"))

    def statistics(own: Generator, size: int) -> np.ndarray:
        return np.asarray(simulate.sample_naive_bayes_error(own, size, **setting)["error"])

    def raw(own: Generator, size: int) -> np.ndarray:
        return np.asarray(simulate.sample_naive_bayes_error_raw(own, size, **setting)["error"])

    def library(own: Generator, size: int) -> np.ndarray:
        labels, truth = np.repeat([0, 1], counts), np.repeat([0, 1], points)
        errors = np.empty(size)
        for replicate in range(size):
            train = own.standard_normal((labels.size, features)) + gap * labels[:, None]
            test = own.standard_normal((truth.size, features)) + gap * truth[:, None]
            errors[replicate] = np.mean(GaussianNB(var_smoothing=0.0).fit(train, labels).predict(test) != truth)
        return errors

    def check() -> None:
        own = np.random.default_rng(0)
        samples = {"statistics": statistics(own, 20_000), "raw": raw(own, 5000), "library": library(own, 300)}
        assert_means_agree(samples, {"exact": exact()})

    contenders = (
        Contender("formula, naive_bayes_expected_error (to 1e-9)", lambda: [exact() for _ in range(10)], 10),
        Contender("scikit-learn GaussianNB, 100 test points a class", lambda: library(rng, 200), 200, lambda: spread(library(rng, 1000))),
        Contender("batched raw data, sample_naive_bayes_error_raw", lambda: raw(rng, 4096), 4096, lambda: spread(raw(rng, 8192))),
        Contender("sufficient statistics, sample_naive_bayes_error", lambda: statistics(rng, 8192), 8192, lambda: spread(statistics(rng, 16_384))),
    )
    return Contest(SLUG, f"expected error of naive Bayes, d = {features}, {counts[0]} + {counts[1]} samples", contenders, "equal means", check, 1e-5)


def curve_contest(rng: Generator) -> Contest:
    """Find the expected error of the paper's naive Bayes in the paper's mixture of 100 features at 100 training sizes."""
    design, sizes = theory.paper_design(2, 100), np.arange(4, 104)
    groups = (design["gaps"], design["multiplicities"])

    def exact(chosen: np.ndarray = sizes) -> np.ndarray:
        return np.asarray(theory.naive_bayes_expected_error_random_counts(*groups, chosen, variance="pooled"))

    def curve(sampler: Callable[..., dict[str, Any]], own: Generator, size: int, chosen: np.ndarray = sizes) -> np.ndarray:
        return np.stack([np.asarray(sampler(own, size, variance="pooled", sample_size=int(m), **design)["error"]) for m in chosen], axis=1)

    def check() -> None:
        own, few = np.random.default_rng(0), sizes[:3]
        samples = {
            "statistics": curve(simulate.sample_naive_bayes_error, own, 20_000, few),
            "raw": curve(simulate.sample_naive_bayes_error_raw, own, 2500, few),
        }
        assert_means_agree(samples, {"exact": exact(few)})

    short, raw = simulate.sample_naive_bayes_error, simulate.sample_naive_bayes_error_raw
    contenders = (
        Contender("formula, naive_bayes_expected_error_random_counts", exact),
        Contender("sufficient statistics, sample_naive_bayes_error", lambda: curve(short, rng, 300), 300, lambda: spread(curve(short, rng, 2000))),
        Contender("batched raw data, sample_naive_bayes_error_raw", lambda: curve(raw, rng, 10), 10, lambda: spread(curve(raw, rng, 200))),
    )
    title = "expected error of naive Bayes at 100 training sizes from 4 to 103, d = 100 (at most 5 s asked)"
    return Contest(SLUG, title, contenders, "equal means, error in the root mean square over the sizes", check, 1e-5, rounds=3)
