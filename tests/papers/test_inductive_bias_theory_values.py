"""Closed forms of inductive_bias: limits, inequalities, independent routes, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import digamma

from theorylab.numerics.gaussian_process import interpolating_posterior, stationary_kernel
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias.reference_tasks import kronecker_points, kronecker_task

SMALL = theory.task_distribution(kronecker_task(3, 10, 12))


def test_error_spectrum_of_a_diagonal_posterior() -> None:
    law = theory.error_spectrum([[0.5, 1.0], [0.0, 0.0], [2.0, 2.0]], np.diag([4.0, 1.0, 0.0]), [[0.0, 0.0], [1.0, 2.0], [1.0, 1.0]])
    order = np.argsort(law.weights)
    np.testing.assert_allclose(law.weights[order], [1 / 6, 4 / 6])
    np.testing.assert_allclose(law.noncentrality[order], [5.0, 1.25 / 4])
    assert law.degrees.tolist() == [2.0, 2.0]
    assert float(law.offset) == pytest.approx(2 / 6)
    fixed = theory.error_spectrum([[1.0]], [[0.0]], [[0.0]])
    assert float(fixed.offset) == 1.0
    assert theory.required_inductive_bias(fixed, 1.0) == 0.0
    assert theory.required_inductive_bias(fixed, 0.9) == math.inf


@pytest.mark.parametrize(("kind", "nugget"), [("laplace", 0.0), ("rbf", 1e-10), ("matern_5/2", 1e-10)])
def test_smooth_kernels_get_a_nugget_and_the_rough_one_none(kind: str, nugget: float) -> None:
    task = kronecker_task(2, 5, 4)
    expected = interpolating_posterior(stationary_kernel(task.inputs, task.inputs, kind), 5, task.targets[:5], nugget=nugget)
    mean, covariance = theory.task_posterior(task, kind)
    np.testing.assert_array_equal(mean, expected.mean)
    np.testing.assert_array_equal(covariance, expected.covariance)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_the_biases(seed: int) -> None:
    rng = np.random.default_rng(seed)
    law = GeneralizedChiSquared(rng.exponential(size=6), 1.0, rng.exponential(size=6))
    eps = float(law.mean() * rng.uniform(0.01, 0.9))
    nats = float(theory.required_inductive_bias(law, eps))
    relaxed = theory.kl_inductive_bias(law, eps)
    assert 0.0 <= relaxed.nats <= nats + 1e-9
    assert theory.radius_bound_bias(law, eps, radius="smallest") <= nats + 1e-9
    assert theory.radius_bound_bias(law, eps) >= nats - 1e-9
    tilted = theory.tilted_law(law, relaxed.tilt)
    assert float(tilted.mean()) == pytest.approx(eps, rel=1e-9)
    # The tilt is where the derivative of the relaxed problem vanishes.
    step = 1e-4 * relaxed.tilt
    for t in (relaxed.tilt - step, relaxed.tilt + step):
        assert -t * eps - float(law.log_laplace(t)) <= relaxed.nats + 1e-12


def test_kl_above_the_mean_and_bias_of_large_errors() -> None:
    assert theory.kl_inductive_bias(SMALL, 2.0 * SMALL.mean()) == (0.0, 0.0)
    assert theory.required_inductive_bias(SMALL, 1e3) == 0.0
    assert theory.required_inductive_bias(SMALL, 0.0) == math.inf


@pytest.mark.parametrize("degrees", [1.0, 2.0, 10.0])
def test_relative_variance_by_simulation(degrees: float) -> None:
    law = GeneralizedChiSquared([1.0], degrees)
    eps = 0.2 * degrees
    tilt = theory.kl_inductive_bias(law, eps).tilt
    draws = np.asarray(theory.tilted_law(law, tilt).rvs(400_000, 3))
    weights = np.where(draws <= eps, np.exp(tilt * (draws - eps)), 0.0)
    assert theory.tilting_relative_variance(law, eps) == pytest.approx(weights.var() / weights.mean() ** 2, rel=0.03)
    assert theory.tilting_relative_variance(law, 1e-9) == pytest.approx(theory.tilting_relative_variance_limit(degrees), rel=1e-6)


def test_gamma_shape_is_the_root() -> None:
    gaps = np.geomspace(1e-8, 50.0, 40)
    shapes = np.asarray(theory.gamma_shape(gaps))
    np.testing.assert_allclose(np.log(shapes) - digamma(shapes), gaps, rtol=1e-6)
    fitted = stats.gamma.fit(sample := stats.gamma.rvs(3.0, size=2000, random_state=1), floc=0)
    assert theory.gamma_shape(math.log(sample.mean()) - np.log(sample).mean()) == pytest.approx(fitted[0], rel=1e-6)
    fit = theory.GammaFit(3.0, 1.5)
    assert theory.gamma_bias(fit, 0.4) == pytest.approx(-stats.gamma.logcdf(0.4, 3.0, scale=0.5), rel=1e-12)


def test_noise_by_simulation() -> None:
    law = GeneralizedChiSquared([0.6, 0.3, 0.1], 2.0, [0.0, 1.0, 0.0])
    rng = np.random.default_rng(4)
    errors = np.asarray(law.rvs((3000, 400), rng))
    shapes = theory.gamma_shape(np.log(errors.mean(axis=1)) - np.log(errors).mean(axis=1))
    found = theory.gamma_bias(theory.GammaFit(shapes, errors.mean(axis=1)), 0.2)
    assert theory.fitted_bias_standard_deviation(law, 0.2, 400) == pytest.approx(np.std(found), rel=0.06)
    assert theory.fitted_bias_standard_deviation(law, 0.2, 100) == pytest.approx(2 * theory.fitted_bias_standard_deviation(law, 0.2, 400))


def test_sankaran_in_the_bulk_and_its_scale() -> None:
    for df, nc in ((10.0, 0.0), (30.0, 12.0)):
        x = np.array([0.6, 1.0, 1.5]) * (df + nc)
        np.testing.assert_allclose(stats.norm.cdf(theory.sankaran_score(x, df, nc)), stats.ncx2.cdf(x, df, max(nc, 1e-12)), atol=2e-3)
        np.testing.assert_allclose(theory.sankaran_score(3.0 * x, df, nc, 3.0), theory.sankaran_score(x, df, nc), rtol=1e-13)
        np.testing.assert_allclose(theory.sankaran_fallback_bias(3.0 * x, df, nc, 3.0), 0.5 * np.square(theory.sankaran_score(x, df, nc)), rtol=1e-13)


@pytest.mark.parametrize("x", [0.05, 0.5, 1.0, 2.0])
def test_brownian_motion_by_its_spectrum(x: float) -> None:
    # Where the later terms of the series count.
    count = 4000
    weights = 1 / (math.pi * (np.arange(count) + 0.5)) ** 2
    law = GeneralizedChiSquared(weights, 1.0, 0.0, 0.5 - weights.sum())
    assert theory.brownian_small_ball(x) == pytest.approx(theory.required_inductive_bias(law, x), rel=3e-6)


@pytest.mark.parametrize(("d", "largest"), [(1, 50), (2, 30), (3, 20), (4, 12), (3, 0)])
def test_lattice_counts_by_enumeration(d: int, largest: int) -> None:
    side = np.arange(-math.isqrt(largest), math.isqrt(largest) + 1)
    squares = sum(np.meshgrid(*[side**2] * d, indexing="ij")).ravel()
    np.testing.assert_array_equal(theory.lattice_counts(d, largest), np.bincount(squares[squares <= largest], minlength=largest + 1))


def test_torus_spectrum_does_not_depend_on_where_the_tail_begins() -> None:
    for d in (1, 2):
        near, far = (theory.torus_spectrum(0.5, d, largest=n) for n in (300, 3000))
        assert near.mean() == pytest.approx(far.mean(), rel=2e-4)
        eps = 0.1 * far.mean()
        assert theory.required_inductive_bias(near, eps) == pytest.approx(theory.required_inductive_bias(far, eps), rel=2e-3)


def test_rate_of_distinct_points() -> None:
    assert theory.distinct_points_rate(0.0, 0.2) == pytest.approx(0.5 * (0.2 - 1 - math.log(0.2)))
    assert np.asarray(theory.distinct_points_rate([0.3, 0.3], [1.3, 2.0])).tolist() == pytest.approx([0.0, 0.0], abs=1e-12)


def test_version_space_by_formula() -> None:
    harmonic = np.cumsum(1 / np.arange(1.0, 31))
    found = theory.circle_version_space([2, 10, 30])
    np.testing.assert_allclose(found.nats, harmonic[[1, 9, 29]] - 1 + math.log(2))
    assert theory.circle_required_bias(0.3, 0.1, 1.0) == pytest.approx(0.0)
    assert theory.circle_required_bias(0.3, 0.1, 0.05) == pytest.approx(math.log(4.0))
    assert theory.occam_bound(3.0, 10, 0.1) == pytest.approx((3 + math.log(10)) / 10)


def test_caps_by_scipy_and_deep() -> None:
    for eps in (0.01, 0.2, 0.45, 0.499):
        for d in (2, 3, 20):
            exact = math.log(0.5 * stats.beta.cdf(math.sin(math.pi * eps) ** 2, (d - 1) / 2, 0.5))
            assert theory.sphere_cap_log_probability(eps, d) == pytest.approx(exact, rel=1e-10)
    assert theory.sphere_cap_log_probability(0.3, 2) == pytest.approx(math.log(0.3))
    slope = theory.sphere_cap_log_probability(0.1, 4001) - theory.sphere_cap_log_probability(0.1, 4000)
    assert slope == pytest.approx(math.log(math.sin(0.1 * math.pi)), rel=1e-3)


def test_kronecker_points_fill_the_cube() -> None:
    x = kronecker_points(3, 3000)
    assert x.min() > -1
    assert x.max() < 1
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=0.01)
    np.testing.assert_allclose((x**2).mean(axis=0), 1 / 3, atol=0.01)
    task = kronecker_task(3, 2, 5, outputs=2, normalized=True)
    np.testing.assert_allclose(np.linalg.norm(task.inputs, axis=1), math.sqrt(3))
    np.testing.assert_allclose(task.targets[:, 1], np.cos(2 * task.inputs.sum(axis=1) / math.sqrt(3) + 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.required_inductive_bias(SMALL, -1.0), r"^target_error must be finite and >= 0; got -1.0$"),
        (lambda: theory.small_ball_bias(SMALL, 0.1, order=2), r"^order must be 0 or 1; got 2$"),
        (lambda: theory.small_ball_bias(SMALL, 0.0), r"^target_error must be finite and > 0; got 0.0$"),
        (
            lambda: theory.kl_inductive_bias(GeneralizedChiSquared(np.ones((2, 3))), 0.1),
            r"^distribution must be a single law; got a batch of shape \(2,\)$",
        ),
        (lambda: theory.radius_bound_bias(SMALL, 0.1, radius="median"), r"^radius must be one of 'largest', 'smallest', 'mean'; got 'median'$"),
        (lambda: theory.tilted_law(SMALL, -1e3), r"^tilt must be above -1/\(2 largest weight\)"),
        (
            lambda: theory.gamma_fit_limit(GeneralizedChiSquared([1.0], offset=0.5)),
            r"^distribution must have offset 0, as the family has none; got 0.5$",
        ),
        (lambda: theory.gamma_shape(0.0), r"^log_mean_minus_mean_log must be finite and > 0; got 0.0$"),
        (lambda: theory.scaled_noncentral_chi2_from_cumulants(1.0, 1.0, 3.0), r"^third must be at most 2 second\^2/first"),
        (
            lambda: theory.error_spectrum([[1.0]], [[1.0]], [[0.0]], relative_cutoff=1.0),
            "^relative_cutoff must be finite and > 0 and < 1; got 1.0$",
        ),
        (
            lambda: theory.error_spectrum(np.zeros((0, 1)), np.zeros((0, 0)), np.zeros((0, 1))),
            r"^mean must have at least one test point and one output",
        ),
        (lambda: theory.error_spectrum([[1.0]], [[1.0]], [[np.nan]]), r"^test_targets must be finite; got 1 entries"),
        (lambda: theory.fourier_slope(2, 1, 9), r"^points must be fewer than the \(2 M \+ 1\)\^d = 9 features; got 9$"),
        (lambda: theory.torus_small_ball(0.0, 1, 0.1), r"^smoothness must be finite and > 0; got 0.0$"),
        (lambda: theory.brownian_small_ball(3.0), r"^target_error must be finite and > 0 and <= 2; got 3.0$"),
        (lambda: theory.circle_version_space(1), r"^sample_size must be an integer >= 2; got 1$"),
        (lambda: theory.sphere_cap_log_probability(0.5, 3), r"^target_error must be finite and > 0 and < 0.5; got 0.5$"),
        (lambda: theory.certified_bias_without_hits(0, 0.05), r"^hypotheses must be an integer >= 1; got 0$"),
        (lambda: theory.occam_bound(1.0, 5, 1.0), r"^failure_probability must be finite and > 0 and < 1; got 1.0$"),
        (lambda: theory.tilting_relative_variance_limit(0.0), r"^degrees must be finite and > 0; got 0.0$"),
        (lambda: kronecker_task(2, -1, 4), r"^train must be an integer >= 0; got -1$"),
        (lambda: kronecker_task(2, 1, 0), r"^test must be an integer >= 1; got 0$"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_noise_of_the_three_parameter_fit_by_fits() -> None:
    # Full-size fits take seconds each; a short sample far from the boundary is fitted from a start at the truth.
    from scipy.optimize import minimize

    df, nc, share = 6.0, 40.0, 0.7
    rng = np.random.default_rng(5)
    found = []
    for _ in range(24):
        sample = rng.noncentral_chisquare(df, nc, 1500)
        best = minimize(
            lambda p, x=sample: -np.sum(stats.ncx2.logpdf(x, math.exp(p[0]), math.exp(p[1]), 0, math.exp(p[2]))),
            [math.log(df), math.log(nc), 0.0],
            method="Nelder-Mead",
            options={"xatol": 1e-4, "fatol": 1e-3},
        ).x
        found.append(-stats.ncx2.logcdf(share * (df + nc), math.exp(best[0]), math.exp(best[1]), 0, math.exp(best[2])))
    claimed = float(theory.three_parameter_standard_deviation(df, nc, share, 1500))
    assert 0.6 < np.std(found) / claimed < 1.5
    with pytest.raises(ValueError, match=r"^noncentrality must be finite and > 0; got 0.0$"):
        theory.three_parameter_standard_deviation(6.0, 0.0, 0.5)
    # Fewer degrees than one are degrees, too.
    assert 0.0 < theory.three_parameter_standard_deviation(0.9, 2.0, 0.5) < math.inf
