"""tester_learner (arXiv:2302.14853): the pinched samples and the tests that look at them, against plain references."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, kurtosis, norm, pearson3

from tests.tools.sampling import DeviceGenerator, assert_same_mean, cupy_or_skip
from theorylab.backend import DeviceGenerator as BackendGenerator
from theorylab.montecarlo.samplers import make_request
from theorylab.numerics.concentration import tracy_widom_quantile, wishart_largest_edge, wishart_smallest_edge
from theorylab.papers.tester_learner.monte_carlo import sample_hermite_squares, sample_pinch_power

TESTS = ("band", "kurtosis", "covariance", "mardia")


def pinched(rng: np.random.Generator, n: int, d: int, half_width: float, factor: float, turned: bool) -> np.ndarray:
    """Pinch row by row, as the words say."""
    x = rng.standard_normal((n, d))
    axis = np.zeros(d)
    if turned:
        axis[1:] = 1 / math.sqrt(d - 1)
    else:
        axis[1] = 1.0
    mass = norm.cdf(half_width) - norm.cdf(-half_width)
    stretch = math.sqrt((1 - mass * factor**2) / (1 - mass))
    for row in x:
        b = row @ axis
        row += ((factor if abs(row[0]) <= half_width else stretch) - 1) * b * axis
    return x


def verdicts(x: np.ndarray, half_width: float, level: float) -> dict[str, bool]:
    """Apply the four tests with other tools."""
    n, d = x.shape
    z = x[np.abs(x[:, 0]) <= half_width, 1:]
    edge = wishart_smallest_edge(len(z), d - 1)
    least = np.linalg.svd(z, compute_uv=False)[-1] ** 2 / len(z)
    fourth = np.mean(x**4, axis=0) / np.mean(x**2, axis=0) ** 2 - 3
    spectrum = np.linalg.svd(x, compute_uv=False) ** 2 / n
    top, bottom = wishart_largest_edge(n, d), wishart_smallest_edge(n, d)
    half = tracy_widom_quantile(level / 2, upper=True)
    # |x|^4 is the square of a chi-squared variable with d degrees of freedom; Pearson's law of type III has three moments of its mean.
    first, second, third = (chi2.moment(2 * k, d) for k in (1, 2, 3))
    deviation = math.sqrt(second - first**2)
    skewness = (third - 3 * first * second + 2 * first**3) / deviation**3 / math.sqrt(n)
    place = (np.mean(np.sum(x**2, axis=1) ** 2) - first) / deviation * math.sqrt(n)
    return {
        "band": math.log(least) < edge.centre - edge.scale * tracy_widom_quantile(level, upper=True),
        "kurtosis": bool(np.any(2 * d * norm.sf(np.abs(fourth) * math.sqrt(n / 24)) < level)),
        "covariance": spectrum[0] > top.centre + top.scale * half or math.log(spectrum[-1]) < bottom.centre - bottom.scale * half,
        "mardia": 2 * min(pearson3.cdf(place, skewness), pearson3.sf(place, skewness)) < level,
    }


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("factor", "half_width", "level"), [(0.05, 0.1, 0.05), (0.4, 0.3, 0.2), (1.0, 0.2, 0.4)])
def test_pinch_agrees_with_the_plain_reference(turned: bool, factor: float, half_width: float, level: float) -> None:
    setting = {"dimension": 6, "sample_size": 700, "half_width": half_width, "factor": factor, "level": level, "turned": turned}
    found = sample_pinch_power(np.random.default_rng(3), 60, **setting)
    rng = np.random.default_rng(3)
    expected = [verdicts(pinched(rng, 700, 6, half_width, factor, turned), half_width, level) for _ in range(60)]
    for name in expected[0]:
        assert [bool(value) for value in found[name]] == [verdict[name] for verdict in expected], name
    # The cases decide something: each of these tests rejects some of its samples and not all.
    if level == 0.4:
        assert all(0 < found[name].sum() < 60 for name in TESTS)


@pytest.mark.parametrize("turned", [False, True])
def test_pinched_samples_look_standardised(turned: bool) -> None:
    """The variance stays 1 in every direction; the pinched axis has the kurtosis 3/(1 - P) up to the square of the factor."""
    x = pinched(np.random.default_rng(5), 60_000, 4, 0.3, 0.05, turned)
    np.testing.assert_allclose(x.T @ x / len(x), np.eye(4), atol=0.04)
    axis = np.array([0.0, 1, 1, 1]) / math.sqrt(3) if turned else np.eye(4)[1]
    mass = math.erf(0.3 / math.sqrt(2))
    assert kurtosis(x @ axis, fisher=False) == pytest.approx(3 / (1 - mass), rel=0.03)


def test_tests_keep_their_level_without_a_pinch_and_see_a_strong_one() -> None:
    setting = {"dimension": 10, "sample_size": 1000}
    null = sample_pinch_power(np.random.default_rng(0), 800, factor=1.0, **setting)
    # 0.05 plus six standard errors; the kurtosis is skewed at this size.
    assert all(null[name].mean() < (0.2 if name == "kurtosis" else 0.1) for name in TESTS)
    strong = sample_pinch_power(np.random.default_rng(1), 50, factor=0.01, **setting)
    assert strong["band"].mean() == 1.0
    turned = sample_pinch_power(np.random.default_rng(2), 50, factor=0.01, turned=True, **setting)
    assert turned["band"].mean() == 1.0
    assert all(set(np.unique(values)) <= {0.0, 1.0} and values.shape == (800,) for values in null.values())


def test_a_band_with_no_more_rows_than_coordinates_never_rejects() -> None:
    found = sample_pinch_power(np.random.default_rng(0), 40, dimension=20, sample_size=60, factor=0.01)
    assert found["band"].sum() == 0


def test_mardia_sees_heavy_tails_only_if_they_are_there() -> None:
    """A wide pinch changes the mean of |x|^4; its mean under the Gaussian is d (d + 2)."""
    wide = sample_pinch_power(np.random.default_rng(0), 40, dimension=3, sample_size=3000, half_width=1.0, factor=0.01)
    assert wide["mardia"].mean() == 1.0
    assert wide["kurtosis"].mean() == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dimension": 2}, "dimension must be an integer >= 3; got 2"),
        ({"sample_size": 1}, "sample_size must be an integer >= 2; got 1"),
        ({"half_width": 0.0}, "half_width must be"),
        ({"factor": 1.5}, "factor must be"),
        ({"factor": 0.0}, "factor must be"),
        ({"level": 1.0}, "level must be"),
    ],
)
def test_bad_pinches_are_refused(change: dict[str, float], message: str) -> None:
    setting = {"dimension": 5, "sample_size": 100} | change
    with pytest.raises(ValueError, match=message):
        sample_pinch_power(np.random.default_rng(0), 2, **setting)


def test_block_sizes_fit_the_rows() -> None:
    blocks = [make_request(sample_pinch_power, {"dimension": 20, "sample_size": n}).block for n in (300, 5000, 50_000)]
    assert blocks == sorted(blocks, reverse=True)
    assert blocks[-1] >= 1


@pytest.mark.parametrize("degree", [1, 2, 3, 6])
def test_hermite_squares_agree_with_numpy(degree: int) -> None:
    found = sample_hermite_squares(np.random.default_rng(4), 30, degree=degree, sample_size=7)
    x = np.random.default_rng(4).standard_normal((30, 7))
    expected = np.polynomial.hermite_e.hermeval(x, [0] * degree + [1]) ** 2
    np.testing.assert_allclose(found, expected.mean(axis=1) / math.factorial(degree), rtol=1e-12)


def test_hermite_squares_have_mean_one_on_a_device_too() -> None:
    assert_same_mean(sample_hermite_squares(np.random.default_rng(1), 40_000, degree=2, sample_size=10), 1.0, skewness=6.0)
    assert_same_mean(sample_hermite_squares(DeviceGenerator(1), 40_000, degree=2, sample_size=10), 1.0, skewness=6.0)


@pytest.mark.gpu
def test_hermite_squares_run_on_a_gpu() -> None:
    rng = BackendGenerator(cupy_or_skip(), int.from_bytes(np.random.default_rng().bytes(16), "little"), 0)
    values = sample_hermite_squares(rng, 4096, degree=2, sample_size=50).get()
    assert abs(values.mean() - 1.0) < 0.05


@pytest.mark.parametrize("change", [{"degree": 0}, {"sample_size": 0}])
def test_bad_hermite_squares_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(change))} must be an integer >= 1"):
        sample_hermite_squares(np.random.default_rng(0), 2, **({"degree": 2, "sample_size": 5} | change))
