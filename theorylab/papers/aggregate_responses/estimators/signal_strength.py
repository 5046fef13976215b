"""Signal strength and noise variance of a linear model, estimated from bag averages of the labels: what the best weight depends on."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from theorylab.papers.aggregate_responses.closed_form import average_over_bags
from theorylab.papers.aggregate_responses.estimators.grouping import bag_means_in_order, group_bags
from theorylab.validation import array_of_shape, flag

__all__ = ["SignalStrength", "estimate_signal_strength"]

# Signal-to-noise ratios between which the likelihood is searched; 0 and infinity are tried apart.
SMALLEST_RATIO, LARGEST_RATIO = 1e-6, 1e8
# Log likelihoods (times two) closer than this are the same evidence.
FLAT = 1e-6


class SignalStrength(NamedTuple):
    """Estimates of theta0' Sigma theta0, of sigma^2, and of their ratio (0 if both are 0, inf if only the noise is)."""

    signal_variance: float
    noise_variance: float
    signal_to_noise_ratio: float


def estimate_signal_strength(features: ArrayLike, bag_labels: ArrayLike, bag_means: ArrayLike, *, fit_intercept: bool = True) -> SignalStrength:
    """Estimate the signal variance theta0' Sigma theta0 and the noise variance sigma^2 from the bag averages of the labels.

    Model: y_i = <x_i, theta0> + e_i, features with covariance Sigma, any. Let G have the rows sqrt(k_a) xbar_a, y the entries sqrt(k_a)
    ybar_a, and S = X'X. The m x m matrix G S^-1 G' has eigenvectors w_j and eigenvalues u_j (those of the matrix Beta that the theory turns on;
    in the directions that are left over, u_j = 0). Then, for Gaussian features, with z_j = w_j' y,

        E[z_j^2 | u, w] = sigma^2 + r2 (n/d) u_j,      r2 = theta0' Sigma theta0,

    exactly, at every n > d. Derivation: without loss of generality Sigma = I (z_j and u_j do not change under linear maps of the features).
    A = G'G and S - A are independent Wishart matrices, with m and n - m degrees of freedom also if bag sizes differ; so S is independent of
    U = S^-1/2 A S^-1/2, whose eigenvectors q_j are uniform on the sphere. As w_j' G = sqrt(u_j) q_j' S^1/2, the signal part of E z_j^2 is
    u_j E (q_j' S^1/2 theta0)^2 = u_j E theta0' S theta0 / d = u_j n r2 / d. The noise sqrt(k_a) e_a has the covariance sigma^2 I.

    So two variances are to be read off a straight line in u_j. That is done by Gaussian maximum likelihood for independent z_j, whose score
    sums residuals of the line with weights that depend on u_j alone: it has mean zero at the truth whatever the law of z_j. So the estimates
    are consistent as the number of bags grows, also with fewer bags than features, where least squares leaves no residual. An intercept takes
    one sample and one bag.

    Parameters
    ----------
    features
        X, shape (n, d), of rank below n (below n - 1 with an intercept).
    bag_labels
        Bag label of each sample, shape (n,).
    bag_means
        Mean label of each bag, in the order of the sorted labels, or a mapping from label to mean.
    fit_intercept
        Whether features and labels are centred first.

    Returns
    -------
    SignalStrength

    Raises
    ------
    ValueError
        If the features leave no degree of freedom, or there are fewer than two bags (three with an intercept).
    """
    fit_intercept = flag("fit_intercept", fit_intercept)
    x = array_of_shape("features", features, ("n", "d"))
    grouping = group_bags(bag_labels, len(x), name="bag_labels")
    means = bag_means_in_order(bag_means, bag_labels, name="bag_labels")
    lost = int(bool(fit_intercept))
    bags = means.size - lost
    if bags < 2:
        raise ValueError(f"bag_means must hold at least {2 + lost} means, to tell signal from noise; got {means.size}")
    if fit_intercept:
        x, means = centred(x), means - np.average(means, weights=grouping.sizes)
    left, lengths, _ = np.linalg.svd(x, full_matrices=False)
    # Directions that no sample has are no features.
    rank = int(np.sum(lengths > max(x.shape) * np.finfo(float).eps * lengths[:1].max(initial=0.0)))
    samples = len(x) - lost
    if not 0 < rank < samples:
        raise ValueError(f"features must have a rank from 1 to {samples - 1}, to tell signal from noise; got {rank}")
    roots = np.sqrt(grouping.sizes)
    white = roots[:, None] * average_over_bags(left[:, :rank], grouping.codes, grouping.sizes)
    vectors, singular, _ = np.linalg.svd(white, full_matrices=False)
    kept = singular > 1e-7
    squares = (vectors[:, kept].T @ (roots * means)) ** 2
    slopes, counts = samples / rank * singular[kept] ** 2, np.ones(int(kept.sum()))
    free = bags - squares.size
    if free > 0:
        whole = float(np.sum((roots * means) ** 2))
        rest = max(whole - float(squares.sum()), 0.0)
        # What rounding leaves of a perfect fit is not noise.
        rest = rest if rest > 1e-24 * whole * means.size else 0.0
        squares, slopes, counts = np.append(squares, rest / free), np.append(slopes, 0.0), np.append(counts, float(free))
    return _two_variances(squares, slopes, counts)


def centred(features: np.ndarray) -> np.ndarray:
    """Return the features (n, d) minus their means, to the last digit.

    Far from zero the first mean is off by its rounding, which a pseudo-inverse would take for a direction in which samples differ.
    """
    once = features - features.mean(axis=0)
    twice: np.ndarray = once - once.mean(axis=0)
    return twice


def _two_variances(squares: np.ndarray, slopes: np.ndarray, counts: np.ndarray) -> SignalStrength:
    """Fit squares ~ noise + signal * slopes by Gaussian maximum likelihood, ``counts`` being how many variates each square stands for."""
    total = float(counts.sum())
    if not np.any(squares):
        return SignalStrength(0.0, 0.0, 0.0)

    def scale(shape: np.ndarray) -> float:
        return float(np.sum(counts * squares / shape)) / total

    def objective(logarithm: float) -> float:
        shape = 1.0 + math.exp(logarithm) * slopes
        return total * math.log(scale(shape)) + float(np.sum(counts * np.log(shape)))

    grid = np.linspace(math.log(SMALLEST_RATIO), math.log(LARGEST_RATIO), 129)
    values = [objective(point) for point in grid]
    best = int(np.argmin(values))
    # A likelihood as good at an end of the range goes on like that: the ratio is 0 or infinite for all that the data say.
    if values[0] <= values[best] + FLAT:
        return SignalStrength(0.0, scale(np.ones_like(slopes)), 0.0)
    if values[-1] <= values[best] + FLAT:
        fitted = slopes > 0
        signal = float(np.sum(counts[fitted] * squares[fitted] / slopes[fitted])) / float(counts[fitted].sum())
        return SignalStrength(signal, 0.0, math.inf)
    found = minimize_scalar(objective, bounds=(grid[best - 1], grid[best + 1]), method="bounded", options={"xatol": 1e-10})
    ratio = math.exp(float(found.x))
    noise = scale(1.0 + ratio * slopes)
    return SignalStrength(ratio * noise, noise, ratio)
