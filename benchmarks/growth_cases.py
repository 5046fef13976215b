"""What grows with what: each case makes the call for one size, with the exponent that it is meant to have.

Sizes reach over two decades at least, where costs that do not grow are small beside those that do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from theorylab.models.structural_equations import (
    clamped_decomposition,
    intervention_family,
    random_coefficients,
    sample_environments,
    second_moment_from_clamped,
)
from theorylab.models.wishart import laguerre_bidiagonal, resolvent_trace
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.numerics.logistic_regression import fit_logistic_batched
from theorylab.papers.aggregate_responses import monte_carlo as aggregate
from theorylab.papers.naive_bayes_logistic import monte_carlo as logistic
from theorylab.papers.one_step_gd import monte_carlo as steps
from theorylab.papers.tester_learner.estimators import fit_surrogate
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as mixtures

__all__ = ["CASES", "Case"]

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A call whose time grows with a size.

    Attributes
    ----------
    title, size_name
        What is called, and what its size is.
    expected
        The exponent that its time is meant to have, at most.
    sizes
        At least five, over two decades or more.
    prepare
        Makes the call for a size; what it does itself is not timed.
    """

    title: str
    size_name: str
    expected: float
    sizes: tuple[int, ...]
    prepare: Callable[[int], Call]


def _ladder(first: int, last: int, count: int = 7) -> tuple[int, ...]:
    return tuple(round(value) for value in np.geomspace(first, last, count))


def _sampler(function: Callable[..., Any], size: int, **parameters: Any) -> Call:
    return lambda: function(np.random.default_rng(0), size, **parameters)


def bayes_excess(d: int) -> Call:
    return _sampler(steps.sample_bayes_excess, 64, context_length=2 * d, dimension=d, noise_variance=1.0)


def ridge_trace(d: int) -> Call:
    matrices = laguerre_bidiagonal(np.random.default_rng(0), 64, degrees_of_freedom=2 * d, dimension=d)
    return lambda: resolvent_trace(matrices, 1.0)


def jacobi_risk(d: int) -> Call:
    return _sampler(aggregate.sample_jacobi_risk, 16, sample_size=6 * d, dimension=d, bag_size=3, weights=(0.3,))


def spectral_rule(d: int) -> Call:
    setting = {"half_distance": 1.0, "shifted_half_distance": 1.0, "alignment": 1.0}
    return _sampler(mixtures.sample_spectral_rule, 64, dimension=d, labeled_size=10, unlabeled_size=2 * d, **setting)


def mean_rule(d: int) -> Call:
    return _sampler(mixtures.sample_mean_rule, 100_000, dimension=d, labeled_size=100, half_distance=1.0)


def naive_bayes_error(d: int) -> Call:
    counts = {"gaps": (0.1, 1.0), "multiplicities": (d, d), "variance": "pooled", "class_counts": (20, 20)}
    return _sampler(logistic.sample_naive_bayes_error, 64, **counts)


def _two_classes(m: int, d: int, sets: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(m) % 2
    return rng.standard_normal((sets, m, d)) + (labels[:, None] - 0.5) / math.sqrt(d), np.broadcast_to(labels, (sets, m))


def logistic_rows(m: int) -> Call:
    features, labels = _two_classes(m, 10, 4)
    return lambda: fit_logistic_batched(features, labels, 2, ridge=1.0)


def logistic_features(d: int) -> Call:
    features, labels = _two_classes(1000, d, 1)
    return lambda: fit_logistic_batched(features, labels, 2, ridge=1.0)


def _rows(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).standard_normal((n, d))
    return x, np.where(x[:, 0] + x[:, 1] > 0.0, 1.0, -1.0)


def learner_rows(n: int) -> Call:
    features, labels = _rows(n, 10)
    return lambda: fit_surrogate(features, labels, ramp_width=0.3, noise_rate=0.1, iterations=20)


def learner_features(d: int) -> Call:
    features, labels = _rows(10_000, d)
    return lambda: fit_surrogate(features, labels, ramp_width=0.3, noise_rate=0.1, iterations=20)


def clamped_moments(q: int) -> Call:
    rng = np.random.default_rng(0)
    coefficients, variances = random_coefficients(rng, q, in_degree=2), rng.uniform(0.4, 1.2, q)
    sites = [q // 3, q // 2]
    family = intervention_family(coefficients, variances, sites=sites, kind="soft", joint=True)
    form, environments = clamped_decomposition(coefficients, variances, sites=sites), sample_environments(rng, 8, family)
    return lambda: second_moment_from_clamped(form, family, environments)


def _spectra(count: int, terms: int) -> tuple[GeneralizedChiSquared, np.ndarray]:
    weights = np.random.default_rng(0).exponential(size=(count, terms)) / terms
    law = GeneralizedChiSquared(weights, noncentrality=0.5)
    return law, 0.3 * np.asarray(law.mean())


def tail_terms(terms: int) -> Call:
    law, errors = _spectra(4, terms)
    return lambda: law.logcdf(errors)


def tail_spectra(count: int) -> Call:
    law, errors = _spectra(count, 64)
    return lambda: law.logcdf(errors)


CASES = (
    Case("one_step_gd: sample_bayes_excess, n = 2d", "d", 1.0, _ladder(100, 10_000), bayes_excess),
    Case("one_step_gd: ridge trace of a bidiagonal matrix", "d", 1.0, _ladder(100, 10_000), ridge_trace),
    Case("aggregate_responses: sample_jacobi_risk, n = 6d, one weight", "d", 1.0, _ladder(40, 4000), jacobi_risk),
    Case("unlabeled_ood_gmm: sample_spectral_rule, n = 2d", "d", 1.0, _ladder(1000, 100_000), spectral_rule),
    Case("unlabeled_ood_gmm: sample_mean_rule", "d", 0.0, _ladder(10, 100_000), mean_rule),
    Case("naive_bayes_logistic: sample_naive_bayes_error", "d", 1.0, _ladder(1000, 100_000), naive_bayes_error),
    Case("naive_bayes_logistic: logistic fit, d = 10", "m", 1.0, _ladder(1000, 100_000), logistic_rows),
    Case("naive_bayes_logistic: logistic fit, m = 1000 (Newton's matrix)", "d", 2.0, _ladder(4, 400), logistic_features),
    Case("tester_learner: fit_surrogate, d = 10, 20 steps", "n", 1.0, _ladder(10_000, 1_000_000), learner_rows),
    Case("tester_learner: fit_surrogate, n = 10,000, 20 steps", "d", 1.0, _ladder(10, 1000), learner_features),
    Case("pac_invariance: clamped moments of an environment, q by q", "q", 2.0, _ladder(20, 2000), clamped_moments),
    Case("inductive_bias: log CDF of a weighted chi-squared sum", "terms", 1.0, _ladder(100, 10_000), tail_terms),
    Case("inductive_bias: the same, 64 terms each", "spectra", 1.0, _ladder(10, 1000), tail_spectra),
)
