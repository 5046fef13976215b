"""The fitted family: its limit, its noise, its published fallback; and the variance of tilted draws."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma, ndtr, polygamma
from scipy.stats import gamma, ncx2

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task


def base() -> GeneralizedChiSquared:
    return theory.task_distribution(kronecker_task(4, 32, 64))


def small() -> GeneralizedChiSquared:
    return theory.task_distribution(kronecker_task(3, 10, 12))


# The family


@settings(max_examples=60, deadline=None)
@given(df=st.floats(0.1, 1e3), nc=st.sampled_from([0.0, 1e-2, 1.0, 30.0, 1e3]), scale=st.floats(1e-4, 1e4))
def test_family_from_its_own_cumulants(df: float, nc: float, scale: float) -> None:
    k = [2 ** (q - 1) * math.factorial(q - 1) * scale**q * (df + q * nc) for q in (1, 2, 3)]
    found = theory.scaled_noncentral_chi2_from_cumulants(*k)
    again = [2 ** (q - 1) * math.factorial(q - 1) * found.scale**q * (found.degrees + q * found.noncentrality) for q in (1, 2, 3)]
    assert again == pytest.approx(k, rel=1e-9)
    # Near no noncentrality a root of rounding parts the two parameters.
    loose = 1e-6 * (df + nc)
    assert found.degrees == pytest.approx(df, rel=1e-6, abs=loose)
    assert found.noncentrality == pytest.approx(nc, rel=1e-6, abs=loose)


def test_no_member_of_the_family() -> None:
    with pytest.raises(ValueError, match=r"third must be at most 2 second\^2/first for a scaled noncentral chi-squared law; got 8.1 > 8"):
        theory.scaled_noncentral_chi2_from_cumulants(1.0, 2.0, 8.1)
    boundary = theory.scaled_noncentral_chi2_from_cumulants(1.0, 2.0, 8.0)
    assert boundary == pytest.approx((1.0, 0.0, 1.0), abs=1e-7)
    # With too small a third cumulant the degrees of freedom would be negative.
    for third in (1.0, 1.5, 1e-3):
        with pytest.raises(ValueError, match="third"):
            theory.scaled_noncentral_chi2_from_cumulants(1.0, 1.0, third)
    assert theory.scaled_noncentral_chi2_from_cumulants(1.0, 1.0, 1.51).degrees > 0.0
    for name, values in (("first", (0.0, 1.0, 1.0)), ("second", (1.0, -1.0, 1.0)), ("third", (1.0, 1.0, np.nan))):
        with pytest.raises(ValueError, match=f"{name} must be finite and > 0"):
            theory.scaled_noncentral_chi2_from_cumulants(*values)


@settings(max_examples=30, deadline=None)
@given(weights=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6), degrees=st.integers(1, 4))
def test_unequal_weights_without_residuals_have_no_member(weights: list[float], degrees: int) -> None:
    law = GeneralizedChiSquared(weights, float(degrees))
    k1, k2, k3 = law.cumulants(3)
    assert k2**2 <= 0.5 * k1 * k3 * (1 + 1e-12)
    if max(weights) > 1.01 * min(weights):
        with pytest.raises(ValueError, match="third must be at most"):
            theory.scaled_noncentral_chi2_from_cumulants(k1, k2, k3)


@pytest.mark.parametrize("shape", [1e-3, 0.02, 0.5, 1.0, 7.0, 1e3, 1e6])
def test_gamma_shape_inverts_its_equation(shape: float) -> None:
    with mp.workdps(40):
        gap = float(mp.log(shape) - mp.digamma(mp.mpf(shape)))
    # log a - psi(a) near 1/(2 a) loses digits to rounding for large a.
    assert theory.gamma_shape(gap) == pytest.approx(shape, rel=1e-13 + 1e-15 * shape)
    assert theory.gamma_shape([gap, 2 * gap]).shape == (2,)


def test_gamma_bias_is_the_gamma_law() -> None:
    for shape, mean in ((0.3, 2.0), (5.0, 0.1), (400.0, 7.0)):
        eps = mean * np.array([1e-3, 0.3, 0.9, 1.0])
        with np.errstate(divide="ignore"):
            exact = -gamma.logcdf(eps, shape, scale=mean / shape)
        kept = np.isfinite(exact) & (exact < 700)
        assert kept.sum() >= 3
        np.testing.assert_allclose(theory.gamma_bias(theory.GammaFit(shape, mean), eps)[kept], exact[kept], rtol=1e-9)
    deep = theory.gamma_bias(theory.GammaFit(50.0, 1.0), 1e-200)
    assert deep == pytest.approx(math.lgamma(51.0) - 50.0 * math.log(50.0 * 1e-200), rel=1e-12)
    assert theory.gamma_bias(theory.GammaFit(2.0, 1.0), 1e4) == pytest.approx(0.0, abs=1e-12)


def test_the_limit_of_the_fit_is_exact_for_equal_weights_only() -> None:
    equal = GeneralizedChiSquared([1.0 / 40] * 40)
    assert theory.gamma_fit_limit(equal) == pytest.approx((20.0, 1.0), rel=1e-10)
    eps = np.array([0.5, 0.1, 1e-6])
    np.testing.assert_allclose(theory.fitted_bias_limit(equal, eps), theory.required_inductive_bias(equal, eps), rtol=1e-9)
    assert theory.fitted_bias_limit(equal, 0.1) == pytest.approx(30.3731, abs=6e-5)
    law = base()
    assert law.mean_log() == pytest.approx(-0.491836, abs=6e-7)
    assert 2 * theory.gamma_fit_limit(law).shape == pytest.approx(47.171, abs=6e-4)
    printed = theory.fitted_bias_limit(law, law.mean() * np.array([0.5, 0.1, 0.01]))
    assert printed == pytest.approx([6.43283, 35.48330, 87.75941], abs=6e-6)
    other = small()
    assert 2 * theory.gamma_fit_limit(other).shape == pytest.approx(9.784943, abs=6e-7)
    assert theory.fitted_bias_limit(other, other.mean() * np.array([0.5, 0.1, 0.01])) == pytest.approx([2.189442, 8.506361, 19.408587], abs=6e-7)
    # The ratio to the truth falls to 2 a/H, which is below 1.
    ratio = theory.fitted_bias_limit(law, 1e-250) / theory.required_inductive_bias(law, 1e-250)
    assert ratio == pytest.approx(47.171 / 64, rel=3e-3)


def test_the_limit_solves_the_likelihood_equations() -> None:
    law = GeneralizedChiSquared([[1.0, 0.1], [0.5, 0.5]], [1.0, 3.0], 0.4)
    fit = theory.gamma_fit_limit(law)
    np.testing.assert_allclose(np.log(fit.shape) - digamma(fit.shape), np.log(law.mean()) - law.mean_log(), rtol=1e-10)
    single = [theory.gamma_fit_limit(GeneralizedChiSquared(w, [1.0, 3.0], 0.4)).shape for w in ([1.0, 0.1], [0.5, 0.5])]
    np.testing.assert_allclose(fit.shape, single, rtol=1e-10)
    assert theory.fitted_bias_limit(law, 0.1).shape == (2,)


# Noise of the fit


def test_noise_of_the_fit_for_equal_weights() -> None:
    law = GeneralizedChiSquared([1.0 / 40], 40.0)
    found = [theory.fitted_bias_standard_deviation(law, eps) for eps in (0.5, 0.1, 0.01)]
    assert found == pytest.approx([6.492854, 40.236775, 102.20211], rel=1e-6)
    nats = [theory.required_inductive_bias(law, eps) for eps in (0.5, 0.1, 0.01, 1e-20)]
    found.append(theory.fitted_bias_standard_deviation(law, 1e-20))
    assert np.divide(found, nats) == pytest.approx([1.145, 1.325, 1.368, 1.3996], abs=6e-4)
    limit = math.sqrt(1.0 / (polygamma(1, 20.0) - 1 / 20.0)) / 20.0
    assert limit == pytest.approx(1.40258, abs=6e-6)
    deep = theory.fitted_bias_standard_deviation(law, 1e-300) / theory.required_inductive_bias(law, 1e-300)
    assert deep == pytest.approx(limit, rel=3e-4)
    many = theory.fitted_bias_standard_deviation(law, 0.1, [1, 100, 10_000])
    assert many == pytest.approx(found[1] * np.array([1.0, 0.1, 0.01]), rel=1e-12)


@pytest.mark.parametrize("degrees", [0.3, 1.0, 2.0, 300.0, 1e4])
def test_noise_of_the_fit_by_the_covariance_of_a_gamma_law(degrees: float) -> None:
    """V = [[1/a, 1/a], [1/a, psi'(a)]] at mean 1; the gradient of the bias by differences of scipy's law."""
    a, eps = 0.5 * degrees, max(1e-6, 1.0 - 2.0 / math.sqrt(degrees))

    def bias(mean: float, log: float) -> float:
        shape = theory.gamma_shape(math.log(mean) - log)
        return -float(gamma.logcdf(eps, shape, scale=mean / shape))

    log = float(digamma(a) - math.log(a))
    h = 1e-5 * np.array([1.0 / math.sqrt(a), min(1.0, 1.0 / a)])
    gradient = [(bias(1 + h[0], log) - bias(1 - h[0], log)) / (2 * h[0]), (bias(1, log + h[1]) - bias(1, log - h[1])) / (2 * h[1])]
    v = np.array([[1 / a, 1 / a], [1 / a, polygamma(1, a)]])
    exact = math.sqrt(gradient @ v @ gradient)
    assert theory.fitted_bias_standard_deviation(GeneralizedChiSquared([1.0 / degrees], degrees), eps) == pytest.approx(exact, rel=2e-3)


def test_noise_of_the_fit_printed() -> None:
    law = base()
    found = [theory.fitted_bias_standard_deviation(law, share * law.mean()) for share in (0.5, 0.1, 0.01)]
    assert found == pytest.approx([7.2954, 47.1377, 120.5496], rel=1e-5)


# The published fallback


def test_sankaran_score_is_near_normal() -> None:
    for df, nc in ((10.0, 0.0), (10.0, 5.0), (50.0, 200.0)):
        x = ncx2.ppf([0.01, 0.3, 0.7, 0.99], df, nc) if nc else 2 * gamma.ppf([0.01, 0.3, 0.7, 0.99], df / 2)
        assert ndtr(theory.sankaran_score(x, df, nc)) == pytest.approx([0.01, 0.3, 0.7, 0.99], abs=2e-3)
        assert theory.sankaran_score(3 * x, df, nc, 3.0) == pytest.approx(theory.sankaran_score(x, df, nc), rel=1e-12)
    # Two degrees, noncentrality 1, at 1: k = 3, h = 3/8, p = 4/9, m = 5/64.
    centre = 1 + 3 / 8 * 4 / 9 * (-5 / 8 - 13 / 16 * 5 / 64 * 4 / 9)
    width = 3 / 8 * math.sqrt(8 / 9) * (1 + 5 / 128 * 4 / 9)
    assert theory.sankaran_score(1.0, 2.0, 1.0) == pytest.approx(((1 / 3) ** (3 / 8) - centre) / width, rel=1e-13)
    # Without noncentrality it is the cube root of Wilson and Hilferty.
    cube = (np.cbrt(0.2) - (1 - 2 / (9 * 30))) / math.sqrt(2 / (9 * 30))
    assert theory.sankaran_score(6.0, 30.0, 0.0) == pytest.approx(cube, rel=1e-12)


def test_fallback_is_bounded_where_the_truth_is_not() -> None:
    for df, nc, u, exact, fallback in (
        (1000, 500, 0.1, 741.284, 668.342),
        (1000, 500, 0.001, 3005.55, 1710.40),
        (1e4, 1e4, 0.01, 19566.27, 14400.79),
        (2e5, 0, 0.1, 140265.1, 129206.0),
    ):
        eps = u * (df + nc)
        assert theory.sankaran_fallback_bias(eps, df, nc) == pytest.approx(fallback, rel=1e-5)
        assert theory.required_inductive_bias(GeneralizedChiSquared([1.0], df, nc), eps) == pytest.approx(exact, rel=1e-5)
    assert theory.sankaran_fallback_bias(0.0, 1000, 500) == pytest.approx(1999.03, abs=6e-3)
    assert theory.sankaran_fallback_bias(0.0, 1e4, 1e4) == pytest.approx(20081.7, abs=6e-2)
    assert theory.sankaran_fallback_bias(0.0, 2e5, 0.0) == pytest.approx(9 * 2e5 / 4, rel=1e-4)
    for u, ratio in ((0.1, 0.9213), (0.01, 0.7662)):
        limit = 9 / 4 * (1 - np.cbrt(u)) ** 2 / (0.5 * (u - 1 - math.log(u)))
        assert limit == pytest.approx(ratio, abs=2e-4)
        found = theory.sankaran_fallback_bias(u * 2e5, 2e5, 0) / theory.required_inductive_bias(GeneralizedChiSquared([1.0], 2e5), u * 2e5)
        assert found == pytest.approx(limit, rel=3e-4)


# Tilted draws


def test_tilted_law_is_the_law_reweighted() -> None:
    law = GeneralizedChiSquared([1.0, 0.3, 0.0], [1.0, 2.5, 1.0], [2.0, 0.0, 1.0], 0.5)
    for t in (-0.4, 0.0, 3.0, 1e4):
        tilted = theory.tilted_law(law, t)
        for s in (0.2, 5.0):
            assert tilted.log_laplace(s) == pytest.approx(law.log_laplace(s + t) - law.log_laplace(t), rel=1e-9)
        assert float(tilted.offset) == 0.5
    batch = theory.tilted_law(GeneralizedChiSquared([[1.0], [2.0]]), 1.0)
    np.testing.assert_allclose(batch.weights[:, 0], [1 / 3, 2 / 5])


@pytest.mark.parametrize("t", [0.05, 0.2, 0.45])
def test_variance_of_tilted_draws_by_the_opposite_tilt(t: float) -> None:
    """While the law tilted by -t exists, E e^(tL) 1{L <= eps} is M(-t) times its chance of a small error."""
    law, eps = GeneralizedChiSquared([1.0, 0.3], [1.0, 2.5], [2.0, 0.0], 0.5), 1.1
    opposite = theory.tilted_law(law, -t)
    exact = math.exp(law.log_laplace(t) + law.log_laplace(-t) + opposite.logcdf(eps) - 2 * law.logcdf(eps)) - 1
    assert theory.tilting_relative_variance(law, eps, tilt=t) == pytest.approx(exact, rel=1e-9)


def test_variance_of_tilted_draws_printed() -> None:
    law = base()
    shares, printed = (0.3, 0.1, 0.01, 1e-4, 1e-8), (3.8385, 5.3279, 6.0778, 6.1634, 6.1643)
    assert [theory.tilting_relative_variance(law, share * law.mean()) for share in shares] == pytest.approx(printed, abs=6e-5)
    eps = 0.1 * law.mean()
    t = theory.kl_inductive_bias(law, eps).tilt
    multipliers = np.array([0.5, 0.8, 0.9, 0.95, 1.05, 1.1, 1.25, 2.0, 1.0205])
    exact = [701.93, 11.259, 6.586, 5.698, 5.360, 5.767, 9.987, 11114.5, 5.2958]
    assert [theory.tilting_relative_variance(law, eps, tilt=m * t) for m in multipliers] == pytest.approx(exact, rel=1e-4)
    other = small()
    eps = 0.1 * other.mean()
    t = theory.kl_inductive_bias(other, eps).tilt
    assert [theory.tilting_relative_variance(other, eps, tilt=m * t) for m in (1.0, 1.112)] == pytest.approx([1.9590, 1.8812], abs=6e-5)


def test_limit_of_the_variance_of_tilted_draws() -> None:
    found = [theory.tilting_relative_variance_limit(h) for h in (64, 10, 2, 1)]
    assert found == pytest.approx([6.16427, 1.99851, math.e - 2, 0.497657], rel=2e-6)
    for h in (1.0, 7.0, 300.0):
        law = GeneralizedChiSquared([1.0], h)
        assert theory.tilting_relative_variance(law, 1e-9 * h) == pytest.approx(theory.tilting_relative_variance_limit(h), rel=1e-6)
    assert theory.tilting_relative_variance_limit(1e6) == pytest.approx(0.5 * math.sqrt(math.pi * 1e6) - 1, rel=1e-5)
