"""Both tails of weighted sums of noncentral chi-squared variables against references of many digits."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import chi2, ncx2

from tests.tools.sampling import cupy_or_skip
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared, Spectra, contour, log_tails, mean_of_spectra

RELATIVE = 1e-11


def lower_chi_squared(degrees: Any, place: Any) -> Any:
    """P(chi^2 <= place) by the series of positive terms, at the working precision."""
    a, z = mp.mpf(degrees) / 2, mp.mpf(place) / 2
    term, total, k = mp.mpf(1), mp.mpf(1), 0
    while term > total * mp.eps:
        k += 1
        term *= z / (a + k)
        total += term
    return mp.exp(a * mp.log(z) - z - mp.loggamma(a + 1)) * total


def lower_noncentral(degrees: float, noncentrality: float, place: float) -> Any:
    """The same as a Poisson mixture of central laws, from the last term downwards."""
    half, z = mp.mpf(noncentrality) / 2, mp.mpf(place) / 2
    last = int(half + place / 2 + 60 + 30 * mp.sqrt(half + place / 2))
    a = mp.mpf(degrees) / 2 + last
    chance = lower_chi_squared(2 * a, place)
    step = mp.exp(a * mp.log(z) - z - mp.loggamma(a + 1))
    share = mp.exp(last * mp.log(half) - half - mp.loggamma(last + 1))
    total = mp.mpf(0)
    for j in range(last, -1, -1):
        total += share * chance
        step *= a / z
        a -= 1
        chance += step
        share *= j / half
    return total


def upper_of_pairs(weights: list[float], place: float) -> Any:
    """P(sum of w chi^2_2 > place): a sum of exponentials."""
    w = [mp.mpf(weight) for weight in weights]
    parts = [mp.exp(-mp.mpf(place) / (2 * u)) * mp.fprod(u / (u - v) for v in w if v != u) for u in w]
    return mp.fsum(parts)


def assert_logs(law: GeneralizedChiSquared, place: float, lower: Any, relative: float = RELATIVE) -> tuple[float, float]:
    exact = float(mp.log(lower)), float(mp.log1p(-lower))
    found = law.logcdf(place), law.logsf(place)
    assert isinstance(found[0], float)
    assert found == pytest.approx(exact, rel=relative, abs=1e-300)
    return exact


@pytest.mark.parametrize("degrees", [0.2, 1.0, 2.0, 7.3, 100.0, 1e4])
def test_one_term_on_both_sides_and_at_the_mean(degrees: float) -> None:
    law, deviation = GeneralizedChiSquared([1.0], degrees), np.sqrt(2.0 * degrees)
    places = [degrees * q for q in (1e-3, 0.1, 0.6, 0.9, 1.0, 1.0 + 1e-9)] + [degrees + t * deviation for t in (0.3, 0.99, 1.01, 3.0, 9.0)]
    with mp.workdps(120):
        for place in places:
            assert_logs(law, place, lower_chi_squared(degrees, place))


@pytest.mark.parametrize("degrees", [1e5, 1e6])
def test_many_degrees_next_to_the_mean(degrees: float) -> None:
    with mp.workdps(40):
        for deviations in (-2.0, 0.0, 1e-6, 0.1, 0.5, 1.5):
            place = degrees + deviations * np.sqrt(2.0 * degrees)
            assert_logs(GeneralizedChiSquared([1.0], degrees), place, lower_chi_squared(degrees, place))


@pytest.mark.parametrize("degrees", [1e-3, 0.01, 0.05, 0.1])
def test_few_degrees(degrees: float) -> None:
    """The branch point is then nearer to the saddle than the curvature tells."""
    with mp.workdps(60):
        for place in (1e-9, 0.5 * degrees, degrees, 3 * degrees, 1.0, 10.0, 100.0):
            assert_logs(GeneralizedChiSquared([1.0], degrees), place, lower_chi_squared(degrees, place))


@pytest.mark.parametrize(("degrees", "place"), [(1.0, 1e-300), (5.0, 1e-200), (5.0, 1e-120), (1e4, 10.0), (1e4, 1e-30), (300.0, 1e-3)])
def test_depth_below(degrees: float, place: float) -> None:
    with mp.workdps(60):
        exact, _ = assert_logs(GeneralizedChiSquared([1.0], degrees), place, lower_chi_squared(degrees, place))
    assert exact < -300.0


@pytest.mark.parametrize(("degrees", "place"), [(1.0, 2.1e3), (7.0, 2.1e3), (100.0, 2.5e3), (1e3, 4.6e3), (0.2, 2.1e3)])
def test_depth_above(degrees: float, place: float) -> None:
    with mp.workdps(620):
        _, exact = assert_logs(GeneralizedChiSquared([1.0], degrees), place, lower_chi_squared(degrees, place))
    assert exact < -900.0


@pytest.mark.parametrize("place", [1e6, 1e8, 1e10, 1e13, 1e15])
def test_far_above_by_the_asymptotic_series(place: float) -> None:
    """Gamma(a, z) near z^(a - 1) e^-z (1 + (a - 1)/z): whatever is added to 1 + 2 s w there is lost."""
    z = 0.5 * place
    exact = 1.5 * np.log(z) - z + np.log1p(1.5 / z) - np.log(1.329340388179137)
    assert GeneralizedChiSquared([1.0], 5.0).logsf(place) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(("degrees", "noncentrality"), [(1.0, 1e-3), (1.0, 30.0), (3.0, 1e3), (0.4, 100.0), (50.0, 1e4), (1e3, 1e4)])
def test_noncentral_term_by_a_poisson_mixture(degrees: float, noncentrality: float) -> None:
    law = GeneralizedChiSquared([1.0], degrees, noncentrality)
    mean, deviation = law.mean(), law.std()
    with mp.workdps(60):
        for place in (1e-3 * mean, 0.3 * mean, 0.9 * mean, mean, mean + 0.5 * deviation, mean + 1.5 * deviation, mean + 6 * deviation):
            assert_logs(law, place, lower_noncentral(degrees, noncentrality, place))


def test_noncentral_depth() -> None:
    """Beyond e^-1000 on the lower side, e^-700 on the upper one."""
    with mp.workdps(50):
        below = lower_noncentral(2.0, 2.5e3, 1.0)
        exact, _ = assert_logs(GeneralizedChiSquared([1.0], 2.0, 2.5e3), 1.0, below)
        assert exact < -1000.0
    with mp.workdps(360):
        above = lower_noncentral(3.0, 40.0, 2e3)
        _, exact = assert_logs(GeneralizedChiSquared([1.0], 3.0, 40.0), 2e3, above)
        assert exact < -700.0


@pytest.mark.parametrize("weights", [[1.0, 1e-6], [1.0, 0.5, 0.25, 0.1], [1.0, 0.999], [3.0, 1e-3, 1e-4, 2e-9]])
def test_several_weights_by_exponentials(weights: list[float]) -> None:
    law = GeneralizedChiSquared(weights, 2.0)
    with mp.workdps(1400):
        for place in (1e-9, 1e-7, 1e-5, 1e-3, 0.3, 1.0, float(law.mean()), 10.0, 100.0, 6000.0):
            assert_logs(law, place, 1 - upper_of_pairs(weights, place))


def test_two_scales_with_one_degree() -> None:
    """A tiny second term next to a squared normal: an average over the second one."""
    law = GeneralizedChiSquared([1.0, 1e-6], [1.0, 7.0])
    with mp.workdps(25):
        for place in (3e-6, 1e-4):

            def density(v: Any, place: float = place) -> Any:
                # With u = top (1 - v^2) the square root at the end is smooth.
                top = place * mp.mpf(10) ** 6
                u = top * (1 - v**2)
                second = mp.exp(2.5 * mp.log(u / 2) - u / 2 - mp.loggamma(3.5)) / 2 if u > 0 else mp.mpf(0)
                return second * mp.erf(mp.sqrt((place - u / 10**6) / 2)) * 2 * v * top

            assert_logs(law, place, mp.quad(density, [0, 0.5, 0.9, 0.97, 1]))


def test_scipy_where_it_reaches() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        h, delta = rng.uniform(0.5, 40.0), rng.uniform(0.0, 40.0)
        x = (h + delta) * rng.uniform(0.2, 2.5, 8)
        assert GeneralizedChiSquared([1.0], h).cdf(x) == pytest.approx(chi2.cdf(x, h), rel=1e-10)
        assert GeneralizedChiSquared([1.0], h).sf(x) == pytest.approx(chi2.sf(x, h), rel=1e-10)
        assert GeneralizedChiSquared([2.0], h, delta, 0.7).cdf(2 * x + 0.7) == pytest.approx(ncx2.cdf(x, h, delta), rel=1e-9, abs=1e-14)


def test_both_sides_of_the_switch_of_contours() -> None:
    """One standard deviation above the mean one contour takes over from the other, without a step."""
    law = GeneralizedChiSquared([1.0, 0.3, 0.01], [1.0, 2.0, 30.0], [3.0, 0.0, 1.0])
    for switch in (law.mean(), law.mean() + law.std()):
        below, above = law.logsf(switch * (1 - 1e-13)), law.logsf(switch * (1 + 1e-13))
        assert above == pytest.approx(below, rel=1e-11)


# Arrays


def spectra(rng: np.random.Generator, batch: int, terms: int) -> Spectra:
    shape = (batch, terms)
    return Spectra(10.0 ** rng.uniform(-2, 1, shape), rng.choice([0.5, 1.0, 3.0], shape), rng.choice([0.0, 2.0], shape))


def test_batches_are_one_by_one() -> None:
    rng = np.random.default_rng(2)
    w, h, delta = spectra(rng, 30, 9)
    offset = rng.standard_normal(30)
    law = GeneralizedChiSquared(w, h, delta, offset)
    x = law.mean() * rng.uniform(0.05, 3.0, (4, 30))
    for found, name in ((law.logcdf(x), "logcdf"), (law.logsf(x), "logsf")):
        assert found.shape == (4, 30)
        single = [[getattr(GeneralizedChiSquared(w[i], h[i], delta[i], offset[i]), name)(x[k, i]) for i in range(30)] for k in range(4)]
        np.testing.assert_allclose(found, single, rtol=1e-12)
    parts = [GeneralizedChiSquared(w[i], h[i], delta[i], offset[i]) for i in range(30)]
    np.testing.assert_allclose(law.cumulants(3), [part.cumulants(3) for part in parts], rtol=1e-12)
    np.testing.assert_allclose(law.mean_log(), [part.mean_log() for part in parts], rtol=1e-11, atol=1e-12)
    s = rng.uniform(0.0, 2.0, (4, 30))
    np.testing.assert_allclose(law.log_laplace(s)[2], [part.log_laplace(s[2, i]) for i, part in enumerate(parts)], rtol=1e-13)
    grid = GeneralizedChiSquared(w.reshape(5, 6, 9), h.reshape(5, 6, 9), delta.reshape(5, 6, 9), offset.reshape(5, 6))
    np.testing.assert_array_equal(grid.logcdf(x.reshape(4, 5, 6)), law.logcdf(x).reshape(4, 5, 6))
    assert grid.rvs((2, 3), 0).shape == (2, 3, 5, 6)
    assert law.total_degrees == pytest.approx(h.sum(axis=1))


def test_memory_is_bounded_by_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    chosen = spectra(rng, 17, 5)
    y = mean_of_spectra(chosen) * rng.uniform(0.1, 4.0, 17)
    whole = log_tails(chosen, y)
    for chunk in (1, 100, 1000):
        monkeypatch.setattr(contour, "_CHUNK", chunk)
        for found, exact in zip(log_tails(chosen, y), whole, strict=True):
            np.testing.assert_allclose(found, exact, rtol=1e-12)


def test_single_numbers_and_lists() -> None:
    law = GeneralizedChiSquared(1.0, 3)
    assert law.logcdf([1, 2]) == pytest.approx(chi2.logcdf([1, 2], 3), rel=1e-12)
    assert law.weights.shape == (1,)
    for value in (
        law.cdf(1),
        law.sf(1.0),
        law.mean(),
        law.var(),
        law.std(),
        law.total_degrees,
        law.mean_log(),
        law.log_laplace(0.3),
        law.rvs(random_state=0),
    ):
        assert isinstance(value, float)
    assert repr(law) == "<GeneralizedChiSquared of 1 terms, batch (), mean 3>"


@pytest.mark.gpu
def test_the_same_numbers_on_a_device() -> None:
    cupy = cupy_or_skip()
    rng = np.random.default_rng(4)
    chosen = spectra(rng, 50, 8)
    y = mean_of_spectra(chosen) * rng.uniform(0.05, 3.0, 50)
    there = log_tails(Spectra(*(cupy.asarray(part) for part in chosen)), cupy.asarray(y))
    for found, exact in zip(there, log_tails(chosen, y), strict=True):
        assert isinstance(found, cupy.ndarray)
        np.testing.assert_allclose(cupy.asnumpy(found), exact, rtol=1e-11)
