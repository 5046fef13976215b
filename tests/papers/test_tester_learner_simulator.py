"""The samplers of tester_learner: equal in law to what they stand for, the device path, shapes and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.tools.sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.backend import generator
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.papers.tester_learner.estimators import descend_dense, fit_surrogate


def numbers(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_band_rows_have_the_mean_of_raw_rows() -> None:
    for noise in ("random", "oriented"):
        raw = simulate.sample_plane(numbers(1), 400_000, angle=0.4, ramp_width=0.8, noise_rate=0.2, noise=noise)
        for loss in ("ramp", "smooth_ramp"):
            short = simulate.sample_band_gradient(numbers(2), 50_000, angle=0.4, ramp_width=0.8, noise_rate=0.2, noise=noise, loss=loss)
            assert_same_mean(raw[loss], short["gradient"])
            assert short["gradient"].std() < 0.5 * raw[loss].std()


def test_flipped_rows_in_the_band_are_those_of_a_threshold() -> None:
    found = simulate.sample_band_flips(numbers(3), 100_000, angle=0.4, ramp_width=0.6, flip_threshold=1.0)
    a, b = numbers(4).standard_normal((2, 400_000))
    towards = b * np.sign(np.cos(0.4) * a + np.sin(0.4) * b)
    band = np.abs(a) <= 0.3
    assert_same_mean(found["flipped"], 1.0 * (band & (towards >= 1.0)))
    assert_same_mean(found["gradient"], band * towards * np.where(towards >= 1.0, -1, 1) / 0.6)
    none = simulate.sample_worst_flips(numbers(5), 400, angle=0.4, ramp_width=0.6, flipped_mass=0.0, sample_size=300)
    assert none["gradient"] == pytest.approx(none["other"], rel=1e-12)


def test_band_moments_are_those_of_rejection_sampling() -> None:
    found = simulate.sample_band_moments(numbers(6), 20_000, half_width=0.7, dimension=3)
    x = numbers(7).standard_normal((60_000, 3))
    kept = x[np.abs(x[:, 0]) <= 0.7]
    assert_equal_in_law(found["distance"], np.abs(kept[:, 0]))
    assert_equal_in_law(found["across"], (kept[:, 1:] ** 2).mean(axis=1))
    assert_equal_in_law(found["product"], kept[:, 0] * kept[:, 1])


def test_null_reports_without_rows() -> None:
    setting = {"sample_size": 900, "dimension": 3, "ramp_width": 1.0, "failure_probability": 0.9}
    fast = simulate.sample_null_report(numbers(8), 1200, **setting)
    raw = simulate.sample_null_report_raw(numbers(9), 1200, **setting)
    for name in ("mass", "largest", "smallest", "centre", "signed", "without_fourth"):
        assert_same_mean(fast[name], raw[name], skewness=2.0)
        assert 0.3 < raw[name].mean() < 0.97
    assert set(raw) - set(fast) == {"fourth", "tolerant", "calibrated"}


def test_eigenvalues_are_those_of_rows() -> None:
    found = simulate.sample_extreme_eigenvalues(numbers(10), 3000, rows=30, dimension=5)
    z = numbers(11).standard_normal((3000, 30, 4))
    exact = np.linalg.eigvalsh(z.transpose(0, 2, 1) @ z / 30)
    assert_equal_in_law(found["smallest"], exact[:, 0])
    assert_equal_in_law(found["largest"], exact[:, -1])


def test_local_descents_are_descents_on_all_rows() -> None:
    local = simulate.sample_local_angles(numbers(12), 1500, dimension=4, sample_size=1500, ramp_width=0.6, noise_rate=0.1)
    step = 0.6 * np.sqrt(np.pi / 2) / 0.8
    setting = {"dimension": 4, "sample_size": 1500, "ramp_width": 0.6, "noise_rate": 0.1, "step": float(step), "iterations": 45}
    whole = simulate.sample_descent_angles(numbers(13), 1500, **setting, start_angle=0.05)
    assert_equal_in_law(local["angle"], whole["angle"])
    assert whole["square"] == pytest.approx(whole["angle"] ** 2, rel=1e-12)


def test_dense_descents_are_those_of_the_kernel() -> None:
    rng = numbers(14)
    x = rng.standard_normal((3, 500, 4))
    y = np.sign(x[:, :, 1]) * np.where(rng.random((3, 500)) < 0.2, -1, 1)
    starts = rng.standard_normal((3, 4))
    starts /= np.linalg.norm(starts, axis=1)[:, None]
    dense = descend_dense(np, x, y, starts, ramp_width=0.5, step=0.4, iterations=30)
    for r in range(3):
        single = fit_surrogate(x[r], y[r], ramp_width=0.5, noise_rate=0.2, start=starts[r], step=0.4, iterations=30)
        assert single.direction == pytest.approx(dense[r], abs=1e-12)


def test_kernel_takes_the_gradient_of_every_loss() -> None:
    rng = numbers(15)
    x, y = rng.standard_normal((300, 3)), np.where(rng.random(300) < 0.5, -1.0, 1.0)
    w = np.array([0.6, 0.0, 0.8])
    slopes: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "ramp": lambda t: (np.abs(t) <= 0.35) / 0.7,
        "smooth_ramp": lambda t: np.where(np.abs(t) < 0.35, 1 + 2 * (u := np.clip(3 * (np.abs(t) / 0.7 - 1 / 6), 0, 1)) - 3 * u**2, 0) / 0.7,
        "logistic": lambda t: 1 / (4 * 0.7 * np.cosh(t / 1.4) ** 2),
    }
    for loss, slope in slopes.items():
        margins = x @ w
        exact = (y * slope(margins)) @ (x - margins[:, None] * w) / 300
        fitted = fit_surrogate(x, y, ramp_width=0.7, noise_rate=0.1, start=w, step=1e-9, iterations=1, loss=loss, keep_path=True)
        assert fitted.gradient_norms[0] == pytest.approx(np.linalg.norm(exact), rel=1e-10)
        assert fitted.path[0] == pytest.approx(w, abs=1e-15)
        moved = fit_surrogate(x, y, ramp_width=0.7, noise_rate=0.1, start=w, step=1e-3, iterations=1, loss=loss).direction
        assert (moved - w) / 1e-3 == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize("name", sorted(simulate.MARGINALS))
def test_marginals_are_centred_and_of_unit_size(name: str) -> None:
    options = {"half_width": 0.3} if name in ("pinched", "coupled") else {}
    x = simulate.sample_marginal(name, 40_000, 4, numbers(16), **options)
    assert x.shape == (40_000, 4)
    assert np.abs(x.mean(axis=0)).max() < 0.1
    if name not in ("anisotropic", "student"):
        assert x.var(axis=0) == pytest.approx(np.ones(4), abs=0.17)


def test_traps_are_what_they_say() -> None:
    nodes = simulate.sample_marginal("gauss_hermite", 4000, 3, numbers(17), nodes=4)
    assert sorted({round(float(v), 4) for v in nodes[:, 0]}) == [-2.3344, -0.742, 0.742, 2.3344]
    pinched = simulate.sample_marginal("pinched", 4000, 3, numbers(18), half_width=0.5, factor=0.1)
    inside = np.abs(pinched[:, 0]) <= 0.5
    assert pinched[inside, 1].std() == pytest.approx(0.1, rel=0.1)
    coupled = simulate.sample_marginal("coupled", 20_000, 4, numbers(19), half_width=0.5, edge_share=0.5, spread=2)
    inside = np.abs(coupled[:, 0]) <= 0.5
    along = (coupled[:, 1] + coupled[:, 2]) / np.sqrt(2)
    assert np.all(coupled[inside, 0] * along[inside] <= 0)
    assert abs(np.mean(coupled[~inside, 0] * along[~inside])) < 0.05
    assert np.mean(np.abs(coupled[inside, 0]) < 0.5 / 3) < 0.22
    with pytest.raises(ValueError, match="spread must be below the dimension 3; got 4"):
        simulate.sample_marginal("coupled", 10, 3, numbers(0), half_width=0.5, spread=4)
    with pytest.raises(ValueError, match="name must be one of"):
        simulate.sample_marginal("square", 10, 3, numbers(0))


@pytest.mark.parametrize("name", sorted(simulate.SCENARIOS))
def test_labels_of_scenarios(name: str) -> None:
    x, labels, clean, flips, target = simulate.draw_scenario(numbers(20), name, sample_size=6000, dimension=6, ramp_width=0.4, noise_rate=0.2)
    assert x.shape == (6000, 6)
    assert np.linalg.norm(target) == pytest.approx(1.0)
    assert set(np.unique(labels)) == {-1.0, 1.0}
    assert clean.tolist() == np.where(x @ target >= 0, 1.0, -1.0).tolist()
    if "far" not in name.split("_")[1:2]:
        assert flips.max() <= 0.2
    assert np.mean(labels != clean) == pytest.approx(flips.mean(), abs=0.03)


@pytest.mark.parametrize(
    ("sampler", "parameters"),
    [
        (simulate.sample_plane, {"angle": 0.3, "ramp_width": 0.5, "noise_rate": 0.2}),
        (simulate.sample_space_gradient, {"angle": 0.3, "ramp_width": 0.5, "noise_rate": 0.2}),
        (simulate.sample_band_gradient, {"angle": 0.3, "ramp_width": 0.5, "noise_rate": 0.2}),
        (simulate.sample_band_flips, {"angle": 0.3, "ramp_width": 0.5, "flip_threshold": 1.0}),
        (simulate.sample_worst_flips, {"angle": 0.3, "ramp_width": 0.5, "flipped_mass": 0.01, "sample_size": 100}),
        (simulate.sample_band_moments, {"half_width": 0.5, "dimension": 3}),
        (simulate.sample_flipped_errors, {"angle": 0.5, "flip_threshold": 0.3, "where": "near"}),
        (simulate.sample_extreme_eigenvalues, {"rows": 20, "dimension": 4}),
        (simulate.sample_hermite_squares, {"degree": 4, "sample_size": 30}),
        (
            simulate.sample_descent_angles,
            {"dimension": 4, "sample_size": 400, "ramp_width": 0.5, "noise_rate": 0.1, "step": 0.5, "iterations": 30},
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
class TestDevice:
    def test_a_device_generator_is_enough(self, sampler: Callable[..., Any], parameters: dict[str, Any]) -> None:
        found, plain = sampler(DeviceGenerator(21), 600, **parameters), sampler(numbers(22), 600, **parameters)
        tables = [value if isinstance(value, dict) else {"value": value} for value in (found, plain)]
        assert tables[0].keys() == tables[1].keys()
        for name in tables[0]:
            assert tables[0][name].shape == (600,)
            assert_equal_in_law(tables[0][name], tables[1][name])

    @pytest.mark.gpu
    def test_on_a_gpu(self, sampler: Callable[..., Any], parameters: dict[str, Any]) -> None:
        cupy_or_skip()
        found, plain = sampler(generator("cupy", 1, 0), 600, **parameters), sampler(numbers(23), 600, **parameters)
        tables = [value if isinstance(value, dict) else {"value": value} for value in (found, plain)]
        for name in tables[0]:
            assert_equal_in_law(tables[0][name].get(), np.asarray(tables[1][name]))


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        (simulate.sample_plane, {"angle": 4.0, "ramp_width": 0.5, "noise_rate": 0.2}, "angle must"),
        (simulate.sample_plane, {"angle": 0.3, "ramp_width": 0.5, "noise_rate": 0.2, "noise": "bad"}, "noise must be one of"),
        (simulate.sample_band_gradient, {"angle": 0.3, "ramp_width": 0.0, "noise_rate": 0.2}, "ramp_width must"),
        (simulate.sample_band_flips, {"angle": 0.3, "ramp_width": 0.5, "flip_threshold": -1.0}, "flip_threshold must"),
        (simulate.sample_flipped_errors, {"angle": 0.3, "flip_threshold": 0.1, "where": "here"}, "where must be one of"),
        (simulate.sample_extreme_eigenvalues, {"rows": 3, "dimension": 6}, "rows must be an integer >= 5"),
        (simulate.sample_local_angles, {"dimension": 4, "sample_size": 100, "ramp_width": 0.5, "noise_rate": 0.5}, "noise_rate must"),
        (simulate.sample_strip_bound, {"marginal": "gaussian", "dimension": 4, "sample_size": 10, "angle": 2.0}, "angle must"),
        (
            simulate.sample_runs,
            {"scenario": "none", "dimension": 4, "sample_size": 100, "ramp_width": 0.5, "noise_rate": 0.1, "excess_error": 0.1},
            "scenario must be one of",
        ),
    ],
)
def test_bad_parameters_are_named(sampler: Callable[..., Any], parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(numbers(0), 4, **parameters)


def test_a_grid_of_scenarios() -> None:
    setting = {"dimension": 4, "sample_size": 4000, "ramp_width": 0.5, "noise_rate": 0.2, "excess_error": 0.05, "search": True, "certificate": True}
    grid = simulate.simulate_grid(numbers(24), ["gaussian", "slab"], 3, **setting)
    assert grid["gaussian"]["tolerant"].tolist() == [1.0] * 3
    assert grid["slab"]["tolerant"].tolist() == [0.0] * 3
    for table in grid.values():
        for judge in ("tolerant", "calibrated", "mass_only", "covariance_only", "untested", "searched", "calibrated_searched", "certified"):
            assert np.all(table[f"{judge}_and_wrong"] == table[judge] * table["wrong"])
        assert np.all(table["searched"] <= table["tolerant"])
