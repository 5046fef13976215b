"""The finite-size correction of the limit, and ridge on the bag means, which nothing linear beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2

from theorylab.papers.aggregate_responses import closed_form as cf


def test_reference_values_of_the_corrected_risk() -> None:
    first = cf.risk_second_order(240, 40, 3, 0.3)
    assert first.risk == pytest.approx(0.449673, abs=1e-6)
    assert cf.risk_second_order(120, 60, 4, 0.2, 1.0, 0.5)[:2] == pytest.approx((0.713350, 0.5 * 0.677906), abs=1e-6)
    assert cf.risk_second_order(240, 40, 3, [0.1, 0.2677, 0.6, 1.0]).risk == pytest.approx([0.51669, 0.44883, 0.49211, 0.55685], abs=1e-5)
    # At the peak psi = k the correction needs rho well above 1/d^2: at rho = 0.001 it is 1% low.
    peak = cf.risk_second_order(180, 60, 3, [0.1, 0.01, 0.001]).variance
    assert peak == pytest.approx([0.89175, 3.2999, 10.96], rel=1e-3)


@pytest.mark.parametrize(
    ("psi", "k", "weight", "bias", "variance"), [(6, 3, 0.3, 0.09110, 0.01552), (2, 4, 0.2, 0.2415, 0.5515), (4, 2, 0.1, None, None)]
)
def test_the_coefficient_is_the_limit_of_d_times_the_distance(psi: int, k: int, weight: float, bias: float | None, variance: float | None) -> None:
    coefficient = cf.second_order_coefficient(psi, k, weight, 1.7, 0.6)
    if bias is not None:
        assert coefficient.bias_squared == pytest.approx(1.7 * bias, abs=1e-4)
        assert coefficient.variance == pytest.approx(0.6 * variance, abs=1e-4)
    limit = cf.asymptotic_risk(psi, k, weight, 1.7, 0.6)
    for part in (0, 1):
        scaled = [d * (cf.interpolation_risk_exact(psi * d, d, k, weight, 1.7, 0.6)[part] - limit[part]) for d in (60, 120)]
        # Richardson: the next order halves from one size to the other.
        assert 2 * scaled[1] - scaled[0] == pytest.approx(coefficient[part], rel=2e-3)
    assert coefficient.risk == pytest.approx(coefficient.bias_squared + coefficient.variance, rel=1e-14)


def test_distance_to_the_limit_and_to_the_corrected_value_at_reference_sizes() -> None:
    limit = cf.asymptotic_risk(6, 3, 0.3).risk
    sizes = (5, 10, 20, 40, 200)
    exact = {d: cf.interpolation_risk_exact(6 * d, d, 3, 0.3).risk for d in sizes}
    assert [d * (exact[d] - limit) for d in sizes] == pytest.approx([0.097506, 0.101945, 0.104252, 0.105428, 0.10638], abs=2e-6)
    residual = [d**2 * (exact[d] - cf.risk_second_order(6 * d, d, 3, 0.3).risk) for d in sizes[:4]]
    assert residual == pytest.approx([-0.05055, -0.05162, -0.05216, -0.05243], abs=1e-5)


@pytest.mark.parametrize(
    ("psi", "k", "weight", "noise", "sizes", "raw", "corrected"),
    [
        (6, 3, 0.3, 1.0, (5, 10, 20, 40), -0.963, -1.983),
        (4, 2, 0.1, 1.0, (5, 10, 20, 40), -0.999, -1.993),
        (2, 4, 0.2, 0.5, (6, 12, 24, 48), -1.056, -2.003),
    ],
)
def test_rates(psi: int, k: int, weight: float, noise: float, sizes: tuple, raw: float, corrected: float) -> None:
    limit = cf.asymptotic_risk(psi, k, weight, 1.0, noise).risk
    exact = np.array([cf.interpolation_risk_exact(psi * d, d, k, weight, 1.0, noise).risk for d in sizes])
    second = np.array([cf.risk_second_order(psi * d, d, k, weight, 1.0, noise).risk for d in sizes])
    logs = np.log(sizes)
    assert np.polyfit(logs, np.log(np.abs(exact - limit)), 1)[0] == pytest.approx(raw, abs=2e-3)
    assert np.polyfit(logs, np.log(np.abs(exact - second)), 1)[0] == pytest.approx(corrected, abs=2e-3)


@settings(max_examples=15, deadline=None)
@given(psi=st.floats(1.2, 10.0), k=st.integers(1, 6), weight=st.floats(0.05, 1.0))
def test_at_large_sizes_the_corrected_risk_is_limit_plus_coefficient(psi: float, k: int, weight: float) -> None:
    d = 20_000 * k
    n = k * round(psi * d / k)
    expected = cf.asymptotic_risk(n / d, k, weight).risk + cf.second_order_coefficient(n / d, k, weight).risk / d
    assert cf.risk_second_order(n, d, k, weight).risk == pytest.approx(expected, rel=1e-6)


def test_second_order_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="weight must be > 0 here"):
        cf.risk_second_order(24, 4, 2, [0.0, 0.5])
    with pytest.raises(ValueError, match="dimension must be an integer >= 2; got 1"):
        cf.risk_second_order(24, 1, 2, 0.5)
    with pytest.raises(ValueError, match="sample_size must be an integer >= 24; got 22"):
        cf.risk_second_order(22, 22, 2, 0.5)
    with pytest.raises(ValueError, match="samples_per_feature must be finite and > 1"):
        cf.second_order_coefficient(1.0, 2, 0.5)
    with pytest.raises(ValueError, match="bag_size must be finite and >= 1"):
        cf.second_order_coefficient(2.0, 0.5, 0.5)


def test_reference_values_of_ridge() -> None:
    assert cf.ridge_risk_exact(240, 40, 3).risk == pytest.approx(0.4160235, abs=1e-7)
    assert cf.ridge_risk_exact(60, 12, 4, 2.0, 1.5).risk == pytest.approx(1.0146820, abs=1e-7)
    weights = np.linspace(0.01, 1.0, 100)
    least = cf.interpolation_risk_exact(60, 12, 4, weights, 2.0, 1.5).risk
    assert least[23:25] == pytest.approx([1.112333, 1.112215], abs=1e-6)
    assert weights[least.argmin()] == pytest.approx(0.25)


@pytest.mark.parametrize("sizes", [(240, 40, 3), (60, 12, 4), (40, 20, 4), (12, 20, 3), (20, 5, 5)])
@pytest.mark.parametrize(("r2", "noise"), [(1.0, 1.0), (2.0, 0.3)])
def test_nothing_linear_beats_ridge(sizes: tuple, r2: float, noise: float) -> None:
    n, d, k = sizes
    best = cf.ridge_risk_exact(n, d, k, r2, noise)
    weights = np.linspace(0.0, 1.0, 21)
    with np.errstate(invalid="raise"):
        assert np.all(cf.interpolation_risk_exact(n, d, k, weights, r2, noise).risk > best.risk + 1e-5)
    assert best.risk < r2
    penalty = noise * d / r2
    assert cf.ridge_risk_exact(n, d, k, r2, noise, penalty=penalty)[:3] == pytest.approx(best[:3], rel=1e-14)
    # The minimum: risk is stationary there and larger on both sides, while bias and variance move against each other.
    for factor in (0.8, 1.25):
        other = cf.ridge_risk_exact(n, d, k, r2, noise, penalty=factor * penalty)
        assert other.risk > best.risk * (1 + 1e-5)
        assert (other.bias_squared > best.bias_squared) == (factor > 1)
        assert (other.variance < best.variance) == (factor > 1)


@settings(max_examples=10, deadline=None)
@given(m=st.integers(1, 15), k=st.integers(1, 4), penalty=st.floats(0.05, 20.0), r2=st.floats(0.2, 4.0), noise=st.floats(0.2, 4.0))
def test_ridge_in_one_dimension_is_an_average_over_chi_squared(m: int, k: int, penalty: float, r2: float, noise: float) -> None:
    # mu = s^2 removes the singularity at the origin.
    law = chi2(m)

    def average(function: object) -> float:
        return quad(lambda s: 2 * s * law.pdf(s**2) * function(s**2), 0, np.sqrt(m) + 9, epsabs=1e-13, limit=200)[0]  # type: ignore[operator]

    risk = cf.ridge_risk_exact(m * k, 1, k, r2, noise, penalty=penalty)
    assert risk.bias_squared == pytest.approx(r2 * average(lambda mu: (penalty / (penalty + mu)) ** 2), rel=1e-7)
    assert risk.variance == pytest.approx(noise * average(lambda mu: mu / (penalty + mu) ** 2), rel=1e-7)


def test_ridge_at_the_ends_of_the_penalty_and_in_the_limit() -> None:
    assert cf.ridge_risk_exact(60, 12, 3, 2.0, 1.5, penalty=0.0) == cf.bag_level_risk_exact(60, 12, 3, 2.0, 1.5)
    assert cf.ridge_risk_exact(60, 30, 3, 2.0, 1.5, penalty=0.0) == cf.minimum_norm_risk_exact(60, 30, 3, 2.0, 1.5)
    assert cf.ridge_risk_exact(60, 30, 3, 2.0, 1.5, penalty=1e-8).risk == pytest.approx(
        cf.minimum_norm_risk_exact(60, 30, 3, 2.0, 1.5).risk, rel=1e-5
    )
    assert cf.ridge_risk_exact(60, 12, 3, 2.0, 1.5, penalty=1e9)[:2] == pytest.approx((2.0, 0.0), abs=1e-6)
    assert cf.ridge_risk_exact(60, 12, 3, 0.0, 1.5) == (0.0, 0.0, 0.0, "")
    assert cf.ridge_risk_exact(60, 30, 3, 2.0, 0.0)[:3] == pytest.approx((2.0 / 3, 0.0, 2.0 / 3))
    gaps = [d * (cf.ridge_risk_exact(6 * d, d, 3).risk - (np.sqrt(2.0) - 1.0)) for d in (40, 80)]
    assert gaps[0] == pytest.approx(gaps[1], rel=0.05)
    with pytest.raises(ValueError, match="penalty must be finite and >= 0"):
        cf.ridge_risk_exact(60, 12, 3, penalty=-1.0)
    with pytest.raises(ValueError, match="sample_size must be a multiple of bag_size"):
        cf.ridge_risk_exact(61, 12, 3)
