"""Functions without chance that run on a device: from a name to arrays of the host and a call with an array module and its arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from theorylab.models import jacobi, spiked_wishart, wishart
from theorylab.models.gaussian_mixture import grouped_mixture, linear_rule_error
from theorylab.models.linear_regression import ridge_weights
from theorylab.models.structural_equations import clamped_features, sample_environments, second_moment_from_clamped
from theorylab.models.structural_equations.interventions import Environments
from theorylab.numerics.gaussian_integrals import bivariate_normal_cdf
from theorylab.numerics.generalized_chi_squared.contour import Spectra, log_tails
from theorylab.numerics.logistic_regression import fit_logistic_batched
from theorylab.papers.aggregate_responses.monte_carlo import interpolating_coefficients
from theorylab.papers.aggregate_responses.monte_carlo.spectra import spectrum_sums
from theorylab.papers.one_step_gd.monte_carlo import batch_gradient
from theorylab.papers.pac_invariance.monte_carlo import named_family, violation_counts
from theorylab.papers.tester_learner.estimators.learner import descend_dense
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as unlabeled

__all__ = ["KERNELS", "Kernel"]

Kernel = tuple[tuple[np.ndarray, ...], Callable[..., Any]]

_rng = np.random.default_rng()
SIZE = 12
TRIDIAGONAL = _rng.chisquare(5.0, (SIZE, 7)), _rng.chisquare(4.0, (SIZE, 6))
POINTS = _rng.standard_normal((SIZE, 9, 2)) + np.array([1.0, 0.3])
SAMPLES = _rng.standard_normal((SIZE, 30, 3)) + np.where(_rng.random((SIZE, 30, 1)) < 0.5, -1.0, 1.0) * np.array([1.5, 0.0, 0.0])
COLUMNS = SAMPLES.swapaxes(1, 2).copy()
SIGNS = np.where(_rng.random((SIZE, 30)) < 0.5, -1.0, 1.0)
STARTS = np.tile((1.0, 0.0, 0.0), (SIZE, 1))
THREE = grouped_mixture((0.6,), (4,), class_positions=(0.0, 1.5, 3.0))
TWO = grouped_mixture((0.6, 1.0), (2, 1), pair_correlation=0.4)
CORE = named_family("core")
ENVIRONMENTS = sample_environments(_rng, SIZE, CORE.family)
# Limits and correlations with all that is special: zeros, infinite limits, singular laws, opposite signs.
LIMITS = np.concatenate(
    [_rng.normal(0.0, 3.0, (2, 400)), [[0.0, 0.0, np.inf, -np.inf, 1.0, 1.0, -2.0], [0.0, -1.0, 0.5, 0.5, 1.0, 1.0, 3.0]]], axis=1
)
CORRELATIONS = np.concatenate([_rng.uniform(-1.0, 1.0, 400), [-0.7, 0.3, 0.9, 0.9, 1.0, -1.0, 0.999999]])


def _spectra(_: Any, weights: Any, degrees: Any, noncentrality: Any, places: Any) -> Any:
    return log_tails(Spectra(weights, degrees, noncentrality), places)


def _fit(xp: Any, features: Any, labels: Any) -> Any:
    fit = fit_logistic_batched(features, labels, 2, ridge=1.0, tolerance=1e-12, namespace=xp)
    return fit.weights, fit.intercepts


KERNELS: dict[str, Kernel] = {
    "resolvent trace": (TRIDIAGONAL, lambda _, *entries: wishart.resolvent_trace(wishart.LaguerreBidiagonal(*entries), 0.3)),
    "largest eigenvalue": (TRIDIAGONAL, lambda _, *entries: wishart.largest_eigenvalue(*entries)),
    "tridiagonal eigenvalues": (TRIDIAGONAL, lambda _, *entries: jacobi.tridiagonal_eigenvalues(*entries)),
    "first weight": (TRIDIAGONAL, lambda _, *entries: spiked_wishart.first_weight(*entries)),
    "spectrum sums": (
        (_rng.random((SIZE, 7)), np.array([0.1, 0.5, 1.0])),
        lambda xp, spectra, weights: spectrum_sums(spectra, weights, namespace=xp),
    ),
    "contour": (
        (_rng.random((SIZE, 4)) + 0.1, np.ones((SIZE, 4)), _rng.random((SIZE, 4)), np.geomspace(0.01, 20.0, SIZE)),
        _spectra,
    ),
    "bivariate normal": ((*LIMITS, CORRELATIONS), lambda xp, *limits: bivariate_normal_cdf(*limits, namespace=xp)),
    "rule of three classes": (
        (_rng.standard_normal((SIZE, 3, 4)), _rng.standard_normal((SIZE, 3))),
        lambda _, *rule: linear_rule_error(*rule, THREE),
    ),
    "rule of two classes": ((_rng.standard_normal((SIZE, 2, 6)), _rng.standard_normal((SIZE, 2))), lambda _, *rule: linear_rule_error(*rule, TWO)),
    "ridge regression": ((SAMPLES, SIGNS), lambda xp, *data: ridge_weights(*data, 0.5, namespace=xp)),
    "least squares of smallest norm": ((SAMPLES[:, :2], SIGNS[:, :2]), lambda xp, *data: ridge_weights(*data, 0.0, namespace=xp)),
    "logistic regression": ((SAMPLES, (SIGNS > 0).astype(int)), _fit),
    "interpolating coefficients": (
        (SAMPLES, SIGNS[:, :10]),
        lambda xp, *data: interpolating_coefficients(*data, bag_size=3, weights=(0.0, 0.4, 1.0), namespace=xp),
    ),
    "interpolating coefficients, few bags": (
        (SAMPLES[:, :4], SIGNS[:, :2]),
        lambda xp, *data: interpolating_coefficients(*data, bag_size=2, weights=(0.0, 0.4), namespace=xp),
    ),
    "gradient of a layer": (
        (*(_rng.standard_normal(shape) for shape in ((SIZE, 4), (SIZE, 4, 3))), SAMPLES[:, None], SIGNS[:, None], SAMPLES[:, :1], SIGNS[:, :1]),
        lambda xp, *arrays: batch_gradient(*arrays, namespace=xp),
    ),
    "moments of environments": (
        tuple(ENVIRONMENTS),
        lambda _, *parts: second_moment_from_clamped(CORE.form, CORE.family, Environments(*parts)),
    ),
    "features of environments": (tuple(ENVIRONMENTS), lambda _, *parts: clamped_features(CORE.form, CORE.family, Environments(*parts))),
    "violation counts": (
        (_rng.standard_normal((50, 3)), _rng.standard_normal((7, 2, 3)), np.linspace(0.5, 4.0, 7)),
        lambda _, *arrays: violation_counts(*arrays, tile=20),
    ),
    "descent of halfspaces": (
        (SAMPLES, SIGNS, STARTS),
        lambda xp, *arrays: descend_dense(xp, *arrays, ramp_width=0.5, step=0.2, iterations=30),
    ),
    "fewest errors": ((POINTS,), lambda xp, points: unlabeled.fewest_errors_angle(points, namespace=xp)),
    "ramp loss in the plane": (
        (POINTS[:, :, 0].copy(), POINTS[:, :, 1].copy()),
        lambda xp, *points: unlabeled.plane_ramp_angle(*points, 0.8, namespace=xp),
    ),
    "mean of a mixture": ((COLUMNS, STARTS), lambda xp, *arrays: unlabeled.mixture_mean(*arrays, namespace=xp)),
    "direction of the absolute values": ((COLUMNS, STARTS), lambda xp, data, start: unlabeled.absolute_direction(data, [start], namespace=xp)),
    "first principal direction": ((COLUMNS,), lambda xp, data: xp.abs(unlabeled.leading_direction(data, namespace=xp))),
    "integral over a sphere": ((np.geomspace(0.01, 50.0, SIZE),), lambda xp, places: unlabeled.log_sphere_integral(places, 5, xp)),
}
