"""Contests of unlabeled_ood_gmm, arXiv:2310.00027: angles drawn without data, exact risks and robust risks against simulation and libraries.

The fits of classifiers stand in `peers_unlabeled_ood_gmm`. Run them through the suite:
``python benchmarks/suite.py contests --only unlabeled_ood_gmm``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cvxpy
import numpy as np
from agreement import assert_means_agree, spread
from contest import Contender, Contest
from peers_unlabeled_ood_gmm import few_labels_contest, many_unlabeled_contest
from scipy.integrate import dblquad, quad
from scipy.optimize import linprog
from scipy.sparse.linalg import svds
from scipy.special import ndtr
from scipy.stats import chi2, ncx2, norm
from sklearn.decomposition import TruncatedSVD

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate

SLUG = "unlabeled_ood_gmm"
# Of the spectral rule; with so many labels its side is never mistaken.
DISTANCE, LABELED = 1.2, 40
Generator = np.random.Generator


# The mean of the labelled samples -------------------------------------------------------------------------------------------------------------


def mean_rule_contest(rng: Generator, dimension: int, labeled: int) -> Contest:
    """Find the risk of the mean rule to the standard error of ten million replicates."""
    setting: dict[str, Any] = {"dimension": dimension, "labeled_size": labeled, "half_distance": 1.0}
    mean = np.zeros(dimension)
    mean[0] = 1.0

    def short(own: Generator, size: int) -> np.ndarray:
        return np.concatenate([simulate.sample_mean_rule(own, min(2**16, size - at), **setting)["risk"] for at in range(0, size, 2**16)])

    def plain(own: Generator, size: int) -> np.ndarray:
        risks = np.empty(size)
        for replicate in range(size):
            y = own.choice([-1.0, 1.0], labeled)
            direction = y @ (y[:, None] * mean + own.standard_normal((labeled, dimension)))
            risks[replicate] = ndtr(-direction[0] / np.linalg.norm(direction))
        return risks

    def mean_drawn(own: Generator, size: int) -> np.ndarray:
        directions = own.standard_normal((size, dimension))
        directions[:, 0] += labeled**0.5
        return np.asarray(ndtr(-directions[:, 0] / np.linalg.norm(directions, axis=1)))

    def raw(own: Generator, size: int) -> np.ndarray:
        return np.asarray(simulate.sample_mean_rule_raw(own, size, mean=tuple(mean), labeled_size=labeled, test_size=10)["error"])

    def check() -> None:
        own = np.random.default_rng(0)
        samples = {"short": short(own, 100_000), "plain": plain(own, 150), "mean": mean_drawn(own, 2000), "raw": raw(own, 150)}
        assert_means_agree(samples, {"exact": theory.mean_classifier_risk(dimension, labeled, 1.0)})

    deviation = spread(short(rng, 100_000))
    contenders = (
        Contender("two scalars, sample_mean_rule", lambda: short(rng, 2**20), 2**20, deviation),
        Contender("numpy, labelled samples averaged, data set by data set", lambda: plain(rng, 100), 100, deviation),
        Contender("numpy, the mean itself drawn, a batch", lambda: mean_drawn(rng, 5000), 5000, deviation),
        Contender("batched raw data and 10 test samples, sample_mean_rule_raw", lambda: raw(rng, 100), 100, lambda: spread(raw(rng, 500))),
    )
    title = f"risk of the mean rule, d = {dimension}, m = {labeled} (asked: ten million replicates in 2 s)"
    return Contest(SLUG, title, contenders, "equal means", check, float(f"{deviation / 1e7**0.5:.2g}"))


def mean_risk_contest(rng: Generator) -> Contest:
    """Find the exact risk of the mean rule in many settings."""
    dimensions, sizes, distances = rng.integers(2, 300, 4000), rng.integers(1, 200, 4000), rng.uniform(0.3, 2.0, 4000)

    def by_noncentral(d: int, m: int, s: float) -> float:
        larger, smaller = ((m**0.5 + sign) ** 2 * s**2 / 2.0 for sign in (1.0, -1.0))
        middle, width = d + smaller, 12.0 * (2.0 * (d + 2.0 * smaller)) ** 0.5
        return float(quad(lambda x: ncx2.cdf(x, d, larger) * ncx2.pdf(x, d, smaller), max(0.0, middle - width), middle + width, epsabs=1e-12)[0])

    def by_two_scalars(d: int, m: int, s: float) -> float:
        centre, last = m**0.5 * s, chi2.ppf(1.0 - 1e-14, d - 1)

        def risk(v: float, u: float) -> float:
            return float(ndtr(-s * u / (u * u + v) ** 0.5) * norm.pdf(u - centre) * chi2.pdf(v, d - 1))

        first = chi2.ppf(1e-14, d - 1)
        return float(dblquad(risk, centre - 8.0, centre + 8.0, first, last, epsabs=1e-9)[0])

    def settings(size: int) -> list[tuple[int, int, float]]:
        return [(int(d), int(m), float(s)) for d, m, s in zip(dimensions[:size], sizes[:size], distances[:size], strict=True)]

    def check() -> None:
        own = theory.mean_classifier_risk(dimensions[:10], sizes[:10], distances[:10])
        np.testing.assert_allclose([by_noncentral(*setting) for setting in settings(10)], own, atol=1e-9)
        np.testing.assert_allclose(by_two_scalars(20, 10, 1.0), theory.mean_classifier_risk(20, 10, 1.0), atol=1e-7)

    contenders = (
        Contender("contour integral, mean_classifier_risk", lambda: theory.mean_classifier_risk(dimensions, sizes, distances), len(dimensions)),
        Contender("scipy quad of ncx2.cdf times ncx2.pdf", lambda: [by_noncentral(*setting) for setting in settings(20)], 20),
        Contender("scipy dblquad over the two scalars (to 1e-7)", lambda: by_two_scalars(20, 10, 1.0)),
    )
    return Contest(SLUG, "exact risk of the mean rule, d < 300, m < 200", contenders, "a setting; equal to 1e-9", check)


# The leading eigenvector ----------------------------------------------------------------------------------------------------------------------


def domains(dimension: int, unlabeled: int) -> dict[str, Any]:
    """Return a setting of the spectral samplers without shift."""
    sizes = {"dimension": dimension, "unlabeled_size": unlabeled, "labeled_size": LABELED}
    return sizes | {"half_distance": DISTANCE, "shifted_half_distance": DISTANCE, "alignment": 1.0}


def short_risks(rng: Generator, size: int, dimension: int, unlabeled: int) -> np.ndarray:
    """Return the risk of the spectral rule, drawn without data."""
    return np.asarray(simulate.sample_spectral_rule(rng, size, **domains(dimension, unlabeled))["risk"])


def raw_risks(rng: Generator, size: int, dimension: int, unlabeled: int) -> np.ndarray:
    """Return the risk of the spectral rule on raw data, a batch at a time."""
    return np.asarray(simulate.sample_spectral_rule_raw(rng, size, **domains(dimension, unlabeled))["risk"])


def library_risks(rng: Generator, size: int, dimension: int, unlabeled: int, library: str) -> np.ndarray:
    """Return the risk of the spectral rule with the leading singular vector found by a library, data set by data set."""
    risks = np.empty(size)
    for replicate in range(size):
        data = rng.standard_normal((unlabeled, dimension))
        data[:, 0] += DISTANCE * rng.choice([-1.0, 1.0], unlabeled)
        if library == "numpy":
            leading = np.linalg.eigh(data.T @ data)[1][:, -1]
        elif library == "scipy":
            leading = svds(data, k=1, return_singular_vectors="vh")[2][0]
        else:
            leading = TruncatedSVD(1, algorithm="arpack").fit(data).components_[0]
        votes = rng.standard_normal((LABELED, dimension)) @ leading + DISTANCE * leading[0]
        risks[replicate] = ndtr(-DISTANCE * leading[0] * np.sign(votes.sum()))
    return risks


def spectral_contest(rng: Generator, dimension: int, unlabeled: int) -> Contest:
    """Find the risk of the spectral rule."""
    sizes = dimension, unlabeled

    @cache
    def spread_of_risks() -> float:
        return spread(short_risks(rng, 2000, *sizes))

    def check() -> None:
        own, smaller = np.random.default_rng(0), (60, 120)
        samples = {"short": short_risks(own, 20_000, *smaller), "raw": raw_risks(own, 300, *smaller)}
        samples |= {library: library_risks(own, 100, *smaller, library) for library in ("numpy", "scipy", "scikit-learn")}
        assert_means_agree(samples, like=dict.fromkeys(samples, "short"))

    contenders = (
        Contender("tridiagonal model, sample_spectral_rule", lambda: short_risks(rng, 1000, *sizes), 1000, spread_of_risks),
        Contender("numpy eigh of X'X, data set by data set", lambda: library_risks(rng, 2, *sizes, "numpy"), 2, spread_of_risks),
        Contender("scipy svds (k=1), data set by data set", lambda: library_risks(rng, 2, *sizes, "scipy"), 2, spread_of_risks),
        Contender("scikit-learn TruncatedSVD (arpack), likewise", lambda: library_risks(rng, 2, *sizes, "scikit-learn"), 2, spread_of_risks),
        Contender("batched raw data, sample_spectral_rule_raw", lambda: raw_risks(rng, 2, *sizes), 2, spread_of_risks),
    )
    title = f"risk of the spectral rule, d = {dimension}, n = {unlabeled}"
    return Contest(SLUG, title, contenders, "equal means, compared at d = 60, n = 120", check, 1e-4)


def large_spectral_contest(rng: Generator) -> Contest:
    """Draw a replicate of the spectral rule whose data would fill 160 GB."""
    dimension, unlabeled, rows = 100_000, 200_000, 200

    def check() -> None:
        overlap = theory.spectral_overlap(DISTANCE, unlabeled / dimension)
        drawn = simulate.sample_spectral_rule(np.random.default_rng(0), 4, **domains(dimension, unlabeled))["squared_cosine"]
        # The overlap scatters by some 1.2 / sqrt(n) about its limit.
        assert np.abs(drawn - overlap).max() < 0.02

    contenders = (
        Contender("tridiagonal model, sample_spectral_rule", lambda: short_risks(rng, 8, dimension, unlabeled), 8),
        Contender(f"numpy, the samples drawn and no more ({rows} of n timed)", lambda: rng.standard_normal((rows, dimension)), rows / unlabeled),
    )
    title = f"a replicate of the spectral rule, d = {dimension}, n = {unlabeled} (at most 1 s asked)"
    return Contest(SLUG, title, contenders, "a replicate; ours agrees with the limit, the other is a part of what raw data cost", check)


# Robust risks ---------------------------------------------------------------------------------------------------------------------------------


def transport_contest(rng: Generator, samples: int) -> Contest:
    """Find the largest error within a Wasserstein distance of a sample."""
    margins, radius = 1.0 + rng.standard_normal((1000, samples)), 0.1

    def linear_program(size: int) -> list[float]:
        costs = np.maximum(margins[:size], 0.0)
        ones, budget = np.full(samples, 1.0 / samples), [radius]
        return [-linprog(-ones, A_ub=own[None] / samples, b_ub=budget, bounds=(0.0, 1.0), method="highs").fun for own in costs]

    def modelled(size: int) -> list[float]:
        values = []
        for own in np.maximum(margins[:size], 0.0):
            moved = cvxpy.Variable(samples)
            constraints = [moved >= 0.0, moved <= 1.0, own @ moved <= samples * radius]
            values.append(float(cvxpy.Problem(cvxpy.Maximize(cvxpy.sum(moved) / samples), constraints).solve(solver=cvxpy.CLARABEL)))
        return values

    def check() -> None:
        own = theory.wasserstein_dro_empirical(margins[:5], radius).risk
        np.testing.assert_allclose(linear_program(5), own, atol=1e-9)
        np.testing.assert_allclose(modelled(2), own[:2], atol=1e-6)

    def own_risks() -> list[Any]:
        return [theory.wasserstein_dro_empirical(margins, radius) for _ in range(20)]

    contenders = (
        Contender("sorted margins, wasserstein_dro_empirical", own_risks, 20 * len(margins)),
        Contender("scipy linprog (HiGHS), one by one", lambda: linear_program(20), 20),
        Contender("cvxpy (Clarabel), one by one", lambda: modelled(5), 5),
    )
    return Contest(
        SLUG, f"largest error within a Wasserstein distance of {samples} margins", contenders, "a sample; equal to 1e-9 (cvxpy: 1e-6)", check
    )


def contests() -> list[Contest]:
    """Return the contests of this paper."""
    # Always the same data: the numbers of two days are compared.
    rng = np.random.default_rng(0)
    return [
        spectral_contest(rng, 1000, 2000),
        large_spectral_contest(rng),
        mean_rule_contest(rng, 1000, 100),
        mean_risk_contest(rng),
        few_labels_contest(rng),
        many_unlabeled_contest(rng),
        transport_contest(rng, 500),
    ]
